"""Versioned texts and drawn signatures."""
