"""Starts the clinic on one small computer: web server and task worker, kept alive and stopped together."""
