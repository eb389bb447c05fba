"""Pages about people and their way in."""
