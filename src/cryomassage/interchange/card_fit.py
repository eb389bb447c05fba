"""How large the type of the printed card may be, so that the card stays on one page.

Nothing here can ask a browser how long a text becomes, so the lines are counted, with a letter width that is
generous for the fonts in use. Sizes agree with the print part of the style sheet, where `--fit` scales them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from cryomassage.records.plan import Card, Plan

_PAGE_mm = 274.0
_POINT_mm = 0.3528
_LETTER = 0.52  # mean width of a letter, in sizes of the type
_LEADING = 1.38
_HEAD_mm, _SMALLEST, _STEP = 23.0, 0.6, 0.02


def _lines(texts: Iterable[str], width_mm: float, points: float) -> int:
    letters = max(1.0, width_mm / (points * _POINT_mm * _LETTER))
    return sum(max(1, math.ceil(len(text) / letters)) for text in texts)


def _height_mm(texts: Iterable[str], width_mm: float, points: float) -> float:
    return _lines(texts, width_mm, points) * points * _POINT_mm * _LEADING


def _card_mm(card: Card, instructions: tuple[str, ...], fit: float) -> float:
    """Height of a card whose type is scaled by `fit`."""
    text, title, small = 10.5 * fit, 12.5 * fit, 8.0 * fit
    height = _HEAD_mm + _height_mm([card.today], 186.0, title) + 5.0
    height += _height_mm(instructions, 176.0, text)
    for step in card.steps:
        words = _height_mm([step], 133.0, text) + _height_mm([""], 133.0, title)
        height += max(words, 9.0 * fit) + 3.6 * fit
    see = _height_mm(card.expected, 56.0, text) + 2.2 * _height_mm([""], 56.0, text) + 4.0
    stop = _height_mm(card.stop_signs, 104.0, text)
    height += max(see, stop) + _height_mm([""], 56.0, title) + 8.0
    height += 0.5 * _height_mm(card.first_aid, 87.0, small) + 0.6 * len(card.first_aid) + 2.0 * small * _POINT_mm
    height += _height_mm([""], 87.0, title) + 8.0
    return height + _height_mm([" ".join(card.notes)], 186.0, 7.5 * fit) + 7.0


def card_fit(plan: Plan, instructions: tuple[str, ...]) -> float:
    """The largest scale of the type with which the card stays one page, but never too small to be read."""
    if plan.card is None:
        return 1.0
    fit = 1.0
    while fit > _SMALLEST and _card_mm(plan.card, instructions, fit) > _PAGE_mm:
        fit -= _STEP
    return round(fit, 2)
