"""What every value and every sentence of the knowledge must state: unit, range, source and how it is known.

A number is a `Quantity`, a sentence that the product shows is a `Statement`; the schema refuses an entry that
leaves any of it out.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

SCHEMA = "cryomassage/knowledge/1"

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
Text = Annotated[str, StringConstraints(min_length=2, strip_whitespace=True)]
Unit = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
SourceKeys = Annotated[tuple[Key, ...], Field(min_length=1)]


class Known(StrEnum):
    """How a value or a statement is known, strongest first."""

    MEASURED = "measured"  # a measurement that we read in its paper, abstract or table
    GUIDELINE = "guideline"  # a guideline, regulation or standard that we read
    REVIEWED = "reviewed"  # a review, textbook or digest that we read
    PRACTICE = "practice"  # what salons, clinics or makers say they do; custom, not evidence
    FITTED = "fitted"  # found by a program from published trials, beginning with a stated prior
    DERIVED = "derived"  # computed or inferred here from values that are themselves in the knowledge
    DECIDED = "decided"  # a limit this project has set itself, with its reason
    MEMORY = "memory"  # professional knowledge not yet checked against its source
    ASSUMED = "assumed"  # a placeholder wide enough to be safe, awaiting a measurement


class Spread(StrEnum):
    """How a range is to be read when virtual skins are drawn."""

    LOGNORMAL = "lognormal"  # the range is the 5-95 % interval
    NORMAL = "normal"  # the range is the 5-95 % interval
    UNIFORM = "uniform"  # the range holds all draws
    FIXED = "fixed"  # not drawn; the range says what is plausible elsewhere


class Entry(BaseModel):
    """Base of all knowledge models: frozen, and refusing what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Quantity(Entry):
    """One number with everything that is needed to trust or to doubt it."""

    value: float
    unit: Unit
    range: tuple[float, float]
    source: SourceKeys
    known: Known
    spread: Spread = Spread.FIXED
    note: Text | None = None
    disagreement: Text | None = None
    product_does: Text | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        low, high = self.range
        if not low <= self.value <= high:
            raise ValueError(f"value {self.value} lies outside its range [{low}, {high}]")
        if self.spread is Spread.LOGNORMAL and low <= 0:
            raise ValueError("a lognormal spread needs a range above zero")
        if (self.disagreement is None) != (self.product_does is None):
            raise ValueError("a disagreement names what the product does about it, and the other way round")
        return self


class Statement(Entry):
    """One sentence that the product shows or acts on."""

    text: Text
    source: SourceKeys
    known: Known
    disagreement: Text | None = None
    product_does: Text | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.disagreement is None) != (self.product_does is None):
            raise ValueError("a disagreement names what the product does about it, and the other way round")
        return self


class Source(Entry):
    """Where a value or a statement comes from."""

    title: Text
    kind: Literal[
        "paper",
        "review",
        "guideline",
        "regulation",
        "standard",
        "book",
        "manufacturer",
        "database",
        "health_service",
        "university",
        "clinic",
        "salon",
        "consumer",
        "patent",
        "news",
        "project",
    ]
    where: Text  # DOI, address, or document and section
    read: Literal["full", "abstract", "table", "page", "secondary", "memory"]
    reliability: Literal["high", "medium", "low"]
    note: Text | None = None
