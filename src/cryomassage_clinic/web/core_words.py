"""Text that comes from the core, in the reader's language."""

from __future__ import annotations


def told(text: str) -> str:
    """A sentence of the core in the language that is active; in English as it is."""
    return text
