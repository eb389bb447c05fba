"""A made-up language in which every translated string stands in ⟦…⟧, and a reader that finds what does not.

    with pseudo():
        html = browser.get(address)  # as somebody whose language is Russian
    assert untranslated(html, allowed=["Anna Example", "A-1001"]) == []

Names, notes and everything else that people typed are named in `allowed`; so are words that stay as they are in
every language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any

from django.utils import translation
from django.utils.translation import trans_real

from cryomassage_clinic.web import core_words

OPEN, CLOSE = "⟦", "⟧"
LANGUAGE = "ru"  # whose place it takes, since browsers and people can choose it
# The same in every language.
ALWAYS = ("Cryomassage", "English", "Русский", "°C", "mmHg", "PIN", "QR")

_LETTERS = re.compile(r"[^\W\d_]{2,}")
_WORDS = re.compile(r"[^\W\d_]{2,} [^\W\d_]{2,}")  # what scripts show stands in data attributes, beside keys
_SPOKEN_ATTRIBUTES = ("alt", "aria-label", "aria-description", "placeholder", "title", "content", "label", "data-label")
_BUTTONS = ("submit", "button", "reset")
_SILENT = ("script", "style", "template", "noscript")
_VOID = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")


def _wrapped(text: str) -> str:
    return f"{OPEN}{text}{CLOSE}" if text.strip() else text


class _Catalogue:
    """Stands where Django keeps the translations of a language; it wraps instead of translating."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def gettext(self, message: str) -> str:
        # Formats of numbers and dates are looked up here as well, with a mark before them in some versions.
        if trans_real.CONTEXT_SEPARATOR in message:
            message = message.split(trans_real.CONTEXT_SEPARATOR, 1)[1]
        return _wrapped(message)

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.gettext(one if number == 1 else many)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@contextmanager
def pseudo() -> Iterator[None]:
    """While it lasts, Russian is the made-up language, for the interface and for what the core says."""
    real = trans_real.translation(LANGUAGE)
    told = core_words._told
    trans_real._translations[LANGUAGE] = _Catalogue(real)
    core_words._told = lambda text, language: _wrapped(text)  # type: ignore[assignment]
    try:
        _activate_again()
        yield
    finally:
        trans_real._translations[LANGUAGE] = real
        core_words._told = told
        _activate_again()


def _activate_again() -> None:
    """A language that is active keeps its catalogue until it is activated anew."""
    if translation.get_language() == LANGUAGE:
        translation.activate(LANGUAGE)


class _Reader(HTMLParser):
    """Collects what people see or hear; brackets may open in one element and close in another."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.depth = 0
        self.silent: list[str] = []
        self.bare: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent.append(tag)
        if self.silent:
            return
        known = dict(attributes)
        for name, value in attributes:
            spoken = name in _SPOKEN_ATTRIBUTES or (name.startswith("data-") and _WORDS.search(value or "") is not None)
            if name == "content":
                spoken = known.get("name") == "description"
            if name == "value":
                spoken = tag == "input" and known.get("type") in _BUTTONS
            if spoken and value:
                self.bare.extend(outside(value)[0])

    def handle_endtag(self, tag: str) -> None:
        if self.silent and self.silent[-1] == tag and tag not in _VOID:
            self.silent.pop()

    def handle_data(self, data: str) -> None:
        if not self.silent:
            found, self.depth = outside(data, self.depth)
            self.bare.extend(found)


def outside(text: str, depth: int = 0) -> tuple[list[str], int]:
    """Parts of a text that stand outside the brackets, and how many brackets are still open."""
    parts, part = [], ""
    for letter in text:
        if letter == OPEN:
            depth += 1
            parts.append(part)
            part = ""
        elif letter == CLOSE:
            depth = max(0, depth - 1)
        elif depth == 0:
            part += letter
    return [one for one in [*parts, part] if one.strip()], depth


def untranslated(html: str, allowed: Iterable[str] = ()) -> list[str]:
    """Visible texts and spoken attributes of a page that nobody can translate.

    Args:
        html: a page, or a part of one, that was made within `pseudo()`.
        allowed: what people typed and what is the same in every language.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    kept = sorted({*ALWAYS, *allowed}, key=len, reverse=True)
    found = []
    for bare in reader.bare:
        left = bare
        for word in kept:
            left = left.replace(word, " ")
        if _LETTERS.search(left):
            found.append(" ".join(bare.split()))
    return found
