"""Bookings: nothing is taken twice, every refusal says why, and what is freed is free."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from cryomassage_clinic.audit.models import AuditDetails, AuditRow
from cryomassage_clinic.courses.models import Approval
from cryomassage_clinic.places.models import Device, Room, Site, Vessel
from cryomassage_clinic.screening.models import AnswerSet
from cryomassage_clinic.screening.verdict import Missing, Reason
from cryomassage_clinic.visits import services
from cryomassage_clinic.visits.models import Booking, TakenSlot
from cryomassage_clinic.visits.rules import RefusedError
from cryomassage_clinic.visits.slots import TakenError, next_free, not_free
from cryomassage_clinic.web.once import StaleFormError
from tests.clinic.people import House, make_course
from tests.clinic.visits_support import (
    NOW,
    Ready,
    approve,
    expected_slots,
    make_ready,
    patch_health,
    stored_slots,
)

pytestmark = pytest.mark.unit


@pytest.fixture
def ready(acorn: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ready]:
    with time_machine.travel(NOW, tick=False):
        yield make_ready(acorn, patch_health(monkeypatch))


def codes(error: pytest.ExceptionInfo[RefusedError]) -> set[str]:
    return {refusal.code for refusal in error.value.refusals}


def reason(outcome: str, text: str = "Why.", until: datetime.date | None = None) -> Reason:
    return Reason("rule", outcome, text, "", (), until, (), False, False, "", "", "")


# --- taking time ----------------------------------------------------------------------------------------


def test_a_booking_takes_person_room_device_and_client_and_the_room_while_it_is_aired(ready: Ready) -> None:
    booking = services.book(ready.house.actor("operator"), ready.wanted("2026-06-02 10:00"))
    assert stored_slots() == expected_slots()
    slots = TakenSlot.objects.filter(booking=booking)
    assert slots.filter(resource=f"room:{ready.house.room.pk}").count() == 8  # 30 min and 10 of airing
    for resource in (
        f"operator:{ready.house.operator.pk}",
        f"device:{ready.house.device.pk}",
        f"client:{ready.client.pk}",
    ):
        assert slots.filter(resource=resource).count() == 6
    row = AuditRow.objects.get(action="booking.created")
    assert AuditDetails.objects.get(row=row).client_id == str(ready.client.pk)


def other_room(ready: Ready) -> Room:
    return Room.objects.create(
        clinic=ready.house.clinic, site=ready.house.site, name="Green room", floor_area_m2=16, height_m=2.8
    )


@pytest.mark.parametrize("shared", ["operator", "room", "device", "client"])
def test_what_is_taken_is_named_and_nothing_is_written(ready: Ready, shared: str) -> None:
    house = ready.house
    actor = house.actor("operator")
    device = Device.objects.create(clinic=house.clinic, site=house.site, name="Second swab", cold_source="ln2_swab")
    services.book(actor, ready.talk("2026-06-02 10:00", device=house.device))
    free: dict[str, Any] = {
        "client": ready.someone(),
        "operator": house.doctor,
        "room": other_room(ready),
        "device": device,
    }
    free.pop(shared)
    used = {"device": house.device} if shared == "device" else {}
    with pytest.raises(TakenError) as error:
        services.book(actor, ready.talk("2026-06-02 10:15", **{**free, **used}))
    names = {"operator": str(house.operator), "room": "Blue room", "device": "Swab", "client": "The client"}
    assert [one.name for one in error.value.taken] == [names[shared]]
    assert Booking.objects.count() == 1
    assert stored_slots() == expected_slots()


def test_the_room_is_free_again_after_it_was_aired_and_not_before(ready: Ready) -> None:
    house = ready.house
    services.book(house.actor("operator"), ready.wanted("2026-06-02 10:00"))
    more = {"client": ready.someone(), "operator": house.doctor, "device": None}
    with pytest.raises(TakenError) as error:
        services.book(house.actor("operator"), ready.talk("2026-06-02 10:35", **more))
    assert [one.name for one in error.value.taken] == ["Blue room"]
    services.book(house.actor("operator"), ready.talk("2026-06-02 10:40", **more))


def test_the_database_itself_refuses_a_second_taker(ready: Ready, monkeypatch: pytest.MonkeyPatch) -> None:
    actor = ready.house.actor("operator")
    services.book(actor, ready.talk("2026-06-02 10:00"))
    calls = []

    def blind(*args: Any, **more: Any) -> list[Any]:
        calls.append(args)
        return [] if len(calls) == 1 else not_free(*args, **more)

    monkeypatch.setattr("cryomassage_clinic.visits.slots.not_free", blind)
    with pytest.raises(TakenError, match="Blue room"):
        services.book(actor, ready.talk("2026-06-02 10:00", client=ready.someone()))
    assert len(calls) == 2  # the look was passed; the unique key was not
    assert Booking.objects.count() == 1


def test_two_requests_that_saw_the_same_free_time_are_not_both_confirmed(ready: Ready) -> None:
    actor = ready.house.actor("reception")
    first, second = ready.talk("2026-06-02 10:00"), ready.talk("2026-06-02 10:00", client=ready.someone())
    assert not not_free([first.booking(actor)])
    assert not not_free([second.booking(actor)])
    services.book(actor, first)
    with pytest.raises(TakenError):
        services.book(actor, second)


def test_the_next_free_time_is_offered_and_is_free(ready: Ready) -> None:
    actor = ready.house.actor("operator")
    services.book(actor, ready.wanted("2026-06-02 10:00"))
    trial = ready.talk("2026-06-02 10:10", client=ready.someone()).booking(actor)
    at = next_free(trial, ready.at("2026-06-02 18:00"))
    assert at == ready.at("2026-06-02 10:40")
    services.book(actor, ready.talk("2026-06-02 10:40", client=trial.client))


# --- what becomes of a visit ----------------------------------------------------------------------------


def test_a_cancelled_visit_frees_its_time_and_keeps_its_reason(ready: Ready) -> None:
    actor = ready.house.actor("reception")
    booking = services.book(actor, ready.talk("2026-06-02 10:00"))
    with pytest.raises(RefusedError) as error:
        services.cancel(actor, booking, 1, "   ")
    assert codes(error) == {"reason"}
    cancelled = services.cancel(actor, booking, 1, "Called in sick")
    assert (cancelled.status, cancelled.version, cancelled.cancel_reason) == ("cancelled", 2, "Called in sick")
    assert not TakenSlot.objects.exists()
    services.book(actor, ready.talk("2026-06-02 10:00", client=ready.someone()))
    with pytest.raises(RefusedError):
        services.cancel(actor, booking, 2, "again")


def test_a_missed_visit_frees_its_time_and_can_be_taken_in_if_it_is_still_free(ready: Ready) -> None:
    actor = ready.house.actor("reception")
    booking = services.book(actor, ready.talk("2026-06-01 10:00"))
    with pytest.raises(RefusedError, match="not begun"):
        services.missed(actor, booking, 1)
    with time_machine.travel("2026-06-01 09:20:00+00:00", tick=False):
        services.missed(actor, booking, 1)
        assert not TakenSlot.objects.exists()
        services.arrived(actor, booking, 2)
        assert stored_slots() == expected_slots() != set()
        services.not_arrived(actor, booking, 3)
        services.missed(actor, booking, 4)
        services.book(actor, ready.talk("2026-06-01 10:25", client=ready.someone(), length_min=5))
        with pytest.raises(TakenError):
            services.arrived(actor, booking, 5)
    booking.refresh_from_db()
    assert (booking.status, booking.version) == ("missed", 5)


def test_arriving_is_for_today(ready: Ready) -> None:
    booking = services.book(ready.house.actor("operator"), ready.talk("2026-06-02 10:00"))
    with pytest.raises(RefusedError, match="another day"):
        services.arrived(ready.house.actor("operator"), booking, 1)


def moved(ready: Ready, booking: Booking, text: str, version: int = 1, **more: Any) -> Booking:
    fields = {
        "starts_at": ready.at(text),
        "length_min": 30,
        "operator": booking.operator,
        "room": booking.room,
        "device": booking.device,
        "note": "",
        **more,
    }
    return services.move(ready.house.actor("operator"), booking, version, **fields)


def test_moving_takes_the_new_time_and_frees_the_old_one(ready: Ready) -> None:
    booking = services.book(ready.house.actor("operator"), ready.wanted("2026-06-02 10:00"))
    now = moved(ready, booking, "2026-06-02 10:10")  # overlaps with itself, which is no obstacle
    assert (now.version, now.starts_at) == (2, ready.at("2026-06-02 10:10"))
    assert stored_slots() == expected_slots()


def test_moving_onto_somebody_keeps_the_old_time(ready: Ready) -> None:
    actor = ready.house.actor("operator")
    booking = services.book(actor, ready.wanted("2026-06-02 10:00"))
    services.book(actor, ready.talk("2026-06-02 12:00", client=ready.someone()))
    before = stored_slots()
    with pytest.raises(TakenError):
        moved(ready, booking, "2026-06-02 12:00")
    booking.refresh_from_db()
    assert (booking.version, booking.starts_at) == (1, ready.at("2026-06-02 10:00"))
    assert stored_slots() == before == expected_slots()


def test_a_stale_page_moves_nothing(ready: Ready) -> None:
    booking = services.book(ready.house.actor("operator"), ready.wanted("2026-06-02 10:00"))
    moved(ready, booking, "2026-06-02 11:00")
    with pytest.raises(StaleFormError):
        moved(ready, booking, "2026-06-02 12:00", version=1)
    with pytest.raises(StaleFormError):
        services.cancel(ready.house.actor("operator"), booking, 1, "late")


def test_who_may_not_book_does_not(ready: Ready) -> None:
    with pytest.raises(PermissionDenied):
        services.book(ready.house.actor("inspector"), ready.talk("2026-06-02 10:00"))
    booking = services.book(ready.house.actor("operator"), ready.talk("2026-06-02 10:00"))
    for write in (services.arrived, services.missed, services.not_arrived):
        with pytest.raises(PermissionDenied):
            write(ready.house.actor("inspector"), booking, 1)
    with pytest.raises(PermissionDenied):
        services.cancel(ready.house.actor("inspector"), booking, 1, "no")


# --- rules ----------------------------------------------------------------------------------------------


def refused(ready: Ready, text: str = "2026-06-02 10:00", **more: Any) -> set[str]:
    before = Booking.objects.count(), stored_slots()
    with pytest.raises(RefusedError) as error:
        services.book(ready.house.actor("operator"), ready.wanted(text, **more))
    assert all(refusal.text for refusal in error.value.refusals)
    assert (Booking.objects.count(), stored_slots()) == before
    return codes(error)


def test_no_booking_in_the_past_off_the_grid_or_of_a_wrong_length(ready: Ready) -> None:
    assert "past" in refused(ready, "2026-06-01 08:55")
    assert "grid" in refused(ready, "2026-06-02 10:03")
    assert "far" in refused(ready, "2028-06-02 10:00")
    for length in (0, -5, 7, 485):
        assert "length" in refused(ready, length_min=length)


def test_opening_hours_are_kept(ready: Ready) -> None:
    Site.objects.update(opening_hours={"1": ["09:00", "17:00"]})
    ready.house.room.refresh_from_db()
    ready.house.site.refresh_from_db()
    assert "closed" in refused(ready, "2026-06-03 10:00", room=Room.objects.get())
    for time in ("08:55", "16:35", "17:00"):
        assert "closed" in refused(ready, f"2026-06-02 {time}", room=Room.objects.get())
    services.book(ready.house.actor("operator"), ready.wanted("2026-06-02 16:30", room=Room.objects.get()))


@pytest.mark.parametrize("outcome", ["stop", "refer", "defer", "unknown"])
def test_a_verdict_that_is_not_yes_refuses_with_its_reason(ready: Ready, outcome: str) -> None:
    ready.said.outcome, ready.said.reasons = outcome, [reason(outcome, "Cold urticaria.")]
    with pytest.raises(RefusedError) as error:
        services.book(ready.house.actor("operator"), ready.wanted("2026-06-02 10:00"))
    (found,) = error.value.refusals
    assert found.code == "verdict"
    assert "questions of the screening have not been asked" in found.text
    assert "urticaria" not in found.told(sees_health=False)
    _answered(ready)
    with pytest.raises(RefusedError) as error:
        services.book(ready.house.actor("operator"), ready.wanted("2026-06-02 10:00"))
    assert ("Cold urticaria." in error.value.refusals[0].text) == (outcome != "unknown")


def _answered(ready: Ready) -> None:
    AnswerSet.objects.create(
        clinic=ready.house.clinic,
        client=ready.client,
        number=1,
        answers={},
        knowledge_fingerprint="f",
        asked_by=ready.house.operator,
        asked_at=datetime.datetime(2026, 6, 1, 7, tzinfo=datetime.UTC),
    )


def test_the_verdict_is_asked_for_the_day_of_the_visit_and_for_who_treats(ready: Ready) -> None:
    services.book(ready.house.actor("reception"), ready.wanted("2026-06-02 10:00", operator=ready.house.doctor))
    assert ready.said.asked == [(datetime.date(2026, 6, 2), ready.house.doctor)]


def test_answers_of_the_day_are_asked_again_and_do_not_hinder_a_booking_ahead(ready: Ready) -> None:
    _answered(ready)
    ready.said.outcome, ready.said.missing = "unknown", [Missing("Painkillers today?", "/", stale=True)]
    services.book(ready.house.actor("operator"), ready.wanted("2026-06-02 10:00"))


def test_a_question_that_was_never_answered_hinders_it(ready: Ready) -> None:
    _answered(ready)
    ready.said.outcome = "unknown"
    ready.said.missing = [Missing("Painkillers?", "/", stale=True), Missing("Pregnant?", "/")]
    with pytest.raises(RefusedError, match="Pregnant"):
        services.book(ready.house.actor("operator"), ready.wanted("2026-06-02 10:00"))


def test_a_deferral_hinders_until_it_is_over(ready: Ready) -> None:
    _answered(ready)
    ready.said.outcome, ready.said.missing = "unknown", [Missing("Painkillers?", "/", stale=True)]
    ready.said.reasons = [reason("defer", "Sunburn.", datetime.date(2026, 6, 9))]
    assert refused(ready, "2026-06-08 10:00") == {"verdict"}
    services.book(ready.house.actor("operator"), ready.wanted("2026-06-09 10:00"))


def test_a_deferral_without_an_end_hinders(ready: Ready) -> None:
    _answered(ready)
    ready.said.outcome, ready.said.missing = "unknown", [Missing("Painkillers?", "/", stale=True)]
    ready.said.reasons = [reason("defer", "Wound.")]
    assert refused(ready, "2026-07-08 10:00") == {"verdict"}


def test_without_consent_nothing_is_booked(ready: Ready) -> None:
    ready.said.consents = ["treatment"]
    assert refused(ready) == {"consent"}


def test_without_an_approved_plan_nothing_is_booked(ready: Ready) -> None:
    Approval.objects.update(revoked_at=datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC))
    assert refused(ready) == {"plan"}


def test_a_session_that_the_plan_does_not_hold_is_refused(ready: Ready) -> None:
    assert "session" in refused(ready, number=60)
    assert "session" in refused(ready, number=0)


def book_sessions(ready: Ready, *times: str) -> list[Booking]:
    return [
        services.book(ready.house.actor("operator"), ready.wanted(text, number=number))
        for number, text in enumerate(times, 1)
    ]


def test_the_same_zones_rest_for_the_gap_of_the_class(ready: Ready) -> None:
    book_sessions(ready, "2026-06-02 10:00")
    assert refused(ready, "2026-06-04 09:55", number=2) == {"gap"}
    services.book(ready.house.actor("operator"), ready.wanted("2026-06-04 10:00", number=2))


def test_the_gap_holds_for_another_course_on_the_same_zones_and_takes_the_longer(ready: Ready) -> None:
    book_sessions(ready, "2026-06-02 10:00")
    other = make_course(ready.house, ready.client, zones=["chin", "forehead"])
    approve(ready.house, other, ready.begin, exposure_class=2)
    more = {"course": other, "operator": ready.house.doctor}
    assert refused(ready, "2026-06-04 10:00", **more) == {"gap"}
    services.book(ready.house.actor("operator"), ready.wanted("2026-06-05 10:00", **more))
    apart = make_course(ready.house, ready.client, zones=["forehead_upper"])
    approve(ready.house, apart, ready.begin)
    services.book(ready.house.actor("operator"), ready.wanted("2026-06-02 11:00", course=apart))


def test_the_gap_looks_back_and_ahead(ready: Ready) -> None:
    book_sessions(ready, "2026-06-08 10:00")
    other = make_course(ready.house, ready.client)
    approve(ready.house, other, ready.begin)
    assert refused(ready, "2026-06-06 10:05", course=other) == {"gap"}
    services.book(ready.house.actor("operator"), ready.wanted("2026-06-06 10:00", course=other))


def test_an_unknown_class_takes_the_longest_gap(ready: Ready) -> None:
    from cryomassage_clinic.visits.facts import facts_of

    course = make_course(ready.house, ready.client, indication="no_such_thing")
    assert facts_of(course).gap_hours == 504.0
    assert facts_of(course).liquid_nitrogen
    assert facts_of(course).needs_doctor


def test_a_true_gap_is_kept_over_the_change_of_the_clocks(ready: Ready) -> None:
    # 28 March 2027, 01:00: the clocks go forward, so equal wall times two days apart are 47 hours apart.
    book_sessions(ready, "2027-03-27 10:00")
    assert refused(ready, "2027-03-29 10:00", number=2) == {"gap"}
    services.book(ready.house.actor("operator"), ready.wanted("2027-03-29 11:00", number=2))


def test_sessions_come_in_their_order_each_once(ready: Ready) -> None:
    assert refused(ready, number=2) == {"order"}
    book_sessions(ready, "2026-06-02 10:00", "2026-06-09 10:00")
    assert "twice" in refused(ready, "2026-06-15 10:00", number=2)
    assert refused(ready, "2026-06-05 10:00", number=3) == {"order"}
    services.book(ready.house.actor("operator"), ready.wanted("2026-06-12 10:00", number=3))


def test_a_visit_is_not_moved_past_the_next_one(ready: Ready) -> None:
    first, _second = book_sessions(ready, "2026-06-02 10:00", "2026-06-09 10:00")
    with pytest.raises(RefusedError) as error:
        moved(ready, first, "2026-06-12 10:00")
    assert codes(error) == {"order"}


def test_no_more_than_three_sessions_a_week_on_the_same_skin(ready: Ready) -> None:
    book_sessions(ready, "2026-06-02 10:00", "2026-06-04 10:00", "2026-06-06 10:00")
    assert refused(ready, "2026-06-08 10:00", number=4) == {"week"}
    services.book(ready.house.actor("operator"), ready.wanted("2026-06-09 10:00", number=4))


def test_the_test_spot_comes_first_and_is_waited_for(acorn: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with time_machine.travel(NOW, tick=False):
        ready = make_ready(acorn, patch_health(monkeypatch), spot_days=14.0)
        assert refused(ready, "2026-06-20 10:00") == {"order"}
        services.book(acorn.actor("operator"), ready.wanted("2026-06-03 10:00", number=0))
        assert refused(ready, "2026-06-16 10:00") == {"spot"}
        services.book(acorn.actor("operator"), ready.wanted("2026-06-17 10:00"))


def test_nitrogen_needs_air_on_that_very_day(ready: Ready) -> None:
    Vessel.objects.update(volume_L=4.5)  # allowed with a monitor only
    ready.house.room.monitor_valid_until = datetime.date(2026, 6, 2)
    ready.house.room.save()
    services.book(ready.house.actor("operator"), ready.wanted("2026-06-02 10:00"))
    assert refused(ready, "2026-06-05 10:00", number=2) == {"air"}


def test_room_device_and_person_belong_together(ready: Ready, birch: House) -> None:
    house = ready.house
    far = Site.objects.create(clinic=house.clinic, name="Far")
    device = Device.objects.create(clinic=house.clinic, site=far, name="Far swab", cold_source="ln2_swab")
    assert refused(ready, device=device) >= {"device_site", "device_plan"}
    spray = Device.objects.create(clinic=house.clinic, site=house.site, name="Ice", cold_source="ice_cloth")
    house_course = make_course(house, ready.client, device=None)
    approve(house, house_course, ready.begin)
    assert refused(ready, device=spray, course=house_course) == {"device_kind"}
    assert "device" in refused(ready, device=None)
    house.device.active = False
    house.device.save()
    assert "device" in refused(ready)
    house.operator.sites.add(far)
    assert "operator_site" in refused(ready)
    assert "operator" in refused(ready, operator=house.reception)
    assert "operator" in refused(ready, operator=birch.operator)
    house.doctor.is_active = False
    house.doctor.save()
    assert "operator" in refused(ready, operator=house.doctor)
    house.room.active = False
    house.room.save()
    assert "room" in refused(ready)


def test_what_only_a_doctor_works_is_booked_with_a_doctor_only(acorn: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with time_machine.travel(NOW, tick=False):
        ready = make_ready(acorn, patch_health(monkeypatch), exposure_class=3)
        assert refused(ready) == {"doctor"}
        services.book(acorn.actor("operator"), ready.wanted("2026-06-02 10:00", operator=acorn.doctor))


def test_an_ended_course_and_one_at_home_are_not_booked(ready: Ready) -> None:
    ready.course.status = "ended"
    assert "ended" in refused(ready)
    ready.course.status, ready.course.place = "active", "home"
    assert "home" in refused(ready)
    assert "client" in refused(ready, client=ready.someone())


def test_an_erased_client_is_not_booked(ready: Ready) -> None:
    ready.client.erased_at = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)
    ready.client.save()
    assert "erased" in refused(ready)
