"""Strokes on a zone: how they are laid, what the source does on the way, and what of the zone they reach."""
