"""The verdict is the core's, told everywhere alike; what is not known, stale or stopped never looks clear."""

from __future__ import annotations

import datetime
import random
import re
import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from cryomassage_clinic import bridge
from cryomassage_clinic.audit.models import AuditRow
from cryomassage_clinic.courses.case import case_for
from cryomassage_clinic.courses.days import today_of
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.screening import services, verdict
from cryomassage_clinic.screening.asking import asked_questions
from cryomassage_clinic.screening.models import AnswerSet, DoctorNote, TestSpot
from cryomassage_clinic.screening.selectors import notes_for_case, verdict_of
from tests.clinic.people import House, make_client, make_course
from tests.clinic.test_screening_form import backdate, harmless_for, words_of

pytestmark = [pytest.mark.unit, pytest.mark.pages]

DAY = datetime.timedelta(days=1)


@pytest.fixture
def course(acorn: House) -> Course:
    return make_course(acorn, make_client(acorn))


def answer(house: House, course: Course, **more: Any) -> None:
    services.save_answers(house.actor("operator"), course, {**harmless_for(course), **more})


def spot(house: House, course: Course, days: int = 1, result: str = "clear", **more: Any) -> TestSpot:
    fields = {"method": course.method, "date": today_of(house.clinic) - days * DAY, "read_after_min": 15.0, **more}
    return services.add_test_spot(house.actor("operator"), course.client, result=result, **fields)


def judged(house: House, course: Course, who: str = "operator", days: int = 0) -> verdict.Verdict:
    return verdict_of(course, today_of(house.clinic) + days * DAY, getattr(house, who))


def shown(house: House, course: Course) -> set[str]:
    """The outcomes that the pages show."""
    browser, found = house.browser("operator"), set()
    for page in (reverse("client_card", args=[course.client_id]), reverse("screening_verdict", args=[course.pk])):
        outcomes = re.findall(r'data-outcome="(\w+)"', browser.get(page).content.decode())
        assert outcomes
        found |= set(outcomes)
    return found


# --- unknown means no -------------------------------------------------------------------------------------


def test_nothing_asked_is_unknown_and_names_every_question(acorn: House, course: Course) -> None:
    found = judged(acorn, course)
    assert (found.outcome, found.may, found.mark) == ("unknown", False, "stop")
    asks = {question.ask for question in asked_questions(course, today_of(acorn.clinic)).values()}
    assert {one.text for one in found.missing} == asks
    assert all(one.address.startswith(reverse("screening_form", args=[course.pk]) + "#q-") for one in found.missing)
    assert shown(acorn, course) == {"unknown"}


@pytest.mark.parametrize("field", ["sex", "phototype"])
def test_a_body_that_is_not_known_is_unknown(acorn: House, course: Course, field: str) -> None:
    answer(acorn, course)
    setattr(course.client, field, "")
    course.client.save()
    found = judged(acorn, course)
    assert found.outcome == "unknown"
    assert [one.address for one in found.missing] == [reverse("client_edit", args=[course.client_id])]
    assert shown(acorn, course) == {"unknown"}


def test_clear_answers_and_a_clear_spot_are_clear_for_this_day_only(acorn: House, course: Course) -> None:
    answer(acorn, course)
    spot(acorn, course)
    assert judged(acorn, course).outcome == "clear"
    assert shown(acorn, course) == {"clear"}
    tomorrow = judged(acorn, course, days=1)
    assert tomorrow.outcome == "unknown"
    assert all(one.stale for one in tomorrow.missing)


@pytest.mark.parametrize("days", [1, 40, 100, 400])
def test_stale_answers_are_unknown(acorn: House, course: Course, days: int) -> None:
    answer(acorn, course)
    spot(acorn, course)
    backdate(AnswerSet.objects.get(), days)
    assert judged(acorn, course).outcome == "unknown"
    assert shown(acorn, course) == {"unknown"}


def test_a_zone_that_was_not_asked_about_is_unknown(acorn: House, course: Course) -> None:
    answer(acorn, course)
    spot(acorn, course)
    wider = make_course(acorn, course.client, zones=["cheek", "forehead"])
    found = judged(acorn, wider)
    assert found.outcome == "unknown"
    sited = {bridge.knowledge().question[key].ask for key in bridge.sited_questions()}
    assert {one.text for one in found.missing} <= sited


