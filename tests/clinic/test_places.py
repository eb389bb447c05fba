"""Sites, rooms with the core's verdict on their air, devices with their calibration."""

from __future__ import annotations

import datetime
import json
import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client as Browser
from django.urls import reverse

from cryomassage_clinic import bridge
from cryomassage_clinic.audit.models import AuditDetails, AuditRow
from cryomassage_clinic.places import selectors, services
from cryomassage_clinic.places.models import Device, Room, Site, Vessel
from cryomassage_clinic.web.once import StaleFormError
from tests.clinic.people import House

pytestmark = pytest.mark.unit
TODAY = datetime.date(2026, 6, 1)

ROOM = {
    "name": "New room",
    "floor_area_m2": "11.85",
    "height_m": "2,7",
    "temperature_degC": "",
    "air_changes_per_h": "4",
    "extraction": "yes",
    "monitor_valid_until": "2099-01-01",
    "use_L_per_h": "0.1",
    "airing_min": "15",
    "active": "on",
}
CALIBRATION = {
    "calibrated": "on",
    "date": "2026-04-01",
    "how": "Weighed before and after each dip.",
    "heat_transfer_coefficient": "173",
    "heat_transfer_coefficient_low": "150",
    "heat_transfer_coefficient_high": "200",
    "sink_temperature": "-185",
}
DEVICE = {"name": "My swab", "cold_source": "ln2_swab", "distance_mm": "", "active": "on"}
HOSTILE = ["<script>alert(1)</script>", "\"' onload=x", "🧊 лёд", "\u202eright to left", "x" * 10_000, "nul\x00byte"]


def small_room(house: House) -> Room:
    """32 cubic metres, everything known, extraction and a monitor in date."""
    return Room.objects.create(
        clinic=house.clinic,
        site=house.site,
        name="Small",
        floor_area_m2=32.0 / 2.7,
        height_m=2.7,
        air_changes_per_h=4.0,
        extraction=True,
        monitor_valid_until=datetime.date(2099, 1, 1),
        use_L_per_h=0.1,
    )


# --- the core's verdict ---------------------------------------------------------------------------------


def test_ten_litres_in_32_cubic_metres_are_refused_with_the_computed_oxygen(acorn: House) -> None:
    room = small_room(acorn)
    Vessel.objects.create(clinic=acorn.clinic, room=room, name="Ten", volume_L=10.0, evaporation_L_per_day=0.15)
    air = selectors.air_of(room, TODAY)
    assert (air.state, air.mark, air.nitrogen_allowed) == ("refused", "stop", False)
    # 20.9 % x (32 - 1.1 x 10 x 0.7) / 32
    assert air.oxygen_percent == pytest.approx(20.9 * (32 - 7.7) / 32)
    page = acorn.confirmed("owner").get(reverse("place_list")).content.decode()
    assert "15.9" in page
    assert "No nitrogen in this room" in page


def test_half_a_litre_in_the_same_room_is_allowed(acorn: House) -> None:
    room = small_room(acorn)
    Vessel.objects.create(clinic=acorn.clinic, room=room, name="Flask", volume_L=0.5, evaporation_L_per_day=0.15)
    air = selectors.air_of(room, TODAY)
    assert (air.state, air.nitrogen_allowed) == ("allowed", True)
    assert air.oxygen_percent == pytest.approx(20.9 * (32 - 0.385) / 32)


def test_between_the_limits_a_monitor_in_date_decides(acorn: House) -> None:
    room = small_room(acorn)
    Vessel.objects.create(clinic=acorn.clinic, room=room, name="Three", volume_L=3.0, evaporation_L_per_day=0.15)
    assert selectors.air_of(room, TODAY).state == "allowed_with_monitor"
    room.monitor_valid_until = TODAY
    assert selectors.air_of(room, TODAY).state == "allowed_with_monitor"
    assert selectors.air_of(room, TODAY + datetime.timedelta(days=1)).state == "refused"


