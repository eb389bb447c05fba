"""What the questionnaire and its rules must state: who may be treated, where, how, and why not."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cryomassage.knowledge.values import Entry, Key, Known, Quantity, SourceKeys, Text, Unit


class Question(Entry):
    """One question of the screening, and where it applies."""

    number: Text  # Q1 ... as in the questionnaire; additions go on from Q33
    ask: Text
    why: Text
    answer: Literal["yes_no", "date_or_no", "choice", "number"]
    choices: tuple[Key, ...] = ()  # for `choice`
    unit: Unit | None = None  # for `number`
    range: tuple[float, float] | None = None  # for `number`: what is believable
    places: Annotated[tuple[Literal["salon", "home"], ...], Field(min_length=1)]
    regions: tuple[Literal["face", "neck", "decollete", "scalp", "body"], ...] = ()  # empty: everywhere
    liquid_nitrogen_only: bool = False
    sex: Literal["female"] | None = None
    # What it is asked together with, and the limit that says how long an answer counts.
    group: Literal[
        "heart", "today", "cold", "health", "defence", "skin_now", "skin_nature", "creams", "procedures", "face"
    ]
    valid: Key
    source: SourceKeys
    known: Known

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        if (self.answer == "choice") != bool(self.choices):
            raise ValueError("choices belong to questions of the kind `choice`, and only to them")
        if (self.answer == "number") != (self.range is not None and self.unit is not None):
            raise ValueError("unit and range belong to questions of the kind `number`, and only to them")
        return self


class Outcome(StrEnum):
    """What screening says, mildest first."""

    CLEAR = "clear"
    LIMIT = "limit"
    DEFER = "defer"
    REFER = "refer"
    STOP = "stop"


class Condition(Entry):
    """When a rule fires. All the fields that are given must hold."""

    question: Key
    equals: tuple[Key, ...] = ()  # answers or choices, such as yes, unsure, iv
    at_least: float | None = None  # for numbers
    less_than: float | None = None
    within_days: float | None = None  # for dates: the date lies at most that many days before the visit
    older_than_days: float | None = None  # for dates: more days than that have passed

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        tests = (self.at_least, self.less_than, self.within_days, self.older_than_days)
        if not self.equals and all(test is None for test in tests):
            raise ValueError("a condition needs equals, at_least, less_than, within_days or older_than_days")
        return self


class Restriction(Entry):
    """What a `limit` takes away."""

    highest_class: int | None = Field(default=None, ge=0, le=4)
    forbid_zones: tuple[Key, ...] = ()
    forbid_methods: tuple[Key, ...] = ()
    forbid_liquid_nitrogen: bool = False
    face_time_limit_s: float | None = Field(default=None, gt=0)
    test_spot_days: float | None = Field(default=None, ge=0)
    instruction: Text  # what to do, said to the operator


class Rule(Entry):
    """One rule of the screening: when, where, what follows, why."""

    any_of: Annotated[tuple[Condition, ...], Field(min_length=1)]  # fires when one condition holds
    and_all: tuple[Condition, ...] = ()  # and all of these hold too
    outcome: Outcome
    places: tuple[Literal["salon", "home"], ...] = ()  # empty: everywhere
    zones: tuple[Key, ...] = ()  # empty: every zone
    regions: tuple[Literal["face", "neck", "decollete", "scalp", "body"], ...] = ()  # empty: every region
    methods: tuple[Key, ...] = ()  # empty: every method
    indications: tuple[Key, ...] = ()  # empty: every indication
    liquid_nitrogen_only: bool = False
    at_site: bool = False  # applies to the zones that the answer names
    defer_days: Quantity | None = None  # days after the date in the answer, or after the visit
    restriction: Restriction | None = None
    clearable: bool = False  # a doctor's written clearance turns `refer` into `limit`
    urgent: bool = False  # tell the client to seek care now
    reason: Text
    source: SourceKeys
    known: Known
    disagreement: Text | None = None
    product_does: Text | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.outcome is Outcome.LIMIT) != (self.restriction is not None):
            raise ValueError("a limit, and only a limit, carries a restriction")
        if (self.outcome is Outcome.DEFER) != (self.defer_days is not None):
            raise ValueError("a deferral, and only a deferral, carries defer_days")
        if self.clearable and self.outcome is not Outcome.REFER:
            raise ValueError("only a referral can be cleared")
        if (self.disagreement is None) != (self.product_does is None):
            raise ValueError("a disagreement names what the product does about it, and the other way round")
        return self


class Contraindication(Entry):
    """A condition that forbids, limits or delays, as the literature lists it, and the rules that act on it."""

    name: Text
    strength: Literal["absolute", "relative", "temporary"]
    named_by: int = Field(ge=0)  # independent sources in our collection that name it
    reason: Text
    source: SourceKeys
    known: Known
    rules: Annotated[tuple[Key, ...], Field(min_length=1)]
    disagreement: Text | None = None
    product_does: Text | None = None
