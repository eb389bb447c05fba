"""What is to be done and why: method, class, goal, limits, evidence."""

from __future__ import annotations

from cryomassage.records.base import Record


class Reasoned(Record):
    """A number or a choice with its reason and sources."""

    what: str
    value: float | None
    unit: str
    reason: str
    source: tuple[str, ...]


class EvidenceLine(Record):
    """One finding of the literature."""

    text: str
    source: tuple[str, ...]
    disagreement: str | None = None
    product_does: str | None = None


class Prescription(Record):
    """Indication, zones and purpose turned into method, class, goal and limits."""

    indication: str
    indication_name: str
    purpose: str
    method: str
    method_name: str
    exposure_class: int
    class_name: str
    zones: tuple[str, ...]
    goal: str
    sessions: int
    interval_days: float
    review_every: int
    limits: tuple[Reasoned, ...]
    evidence_grade: str
    evidence_sentence: str
    evidence: tuple[EvidenceLine, ...]
    blocked_claims: tuple[str, ...]
    course_reason: str
