"""Drawn signatures: what counts as one, and how it is drawn again. The server decides, never the page."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

Stroke = list[list[float]]

PAD_WIDTH, PAD_HEIGHT = 600, 200  # of the drawing; the pad on a page has the same shape
LONGEST_TEXT = 200_000
MOST_STROKES = 200
MOST_POINTS = 4000  # the pad stops at this number too
_LONGEST_MS = 3_600_000
_POINT = 3  # x, y and the time
_SHORTEST_PATH = 0.15  # of all strokes together, in widths of the pad
_SMALLEST_REACH = 0.04  # of the largest stroke, in widths of the pad: dots alone are no signature


class StrokesError(Exception):
    """What was sent is no signature.

    Attributes:
        blank: nothing, or next to nothing, was drawn; otherwise it was damaged on its way.
    """

    def __init__(self, words: str, *, blank: bool) -> None:
        self.blank = blank
        super().__init__(words)


def read_strokes(text: str) -> list[Stroke]:
    """What the pad has sent.

    Raises:
        StrokesError: it is blank, or no strokes at all.
    """
    if not text.strip():
        raise _blank()
    if len(text) > LONGEST_TEXT:
        raise _damaged()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged() from error
    return checked(found)


def checked(found: Any) -> list[Stroke]:
    """Strokes that are a signature, as they are.

    Raises:
        StrokesError: they are none.
    """
    if found in (None, []):
        raise _blank()
    if not isinstance(found, list) or len(found) > MOST_STROKES or not all(_is_stroke(one) for one in found):
        raise _damaged()
    if sum(len(stroke) for stroke in found) > MOST_POINTS:
        raise _damaged()
    if sum(map(_length, found)) < _SHORTEST_PATH or max(map(_reach, found)) < _SMALLEST_REACH:
        raise _blank()
    return found


def lines_of(strokes: Sequence[Any]) -> list[str]:
    """Each stroke as the points of a line in a picture of `PAD_WIDTH` by `PAD_HEIGHT`."""
    lines = []
    for stroke in strokes:
        spots = [f"{point[0] * PAD_WIDTH:.1f},{point[1] * PAD_HEIGHT:.1f}" for point in stroke]
        lines.append(" ".join(spots if len(spots) > 1 else spots * 2))  # a dot is a line of no length
    return lines


def _blank() -> StrokesError:
    return StrokesError(_("The pad is empty, or holds dots only. Sign with your name."), blank=True)


def _damaged() -> StrokesError:
    return StrokesError(_("The signature did not arrive whole. Clear the pad and sign once more."), blank=False)


def _is_stroke(stroke: Any) -> bool:
    return isinstance(stroke, list) and bool(stroke) and all(_is_point(point) for point in stroke)


def _is_point(point: Any) -> bool:
    if not isinstance(point, list) or len(point) != _POINT:
        return False
    if not all(type(value) in (int, float) for value in point):  # a bool is an int, and no number here
        return False
    x, y, ms = point
    return 0 <= x <= 1 and 0 <= y <= 1 and 0 <= ms <= _LONGEST_MS


def _place(point: list[float]) -> tuple[float, float]:
    """In widths of the pad, so that both directions count the same."""
    return point[0], point[1] * PAD_HEIGHT / PAD_WIDTH


def _length(stroke: Stroke) -> float:
    places = [_place(point) for point in stroke]
    return sum(math.dist(a, b) for a, b in pairwise(places))


def _reach(stroke: Stroke) -> float:
    across, down = zip(*map(_place, stroke), strict=True)
    return math.hypot(max(across) - min(across), max(down) - min(down))
