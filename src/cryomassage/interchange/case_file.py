"""Reads files of published trials; what cannot be read is listed with the reason, and the rest goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import tomli
from pydantic import ValidationError

from cryomassage.errors import InputError, Problem
from cryomassage.interchange.toml_file import suggestion
from cryomassage.knowledge.schema import Knowledge
from cryomassage.records.validation import UnreadableCase
from cryomassage.records.validation_case import PHANTOM, Case

FORMAT, VERSION = "cryomassage validation cases", 2
SHIPPED = "the shipped cases"
_LARGEST_bytes = 20_000_000
_SHOWN = 3  # problems of one case


@dataclass(frozen=True)
class CaseFile:
    """What a file of cases holds."""

    name: str
    cases: tuple[Case, ...]
    unreadable: tuple[UnreadableCase, ...]


@dataclass(frozen=True)
class Discussed:
    """What is known about the shipped cases besides what they say: their source in the knowledge, and why they miss."""

    source: dict[str, str]
    discussion: dict[str, str]


def _data() -> Any:
    return resources.files("cryomassage.validation") / "data"


def shipped_cases(knowledge: Knowledge) -> CaseFile:
    """The cases that the product ships."""
    return _cases(json.loads((_data() / "cases.json").read_text(encoding="utf-8")), SHIPPED, knowledge)


def shipped_discussion() -> Discussed:
    """What is known about them."""
    told = tomli.loads((_data() / "discussion.toml").read_text(encoding="utf-8"))
    cases = {key: entry for study in told["study"].values() for key, entry in study["case"].items()}
    source = {key: study["source"] for study in told["study"].values() for key in study["case"]}
    return Discussed(source, {key: entry["discussion"] for key, entry in cases.items() if "discussion" in entry})


def read_cases(path: Path, knowledge: Knowledge) -> CaseFile:
    """Read a file of cases.

    Raises:
        InputError: the file as a whole is no file of cases. Single cases that cannot be read are listed instead.
    """
    return _cases(_content(path), str(path), knowledge)


def _wrong(path: str, field: str, value: str, bound: str, next_step: str) -> InputError:
    return InputError(path, [Problem(field, value, bound, next_step)])


def _content(path: Path) -> Any:
    try:
        if path.stat().st_size > _LARGEST_bytes:
            raise _wrong(
                str(path), "file", "too large", "must be at most 20 MB", "Check that this is the file you meant."
            )
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise _wrong(str(path), "file", "not found", "must be a file that exists", "Check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(
            str(path), "file", "unreadable", "must be a text file in UTF-8", f"The system says: {error}."
        ) from error
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise _wrong(str(path), "file", "not JSON", "must be a file in JSON", f"Mend this place: {error}.") from error


def _cases(content: Any, name: str, knowledge: Knowledge) -> CaseFile:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else type(content).__name__
        raise _wrong(name, "format", repr(found), f"must be {FORMAT!r}", "Is this a file of validation cases?")
    declared = content.get("version")
    if declared != VERSION or isinstance(declared, bool):
        raise _wrong(
            name, "version", repr(declared), f"must be {VERSION}", "This version of the product reads no other."
        )
    given = content.get("cases")
    if not isinstance(given, list) or not given:
        raise _wrong(name, "cases", repr(given)[:60], "must be a list with at least one case", "Add cases.")
    cases: dict[str, Case] = {}
    unreadable = []
    for number, data in enumerate(given, start=1):
        label = _label(data, number)
        try:
            case = _case(data)
            reasons = [*_known(case, knowledge), *(["the same id stands twice"] if case.id in cases else [])]
        except ValidationError as error:
            # That a list has too few entries only repeats that one of them is wrong.
            errors = [one for one in error.errors() if one["type"] != "too_short"] or error.errors()
            reasons = list(dict.fromkeys(_told(one) for one in errors))
        except TypeError as error:
            reasons = [str(error)]
        if reasons:
            more = f"; and {len(reasons) - _SHOWN} more" if len(reasons) > _SHOWN else ""
            unreadable.append(UnreadableCase(case=label, reason="; ".join(reasons[:_SHOWN]) + more))
        else:
            cases[case.id] = case
    return CaseFile(name, tuple(cases.values()), tuple(unreadable))


def _label(data: Any, number: int) -> str:
    name = data.get("id") if isinstance(data, dict) else None
    return name if isinstance(name, str) and name else f"case {number} of the file"


def _case(data: Any) -> Case:
    """One case; further texts about it are let pass, further numbers are not."""
    if not isinstance(data, dict):
        raise TypeError("a case is a table of keys and values")
    known = {key: value for key, value in data.items() if key in Case.model_fields or not isinstance(value, str)}
    for key in ("observations", "assumed"):
        if isinstance(known.get(key), list):
            known[key] = tuple(known[key])
    return Case.model_validate(known)


def _told(error: Any) -> str:
    """What is wrong in one place, in words."""
    where = ".".join(str(part) for part in error["loc"])
    kind, context = error["type"], error.get("ctx", {})
    written = repr(error.get("input"))
    written = written if len(written) <= 60 else f"{written[:57]}…"
    if kind == "missing":
        return f"{where} is missing"
    if kind == "extra_forbidden":
        return f"{where} is no key of this format"
    if kind == "literal_error":
        return f"{where} = {written}: must be {context['expected']}"
    if kind.startswith(("greater_than", "less_than")):
        side = "at least" if kind == "greater_than_equal" else "above" if kind == "greater_than" else "at most"
        return f"{where} = {written}: must be {side} {next(iter(context.values())):g}"
    message = str(error["msg"]).removeprefix("Value error, ")
    if kind == "value_error":
        return f"{where}: {message}" if where else message
    return f"{where} = {written}: {message[0].lower()}{message[1:]}"


def _known(case: Case, knowledge: Knowledge) -> Iterator[str]:
    """Everything in a case that the knowledge must have."""
    setup = case.setup
    sites = [*knowledge.zone, PHANTOM]
    for field, word, known in (
        ("site", setup.site, sites),
        ("agent", setup.agent, list(knowledge.trial_source)),
        ("barrier", setup.barrier, list(knowledge.barrier)),
    ):
        if word not in known:
            yield f"setup.{field} = {word!r}: not known. {suggestion(word, known)}"
    if setup.site == PHANTOM and setup.pattern == "sweep_whole_zone" and setup.treated_area_cm2 is None:
        yield "setup.treated_area_cm2 is missing: a phantom that is swept has no area of its own"