# --- every outcome ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ({"contact_allergy": "yes"}, "limit"),
        ({"alcohol": "yes"}, "defer"),
        ({"epilepsy": "yes"}, "refer"),
        ({"lupus": "unsure"}, "refer"),
        ({"cold_hives": "yes"}, "stop"),
        ({"cold_hives": "unsure"}, "refer"),
        ({"systolic": "190 mmHg"}, "stop"),
        ({"pressure_symptoms": "yes"}, "stop"),
        ({"numb_skin": {"answer": "yes", "zones": ["chin"]}}, "limit"),
        ({"numb_skin": "yes"}, "stop"),
    ],
)
def test_each_answer_leads_to_its_outcome_on_every_page(
    acorn: House, course: Course, answers: dict[str, Any], outcome: str
) -> None:
    answer(acorn, course, **answers)
    spot(acorn, course)
    found = judged(acorn, course)
    assert found.outcome == outcome
    assert found.reasons
    assert all(reason.sources for reason in found.reasons)
    assert shown(acorn, course) == {outcome}
    told = words_of(acorn.browser("inspector").get(reverse("screening_verdict", args=[course.pk])))
    for reason in found.reasons:
        assert reason.text.replace("'", "&#x27;").replace("“", "“") in told
        assert reason.sources[0].title.split("'")[0].split("&")[0] in told


def test_the_zone_that_is_stopped_is_named_as_left_out(acorn: House, course: Course) -> None:
    answer(acorn, course, numb_skin={"answer": "yes", "zones": ["chin"]})
    spot(acorn, course)
    found = judged(acorn, course)
    assert found.left_out == ("Chin and skin under the lower lip",)
    assert found.reasons[0].zones == found.left_out


def test_an_urgent_answer_says_to_seek_care_first_and_nothing_else_to_do(acorn: House, course: Course) -> None:
    answer(acorn, course, pressure_symptoms="yes", epilepsy="yes", alcohol="yes")
    found = judged(acorn, course)
    assert found.urgent
    assert found.reasons[0].urgent
    told = words_of(acorn.browser("operator").get(reverse("screening_verdict", args=[course.pk])))
    assert "Get medical help now" in told
    assert "Next: consent" not in told
    assert "Enter a doctor&#x27;s clearance" not in told


def test_an_urgent_stop_at_one_place_is_a_stop_everywhere(acorn: House, course: Course) -> None:
    answer(acorn, course, systolic="190 mmHg")
    found = bridge.screen(case_for(course, date=today_of(acorn.clinic)))
    elsewhere = found.model_copy(update={"verdict": type(found.verdict)("limit")})
    told = verdict._told(course, today_of(acorn.clinic), (), elsewhere, set(), ())
    assert (told.outcome, told.urgent) == ("stop", True)


def test_a_stop_stays_a_stop_while_other_answers_are_missing(acorn: House, course: Course) -> None:
    answer(acorn, course, sickle_cell="yes")
    backdate(AnswerSet.objects.get(), 40)
    found = judged(acorn, course)
    assert found.outcome == "stop"
    assert found.missing
    assert shown(acorn, course) == {"stop"}


def test_a_deferral_says_until_when(acorn: House, course: Course) -> None:
    today = today_of(acorn.clinic)
    answer(acorn, course, last_illness=today.isoformat())
    spot(acorn, course)
    found = judged(acorn, course)
    assert (found.outcome, found.until) == ("defer", today + 7 * DAY)
    assert str((today + 7 * DAY).year) in found.headline


