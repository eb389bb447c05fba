"""Reads the phrases of a language and finds the one that says what a text of the core says.

A text is found whole, by a pattern whose parts are told in turn, or sentence by sentence. The files hold
`"English": "translation"`; in `patterns.json` both sides hold parts in braces. In English, the mark behind the name
says what the part is: `{a}` a text that is told in turn, `{a#}` a number, `{a@}` a date, `{a=}` what people have
typed, which is left as it is, `{a,}`, `{a;}` and `{a&}` several texts joined by commas, semicolons or “and”. In the
translation `{a}` stands for the part, `{a|low}` and `{a|up}` change its first letter, and `{n|день,дня,дней}` is the
form that the number n asks for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Protocol

from cryomassage_clinic.web.phrasebook import russian

PATTERNS = "patterns"
_FOLDER = Path(__file__).parent
_LONGEST = 6000  # letters; longer texts do not come from the core
_DEEPEST = 8  # parts within parts
_JOINED = 9  # sentences that one entry holds at most
_REMEMBERED = 20_000

_PART = re.compile(r"\{(\w+)([#@=,;&]?)\}")
_FILLED = re.compile(r"\{(\w+)(?:\|([^}]*))?\}")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?<=[.!?…][”»)])\s+")
_NUMBER = r"[-+−]?\d[\d,\u00a0]*(?:\.\d+)?(?:e[-+]?\d+)?%?"
_DATE = r"\d{4}-\d{2}-\d{2}"
_UNBROKEN = re.compile(r"\u00a0(?!\d)")  # the core binds some units to their numbers, and others not
_SEPARATORS = {",": ", ", ";": "; ", "&": " and "}
_FIRST_STRONG, _POP = "\u2068", "\u2069"  # what people typed keeps its own direction


class Grammar(Protocol):
    """What a language must know besides its phrases."""

    def number(self, text: str) -> str:
        """A number as the language writes it."""

    def plural(self, text: str, forms: tuple[str, str, str]) -> str:
        """The form of a counted word."""

    def date(self, text: str) -> str:
        """An ISO date as the language writes it."""


LANGUAGES: dict[str, Grammar] = {"ru": russian}
_AND = {"ru": " и "}


@dataclass(frozen=True)
class Pattern:
    """One kind of composed sentence, and how the language says it."""

    begins: str
    ends: str
    shape: re.Pattern[str]
    kinds: dict[str, str]
    translation: str


def compiled(english: str, translation: str) -> Pattern:
    """A pattern from its two sides.

    Raises:
        ValueError: the two sides do not name the same parts.
    """
    shape, kinds, end = "", {}, 0
    for found in _PART.finditer(english):
        name, kind = found.groups()
        kinds[name] = kind
        inside = {"#": _NUMBER, "@": _DATE}.get(kind, r".+?")
        shape += f"{re.escape(english[end : found.start()])}(?P<{name}>{inside})"
        end = found.end()
    told = {name for name, _how in _FILLED.findall(translation)}
    if not kinds or told != set(kinds):
        raise ValueError(f"the parts of {english!r} and {translation!r} differ")
    begins = _PART.split(english, maxsplit=1)[0]
    return Pattern(begins, english[end:], re.compile(shape + re.escape(english[end:]), re.DOTALL), kinds, translation)


def _low(text: str) -> str:
    return text[:1].lower() + text[1:]


def _up(text: str) -> str:
    return text[:1].upper() + text[1:]


def _joined(sentences: list[str]) -> str:
    """Translated sentences one after the other; the core begins some of them small."""
    return " ".join((*sentences[:1], *(_up(sentence) for sentence in sentences[1:])))


class Phrasebook:
    """The phrases of one language."""

    def __init__(self, language: str, folder: Path | None = None) -> None:
        """Read the files of a language; about 30 ms."""
        self.grammar, self._and = LANGUAGES[language], _AND[language]
        self.phrases: dict[str, str] = {}
        patterns: dict[str, str] = {}
        for file in sorted((folder or _FOLDER / language).glob("*.json")):
            (patterns if file.stem == PATTERNS else self.phrases).update(json.loads(file.read_text(encoding="utf-8")))
        self.patterns = [compiled(english, told) for english, told in patterns.items()]
        # The core writes many names small within a sentence.
        self._small = {
            english.lower(): _low(told) for english, told in self.phrases.items() if english[-1] not in ".?!"
        }
        self.whole: Callable[[str, int], str | None] = lru_cache(maxsize=_REMEMBERED)(self._whole)

    def told(self, text: str) -> tuple[str, tuple[str, ...]]:
        """A text in this language, and those of its sentences that no entry tells; they stay English."""
        if len(text) > _LONGEST:
            return text, (text[:80],)
        found = self.whole(text, 0)
        if found is not None:
            return found, ()
        parts: list[str] = []
        missed: list[str] = []
        for english, told in self._sentences(text, 0):
            if told is None:
                missed.append(english)
            parts.append(english if told is None else _up(told) if parts else told)
        return " ".join(parts), tuple(missed)

    def _whole(self, text: str, depth: int) -> str | None:
        """A text told wholly, or None."""
        stripped = _UNBROKEN.sub(" ", text.strip())
        if not stripped:
            return text
        found = self.phrases.get(stripped) or self._small.get(stripped)
        if found is not None or depth > _DEEPEST:
            return found
        # Sentences before patterns: a part of a pattern must not swallow the sentence before it.
        if _SENTENCE.search(stripped) is not None:
            parts = [told for _english, told in self._sentences(stripped, depth)]
            known = [part for part in parts if part is not None]
            if len(known) == len(parts):
                return _joined(known)
        for pattern in self.patterns:
            if stripped.startswith(pattern.begins) and stripped.endswith(pattern.ends):
                matched = pattern.shape.fullmatch(stripped)
                told = None if matched is None else self._filled(pattern, matched.groupdict(), depth)
                if told is not None:
                    return told
        return self._as_a_sentence(stripped, depth)

    def _as_a_sentence(self, text: str, depth: int) -> str | None:
        """What the core says small and without a full stop, made a sentence by a page: “Must be at least 1 m.”"""
        if not (text[0].isupper() and text.endswith(".")):
            return None
        told = self.whole(_low(text[:-1]), depth + 1)
        return None if told is None else f"{_up(told)}."

    def _sentences(self, text: str, depth: int) -> Iterator[tuple[str, str | None]]:
        """A text cut into the longest runs of sentences that an entry tells."""
        sentences = _SENTENCE.split(text)
        begin = 0
        while begin < len(sentences):
            for end in range(min(len(sentences), begin + _JOINED), begin, -1):
                if end - begin == len(sentences):
                    continue  # tried before it was cut
                run = " ".join(sentences[begin:end])
                told = self.whole(run, depth + 1)
                if told is not None or end == begin + 1:
                    yield run, told
                    begin = end
                    break
            else:  # a single sentence, which was tried as a whole
                yield sentences[begin], None
                begin += 1

    def _filled(self, pattern: Pattern, found: dict[str, str], depth: int) -> str | None:
        """The translation of a pattern with its parts told, or None when one of them cannot be."""
        told: dict[str, str] = {}
        for name, kind in pattern.kinds.items():
            part = self._part(found[name], kind, depth)
            if part is None:
                return None
            told[name] = part

        def fill(place: re.Match[str]) -> str:
            name, how = place.groups()
            if how is None:
                return told[name]
            if how in ("low", "up"):
                return _low(told[name]) if how == "low" else _up(told[name])
            one, few, many = how.split(",")
            return self.grammar.plural(found[name], (one, few, many))

        return _FILLED.sub(fill, pattern.translation)

    def _part(self, text: str, kind: str, depth: int) -> str | None:
        if kind == "#":
            return self.grammar.number(text)
        if kind == "@":
            return self.grammar.date(text)
        if kind == "=":
            return f"{_FIRST_STRONG}{text}{_POP}"
        whole = self.whole(text, depth + 1)
        if whole is not None or kind == "":
            return whole
        separator = _SEPARATORS[kind]
        pieces = [self.whole(piece, depth + 1) for piece in text.split(separator)]
        known = [piece for piece in pieces if piece is not None]
        return (self._and if kind == "&" else separator).join(known) if len(known) == len(pieces) else None


@cache
def book(language: str) -> Phrasebook:
    """The phrases of a language; read once, when first asked for."""
    return Phrasebook(language)
