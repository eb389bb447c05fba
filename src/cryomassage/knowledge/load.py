"""Reads the knowledge files, checks them against the schema and each other, and fingerprints them."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import tomli
from pydantic import ValidationError

from cryomassage.errors import KnowledgeError
from cryomassage.knowledge.consistency import contradictions
from cryomassage.knowledge.schema import Knowledge
from cryomassage.knowledge.values import SCHEMA

DATA = Path(__file__).parent / "data"

KINDS = tuple(name for name in Knowledge.model_fields if name != "fingerprint")


def read_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Merge all TOML files below `folder` into one table per kind; a key stands only once."""
    merged: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    paths = sorted(folder.rglob("*.toml"))
    if not paths:
        raise KnowledgeError(f"{folder}: holds no knowledge files")
    for path in paths:
        try:
            content = tomli.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError) as error:
            raise KnowledgeError(f"{path.name}: cannot be read: {error}") from error
        declared = content.pop("schema", None)
        if declared != SCHEMA:
            raise KnowledgeError(f"{path.name}: declares schema {declared!r}; this version reads {SCHEMA!r}")
        for kind, entries in content.items():
            if kind not in merged:
                raise KnowledgeError(f"{path.name}: unknown kind {kind!r}; known: {', '.join(KINDS)}")
            for key, entry in entries.items():
                if key in merged[kind]:
                    raise KnowledgeError(f"{path.name}: {kind}.{key} stands a second time")
                merged[kind][key] = entry
    return merged


def with_fitted(content: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Every `{ fitted = "key" }` in place of a quantity becomes the quantity of that fitted entry.

    Raises:
        KnowledgeError: there is no such fitted entry.
    """

    def resolved(where: str, value: Any) -> Any:
        if isinstance(value, list):
            return [resolved(where, item) for item in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"fitted"}:
            found = content["fitted"].get(value["fitted"])
            if found is None:
                raise KnowledgeError(f"{where}: refers to fitted {value['fitted']!r}, which does not exist")
            return found["quantity"]
        return {key: resolved(f"{where}.{key}", item) for key, item in value.items()}

    return {kind: resolved(kind, entries) for kind, entries in content.items()}


def fingerprint_of(content: dict[str, dict[str, Any]]) -> str:
    """SHA-256 over the content in canonical JSON: order of files and keys makes no difference.

    Coverage is left out: it says which tests and commands exist, and no plan depends on it.
    """
    known = {kind: entries for kind, entries in content.items() if kind != "coverage"}
    canonical = json.dumps(known, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def load_folder(folder: Path) -> Knowledge:
    """Read, check and fingerprint the knowledge files below `folder`.

    Raises:
        KnowledgeError: a file cannot be read, an entry lacks what the schema asks for, or entries
            contradict each other; the message lists every problem.
    """
    content = with_fitted(read_files(folder))
    try:
        knowledge = Knowledge.model_validate({**content, "fingerprint": fingerprint_of(content)})
    except ValidationError as error:
        lines = [f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}" for problem in error.errors()]
        raise KnowledgeError("\n".join(lines)) from error
    problems = contradictions(knowledge)
    if problems:
        raise KnowledgeError("\n".join(problems))
    return knowledge


@lru_cache(maxsize=1)
def load() -> Knowledge:
    """The knowledge that ships with this version."""
    return load_folder(DATA)
