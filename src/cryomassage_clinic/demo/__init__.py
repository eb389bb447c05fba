"""Invented people, rooms and visits, so that a new clinic has something to look at."""
