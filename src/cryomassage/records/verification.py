"""What verification found, as printed for machines."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from cryomassage.records.base import Record

RESULT_SCHEMA: Final = "cryomassage/verification/1"


class ComparedNumber(Record):
    """One number that mathematics and the solver agree on, or do not; null is not a number."""

    where: str
    expected: float | None
    computed: float | None
    error: float | None


class CaseReport(Record):
    """One case, judged."""

    id: str
    title: str
    quantity: str
    unit: str
    error_unit: str
    rows: tuple[ComparedNumber, ...]
    max_error: float | None
    tolerance: float
    passed: bool


class VerificationReport(Record):
    """All cases."""

    schema_: Annotated[Literal["cryomassage/verification/1"], Field(alias="schema")] = RESULT_SCHEMA
    passed: bool
    cases: tuple[CaseReport, ...]
    engine_version: str
    jax_version: str
