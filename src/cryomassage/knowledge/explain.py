"""Finds entries by name and lays out what they state: value, range, source, how known, disagreement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from cryomassage.knowledge.schema import Knowledge
from cryomassage.knowledge.values import Known, Quantity, Statement

KNOWN_MEANS = {
    Known.MEASURED: "a measurement that was read in its publication",
    Known.GUIDELINE: "a guideline, regulation or standard that was read",
    Known.REVIEWED: "a review or textbook that was read",
    Known.PRACTICE: "custom of salons, clinics or makers; no evidence",
    Known.FITTED: "found from published trials by `cryomassage fit`, beginning with a stated prior",
    Known.DERIVED: "computed or inferred here from other entries",
    Known.DECIDED: "a limit that this project has set itself",
    Known.MEMORY: "professional knowledge, not yet checked against its source",
    Known.ASSUMED: "a placeholder, wide enough to be safe, awaiting a measurement",
}
_ABOUT = frozenset({"source", "known", "disagreement", "product_does"})


@dataclass(frozen=True)
class Fact:
    """One thing that an entry states, with what it rests on."""

    field: str
    value: str
    unit: str = ""
    range: tuple[float, float] | None = None
    spread: str = ""
    known: Known | None = None
    sources: tuple[str, ...] = ()  # titles
    note: str = ""
    disagreement: str = ""
    product_does: str = ""


@dataclass(frozen=True)
class Found:
    """An entry with its place."""

    kind: str
    key: str
    entry: BaseModel

    @property
    def identifier(self) -> str:
        """Kind and key."""
        return f"{self.kind}.{self.key}"


def kinds(knowledge: Knowledge) -> dict[str, dict[str, BaseModel]]:
    """All entries, by kind and key."""
    return {name: getattr(knowledge, name) for name in type(knowledge).model_fields if name != "fingerprint"}


def find(identifier: str, knowledge: Knowledge) -> list[Found]:
    """Entries with this key, or the one of this kind and key."""
    kind, _, key = identifier.rpartition(".")
    return [
        Found(name, key, entries[key])
        for name, entries in kinds(knowledge).items()
        if kind in ("", name) and key in entries
    ]


def identifiers(knowledge: Knowledge) -> list[str]:
    """Everything that `find` can be asked for: keys, and kinds with keys."""
    pairs = [(kind, key) for kind, entries in kinds(knowledge).items() for key in entries]
    return sorted({*(key for _, key in pairs), *(f"{kind}.{key}" for kind, key in pairs)})


def _titles(keys: tuple[str, ...], knowledge: Knowledge) -> tuple[str, ...]:
    return tuple(f"{knowledge.sources[key].title} [{key}]" for key in keys)


def _supported(field: str, model: BaseModel, value: str, knowledge: Knowledge) -> Fact:
    """A fact that carries its own source."""
    spread = getattr(model, "spread", None)
    return Fact(
        field=field,
        value=value,
        unit=getattr(model, "unit", None) or "",
        range=getattr(model, "range", None),
        spread="" if spread is None else str(spread),
        known=getattr(model, "known", None),
        sources=_titles(getattr(model, "source", ()), knowledge),
        note=getattr(model, "note", None) or "",
        disagreement=getattr(model, "disagreement", None) or "",
        product_does=getattr(model, "product_does", None) or "",
    )


def _walk(field: str, value: object, knowledge: Knowledge) -> Iterator[Fact]:
    if value is None or value == ():
        return
    if isinstance(value, Quantity):
        yield _supported(field, value, f"{value.value:g}", knowledge)
    elif isinstance(value, Statement):
        yield _supported(field, value, value.text, knowledge)
    elif isinstance(value, BaseModel):
        yield from _model(field, value, knowledge)
    elif isinstance(value, tuple) and any(isinstance(item, BaseModel) for item in value):
        for number, item in enumerate(value, start=1):
            yield from _walk(f"{field} {number}", item, knowledge)
    elif isinstance(value, tuple):
        yield Fact(field, ", ".join(str(item) for item in value))
    else:
        yield Fact(field, str(value))


def _model(field: str, model: BaseModel, knowledge: Knowledge) -> Iterator[Fact]:
    """Fields of a model; what the model as a whole rests on stands in its own fact."""
    supported = bool(getattr(model, "source", ()))
    for name in type(model).model_fields:
        if supported and name in _ABOUT:
            continue
        yield from _walk(f"{field}.{name}" if field else name, getattr(model, name), knowledge)
    if supported:
        fact = _supported(field or "entry", model, "rests on", knowledge)
        yield Fact(
            fact.field,
            fact.value,
            known=fact.known,
            sources=fact.sources,
            disagreement=fact.disagreement,
            product_does=fact.product_does,
        )


def facts(entry: BaseModel, knowledge: Knowledge) -> tuple[Fact, ...]:
    """Everything that an entry states, in the order in which its kind declares it."""
    return tuple(_model("", entry, knowledge))
