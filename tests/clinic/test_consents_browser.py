"""Signing in a real browser: by finger, mouse and keyboard, through turning, leaving and coming back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from cryomassage_clinic.consents.models import Consent, ConsentText
from cryomassage_clinic.courses.models import Course
from tests.clinic.people import House, make_client, make_course, make_house
from tests.clinic.test_consents import published, signed, text_of

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TABLET, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
AXE = Path(__file__).parents[1] / "support" / "axe" / "axe.min.js"


@pytest.fixture
def house(transactional_db: None) -> House:
    return make_house("Acorn")


@pytest.fixture
def course(house: House) -> Course:
    return make_course(house, make_client(house))


@pytest.fixture
def opened(chromium: Any, house: House, live_server: Any) -> Iterator[Any]:
    """Opens pages for somebody of the clinic; what goes wrong in their scripts fails the test."""
    contexts, wrong = [], []

    def open_page(address: str, size: dict[str, int] = TABLET, who: str = "operator", **more: Any) -> Any:
        context = chromium.new_context(viewport=size, reduced_motion="reduce", **more)
        contexts.append(context)
        key = house.browser(who).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": key, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(live_server.url + address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong


def sign_address(course: Course) -> str:
    return f"{reverse('consent_sign', args=[course.client_id, 'treatment'])}?course={course.pk}"


def surface(page: Any) -> dict[str, float]:
    """Where the pad is, once it is in sight."""
    pad = page.locator("[data-surface]")
    pad.scroll_into_view_if_needed()
    page.evaluate("document.querySelector('[data-surface]').scrollIntoView({block: 'center'})")
    box: dict[str, float] = pad.bounding_box()
    return box


def places(box: dict[str, float], steps: int = 24) -> list[tuple[float, float]]:
    """A line from the left below to the right above, in the page's own units."""
    return [
        (box["x"] + box["width"] * (0.2 + 0.6 * step / steps), box["y"] + box["height"] * (0.8 - 0.6 * step / steps))
        for step in range(steps + 1)
    ]


def draw_by_mouse(page: Any) -> None:
    line = places(surface(page))
    page.mouse.move(*line[0])
    page.mouse.down()
    for place in line[1:]:
        page.mouse.move(*place)
    page.mouse.up()


