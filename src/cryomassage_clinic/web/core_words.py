"""Text that comes from the core, in the reader's language.

The core speaks English. What it says is looked up in the phrasebook of the language; what is not found there stays
English and is counted, so that a test can ask for it. Escaping is left to the template.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from django.utils.translation import get_language, get_language_bidi

from cryomassage_clinic.web.phrasebook.book import LANGUAGES, book

_KEPT = 500  # texts that are counted at most
untold: Counter[str] = Counter()


@lru_cache(maxsize=16_384)
def _told(text: str, language: str) -> str:
    translation, missed = book(language).told(text)
    for sentence in missed:
        if sentence in untold or len(untold) < _KEPT:
            untold[sentence] += 1
    return translation


def told(text: str) -> str:
    """A sentence of the core in the language that is active; in English as it is.

    In a language written from right to left, what stays English is set apart, so that its full stop and its numbers
    do not change places.
    """
    language = (get_language() or "en").split("-")[0]
    if language in LANGUAGES:
        return _told(text, language)
    return f"\u2068{text}\u2069" if text and get_language_bidi() else text
