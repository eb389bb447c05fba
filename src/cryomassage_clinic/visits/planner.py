"""Lays the sessions of a course on the calendar: never earlier than the plan says, later where it must be, and why."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.models import User
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.places.models import Device, Room
from cryomassage_clinic.visits.clock import DAY, NoSuchTimeError, day_bounds, moment, zone_of
from cryomassage_clinic.visits.facts import Memory, Session
from cryomassage_clinic.visits.models import Booking
from cryomassage_clinic.visits.rules import FARTHEST_DAYS, Refusal, Rules, around
from cryomassage_clinic.visits.services import Wanted
from cryomassage_clinic.visits.slots import Diary, resources_of

_STEP = datetime.timedelta(minutes=15)
_LATEST_START = datetime.time(20, 0)  # where a site has no opening hours
# Later in the day, or on another day, helps against these; against all others only people can help.
_SHIFTED = frozenset({"past", "closed", "gap", "week", "spot"})


@dataclass(frozen=True)
class Wish:
    """How somebody would like to come."""

    time: datetime.time
    operator: User
    room: Room
    device: Device | None
    length_min: int | None = None  # None: as the plan says
    weekdays: frozenset[int] = frozenset()  # 0 for Monday; none: any day


@dataclass(frozen=True)
class Proposal:
    """One session with a time that is free, or the reasons why there is none."""

    session: Session
    starts_at: datetime.datetime | None
    length_min: int
    reasons: tuple[str, ...]  # why it is later than the first day that the plan allows
    refusals: tuple[Refusal, ...]  # what only people can put right


def _candidates(date: datetime.date, wish: Wish, room: Room) -> list[datetime.time]:
    """Times of a day, from the one that is wished on."""
    hours = (room.site.opening_hours or {}).get(str(date.weekday()))
    last = datetime.time.fromisoformat(hours[1]) if hours else max(_LATEST_START, wish.time)
    first = max(wish.time, datetime.time.fromisoformat(hours[0])) if hours else wish.time
    at, end, times = datetime.datetime.combine(date, first), datetime.datetime.combine(date, last), []
    while at <= end:
        times.append(at.time())
        at += _STEP
        if at.date() != date:
            break
    return times


@dataclass
class _Search:
    """Looks for the times of one course, session after session."""

    actor: Actor
    course: Course
    wish: Wish
    memory: Memory
    others: list[Booking]
    diary: Diary

    def wanted(self, session: Session, at: datetime.datetime, length_min: int) -> Wanted:
        wish = self.wish
        return Wanted(
            self.course.client, wish.operator, wish.room, wish.device, at, length_min, self.course, session.number
        )

    def on_day(
        self, session: Session, date: datetime.date, length_min: int, why: dict[str, None]
    ) -> tuple[Booking | None, list[Refusal]]:
        """The first time of a day that is free and allowed; what cannot be helped by waiting is handed back."""
        blocking: list[Refusal] = []
        for time in _candidates(date, self.wish, self.wish.room):
            try:
                found = moment(date, time, zone_of(self.actor.clinic))
            except NoSuchTimeError as error:
                why[str(error)] = None
                continue
            booking = self.wanted(session, found.utc, length_min).booking(self.actor)
            refusals = Rules(self.actor, booking, tuple(self.others), self.memory).all()
            blocking = [one for one in refusals if one.code not in _SHIFTED]
            if blocking:
                return booking, blocking
            late = [one for one in refusals if one.code in _SHIFTED]
            if late:
                why.update(dict.fromkeys(f"{date_format(date, 'D j M')}: {one.text}" for one in late))
                if {one.code for one in late} <= {"week", "spot"}:
                    return None, []  # another hour of this day does not help
                continue
            busy = self.diary.busy(booking)
            if not busy:
                if found.words:
                    why[found.words] = None
                return booking, []
            taken = _("%(day)s, %(time)s: %(what)s taken.")
            why[taken % {"day": date_format(date, "D j M"), "time": f"{time:%H:%M}", "what": ", ".join(busy)}] = None
        return None, blocking

    def session(self, session: Session, earliest: datetime.date) -> Proposal:
        """The first day and time for one session."""
        length_min = self.wish.length_min or self.memory.facts(self.course).length_min(session.number)
        why: dict[str, None] = {}
        today = timezone.localdate(timezone=zone_of(self.actor.clinic))
        if earliest > session.date and earliest == today:
            why[_("The day that the plan begins on has passed.")] = None
        elif earliest > session.date:
            text = _("Not before %(day)s: the session before it is later, and %(days)d days lie between them.")
            why[text % {"day": date_format(earliest, "D j M"), "days": session.step_days}] = None
        date = earliest
        end = today + FARTHEST_DAYS * DAY
        while date < end:
            if self.wish.weekdays and date.weekday() not in self.wish.weekdays:
                date += DAY
                continue
            booking, refusals = self.on_day(session, date, length_min, why)
            if booking is not None:
                reasons = tuple(why)[:4] if date > session.date or why else ()
                if not refusals:
                    self.others.append(booking)
                    self.diary.add(booking)
                return Proposal(session, booking.starts_at, length_min, reasons, tuple(refusals))
            date += DAY
        return Proposal(session, None, length_min, tuple(why)[:4], ())


def left_to_book(course: Course, memory: Memory) -> list[Session]:
    """Sessions of the approved plan that are neither booked nor done."""
    held = set(
        Booking.objects.filter(course=course)
        .exclude(status__in=[Booking.Status.CANCELLED, Booking.Status.MISSED])
        .values_list("session_number", flat=True)
    )
    return [one for one in memory.facts(course).sessions if one.number not in held]


def propose(actor: Actor, course: Course, wish: Wish, memory: Memory | None = None) -> list[Proposal]:
    """A time for each session that is left.

    Days keep the distance that the core has laid between them; a day that is closed or taken moves its session, and
    all that follow, later and never earlier. The time on the wall stays the same across a change of the clocks.
    """
    memory = memory or Memory()
    sessions = left_to_book(course, memory)
    if not sessions:
        return []
    zone = zone_of(actor.clinic)
    today = timezone.localdate(timezone=zone)
    trial = Wanted(
        course.client, wish.operator, wish.room, wish.device, timezone.now(), 5, course, sessions[0].number
    ).booking(actor)
    others = around(trial)
    start, _end = day_bounds(today, zone)
    diary = Diary.read(resources_of(trial), start, start + datetime.timedelta(days=FARTHEST_DAYS + 2))
    search = _Search(actor, course, wish, memory, others, diary)
    days = {one.session_number: one.starts_at.astimezone(zone).date() for one in others if one.course_id == course.pk}
    proposals = []
    for session in sessions:
        earliest = max(session.date, today)
        before = [number for number in days if number is not None and number < session.number]
        if before:
            earliest = max(earliest, days[max(before)] + session.step_days * DAY)
        proposal = search.session(session, earliest)
        if proposal.starts_at is not None:
            days[session.number] = proposal.starts_at.astimezone(zone).date()
        proposals.append(proposal)
    return proposals


def checked(actor: Actor, wanted: list[Wanted], memory: Memory | None = None) -> dict[int | None, tuple[Refusal, ...]]:
    """What speaks against times that somebody has set by hand, session by session."""
    memory = memory or Memory()
    bookings = [one.booking(actor) for one in wanted]
    found: dict[int | None, tuple[Refusal, ...]] = {}
    if not bookings:
        return found
    held = around(bookings[0])
    start = min(one.starts_at for one in bookings)
    end = max(one.ends_at for one in bookings) + DAY
    resources = {resource for one in bookings for resource in resources_of(one)}
    diary = Diary.read(resources, start, end)
    for booking in bookings:
        others = [*held, *(one for one in bookings if one is not booking)]
        refusals = Rules(actor, booking, tuple(others), memory).all()
        busy = diary.busy(booking)
        if busy:
            text = _("Taken at that time: %(what)s.") % {"what": ", ".join(busy)}
            refusals.append(Refusal("taken", text, booking.session_number))
        found[booking.session_number] = tuple(refusals)
    return found
