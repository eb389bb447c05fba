"""Times on the clinic's wall and times as they are stored (UTC), with both changes of the clock told in words."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from cryomassage_clinic.accounts.models import Clinic
from cryomassage_clinic.visits.models import SLOT_MIN

SLOT = datetime.timedelta(minutes=SLOT_MIN)
DAY = datetime.timedelta(days=1)
UTC = datetime.UTC


class NoSuchTimeError(Exception):
    """The clocks jump over this time; the message says from when to when."""


@dataclass(frozen=True)
class Moment:
    """A time on the wall and what it is in UTC."""

    utc: datetime.datetime
    doubled: bool  # the clocks are put back, so this time comes twice
    words: str  # which of the two was taken; empty where there is only one


def zone_of(clinic: Clinic) -> ZoneInfo:
    """The time zone of a clinic."""
    return ZoneInfo(clinic.time_zone)


def moment(date: datetime.date, time: datetime.time, zone: ZoneInfo, *, second: bool = False) -> Moment:
    """A time on the wall as a moment.

    Args:
        date: the day on the wall.
        time: the time on the wall.
        zone: where the wall is.
        second: of a time that comes twice, the second; the first unless asked.

    Raises:
        NoSuchTimeError: the clocks jump over it.
    """
    wall = datetime.datetime.combine(date, time.replace(tzinfo=None, fold=0))
    first = wall.replace(tzinfo=zone)
    last = first.replace(fold=1)
    before, after = first.utcoffset(), last.utcoffset()
    assert before is not None
    assert after is not None
    if before < after:  # a gap: the offset grows between the two readings
        ends = (first.astimezone(UTC)).astimezone(zone)
        jump = after - before
        starts_at = _gap_start(wall, zone, jump)
        raise NoSuchTimeError(
            _(
                "%(time)s does not exist on %(date)s: the clocks go forward from %(from)s to %(to)s. "
                "Choose %(to)s or later; %(time)s by the old clock is %(same)s."
            )
            % {
                "time": f"{time:%H:%M}",
                "date": date.isoformat(),
                "from": f"{starts_at:%H:%M}",
                "to": f"{starts_at + jump:%H:%M}",
                "same": f"{ends:%H:%M}",
            }
        )
    if before == after:
        return Moment(first.astimezone(UTC), False, "")
    chosen = last if second else first
    words = (
        _("%(time)s comes twice on that day, because the clocks go back; this is the second one (%(name)s).")
        if second
        else _("%(time)s comes twice on that day, because the clocks go back; this is the first one (%(name)s).")
    )
    return Moment(chosen.astimezone(UTC), True, words % {"time": f"{time:%H:%M}", "name": chosen.tzname()})


def _gap_start(wall: datetime.datetime, zone: ZoneInfo, jump: datetime.timedelta) -> datetime.datetime:
    """The last wall time before a jump: found by walking back minute by minute, at most over the jump."""
    at = wall
    for _step in range(int(jump.total_seconds() // 60) + 1):
        earlier = at - datetime.timedelta(minutes=1)
        here, other = earlier.replace(tzinfo=zone), earlier.replace(tzinfo=zone, fold=1)
        if here.utcoffset() == other.utcoffset():
            return at
        at = earlier
    return at


def start_of_day(date: datetime.date, zone: ZoneInfo) -> datetime.datetime:
    """The first moment of a day, in UTC; where the clocks jump over midnight, it is the moment of the jump."""
    return datetime.datetime.combine(date, datetime.time(), zone).astimezone(UTC)


def day_bounds(date: datetime.date, zone: ZoneInfo) -> tuple[datetime.datetime, datetime.datetime]:
    """First moment of a day and of the next one: 23, 24 or 25 hours apart, or whatever the zone does."""
    return start_of_day(date, zone), start_of_day(date + DAY, zone)


def clock_change(date: datetime.date, zone: ZoneInfo) -> str:
    """What the clocks do on a day, in words; empty where they do nothing."""
    start, end = day_bounds(date, zone)
    hours = (end - start).total_seconds() / 3600.0
    if hours == 24.0:
        return ""
    if hours < 24.0:
        return _("The clocks go forward on this day: it has %(hours)g hours.") % {"hours": hours}
    return _("The clocks go back on this day: it has %(hours)g hours, and some times come twice.") % {"hours": hours}


def aligned(at: datetime.datetime) -> bool:
    """Whether a moment lies on the grid of slots."""
    return at.second == 0 and at.microsecond == 0 and at.minute % SLOT_MIN == 0


def slots_between(start: datetime.datetime, end: datetime.datetime) -> list[datetime.datetime]:
    """Starts of the slots that a stretch of time takes, part of a slot counting as the whole."""
    at = start.astimezone(UTC)
    at -= datetime.timedelta(minutes=at.minute % SLOT_MIN, seconds=at.second, microseconds=at.microsecond)
    taken = []
    while at < end:
        taken.append(at)
        at += SLOT
    return taken
