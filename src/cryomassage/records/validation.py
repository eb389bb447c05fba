"""How predictions of published trials compare with what was measured, as told and as printed for machines."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from cryomassage.records.base import Record

RESULT_SCHEMA: Final = "cryomassage/validation/1"

Mode = Literal["knowledge", "leave_one_study_out"]


class ObservationReport(Record):
    """One observation, predicted and judged; a prediction is null where the model never gets there."""

    case: str
    quantity: str
    time_s: float | None
    depth_mm: float
    below_fat: bool
    unit: str
    predicted: float | None
    low: float | None  # of the 90 % interval
    high: float | None
    value: float
    sd: float | None
    tolerance: float
    difference: float | None  # predicted less measured
    difference_over_sd: float | None
    inside_tolerance: bool
    inside_interval: bool
    scored: bool
    with_another_study: bool  # whether another study with a scored observation used the same agent
    agent: str
    site: str
    barrier: str
    said: str  # what was looked at, in words
    reason: str | None  # of a miss, or why it is not scored


class Shares(Record):
    """Scored observations: their number, and shares of them; null where there are none."""

    observations: int
    inside_tolerance: float | None
    inside_interval: float | None


class Summary(Shares):
    """All scored observations, and those whose agent appears in another study."""

    with_another_study: Shares
    mode: Mode


class UnreadableCase(Record):
    """A case that was left out, and why."""

    case: str
    reason: str


class ValidationReport(Record):
    """All cases of a file."""

    schema_: Annotated[Literal["cryomassage/validation/1"], Field(alias="schema")] = RESULT_SCHEMA
    mode: Mode
    file: str
    observations: tuple[ObservationReport, ...]
    summary: Summary
    with_another_study: Shares
    unreadable: tuple[UnreadableCase, ...]
    engine_version: str
    knowledge_fingerprint: str
    fitted_to_sha256: str  # of the cases that the knowledge was fitted to
    jax_version: str
