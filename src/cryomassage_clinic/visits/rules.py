"""Which bookings are refused, each with its reason in words. Nothing is moved or shortened silently."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.visits.clock import aligned, zone_of
from cryomassage_clinic.visits.facts import LONGEST_MIN, Memory
from cryomassage_clinic.visits.health import consents_missing, standing_of
from cryomassage_clinic.visits.models import SLOT_MIN, Booking
from cryomassage_clinic.visits.slots import takes_time

FARTHEST_DAYS = 500


@dataclass(frozen=True)
class Refusal:
    """One reason why a visit cannot be booked."""

    code: str
    text: str
    session_number: int | None = None
    health: bool = False  # the text tells something about the client's health

    def told(self, *, sees_health: bool) -> str:
        """The reason as this reader may know it."""
        if self.health and not sees_health:
            return _("The client is not ready for this visit. The operator knows what is missing.")
        return self.text


class RefusedError(Exception):
    """A booking was refused; nothing was written."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__(" ".join(one.text for one in refusals))


@dataclass(frozen=True)
class Rules:
    """Looks at one wanted booking.

    Attributes:
        actor: who books.
        booking: as it would be; its relations are loaded.
        others: bookings of the same client that hold their time, and those wanted together with this one.
        memory: what was looked up before.
    """

    actor: Actor
    booking: Booking
    others: tuple[Booking, ...]
    memory: Memory

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the clinic's wall."""
        return zone_of(self.actor.clinic)

    @property
    def date(self) -> datetime.date:
        """The day on the clinic's wall."""
        return self.booking.starts_at.astimezone(self.zone).date()

    def refusal(self, code: str, text: str, *, health: bool = False) -> Refusal:
        """One reason."""
        return Refusal(code, text, self.booking.session_number, health)

    def day(self, at: datetime.datetime) -> str:
        """A moment as people say it."""
        local = at.astimezone(self.zone)
        return f"{date_format(local, 'D j M Y')}, {local:%H:%M}"

    # --- when ---

    def times(self) -> Iterator[Refusal]:
        """Past, far off, off the grid, too long."""
        booking, now = self.booking, timezone.now()
        length = (booking.ends_at - booking.starts_at).total_seconds() / 60.0
        if booking.starts_at < now:
            yield self.refusal("past", _("This time has passed. Choose a later one."))
        if booking.starts_at > now + datetime.timedelta(days=FARTHEST_DAYS):
            yield self.refusal(
                "far", _("This is more than %(days)d days ahead. Check the year.") % {"days": FARTHEST_DAYS}
            )
        if not aligned(booking.starts_at):
            yield self.refusal("grid", _("Choose a time in steps of %(step)d minutes.") % {"step": SLOT_MIN})
        if length % SLOT_MIN or not SLOT_MIN <= length <= LONGEST_MIN:
            yield self.refusal(
                "length",
                _("The length must lie between %(least)d and %(most)d minutes, in steps of %(least)d.")
                % {"least": SLOT_MIN, "most": LONGEST_MIN},
            )

    def opening(self) -> Iterator[Refusal]:
        """Whether the site is open from beginning to end."""
        hours = self.booking.room.site.opening_hours
        if not hours:
            return
        start, end = self.booking.starts_at.astimezone(self.zone), self.booking.ends_at.astimezone(self.zone)
        name = self.booking.room.site.name
        open_today = hours.get(str(start.weekday()))
        if open_today is None:
            yield self.refusal(
                "closed",
                _("%(site)s is closed on %(day)s.") % {"site": name, "day": date_format(start, "l")},
            )
        elif end.date() != start.date() or not (open_today[0] <= f"{start:%H:%M}" and f"{end:%H:%M}" <= open_today[1]):
            yield self.refusal(
                "closed",
                _("%(site)s is open from %(opens)s to %(closes)s on that day.")
                % {"site": name, "opens": open_today[0], "closes": open_today[1]},
            )

    # --- who and where ---

    def people(self) -> Iterator[Refusal]:
        """Client and operator."""
        booking = self.booking
        if booking.client.erased_at is not None:
            yield self.refusal("erased", _("The data of this client have been erased."))
        operator = booking.operator
        if operator.clinic_id != self.actor.clinic.pk or not operator.can(Can.EDIT_HEALTH):
            yield self.refusal("operator", _("%(name)s does not treat here (any more).") % {"name": operator})
            return
        sites = set(operator.sites.values_list("pk", flat=True))
        if sites and booking.room.site_id not in sites:
            yield self.refusal(
                "operator_site",
                _("%(name)s does not work at %(site)s.") % {"name": operator, "site": booking.room.site},
            )

    def things(self) -> Iterator[Refusal]:
        """Room and device."""
        room, device = self.booking.room, self.booking.device
        if not room.active or not room.site.active:
            yield self.refusal("room", _("%(room)s is not in use.") % {"room": room})
        if device is None:
            return
        if not device.active:
            yield self.refusal("device", _("%(device)s is not in use.") % {"device": device})
        if device.site_id != room.site_id:
            yield self.refusal(
                "device_site",
                _("%(device)s belongs to %(there)s, and the room to %(here)s.")
                % {"device": device, "there": device.site, "here": room.site},
            )

    # --- what for ---

    def treatment(self) -> Iterator[Refusal]:
        """What must be in order before cold is used."""
        course, number = self.booking.course, self.booking.session_number
        if course is None:
            return
        facts = self.memory.facts(course)
        if course.client_id != self.booking.client_id:
            yield self.refusal("client", _("This course belongs to another client."))
            return
        if course.status == Course.Status.ENDED:
            yield self.refusal("ended", _("This course has ended."))
        if course.place == "home":
            yield self.refusal("home", _("This course is done at home; there is nothing to book."))
            return
        if facts.plan is None:
            text = _("There is no approved plan. Dates come from the plan: let it be computed and approved first.")
            yield self.refusal("plan", text, health=True)
        elif facts.session(number) is None:
            text = _("The approved plan knows no session %(number)s.") % {"number": number}
            yield self.refusal("session", text)
        if facts.needs_doctor and not self.booking.operator.can(Can.APPROVE_AS_DOCTOR):
            text = _("This is worked by a doctor only; %(name)s is none.") % {"name": self.booking.operator}
            yield self.refusal("doctor", text, health=True)
        yield from self.with_what(course)
        yield from self.screening(course)
        yield from self.spacing(course)
        yield from self.order(course)

    def with_what(self, course: Course) -> Iterator[Refusal]:
        """Whether device and room suit the plan."""
        facts, device, room = self.memory.facts(course), self.booking.device, self.booking.room
        if device is None:
            if bridge.sources_are_booked(facts.sources):
                yield self.refusal("device", _("Choose the device: a session needs one."))
        elif course.device_id is not None and course.device_id != device.pk:
            yield self.refusal(
                "device_plan",
                _("The plan was computed for %(planned)s, not for %(device)s. Choose it, or have another plan made.")
                % {"planned": course.device, "device": device},
            )
        elif device.cold_source not in facts.sources:
            yield self.refusal("device_kind", _("%(device)s is not what this method works with.") % {"device": device})
        if facts.liquid_nitrogen:
            air = self.memory.air(room, self.date)
            if not air.nitrogen_allowed:
                yield self.refusal(
                    "air",
                    _("Nitrogen may not be used in %(room)s on that day. %(why)s")
                    % {"room": room, "why": " ".join(air.reasons)},
                )

    def screening(self, course: Course) -> Iterator[Refusal]:
        """Verdict and consent."""
        standing = standing_of(course, self.date, self.booking.operator, self.memory)
        if not standing.may:
            text = f"{standing.word}. {' '.join(standing.reasons)}"
            yield self.refusal("verdict", text, health=True)
        if consents_missing(course, self.memory):
            text = _("The consent to this treatment is not signed, or was withdrawn. Let it be signed first.")
            yield self.refusal("consent", text, health=True)

    def _same_zones(self, course: Course) -> list[Booking]:
        zones = set(course.zones)
        return [
            other
            for other in self.others
            if other.course is not None and (other.course_id == course.pk or zones & set(other.course.zones))
        ]

    def spacing(self, course: Course) -> Iterator[Refusal]:
        """The skin rests between two sessions on one zone, whichever course they belong to."""
        start, own = self.booking.starts_at, self.memory.facts(course).gap_hours
        same = self._same_zones(course)
        for other in same:
            assert other.course is not None
            hours = max(own, self.memory.facts(other.course).gap_hours)
            if abs(other.starts_at - start) < datetime.timedelta(hours=hours):
                first = max(other.starts_at, start) if other.starts_at > start else other.starts_at
                text = _(
                    "The same skin is treated on %(day)s. Between two sessions there lie at least %(hours)g hours."
                ) % {"day": self.day(first), "hours": hours}
                yield self.refusal("gap", text)
        yield from self._per_week(same)

    def _per_week(self, same: Iterable[Booking]) -> Iterator[Refusal]:
        limit = int(bridge.knowledge().limit["sessions_per_week_limit"].quantity.value)
        days = sorted([self.date, *(one.starts_at.astimezone(self.zone).date() for one in same)])
        for index, day in enumerate(days):
            week = [other for other in days[index:] if (other - day).days < 7]
            if len(week) > limit and self.date in week:
                text = _("More than %(limit)d sessions on the same skin within seven days.") % {"limit": limit}
                yield self.refusal("week", text)
                return

    def order(self, course: Course) -> Iterator[Refusal]:
        """Sessions come in their order, each once, the test spot first and its waiting time kept."""
        number, start = self.booking.session_number, self.booking.starts_at
        if number is None:
            yield self.refusal("session", _("Say which session of the course this is."))
            return
        facts = self.memory.facts(course)
        own = {other.session_number: other for other in self.others if other.course_id == course.pk}
        if number in own:
            text = _("Session %(number)d is booked already, for %(day)s.")
            yield self.refusal("twice", text % {"number": number, "day": self.day(own[number].starts_at)})
        for other_number, other in sorted(own.items(), key=lambda item: item[0] or 0):
            if other_number is None or other_number == number:
                continue
            wrong = other.starts_at >= start if other_number < number else other.starts_at <= start
            if wrong:
                text = _("Session %(other)d is on %(day)s; sessions come in their order.")
                yield self.refusal("order", text % {"other": other_number, "day": self.day(other.starts_at)})
        before = [one.number for one in facts.sessions if one.number < number and one.number not in own]
        if before:
            text = _("Book the test spot first.") if before[0] == 0 else _("Book session %(number)d first.")
            yield self.refusal("order", text % {"number": before[0]} if before[0] else text)
        spot = own.get(0)
        if spot is not None and number > 0 and facts.wait_days:
            earliest = spot.starts_at.astimezone(self.zone).date() + datetime.timedelta(days=facts.wait_days)
            if self.date < earliest:
                text = _("The test spot is watched for %(days)d days: not before %(day)s.")
                told = {"days": facts.wait_days, "day": date_format(earliest, "D j M Y")}
                yield self.refusal("spot", text % told, health=True)

    def all(self) -> list[Refusal]:
        """Every reason against this booking; none means that only its time has to be free."""
        return [*self.times(), *self.opening(), *self.people(), *self.things(), *self.treatment()]


def around(booking: Booking, *, ignoring: Booking | None = None) -> list[Booking]:
    """The client's other bookings that hold their time."""
    rows = (
        Booking.objects.filter(client=booking.client, clinic=booking.clinic)
        .exclude(status__in=[Booking.Status.CANCELLED, Booking.Status.MISSED])
        .select_related("course", "course__client")
        .order_by("starts_at")
    )
    return [row for row in rows if takes_time(row) and (ignoring is None or row.pk != ignoring.pk)]


def refusals_of(
    actor: Actor,
    booking: Booking,
    memory: Memory | None = None,
    *,
    ignoring: Booking | None = None,
    together: Sequence[Booking] = (),
) -> list[Refusal]:
    """Every reason against a booking.

    Args:
        actor: who books.
        booking: as it would be.
        memory: what was looked up before.
        ignoring: the booking itself, where it is moved.
        together: bookings that are wanted in the same transaction.
    """
    others = [*around(booking, ignoring=ignoring), *(one for one in together if one is not booking)]
    return Rules(actor, booking, tuple(others), memory or Memory()).all()
