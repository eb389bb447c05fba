"""Every sentence that Python puts together in the core has an entry in the phrasebook.

The plans of the examples reach many of these sentences, and not all; this reads the rest from the source.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cryomassage_clinic.web.phrasebook import book as book_module

pytestmark = [pytest.mark.unit, pytest.mark.sqlite]

CORE = Path(__file__).parents[2] / "src/cryomassage"
PHRASES = Path(book_module.__file__).parent / "ru"

# Modules whose sentences reach a page. The command line, the files of simulations, the validation and the handbook
# have none that do.
MODULES = [
    *(
        f"planning/{name}.py"
        for name in (
            "body_response", "body_words", "card", "colour_skin", "course", "dose", "face_reflex_skin", "injury_flags",
            "limits", "locks", "make_plan", "prescribe", "room", "screening", "spot_freeze", "spot_limits", "spots",
        )
    ),
    "interchange/client_file.py",
    "interchange/words.py",
]  # fmt: skip
ELSEWHERE = {
    # Paths of files and fields, not sentences.
    "room_file",
    # The command line and the paper report, whose own words the clinic's templates say.
    "names one file, and not beside [room]",
}


def _spoken(tree: ast.Module) -> Iterator[str]:
    """Texts of a module that are neither docstrings, nor in raised programming errors, nor types."""
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent.add(id(node.value))  # a docstring
        raised = node.exc if isinstance(node, ast.Raise) else None
        if isinstance(raised, ast.Call) and isinstance(raised.func, ast.Name) and raised.func.id == "ValueError":
            silent.update(id(part) for part in ast.walk(raised))
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant | ast.Tuple):
            silent.update(id(part) for part in ast.walk(node.slice))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            yield node.value


def chunks(module: str) -> list[str]:
    """Pieces of text of at least two words."""
    tree = ast.parse((CORE / module).read_text(encoding="utf-8"))
    pieces = [
        piece.strip(" .,;:()“”'\"\n")
        for text in _spoken(tree)
        for sentence in re.split(r"(?<=[.?!])\s+", text)
        for piece in [sentence]
    ]
    return [piece for piece in pieces if re.search(r"[A-Za-z]{2,}[,;:]? [A-Za-z]", piece) and piece not in ELSEWHERE]


@pytest.fixture(scope="module")
def known() -> str:
    entries = [
        _bare(english)
        for file in sorted(PHRASES.glob("*.json"))
        for english in json.loads(file.read_text(encoding="utf-8"))
    ]
    return "\n".join(entries)


def _bare(text: str) -> str:
    """A text in which every part and every number is the same mark."""
    return re.sub(r"\{[^}]*\}|\d{4}-\d{2}-\d{2}|\d+(?:\.\d+)?", "\x00", text).replace("\u00a0", " ")


def test_sentences_are_found() -> None:
    found = [piece for module in MODULES for piece in chunks(module)]
    assert len(found) > 200
    assert "is work for the role" in " ".join(found)


@pytest.mark.parametrize("module", MODULES)
def test_every_sentence_of_the_core_has_an_entry(known: str, module: str) -> None:
    assert [piece for piece in chunks(module) if _bare(piece) not in known] == []
