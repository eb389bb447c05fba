"""What keeps the clinic from starting, in words."""

from __future__ import annotations


class StartError(Exception):
    """The clinic cannot start: what happened and what to do. The starter prints it and leaves with `code`."""

    def __init__(self, words: str, code: int = 2) -> None:
        self.code = code
        super().__init__(words)
