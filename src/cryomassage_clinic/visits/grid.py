"""A day as a grid of five-minute rows and a week as a table, both laid by true time: a day may have 23 or 25 hours."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from cryomassage_clinic.accounts.models import User
from cryomassage_clinic.places.models import Room, Site
from cryomassage_clinic.visits.clock import DAY, SLOT, UTC, day_bounds
from cryomassage_clinic.visits.models import Booking
from cryomassage_clinic.visits.selectors import Visit

_FIRST_HOUR, _LAST_HOUR = 8, 20  # shown where a site has no opening hours
_HALF_HOUR = datetime.timedelta(minutes=30)


@dataclass(frozen=True)
class Block:
    """A visit in a column: its first row, how many rows, and rows of airing after it."""

    visit: Visit
    row: int
    span: int
    airing_row: int
    airing_span: int


@dataclass(frozen=True)
class Free:
    """Half an hour that can be booked."""

    row: int
    span: int
    start: str  # on the wall, as the address of the form takes it
    second: bool  # of two equal times the second
    label: str
    first: bool  # begins a free stretch: reached with the Tab key; the others by pointing


@dataclass(frozen=True)
class Column:
    """One room or one person."""

    name: str
    key: str  # room or operator
    pk: str
    blocks: tuple[Block, ...]
    free: tuple[Free, ...]


@dataclass(frozen=True)
class Label:
    """A full hour on the wall; the zone's name stands beside an hour that comes twice."""

    row: int
    text: str


@dataclass(frozen=True)
class Day:
    """A day of a site."""

    date: datetime.date
    columns: tuple[Column, ...]
    labels: tuple[Label, ...]
    rows: int
    now_row: int | None
    hours: float


def column_of(visit: Visit, by: str) -> str:
    """In which column a visit stands."""
    return str(visit.booking.room_id if by == "room" else visit.booking.operator_id)


def _range(
    date: datetime.date, zone: ZoneInfo, site: Site | None, visits: Iterable[Visit], *, whole: bool
) -> tuple[datetime.datetime, datetime.datetime]:
    """What of the day is shown: opening hours, and whatever is booked outside them."""
    start, end = day_bounds(date, zone)
    if whole:
        return start, end
    hours = (site.opening_hours or {}).get(str(date.weekday())) if site is not None else None
    opens = datetime.time.fromisoformat(hours[0]) if hours else datetime.time(_FIRST_HOUR)
    closes = datetime.time.fromisoformat(hours[1]) if hours else datetime.time(_LAST_HOUR)
    first = datetime.datetime.combine(date, opens.replace(minute=0), zone).astimezone(UTC)
    last = datetime.datetime.combine(date, closes, zone).astimezone(UTC)
    for visit in visits:
        first = min(first, visit.booking.starts_at - (visit.booking.starts_at - start) % datetime.timedelta(hours=1))
        last = max(last, visit.booking.ends_at + datetime.timedelta(minutes=visit.booking.airing_min))
    return max(first, start), min(last, end)


def _labels(start: datetime.datetime, end: datetime.datetime, zone: ZoneInfo) -> tuple[Label, ...]:
    found, at = [], start
    while at < end:
        local = at.astimezone(zone)
        if local.minute == 0:
            other = local.replace(fold=1 - local.fold)
            name = f" {local.tzname()}" if other.utcoffset() != local.utcoffset() else ""
            found.append(Label(int((at - start) / SLOT), f"{local:%H:%M}{name}"))
        at += SLOT
    return tuple(found)


def _free(start: datetime.datetime, end: datetime.datetime, zone: ZoneInfo, taken: set[int]) -> tuple[Free, ...]:
    found: list[Free] = []
    step, now, at, joined = int(_HALF_HOUR / SLOT), timezone.now(), start, False
    while at + _HALF_HOUR <= end:
        row = int((at - start) / SLOT)
        if at >= now and not taken & set(range(row, row + step)):
            local = at.astimezone(zone)
            found.append(
                Free(row, step, f"{local:%Y-%m-%dT%H:%M}", bool(local.fold), f"{local:%H:%M}", first=not joined)
            )
            joined = True
        else:
            joined = False
        at += _HALF_HOUR
    return tuple(found)


def _column(
    thing: Room | User,
    by: str,
    visits: Sequence[Visit],
    start: datetime.datetime,
    end: datetime.datetime,
    zone: ZoneInfo,
) -> Column:
    blocks, taken = [], set()
    for visit in visits:
        booking = visit.booking
        if column_of(visit, by) != str(thing.pk) or booking.status == Booking.Status.MISSED:
            continue
        begins, ends = max(booking.starts_at, start), min(booking.ends_at, end)
        row, span = int((begins - start) / SLOT), max(1, int((ends - begins) / SLOT))
        airing = booking.airing_min // 5 if by == "room" else 0
        airing = min(airing, int((end - ends) / SLOT))
        blocks.append(Block(visit, row, span, row + span, airing))
        taken |= set(range(row, row + span + airing))
    return Column(
        str(thing), "room" if by == "room" else "operator", str(thing.pk), tuple(blocks), _free(start, end, zone, taken)
    )


def day_grid(
    date: datetime.date,
    zone: ZoneInfo,
    site: Site | None,
    things: Sequence[Room | User],
    by: str,
    visits: Sequence[Visit],
    *,
    whole: bool = False,
) -> Day:
    """A day with a column for each room or person."""
    start, end = _range(date, zone, site, visits, whole=whole)
    now = timezone.now()
    day_start, day_end = day_bounds(date, zone)
    return Day(
        date=date,
        columns=tuple(_column(thing, by, visits, start, end, zone) for thing in things),
        labels=_labels(start, end, zone),
        rows=int((end - start) / SLOT),
        now_row=int((now - start) / SLOT) if start <= now < end else None,
        hours=(day_end - day_start).total_seconds() / 3600.0,
    )


def week_table(
    monday: datetime.date, zone: ZoneInfo, things: Sequence[Room | User], by: str, visits: Sequence[Visit]
) -> dict[str, Any]:
    """A week: for each room or person what there is on each day."""
    days = [monday + number * DAY for number in range(7)]
    cells: dict[tuple[str, datetime.date], list[Visit]] = {}
    for visit in visits:
        cells.setdefault((column_of(visit, by), visit.starts.astimezone(zone).date()), []).append(visit)
    return {
        "days": days,
        "rows": [
            {"name": str(thing), "days": [(day, cells.get((str(thing.pk), day), [])) for day in days]}
            for thing in things
        ],
        "by_day": [(day, [visit for visit in visits if visit.starts.date() == day]) for day in days],
    }
