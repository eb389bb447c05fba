"""Bookings of person, room and device, and the calendar."""