def test_a_place_that_is_kept_off_entirely_is_unknown(
    acorn: House, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cryomassage_clinic.charting import selectors as charting

    answer(acorn, course)
    spot(acorn, course)
    monkeypatch.setattr(charting, "no_go_zones", lambda client: ["cheek", "chin"])
    assert judged(acorn, course).outcome == "unknown"
    monkeypatch.setattr(charting, "no_go_zones", lambda client: ["cheek"])
    found = judged(acorn, course)
    assert found.left_out == ("Cheeks",)


# --- the verdict of the core, and no other ---------------------------------------------------------------


def random_answers(course: Course, chance: random.Random) -> dict[str, Any]:
    today = today_of(course.clinic)
    given = harmless_for(course)
    for key in chance.sample(sorted(given), chance.choice([0, 1, 1, 2, 4])):
        question = asked_questions(course, today)[key]
        if question.answer == "number":
            given[key] = f"{chance.randint(50, 150) if key == 'pulse' else chance.randint(80, 130)} {question.unit}"
        elif question.answer == "date_or_no":
            given[key] = (today - chance.choice([0, 3, 20, 200]) * DAY).isoformat()
        elif question.answer == "choice":
            given[key] = chance.choice([*question.choices, "unsure"])
        else:
            given[key] = chance.choice(["yes", "no", "unsure"])
        if key in bridge.sited_questions() and given[key] not in ("no", "unsure") and chance.random() < 0.6:
            given[key] = {"answer": given[key], "zones": [chance.choice(course.zones)]}
    return given


@pytest.mark.parametrize("seed", range(30))
def test_card_and_page_say_what_the_core_says(acorn: House, seed: int) -> None:
    chance = random.Random(seed)
    client = make_client(
        acorn, sex=chance.choice(["female", "male"]), phototype=chance.choice(["i", "iii", "iv", "vi"])
    )
    course = make_course(
        acorn, client, zones=chance.choice([["cheek"], ["cheek", "chin"], ["forehead", "nose", "jaw"]])
    )
    if chance.random() < 0.7:
        spot(acorn, course, days=chance.choice([0, 3, 20, 200]), result=chance.choice(["clear", "clear", "hives"]))
    services.save_answers(acorn.actor("operator"), course, random_answers(course, chance))
    expected = bridge.screen(case_for(course, date=today_of(acorn.clinic)))
    found = judged(acorn, course)
    urgent = any(rule.urgent and rule.outcome == "stop" for rule in expected.rules)
    assert found.outcome == ("stop" if urgent else expected.verdict.value)
    assert found.until == (None if urgent else expected.until)
    chosen = {rule.id for rule in expected.rules if rule.method in (None, expected.method)}
    assert {reason.rule for reason in found.reasons} == chosen
    assert shown(acorn, course) == {found.outcome}


def test_a_changed_rule_of_the_core_changes_the_verdict(
    acorn: House, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(acorn, course, contact_allergy="yes")
    spot(acorn, course)
    assert judged(acorn, course).outcome == "limit"
    known = bridge.knowledge()
    stop = known.rule["cold_hives_stop"].model_copy(
        update={"any_of": known.rule["contact_allergy_limit"].any_of, "reason": "Not with this allergy."}
    )
    changed = known.model_copy(update={"rule": {**known.rule, "allergy_stop": stop}, "fingerprint": "e" * 64})
    monkeypatch.setattr(bridge, "knowledge", lambda: changed)
    found = judged(acorn, course)
    assert (found.outcome, found.fingerprint) == ("stop", "e" * 64)
    assert found.reasons[0].text == "Not with this allergy."


def test_the_same_case_is_judged_once(acorn: House, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(acorn, course)
    first = judged(acorn, course)
    monkeypatch.setattr(bridge, "screen_so_far", lambda case: pytest.fail("judged twice"))
    assert judged(acorn, course) == first


# --- what doctors say -------------------------------------------------------------------------------------


def note_form(**more: Any) -> dict[str, Any]:
    return {"doctor": "Dr Ito", "date": datetime.date.today().isoformat(), "submission": str(uuid.uuid4()), **more}


def test_a_clearance_entered_on_the_verdict_page_turns_refer_into_limit(acorn: House, course: Course) -> None:
    answer(acorn, course, epilepsy="yes")
    spot(acorn, course)
    browser, page = acorn.browser("operator"), reverse("screening_verdict", args=[course.pk])
    told = words_of(browser.get(page))
    assert 'value="epilepsy_refer"' in told
    form = note_form(about="epilepsy_refer", course=str(course.pk))
    response = browser.post(reverse("note_new", args=[course.client_id, "clearance"]), form)
    assert response["Location"] == page
    found = judged(acorn, course)
    assert found.outcome == "limit"
    assert "Dr Ito" in found.reasons[0].cleared_by
    services.withdraw_note(acorn.actor("operator"), DoctorNote.objects.get())
    assert judged(acorn, course).outcome == "refer"
    assert DoctorNote.objects.get().withdrawn_at is not None


def test_a_stop_cannot_be_cleared(acorn: House, course: Course) -> None:
    answer(acorn, course, cold_hives="yes")
    with pytest.raises(services.NoteError):
        services.add_note(
            acorn.actor("doctor"), course.client, "clearance", "cold_hives_stop", "Dr Ito", today_of(acorn.clinic)
        )
    form = note_form(about="cold_hives_stop")
    response = acorn.browser("doctor").post(reverse("note_new", args=[course.client_id, "clearance"]), form)
    assert response.status_code == 422
    assert not DoctorNote.objects.exists()


def test_what_is_not_sure_is_answered_again_and_not_cleared(acorn: House, course: Course) -> None:
    answer(acorn, course, lupus="unsure")
    told = words_of(acorn.browser("operator").get(reverse("screening_verdict", args=[course.pk])))
    assert "Find out what is not sure" in told
    assert not [reason for reason in judged(acorn, course).reasons if reason.clearable]


def test_a_diagnosis_is_asked_for_and_counts_for_its_indication(acorn: House) -> None:
    course = make_course(acorn, make_client(acorn), indication="age_spots", zones=["cheek"])
    answer(acorn, course)
    spot(acorn, course)
    assert "diagnosis.missing" in {reason.rule for reason in judged(acorn, course).reasons}
    form = note_form(about="age_spots", course=str(course.pk))
    acorn.browser("operator").post(reverse("note_new", args=[course.client_id, "diagnosis"]), form)
    assert "diagnosis.missing" not in {reason.rule for reason in judged(acorn, course).reasons}
    today = today_of(acorn.clinic)
    assert "diagnosis" not in notes_for_case(course.client, "rosacea_flushing", today)
    assert "diagnosis" not in notes_for_case(course.client, "age_spots", today - DAY)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"doctor": ""}, "Write the name of the doctor."),
        ({"doctor": "x"}, "Write the name of the doctor."),
        ({"doctor": "x" * 10_000}, "at most 160"),
        ({"doctor": "a\x00b"}, "Null characters"),
        ({"doctor": "Dr \u202eoti"}, "cannot be seen"),
        ({"date": ""}, "Give the day."),
        ({"date": "yesterday"}, "year-month-day"),
        ({"date": "2999-01-01"}, "in the future"),
        ({"date": "1900-01-01"}, "before the client was born"),
        ({"about": "no_such_rule"}, "Choose one."),
        ({"about": ""}, "Choose one."),
    ],
)
def test_a_note_that_cannot_be_is_refused_beside_its_field(
    acorn: House, course: Course, more: dict[str, str], words: str
) -> None:
    form = note_form(**{"about": "epilepsy_refer", **more})
    response = acorn.browser("operator").post(reverse("note_new", args=[course.client_id, "clearance"]), form)
    assert response.status_code == 422
    assert words in words_of(response)
    assert not DoctorNote.objects.exists()


