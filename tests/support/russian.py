"""What tests ask of Russian text: foreign words left in it, and the numbers that it holds."""

from __future__ import annotations

import re

_TYPED = re.compile("\u2068[^\u2069]*\u2069")  # what people typed, set apart by the phrasebook
_ALLOWED = re.compile(r"°C|°F|\bIPL\b|\b[IVX]+\b|\b[A-F]\b|\b[VQRNp]\b")
_WORD = re.compile(r"[A-Za-z][A-Za-z'_-]*")
_UNIT_POWER = re.compile(r"(?<=[a-z])\^?[23](?!\d)|\^[23]")
_THOUSANDS = re.compile(r"(?<=\d)(?<!\b0)[,\u00a0\u202f](?=\d{3}(?!\d))|(?<=\d) (?=000(?!\d))")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})|(\d{2})\.(\d{2})\.(\d{4})")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


def foreign_words(text: str) -> list[str]:
    """Words in Latin letters that a Russian reader would stumble over."""
    return _WORD.findall(_ALLOWED.sub(" ", _TYPED.sub(" ", text)))


def numbers(text: str) -> list[str]:
    """Every number and date of a text in either language, sorted; exponents of units are no numbers."""
    plain = _THOUSANDS.sub("", _UNIT_POWER.sub("", text))
    found = []
    for year, month, day, day_ru, month_ru, year_ru in _DATE.findall(plain):
        found.append(f"{year or year_ru}-{month or month_ru}-{day or day_ru}")
    return sorted(found + [one.replace(",", ".") for one in _NUMBER.findall(_DATE.sub(" ", plain))])
