"""May this person come for this on that day? The verdict of the screening and the consent, for a day to come.

Some answers hold for hours only and are asked again at the visit. A booking ahead cannot wait for them: it is allowed
where they were given before and nothing that is known stands against the day. The session itself looks again.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from cryomassage_clinic.accounts.models import User
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.visits.facts import Memory


def verdict_on(course: Course, date: datetime.date, user: User, memory: Memory) -> Any:
    """The verdict of the screening on a day, looked up once."""
    from cryomassage_clinic.screening.selectors import verdict_of

    key = (course.pk, date, user.pk)
    if key not in memory.verdicts:
        memory.verdicts[key] = verdict_of(course, date, user)
    return memory.verdicts[key]


def consents_missing(course: Course, memory: Memory) -> list[Any]:
    """Consents that the treatment needs and that are not signed."""
    from cryomassage_clinic.consents.selectors import missing_for

    if course.pk not in memory.consents:
        memory.consents[course.pk] = list(missing_for(course.client, course))
    return list(memory.consents[course.pk])


@dataclass(frozen=True)
class Standing:
    """Whether the screening lets a client come on a day."""

    may: bool
    mark: str  # go, near, stop
    word: str
    reasons: tuple[str, ...]
    ask_again: int  # answers that are to be asked again at the visit


def _answered_on(course: Course) -> datetime.date | None:
    newest = course.client.answer_sets.order_by("-number").values_list("asked_at", flat=True).first()
    return None if newest is None else timezone.localtime(newest, ZoneInfo(course.clinic.time_zone)).date()


def _against(verdict: Any, date: datetime.date) -> list[str]:
    """Reasons that still hold on a day."""
    return [
        reason.text
        for reason in verdict.reasons
        if reason.outcome in ("stop", "refer")
        or (reason.outcome == "defer" and (reason.until is None or reason.until > date))
    ]


def standing_of(course: Course, date: datetime.date, operator: User, memory: Memory) -> Standing:
    """Whether the screening lets a client come on a day, as far as can be known today."""
    verdict = verdict_on(course, date, operator, memory)
    if verdict.may:
        return Standing(True, verdict.mark, verdict.word, (), 0)
    answered_on = _answered_on(course)
    if answered_on is None:
        return Standing(False, "stop", verdict.word, (_("The questions of the screening have not been asked."),), 0)
    against = _against(verdict, date)
    if answered_on != date:
        against += _against(verdict_on(course, answered_on, operator, memory), date)
    unknown = [one.text for one in verdict.missing if not one.stale]
    reasons = tuple(dict.fromkeys([*against, *unknown]))
    only_old = verdict.outcome == "unknown" and verdict.missing and not unknown
    if reasons or not only_old:
        return Standing(False, "stop", verdict.word, reasons or (verdict.headline,), 0)
    return Standing(True, "near", _("As far as is known"), (), len(verdict.missing))
