"""Reads TOML files and turns what is wrong with them into problems that a person can mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import tomli
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from cryomassage.errors import InputError, Problem
from cryomassage.records.base import bounds_of
from cryomassage.units import parse

_LARGEST_BYTES = 1_000_000
UNANSWERED = "unanswered"  # what an empty form holds

Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        InputError: the file is missing, unreadable, too large, empty or not TOML.
    """

    def wrong(value: str, bound: str, next_step: str) -> InputError:
        return InputError(str(path), [Problem("file", value, bound, next_step)])

    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise wrong("too large", "must be at most 1 MB", "Check that this is the file you meant.")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise wrong("not found", "must be a file that exists", "Check the path, or make one with `new`.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise wrong("unreadable", "must be a text file in UTF-8", f"The system says: {error}.") from error
    if not text.strip():
        raise wrong("empty", "must be a filled-in file", "Make one with `cryomassage new`.")
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise wrong("not TOML", "must be a file in TOML", f"Mend this place: {error}.") from error


def read_form(path: Path, schema: str, kind: str) -> dict[str, Any]:
    """The content of a TOML file that must be a form of one kind.

    Raises:
        InputError: the file cannot be read, or declares another schema or none.
    """
    data = read_toml(path)
    declared = data.get("schema")
    if declared != schema:
        hint = f"Is this a {kind} file? `cryomassage new {kind}` makes one."
        raise InputError(str(path), [Problem("schema", repr(declared), f"must be {schema!r}", hint)])
    return data


def suggestion(word: str, known: Iterable[str]) -> str:
    """A sentence that names what was probably meant, or what there is."""
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean “{close[0]}”?"
    shown = ", ".join(known[:25])
    return f"Known: {shown}{', …' if len(known) > 25 else ''}."


def _field_at(
    model: type[BaseModel], location: tuple[int | str, ...]
) -> tuple[type[BaseModel] | None, FieldInfo | None]:
    """The model and field that a location of a validation error points at, as far as it can be followed."""
    here: type[BaseModel] | None = model
    field: FieldInfo | None = None
    for part in location:
        if here is None or isinstance(part, int):
            continue
        found = next((info for name, info in here.model_fields.items() if part in (name, info.alias)), None)
        if found is None:
            continue
        field = found
        models = _models_in(found.annotation)
        if models:
            here = models[0]
    return here, field


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    found: list[type[BaseModel]] = []
    for inner in getattr(annotation, "__args__", ()):
        found.extend(_models_in(inner))
    return found


def _value_at(data: Any, location: tuple[int | str, ...]) -> str:
    for part in location:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            break
    text = repr(data)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _problem(model: type[BaseModel], data: Any, error: dict[str, Any]) -> Problem:
    location = cast(tuple[int | str, ...], error["loc"])
    dotted = ".".join(str(part) for part in location if not str(part).startswith(("function-", "tagged-")))
    kind, context = error["type"], error.get("ctx", {})
    _, field = _field_at(model, location)
    unit, source = bounds_of(field) if field is not None else ("", "")
    unit_text = f" {unit}" if unit else ""
    if kind == "missing":
        return Problem(dotted, "missing", "this field is needed", "Add it; `cryomassage new` shows the whole form.")
    if kind == "extra_forbidden":
        owner, _ = _field_at(model, location[:-1])
        names = [info.alias or name for name, info in (owner or model).model_fields.items()]
        return Problem(dotted, _value_at(data, location), "no such field", suggestion(str(location[-1]), names))
    written = _value_at(data, location)
    if kind in ("greater_than_equal", "less_than_equal", "greater_than", "less_than"):
        side = "at least" if kind.startswith("greater") else "at most"
        limit = next(iter(context.values()))
        if unit:
            written += f" (read as {parse(error['input'], unit):g} {unit})"
        return Problem(dotted, written, f"must be {side} {limit:g}{unit_text}", "Check number and unit.", source)
    if kind == "literal_error":
        expected = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
        return Problem(
            dotted,
            written,
            f"must be one of {', '.join(expected)}",
            suggestion(str(error["input"]), expected),
        )
    message = str(error["msg"]).removeprefix("Value error, ")
    if kind == "value_error":
        return Problem(
            dotted,
            written,
            message,
            f"Write a number with a unit of the kind {unit}." if unit else "Mend it.",
        )
    return Problem(dotted, written, message.lower(), "Check the spelling and the kind of value.")


def _open_fields(path: str, value: Any) -> Iterator[str]:
    """Paths of the fields that still hold the marker of an empty form."""
    if value == UNANSWERED:
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _open_fields(f"{path}.{key}" if path else key, item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _open_fields(f"{path}[{index}]", item)


def validated(model: type[Model], data: dict[str, Any], path: Path) -> Model:
    """Build a record from the content of a file.

    Raises:
        InputError: with every problem found: field, value, bound, source and next step.
    """
    still_open = [
        Problem(field, f"{UNANSWERED!r}", "nobody has filled this in yet", "Ask, and write the answer down.")
        for field in _open_fields("", data)
    ]
    if still_open:
        raise InputError(str(path), still_open)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = [_problem(model, data, cast(dict[str, Any], one)) for one in error.errors()]
        unique = {problem.field: problem for problem in problems}
        raise InputError(str(path), list(unique.values())) from error
