"""Asking for a plan, computing it, and the pages of what came out."""

from __future__ import annotations

import datetime
import json
import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django_tasks_db.models import DBTaskResult

from cryomassage_clinic import bridge
from cryomassage_clinic.audit.models import AuditDetails, AuditRow
from cryomassage_clinic.courses import tasks
from cryomassage_clinic.courses.models import Plan
from cryomassage_clinic.courses.pictures import kept
from cryomassage_clinic.courses.plan_services import NotReadyError, approve, ask_plan
from cryomassage_clinic.courses.tasks import compute_plan
from tests.clinic.people import House, make_client, make_course
from tests.clinic.plans import answer_all, computed, computed_plan, ready_client, ready_course, today

pytestmark = [pytest.mark.unit, pytest.mark.pages]


def _asked(house: House, who: str = "operator", **more: Any) -> Plan:
    return ask_plan(house.actor(who), ready_course(house, ready_client(house), **more), today(), 1)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[bridge.Case]:
    """The worker's core, which answers from memory; gives the cases that it was asked for."""
    asked: list[bridge.Case] = []

    def compute(case: bridge.Case, on_step: Any = None) -> bridge.Computed:
        asked.append(case)
        return computed(case)

    monkeypatch.setattr(bridge, "compute", compute)
    return asked


# --- asking ---------------------------------------------------------------------------------------------


def test_asking_makes_a_plan_a_task_and_an_audit_row_together(acorn: House) -> None:
    plan = _asked(acorn)
    task = DBTaskResult.objects.get()
    assert (plan.state, plan.asked_role) == (Plan.State.QUEUED, "operator")
    assert task.args_kwargs == {"args": [str(plan.pk)], "kwargs": {}}
    assert AuditRow.objects.filter(action="plan.asked", subject_id=str(plan.pk)).count() == 1


