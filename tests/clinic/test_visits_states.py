"""Whatever is done in whatever order, the taken slots are those of the bookings that hold their time."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from cryomassage_clinic.visits import services
from cryomassage_clinic.visits.models import Booking
from cryomassage_clinic.visits.rules import RefusedError
from cryomassage_clinic.visits.slots import TakenError
from cryomassage_clinic.web.once import StaleFormError
from tests.clinic.people import make_house
from tests.clinic.visits_support import expected_slots, make_ready, patch_health, stored_slots

pytestmark = pytest.mark.unit
_START = datetime.datetime(2026, 6, 1, 8, tzinfo=datetime.UTC)
_REFUSED = (RefusedError, TakenError, StaleFormError, PermissionDenied)
_TIMES = st.integers(0, 40).map(lambda number: _START + datetime.timedelta(minutes=15 * number))
_WHICH = st.integers(0, 30)


class Calendar(RuleBasedStateMachine):
    """A morning in two rooms with two people."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.clock = time_machine.travel(_START, tick=False)
        self.clock.start()
        self.done = 0

    def teardown(self) -> None:
        self.clock.stop()
        self.patch.undo()
        Booking.objects.all().delete()

    @initialize()
    def open(self) -> None:
        from cryomassage_clinic.accounts.models import Clinic

        house = make_house(f"House {Clinic.objects.count()}")
        self.ready = make_ready(house, patch_health(self.patch))
        self.actor = house.actor("operator")
        self.people = [house.operator, house.doctor]
        self.clients = [self.ready.client, self.ready.someone()]

    def attempt(self, write: Any) -> None:
        try:
            write()
            self.done += 1
        except _REFUSED:
            pass

    def some(self, number: int) -> Booking | None:
        found = list(Booking.objects.filter(clinic=self.actor.clinic).order_by("created_at"))
        return found[number % len(found)] if found else None

    @rule(at=_TIMES, length=st.sampled_from([5, 30, 45]), who=st.integers(0, 1), whom=st.integers(0, 1))
    def book(self, at: datetime.datetime, length: int, who: int, whom: int) -> None:
        more = {"starts_at": at, "length_min": length, "operator": self.people[who], "client": self.clients[whom]}
        self.attempt(lambda: services.book(self.actor, self.ready.talk("2026-06-01 09:00", **more)))

    @rule(at=_TIMES, number=st.integers(1, 4))
    def book_session(self, at: datetime.datetime, number: int) -> None:
        at += datetime.timedelta(days=3 * number)
        self.attempt(
            lambda: services.book(self.actor, self.ready.wanted("2026-06-01 09:00", number=number, starts_at=at))
        )

    @rule(which=_WHICH, at=_TIMES, length=st.sampled_from([5, 30]), old=st.integers(0, 1))
    def move(self, which: int, at: datetime.datetime, length: int, old: int) -> None:
        booking = self.some(which)
        if booking is not None:
            self.attempt(
                lambda: services.move(
                    self.actor,
                    booking,
                    booking.version - old,
                    starts_at=at,
                    length_min=length,
                    operator=booking.operator,
                    room=booking.room,
                    device=booking.device,
                    note="",
                )
            )

    @rule(which=_WHICH)
    def cancel(self, which: int) -> None:
        booking = self.some(which)
        if booking is not None:
            self.attempt(lambda: services.cancel(self.actor, booking, booking.version, "why"))

    @rule(which=_WHICH, what=st.sampled_from([services.arrived, services.missed, services.not_arrived]))
    def mark(self, which: int, what: Any) -> None:
        booking = self.some(which)
        if booking is not None:
            self.attempt(lambda: what(self.actor, booking, booking.version))

    @rule(minutes=st.sampled_from([15, 90]))
    def later(self, minutes: int) -> None:
        now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
        self.clock.stop()
        self.clock = time_machine.travel(now, tick=False)
        self.clock.start()

    @invariant()
    def slots_are_those_of_the_bookings(self) -> None:
        assert stored_slots() == expected_slots()


class Test(TestCase):
    """Each example in a transaction of its own."""

    def test_slots_always_equal_the_bookings_that_hold_their_time(self) -> None:
        run_state_machine_as_test(
            Calendar,
            settings=settings(
                max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
