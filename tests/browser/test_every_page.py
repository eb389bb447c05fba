"""Every page in a real Chromium: axe-core in both themes and both directions, sizes of what is pressed, no sideways
scrolling, nothing from another host, and no page heavier than it may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.clinic.addresses import Address, World, addresses, make_world
from tests.clinic.people import make_house

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = (Path(__file__).parents[1] / "support/axe/axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Answers that are no pages, and pages that only lead elsewhere.
NO_PAGES = {
    "draft", "alive", "session_state", "relogin", "words", "unlock_passkey", "feed", "booking_ics", "plan_json",
    "plan_report", "plan_picture", "plan_progress", "invitation", "setup",
    "account_logout", "account_inactive", "today_list",
    "account_change_password", "mfa_authenticate", "mfa_login_webauthn", "mfa_download_recovery_codes", "waiting",
    "account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_remove_webauthn",
    "mfa_edit_webauthn", "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "lock",
    "staff_link_shown", "data_backup", "audit_check",
}  # fmt: skip
STRANGERS = {"account_login", "account_reset_password"}
# What the finger must hit; links in running text are as high as their line.
PRESSED = (
    "button, .button, .choice, .tile, .list-row, nav a, summary, select, "
    "input:not([type=hidden]):not([type=radio]):not([type=checkbox])"
)
SMALL = """(selector) => [...document.querySelectorAll(selector)].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.width && box.height && !one.closest("[hidden], .visually-hidden, label.choice input")
    && getComputedStyle(one).visibility !== "hidden" && box.height < 43.5 && one.tagName !== "SVG";
}).map((one) => [one.tagName, one.className, (one.innerText || one.name || "").slice(0, 40),
  one.getBoundingClientRect().height].join(" "))"""


def shown() -> list[Address]:
    pages = [one for one in addresses() if one.name not in NO_PAGES]
    return [one for one in pages if one.is_open or one.is_librarys or "GET" in one.view.methods]


@pytest.fixture
def world(chromium: Browser, transactional_db: None) -> World:
    return make_world(make_house("Acorn"))


def tab(chromium: Browser, world: World, server: Any, theme: str, size: tuple[int, int], who: str | None) -> Page:
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
        bypass_csp=True,  # for axe alone: the page itself is loaded under its policy by the other tests
        reduced_motion="reduce",
        has_touch=True,
    )
    if who is not None:
        key = world.house.browser(who).cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": key, "url": server.url}])
    return context.new_page()


def violations(page: Page) -> list[str]:
    found = page.evaluate(
        """async (rules) => {
          const found = await axe.run(document, {runOnly: {type: "tag", values: rules}, resultTypes: ["violations"]});
          const told = (one) => one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ");
          return found.violations.map((one) => `${one.id}: ${told(one)}`);
        }""",
        RULES,
    )
    return list(found)


def walk(chromium: Browser, world: World, server: Any, theme: str, direction: str, size: tuple[int, int]) -> list[str]:
    wrong: list[str] = []
    tabs = {who: tab(chromium, world, server, theme, size, who) for who in ("owner", None)}
    for address in shown():
        page = tabs[None if address.name in STRANGERS else "owner"]
        path = world.at(address)
        answer = page.goto(f"{server.url}{path}{'&' if '?' in path else '?'}dir={direction}")
        where = f"{address.name} {theme} {direction} {size[0]}"
        assert answer is not None
        if answer.status >= 400:
            wrong.append(f"{where}: {answer.status}")
            continue
        page.evaluate(AXE)
        wrong += [f"{where}: {one}" for one in violations(page)]
        wrong += [f"{where}: too small for a finger: {one}" for one in page.evaluate(SMALL, PRESSED)]
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 1:
            wrong.append(f"{where}: scrolls sideways by {wide} px")
    for page in tabs.values():
        page.context.close()
    return wrong


@pytest.mark.parametrize(
    ("theme", "direction", "size"),
    [
        pytest.param("light", "ltr", (1280, 800), marks=pytest.mark.slow),
        ("dark", "rtl", (390, 844)),
        pytest.param("dark", "ltr", (1280, 800), marks=pytest.mark.slow),
        pytest.param("light", "rtl", (1280, 800), marks=pytest.mark.slow),
        pytest.param("light", "ltr", (390, 844), marks=pytest.mark.slow),
        pytest.param("light", "ltr", (768, 1024), marks=pytest.mark.slow),
    ],
)
def test_every_page_is_open_to_everybody(
    chromium: Browser, world: World, live_server: Any, theme: str, direction: str, size: tuple[int, int]
) -> None:
    wrong = walk(chromium, world, live_server, theme, direction, size)
    assert wrong == [], "\n".join(wrong)


def test_a_page_that_is_wrong_is_found(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content("<main><img src='data:,'><button style='height:20px'>x</button></main>")
    page.evaluate(AXE)
    assert any(one.startswith("image-alt") for one in violations(page))
    assert page.evaluate(SMALL, PRESSED)
    page.close()
