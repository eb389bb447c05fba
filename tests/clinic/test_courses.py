"""Pages of a course: what is asked for, question by question; where it stands; its review and its end."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client as Browser

from cryomassage_clinic import bridge
from cryomassage_clinic.audit.models import AuditDetails, AuditRow
from cryomassage_clinic.courses import services
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.courses.standing import steps_of
from cryomassage_clinic.courses.wish import complaints, ways_of
from cryomassage_clinic.places.models import Device, Room, Site
from tests.clinic.people import House, make_client, make_course
from tests.clinic.plans import computed_plan, ready_client, ready_course, today

pytestmark = pytest.mark.unit


def _wish(house: House, **changes: Any) -> dict[str, Any]:
    return {
        "indication": "oily_skin",
        "purpose": "preventive",
        "zones": ["chin", "cheek"],
        "way": "ln2_swab",
        "device": str(house.device.pk),
        "room": str(house.room.pk),
        **changes,
    }


def _new(house: House, who: str = "operator", **changes: Any) -> Any:
    client = make_client(house)
    return house.browser(who).post(f"/courses/new/{client.pk}/", _wish(house, **changes))


# --- what do they come for ------------------------------------------------------------------------------


def test_a_course_is_opened_and_written_down(acorn: House) -> None:
    answer = _new(acorn)
    course = Course.objects.get()
    assert answer["Location"] == f"/courses/{course.pk}/"
    assert (course.indication, course.zones, course.method) == ("oily_skin", ["cheek", "chin"], "ln2_swab")
    assert (course.exposure_class, course.place, course.device, course.room) == (
        None,
        "salon",
        acorn.device,
        acorn.room,
    )
    details = AuditDetails.objects.get(row__action="course.created")
    assert details.client_id == str(course.client_id)
    assert acorn.browser("operator").get(answer["Location"]).status_code == 200


def test_pressing_save_twice_opens_one_course(acorn: House) -> None:
    client, mark = make_client(acorn), str(uuid.uuid4())
    sent = {**_wish(acorn), "submission": mark}
    first, second = (acorn.browser("operator").post(f"/courses/new/{client.pk}/", sent) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Course.objects.count() == 1


def test_every_complaint_is_offered_with_what_is_known_of_it(acorn: House) -> None:
    client = make_client(acorn)
    page = acorn.browser("operator").get(f"/courses/new/{client.pk}/").content.decode()
    from html import unescape

    told = unescape(page)
    for found in bridge.indications().values():
        assert found.evidence.sentence in told, found.name
    assert "Contradicted: studies found no effect" in told
    assert "“Cold massage kills the Demodex mite.”" in told
    assert 'value="split_ends"' not in page, "what is not offered cannot be chosen"
    assert [len(group) for _title, group in complaints()] == [19, 7]


def test_each_question_follows_from_the_answer_before(acorn: House) -> None:
    client = make_client(acorn)
    browser, address = acorn.browser("operator"), f"/courses/new/{client.pk}/"
    zones = browser.get(address, {"step": "zones", "indication": "pattern_baldness"}).content.decode()
    assert 'value="scalp"' in zones
    assert 'value="cheek"' not in zones
    asked = {"indication": "oily_skin", "zones": "upper_lip"}
    ways = browser.get(address, {"step": "way", **asked}).content.decode()
    assert 'name="way" value="ice_massage:0"' in ways
    assert 'name="way" value="ln2_swab"' not in ways
    assert "Not used on:" in ways
    ice = browser.get(address, {"step": "place", **asked, "way": "ice_massage:0"}).content.decode()
    assert 'name="room"' not in ice
    assert 'name="professional_name"' not in ice
    home = browser.get(address, {"step": "place", **asked, "way": "home_ice"}).content.decode()
    assert 'name="professional_name"' in home
    assert 'name="device"' not in home
    cold = browser.get(address, {"step": "place", **asked, "zones": "cheek", "way": "ln2_swab"}).content.decode()
    assert 'name="room"' in cold
    assert "Nitrogen may be used" in cold


def test_ways_without_their_device_are_told_and_not_offered(acorn: House) -> None:
    ways = {way.key: way for way in ways_of("oily_skin", ["cheek"], [acorn.device])}
    assert ways["ln2_swab"].offered
    assert not ways["ln2_spray"].offered, "there is no sprayer"
    assert ways["ice_massage"].offered, "ice is everywhere"
    assert ways["ln2_swab:2"].for_doctor
    assert ways["ln2_swab:2"].exposure_class == 2


def test_a_way_back_is_never_lost(acorn: House) -> None:
    client = make_client(acorn)
    page = acorn.browser("operator").get(
        f"/courses/new/{client.pk}/", {"step": "way", "indication": "oily_skin", "zones": ["cheek", "chin"]}
    )
    told = page.content.decode()
    for name, value in (("indication", "oily_skin"), ("zones", "cheek"), ("zones", "chin")):
        assert f'type="hidden" name="{name}" value="{value}"' in told
    assert "step=zones&amp;indication=oily_skin" in told


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"indication": ""}, "Choose what they come for"),
    ({"indication": "no_such_thing"}, "Choose one from the list"),
    ({"indication": "split_ends", "zones": ["scalp"], "way": "scalp_partings"}, "not offered"),
    ({"indication": "<script>"}, "Choose one from the list"),
    ({"zones": []}, "at least one place"),
    ({"zones": ["moon"]}, "moon"),
    ({"zones": ["scalp"]}, "not treated at all of these places"),
    ({"zones": ["upper_lip"]}, "It is not used on: Upper lip"),
    ({"way": ""}, "Choose how to treat it"),
    ({"way": "magic"}, "Choose one from the list"),
    ({"way": "home_ice", "professional_name": "", "professional_date": ""}, "Write who was asked"),
    ({"way": "home_ice", "professional_name": "Dr Who", "professional_date": "2999-01-01"}, "lies in the future"),
    ({"way": "home_ice", "professional_name": "Dr Who", "professional_date": "soon"}, "This is not a date"),
    ({"way": "home_ice", "professional_name": "\u202eevil", "professional_date": "2026-01-01"}, "cannot be seen"),
    ({"way": "home_ice", "professional_name": "x" * 10_000, "professional_date": "2026-01-01"}, "160"),
    ({"way": "home_ice", "professional_name": "a\0b", "professional_date": "2026-01-01"}, "Null characters"),
    ({"device": ""}, "Choose the device"),
    ({"device": "not-an-id"}, "Choose one from the list"),
    ({"device": str(uuid.uuid4())}, "Choose one from the list"),
    ({"room": ""}, "Choose the room"),
    ({"room": str(uuid.uuid4())}, "Choose the room"),
]


@pytest.mark.parametrize(("changes", "says"), WRONG)
def test_a_wish_that_cannot_be_is_refused_beside_its_question(acorn: House, changes: dict[str, Any], says: str) -> None:
    answer = _new(acorn, **changes)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert says in page
    assert "Nothing is saved yet." in page
    assert "<script>" not in page.replace('<script src="', "")
    assert not Course.objects.exists()


def test_what_was_chosen_stays_when_the_form_is_refused(acorn: House) -> None:
    page = _new(acorn, room="", purpose="therapeutic").content.decode()
    for name, value in (("zones", "chin"), ("purpose", "therapeutic"), ("way", "ln2_swab")):
        assert f'type="hidden" name="{name}" value="{value}"' in page
    assert f'name="device" value="{acorn.device.pk}" checked' in page


def test_a_refused_room_cannot_be_chosen_for_nitrogen_and_says_why(acorn: House) -> None:
    small = Room.objects.create(clinic=acorn.clinic, site=acorn.site, name="Closet", floor_area_m2=3.0, height_m=2.0)
    client = make_client(acorn)
    asked = {"step": "place", "indication": "oily_skin", "zones": "cheek", "way": "ln2_swab"}
    page = acorn.browser("operator").get(f"/courses/new/{client.pk}/", asked).content.decode()
    assert "Refused:" in page
    assert f'name="room" value="{small.pk}"' not in page
    answer = acorn.browser("operator").post(f"/courses/new/{client.pk}/", _wish(acorn, room=str(small.pk)))
    assert answer.status_code == 422
    assert "Refused:" in answer.content.decode()
    assert not Course.objects.exists()


def test_room_and_device_stand_at_one_site_and_are_ones_own(acorn: House, birch: House) -> None:
    other = Site.objects.create(clinic=acorn.clinic, name="Second site")
    far = Device.objects.create(clinic=acorn.clinic, site=other, name="Far swab", cold_source="ln2_swab")
    assert "another site" in _new(acorn, device=str(far.pk)).content.decode()
    assert _new(acorn, device=str(birch.device.pk)).status_code == 422
    assert _new(acorn, room=str(birch.room.pk)).status_code == 422
    assert not Course.objects.exists()


def test_what_is_not_asked_is_not_kept(acorn: House) -> None:
    _new(acorn, way="ice_massage:0", zones=["forehead"], professional_name="Dr Who", device="")
    course = Course.objects.get()
    assert (course.method, course.exposure_class) == ("ice_massage", 0)
    assert (course.room, course.device, course.professional_name) == (None, None, "")


def test_ice_at_home_keeps_who_was_asked(acorn: House) -> None:
    _new(acorn, way="home_ice", zones=["cheek"], professional_name="  Dr  Who ", professional_date="2026-01-02")
    course = Course.objects.get()
    assert (course.place, course.professional_name) == ("home", "Dr Who")
    assert course.professional_date == datetime.date(2026, 1, 2)
    assert (course.room, course.device) == (None, None)


# --- changing it ----------------------------------------------------------------------------------------


def test_a_change_counts_the_version_and_names_what_changed(acorn: House) -> None:
    course = ready_course(acorn, method="ln2_swab", zones=["cheek"], device=acorn.device, room=acorn.room)
    sent = _wish(acorn, version=course.version, indication="wide_pores", zones=["cheek"])
    assert acorn.browser("operator").post(f"/courses/{course.pk}/edit/", sent).status_code == 302
    course.refresh_from_db()
    assert (course.indication, course.version) == ("wide_pores", 2)
    assert "wide_pores" in AuditDetails.objects.get(row__action="course.changed").text


@pytest.mark.parametrize("version", ["7", "", "x"])
def test_a_stale_form_is_shown_again_with_what_was_typed(acorn: House, version: str) -> None:
    course = ready_course(acorn)
    answer = acorn.browser("operator").post(f"/courses/{course.pk}/edit/", _wish(acorn, version=version))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody else has changed this course" in page
    assert "Slight swelling of the face" in page, "what stands there now"
    assert 'type="hidden" name="indication" value="oily_skin"' in page, "what was chosen here"
    assert f'name="version" value="{course.version}"' in page
    course.refresh_from_db()
    assert course.indication == "slight_swelling"


def test_an_ended_course_is_not_changed(acorn: House) -> None:
    course = ready_course(acorn, status="ended")
    answer = acorn.browser("operator").post(f"/courses/{course.pk}/edit/", _wish(acorn, version=1))
    assert answer.status_code == 422
    assert "This course has ended" in answer.content.decode()
    course.refresh_from_db()
    assert course.indication == "slight_swelling"


@pytest.mark.parametrize("step", ["complaint", "zones", "way", "place", "nonsense", ""])
def test_each_question_of_a_course_can_be_opened(acorn: House, step: str) -> None:
    course = ready_course(acorn)
    page = acorn.browser("operator").get(f"/courses/{course.pk}/edit/", {"step": step})
    assert page.status_code == 200
    assert 'name="version" value="1"' in page.content.decode()


# --- where it stands ------------------------------------------------------------------------------------


def test_the_page_says_what_is_missing_and_where(acorn: House) -> None:
    course = make_course(acorn, make_client(acorn))
    page = acorn.browser("operator").get(f"/courses/{course.pk}/").content.decode()
    assert "No plan yet. This is missing:" in page
    assert f"/screening/course/{course.pk}/" in page


def test_the_page_shows_the_dates_that_the_core_has_laid(acorn: House) -> None:
    course = ready_course(acorn, ready_client(acorn))
    plan = computed_plan(acorn, course)
    laid = bridge.read_plan(plan.result).course
    assert laid is not None
    page = acorn.browser("operator").get(f"/courses/{course.pk}/").content.decode()
    assert page.count("not yet</span>") == len(laid.sessions)
    assert "It is not approved." in page


def test_the_way_tells_what_is_really_done(acorn: House) -> None:
    course = make_course(acorn, make_client(acorn))
    assert [step.key for step in steps_of(course, "wish") if step.done] == ["wish"]
    ready = ready_course(acorn, ready_client(acorn))
    assert [step.key for step in steps_of(ready, "plan") if step.done] == ["wish", "screening", "consent"]
    plan = computed_plan(acorn, ready)
    assert "plan" in [step.key for step in steps_of(ready, "plan") if step.done]
    from cryomassage_clinic.courses.plan_services import approve, revoke

    approve(acorn.actor("operator"), plan)
    assert "approval" in [step.key for step in steps_of(ready, "plan") if step.done]
    revoke(acorn.actor("operator"), plan, "a slip")
    assert "approval" not in [step.key for step in steps_of(ready, "plan") if step.done]
    ready.client.consents.all().delete()
    assert "consent" not in [step.key for step in steps_of(ready, "plan") if step.done]
    assert all(step.address == "" and not step.done for step in steps_of(None, "wish"))


# --- review and end -------------------------------------------------------------------------------------


def test_a_review_without_benefit_stops_the_course_in_the_core(acorn: House) -> None:
    course = ready_course(acorn)
    sent = {"session": "4", "date": today().isoformat(), "benefit": "no", "version": "1"}
    assert acorn.browser("operator").post(f"/courses/{course.pk}/review/", sent).status_code == 302
    course.refresh_from_db()
    assert (course.review_session, course.review_benefit, course.version) == (4, False, 2)
    from cryomassage_clinic.courses.case import case_for

    rules = {rule.id for rule in bridge.screen(case_for(course, date=today())).rules}
    assert "course.no_benefit" in rules
    assert AuditRow.objects.filter(action="course.reviewed").count() == 1


@pytest.mark.parametrize(
    "changes",
    [{"benefit": ""}, {"benefit": "maybe"}, {"session": "0"}, {"session": "x"}, {"date": ""}, {"date": "2999-01-01"}],
)
def test_a_review_that_cannot_be_is_refused(acorn: House, changes: dict[str, str]) -> None:
    course = ready_course(acorn)
    sent = {"session": "4", "date": today().isoformat(), "benefit": "yes", "version": "1", **changes}
    answer = acorn.browser("operator").post(f"/courses/{course.pk}/review/", sent)
    assert answer.status_code == 422
    assert "review-error" in answer.content.decode()
    course.refresh_from_db()
    assert course.review_session is None


def test_a_course_ends_with_a_reason_and_once(acorn: House) -> None:
    course, browser = ready_course(acorn), acorn.browser("operator")
    address = f"/courses/{course.pk}/end/"
    for reason in ("", "  ", "x" * 10_000, "a\0b"):
        assert browser.post(address, {"reason": reason, "version": 1}).status_code == 422
    assert browser.post(address, {"reason": "moved away", "version": 9}).status_code == 409
    assert browser.post(address, {"reason": "moved <b>away</b> 🦔", "version": 1}).status_code == 302
    course.refresh_from_db()
    assert (course.status, course.end_reason) == ("ended", "moved <b>away</b> 🦔")
    page = browser.get(f"/courses/{course.pk}/").content.decode()
    assert "moved &lt;b&gt;away&lt;/b&gt; 🦔" in page
    assert "Compute the plan" not in page
    assert browser.post(address, {"reason": "again", "version": 2}).status_code == 422
    assert AuditRow.objects.filter(action="course.ended").count() == 1


# --- who may --------------------------------------------------------------------------------------------

READ, WRITE = ("", "edit/"), ("edit/", "end/", "review/", "plan/")


def test_reading_and_writing_need_their_rights(acorn: House, birch: House) -> None:
    course = ready_course(acorn)
    for page in READ:
        address = f"/courses/{course.pk}/{page}"
        assert acorn.browser("doctor").get(address).status_code == 200
        assert acorn.browser("reception").get(address).status_code == 403
        assert birch.browser("owner").get(address).status_code == 404
        assert "login" in Browser().get(address)["Location"]
    assert acorn.browser("inspector").get(f"/courses/{course.pk}/").status_code == 200
    assert acorn.browser("inspector").get(f"/courses/{course.pk}/edit/").status_code == 403
    for page in WRITE:
        address = f"/courses/{course.pk}/{page}"
        for who in ("inspector", "reception"):
            assert acorn.browser(who).post(address, {}).status_code == 403, (who, page)
        assert birch.browser("owner").post(address, {}).status_code == 404
        assert acorn.browser("owner").post(f"/courses/{uuid.uuid4()}/{page}", {}).status_code == 404
        assert acorn.browser("owner").post(f"/courses/nonsense/{page}", {}).status_code == 404
        assert acorn.browser("owner").put(address).status_code == 405
        assert "login" in Browser().post(address)["Location"]
    for page in ("end/", "review/", "plan/"):
        assert acorn.browser("operator").get(f"/courses/{course.pk}/{page}").status_code == 405
    client = make_client(birch)
    assert acorn.browser("operator").get(f"/courses/new/{client.pk}/").status_code == 404
    assert acorn.browser("operator").post(f"/courses/new/{client.pk}/", _wish(acorn)).status_code == 404
    assert acorn.browser("reception").get(f"/courses/new/{course.client_id}/").status_code == 403
    assert Course.objects.count() == 1


def test_services_hold_by_themselves(acorn: House, birch: House) -> None:
    from django.http import Http404

    course = ready_course(acorn)
    wish = {"indication": "oily_skin"}
    for who in ("inspector", "reception"):
        with pytest.raises(PermissionDenied):
            services.edit_course(acorn.actor(who), course, wish, 1)
        with pytest.raises(PermissionDenied):
            services.create_course(acorn.actor(who), course.client, wish)
        with pytest.raises(PermissionDenied):
            services.end_course(acorn.actor(who), course, "x", 1)
    with pytest.raises(Http404):
        services.edit_course(birch.actor("owner"), course, wish, 1)
    with pytest.raises(Http404):
        services.end_course(birch.actor("owner"), course, "x", 1)
    with pytest.raises(Http404):
        services.create_course(birch.actor("owner"), course.client, wish)


def test_an_erased_client_gets_no_course(acorn: House) -> None:
    client = make_client(acorn, erased_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    assert acorn.browser("operator").get(f"/courses/new/{client.pk}/").status_code == 404
