"""Published measurements of cooling: predicted from the knowledge, scored, and what is fitted to them."""