def test_hostile_text_in_a_note_is_escaped(acorn: House, course: Course) -> None:
    form = note_form(about="epilepsy_refer", doctor="<script>alert(1)</script>")
    address = reverse("note_new", args=[course.client_id, "clearance"])
    assert acorn.browser("operator").post(address, form).status_code == 302
    answer(acorn, course, epilepsy="yes")
    for page in (reverse("client_card", args=[course.client_id]), reverse("screening_verdict", args=[course.pk])):
        assert "<script>alert" not in acorn.browser("operator").get(page).content.decode()


# --- test spots -------------------------------------------------------------------------------------------


def test_without_a_spot_only_the_spot_is_allowed(acorn: House, course: Course) -> None:
    answer(acorn, course)
    found = judged(acorn, course)
    assert "test_spot.first" in {reason.rule for reason in found.reasons}
    assert "Today only the test spot" in found.reasons[0].instruction
    told = words_of(acorn.browser("operator").get(reverse("screening_verdict", args=[course.pk])))
    assert "Save the test spot" in told


def test_a_spot_is_entered_and_a_reaction_stops(acorn: House, course: Course) -> None:
    answer(acorn, course)
    form = {"date": today_of(acorn.clinic).isoformat(), "method": "ln2_swab", "read_after_min": "15,5"}
    address = reverse("test_spot_new", args=[course.client_id])
    form |= {"result": "hives", "submission": str(uuid.uuid4())}
    assert acorn.browser("operator").post(address, form).status_code == 302
    assert TestSpot.objects.get().read_after_min == 15.5
    assert judged(acorn, course).outcome == "stop"
    assert shown(acorn, course) == {"stop"}


