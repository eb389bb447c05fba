"""Booking a course: dates of the core's planner, moved later where they must be, never earlier, and why."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cryomassage_clinic.places.models import Site
from cryomassage_clinic.visits import services
from cryomassage_clinic.visits.facts import facts_of
from cryomassage_clinic.visits.models import Booking
from cryomassage_clinic.visits.planner import Proposal, Wish, checked, propose
from cryomassage_clinic.visits.rules import RefusedError
from cryomassage_clinic.visits.services import Wanted
from cryomassage_clinic.visits.slots import TakenError
from tests.clinic.people import House
from tests.clinic.visits_support import NOW, Ready, expected_slots, make_ready, patch_health, stored_slots

pytestmark = [pytest.mark.unit, pytest.mark.pages]
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def ready(acorn: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ready]:
    with time_machine.travel(NOW, tick=False):
        yield make_ready(acorn, patch_health(monkeypatch))


def wish(ready: Ready, time: str = "10:00", **more: Any) -> Wish:
    house = ready.house
    return Wish(datetime.time.fromisoformat(time), house.operator, house.room, house.device, **more)


def wanted_of(ready: Ready, proposals: list[Proposal]) -> list[Wanted]:
    return [
        ready.wanted("2026-06-01 10:00", number=one.session.number, starts_at=one.starts_at, length_min=one.length_min)
        for one in proposals
    ]


def local(one: Proposal) -> datetime.datetime:
    assert one.starts_at is not None
    return one.starts_at.astimezone(LONDON)


def test_free_days_are_the_days_of_the_core(ready: Ready) -> None:
    proposals = propose(ready.house.actor("operator"), ready.course, wish(ready))
    sessions = facts_of(ready.course).sessions
    assert [one.session.number for one in proposals] == [one.number for one in sessions]
    assert [local(one).date() for one in proposals] == [one.date for one in sessions]
    assert {local(one).time() for one in proposals} == {datetime.time(10)}
    assert not any(one.reasons or one.refusals for one in proposals)
    assert [one.session.number for one in proposals if one.session.review] == [4, 8][: len(proposals) // 4]
    services.book_all(ready.house.actor("operator"), wanted_of(ready, proposals))
    assert stored_slots() == expected_slots()
    assert propose(ready.house.actor("operator"), ready.course, wish(ready)) == []


def test_what_is_taken_moves_a_session_later_and_says_so(ready: Ready) -> None:
    actor = ready.house.actor("operator")
    services.book(actor, ready.talk("2026-06-01 10:00", client=ready.someone()))
    first, *_rest = propose(actor, ready.course, wish(ready))
    assert local(first) == datetime.datetime(2026, 6, 1, 10, 30, tzinfo=LONDON)
    assert any("Blue room" in why and "10:00" in why for why in first.reasons)


def test_a_session_on_another_day_moves_those_that_follow(ready: Ready) -> None:
    proposals = propose(ready.house.actor("operator"), ready.course, wish(ready, weekdays=frozenset({3})))
    sessions = facts_of(ready.course).sessions
    assert {local(one).weekday() for one in proposals} == {3}
    days = [local(one).date() for one in proposals]
    assert days[0] == datetime.date(2026, 6, 4)
    assert all(day >= one.date for day, one in zip(days, sessions, strict=True))
    assert all((after - before).days >= 7 for before, after in pairwise(days))


def test_a_closed_day_is_passed_over_with_its_reason(ready: Ready) -> None:
    Site.objects.update(opening_hours={str(day): ["09:00", "17:00"] for day in (1, 3)})
    ready.house.room.refresh_from_db()
    ready.house.room.site.refresh_from_db()
    first, *rest = propose(ready.house.actor("operator"), ready.course, wish(ready))
    assert local(first).date() == datetime.date(2026, 6, 2)
    assert any("closed" in why for why in first.reasons)
    assert {local(one).weekday() for one in (first, *rest)} <= {1, 3}


def test_the_wall_time_stays_across_the_change_of_the_clocks(acorn: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with time_machine.travel("2026-10-12 08:00:00+00:00", tick=False):
        ready = make_ready(acorn, patch_health(monkeypatch), datetime.date(2026, 10, 12))
        proposals = propose(acorn.actor("operator"), ready.course, wish(ready))
    assert {local(one).time() for one in proposals} == {datetime.time(10)}
    assert {one.starts_at.hour for one in proposals if one.starts_at} == {9, 10}  # UTC: summer and winter


def test_a_true_gap_over_the_shorter_night_moves_the_session_later(
    acorn: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel("2027-03-26 08:00:00+00:00", tick=False):
        ready = make_ready(acorn, patch_health(monkeypatch), datetime.date(2027, 3, 27))
        facts = facts_of(ready.course)
        proposals = propose(acorn.actor("operator"), ready.course, wish(ready))
        for before, after in pairwise(proposals):
            assert before.starts_at is not None
            assert after.starts_at is not None
            assert after.starts_at - before.starts_at >= datetime.timedelta(hours=facts.gap_hours)


def test_a_time_in_the_lost_hour_is_told_and_passed_over(acorn: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with time_machine.travel("2027-03-26 08:00:00+00:00", tick=False):
        ready = make_ready(acorn, patch_health(monkeypatch), datetime.date(2027, 3, 28))
        first, *_rest = propose(acorn.actor("operator"), ready.course, wish(ready, "01:30"))
    assert local(first).strftime("%Y-%m-%d %H:%M") == "2027-03-28 02:00"
    assert any("does not exist" in why for why in first.reasons)


def test_a_doubled_hour_takes_the_first_and_says_so(acorn: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with time_machine.travel("2026-10-24 08:00:00+00:00", tick=False):
        ready = make_ready(acorn, patch_health(monkeypatch), datetime.date(2026, 10, 25))
        first, *_rest = propose(acorn.actor("operator"), ready.course, wish(ready, "01:30"))
    assert first.starts_at == datetime.datetime(2026, 10, 25, 0, 30, tzinfo=datetime.UTC)
    assert any("first one" in why for why in first.reasons)


def test_a_plan_that_has_waited_starts_today_and_says_so(ready: Ready) -> None:
    with time_machine.travel("2026-06-15 08:00:00+00:00", tick=False):
        first, *_rest = propose(ready.house.actor("operator"), ready.course, wish(ready))
    assert local(first).date() == datetime.date(2026, 6, 15)
    assert first.reasons


def test_what_only_people_can_mend_is_told_beside_the_session(ready: Ready) -> None:
    ready.said.consents = ["treatment"]
    proposals = propose(ready.house.actor("operator"), ready.course, wish(ready))
    assert all({refusal.code for refusal in one.refusals} >= {"consent"} for one in proposals)


def test_if_one_slot_is_taken_meanwhile_nothing_is_booked_and_it_is_told_which(ready: Ready) -> None:
    actor = ready.house.actor("operator")
    proposals = propose(actor, ready.course, wish(ready))
    assert proposals[2].starts_at is not None
    services.book(actor, ready.talk("2026-06-01 10:00", client=ready.someone(), starts_at=proposals[2].starts_at))
    before = stored_slots()
    with pytest.raises(TakenError) as error:
        services.book_all(actor, wanted_of(ready, proposals))
    assert {one.booking_number for one in error.value.taken} == {proposals[2].session.number}
    assert stored_slots() == before
    assert not Booking.objects.filter(course=ready.course).exists()
    found = checked(actor, wanted_of(ready, proposals))
    assert {number for number, refusals in found.items() if refusals} == {proposals[2].session.number}


def test_two_of_a_course_at_the_same_time_are_refused_together(ready: Ready) -> None:
    with pytest.raises(RefusedError):
        services.book_all(
            ready.house.actor("operator"),
            [ready.wanted("2026-06-02 10:00"), ready.wanted("2026-06-02 10:00", number=2)],
        )
    assert not Booking.objects.exists()


def test_the_length_comes_from_the_plan_rounded_up_to_slots(ready: Ready) -> None:
    from dataclasses import replace

    facts = facts_of(ready.course)
    assert facts.length_min(1) == 15  # signing in and out
    assert replace(facts, work_s=1.0).length_min(1) == 20
    assert replace(facts, work_s=600.0).length_min(1) == 25
    assert replace(facts, work_s=601.0).length_min(1) == 30
    assert facts.length_min(0) == 35
    assert facts.length_min(None) == 30


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    busy=st.lists(st.tuples(st.integers(0, 30), st.integers(96, 200)), max_size=12),
    weekdays=st.frozensets(st.integers(0, 6), max_size=4),
    hour=st.integers(7, 19),
)
def test_whatever_is_taken_the_proposals_are_free_in_order_apart_and_never_early(
    ready: Ready, busy: list[tuple[int, int]], weekdays: frozenset[int], hour: int
) -> None:
    Booking.objects.all().delete()
    actor = ready.house.actor("operator")
    for day, slot in busy:
        at = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC) + datetime.timedelta(days=day, minutes=5 * slot)
        try:
            services.book(actor, ready.talk("2026-06-01 10:00", client=ready.someone(), starts_at=at))
        except (TakenError, RefusedError):
            continue
    proposals = propose(actor, ready.course, wish(ready, f"{hour:02}:00", weekdays=weekdays))
    facts = facts_of(ready.course)
    for one in proposals:
        assert local(one).date() >= one.session.date
        assert not weekdays or local(one).weekday() in weekdays
    services.book_all(actor, wanted_of(ready, proposals))  # free, in order, apart: the rules agree
    assert stored_slots() == expected_slots()
    assert len(proposals) == len(facts.sessions)