@pytest.mark.parametrize("name", ["air_changes_per_h", "use_L_per_h"])
def test_what_is_unknown_counts_against_the_room_and_is_named(acorn: House, name: str) -> None:
    room = acorn.room
    assert selectors.air_of(room, TODAY).nitrogen_allowed
    setattr(room, name, None)
    air = selectors.air_of(room, TODAY)
    assert air.state == "refused"
    assert air.unknown
    room.save()
    assert "Unknown counts against the room" in acorn.confirmed("owner").get(reverse("place_list")).content.decode()


def test_a_room_without_vessels_is_not_yet_a_room_for_nitrogen(acorn: House) -> None:
    Vessel.objects.all().delete()
    assert selectors.air_of(acorn.room, TODAY).state == "no_nitrogen"
    assert not selectors.air_of(acorn.room, TODAY).nitrogen_allowed


def test_figures_that_cannot_be_are_told_as_such(acorn: House) -> None:
    acorn.room.height_m = 100.0
    air = selectors.air_of(acorn.room, TODAY)
    assert (air.state, air.nitrogen_allowed) == ("wrong", False)


# --- in the core's form ---------------------------------------------------------------------------------


def test_a_room_in_the_cores_form_is_read_by_the_core_as_it_is(acorn: House) -> None:
    case = selectors.room_for_case(acorn.room)
    assert json.loads(json.dumps(case)) == case
    verdict = bridge.judge_room(case, TODAY)
    assert verdict.volume_m3 == pytest.approx(16.0 * 2.8)
    assert case["vessels"] == [{"name": "Flask", "volume": "0.5 L", "count": 1, "evaporation_per_day": "0.2 L/day"}]
    bare = Room(name="Bare", floor_area_m2=16.0, height_m=2.8)
    assert set(selectors.room_for_case(bare)) == {"schema", "name", "floor_area", "height"}


def test_a_device_in_the_cores_form_is_read_by_the_core(acorn: House) -> None:
    assert selectors.source_for_case(acorn.device) == {"cold_source": "ln2_swab"}
    acorn.device.cold_source, acorn.device.distance_mm = "ln2_spray_nozzle_a", 120.0
    case = selectors.source_for_case(acorn.device)
    assert case == {"cold_source": "ln2_spray_nozzle_a", "distance": "120.0 mm"}
    assert bridge.source_problems({**case, "distance": "299.0 mm"}, TODAY)


# --- services -------------------------------------------------------------------------------------------


def test_changes_are_versioned_and_told_in_the_log(acorn: House) -> None:
    actor = acorn.actor("owner")
    services.edit_room(actor, acorn.room, {"name": "Red room", "height_m": 2.5}, 1)
    room = Room.objects.get(pk=acorn.room.pk)
    assert (room.name, room.height_m, room.version) == ("Red room", 2.5, 2)
    row = AuditRow.objects.get(action="room.changed")
    assert AuditDetails.objects.get(row=row).details["height_m"] == {"was": 2.8, "is": 2.5}
    with pytest.raises(StaleFormError):
        services.edit_room(actor, acorn.room, {"name": "Late"}, 1)
    services.edit_room(actor, acorn.room, {"name": "Red room"}, 2)  # nothing changed
    assert Room.objects.get(pk=room.pk).version == 2


def test_vessels_make_another_room_of_it(acorn: House) -> None:
    actor = acorn.actor("owner")
    data = {"name": "Big", "volume_L": 10.0, "count": 1, "evaporation_L_per_day": 0.2}
    vessel = services.add_vessel(actor, acorn.room, data, 1)
    services.edit_vessel(actor, vessel, {**data, "volume_L": 5.0}, 2)
    services.remove_vessel(actor, vessel, 3)
    assert Room.objects.get(pk=acorn.room.pk).version == 4
    with pytest.raises(StaleFormError):
        services.add_vessel(actor, acorn.room, data, 1)
    assert [row.action for row in AuditRow.objects.order_by("sequence")] == [
        "vessel.added",
        "vessel.changed",
        "vessel.removed",
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [("floor_area_m2", 0.5), ("height_m", 9.0), ("air_changes_per_h", -1.0), ("use_L_per_h", 21.0), ("height_m", 1.0)],
)
def test_the_cores_bounds_hold_and_nothing_is_clamped(acorn: House, field: str, value: float) -> None:
    with pytest.raises(services.FiguresError) as error:
        services.edit_room(acorn.actor("owner"), acorn.room, {field: value}, 1)
    assert set(error.value.problems) == {field}
    room = Room.objects.get(pk=acorn.room.pk)
    assert room.version == 1
    assert getattr(room, field) != value
    assert not AuditRow.objects.exists()


