"""What the card of a client shows, gathered from everywhere."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils import timezone

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.charting.models import MarkKind
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.consents.models import Kind
from cryomassage_clinic.consents.selectors import states_of
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.screening.selectors import notes_of, spots_of, verdict_of
from cryomassage_clinic.screening.verdict import Verdict
from cryomassage_clinic.web.core_words import told

_SETS_SHOWN = 10
_BOOKINGS_SHOWN = 5


@dataclass(frozen=True)
class CourseTold:
    """A course on the card: the verdict of today, where it stands and what to do next."""

    course: Course
    name: str
    zones: str
    verdict: Verdict
    step: Any  # the first one that is not done; None where all are


@dataclass(frozen=True)
class NoteTold:
    """What a doctor has said, and whether it still counts."""

    note: Any
    about: str
    counts: bool


def bookings_of(client: Client) -> dict[str, Any]:
    """The visits that lie ahead; anybody who sees the contact sees these."""
    ahead = client.bookings.filter(starts_at__gte=timezone.now(), status__in=["booked", "arrived"])
    ahead = ahead.select_related("operator", "room").order_by("starts_at")
    return {"bookings": list(ahead[:_BOOKINGS_SHOWN])}


def _course_told(actor: Actor, course: Course, today: datetime.date) -> CourseTold:
    from cryomassage_clinic.courses.standing import steps_of

    indication = bridge.indications().get(course.indication)
    zones = [told(bridge.zones()[zone].name) for zone in course.zones if zone in bridge.zones()]
    return CourseTold(
        course=course,
        name=told(indication.name) if indication is not None else course.indication,
        zones=", ".join(zones),
        verdict=verdict_of(course, today, actor.user),
        step=next((step for step in steps_of(course, "", actor) if not step.done), None),
    )


def _consents(client: Client) -> list[dict[str, Any]]:
    """Each consent and how it stands."""
    rows = []
    for one in states_of(client):
        at = None if one.consent is None else (one.consent.withdrawn_at or one.consent.signed_at)
        label = Kind.TREATMENT.label if one.kind == Kind.TREATMENT and not one.treatment else one.label
        rows.append({"label": label, "state": one.state, "at": at})
    return rows


def _notes(client: Client, today: datetime.date) -> list[NoteTold]:
    limits, rules = bridge.knowledge().limit, bridge.knowledge().rule
    rows = []
    for note in notes_of(client):
        if note.kind == "diagnosis":
            named = bridge.indications().get(note.about)
            about, valid = told(named.name) if named else note.about, limits["diagnosis_valid"].quantity.value
        else:
            rule = rules.get(note.about)
            about, valid = told(rule.reason) if rule else note.about, limits["clearance_valid"].quantity.value
        rows.append(NoteTold(note, about, 0 <= (today - note.date).days <= valid))
    return rows


def health_of(actor: Actor, client: Client, today: datetime.date) -> dict[str, Any]:
    """What only those may see who may see health data."""
    courses = list(client.courses.select_related("client__clinic", "device", "room").order_by("-created_at"))
    labels = dict(MarkKind.choices)
    marks = client.marks.filter(removed_at__isnull=True).values("kind").annotate(count=Count("pk")).order_by("kind")
    methods = bridge.methods()
    return {
        "health": True,
        "courses": [_course_told(actor, one, today) for one in courses if one.status != Course.Status.ENDED],
        "ended": [
            (one, told(bridge.indications()[one.indication].name) if one.indication in bridge.indications() else "")
            for one in courses
            if one.status == Course.Status.ENDED
        ],
        "consents": _consents(client),
        "marks": [(labels.get(row["kind"], row["kind"]), row["count"]) for row in marks],
        "answer_sets": list(client.answer_sets.select_related("asked_by").order_by("-number")[:_SETS_SHOWN]),
        "notes": _notes(client, today),
        "spots": [
            (spot, told(methods[spot.method].name) if spot.method in methods else spot.method)
            for spot in spots_of(client)
        ],
    }
