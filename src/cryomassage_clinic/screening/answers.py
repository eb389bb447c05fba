"""Answers as they are stored: which still count on a day, and how the core reads them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from cryomassage_clinic import bridge
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.screening.models import AnswerSet

VITALS = ("systolic", "diastolic", "pulse")
_DAY = datetime.timedelta(days=1)
NOT_SITED = frozenset({"no", "unsure"})


@dataclass(frozen=True)
class Kept:
    """One stored answer.

    Attributes:
        answer: a word, a choice, a date as text, or a measured value with its unit.
        at: when it was given; None where that is not known, and then it does not count.
        zones: where it holds.
        about: zones that were asked about.
    """

    answer: str
    at: datetime.datetime | None
    zones: tuple[str, ...] = ()
    about: tuple[str, ...] = ()


def _moment(text: Any) -> datetime.datetime | None:
    try:
        at = datetime.datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def newest(client: Client) -> AnswerSet | None:
    """The last set of answers of a client."""
    found: AnswerSet | None = client.answer_sets.select_related("asked_by").order_by("-number").first()
    return found


def kept_answers(answer_set: AnswerSet | None) -> dict[str, Kept]:
    """The answers of a set by question, measured values with them."""
    if answer_set is None:
        return {}
    kept = {
        key: Kept(
            str(entry.get("answer", "")),
            _moment(entry.get("at")),
            tuple(entry.get("zones", ())),
            tuple(entry.get("about", ())),
        )
        for key, entry in answer_set.answers.items()
        if isinstance(entry, dict)
    }
    vitals = answer_set.vitals or {}
    at = _moment(vitals.get("measured_at"))
    kept.update({key: Kept(str(vitals[key]), at) for key in VITALS if key in vitals})
    return kept


def counts(
    key: str,
    kept: Kept,
    client: Client,
    date: datetime.date,
    zones: tuple[str, ...] = (),
    now: datetime.datetime | None = None,
) -> bool:
    """Whether an answer counts on a day.

    What counts for hours holds on the day on which it was given and, on that day itself, for so many hours. An answer
    about a place says nothing of a place that was not asked about.

    Args:
        key: the question.
        kept: the answer.
        client: whose.
        date: day of the visit.
        zones: what is to be treated; none, to look at the age of the answer only.
        now: the moment that hours are counted to; the present unless given.
    """
    if kept.at is None or key not in bridge.knowledge().question:
        return False
    given_on = timezone.localtime(kept.at, ZoneInfo(client.clinic.time_zone)).date()
    valid = bridge.answer_valid(key)
    if valid < _DAY:
        now = now or timezone.now()
        today = timezone.localtime(now, ZoneInfo(client.clinic.time_zone)).date()
        young = given_on == date and (date != today or now - kept.at <= valid)
    else:
        young = datetime.timedelta(0) <= date - given_on <= valid
    asked_about = key not in bridge.sited_questions() or set(zones) <= set(kept.about)
    return young and asked_about


def for_core(kept: Kept) -> Any:
    """An answer as a client file of the core writes it."""
    if kept.zones and kept.answer not in NOT_SITED:
        return {"answer": kept.answer, "zones": list(kept.zones)}
    return kept.answer


def merged(key: str, old: Kept | None, new: Kept) -> Kept:
    """An answer about some places beside an older one about others, so that two courses do not undo each other.

    Only "yes" and "no" can stand beside each other; otherwise the new answer alone is kept.
    """
    if old is None or key not in bridge.sited_questions() or old.at is None or new.at is None:
        return new
    elsewhere = tuple(zone for zone in old.about if zone not in new.about)
    if not elsewhere or {old.answer, new.answer} - {"yes", "no"}:
        return new
    yes_there = tuple(zone for zone in elsewhere if old.answer == "yes" and zone in old.zones)
    yes_here = new.zones if new.answer == "yes" else ()
    answer = "yes" if yes_there or yes_here else "no"
    return Kept(answer, min(old.at, new.at), (*yes_there, *yes_here), (*elsewhere, *new.about))


def stored(kept: Kept) -> dict[str, Any]:
    """An answer as it is stored."""
    entry: dict[str, Any] = {"answer": kept.answer, "at": kept.at.isoformat() if kept.at else None}
    if kept.about:
        entry |= {"zones": list(kept.zones), "about": list(kept.about)}
    return entry
