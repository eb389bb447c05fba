"""Staff, roles and the one access gate."""
