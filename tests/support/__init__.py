"""Builds clients for tests."""
