"""What all records share."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic.fields import FieldInfo

from cryomassage.units import UnitError, parse


class Record(BaseModel):
    """A frozen value that refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _reader(unit: str) -> BeforeValidator:
    def read(value: Any) -> float:
        try:
            return parse(value, unit)
        except UnitError as error:
            raise ValueError(str(error)) from error

    return BeforeValidator(read)


def measured(unit: str, low: float, high: float, source: str) -> Any:
    """An annotated float read from a text with a unit, kept in `unit`, within [low, high].

    `source` says where the bounds come from; it is shown when a value lies outside.
    """
    return Annotated[
        float,
        _reader(unit),
        # Written back with its unit, so that a stored record can be read again.
        PlainSerializer(lambda value: f"{value!r} {unit}", return_type=str, when_used="json"),
        Field(ge=low, le=high, json_schema_extra={"unit": unit, "source": source}),
    ]


def bounds_of(field: FieldInfo) -> tuple[str, str]:
    """Unit and source of a field made by `measured`, also where it is optional; else two empty texts."""
    inner = (meta for part in get_args(field.annotation) for meta in getattr(part, "__metadata__", ()))
    for info in (field, *inner):
        extra = getattr(info, "json_schema_extra", None)
        if isinstance(extra, dict) and "unit" in extra:
            return str(extra["unit"]), str(extra["source"])
    return "", ""
