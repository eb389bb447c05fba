"""Reads of bookings: a day, a week, today, a client's and a course's."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cryomassage_clinic.accounts.access import Actor, every
from cryomassage_clinic.accounts.models import User
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.places.models import Device, Room, Site
from cryomassage_clinic.visits.clock import day_bounds, zone_of
from cryomassage_clinic.visits.facts import LONGEST_MIN, Memory
from cryomassage_clinic.visits.marks import LIST_BUDGET_S, Mark, mark_of, marks_of
from cryomassage_clinic.visits.models import Booking

# A list names few people, rooms and devices again and again: those are read once each, not once a row.
_FOR_MARKS = ("operator", "room", "device", "course__clinic", "course__device", "course__room")
_OPEN = (Booking.Status.BOOKED, Booking.Status.ARRIVED)


def bookings_between(
    actor: Actor, start: datetime.datetime, end: datetime.datetime, site: Site | None = None
) -> QuerySet[Booking]:
    """Bookings that lie at least in part between two moments; cancelled ones are left out.

    Raises:
        PermissionDenied: the role may not see the calendar.
    """
    rows = (
        every(actor, Booking, Can.SEE_CALENDAR)
        # No visit is longer than the limit, so the index on the start finds all that reach in.
        .filter(starts_at__gte=start - datetime.timedelta(minutes=LONGEST_MIN), starts_at__lt=end, ends_at__gt=start)
        .exclude(status=Booking.Status.CANCELLED)
        .select_related("client", "course", "operator", "room", "device")
        .order_by("starts_at", "pk")
    )
    return rows if site is None else rows.filter(room__site=site)


def initials(name: str) -> str:
    """First letters of a name."""
    return "".join(f"{part[0].upper()}." for part in name.split()[:3])


def shown_name(actor: Actor, client: Client) -> str:
    """How a booking names its client: initials and code to those who treat, the name to reception."""
    if actor.can(Can.SEE_HEALTH):
        return f"{initials(client.full_name)} {client.code}"
    return client.full_name


def session_words(number: int | None) -> str:
    """Which session a booking is."""
    if number is None:
        return _("Talk, no treatment")
    return _("Test spot") if number == 0 else _("Session %(number)d") % {"number": number}


@dataclass(frozen=True)
class Visit:
    """One booking as a list shows it."""

    booking: Booking
    who: str
    what: str  # empty for those who see no health data
    starts: datetime.datetime  # on the clinic's wall
    ends: datetime.datetime
    mark: str  # go, near, stop, or empty where it is not shown
    word: str
    missing: tuple[str, ...]

    pending: bool = False  # the verdict is still to be looked up

    @property
    def is_open(self) -> bool:
        """Whether it is still to be worked."""
        return self.booking.status in _OPEN


class Visits(list[Visit]):
    """Visits of a list."""

    @property
    def pending(self) -> bool:
        """Whether some verdict is still to be looked up."""
        return any(visit.pending for visit in self)


def _has_verdict(actor: Actor, booking: Booking) -> bool:
    return actor.can(Can.SEE_HEALTH) and booking.course is not None and booking.status in _OPEN


def _visit(actor: Actor, booking: Booking, mark: Mark | None = None, *, pending: bool = False) -> Visit:
    zone = zone_of(actor.clinic)
    what = session_words(booking.session_number) if actor.can(Can.SEE_HEALTH) else ""
    starts, ends = booking.starts_at.astimezone(zone), booking.ends_at.astimezone(zone)
    mark = mark or Mark("", "", ())
    who = shown_name(actor, booking.client)
    return Visit(booking, who, what, starts, ends, mark.mark, mark.word, mark.missing, pending)


def visit_of(actor: Actor, booking: Booking, memory: Memory) -> Visit:
    """A booking as this reader may see it, its verdict computed anew."""
    if not _has_verdict(actor, booking):
        return _visit(actor, booking)
    date = booking.starts_at.astimezone(zone_of(actor.clinic)).date()
    return _visit(actor, booking, mark_of(booking, date, memory))


def visits_of(actor: Actor, bookings: QuerySet[Booking], budget_s: float = LIST_BUDGET_S) -> Visits:
    """Bookings as this reader may see them, with as many verdicts as the time suffices for."""
    rows = list(bookings.select_related(None).select_related("client", "course").prefetch_related(*_FOR_MARKS))
    for row in rows:
        if row.course is not None:
            row.course.client = row.client
    judged = [row for row in rows if _has_verdict(actor, row)]
    marks = marks_of(actor, judged, budget_s)
    return Visits(
        _visit(actor, row, marks.get(row.pk), pending=row.pk in marks and marks[row.pk] is None) for row in rows
    )


def today_for(actor: Actor, budget_s: float = LIST_BUDGET_S) -> Visits:
    """Who comes today, in order, with what is missing for those who may know; whoever works at some sites sees those.

    Args:
        actor: who reads.
        budget_s: how long to look up verdicts; a page that shows the rest later gives little.

    Raises:
        PermissionDenied: the role may not see the calendar.
    """
    zone = zone_of(actor.clinic)
    start, end = day_bounds(timezone.localdate(timezone=zone), zone)
    rows = bookings_between(actor, start, end)
    own = list(actor.user.sites.values_list("pk", flat=True))
    return visits_of(actor, rows.filter(room__site__in=own) if own else rows, budget_s)


def of_client(actor: Actor, client: Client) -> list[Visit]:
    """All visits of a client, the next ones first, without a look at the screening.

    Raises:
        PermissionDenied: the role may not see the calendar.
    """
    rows = (
        every(actor, Booking, Can.SEE_CALENDAR)
        .filter(client=client)
        .select_related("client", "operator", "room", "device")
        .order_by("-starts_at")
    )
    return [_visit(actor, row) for row in rows]


def of_course(actor: Actor, course: Course) -> list[Visit]:
    """Visits of a course in their order, without a look at the screening.

    Raises:
        PermissionDenied: the role may not see the calendar.
    """
    rows = (
        every(actor, Booking, Can.SEE_CALENDAR)
        .filter(course=course)
        .exclude(status=Booking.Status.CANCELLED)
        .select_related("client", "operator", "room", "device")
        .order_by("starts_at")
    )
    return [_visit(actor, row) for row in rows]


# --- who and what can be booked -------------------------------------------------------------------------


def operators(actor: Actor, site: Site | None = None) -> list[User]:
    """Staff who treat, of a site where one is named."""
    staff = every(actor, User, Can.SEE_CALENDAR).filter(is_active=True).prefetch_related("sites").order_by("full_name")
    return [
        one
        for one in staff
        if one.can(Can.EDIT_HEALTH)
        and (site is None or not one.sites.all() or site.pk in {its.pk for its in one.sites.all()})
    ]


def rooms(actor: Actor, site: Site | None = None) -> list[Room]:
    """Rooms in use."""
    found = every(actor, Room, Can.SEE_CALENDAR).filter(active=True, site__active=True).select_related("site")
    if site is not None:
        found = found.filter(site=site)
    return list(found.order_by("site__name", "name", "pk"))


def devices(actor: Actor, site: Site | None = None) -> list[Device]:
    """Devices in use."""
    found = every(actor, Device, Can.SEE_CALENDAR).filter(active=True, site__active=True).select_related("site")
    if site is not None:
        found = found.filter(site=site)
    return list(found.order_by("site__name", "name", "pk"))


def courses_to_book(actor: Actor, client: Client) -> list[dict[str, Any]]:
    """Courses of a client with the sessions that can be booked next.

    Raises:
        PermissionDenied: the role may not book.
    """
    from cryomassage_clinic.visits.planner import left_to_book

    memory, found = Memory(), []
    for course in every(actor, Course, Can.BOOK).filter(client=client).exclude(status=Course.Status.ENDED):
        if course.place != "home":
            found.append({"course": course, "facts": memory.facts(course), "left": left_to_book(course, memory)})
    return found
