"""What the log may hold: where something broke and what kind of thing it was, never the data that broke it.

The words of an exception may quote what somebody typed: a database names the value that is not unique, a parser the
text that it could not read. So an exception is told by its kind and the lines of code that it went through.
"""

from __future__ import annotations

import logging
import traceback
from types import TracebackType
from typing import Any


class DiscreetFormatter(logging.Formatter):
    """Tells exceptions without their words."""

    def formatException(
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """The kinds of the exceptions and the lines of code, innermost last."""
        return "" if ei[1] is None else _told(ei[1], set())

    def format(self, record: logging.LogRecord) -> str:
        """One entry; what another formatter has kept of the exception is not used."""
        record.exc_text = None
        record.args = _without_words(record.args)
        text = super().format(record)
        record.exc_text = None
        return text


def _without_words(arguments: Any) -> Any:
    """Arguments of a log line, with exceptions told by their kind."""
    if isinstance(arguments, tuple):
        return tuple(type(one).__name__ if isinstance(one, BaseException) else one for one in arguments)
    return arguments


def _told(error: BaseException, seen: set[int]) -> str:
    seen.add(id(error))
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    parts = [_told(earlier, seen)] if earlier is not None and id(earlier) not in seen else []
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}' for frame in frames]
    kind = type(error)
    return "\n".join(
        [*parts, "Traceback (without words, which may quote data):", *lines, f"{kind.__module__}.{kind.__qualname__}"]
    )
