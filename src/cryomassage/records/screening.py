"""What screening found: every rule that fired, with its reason and source."""

from __future__ import annotations

import datetime

from cryomassage.knowledge.questionnaire import Outcome, Restriction
from cryomassage.records.base import Record

SEVERITY = {outcome: rank for rank, outcome in enumerate(Outcome)}


class FiredRule(Record):
    """One rule that fired, for one zone and method or, where these are None, for all."""

    id: str
    outcome: Outcome
    zone: str | None
    method: str | None
    reason: str
    source: tuple[str, ...]
    until: datetime.date | None = None
    restriction: Restriction | None = None
    clearable: bool = False
    cleared_by: str | None = None
    urgent: bool = False
    disagreement: str | None = None
    product_does: str | None = None


class ZoneFinding(Record):
    """The outcome for one zone worked by one method."""

    zone: str
    method: str
    outcome: Outcome
    until: datetime.date | None
    highest_class: int
    rules: tuple[str, ...]


class Screening(Record):
    """The verdict on a person, per zone and per method."""

    verdict: Outcome
    method: str
    until: datetime.date | None
    rules: tuple[FiredRule, ...]
    zones: tuple[ZoneFinding, ...]

    @property
    def chosen(self) -> tuple[ZoneFinding, ...]:
        """Findings for the method that was asked for or chosen."""
        return tuple(finding for finding in self.zones if finding.method == self.method)

    @property
    def workable(self) -> tuple[ZoneFinding, ...]:
        """Findings of the zones that may be worked today by that method."""
        allowed = SEVERITY[Outcome.LIMIT]
        return tuple(finding for finding in self.chosen if SEVERITY[finding.outcome] <= allowed)
