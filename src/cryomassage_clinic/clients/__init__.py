"""Clients: identity, body and history."""