def draw_by_finger(page: Any) -> None:
    line = places(surface(page))
    touch = page.context.new_cdp_session(page)
    for kind, place in [("touchStart", line[0]), *(("touchMove", one) for one in line[1:]), ("touchEnd", None)]:
        points = [] if place is None else [{"x": place[0], "y": place[1]}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def strokes(page: Any) -> Any:
    return json.loads(page.locator("[name=strokes]").input_value() or "[]")


def lines(page: Any) -> int:
    return int(page.locator("[data-lines] polyline").count())


def agree(page: Any) -> None:
    with page.expect_navigation(url="**/consents/client/*/?course=*"):
        page.get_by_role("button", name="I agree and sign").click()


def check_line(found: list[Any]) -> None:
    """One stroke from the left below to the right above, inside the pad."""
    (stroke,) = found
    assert len(stroke) > 5
    assert stroke[0][:2] == pytest.approx([0.2, 0.8], abs=0.02)
    assert stroke[-1][:2] == pytest.approx([0.8, 0.2], abs=0.05)
    times = [ms for _x, _y, ms in stroke]
    assert times == sorted(times)


@pytest.mark.slow
def test_the_mouse_signs(opened: Any, course: Course) -> None:
    page = opened(sign_address(course))
    draw_by_mouse(page)
    check_line(strokes(page))
    agree(page)
    check_line(Consent.objects.get().strokes)
    assert page.locator('[data-state="given"]').count() == 1


def test_a_finger_signs_and_the_page_stands_still(opened: Any, course: Course) -> None:
    page = opened(sign_address(course), PHONE, has_touch=True, is_mobile=True)
    surface(page)
    before = page.evaluate("scrollY")
    assert before > 100  # there is something to scroll
    assert page.evaluate("getComputedStyle(document.querySelector('[data-surface]')).touchAction") == "none"
    draw_by_finger(page)
    assert page.evaluate("scrollY") == before
    check_line(strokes(page))
    agree(page)
    check_line(Consent.objects.get().strokes)


@pytest.mark.slow
def test_a_finger_beside_the_pad_scrolls(opened: Any, course: Course) -> None:
    """Shows that the stillness above is the pad's doing."""
    page = opened(sign_address(course), PHONE, has_touch=True, is_mobile=True)
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": 200, "y": 600}]})
    for step in range(1, 20):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": 200, "y": 600 - 15 * step}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    for _look in range(50):
        if page.evaluate("scrollY") > 50:
            break
        page.wait_for_timeout(20)
    assert page.evaluate("scrollY") > 50


def test_turning_the_tablet_keeps_the_strokes(opened: Any, course: Course) -> None:
    page = opened(sign_address(course))
    draw_by_mouse(page)
    before, drawn = strokes(page), page.locator("[data-lines] polyline").get_attribute("points")
    for size in ({"width": 800, "height": 1280}, PHONE, TABLET):
        page.set_viewport_size(size)
        box, line = surface(page), page.locator("[data-lines] polyline").bounding_box()
        assert (line["x"] - box["x"]) / box["width"] == pytest.approx(0.2, abs=0.02)
        assert (line["x"] + line["width"] - box["x"]) / box["width"] == pytest.approx(0.8, abs=0.05)
    page.set_viewport_size(PHONE)
    draw_by_mouse(page)
    assert strokes(page)[:1] == before
    assert page.locator("[data-lines] polyline").first.get_attribute("points") == drawn
    assert lines(page) == 2


@pytest.mark.slow
def test_undo_takes_one_stroke_and_clear_takes_all(opened: Any, course: Course) -> None:
    page = opened(sign_address(course))
    for _stroke in range(3):
        draw_by_mouse(page)
    page.get_by_role("button", name="Undo").click()
    assert (len(strokes(page)), lines(page)) == (2, 2)
    page.get_by_role("button", name="Clear").click()
    assert (strokes(page), lines(page)) == ([], 0)
    assert "empty" in page.locator("[data-pad-state]").inner_text()
    page.get_by_role("button", name="I agree and sign").click()
    page.locator("#strokes-error").wait_for()
    assert not Consent.objects.exists()


@pytest.mark.slow
def test_what_was_drawn_survives_a_refusal(opened: Any, course: Course) -> None:
    page = opened(sign_address(course))
    page.get_by_label("Name of the person who signs").fill("")
    draw_by_mouse(page)
    page.get_by_role("button", name="I agree and sign").click()
    page.locator("#id_signed_name_error").wait_for()
    page.locator("[data-lines] polyline").wait_for()
    page.get_by_label("Name of the person who signs").fill("Anna Petrova")
    agree(page)
    check_line(Consent.objects.get().strokes)


@pytest.mark.slow
def test_leaving_and_coming_back_keeps_what_was_drawn(opened: Any, course: Course) -> None:
    page = opened(sign_address(course))
    with page.expect_response(lambda answer: "/drafts/" in answer.url and answer.request.method == "PUT"):
        draw_by_mouse(page)
    before = strokes(page)
    page.get_by_role("link", name="Not now").click()
    page.wait_for_url("**/consents/client/*/?course=*")
    page.goto(page.url.split("/consents/")[0] + sign_address(course))
    page.locator("dialog button[value=go-on]").click()
    page.locator("[data-lines] polyline").wait_for()
    assert strokes(page) == before
    agree(page)
    assert Consent.objects.get().strokes == before


@pytest.mark.slow
def test_going_back_quickly_keeps_what_was_drawn(opened: Any, course: Course) -> None:
    page = opened(sign_address(course))
    draw_by_mouse(page)
    before = strokes(page)
    page.get_by_role("link", name="Not now").click()
    page.wait_for_url("**/consents/client/*/?course=*")
    page.go_back()
    page.locator("[data-surface]").wait_for()
    dialog = page.locator("dialog button[value=go-on]")
    page.locator("[data-lines] polyline").or_(dialog).first.wait_for()
    if dialog.count():
        dialog.click()
    page.locator("[data-lines] polyline").wait_for()
    assert strokes(page) == before


@pytest.mark.slow
def test_a_new_version_meanwhile_clears_the_pad_and_signs_nothing(opened: Any, house: House, course: Course) -> None:
    page = opened(sign_address(course))
    draw_by_mouse(page)
    published(house, text_of(house), "Quite new words.")
    page.get_by_role("button", name="I agree and sign").click()
    page.get_by_text("Nothing is signed.").wait_for()
    assert page.get_by_text("Quite new words.").count() == 1
    assert (strokes(page), lines(page)) == ([], 0)
    assert not Consent.objects.exists()


def test_the_keyboard_alone_signs(opened: Any, course: Course) -> None:
    page = opened(sign_address(course))

    def tab_to(selector: str) -> None:
        for _press in range(60):
            if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {selector}")

    tab_to("[name=cannot_draw]")
    page.keyboard.press("Space")
    assert not page.locator("[data-surface]").is_visible()
    tab_to("[name=typed_signature]")
    page.keyboard.type("Anna Petrova")
    tab_to("[name=witness_confirms]")
    page.keyboard.press("Space")
    tab_to(".sign .button-main")
    with page.expect_navigation(url="**/consents/client/*/?course=*"):
        page.keyboard.press("Enter")
    assert (Consent.objects.get().signed_by_typing, Consent.objects.get().strokes) == (True, [])


@pytest.mark.slow
def test_without_scripts_the_name_can_be_typed(opened: Any, course: Course) -> None:
    page = opened(sign_address(course), java_script_enabled=False)
    page.get_by_label("I cannot draw my signature").check()
    page.get_by_label("Type your full name").fill("Anna Petrova")
    page.get_by_label("was there").check()
    page.get_by_role("button", name="I agree and sign").click()
    page.wait_for_url("**/consents/client/*/?course=*")
    assert Consent.objects.get().signed_by_typing


def violations(page: Any) -> list[str]:
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run()")
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found["violations"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.slow
def test_axe_finds_nothing(opened: Any, house: House, course: Course, theme: str, direction: str) -> None:
    type(house.owner).objects.update(theme=theme)
    consent = signed(house, course.client)
    signed(house, course.client, text_of(house, "reminders", ""), strokes=[], typed=True)
    signed(house, course.client, text_of(house, "record_photos", ""))
    published(house, text_of(house, "record_photos", ""))
    old: ConsentText = text_of(house)
    published(house, old)
    addresses = [
        f"{reverse('consent_overview', args=[course.client_id])}?course={course.pk}",
        sign_address(course),
        reverse("consent_page", args=[consent.pk]) + "?",
        reverse("consent_texts") + "?",
        reverse("consent_text", args=["treatment", "ru", "ln2_swab"]) + "?",
        reverse("consent_text_version", args=[old.pk]) + "?",
    ]
    page = opened(addresses[0], who="owner", bypass_csp=True)
    base = page.url.split("/consents/")[0]
    found = {}
    for address in addresses:
        page.goto(f"{base}{address}&dir={direction}")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        found[address] = violations(page)
    page.goto(f"{base}{sign_address(course)}&dir={direction}")
    page.get_by_label("I cannot draw my signature").check()
    page.get_by_role("button", name="I agree and sign").click()
    page.locator("#id_witness_confirms_error").wait_for()
    found["typed, refused"] = violations(page)
    assert {address: one for address, one in found.items() if one} == {}
