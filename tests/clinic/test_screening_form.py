"""The questionnaire: asked from the core's knowledge, complete or refused, re-asked when stale, never changed."""

from __future__ import annotations

import datetime
import re
import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from cryomassage.knowledge.consistency import contradictions
from cryomassage_clinic import bridge
from cryomassage_clinic.audit.models import AuditRow
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.courses.days import today_of
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.screening import services
from cryomassage_clinic.screening.answers import Kept, counts
from cryomassage_clinic.screening.asking import asked_questions, questionnaire
from cryomassage_clinic.screening.models import AnswerSet
from cryomassage_clinic.screening.selectors import answers_for_case
from cryomassage_clinic.web.once import StaleFormError
from tests.clinic.people import House, make_client, make_course
from tests.support.clients import harmless

pytestmark = [pytest.mark.unit, pytest.mark.pages]

DAY = datetime.timedelta(days=1)
MEASURED = {"systolic": "118 mmHg", "diastolic": "76 mmHg", "pulse": "68 1/min"}


def harmless_for(course: Course) -> dict[str, Any]:
    """Answers to all questions of a course that speak against nothing."""
    questions = asked_questions(course, today_of(course.clinic))
    known = bridge.knowledge()
    return {key: MEASURED.get(key) or harmless(key, question, known) for key, question in questions.items()}


