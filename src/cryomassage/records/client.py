"""The client as the core may know them: answers and body, no identity; and what is asked for today."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from cryomassage.records.base import Record, measured
from cryomassage.records.room import Room

SCHEMA = "cryomassage/client/1"

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Place = Literal["salon", "home"]
Role = Literal["client", "operator", "doctor"]
Phototype = Literal["i", "ii", "iii", "iv", "v", "vi"]


class Person(Record):
    """Body data that the dose depends on."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
    age_years: int = Field(ge=0, le=120)
    sex: Literal["female", "male"]
    phototype: Phototype
    thin_cheeks: bool | None = None  # unknown counts as thin
    measured_dermis: dict[Key, measured("mm", 0.2, 5.0, "dermis of all sites, Meng 2022 and Gibney 2010")] = Field(  # type: ignore[valid-type]
        default_factory=dict
    )


class Visit(Record):
    """Where and when, and who works."""

    date: datetime.date
    place: Place
    role: Role
    session: int = Field(default=1, ge=1, le=60)


class Request(Record):
    """What the client comes for."""

    indication: Key
    purpose: Literal["preventive", "therapeutic"]
    zones: Annotated[tuple[Key, ...], Field(min_length=1)]
    method: Key | None = None
    exposure_class: int | None = Field(default=None, ge=0, le=4)


class Calibration(Record):
    """What this very source was measured to do; narrows the prior."""

    date: datetime.date
    how: Annotated[str, StringConstraints(min_length=10)]
    heat_transfer_coefficient: measured("W/(m^2*K)", 1.0, 20_000.0, "physics of cooling boundaries")  # type: ignore[valid-type]
    heat_transfer_coefficient_low: measured("W/(m^2*K)", 1.0, 20_000.0, "physics of cooling boundaries")  # type: ignore[valid-type]
    heat_transfer_coefficient_high: measured("W/(m^2*K)", 1.0, 20_000.0, "physics of cooling boundaries")  # type: ignore[valid-type]
    sink_temperature: measured("degC", -196.0, 20.0, "boiling point of nitrogen")  # type: ignore[valid-type]


class SourceChoice(Record):
    """The cold source in the operator's hand."""

    cold_source: Key
    distance: measured("mm", 5.0, 300.0, "working distances of all sources") | None = None  # type: ignore[valid-type]
    calibration: Calibration | None = None


class Vitals(Record):
    """Blood pressure and pulse, measured today."""

    systolic: measured("mmHg", 60.0, 260.0, "believable range")  # type: ignore[valid-type]
    diastolic: measured("mmHg", 30.0, 160.0, "believable range")  # type: ignore[valid-type]
    pulse: measured("1/min", 25.0, 220.0, "believable range")  # type: ignore[valid-type]


class SitedAnswer(Record):
    """An answer that holds at some zones only."""

    answer: datetime.date | Key
    zones: Annotated[tuple[Key, ...], Field(min_length=1)]


Answer = SitedAnswer | datetime.date | Key


class Diagnosis(Record):
    """A doctor's diagnosis of what is to be treated."""

    what: Key  # the indication
    doctor: Annotated[str, StringConstraints(min_length=2)]
    date: datetime.date


class Lesion(Record):
    """One diagnosed lesion to be frozen, as measured with a ruler."""

    zone: Key
    diameter: measured("mm", 0.5, 20.0, "benign lesions that are frozen in one piece")  # type: ignore[valid-type]
    thickness: measured("mm", 0.1, 5.0, "benign lesions that are frozen in one piece")  # type: ignore[valid-type]
    freezes: int = Field(default=1, ge=1, le=2)
    depth_limit: measured("mm", 0.5, 3.0, "spot freeze: the doctor may set less than the limit") | None = None  # type: ignore[valid-type]


class Clearance(Record):
    """A doctor's written clearance of one referral."""

    rule: Key
    doctor: Annotated[str, StringConstraints(min_length=2)]
    date: datetime.date


class Approval(Record):
    """A doctor's approval of a class 2 plan."""

    doctor: Annotated[str, StringConstraints(min_length=2)]
    date: datetime.date


class TestSpot(Record):
    """The first touch of liquid nitrogen, on a small spot, and what was read."""

    __test__ = False  # not a test of ours, whatever pytest thinks of its name

    date: datetime.date
    method: Key
    read_after: measured("min", 1.0, 60.0, "a test spot is read at 15 min")  # type: ignore[valid-type]
    result: Literal["clear", "hives", "blister", "lasting_white", "other"]


class Professional(Record):
    """Who was asked before cold is used at home."""

    name: Annotated[str, StringConstraints(min_length=2)]
    date: datetime.date
    zones: Annotated[tuple[Key, ...], Field(min_length=1)]


class Review(Record):
    """What a review of the course found."""

    session: int = Field(ge=1, le=60)
    date: datetime.date
    benefit: bool


class PreviousSession(Record):
    """The last session on a zone; `date = "never"` where there was none."""

    zone: Key
    date: datetime.date | Literal["never"]
    exposure_class: int | None = Field(default=None, ge=0, le=4)
    redness_gone: bool | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.date != "never" and (self.exposure_class is None or self.redness_gone is None):
            raise ValueError("a session that took place has its exposure_class, and redness_gone as true or false")
        return self


class Client(Record):
    """Everything that a plan is made from."""

    schema_: Literal["cryomassage/client/1"] = Field(alias="schema")
    person: Person
    visit: Visit
    request: Request
    source: SourceChoice | None = None
    vitals: Vitals | None = None
    answers: dict[Key, Answer]
    diagnosis: Diagnosis | None = None
    lesion: tuple[Lesion, ...] = ()
    clearance: tuple[Clearance, ...] = ()
    approval: Approval | None = None
    test_spot: TestSpot | None = None
    professional: Professional | None = None
    review: Review | None = None
    previous: tuple[PreviousSession, ...] = ()
    room: Room | None = None