def test_only_those_who_manage_places_change_them(acorn: House) -> None:
    for who in ("doctor", "operator", "reception", "inspector"):
        with pytest.raises(PermissionDenied):
            services.add_site(acorn.actor(who), {"name": "No"})
        with pytest.raises(PermissionDenied):
            services.edit_device(acorn.actor(who), acorn.device, {"name": "No"}, 1)
        with pytest.raises(PermissionDenied):
            services.remove_vessel(acorn.actor(who), Vessel.objects.get(room=acorn.room), 1)


# --- pages ----------------------------------------------------------------------------------------------


def test_every_role_sees_the_rooms_and_only_the_owner_the_buttons(acorn: House) -> None:
    for who in ("owner", "doctor", "operator", "reception", "inspector"):
        page = acorn.browser(who).get(reverse("place_list"))
        assert page.status_code == 200
        assert ("Change the room" in page.content.decode()) == (who == "owner")


def test_a_new_clinic_is_told_where_to_begin(acorn: House) -> None:
    Vessel.objects.all().delete()
    Room.objects.all().delete()
    Device.objects.all().delete()
    Site.objects.all().delete()
    assert "No site yet" in acorn.confirmed("owner").get(reverse("place_list")).content.decode()


def test_a_room_is_added_and_changed_by_its_form(acorn: House) -> None:
    browser = acorn.confirmed("owner")
    answer = browser.post(reverse("place_room_new", args=[acorn.site.pk]), ROOM)
    assert answer.status_code == 302
    room = Room.objects.get(name="New room")
    assert (room.height_m, room.temperature_degC, room.extraction, room.airing_min) == (2.7, None, True, 15)
    url = reverse("place_room_edit", args=[room.pk])
    page = browser.get(url).content.decode()
    assert 'value="2.7"' in page
    answer = browser.post(url, {**ROOM, "extraction": "", "air_changes_per_h": "", "version": "1"})
    assert answer.status_code == 302
    room.refresh_from_db()
    assert (room.extraction, room.air_changes_per_h, room.version) == (None, None, 2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("floor_area_m2", "1"),
        ("floor_area_m2", ""),
        ("floor_area_m2", "nan"),
        ("floor_area_m2", "inf"),
        ("height_m", "two"),
        ("airing_min", "7"),
        ("airing_min", "-5"),
        ("monitor_valid_until", "soon"),
        ("extraction", "maybe"),
        ("temperature_degC", "60"),
    ],
)
def test_a_wrong_field_is_marked_and_what_was_typed_is_kept(acorn: House, field: str, value: str) -> None:
    url = reverse("place_room_new", args=[acorn.site.pk])
    answer = acorn.confirmed("owner").post(url, {**ROOM, field: value, "name": "Kept name"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Kept name" in page
    assert f'id="id_{field}_error"' in page
    assert not Room.objects.filter(name="Kept name").exists()


def test_a_stale_room_form_is_told_and_keeps_what_was_typed(acorn: House) -> None:
    services.edit_room(acorn.actor("owner"), acorn.room, {"height_m": 3.0}, 1)
    url = reverse("place_room_edit", args=[acorn.room.pk])
    answer = acorn.confirmed("owner").post(url, {**ROOM, "version": "1"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Height of the ceiling: now 3.0" in page
    assert "New room" in page
    assert 'name="version" value="2"' in page
    assert acorn.confirmed("owner").post(url, {**ROOM, "version": "2"}).status_code == 302


def test_a_vessel_comes_and_goes_by_its_pages(acorn: House) -> None:
    browser = acorn.confirmed("owner")
    data = {"name": "Tank", "volume_L": "10", "count": "1", "evaporation_L_per_day": "", "version": "1"}
    assert browser.post(reverse("place_vessel_new", args=[acorn.room.pk]), data).status_code == 302
    vessel = Vessel.objects.get(name="Tank")
    url = reverse("place_vessel_edit", args=[vessel.pk])
    assert browser.post(url, {**data, "volume_L": "400", "version": "2"}).status_code == 422
    assert browser.post(url, {**data, "volume_L": "5", "version": "1"}).status_code == 409
    assert browser.post(reverse("place_vessel_remove", args=[vessel.pk]), {"version": "1"}).status_code == 302
    assert Vessel.objects.filter(name="Tank").exists()
    assert browser.post(reverse("place_vessel_remove", args=[vessel.pk]), {"version": "2"}).status_code == 302
    assert not Vessel.objects.filter(name="Tank").exists()


def test_a_calibration_is_stored_as_the_core_reads_it(acorn: House) -> None:
    browser = acorn.confirmed("owner")
    answer = browser.post(reverse("place_device_new", args=[acorn.site.pk]), {**DEVICE, **CALIBRATION})
    assert answer.status_code == 302
    device = Device.objects.get(name="My swab")
    assert device.calibration == {
        "date": "2026-04-01",
        "how": "Weighed before and after each dip.",
        "heat_transfer_coefficient": "173.0 W/(m^2*K)",
        "heat_transfer_coefficient_low": "150.0 W/(m^2*K)",
        "heat_transfer_coefficient_high": "200.0 W/(m^2*K)",
        "sink_temperature": "-185.0 degC",
    }
    assert selectors.state_of(device, TODAY).mark == "go"
    assert selectors.state_of(device, datetime.date(2027, 6, 1)).mark == "stop"  # older than a year
    page = browser.get(reverse("place_device_edit", args=[device.pk])).content.decode()
    assert 'value="173.0"' in page


@pytest.mark.parametrize(
    ("field", "value", "marked"),
    [
        ("heat_transfer_coefficient", "1730", "heat_transfer_coefficient"),
        ("heat_transfer_coefficient_low", "180", "heat_transfer_coefficient"),
        ("sink_temperature", "-85", "sink_temperature"),
        ("sink_temperature", "", "sink_temperature"),
        ("how", "weighed", "how"),
        ("date", "2999-01-01", "date"),
        ("date", "2020-01-01", "date"),
        ("distance_mm", "100", "distance_mm"),
        ("calibrated", "", "calibrated"),
        ("cold_source", "fire", "cold_source"),
    ],
)
def test_a_calibration_that_cannot_be_is_refused_beside_its_field(
    acorn: House, field: str, value: str, marked: str
) -> None:
    sent = {**DEVICE, **CALIBRATION, field: value}
    if value == "":
        sent.pop(field)
    answer = acorn.confirmed("owner").post(reverse("place_device_new", args=[acorn.site.pk]), sent)
    assert answer.status_code == 422
    assert f'id="id_{marked}_error"' in answer.content.decode()
    assert not Device.objects.filter(name="My swab").exists()


def test_a_spray_keeps_its_distance_within_bounds(acorn: House) -> None:
    url = reverse("place_device_new", args=[acorn.site.pk])
    spray = {**DEVICE, "name": "Spray", "cold_source": "ln2_spray_nozzle_b"}
    assert acorn.confirmed("owner").post(url, {**spray, "distance_mm": "299"}).status_code == 422
    low, high = bridge.knowledge().cold_source["ln2_spray_nozzle_b"].distance.range  # type: ignore[union-attr]
    assert acorn.confirmed("owner").post(url, {**spray, "distance_mm": str((low + high) / 2)}).status_code == 302


def test_opening_hours_are_kept_and_half_a_day_is_refused(acorn: House) -> None:
    url = reverse("place_site_edit", args=[acorn.site.pk])
    sent = {"name": "Acorn", "address": "", "active": "on", "version": "1", "opens_0": "09:00", "closes_0": "17:30"}
    browser = acorn.confirmed("owner")
    assert browser.post(url, {**sent, "closes_0": ""}).status_code == 422
    assert browser.post(url, {**sent, "closes_0": "08:00"}).status_code == 422
    assert browser.post(url, sent).status_code == 302
    acorn.site.refresh_from_db()
    assert acorn.site.opening_hours == {"0": ["09:00", "17:30"]}
    assert selectors.opening_words(acorn.site)[:2] == [("Monday", "09:00–17:30"), ("Tuesday", "closed")]


def addresses(house: House) -> list[tuple[str, str]]:
    vessel = Vessel.objects.filter(room=house.room).get()
    return [
        ("place_site_edit", str(house.site.pk)),
        ("place_room_new", str(house.site.pk)),
        ("place_room_edit", str(house.room.pk)),
        ("place_vessel_new", str(house.room.pk)),
        ("place_vessel_edit", str(vessel.pk)),
        ("place_device_new", str(house.site.pk)),
        ("place_device_edit", str(house.device.pk)),
    ]


def test_gates(acorn: House, birch: House) -> None:
    for name, pk in [*addresses(acorn), ("place_site_new", "")]:
        url = reverse(name, args=[pk] if pk else [])
        assert Browser().get(url)["Location"].startswith(reverse("account_login")), name
        assert acorn.confirmed("owner").get(url).status_code == 200, name
        assert acorn.confirmed("owner").put(url).status_code == 405, name
        for who in ("operator", "inspector"):
            assert acorn.browser(who).get(url).status_code == 403, name
            assert acorn.browser(who).post(url, {}).status_code == 403, name
        if pk:
            assert birch.confirmed("owner").get(url).status_code == 404, name
            assert birch.confirmed("owner").post(url, {}).status_code == 404, name
            assert acorn.confirmed("owner").get(reverse(name, args=[uuid.uuid4()])).status_code == 404, name
            assert acorn.confirmed("owner").get(url.replace(pk, "not-an-id")).status_code == 404, name


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_kept_as_text_or_refused_in_words(acorn: House, text: str) -> None:
    browser = acorn.confirmed("owner")
    forms: list[tuple[str, dict[str, Any]]] = [
        (reverse("place_site_new"), {"name": text, "address": text[:250], "active": "on"}),
        (reverse("place_room_new", args=[acorn.site.pk]), {**ROOM, "name": text}),
        (
            reverse("place_vessel_new", args=[acorn.room.pk]),
            {"name": text, "volume_L": "1", "count": "1", "version": "1"},
        ),
        (reverse("place_device_new", args=[acorn.site.pk]), {**DEVICE, **CALIBRATION, "name": text, "how": text * 2}),
    ]
    for url, sent in forms:
        answer = browser.post(url, sent)
        assert answer.status_code in (302, 422)
        if answer.status_code == 422:
            assert "field-error" in answer.content.decode()
    assert "<script>alert" not in browser.get(reverse("place_list")).content.decode()


def test_what_sets_limits_is_written_by_who_has_just_said_who_it_is(acorn: House) -> None:
    browser = acorn.browser("owner")
    sent = {
        reverse("place_room_edit", args=[acorn.room.pk]): {**ROOM, "version": "1"},
        reverse("place_device_new", args=[acorn.site.pk]): {**DEVICE, **CALIBRATION},
        reverse("place_vessel_remove", args=[acorn.room.vessels.get().pk]): {"version": "1"},
    }
    for url, form in sent.items():
        assert "confirm" in browser.post(url, form)["Location"], url
        assert browser.post(url, form, headers={"X-Requested-With": "fetch"})["X-Confirm"] == "required"
    assert Room.objects.get().version == 1
    assert Device.objects.count() == 1
    assert acorn.room.vessels.count() == 1
