"""The plan of a session and its course: what `plan.json` holds."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from cryomassage.knowledge.questionnaire import Outcome
from cryomassage.records.base import Record
from cryomassage.records.body_response import BodyResponse, InjuryPrediction
from cryomassage.records.interval import Interval
from cryomassage.records.prescription import Prescription, Reasoned
from cryomassage.records.room import RoomVerdict
from cryomassage.records.screening import FiredRule, ZoneFinding

SCHEMA: Literal["cryomassage/plan/1"] = "cryomassage/plan/1"


class Percentiles(Record):
    """Share of virtual skins at or below each value, °C."""

    p01: float
    p05: float
    p50: float
    p95: float


class Acceptance(Record):
    """How many of the virtual skins passed a limit in the confirming population."""

    virtual_skins: int
    below_floor: int
    frozen_basal: int
    over_fat_time: int
    over_time_below_zero: int
    allowed_below_floor: int


class ZonePlan(Record):
    """What the hands do on one zone, and what the skin is predicted to reach."""

    zone: str
    name: str
    method: str
    cold_source: str
    class_: Annotated[int, Field(alias="class")]
    order: int
    sides: int
    parts: int
    area_cm2: float
    massage_lines: tuple[str, ...]
    distance_mm: float | None
    speed_mm_s: float | None
    dwell_time_s: float
    contact_seconds: float
    coverages_per_pass: int
    passes: int
    passes_full: int
    seconds_per_pass: float
    pause_s: float
    total_s: float
    surface_floor_degC: float
    basal_floor_degC: float
    surface_min_degC: Percentiles
    basal_min_degC: Percentiles
    fat_seconds_below_10_degC_p95: float
    surface_seconds_below_0_degC_p95: float
    acceptance: Acceptance
    binding: str
    reasons: tuple[Reasoned, ...]
    cautions: tuple[str, ...]
    response: BodyResponse | None  # None where the plan was computed without the body's response


class SpotMoment(Record):
    """A spot while it freezes and thaws."""

    time_s: float
    freezing: bool  # whether the cold is on
    ice_depth_mm: Interval
    ice_radius_mm: Interval
    base_degC: Interval


class SpotAcceptance(Record):
    """How many of the virtual skins passed a limit of the ice, and in which share it does what it is for."""

    virtual_skins: int
    over_depth: int
    over_margin: int
    allowed_over: int
    least_margin_share: float
    cold_base_share: float


class SpotPlan(Record):
    """One diagnosed lesion to be frozen, and how the ice is predicted to grow. Depth counts from its top."""

    zone: str
    name: str
    method: str
    cold_source: str
    class_: Annotated[int, Field(alias="class")]
    lesion_diameter_mm: float
    lesion_thickness_mm: float
    distance_mm: float | None
    shield_opening_mm: float | None
    freeze_s: float
    freezes: int
    thaw_pause_s: float
    total_s: float
    depth_limit_mm: float
    least_margin_mm: float
    most_margin_mm: float
    base_goal_degC: float
    ice_depth_mm: Interval
    ice_radius_mm: Interval
    margin_mm: Interval
    base_min_degC: Interval
    thaw_s: Interval
    over_time: tuple[SpotMoment, ...]
    acceptance: SpotAcceptance
    binding: str
    reasons: tuple[Reasoned, ...]
    cautions: tuple[str, ...]
    injury: tuple[InjuryPrediction, ...]  # at the base of the lesion


class NoDose(Record):
    """A zone for which no useful dose is safe with this source."""

    zone: str
    cold_source: str
    binding: str
    measure: str
    reasons: tuple[Reasoned, ...]


class CourseSession(Record):
    """One date of the course."""

    number: int
    date: datetime.date
    kind: Literal["test_spot", "session"]
    exposure_share: float
    review: bool
    note: str


class Course(Record):
    """Real dates, with build-up and reviews."""

    sessions: tuple[CourseSession, ...]
    gap_hours: float
    gap_condition: str | None
    stop_rule: str
    reason: str
    disagreements: tuple[str, ...]


class Numerics(Record):
    """How the case was posed for the machine: the same numerics give the same numbers."""

    virtual_skins: int
    seed: int
    cells: int
    precision: Literal["float32"]
    scheme: str
    margin_K: float
    body_response: bool  # whether the vessels answer, pauses follow the colour and injuries bind


class Provenance(Record):
    """Everything needed to compute the plan again, and to notice a change."""

    engine_version: str
    knowledge_fingerprint: str
    numerics: Numerics
    jax_version: str
    role: str
    role_verified: Literal[False] = False
    content_sha256: str


class Card(Record):
    """The words on the operator's card, in the order in which they are read."""

    title: str
    today: str
    before: tuple[str, ...]
    steps: tuple[str, ...]
    expected: tuple[str, ...]
    stop_signs: tuple[str, ...]
    first_aid: tuple[str, ...]
    aftercare: tuple[str, ...]
    notes: tuple[str, ...]


class Plan(Record):
    """A plan, or the reasons why there is none."""

    schema_: Annotated[Literal["cryomassage/plan/1"], Field(alias="schema")] = SCHEMA
    verdict: Outcome
    status: Literal["planned", "test_spot_first", "refused", "no_safe_dose"]
    message: str
    next_step: str
    client_code: str
    date: datetime.date
    until: datetime.date | None
    rules: tuple[FiredRule, ...]
    screening: tuple[ZoneFinding, ...]
    prescription: Prescription | None
    zones: tuple[ZonePlan, ...]
    spots: tuple[SpotPlan, ...]
    no_dose: tuple[NoDose, ...]
    course: Course | None
    room: RoomVerdict | None
    card: Card | None
    statement: str
    client: dict[str, Any]
    provenance: Provenance
