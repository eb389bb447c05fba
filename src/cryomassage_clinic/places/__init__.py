"""Sites, rooms, vessels and cold sources."""
