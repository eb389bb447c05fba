"""A form that somebody is filling in, and the server stops, the login ends, the tab dies: nothing is lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.clinic.people import PASSWORD
from tests.clinic.safe_form_live import PIN, Product, Tablet
from tests.support.tools import CHROMIUM
from tests.support.tools import chromium as find_chromium

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}}
HOSTILE = (
    "<script>hacked = 1</script><img src=x onerror='hacked = 1'> \"' {{ 7 }} 🧊 \u202eabc\u202c Ёё\n" + "x" * 10_000
)


@pytest.fixture(scope="module")
def chromium(one_playwright: Any) -> Iterator[Any]:
    """One of its own: its tabs are killed, and as on a tablet it puts pages aside."""
    browser = one_playwright.chromium.launch(
        executable_path=find_chromium(), args=CHROMIUM, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    running = Product(tmp_path_factory.mktemp("safe-form"))
    yield running
    running.stop()
    for text in running.texts:
        assert " ERROR " not in text, text


@pytest.fixture
def tablet(chromium: Any, product: Product) -> Iterator[Callable[..., Tablet]]:
    opened: list[Tablet] = []

    def open_one(username: str = "acorn-operator", **more: Any) -> Tablet:
        opened.append(Tablet(chromium, product, username, **more))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def edit(pk: str) -> str:
    return f"/clients/{pk}/edit/"


def state(page: Any) -> Any:
    return page.locator("form[data-safe] .form-state")


def save(page: Any) -> Any:
    return page.get_by_role("button", name="Save", exact=True)


def expect(found: Any) -> Any:
    return playwright.expect(found)


def answer_all(page: Any, answers: dict[str, str]) -> None:
    """Answer all questions, those on the pages behind too, as a person does: with events."""
    page.evaluate(
        """(answers) => {
          for (const [name, value] of Object.entries(answers)) {
            const list = [...document.querySelectorAll(`[name="${name}"]`)];
            const one = list.find((each) => each.type !== "radio" || each.value === value);
            if (!one) continue;
            if (one.type === "radio") one.checked = true; else one.value = value;
            for (const kind of ["input", "change"]) one.dispatchEvent(new Event(kind, { bubbles: true }));
          }
        }""",
        {name: value for name, value in answers.items() if name.startswith(("q-", "d-"))},
    )


def to_the_last_question(page: Any) -> None:
    while page.get_by_role("button", name="Next").is_visible():
        page.get_by_role("button", name="Next").click()


def kill_tabs(chromium: Any) -> None:
    """As the system does when memory is short: without a word to the page."""
    processes = chromium.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    for one in processes:
        if one["type"] == "renderer":
            os.kill(one["id"], signal.SIGKILL)


def test_a_server_that_is_stopped_at_save_and_started_again_saves_once(
    tablet: Callable[..., Tablet], product: Product
) -> None:
    pk = product.client()
    page = tablet().open(edit(pk))
    page.locator("[name=full_name]").fill("Anna Smirnova")
    product.stop()
    save(page).click()
    expect(state(page)).to_contain_text("Not saved yet. The server does not answer; what you typed is kept")
    assert page.locator("[name=full_name]").input_value() == "Anna Smirnova"
    product.start()
    page.wait_for_url(f"**/clients/{pk}/", timeout=15_000)
    assert page.locator("h1").inner_text() == "Anna Smirnova"
    assert product.of_client(pk, "version") == 2
    assert product.times("client.changed", pk) == 1


@pytest.mark.slow
def test_an_answer_that_is_lost_on_the_way_is_asked_for_again_and_nothing_is_written_twice(
    tablet: Callable[..., Tablet], product: Product
) -> None:
    pk = product.client()
    page = tablet().open(edit(pk))
    sent = []

    def lose_the_first(route: Any) -> None:
        if route.request.method != "POST":
            return route.continue_()
        sent.append(route.request.post_data)
        if len(sent) == 1:
            assert route.fetch().status == 204  # it is written, but nobody hears of it
            return route.abort()
        return route.continue_()

    page.route(f"**{edit(pk)}", lose_the_first)
    page.locator("[name=phone]").fill("+44 20 7946 2222")
    save(page).click()
    expect(state(page)).to_contain_text("Not saved yet. The server does not answer")
    page.evaluate("dispatchEvent(new Event('online'))")  # the network is back: no need to wait
    page.wait_for_url(f"**/clients/{pk}/", timeout=15_000)
    assert len(sent) == 2
    assert product.of_client(pk, "phone") == "+44 20 7946 2222"
    assert product.of_client(pk, "version") == 2
    assert product.times("client.changed", pk) == 1


def test_a_login_that_ends_in_the_middle_is_made_up_for_in_place(
    tablet: Callable[..., Tablet], product: Product
) -> None:
    pk = product.client()
    held = tablet()
    page = held.open(edit(pk))
    page.locator("[name=full_name]").fill("Anna Orlova")
    held.context.clear_cookies()
    save(page).click()
    dialog = page.get_by_role("dialog", name="Your login has ended")
    assert dialog.get_by_label("User name").input_value() == "acorn-operator"
    dialog.get_by_role("button", name="Not now").click()
    expect(state(page)).to_have_text("Not saved yet. Press Save again to log in.")
    save(page).click()
    dialog.get_by_label("Password").fill("wrong")
    dialog.get_by_role("button", name="Log in and save").click()
    expect(dialog.get_by_role("alert")).not_to_be_empty()
    assert product.of_client(pk, "version") == 1
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Log in and save").click()
    page.wait_for_url(f"**/clients/{pk}/")
    assert product.of_client(pk, "full_name") == "Anna Orlova"
    assert product.times("client.changed", pk) == 1


@pytest.mark.slow
def test_somebody_who_may_not_logs_in_and_what_was_typed_stays(tablet: Callable[..., Tablet], product: Product) -> None:
    pk = product.client()
    held = tablet()
    page = held.open(edit(pk))
    page.locator("[name=full_name]").fill("Anna Volkova")
    held.context.clear_cookies()
    save(page).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("User name").fill("acorn-inspector")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Log in and save").click()
    expect(state(page)).to_contain_text("Not saved. The server refused what was sent")
    assert page.locator("[name=full_name]").input_value() == "Anna Volkova"
    assert product.of_client(pk, "version") == 1


@pytest.mark.slow
def test_a_tablet_that_locked_itself_in_the_middle_is_unlocked_by_pin_in_place(
    tablet: Callable[..., Tablet], product: Product
) -> None:
    pk = product.client()
    held = tablet()
    page = held.open(edit(pk))
    page.locator("[name=history]").fill("Hives from cold, as a child")
    expect(state(page)).to_contain_text("Draft kept")
    held.idle()
    save(page).click()
    dialog = page.get_by_role("dialog", name="This tablet was locked meanwhile")
    dialog.get_by_label("Your PIN or password").fill("1111")
    dialog.get_by_role("button", name="Unlock and save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Wrong PIN")
    assert product.of_client(pk, "version") == 1
    dialog.get_by_label("Your PIN or password").fill(PIN)
    dialog.get_by_role("button", name="Unlock and save").click()
    page.wait_for_url(f"**/clients/{pk}/")
    assert product.of_client(pk, "history") == "Hives from cold, as a child"
    assert product.times("client.changed", pk) == 1


@pytest.mark.slow
def test_whoever_types_is_not_locked_out(tablet: Callable[..., Tablet], product: Product) -> None:
    pk = product.client()
    page = tablet().open(edit(pk))
    product.asked("UPDATE accounts_staffsession SET seen_at = datetime('now', '-14 minutes')")
    page.locator("[name=full_name]").press_sequentially(" and on")
    expect(state(page)).to_contain_text("Draft kept")
    product.asked("UPDATE accounts_staffsession SET seen_at = datetime(seen_at, '-14 minutes')")
    save(page).click()
    page.wait_for_url(f"**/clients/{pk}/")


@pytest.mark.slow
def test_the_questionnaire_survives_turning_a_killed_tab_and_the_lock(
    tablet: Callable[..., Tablet], product: Product
) -> None:
    address = f"/screening/course/{product.course}/"
    held = tablet(**PHONE)
    page = held.open(address)
    page.locator("[name=q-systolic]").fill("118")
    page.get_by_role("button", name="Next").click()
    shown = page.locator("[data-question]:visible").get_attribute("id")
    page.set_viewport_size({"width": 844, "height": 390})  # turned: a group at a time now
    expect(page.locator(f"#{shown}")).to_be_visible()
    page.set_viewport_size(PHONE["viewport"])
    expect(page.locator(f"#{shown}")).to_be_visible()
    assert page.locator("[name=q-systolic]").input_value() == "118"
    answer_all(page, product.answers)
    expect(state(page)).to_contain_text("Draft kept")
    with page.expect_event("crash"):
        kill_tabs(held.context.browser)
    page.close()

    page = held.open(address)
    dialog = page.get_by_role("dialog", name="You had typed something here")
    dialog.get_by_role("button", name="Go on with it").click()
    expect(page.locator("[name=q-systolic]")).to_have_value(product.answers["q-systolic"])
    held.idle()
    to_the_last_question(page)
    page.get_by_role("button", name="Save the answers").click()
    dialog = page.get_by_role("dialog", name="This tablet was locked meanwhile")
    dialog.get_by_label("Your PIN or password").fill(PASSWORD)
    dialog.get_by_role("button", name="Unlock and save").click()
    page.wait_for_url(f"**/screening/course/{product.course}/verdict/**")
    assert product.asked("SELECT count(*) FROM screening_answerset") == [(1,)]
    page.goto(address)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert product.asked("SELECT count(*) FROM web_draft WHERE form LIKE '%screening%'") == [(0,)]


@pytest.mark.slow
def test_a_draft_of_hostile_text_comes_back_as_it_was_and_does_nothing(
    tablet: Callable[..., Tablet], product: Product
) -> None:
    pk = product.client()
    held = tablet()
    page = held.open(edit(pk))
    before = page.locator("[name=full_name]").input_value()
    page.evaluate("document.querySelector('[name=history]').removeAttribute('maxlength')")
    page.locator("[name=history]").fill(HOSTILE)
    page.locator("[name=phototype][value=iii]").check(force=True)
    expect(state(page)).to_contain_text("Draft kept")
    page.close()
    page = held.open(edit(pk))
    dialog = page.get_by_role("dialog")
    assert "changed" not in dialog.inner_text()
    dialog.get_by_role("button", name="Go on with it").click()
    expect(page.locator("[name=history]")).to_have_value(HOSTILE)
    assert page.locator("[name=phototype][value=iii]").is_checked()
    assert page.locator("[name=full_name]").input_value() == before
    assert page.evaluate("typeof hacked") == "undefined"
    page.close()
    page = held.open(edit(pk))
    page.get_by_role("dialog").get_by_role("button", name="Drop it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.locator("[name=history]").input_value() == ""
    page.wait_for_load_state("networkidle")
    page.reload()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.slow
def test_a_second_press_adds_one_client(tablet: Callable[..., Tablet], product: Product) -> None:
    page = tablet().open("/clients/new/")
    page.locator("[name=full_name]").fill("Twice Pressed")
    page.locator("[name=birth_date]").fill("1990-05-17")
    page.get_by_role("button", name="Add client").dblclick()
    page.wait_for_url("**/clients/*-*-*-*-*/")
    assert product.asked("SELECT count(*) FROM clients_client WHERE full_name = 'Twice Pressed'") == [(1,)]


def test_of_two_tabs_the_second_is_told_what_has_changed_and_keeps_what_was_typed(
    tablet: Callable[..., Tablet], product: Product
) -> None:
    pk = product.client()
    held = tablet()
    first, second = held.open(edit(pk)), held.open(edit(pk))
    first.locator("[name=phone]").fill("+44 20 7946 7777")
    save(first).click()
    first.wait_for_url(f"**/clients/{pk}/")
    second.locator("[name=full_name]").fill("Anna Second")
    save(second).click()
    told = second.locator(".banner-near")
    expect(told).to_contain_text("Somebody else has changed this record while you were typing")
    expect(told).to_contain_text("+44 20 7946 7777")
    assert second.evaluate("document.activeElement.closest('main') !== null")
    assert second.locator("[name=full_name]").input_value() == "Anna Second"
    expect(second.get_by_role("dialog")).to_have_count(0)
    assert product.of_client(pk, "version") == 2
    second.locator("[name=phone]").fill("+44 20 7946 7777")
    save(second).click()
    second.wait_for_url(f"**/clients/{pk}/")
    assert product.of_client(pk, "version") == 3
    assert product.of_client(pk, "full_name") == "Anna Second"
    assert product.of_client(pk, "phone") == "+44 20 7946 7777"


@pytest.mark.slow
def test_what_is_wrong_is_told_beside_what_was_typed(tablet: Callable[..., Tablet], product: Product) -> None:
    pk = product.client()
    page = tablet().open(edit(pk))
    page.locator("[name=full_name]").fill("")
    page.locator("[name=history]").fill("  kept with its blanks \n\n")
    save(page).click()
    expect(page.locator(".banner-stop")).to_contain_text("Nothing is saved yet.")
    assert page.locator("[name=history]").input_value() == "  kept with its blanks \n\n"
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("[name=full_name]").fill("Anna Third")
    save(page).click()
    page.wait_for_url(f"**/clients/{pk}/")
    assert product.of_client(pk, "version") == 2


@pytest.mark.slow
def test_no_draft_of_before_is_offered_over_what_was_just_refused(
    tablet: Callable[..., Tablet], product: Product
) -> None:
    pk = product.client()
    page = tablet().open(edit(pk))
    page.locator("[name=history]").fill("of before")
    expect(state(page)).to_contain_text("Draft kept")
    page.route("**/drafts/**", lambda route: route.abort() if route.request.method == "PUT" else route.continue_())
    page.locator("[name=history]").fill("typed last")
    page.locator("[name=full_name]").fill("")
    save(page).click()
    expect(page.locator(".banner-stop")).to_contain_text("Nothing is saved yet.")
    page.wait_for_timeout(1_000)  # as long as an offer would take
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.locator("[name=history]").input_value() == "typed last"


@pytest.mark.slow
def test_after_logging_out_the_back_button_shows_nothing(tablet: Callable[..., Tablet], product: Product) -> None:
    pk = product.client()
    page = tablet().open(edit(pk))
    assert page.reload().headers["cache-control"] == "no-store"
    name = page.locator("[name=full_name]").input_value()
    page.goto("/staff/me/")
    page.get_by_role("button", name="Log out", exact=True).click()
    page.wait_for_url("**/account/login/**")
    page.go_back(wait_until="load")
    page.go_back(wait_until="load")
    expect(page.locator("[name=password]")).to_be_visible()
    assert name not in page.content()
    assert "/account/login/" in page.url
