"""How Russian writes numbers and dates, and which form a counted word takes."""

from __future__ import annotations

import datetime
import re

_THOUSANDS = re.compile(r"(?<=\d)[,\u00a0 ](?=\d{3}(?!\d))")


def number(text: str) -> str:
    """A number as the core writes it, with decimal comma, spaced thousands and spaced percent sign."""
    plain = _THOUSANDS.sub("\u00a0", text).replace(".", ",").replace("-", "−")
    return f"{plain[:-1].rstrip()}\u00a0%" if plain.endswith("%") else plain


def plural(text: str, forms: tuple[str, str, str]) -> str:
    """The form of a counted word: 1 день, 2 дня, 5 дней; after a fraction 2,5 дня.

    Args:
        text: the number as the core writes it.
        forms: after one, after two to four, after five and more.
    """
    digits = _THOUSANDS.sub("", text).strip("+-−% ")
    if not digits.isdigit():
        return forms[1]
    last_two, last = int(digits) % 100, int(digits) % 10
    if last == 1 and last_two != 11:
        return forms[0]
    if last in (2, 3, 4) and last_two not in (12, 13, 14):
        return forms[1]
    return forms[2]


def date(text: str) -> str:
    """An ISO date as people write it: 21.12.2026."""
    return datetime.date.fromisoformat(text).strftime("%d.%m.%Y")
