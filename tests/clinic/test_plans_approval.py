"""Approval: everything is looked at again, once, and for good."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone

from cryomassage_clinic import bridge
from cryomassage_clinic.audit.models import AuditDetails, AuditRow
from cryomassage_clinic.courses import plan_services
from cryomassage_clinic.courses.approval import obstacles
from cryomassage_clinic.courses.models import Approval, Course, Plan
from cryomassage_clinic.courses.plan_services import NotApprovedError, approve, revoke
from cryomassage_clinic.courses.selectors import approved_plan, working_plan
from tests.clinic.people import House, make_client
from tests.clinic.plans import answer_all, computed_plan, ready_client, ready_course, today

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]


def _refused(house: House, plan: Plan, who: str = "operator") -> set[str]:
    """The reasons for which the service, the page and a page that posts refuse; the same from all."""
    with pytest.raises(NotApprovedError) as caught:
        approve(house.actor(who), Plan.objects.get(pk=plan.pk))
    codes = {one.code for one in caught.value.obstacles}
    posted = house.browser(who).post(f"/courses/plans/{plan.pk}/approve/")
    assert posted.status_code == 422
    assert b"Approve this plan" not in posted.content
    assert b"Approve this plan" not in house.browser(who).get(f"/courses/plans/{plan.pk}/").content
    assert not Approval.objects.filter(plan=plan).exists()
    assert not AuditRow.objects.filter(action="plan.approved").exists()
    return codes


def test_a_sound_plan_is_approved_with_name_role_and_fingerprint(acorn: House) -> None:
    plan = computed_plan(acorn)
    answer = acorn.browser("operator").post(f"/courses/plans/{plan.pk}/approve/")
    assert answer.status_code == 302
    approval = Approval.objects.get()
    assert approval.content_sha256 == plan.content_sha256
    assert (approval.approved_by, approval.role) == (acorn.operator, "operator")
    details = AuditDetails.objects.get(row__action="plan.approved")
    assert plan.content_sha256 in details.text
    course = Course.objects.get()
    assert course.status == Course.Status.ACTIVE
    assert approved_plan(course) == plan
    assert working_plan(course, today()) == plan
    assert working_plan(course, today() + datetime.timedelta(days=1)) is None
    page = acorn.browser("operator").get(f"/courses/plans/{plan.pk}/").content.decode()
    assert "Approved by Acorn-operator" in page


def test_pressing_twice_approves_once(acorn: House) -> None:
    plan, browser, mark = computed_plan(acorn), acorn.browser("operator"), str(uuid.uuid4())
    first = browser.post(f"/courses/plans/{plan.pk}/approve/", {"submission": mark})
    second = browser.post(f"/courses/plans/{plan.pk}/approve/", {"submission": mark})
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    assert Approval.objects.count() == AuditRow.objects.filter(action="plan.approved").count() == 1


# --- who ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["reception", "inspector"])
def test_who_does_not_approve_is_refused(acorn: House, who: str) -> None:
    plan = computed_plan(acorn)
    with pytest.raises(PermissionDenied):
        approve(acorn.actor(who), plan)
    assert acorn.browser(who).post(f"/courses/plans/{plan.pk}/approve/").status_code == 403
    assert not Approval.objects.exists()


def test_another_clinics_plan_does_not_exist(acorn: House, birch: House) -> None:
    plan = computed_plan(acorn)
    with pytest.raises(Http404):
        approve(birch.actor("doctor"), plan)
    assert birch.browser("doctor").post(f"/courses/plans/{plan.pk}/approve/").status_code == 404
    assert not Approval.objects.exists()


def _class_two(house: House) -> Plan:
    """A plan in class 2, by a swab that has been measured, asked for by a doctor."""
    kind = bridge.knowledge().cold_source["ln2_swab"]
    value = kind.heat_transfer_coefficient.value
    house.device.calibration = {
        "date": today().isoformat(),
        "how": "agarose phantom, five runs",
        "heat_transfer_coefficient": f"{value} W/(m^2*K)",
        "heat_transfer_coefficient_low": f"{0.9 * value} W/(m^2*K)",
        "heat_transfer_coefficient_high": f"{1.1 * value} W/(m^2*K)",
        "sink_temperature": f"{kind.sink_temperature.value} degC",
    }
    house.device.save()
    wish: dict[str, Any] = {"indication": "oily_skin", "zones": ["cheek"], "method": "ln2_swab", "exposure_class": 2}
    course = ready_course(house, ready_client(house), device=house.device, room=house.room, **wish)
    return computed_plan(house, course, who="doctor")


def test_class_two_is_approved_by_a_doctor_alone(acorn: House) -> None:
    plan = _class_two(acorn)
    assert (plan.status, plan.exposure_class) == ("planned", 2)
    for who in ("operator", "owner"):
        with pytest.raises(PermissionDenied):
            approve(acorn.actor(who), plan)
        assert acorn.browser(who).post(f"/courses/plans/{plan.pk}/approve/").status_code == 403
        assert "Approve this plan" not in acorn.browser(who).get(f"/courses/plans/{plan.pk}/").content.decode()
    approve(acorn.actor("doctor"), plan)
    assert Approval.objects.get().role == "doctor"
    with pytest.raises(PermissionDenied):
        revoke(acorn.actor("operator"), plan, "no")
    assert acorn.browser("operator").post(f"/courses/plans/{plan.pk}/revoke/", {"reason": "no"}).status_code == 403
    assert Approval.objects.get().revoked_at is None


def test_a_lowered_class_beside_the_text_is_noticed(acorn: House) -> None:
    plan = _class_two(acorn)
    forged = _copy(plan, exposure_class=1)
    assert _refused(acorn, forged) == {"tampered"}


# --- what: one test for each thing that stands in the way -----------------------------------------------


def _copy(plan: Plan, **changes: Any) -> Plan:
    """The same plan as another row, with something changed: the database refuses to change the row itself."""
    fields = {field.attname: getattr(plan, field.attname) for field in Plan._meta.concrete_fields}
    return Plan.objects.create(**{**fields, "id": uuid.uuid4(), **changes})


@pytest.mark.parametrize("state", ["queued", "running", "failed"])
def test_what_is_not_computed_cannot_be_approved(acorn: House, state: str) -> None:
    plan = computed_plan(acorn, state=state, result="", content_sha256="")
    with pytest.raises(NotApprovedError) as caught:
        approve(acorn.actor("doctor"), plan)
    assert [one.code for one in caught.value.obstacles] == ["not_done"]


def test_a_refusal_cannot_be_approved(acorn: House) -> None:
    client = ready_client(acorn)
    course = ready_course(acorn, client)
    answer_all(acorn, client, cold_hives="yes")
    plan = computed_plan(acorn, course)
    with pytest.raises(PermissionDenied):
        approve(acorn.actor("operator"), plan)
    assert "refused" in _refused(acorn, plan, "doctor")


def test_an_edited_text_cannot_be_approved(acorn: House) -> None:
    plan = computed_plan(acorn)
    content = json.loads(plan.result)
    content["zones"][0]["passes"] = 9
    forged = _copy(plan, result=json.dumps(content))
    assert _refused(acorn, forged) == {"tampered"}
    page = acorn.browser("operator").get(f"/courses/plans/{forged.pk}/").content.decode()
    assert "Do not use this plan" in page
    card = acorn.browser("operator").get(f"/courses/plans/{forged.pk}/card/").content.decode()
    assert "NOT TO BE USED" in card
    assert "9 passes" not in card


def test_an_edited_text_with_a_new_fingerprint_of_its_own_cannot_be_approved(acorn: House) -> None:
    plan = computed_plan(acorn)
    content = json.loads(plan.result)
    content["card"]["steps"] = ["1. Anything"]
    sha = bridge.digest_of(json.dumps(content))
    assert _refused(acorn, _copy(plan, result=json.dumps(content), content_sha256=sha)) == {"tampered"}


def test_another_persons_plan_cannot_be_approved(acorn: House) -> None:
    plan = computed_plan(acorn)
    other = ready_course(acorn, make_client(acorn, full_name="Somebody Else"))
    assert _refused(acorn, _copy(plan, course_id=other.pk)) == {"tampered"}


def test_a_changed_answer_makes_it_stale(acorn: House) -> None:
    plan = computed_plan(acorn)
    answer_all(acorn, plan.course.client, keloids="yes")
    assert "stale" in _refused(acorn, plan)
    page = acorn.browser("operator").get(f"/courses/plans/{plan.pk}/").content.decode()
    assert "answers of the screening" in page
    assert "Compute it anew" in page


def test_a_missing_answer_stands_in_the_way(acorn: House) -> None:
    plan = computed_plan(acorn)
    plan.course.client.answer_sets.all().delete()
    assert {"stale", "missing"} <= _refused(acorn, plan)


@pytest.mark.parametrize("key", ["knowledge", "engine"])
def test_another_program_makes_it_stale(acorn: House, key: str) -> None:
    plan = computed_plan(acorn)
    assert _refused(acorn, _copy(plan, inputs={**plan.inputs, key: "another"})) == {"stale"}


def test_a_person_whom_the_screening_stops_cannot_be_approved(acorn: House) -> None:
    plan = computed_plan(acorn)
    answer_all(acorn, plan.course.client, cold_hives="yes")
    assert {"stale", "verdict"} <= _refused(acorn, plan)


def test_the_verdict_is_asked_for_even_where_nothing_seems_to_have_changed(
    acorn: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = computed_plan(acorn)
    answer_all(acorn, plan.course.client, cold_hives="yes")
    monkeypatch.setattr("cryomassage_clinic.courses.approval.stale_parts", lambda _plan: [])
    monkeypatch.setattr("cryomassage_clinic.courses.plan_views.stale_parts", lambda _plan: [])
    assert _refused(acorn, plan) == {"verdict"}


def test_a_room_that_is_refused_now_stands_in_the_way(acorn: House) -> None:
    wish: dict[str, Any] = {"indication": "acne_inflammatory", "zones": ["cheek"], "method": "ln2_swab"}
    wish |= {"exposure_class": None, "device": acorn.device, "room": acorn.room}
    plan = computed_plan(acorn, ready_course(acorn, ready_client(acorn), **wish))
    assert plan.status == "planned"
    vessel = acorn.room.vessels.get()
    vessel.volume_L = 50.0
    vessel.save()
    assert {"stale", "room"} <= _refused(acorn, plan)


def test_without_a_signed_consent_nothing_is_approved(acorn: House) -> None:
    plan = computed_plan(acorn)
    plan.course.client.consents.update(withdrawn_at=timezone.now(), withdrawn_reason="changed her mind")
    assert _refused(acorn, plan) == {"consent"}


def test_a_day_that_has_passed_is_not_approved(acorn: House, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = computed_plan(acorn)
    tomorrow = today() + datetime.timedelta(days=1)
    monkeypatch.setattr("cryomassage_clinic.courses.approval.today_of", lambda _clinic: tomorrow)
    assert {one.code for one in obstacles(plan, acorn.actor("operator"))} == {"past"}


def test_a_day_too_far_ahead_is_not_approved(acorn: House, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = computed_plan(acorn)
    monkeypatch.setattr(
        "cryomassage_clinic.courses.approval.today_of", lambda _clinic: today() - datetime.timedelta(days=91)
    )
    assert {one.code for one in obstacles(plan, acorn.actor("operator"))} == {"far"}


def test_an_ended_course_is_not_approved(acorn: House) -> None:
    plan = computed_plan(acorn)
    Course.objects.update(status=Course.Status.ENDED)
    assert _refused(acorn, plan) == {"ended"}


def test_an_erased_client_is_not_approved(acorn: House) -> None:
    plan = computed_plan(acorn)
    client = plan.course.client
    client.erased_at = timezone.now()
    client.save()
    assert "erased" in {one.code for one in obstacles(Plan.objects.get(pk=plan.pk), acorn.actor("operator"))}


# --- once, and for good ---------------------------------------------------------------------------------


def test_the_second_approval_is_refused_even_if_both_have_looked_before(
    acorn: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = computed_plan(acorn)
    monkeypatch.setattr(plan_services, "obstacles", lambda _plan, _actor: [])
    approve(acorn.actor("operator"), plan)
    with pytest.raises(NotApprovedError, match="approved"):
        approve(acorn.actor("doctor"), plan)
    assert Approval.objects.get().approved_by == acorn.operator


def test_of_six_who_approve_at_once_one_does(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path}/clinic.sqlite3",
        "CRYOMASSAGE_DATA": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.clinic.plan_races", "10", "6"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.strip().splitlines()[-1])
    assert told == {"winners": 10, "losers": 50, "others": {}, "approvals": 10, "audit": 10}


@pytest.mark.parametrize(
    "change",
    [
        {"content_sha256": "0" * 64},
        {"role": "doctor"},
        {"approved_at": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)},
        {"plan": None},
        {"approved_by": None},
    ],
)
def test_the_database_itself_refuses_to_change_an_approval(acorn: House, change: dict[str, Any]) -> None:
    plan = computed_plan(acorn)
    approve(acorn.actor("operator"), plan)
    put: dict[str, Any] = {"plan": _copy(plan), "approved_by": acorn.doctor}
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Approval.objects.update(**{name: put.get(name, value) for name, value in change.items()})


def test_an_approved_plan_cannot_be_deleted(acorn: House) -> None:
    from django.db.models import ProtectedError

    plan = computed_plan(acorn)
    approve(acorn.actor("operator"), plan)
    with pytest.raises(ProtectedError):
        Plan.objects.filter(pk=plan.pk).delete()


def test_an_approval_is_taken_back_once_with_a_reason_and_stays_on_file(acorn: House) -> None:
    plan, browser = computed_plan(acorn), acorn.browser("operator")
    approve(acorn.actor("operator"), plan)
    empty = browser.post(f"/courses/plans/{plan.pk}/revoke/", {"reason": "  "})
    assert empty.status_code == 422
    assert b"Say why" in empty.content
    long = browser.post(f"/courses/plans/{plan.pk}/revoke/", {"reason": "x" * 10_000})
    assert long.status_code == 422
    assert browser.post(f"/courses/plans/{plan.pk}/revoke/", {"reason": "wrong zone <b>"}).status_code == 302
    approval = Approval.objects.get()
    assert (approval.revoked_by, approval.revoked_reason) == (acorn.operator, "wrong zone <b>")
    assert approved_plan(plan.course) is None
    assert working_plan(plan.course, today()) is None
    page = browser.get(f"/courses/plans/{plan.pk}/").content.decode()
    assert "wrong zone &lt;b&gt;" in page
    assert "Approve this plan" not in page
    with pytest.raises(ValidationError):
        revoke(acorn.actor("operator"), plan, "again")
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Approval.objects.update(revoked_at=timezone.now() + datetime.timedelta(days=1))
    assert "approved" in {one.code for one in obstacles(Plan.objects.get(pk=plan.pk), acorn.actor("operator"))}
    assert AuditRow.objects.filter(action="plan.approval_revoked").count() == 1


def test_a_change_after_approval_marks_the_plan_as_stale_everywhere(acorn: House) -> None:
    plan, browser = computed_plan(acorn), acorn.browser("operator")
    approve(acorn.actor("operator"), plan)
    assert working_plan(plan.course, today()) == plan
    answer_all(acorn, plan.course.client, keloids="yes")
    assert working_plan(plan.course, today()) is None
    assert "This plan has gone stale" in browser.get(f"/courses/plans/{plan.pk}/").content.decode()
    assert "Stale. Changed since:" in browser.get(f"/courses/{plan.course_id}/").content.decode()
    answer_all(acorn, plan.course.client)
    assert working_plan(Course.objects.get(), today()) == plan, "the same answers again are no change"


@pytest.mark.parametrize("page", ["approve", "revoke"])
def test_approving_is_a_post_by_a_member_of_the_clinic(acorn: House, birch: House, page: str) -> None:
    from django.test import Client as Browser

    plan = computed_plan(acorn)
    address = f"/courses/plans/{plan.pk}/{page}/"
    assert acorn.browser("operator").get(address).status_code == 405
    assert birch.browser("doctor").post(address, {"reason": "x"}).status_code == 404
    assert acorn.browser("doctor").post(f"/courses/plans/{uuid.uuid4()}/{page}/").status_code == 404
    assert acorn.browser("reception").post(address).status_code == 403
    assert "login" in Browser().post(address)["Location"]
    unguarded = Browser(enforce_csrf_checks=True)
    unguarded.force_login(acorn.operator, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert unguarded.post(address).status_code == 403
    assert not Approval.objects.exists()
