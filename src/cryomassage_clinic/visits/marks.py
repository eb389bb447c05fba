"""The verdict beside each visit of a list, remembered until something that it was made from changes.

One verdict takes some hundredths of a second, and a week may hold a hundred visits. So a page computes as many as fit
its time and says of the others that they are being checked; it asks again at once. What is shown here is a hint: the
page of the visit, the booking and the session look anew.
"""

from __future__ import annotations

import datetime
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.charting.models import Mark as ChartMark
from cryomassage_clinic.consents.models import Consent, ConsentText
from cryomassage_clinic.courses.models import Approval, Plan
from cryomassage_clinic.screening.models import AnswerSet, DoctorNote, TestSpot
from cryomassage_clinic.visits.clock import zone_of
from cryomassage_clinic.visits.facts import Memory
from cryomassage_clinic.visits.health import consents_missing, standing_of
from cryomassage_clinic.visits.models import Booking

_KEPT = 5000
LIST_BUDGET_S = 0.02  # of a page that shows a list
FILL_BUDGET_S = 1.0  # of a request that only fills in what was left


@dataclass(frozen=True)
class Mark:
    """What stands beside a visit."""

    mark: str  # go, near, stop
    word: str
    missing: tuple[str, ...]


_remembered: OrderedDict[Hashable, Mark] = OrderedDict()
_lock = threading.Lock()


def mark_of(booking: Booking, date: datetime.date, memory: Memory) -> Mark:
    """The verdict on one visit, and what is missing for it, computed anew."""
    assert booking.course is not None
    standing = standing_of(booking.course, date, booking.operator, memory)
    missing = [*standing.reasons]
    if standing.ask_again:
        missing.append(_("Ask the questions of the day"))
    if consents_missing(booking.course, memory):
        missing.append(_("Consent is not signed"))
    if memory.facts(booking.course).plan is None:
        missing.append(_("No approved plan"))
    mark = "near" if missing and standing.mark == "go" else standing.mark
    return Mark(mark, standing.word, tuple(missing))


def _grouped(rows: QuerySet[Any], by: str, **more: Any) -> dict[Any, tuple[Any, ...]]:
    """How many rows there are for each, and the newest."""
    found = rows.values_list(by).annotate(count=Count("pk"), newest=Max("created_at"), **more).order_by()
    return {row[0]: tuple(row[1:]) for row in found}


def _versions(actor: Actor, bookings: Sequence[Booking]) -> dict[Any, Hashable]:
    """For each booking all that its verdict is made from, as counts and versions: seven queries for a whole list."""
    clients = {one.client_id for one in bookings}
    courses = {one.course_id for one in bookings}
    removed = {"gone": Count("withdrawn_at")}
    by_client: list[dict[Any, Any]] = [
        _grouped(AnswerSet.objects.filter(client__in=clients), "client"),
        _grouped(DoctorNote.objects.filter(client__in=clients), "client", **removed),
        _grouped(TestSpot.objects.filter(client__in=clients), "client", **removed),
        _grouped(ChartMark.objects.filter(client__in=clients), "client", gone=Count("removed_at")),
        _grouped(Consent.objects.filter(client__in=clients), "client", **removed),
    ]
    plans = _grouped(Plan.objects.filter(course__in=courses), "course")
    approvals = _grouped(Approval.objects.filter(plan__course__in=courses), "plan__course", gone=Count("revoked_at"))
    done = dict(
        Booking.objects.filter(course__in=courses, status=Booking.Status.DONE)
        .values_list("course")
        .annotate(count=Count("pk"))
        .order_by()
    )
    texts = ConsentText.objects.filter(clinic=actor.clinic).aggregate(count=Count("pk"))["count"]
    return {
        one.pk: (
            tuple(known.get(one.client_id) for known in by_client),
            plans.get(one.course_id),
            approvals.get(one.course_id),
            done.get(one.course_id),
            texts,
        )
        for one in bookings
    }


def _key(actor: Actor, booking: Booking, date: datetime.date, versions: Hashable) -> Hashable:
    course, now = booking.course, timezone.now()
    assert course is not None
    today = now.astimezone(zone_of(actor.clinic)).date()
    return (
        course.pk,
        course.version,
        course.status,
        booking.client.version,
        None if course.room is None else (course.room_id, course.room.version),
        None if course.device is None else (course.device_id, course.device.version),
        booking.operator_id,
        booking.operator.role,
        date,
        # An answer of today grows too old within hours, and what counts today need not count tomorrow.
        (today, now.hour if date == today else None),
        versions,
        bridge.fingerprint(),
        get_language(),
    )


def marks_of(actor: Actor, bookings: Iterable[Booking], budget_s: float) -> dict[Any, Mark | None]:
    """Marks of visits of courses, by booking; None where the time did not suffice.

    Args:
        actor: who reads.
        bookings: with `course__room`, `course__device`, `client` and `operator` loaded.
        budget_s: how long to compute what is not remembered.
    """
    wanted = list(bookings)
    if not wanted:
        return {}
    versions, zone, memory = _versions(actor, wanted), zone_of(actor.clinic), Memory()
    found: dict[Any, Mark | None] = {}
    began = time.monotonic()
    for booking in wanted:
        date = booking.starts_at.astimezone(zone).date()
        key = _key(actor, booking, date, versions[booking.pk])
        with _lock:
            mark = _remembered.get(key)
        if mark is None and time.monotonic() - began < budget_s:
            mark = mark_of(booking, date, memory)
            with _lock:
                _remembered[key] = mark
                while len(_remembered) > _KEPT:
                    _remembered.popitem(last=False)
        found[booking.pk] = mark
    return found


def forget() -> None:
    """Forget everything; for tests."""
    with _lock:
        _remembered.clear()
