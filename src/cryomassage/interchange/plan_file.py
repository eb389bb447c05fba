"""Writes and reads `plan.json`; an edited file is noticed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cryomassage.errors import InputError, Problem
from cryomassage.interchange.whole_file import write_whole
from cryomassage.planning.numerics import content_hash
from cryomassage.records.plan import SCHEMA, Plan


def as_json(plan: Plan) -> dict[str, Any]:
    """A plan as plain JSON data."""
    return plan.model_dump(mode="json", by_alias=True)


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan as JSON."""
    write_whole(path, json.dumps(as_json(plan), indent=1, ensure_ascii=False) + "\n")


def read_plan(path: Path) -> Plan:
    """Read a plan and check that nobody has changed it since it was made.

    Raises:
        InputError: the file is missing, unreadable, not a plan, or was edited.
    """

    def wrong(field: str, value: str, bound: str, next_step: str) -> InputError:
        return InputError(str(path), [Problem(field, value, bound, next_step)])

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise wrong("file", "not found", "a file that exists", "Check the path and the spelling.") from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise wrong("file", "unreadable", "a plan in JSON", f"The system says: {error}.") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise wrong("schema", "not a plan", f"must be {SCHEMA!r}", "Make a plan with `cryomassage plan`.")
    try:
        plan = Plan.model_validate(content)
        stored = plan.provenance.content_sha256
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise wrong(field, "does not fit", str(first["msg"]), "The file was edited; make the plan anew.") from error
    if content_hash(content) != stored:
        raise wrong(
            "provenance.content_sha256",
            stored[:12] + "…",
            "does not match the content: the plan was edited",
            "An approved plan is never edited. Make a new one from the client file.",
        )
    return plan
