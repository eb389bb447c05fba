"""The texts that come with the program, as a clinic begins with them."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils import translation

from cryomassage_clinic import bridge
from cryomassage_clinic.consents.models import Kind
from cryomassage_clinic.web.core_words import told

LANGUAGES = ("en", "ru")
_DATA = Path(__file__).parent / "data"


@lru_cache(maxsize=8)
def _read(name: str, language: str) -> dict[str, Any]:
    return tomllib.loads((_DATA / f"{name}.{language}.toml").read_text(encoding="utf-8"))


def default_text(kind: str, treatment: str, language: str) -> tuple[str, str]:
    """Title and body of a text of the program.

    Args:
        kind: what is agreed to.
        treatment: a method of the core where the kind is treatment; empty otherwise.
        language: one of `LANGUAGES`.

    Raises:
        KeyError: there is no such text.
    """
    if language not in LANGUAGES or (kind == Kind.TREATMENT) != bool(treatment):
        raise KeyError((kind, treatment, language))
    if kind != Kind.TREATMENT:
        own = _read("others", language)[kind]
        return own["title"], own["body"].strip()
    words = _read("treatment", language)
    with translation.override(language):
        method = told(bridge.methods()[treatment].name)
    parts = words["method"][treatment]
    return words["title"].format(method=method), words["body"].format(**parts).strip()