def as_form(given: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Answers as the page sends them."""
    form: dict[str, Any] = {"submission": str(uuid.uuid4()), "version": "0"}
    for key, value in given.items():
        answer = value["answer"] if isinstance(value, dict) else value
        if isinstance(value, dict):
            form[f"z-{key}"] = value["zones"]
        if re.fullmatch(r"\d{4}-\d\d-\d\d", answer):
            form |= {f"q-{key}": "date", f"d-{key}": answer}
        else:
            form[f"q-{key}"] = answer.split(" ")[0]
    return {**form, **more}


def backdate(answer_set: AnswerSet, days: int) -> None:
    """Make a set of answers older, as if it had been given then."""
    ago = timezone.now() - days * DAY
    answers = {key: {**entry, "at": ago.isoformat()} for key, entry in answer_set.answers.items()}
    vitals = answer_set.vitals and {**answer_set.vitals, "measured_at": ago.isoformat()}
    AnswerSet.objects.filter(pk=answer_set.pk).update(answers=answers, vitals=vitals, asked_at=ago)


def words_of(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.fixture
def course(acorn: House) -> Course:
    return make_course(acorn, make_client(acorn))


def address(course: Course) -> str:
    return reverse("screening_form", args=[course.pk])


def post(house: House, course: Course, form: dict[str, Any], who: str = "operator") -> Any:
    return house.browser(who).post(address(course), form)


# --- which questions --------------------------------------------------------------------------------------


def test_exactly_the_questions_of_the_core_are_asked(acorn: House, course: Course) -> None:
    told = words_of(acorn.browser("operator").get(address(course)))
    asked = set(asked_questions(course, today_of(acorn.clinic)))
    assert asked == set(re.findall(r'id="q-(\w+)" data-question', told))
    assert {"pregnancy", "systolic", "suspicious_spot"} <= asked
    assert not {"age", "phototype", "known_hypertension", "hair_loss_signs"} & asked


def test_questions_follow_sex_zone_and_place(acorn: House) -> None:
    man = make_client(acorn, sex="male")
    today = today_of(acorn.clinic)
    assert "pregnancy" not in asked_questions(make_course(acorn, man), today)
    body = make_course(acorn, man, zones=["forearm"], method="ice_massage", indication="tone_prevention", device=None)
    assert not {"systolic", "eyes", "cold_sore"} & set(asked_questions(body, today))
    home = make_course(acorn, man, method="home_ice", place="home", device=None, room=None)
    assert {"known_hypertension", "known_heart_disease"} <= set(asked_questions(home, today))


def test_a_change_of_the_knowledge_changes_the_form(
    acorn: House, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = bridge.knowledge()
    new = known.question["lupus"].model_copy(update={"ask": "Do you live on the moon?", "why": "It is cold there."})
    question = {key: one for key, one in known.question.items() if key != "lupus"} | {"moon": new}
    changed = known.model_copy(update={"question": question, "fingerprint": "f" * 64})
    monkeypatch.setattr(bridge, "knowledge", lambda: changed)
    told = words_of(acorn.browser("operator").get(address(course)))
    assert "Do you live on the moon?" in told
    assert "It is cold there." in told
    assert "Do you have lupus?" not in told


def test_how_long_an_answer_counts_is_a_time_that_the_knowledge_holds() -> None:
    known = bridge.knowledge()
    assert all(bridge.answer_valid(key) > datetime.timedelta(0) for key in known.question)
    for wrong, words in (("nothing", "does not exist"), ("acceptance_skins", "is not a time in h or day")):
        lupus = known.question["lupus"].model_copy(update={"valid": wrong})
        changed = known.model_copy(update={"question": {**known.question, "lupus": lupus}})
        assert any(words in line and "question.lupus" in line for line in contradictions(changed))


def test_groups_have_a_handful_of_questions_and_a_name(course: Course) -> None:
    groups = questionnaire(course, today_of(course.clinic), None)
    assert sum(len(group.all) for group in groups) > 50
    for group in groups:
        assert 3 <= len(group.all) <= 8
        assert "_" not in group.name
    assert {question.group for question in bridge.knowledge().question.values()} == {group.key for group in groups}


def test_a_body_that_is_not_known_is_asked_for_first(acorn: House) -> None:
    course = make_course(acorn, make_client(acorn, sex="", phototype=""))
    told = words_of(acorn.browser("operator").get(address(course)))
    assert reverse("client_edit", args=[course.client_id]) in told
    assert "data-question" not in told
    assert post(acorn, course, as_form({})).status_code == 422
    assert not AnswerSet.objects.exists()


# --- complete or refused ----------------------------------------------------------------------------------


def test_all_answers_make_the_first_set_and_lead_to_the_verdict(acorn: House, course: Course) -> None:
    response = post(acorn, course, as_form(harmless_for(course)))
    assert response.status_code == 302
    assert response["Location"] == reverse("screening_verdict", args=[course.pk])
    kept = AnswerSet.objects.get()
    assert (kept.number, kept.course, kept.asked_by) == (1, course, acorn.operator)
    assert kept.knowledge_fingerprint == bridge.fingerprint()
    assert set(kept.answers) | set(MEASURED) == set(asked_questions(course, today_of(acorn.clinic)))
    assert {key: kept.vitals[key] for key in MEASURED} == MEASURED
    assert AuditRow.objects.filter(action="screening.answered").count() == 1


def test_a_blank_questionnaire_is_refused_with_every_question_named(acorn: House, course: Course) -> None:
    response = post(acorn, course, as_form({}))
    told = words_of(response)
    asked = set(asked_questions(course, today_of(acorn.clinic)))
    assert response.status_code == 422
    assert set(re.findall(r'<li><a href="#q-(\w+)"', told)) == asked
    assert told.count('id="q-') >= len(asked)
    assert not AnswerSet.objects.exists()


@pytest.mark.slow
def test_every_single_missing_answer_is_refused_and_the_others_stay(acorn: House, course: Course) -> None:
    given = harmless_for(course)
    browser = acorn.browser("operator")
    for key in given:
        form = as_form({other: value for other, value in given.items() if other != key})
        response = browser.post(address(course), form)
        told = words_of(response)
        assert response.status_code == 422, key
        assert re.findall(r'<li><a href="#q-(\w+)"', told) == [key]
        assert told.count(" checked") >= len(given) - 4 - len(MEASURED)
    assert not AnswerSet.objects.exists()


def test_the_service_itself_refuses_what_is_incomplete(acorn: House, course: Course) -> None:
    given = harmless_for(course)
    del given["cold_hives"], given["pulse"]
    with pytest.raises(services.IncompleteError) as refused:
        services.save_answers(acorn.actor("operator"), course, given)
    assert set(refused.value.questions) == {"cold_hives", "pulse"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cold_hives", "maybe"),
        ("cold_hives", "2026-01-01"),
        ("cold_hives", ""),
        ("reaction_to_freezing", "yes"),
        ("heart_event", "yes"),
        ("heart_event", "2999-01-01"),
        ("heart_event", "1890-01-01"),
        ("systolic", "nan mmHg"),
        ("systolic", "inf mmHg"),
        ("systolic", "500 mmHg"),
        ("pulse", "unsure"),
    ],
)
def test_the_service_itself_refuses_what_is_no_answer(acorn: House, course: Course, key: str, value: str) -> None:
    with pytest.raises(services.IncompleteError) as refused:
        services.save_answers(acorn.actor("operator"), course, {**harmless_for(course), key: value})
    assert refused.value.questions == [key]
    assert not AnswerSet.objects.exists()


@pytest.mark.parametrize(
    ("more", "key", "words"),
    [
        ({"q-systolic": "500"}, "systolic", "Between 60 and 260"),
        ({"q-systolic": "nan"}, "systolic", "Between 60 and 260"),
        ({"q-systolic": "high"}, "systolic", "Write a number"),
        ({"q-systolic": "<script>"}, "systolic", "Write a number"),
        ({"q-systolic": "٩"}, "systolic", "Between 60 and 260"),
        ({"q-diastolic": "118"}, "diastolic", "must be below the upper one"),
        ({"q-heart_event": "date", "d-heart_event": ""}, "heart_event", "Give the day"),
        ({"q-heart_event": "date", "d-heart_event": "x" * 10_000}, "heart_event", "Give the day"),
        ({"q-heart_event": "date", "d-heart_event": "2999-01-01"}, "heart_event", "in the future"),
        ({"q-heart_event": "date", "d-heart_event": "1950-01-01"}, "heart_event", "before the birth"),
        ({"q-heart_event": "no", "d-heart_event": "2020-01-01"}, "heart_event", "Two answers"),
        ({"q-cold_hives": "x" * 10_000}, "cold_hives", "not one of the answers"),
        ({"q-cold_hives": "\x00"}, "cold_hives", "not one of the answers"),
        ({"q-cold_hives": '"><script>alert(1)</script>'}, "cold_hives", "not one of the answers"),
    ],
)
def test_what_cannot_be_is_told_beside_its_question(
    acorn: House, course: Course, more: dict[str, str], key: str, words: str
) -> None:
    response = post(acorn, course, as_form(harmless_for(course), **more))
    told = words_of(response)
    assert response.status_code == 422
    assert re.findall(r'<li><a href="#q-(\w+)"', told) == [key]
    assert words in told
    assert "<script>alert" not in told
    assert not AnswerSet.objects.exists()


def test_numbers_are_read_as_people_write_them(acorn: House, course: Course) -> None:
    form = as_form(harmless_for(course), **{"q-systolic": "118,5", "q-pulse": "٦٨"})
    assert post(acorn, course, form).status_code == 302
    vitals = AnswerSet.objects.get().vitals
    assert (vitals["systolic"], vitals["pulse"]) == ("118.5 mmHg", "68 1/min")


def test_a_day_that_is_typed_is_the_answer(acorn: House, course: Course) -> None:
    form = as_form(harmless_for(course), **{"q-light_peel": "", "d-light_peel": "2020-03-01"})
    assert post(acorn, course, form).status_code == 302
    assert AnswerSet.objects.get().answers["light_peel"]["answer"] == "2020-03-01"


# --- where -----------------------------------------------------------------------------------------------


def test_a_yes_about_a_place_names_its_zones_and_none_named_means_all(acorn: House, course: Course) -> None:
    given = {**harmless_for(course), "suspicious_spot": "yes", "numb_skin": {"answer": "yes", "zones": ["chin"]}}
    assert post(acorn, course, as_form(given)).status_code == 302
    answers = answers_for_case(course.client, today_of(acorn.clinic))["answers"]
    assert answers["suspicious_spot"] == {"answer": "yes", "zones": ["cheek", "chin"]}
    assert answers["numb_skin"] == {"answer": "yes", "zones": ["chin"]}
    assert answers["cold_hives"] == "no"


def test_zones_that_were_not_asked_about_are_not_taken(acorn: House, course: Course) -> None:
    given = {**harmless_for(course), "numb_skin": {"answer": "yes", "zones": ["forearm", "<script>"]}}
    assert post(acorn, course, as_form(given)).status_code == 302
    assert AnswerSet.objects.get().answers["numb_skin"]["zones"] == ["cheek", "chin"]


def test_where_is_asked_for_rules_that_look_at_the_place_and_only_for_those(acorn: House, course: Course) -> None:
    told = words_of(acorn.browser("operator").get(address(course)))
    sited = set(re.findall(r'name="z-(\w+)"', told))
    rules = bridge.knowledge().rule.values()
    expected = {condition.question for rule in rules if rule.at_site for condition in rule.any_of}
    assert sited == expected & set(asked_questions(course, today_of(acorn.clinic)))


def test_an_answer_about_one_place_does_not_count_for_another(acorn: House, course: Course) -> None:
    services.save_answers(acorn.actor("operator"), course, harmless_for(course))
    today = today_of(acorn.clinic)
    assert "numb_skin" in answers_for_case(course.client, today, ("cheek",))["answers"]
    elsewhere = answers_for_case(course.client, today, ("cheek", "forehead"))
    assert "numb_skin" in elsewhere["stale"]
    assert "numb_skin" not in elsewhere["answers"]
    assert "cold_hives" in elsewhere["answers"]


def test_two_courses_do_not_undo_each_others_answers(acorn: House, course: Course) -> None:
    numb = {**harmless_for(course), "numb_skin": {"answer": "yes", "zones": ["chin"]}}
    services.save_answers(acorn.actor("operator"), course, numb)
    other = make_course(acorn, course.client, zones=["forehead"])
    services.save_answers(acorn.actor("operator"), other, harmless_for(other))
    answers = answers_for_case(course.client, today_of(acorn.clinic), ("cheek", "chin", "forehead"))["answers"]
    assert answers["numb_skin"] == {"answer": "yes", "zones": ["chin"]}


# --- again, and stale -------------------------------------------------------------------------------------


def stale_after(acorn: House, course: Course, days: int) -> set[str]:
    backdate(services.save_answers(acorn.actor("operator"), course, harmless_for(course)), days)
    return set(answers_for_case(course.client, today_of(acorn.clinic))["stale"])


def test_every_answer_is_stale_after_the_time_that_the_knowledge_says(acorn: House, course: Course) -> None:
    asked = asked_questions(course, today_of(acorn.clinic))
    for days in (0, 1, 28, 29, 90, 91, 365, 366):
        stale = stale_after(acorn, course, days)
        expected = {key for key in asked if bridge.answer_valid(key) < max(days, 0) * DAY}
        assert stale == expected, days
    assert stale == set(asked)


def test_what_is_asked_about_today_is_never_chosen_beforehand_on_another_day(acorn: House, course: Course) -> None:
    backdate(services.save_answers(acorn.actor("operator"), course, harmless_for(course)), 1)
    groups = questionnaire(course, today_of(acorn.clinic), AnswerSet.objects.get())
    asked = {one.key: one for group in groups for one in group.all}
    for key in ("last_illness", "alcohol", "painkillers", "fainting", "sunburn", "systolic", "pulse", "light_peel"):
        assert not asked[key].still
        assert not asked[key].chosen
        assert not any(option.chosen for option in asked[key].options)
        assert asked[key].before
    assert asked["keloids"].still
    assert asked["keloids"].chosen == "no"
    told = words_of(acorn.browser("operator").get(address(course)))
    assert "Has anything changed since?" in told
    assert not re.search(r'name="q-alcohol" value="\w+" checked', told)
    assert re.search(r'name="q-keloids" value="no" checked', told)


def test_pressure_and_pulse_count_for_hours_only(course: Course) -> None:
    day, hour = datetime.date(2026, 3, 2), datetime.timedelta(hours=1)
    nine = datetime.datetime(2026, 3, 2, 9, 0, tzinfo=datetime.UTC)
    pulse, illness = Kept("68 1/min", nine), Kept("no", nine)
    assert counts("pulse", pulse, course.client, day, now=nine + 4 * hour)
    assert not counts("pulse", pulse, course.client, day, now=nine + 4.02 * hour)
    assert counts("last_illness", illness, course.client, day, now=nine + 12 * hour)
    assert not counts("last_illness", illness, course.client, day, now=nine + 12.02 * hour)
    assert not counts("last_illness", illness, course.client, day + DAY, now=nine + hour)
    assert not counts("last_illness", illness, course.client, day - DAY, now=nine + hour)


def test_a_day_is_the_day_of_the_clinic(course: Course) -> None:
    clinic = course.client.clinic
    clinic.time_zone = "Pacific/Auckland"
    late = datetime.datetime(2026, 3, 2, 20, 0, tzinfo=datetime.UTC)  # 9 in the morning of the third, over there
    assert counts("alcohol", Kept("no", late), course.client, datetime.date(2026, 3, 3), now=late)
    assert not counts("alcohol", Kept("no", late), course.client, datetime.date(2026, 3, 2), now=late)


def test_an_answer_from_the_future_or_without_a_time_does_not_count(acorn: House, course: Course) -> None:
    kept = services.save_answers(acorn.actor("operator"), course, harmless_for(course))
    today = today_of(acorn.clinic)
    assert not answers_for_case(course.client, today - DAY)["answers"]
    AnswerSet.objects.filter(pk=kept.pk).update(answers={"keloids": {"answer": "no"}, "lupus": "no"})
    found = answers_for_case(course.client, today)
    assert found["answers"] == {}
    assert found["stale"] == ["keloids"]


def test_a_new_answer_makes_a_new_set_and_the_old_one_stays(acorn: House, course: Course) -> None:
    first = services.save_answers(acorn.actor("operator"), course, harmless_for(course))
    before = (first.answers, first.vitals)
    second = services.save_answers(acorn.actor("doctor"), course, {**harmless_for(course), "keloids": "yes"})
    first.refresh_from_db()
    assert (first.answers, first.vitals) == before
    assert (first.number, second.number) == (1, 2)
    assert second.answers["keloids"]["answer"] == "yes"
    with pytest.raises(TypeError, match="never changed"):
        first.save()


def test_an_unchanged_answer_keeps_the_time_at_which_it_was_given(acorn: House, course: Course) -> None:
    backdate(services.save_answers(acorn.actor("operator"), course, harmless_for(course)), 30)
    old = AnswerSet.objects.get().answers
    new = services.save_answers(acorn.actor("operator"), course, harmless_for(course)).answers
    assert new["keloids"]["at"] == old["keloids"]["at"]
    assert new["alcohol"]["at"] > old["alcohol"]["at"]
    changed = services.save_answers(acorn.actor("operator"), course, {**harmless_for(course), "keloids": "yes"})
    assert changed.answers["keloids"]["at"] > old["keloids"]["at"]


def test_answers_that_this_course_does_not_ask_for_are_carried_along(acorn: House, course: Course) -> None:
    services.save_answers(acorn.actor("operator"), course, harmless_for(course))
    client = course.client
    arm = make_course(acorn, client, zones=["forearm"], method="ice_massage", indication="tone_prevention", device=None)
    kept = services.save_answers(acorn.actor("operator"), arm, harmless_for(arm))
    assert "eyes" not in asked_questions(arm, today_of(acorn.clinic))
    assert kept.answers["eyes"]["answer"] == "no"
    assert kept.vitals["pulse"] == "68 1/min"


def test_two_who_ask_at_once_do_not_write_over_each_other(acorn: House, course: Course) -> None:
    services.save_answers(acorn.actor("doctor"), course, harmless_for(course))
    typed = {**harmless_for(course), "lupus": "yes"}
    response = post(acorn, course, as_form(typed, version="0"))
    told = words_of(response)
    assert response.status_code == 409
    assert "Somebody else has asked this client meanwhile" in told
    assert re.search(r'name="q-lupus" value="yes" checked', told)
    assert AnswerSet.objects.count() == 1
    assert post(acorn, course, as_form(typed, version="1")).status_code == 302
    with pytest.raises(StaleFormError):
        services.save_answers(acorn.actor("operator"), course, typed, seen="")


def test_the_same_form_twice_makes_one_set(acorn: House, course: Course) -> None:
    form = as_form(harmless_for(course))
    assert post(acorn, course, form)["Location"] == post(acorn, course, form)["Location"]
    assert AnswerSet.objects.count() == 1


def test_what_was_changed_is_not_folded_away_when_another_answer_is_missing(acorn: House, course: Course) -> None:
    backdate(services.save_answers(acorn.actor("operator"), course, harmless_for(course)), 1)
    form = as_form({**harmless_for(course), "keloids": "yes"}, version="1", **{"q-alcohol": ""})
    told = words_of(post(acorn, course, form))
    assert 'id="still-keloids"' not in told
    assert 'id="still-sickle_cell"' in told
    assert re.search(r'name="q-keloids" value="yes" checked', told)


def test_a_draft_of_another_day_is_another_draft(acorn: House, course: Course) -> None:
    told = words_of(acorn.browser("operator").get(address(course)))
    key = f"client:{course.client_id}:screening:{course.pk}:{today_of(acorn.clinic).isoformat()}"
    assert f'data-safe="{key}"' in told


# --- who --------------------------------------------------------------------------------------------------


def test_only_who_may_write_health_data_asks(acorn: House, birch: House, course: Course, client: Any) -> None:
    for who, status in (("operator", 200), ("doctor", 200), ("reception", 403), ("inspector", 403)):
        assert acorn.browser(who).get(address(course)).status_code == status
    assert birch.browser("owner").get(address(course)).status_code == 404
    assert acorn.browser("owner").get(reverse("screening_form", args=[uuid.uuid4()])).status_code == 404
    assert acorn.browser("owner").put(address(course)).status_code == 405
    assert client.get(address(course)).status_code == 302
    with pytest.raises(PermissionDenied):
        services.save_answers(acorn.actor("reception"), course, harmless_for(course))


def test_asking_is_written_down(acorn: House, course: Course) -> None:
    acorn.browser("operator").get(address(course))
    assert AuditRow.objects.filter(action="read", subject_id=str(course.client_id)).exists()


def test_one_set_of_answers_is_shown_as_it_was_given(acorn: House, birch: House, course: Course) -> None:
    given = {**harmless_for(course), "heart_event": "2020-03-01", "numb_skin": {"answer": "yes", "zones": ["chin"]}}
    kept = services.save_answers(acorn.actor("operator"), course, given)
    page = reverse("screening_answers", args=[kept.pk])
    told = words_of(acorn.browser("inspector").get(page))
    assert "1 March 2020" in told
    assert "Yes (Chin and skin under the lower lip)" in told
    assert acorn.browser("reception").get(page).status_code == 403
    assert birch.browser("owner").get(page).status_code == 404


def test_an_answer_to_a_question_that_is_no_longer_asked_is_still_shown(acorn: House, course: Course) -> None:
    kept = services.save_answers(acorn.actor("operator"), course, harmless_for(course))
    old = {"retired_question": {"answer": "<b>yes</b>", "at": timezone.now().isoformat()}}
    AnswerSet.objects.filter(pk=kept.pk).update(answers=old)
    told = words_of(acorn.browser("operator").get(reverse("screening_answers", args=[kept.pk])))
    assert "No longer asked" in told
    assert "&lt;b&gt;yes" in told


def test_a_client_without_answers_has_none(acorn: House) -> None:
    client: Client = make_client(acorn)
    found = answers_for_case(client, today_of(acorn.clinic))
    assert found == {"answers": {}, "vitals": None, "stale": [], "answer_set": None}
