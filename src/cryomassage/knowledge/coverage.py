"""Whether every statement of the source article is made real by entries, commands and tests that exist."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from cryomassage.knowledge.explain import kinds
from cryomassage.knowledge.schema import CoverageRow, Knowledge

STATEMENTS = tuple(f"S{number}" for number in range(1, 30))


def repository_root() -> Path | None:
    """The checkout that this package runs from, or None when it was installed without one."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "pyproject.toml").is_file() and (root / "tests").is_dir() else None


@lru_cache(maxsize=256)
def _tests_in(path: Path) -> frozenset[str]:
    """Names of the test functions of a file, `Class::name` for those in classes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            names.update(f"{node.name}::{item.name}" for item in node.body if isinstance(item, ast.FunctionDef))
    return frozenset(names)


def _entries(row: CoverageRow, knowledge: Knowledge) -> Iterator[str]:
    existing = kinds(knowledge)
    for identifier in row.entries:
        kind, _, key = identifier.partition(".")
        if key not in existing.get(kind, {}):
            yield f"entry {identifier} does not exist"


def _commands(row: CoverageRow, root: Path) -> Iterator[str]:
    for command in row.commands:
        program, *words = command.split()
        if program != "cryomassage":
            yield f"command “{command}” does not begin with cryomassage"
        for word in words:
            if "/" in word and not (root / word).is_file():
                yield f"command “{command}” names {word}, which does not exist"


def _tests(row: CoverageRow, root: Path) -> Iterator[str]:
    for test in row.tests:
        file, _, name = test.partition("::")
        path = root / file
        if not path.is_file() or name not in _tests_in(path):
            yield f"test {test} does not exist"


def _row(row: CoverageRow, knowledge: Knowledge, root: Path | None) -> Iterator[str]:
    yield from (f"no {cell}" for cell in ("entries", "commands", "tests") if not getattr(row, cell))
    yield from _entries(row, knowledge)
    if root is not None:
        yield from _commands(row, root)
        yield from _tests(row, root)


def gaps(knowledge: Knowledge, root: Path | None) -> dict[str, list[str]]:
    """What is wrong with the coverage, by statement; empty when every statement is made real.

    Args:
        knowledge: with its coverage rows.
        root: the repository in which example files and tests are looked up, or None when it is not at hand.
    """
    found: dict[str, list[str]] = {}
    for key in STATEMENTS:
        row = knowledge.coverage.get(key)
        problems = ["has no row"] if row is None else list(_row(row, knowledge, root))
        if problems:
            found[key] = problems
    found.update({key: ["is not a statement of the article"] for key in knowledge.coverage if key not in STATEMENTS})
    return found