def test_a_plan_that_cannot_be_stored_leaves_no_task(acorn: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cryomassage_clinic.audit.services.write", lambda *_: 1 / 0)
    course = ready_course(acorn)
    with pytest.raises(ZeroDivisionError):
        ask_plan(acorn.actor("operator"), course, today(), 1)
    assert not Plan.objects.exists()
    assert not DBTaskResult.objects.exists()


def test_the_same_visit_is_not_asked_for_twice(acorn: House) -> None:
    plan = _asked(acorn)
    again = ask_plan(acorn.actor("operator"), plan.course, today(), 1)
    assert again == plan
    assert DBTaskResult.objects.count() == 1
    answer_all(acorn, plan.course.client, keloids="yes")
    assert ask_plan(acorn.actor("operator"), plan.course, today(), 1) != plan


def test_only_a_doctor_is_told_to_the_core_as_one(acorn: House) -> None:
    for who, role in (("operator", "operator"), ("owner", "operator"), ("doctor", "doctor")):
        plan = ask_plan(acorn.actor(who), ready_course(acorn, make_client(acorn)), today(), 1)
        assert plan.case["visit"]["role"] == plan.asked_role == role


def _nothing_answered(house: House) -> Any:
    return make_course(
        house, make_client(house), indication="slight_swelling", zones=["forehead"], method="ice_massage"
    )


def _answers_grown_old(house: House) -> Any:
    course = _nothing_answered(house)
    answer_all(house, course.client, at=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
    return course


def _body_unknown(house: House) -> Any:
    return ready_course(house, make_client(house, phototype=""))


def _ended(house: House) -> Any:
    return ready_course(house, status="ended")


def _calibration_grown_old(house: House) -> Any:
    kind = bridge.knowledge().cold_source["ln2_swab"]
    value = kind.heat_transfer_coefficient.value
    house.device.calibration = {
        "date": "2020-01-01",
        "how": "agarose phantom, five runs",
        "heat_transfer_coefficient": f"{value} W/(m^2*K)",
        "heat_transfer_coefficient_low": f"{0.9 * value} W/(m^2*K)",
        "heat_transfer_coefficient_high": f"{1.1 * value} W/(m^2*K)",
        "sink_temperature": f"{kind.sink_temperature.value} degC",
    }
    house.device.save()
    wish = {"method": "ln2_swab", "device": house.device, "room": house.room, "exposure_class": None}
    return ready_course(house, zones=["cheek"], **wish)


@pytest.mark.parametrize(
    ("course_of", "says"),
    [
        (_nothing_answered, "no answer"),
        (_answers_grown_old, "too old"),
        (_body_unknown, "Skin type"),
        (_ended, "ended"),
        (_calibration_grown_old, "Calibration"),
    ],
)
def test_unknown_or_stale_input_makes_no_plan_and_is_told(acorn: House, course_of: Any, says: str) -> None:
    course = course_of(acorn)
    with pytest.raises(NotReadyError) as caught:
        ask_plan(acorn.actor("operator"), course, today(), 1)
    assert any(says in one.text and one.address for one in caught.value.missing), caught.value.missing
    page = acorn.browser("operator").post(f"/courses/{course.pk}/plan/", {"date": today(), "session": 1})
    assert page.status_code == 422
    if course.status != "ended":
        assert says in page.content.decode()
    assert not Plan.objects.exists()
    assert not DBTaskResult.objects.exists()


def test_an_operator_cannot_ask_for_what_a_doctor_must_plan(acorn: House) -> None:
    wish = {"indication": "oily_skin", "method": "ln2_swab", "device": acorn.device, "room": acorn.room}
    course = ready_course(acorn, zones=["cheek"], exposure_class=2, **wish)
    with pytest.raises(NotReadyError) as caught:
        ask_plan(acorn.actor("operator"), course, today(), 1)
    assert "doctor" in caught.value.missing[0].text
    assert ask_plan(acorn.actor("doctor"), course, today(), 1).state == Plan.State.QUEUED
    assert course.client.full_name in acorn.browser("doctor").get("/courses/plans/").content.decode()


@pytest.mark.parametrize("who", ["reception", "inspector"])
def test_who_does_not_plan_cannot_ask(acorn: House, who: str) -> None:
    course = ready_course(acorn)
    with pytest.raises(PermissionDenied):
        ask_plan(acorn.actor(who), course, today(), 1)
    assert acorn.browser(who).post(f"/courses/{course.pk}/plan/", {"date": today(), "session": 1}).status_code == 403


@pytest.mark.parametrize(
    ("date", "session"),
    [("", "1"), ("yesterday", "1"), ("2026-02-30", "1"), ("2000-01-01", "1"), (None, "0"), (None, "61"), (None, "x\0")],
)
def test_a_day_or_session_that_cannot_be_is_refused_in_words(acorn: House, date: str | None, session: str) -> None:
    course = ready_course(acorn)
    sent = {"date": today().isoformat() if date is None else date, "session": session}
    page = acorn.browser("operator").post(f"/courses/{course.pk}/plan/", sent)
    assert page.status_code == 422
    assert b'aria-invalid="true"' in page.content
    assert not Plan.objects.exists()


# --- computing ------------------------------------------------------------------------------------------


def test_the_worker_computes_keeps_and_tells(acorn: House, quick: list[Any]) -> None:
    plan = _asked(acorn)
    compute_plan.call(str(plan.pk))
    plan.refresh_from_db()
    result = computed(plan.case)
    assert (plan.state, plan.status, plan.exposure_class) == (Plan.State.DONE, "planned", 0)
    assert (plan.result, plan.content_sha256) == (result.text, result.content_sha256)
    assert plan.pictures == json.loads(json.dumps(kept(result.pictures)))
    details = AuditDetails.objects.get(row__action="plan.computed")
    assert plan.content_sha256 in details.text


def test_a_plan_is_computed_once_however_often_its_task_runs(acorn: House, quick: list[Any]) -> None:
    plan = _asked(acorn)
    for _ in range(3):
        compute_plan.call(str(plan.pk))
    assert len(quick) == 1
    assert AuditRow.objects.filter(action="plan.computed").count() == 1


def test_a_plan_whose_worker_was_killed_is_computed_after_the_restart(acorn: House, quick: list[Any]) -> None:
    plan = _asked(acorn)
    Plan.objects.filter(pk=plan.pk).update(state=Plan.State.RUNNING, attempts=1, progress="search:forehead")
    compute_plan.call(str(plan.pk))
    plan.refresh_from_db()
    assert (plan.state, plan.attempts, plan.progress) == (Plan.State.DONE, 2, "")


def test_after_three_killed_workers_the_plan_is_given_up_in_words(acorn: House, quick: list[Any]) -> None:
    plan = _asked(acorn)
    Plan.objects.filter(pk=plan.pk).update(state=Plan.State.RUNNING, attempts=tasks.MOST_ATTEMPTS)
    compute_plan.call(str(plan.pk))
    plan.refresh_from_db()
    assert plan.state == Plan.State.FAILED
    assert quick == []
    assert "cut off three times" in acorn.browser("operator").get(f"/courses/plans/{plan.pk}/").content.decode()


def test_a_second_result_of_the_same_plan_is_not_kept(acorn: House, quick: list[Any]) -> None:
    plan = _asked(acorn)
    result = computed(plan.case)
    compute_plan.call(str(plan.pk))
    tasks._keep(str(plan.pk), result)
    assert AuditRow.objects.filter(action="plan.computed").count() == 1


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            bridge.InputError("case", [bridge.Problem("vitals", "9", "is not believable", "Measure again.")]),
            "Measure again.",
        ),
        (bridge.CryomassageError("the engine cannot do this"), "the engine cannot do this"),
        (MemoryError("Wilhelmina"), "The program made a mistake"),
    ],
)
def test_whatever_goes_wrong_is_kept_in_words(
    acorn: House, monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    def broken(case: bridge.Case, on_step: Any) -> bridge.Computed:
        raise error

    monkeypatch.setattr(bridge, "compute", broken)
    plan = _asked(acorn)
    compute_plan.call(str(plan.pk))
    plan.refresh_from_db()
    assert plan.state == Plan.State.FAILED
    page = acorn.browser("operator").get(f"/courses/plans/{plan.pk}/").content.decode()
    assert says in page
    assert "Wilhelmina" not in page + plan.error
    assert AuditRow.objects.filter(action="plan.failed").count() == 1


def test_progress_is_written_while_the_worker_computes(acorn: House, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def stepping(case: bridge.Case, on_step: Any) -> bridge.Computed:
        for number, step in enumerate(("screening", "search", "confirm", "predict", "draw")):
            on_step(bridge.Step(step, "forehead" if step not in ("screening", "draw") else "", number, 5))
            page = acorn.browser("operator").get(f"/courses/plans/{plan.pk}/progress/", HTTP_HX_REQUEST="true")
            seen.append(page.content.decode())
        return computed(case)

    monkeypatch.setattr(bridge, "compute", stepping)
    plan = _asked(acorn)
    compute_plan.call(str(plan.pk))
    words = ("Checking the answers", "Looking for the dose: Forehead", "Confirming it", "Following the skin", "Drawing")
    assert all(word in page for word, page in zip(words, seen, strict=True))
    assert all("every 1s" in page for page in seen)
    assert 'value="60"' in seen[3]
    done = acorn.browser("operator").get(f"/courses/plans/{plan.pk}/progress/")
    assert done["HX-Refresh"] == "true"
    assert "hx-get" not in done.content.decode()


# --- what was computed is never changed -----------------------------------------------------------------

FIELDS = {
    "result": "{}",
    "content_sha256": "0" * 64,
    "status": "refused",
    "exposure_class": 1,
    "case": {},
    "inputs": {},
    "pictures": {},
    "visit_date": datetime.date(2030, 1, 1),
    "asked_role": "doctor",
    "state": "queued",
}


@pytest.mark.parametrize("field", FIELDS)
def test_the_database_itself_refuses_to_change_a_computed_plan(acorn: House, field: str) -> None:
    plan = computed_plan(acorn)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Plan.objects.filter(pk=plan.pk).update(**{field: FIELDS[field]})
    setattr(plan, field, FIELDS[field])
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        plan.save()


# --- pages ----------------------------------------------------------------------------------------------


def test_the_page_tells_what_to_do_what_is_felt_and_why(acorn: House) -> None:
    plan = computed_plan(acorn)
    page = acorn.browser("operator").get(f"/courses/plans/{plan.pk}/").content.decode()
    core = bridge.read_plan(plan.result)
    assert core.card is not None
    for words in (
        "What to do",
        "What the skin will feel",
        "Why",
        "Stop at once when",
        "Custom only: no study shows it",
    ):
        assert words in page
    assert str(core.card.stop_signs[-1]) in page
    assert 'class="curve"' in page
    assert plan.content_sha256 in page
    assert f"/courses/plans/{plan.pk}/pictures/forehead-0.svg" in page
    assert "style=" not in page
    assert "<style" not in page
    assert "Approve this plan" in page


def test_a_contradicted_claim_is_told_on_the_plan(acorn: House) -> None:
    course = ready_course(
        acorn, ready_client(acorn), indication="lid_swelling_bruises", zones=["lower_eyelid"], method="cool_compress"
    )
    plan = computed_plan(acorn, course)
    page = acorn.browser("operator").get(f"/courses/plans/{plan.pk}/").content.decode()
    assert "Contradicted: studies found no effect" in page
    assert "Often said, and not so" in page


def test_a_refused_plan_says_why_and_what_next(acorn: House) -> None:
    client = ready_client(acorn)
    course = ready_course(acorn, client)
    answer_all(acorn, client, cold_hives="yes")
    plan = computed_plan(acorn, course)
    page = acorn.browser("operator").get(f"/courses/plans/{plan.pk}/").content.decode()
    core = bridge.read_plan(plan.result)
    assert (plan.status, core.card) == ("refused", None)
    assert "No treatment" in page
    assert "Approve this plan" not in page
    assert core.next_step.split(".")[0] in page


def test_a_source_without_a_safe_dose_says_what_to_measure(acorn: House) -> None:
    plan = computed_plan(acorn, ready_course(acorn, ready_client(acorn), exposure_class=1))
    page = acorn.browser("operator").get(f"/courses/plans/{plan.pk}/").content.decode()
    assert plan.status == "no_safe_dose"
    assert "What to measure:" in page
    assert "Approve this plan" not in page


def test_dark_skin_is_told_to_go_by_time_and_touch(acorn: House) -> None:
    plan = computed_plan(acorn, ready_course(acorn, ready_client(acorn, phototype="vi")))
    page = acorn.browser("operator").get(f"/courses/plans/{plan.pk}/").content.decode()
    assert "Colour is no guide on this skin" in page


def test_the_card_is_stamped_until_it_is_approved(acorn: House) -> None:
    plan, browser = computed_plan(acorn), acorn.browser("operator")
    before = browser.get(f"/courses/plans/{plan.pk}/card/").content.decode()
    assert "NOT APPROVED: do not work from this page" in before
    assert "Approved by" not in before
    approve(acorn.actor("operator"), plan)
    after = browser.get(f"/courses/plans/{plan.pk}/card/").content.decode()
    assert "NOT APPROVED" not in after
    core = bridge.read_plan(plan.result)
    assert core.card is not None
    for words in ("Anna Petrova", "Acorn", plan.content_sha256, "Approved by Acorn-operator", "verified by login"):
        assert words in after
    for line in (*core.card.steps, *core.card.first_aid, *core.card.stop_signs):
        assert line.split('"')[0][:40].replace("'", "&#x27;") in after
    assert "Never alone" in after
    assert "not verified" not in after
    answer_all(acorn, plan.course.client, keloids="yes")
    assert "STALE: do not work from this page" in browser.get(f"/courses/plans/{plan.pk}/card/").content.decode()


def test_what_leaves_a_plan_is_what_was_computed(acorn: House) -> None:
    plan, browser = computed_plan(acorn), acorn.browser("inspector")
    data = browser.get(f"/courses/plans/{plan.pk}/plan.json")
    assert data.content.decode() == plan.result
    assert "attachment" in data["Content-Disposition"]
    report = browser.get(f"/courses/plans/{plan.pk}/report.html")
    assert report["Content-Disposition"].startswith("attachment")
    assert b"<h1" in report.content
    picture = browser.get(f"/courses/plans/{plan.pk}/pictures/forehead-0.svg")
    assert picture["Content-Type"].startswith("image/svg+xml")
    assert browser.get(f"/courses/plans/{plan.pk}/pictures/no-such.svg").status_code == 404
    for answer in (data, report, picture):
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert b"Petrova" not in answer.content


def test_two_plans_stand_side_by_side(acorn: House) -> None:
    course = ready_course(acorn, ready_client(acorn))
    first = computed_plan(acorn, course)
    course.exposure_class, course.zones = 0, ["chin"]
    course.save()
    second = computed_plan(acorn, course)
    browser = acorn.browser("operator")
    alone = browser.get(f"/courses/plans/compare/?a={first.pk}").content.decode()
    assert str(second.pk) in alone
    page = browser.get(f"/courses/plans/compare/?a={first.pk}&b={second.pk}").content.decode()
    assert page.count('class="differs"') > 5
    assert 'id="curves-forehead"' in page
    assert "uPlot.iife.min.js" in page
    other = computed_plan(acorn, ready_course(acorn, make_client(acorn, full_name="Somebody Else")))
    assert browser.get(f"/courses/plans/compare/?a={first.pk}&b={other.pk}").status_code == 404
    for wrong in ("", "x", uuid.uuid4(), "\0"):
        assert browser.get("/courses/plans/compare/", {"a": str(wrong)}).status_code == 404


PLAN_PAGES = ("", "progress/", "card/", "plan.json", "report.html", "pictures/forehead-0.svg")


@pytest.mark.parametrize("page", PLAN_PAGES)
def test_plan_pages_are_opened_to_those_who_may(acorn: House, birch: House, page: str) -> None:
    from django.test import Client as Browser

    plan = computed_plan(acorn)
    address = f"/courses/plans/{plan.pk}/{page}"
    for who in ("owner", "doctor", "operator", "inspector"):
        assert acorn.browser(who).get(address).status_code == 200, who
    assert acorn.browser("reception").get(address).status_code == 403
    assert birch.browser("owner").get(address).status_code == 404
    assert acorn.browser("owner").get(f"/courses/plans/{uuid.uuid4()}/{page}").status_code == 404
    assert acorn.browser("owner").get(f"/courses/plans/not-an-id/{page}").status_code == 404
    assert acorn.browser("operator").post(address).status_code == 405
    anonymous = Browser().get(address)
    assert anonymous.status_code == 302
    assert "login" in anonymous["Location"]


def test_reading_a_plan_is_written_down(acorn: House) -> None:
    plan = computed_plan(acorn)
    acorn.browser("inspector").get(f"/courses/plans/{plan.pk}/")
    row = AuditRow.objects.get(action="read", subject_id=str(plan.pk))
    assert row.actor == str(acorn.inspector.pk)
    assert row.details.client_id == str(plan.course.client_id)


def test_an_empty_list_teaches_and_a_full_one_tells_what_waits(acorn: House) -> None:
    browser = acorn.browser("operator")
    assert "No plans yet" in browser.get("/courses/plans/").content.decode()
    plan = computed_plan(acorn)
    _asked_too = ask_plan(acorn.actor("operator"), plan.course, today(), 1)
    page = browser.get("/courses/plans/").content.decode()
    assert "To be approved" in page
    assert "Being computed" in page
    assert "Waiting for its turn" in page
    assert acorn.browser("reception").get("/courses/plans/").status_code == 403


def test_hostile_names_are_shown_and_never_run(acorn: House) -> None:
    name = "<script>alert(1)</script> \"' 🦔 \u202eevil"
    plan = computed_plan(acorn, ready_course(acorn, ready_client(acorn, full_name=name)))
    for page in ("", "card/"):
        told = acorn.browser("operator").get(f"/courses/plans/{plan.pk}/{page}").content.decode()
        assert "<script>alert" not in told
        assert "&lt;script&gt;alert(1)" in told