def test_a_reaction_is_not_hidden_by_another_method_or_an_older_spot(acorn: House, course: Course) -> None:
    answer(acorn, course)
    spot(acorn, course, days=20)
    spot(acorn, course, days=10, method="ln2_spray", result="blister")
    assert judged(acorn, course).outcome == "stop"
    spot(acorn, course, days=5)
    assert judged(acorn, course).outcome == "stop"  # clear by the swab says nothing of the spray that blistered
    spot(acorn, course, days=4, method="ln2_spray")
    assert judged(acorn, course).outcome == "clear"


def test_a_spot_that_was_entered_by_mistake_is_withdrawn_and_kept(acorn: House, course: Course) -> None:
    answer(acorn, course)
    spot(acorn, course, days=5)
    wrong = spot(acorn, course, days=2, result="hives")
    assert judged(acorn, course).outcome == "stop"
    services.withdraw_test_spot(acorn.actor("doctor"), wrong)
    assert judged(acorn, course).outcome == "clear"
    assert TestSpot.objects.count() == 2
    assert AuditRow.objects.filter(action="test_spot.withdrawn").exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"date": "2999-01-01"}, "in the future"),
        ({"method": "ice_massage"}, "is not one of the available choices"),
        ({"method": ""}, "Choose the method."),
        ({"read_after_min": "0"}, "Between 1 and 60"),
        ({"read_after_min": "nan"}, "Write a number"),
        ({"read_after_min": "a while"}, "Write a number"),
        ({"result": ""}, "Choose what was seen."),
        ({"result": "fine"}, "is not one of the available choices"),
    ],
)
def test_a_spot_that_cannot_be_is_refused(acorn: House, course: Course, more: dict[str, str], words: str) -> None:
    form = {"date": "2026-01-05", "method": "ln2_swab", "read_after_min": "15", "result": "clear", **more}
    response = acorn.browser("operator").post(reverse("test_spot_new", args=[course.client_id]), form)
    assert response.status_code == 422
    assert words in words_of(response)
    assert not TestSpot.objects.exists()


# --- who --------------------------------------------------------------------------------------------------


def test_pages_open_to_their_roles_and_to_nobody_else(acorn: House, birch: House, course: Course, client: Any) -> None:
    reads = reverse("screening_verdict", args=[course.pk])
    writes = [
        reverse("note_new", args=[course.client_id, "diagnosis"]),
        reverse("note_new", args=[course.client_id, "clearance"]),
        reverse("test_spot_new", args=[course.client_id]),
    ]
    for address in (reads, *writes):
        assert acorn.browser("operator").get(address).status_code == 200
        assert acorn.browser("reception").get(address).status_code == 403
        assert birch.browser("owner").get(address).status_code == 404
        assert acorn.browser("owner").patch(address).status_code == 405
        assert client.get(address).status_code == 302
        wrong = re.sub(r"[0-9a-f-]{36}", str(uuid.uuid4()), address)
        assert acorn.browser("owner").get(wrong).status_code == 404
    assert acorn.browser("inspector").get(reads).status_code == 200
    assert acorn.browser("inspector").get(writes[0]).status_code == 403
    assert acorn.browser("owner").get(reverse("note_new", args=[course.client_id, "rumour"])).status_code == 404


def test_only_who_may_withdraws(acorn: House, birch: House, course: Course) -> None:
    note = services.add_note(
        acorn.actor("doctor"), course.client, "clearance", "epilepsy_refer", "Dr Ito", today_of(acorn.clinic)
    )
    reading = spot(acorn, course)
    for address in (reverse("note_withdraw", args=[note.pk]), reverse("test_spot_withdraw", args=[reading.pk])):
        assert acorn.browser("operator").get(address).status_code == 405
        assert acorn.browser("inspector").post(address).status_code == 403
        assert birch.browser("owner").post(address).status_code == 404
        assert acorn.browser("operator").post(address).status_code == 302
    note.refresh_from_db()
    reading.refresh_from_db()
    assert note.withdrawn_at
    assert reading.withdrawn_at
    with pytest.raises(PermissionDenied):
        services.withdraw_note(acorn.actor("reception"), note)


def test_a_doctor_may_what_an_operator_may_not(acorn: House) -> None:
    course = make_course(
        acorn, make_client(acorn), indication="alopecia_areata", zones=["scalp"], method="patch_freeze", device=None
    )
    answer(acorn, course)
    rules = {reason.rule for reason in judged(acorn, course).reasons}
    assert "role.not_allowed" in rules
    assert "role.not_allowed" not in {reason.rule for reason in judged(acorn, course, "doctor").reasons}
