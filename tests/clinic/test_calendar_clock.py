"""Wall time and UTC in zones that change their clocks in four ways; days of 23, 24, 24.5 and 25 hours."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryomassage_clinic.accounts.models import Clinic
from cryomassage_clinic.visits.clock import (
    NoSuchTimeError,
    aligned,
    clock_change,
    day_bounds,
    moment,
    slots_between,
    start_of_day,
)
from cryomassage_clinic.visits.grid import day_grid

pytestmark = [pytest.mark.unit, pytest.mark.sqlite]
UTC = datetime.UTC
LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
LORD_HOWE, KATHMANDU = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu")
ZONES = [LONDON, NEW_YORK, LORD_HOWE, KATHMANDU, ZoneInfo("UTC")]


def d(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def t(text: str) -> datetime.time:
    return datetime.time.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "day", "time", "jump"),
    [
        (LONDON, "2026-03-29", "01:30", ("01:00", "02:00", "02:30")),
        (LONDON, "2026-03-29", "01:00", ("01:00", "02:00", "02:00")),
        (NEW_YORK, "2026-03-08", "02:55", ("02:00", "03:00", "03:55")),
        (LORD_HOWE, "2026-10-04", "02:15", ("02:00", "02:30", "02:45")),
        (ZoneInfo("America/Santiago"), "2026-09-06", "00:10", ("00:00", "01:00", "01:10")),
    ],
)
def test_a_time_that_the_clocks_jump_over_is_refused_in_words(
    zone: ZoneInfo, day: str, time: str, jump: tuple[str, str, str]
) -> None:
    with pytest.raises(NoSuchTimeError) as error:
        moment(d(day), t(time), zone)
    told = str(error.value)
    assert f"{time} does not exist on {day}" in told
    assert f"from {jump[0]} to {jump[1]}" in told
    assert f"by the old clock is {jump[2]}" in told


@pytest.mark.parametrize(
    ("zone", "day", "time", "first", "hours"),
    [
        (LONDON, "2026-10-25", "01:30", "2026-10-25T00:30", 1.0),
        (NEW_YORK, "2026-11-01", "01:30", "2026-11-01T05:30", 1.0),
        (LORD_HOWE, "2026-04-05", "01:45", "2026-04-04T14:45", 0.5),
    ],
)
def test_of_a_time_that_comes_twice_the_first_is_taken_and_it_is_said(
    zone: ZoneInfo, day: str, time: str, first: str, hours: float
) -> None:
    one, two = moment(d(day), t(time), zone), moment(d(day), t(time), zone, second=True)
    assert one.utc == datetime.datetime.fromisoformat(first).replace(tzinfo=UTC)
    assert (two.utc - one.utc) == datetime.timedelta(hours=hours)
    assert one.doubled
    assert "first one" in one.words
    assert "second one" in two.words
    assert one.words != two.words


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (LONDON, "2026-03-29", 23.0),
        (LONDON, "2026-10-25", 25.0),
        (NEW_YORK, "2026-03-08", 23.0),
        (NEW_YORK, "2026-11-01", 25.0),
        (LORD_HOWE, "2026-10-04", 23.5),
        (LORD_HOWE, "2026-04-05", 24.5),
        (KATHMANDU, "2026-03-29", 24.0),
        (LONDON, "2028-02-29", 24.0),
        (ZoneInfo("America/Santiago"), "2026-09-06", 23.0),
    ],
)
def test_a_day_has_its_true_length_and_every_row_of_it_is_shown_once(zone: ZoneInfo, day: str, hours: float) -> None:
    start, end = day_bounds(d(day), zone)
    assert (end - start).total_seconds() / 3600.0 == hours
    assert bool(clock_change(d(day), zone)) == (hours != 24.0)
    grid = day_grid(d(day), zone, None, [], "room", [], whole=True)
    assert (grid.rows, grid.hours) == (hours * 12, hours)
    labels = [label.text for label in grid.labels]
    assert len(set(labels)) == len(labels)  # an hour that comes twice is told apart by the name of its zone
    assert all(label.row == index * 12 for index, label in enumerate(grid.labels)) or zone == LORD_HOWE


def test_the_labels_of_the_night_of_25_hours() -> None:
    labels = [one.text for one in day_grid(d("2026-10-25"), LONDON, None, [], "room", [], whole=True).labels]
    assert labels[:4] == ["00:00", "01:00 BST", "01:00 GMT", "02:00"]


def test_the_labels_of_the_night_of_23_hours() -> None:
    labels = [one.text for one in day_grid(d("2026-03-29"), LONDON, None, [], "room", [], whole=True).labels]
    assert labels[:3] == ["00:00", "02:00", "03:00"]


@given(
    zone=st.sampled_from(ZONES),
    date=st.dates(datetime.date(2024, 1, 1), datetime.date(2029, 1, 1)),
    time=st.integers(0, 287),
    second=st.booleans(),
)
def test_every_time_that_exists_comes_back_as_it_was_typed(
    zone: ZoneInfo, date: datetime.date, time: int, second: bool
) -> None:
    typed = datetime.time(time * 5 // 60, time * 5 % 60)
    try:
        found = moment(date, typed, zone, second=second)
    except NoSuchTimeError:
        assert zone not in (KATHMANDU, ZoneInfo("UTC"))
        return
    local = found.utc.astimezone(zone)
    assert (local.date(), local.time()) == (date, typed)
    assert aligned(found.utc)
    start, end = day_bounds(date, zone)
    assert start <= found.utc < end  # the date is never off by one


@given(zone=st.sampled_from(ZONES), date=st.dates(datetime.date(2024, 1, 1), datetime.date(2029, 1, 1)))
def test_days_join_without_a_gap(zone: ZoneInfo, date: datetime.date) -> None:
    _start, end = day_bounds(date, zone)
    assert end == start_of_day(date + datetime.timedelta(days=1), zone)
    assert len(slots_between(*day_bounds(date, zone))) in (276, 282, 288, 294, 300)


def test_slots_cover_a_stretch_and_part_of_one_counts_whole() -> None:
    start = datetime.datetime(2026, 6, 1, 10, 3, tzinfo=UTC)
    assert [at.minute for at in slots_between(start, start + datetime.timedelta(minutes=5))] == [0, 5]
    assert slots_between(start, start) == [] or slots_between(start, start)[0] < start


def test_a_clinic_keeps_its_own_wall() -> None:
    from cryomassage_clinic.visits.clock import zone_of

    assert zone_of(Clinic(time_zone="Asia/Kathmandu")) == KATHMANDU
