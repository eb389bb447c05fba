"""The questionnaire in a real browser: in pages on tablet and phone, whole without scripts, by keyboard alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from cryomassage_clinic.courses.days import today_of
from cryomassage_clinic.screening.asking import asked_questions
from cryomassage_clinic.screening.models import AnswerSet
from tests.clinic.people import House, make_client, make_course, make_house
from tests.clinic.test_screening_form import harmless_for

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TABLET, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@pytest.fixture
def house(transactional_db: None) -> House:
    return make_house("Acorn")


def opened(chromium: Any, house: House, server: Any, address: str, size: dict[str, int], **more: Any) -> Any:
    context = chromium.new_context(viewport=size, reduced_motion="reduce", **more)
    key = house.browser("operator").cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": key, "url": server.url}])
    page = context.new_page()
    page.goto(server.url + address)
    return page


def shown(page: Any) -> int:
    return int(page.locator("[data-question]:visible").count())


def test_one_question_a_screen_on_a_phone_and_a_group_on_a_tablet(
    chromium: Any, house: House, live_server: Any
) -> None:
    course = make_course(house, make_client(house))
    address = reverse("screening_form", args=[course.pk])
    count = len(asked_questions(course, today_of(house.clinic)))
    phone = opened(chromium, house, live_server, address, PHONE)
    assert shown(phone) == 1
    assert phone.locator("[data-words]").inner_text() == f"1 of {count}"
    phone.get_by_role("button", name="Next").click()
    assert shown(phone) == 1
    assert phone.locator("[data-words]").inner_text() == f"2 of {count}"
    assert "lower value" in phone.locator("[data-question]:visible legend").first.inner_text()
    phone.get_by_role("button", name="Back").click()
    assert "upper value" in phone.locator("[data-question]:visible legend").first.inner_text()
    tablet = opened(chromium, house, live_server, address, TABLET)
    assert 4 <= shown(tablet) <= 8
    assert tablet.locator("[data-words]").inner_text() == "1 of 10"
    assert not tablet.get_by_role("button", name="Save the answers").is_visible()
    tablet.set_viewport_size(PHONE)
    playwright.expect(tablet.locator("[data-words]")).to_have_text(f"1 of {count}")
    assert shown(tablet) == 1


@pytest.mark.slow
def test_without_scripts_everything_is_one_page_that_can_be_sent(chromium: Any, house: House, live_server: Any) -> None:
    course = make_course(house, make_client(house))
    address = reverse("screening_form", args=[course.pk])
    page = opened(chromium, house, live_server, address, TABLET, java_script_enabled=False)
    given = harmless_for(course)
    assert shown(page) == len(given)
    for key, answer in given.items():
        if key in ("systolic", "diastolic", "pulse"):
            page.locator(f"#i-{key}").fill(answer.split(" ")[0])
        else:
            page.locator(f'input[name="q-{key}"][value="{answer}"]').check()
    page.get_by_role("button", name="Save the answers").click()
    assert page.url.endswith(reverse("screening_verdict", args=[course.pk]))
    assert AnswerSet.objects.count() == 1


def test_a_missing_answer_is_named_and_its_page_opens(chromium: Any, house: House, live_server: Any) -> None:
    course = make_course(house, make_client(house))
    page = opened(chromium, house, live_server, reverse("screening_form", args=[course.pk]), TABLET)
    for _group in range(9):
        page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Save the answers").click()
    page.locator("#errors").wait_for()
    page.get_by_role("link", name="Do you have sickle-cell disease?").click()
    assert page.locator("#q-sickle_cell").is_visible()
    assert not page.locator("#q-systolic").is_visible()
    assert page.evaluate("document.activeElement.name") == "q-sickle_cell"


def test_where_appears_with_yes_and_a_typed_day_chooses_itself(chromium: Any, house: House, live_server: Any) -> None:
    course = make_course(house, make_client(house))
    address = reverse("screening_form", args=[course.pk])
    page = opened(chromium, house, live_server, f"{address}#q-numb_skin", TABLET)
    where = page.locator("#q-numb_skin .where")
    assert page.locator("#q-numb_skin").is_visible()
    assert not where.is_visible()
    page.locator('input[name="q-numb_skin"][value="yes"]').check()
    assert where.is_visible()
    page.locator('input[name="q-numb_skin"][value="no"]').check()
    assert not where.is_visible()
    page.evaluate("location.hash = '#q-light_peel'")
    page.locator('input[name="d-light_peel"]').fill("2020-03-01")
    assert page.locator('input[name="q-light_peel"][value="date"]').is_checked()
    page.locator('input[name="q-light_peel"][value="no"]').check()
    assert page.locator('input[name="d-light_peel"]').input_value() == ""


def test_questions_are_answered_by_keyboard_alone(chromium: Any, house: House, live_server: Any) -> None:
    course = make_course(house, make_client(house))
    page = opened(chromium, house, live_server, reverse("screening_form", args=[course.pk]), PHONE)
    page.locator("#i-systolic").focus()
    page.keyboard.type("118")
    page.keyboard.press("Enter")  # leads on, and sends nothing
    assert page.locator("#q-diastolic").is_visible()
    assert page.evaluate("document.activeElement.tagName") == "H2"
    page.keyboard.press("Tab")
    page.keyboard.type("76")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("68")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert page.locator('input[name="q-pressure_symptoms"][value="no"]').is_checked()
    assert not AnswerSet.objects.exists()


def test_the_list_is_found_as_one_types(chromium: Any, house: House, live_server: Any) -> None:
    for name in ("Anna Petrova", "Ben Carter"):
        make_client(house, full_name=name)
    page = opened(chromium, house, live_server, reverse("client_list"), TABLET)
    assert page.locator("#found a.list-row").count() == 2
    page.locator("#client-q").press_sequentially("cart", delay=20)
    playwright.expect(page.locator("#found a.list-row")).to_have_count(1)
    assert "Ben Carter" in page.locator("#found").inner_text()
