"""Logging in and the lock in a real browser: passkeys under our own policy, PIN by keyboard, every page by axe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse

from cryomassage_clinic.accounts import first_owner, own, services
from cryomassage_clinic.accounts.models import StaffSession, User
from cryomassage_clinic.accounts.permissions import Role
from cryomassage_clinic.audit.models import AuditRow
from cryomassage_clinic.clients.models import Client
from tests.clinic.people import PASSWORD, House, make_house
from tests.clinic.test_clients import BODY, CONTACT
from tests.clinic.test_consents_browser import PHONE, TABLET, violations

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Opens = Callable[..., Any]


@pytest.fixture
def house(transactional_db: None) -> House:
    made = make_house("Acorn")
    own.set_pin(made.actor("operator"), "4917")
    own.set_pin(made.actor("doctor"), "80263")
    return made


@pytest.fixture
def opened(chromium: Any, live_server: Any) -> Iterator[Opens]:
    """Opens a page for nobody yet. What goes wrong in scripts fails the test, and so does what the policy refuses."""
    contexts, wrong = [], []

    def open_page(address: str, size: dict[str, int] = TABLET, **more: Any) -> Any:
        context = chromium.new_context(viewport=size, reduced_motion="reduce", base_url=live_server.url, **more)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: wrong.append(line.text) if "Security Policy" in line.text else None)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong


def log_in(page: Any, name: str = "acorn-operator") -> None:
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


def come_in(page: Any) -> None:
    page.wait_for_url(lambda address: urlsplit(address).path == "/")


def lock(page: Any) -> None:
    page.get_by_role("button", name="Lock").click()
    page.wait_for_url("**/staff/lock/**")


def with_authenticator(page: Any, verifies: bool = True) -> Any:
    """A device of this page that holds passkeys and takes a finger for granted."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": verifies, "automaticPresenceSimulation": True,
    }  # fmt: skip
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return tools


def actions() -> list[str]:
    return list(AuditRow.objects.order_by("sequence").values_list("action", flat=True))


# Passkeys.


def make_passkey(page: Any, alone: bool = True) -> None:
    page.goto(reverse("mfa_add_webauthn"))
    page.get_by_label("What you call it").fill("My tablet")
    page.get_by_label("Log in with it alone").set_checked(alone)
    page.get_by_role("button", name="Make it").click()
    page.wait_for_url("**/security/codes/")


def test_a_passkey_is_made_and_logs_in_opens_the_lock_and_confirms(opened: Opens, house: House) -> None:
    page = opened(reverse("account_login"))
    with_authenticator(page)
    log_in(page, "acorn-owner")
    come_in(page)
    make_passkey(page)
    assert page.locator(".codes li").count() == 10
    page.goto(reverse("mfa_list_webauthn"))
    assert "My tablet" in page.locator("main").inner_text()

    page.goto(reverse("own_settings"))
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/account/login/")
    page.goto(f"{reverse('account_login')}?next=/clients/")
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url("**/clients/")

    lock(page)
    page.get_by_role("button", name="Open with a passkey").click()
    come_in(page)
    assert page.get_by_role("button", name="Lock").is_visible()

    page.goto(f"{reverse('mfa_reauthenticate_webauthn')}?next={reverse('staff_new')}")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda address: urlsplit(address).path == reverse("staff_new"))

    page.goto(reverse("mfa_list_webauthn"))
    page.get_by_role("link", name="Rename").click()
    page.get_by_label("What you call it").fill("Front desk")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Front desk").wait_for()
    page.get_by_role("link", name="Take away").click()
    page.get_by_role("button", name="Take away").click()
    page.get_by_text("No passkey yet").wait_for()
    assert not Authenticator.objects.exists()
    assert [one for one in actions() if not one.startswith("login.ok")] == [
        "account.pin_set",
        "account.pin_set",
        "account.second_step_added",
        "account.recovery_codes_made",
        "logout",
        "session.unlocked",
        "account.second_step_removed",
    ]


@pytest.mark.slow
def test_a_passkey_is_the_second_step_after_the_password(opened: Opens, house: House) -> None:
    page = opened(reverse("account_login"))
    with_authenticator(page)
    log_in(page)
    come_in(page)
    make_passkey(page)
    page.goto(reverse("own_settings"))
    page.get_by_role("button", name="Log out").click()
    log_in(page)
    page.wait_for_url("**/second-step/")
    page.get_by_role("button", name="Use a passkey").click()
    come_in(page)
    assert page.get_by_role("button", name="Lock").is_visible()


@pytest.mark.slow
def test_a_passkey_that_is_not_there_is_told_and_the_password_still_works(opened: Opens, house: House) -> None:
    page = opened(reverse("account_login"))
    with_authenticator(page, verifies=False)
    page.get_by_role("button", name="Log in with a passkey").click()
    page.get_by_text("The passkey was not read").wait_for()
    log_in(page)
    come_in(page)


@pytest.mark.slow
def test_a_passkey_of_somebody_who_left_opens_nothing(opened: Opens, house: House) -> None:
    page = opened(reverse("account_login"))
    with_authenticator(page)
    log_in(page)
    come_in(page)
    make_passkey(page)
    User.objects.filter(pk=house.operator.pk).update(is_active=False)
    page.goto(reverse("account_login"))
    page.get_by_role("button", name="Log in with a passkey").click()
    page.get_by_text("no longer active").wait_for()
    page.goto("/")
    assert "/account/login/" in page.url


@pytest.mark.slow
def test_a_passkey_is_offered_only_to_its_person(opened: Opens, house: House) -> None:
    page = opened(reverse("account_login"))
    with_authenticator(page)
    log_in(page, "acorn-doctor")
    come_in(page)
    make_passkey(page)
    lock(page)
    page.get_by_role("button", name="Log in as somebody else").click()
    log_in(page)
    come_in(page)
    lock(page)
    assert page.get_by_role("button", name="Open with a passkey").count() == 0


# The lock.


def test_the_lock_by_keyboard_alone(opened: Opens, house: House) -> None:
    page = opened(reverse("account_login"))
    log_in(page)
    come_in(page)
    page.goto(reverse("client_list"))
    lock(page)
    assert page.evaluate("document.activeElement.id") == "pin"
    page.keyboard.type("0000")
    page.keyboard.press("Enter")
    page.get_by_text("Wrong PIN").wait_for()
    assert page.evaluate("document.activeElement.id") == "pin"
    page.keyboard.type("4917")
    page.keyboard.press("Enter")
    come_in(page)
    assert page.get_by_role("button", name="Lock").is_visible()


def test_the_back_button_shows_nothing_behind_the_lock(opened: Opens, house: House) -> None:
    page = opened(reverse("account_login"))
    log_in(page)
    come_in(page)
    page.goto(reverse("client_list"))
    lock(page)
    page.go_back()
    page.wait_for_url("**/staff/lock/**")
    assert page.locator(".shell").count() == 0


def test_a_colleague_takes_over_with_two_touches_and_a_pin(opened: Opens, house: House) -> None:
    page = opened(reverse("account_login"))
    log_in(page, "acorn-doctor")
    come_in(page)
    lock(page)
    page.get_by_role("button", name="Log in as somebody else").click()
    log_in(page)
    come_in(page)
    lock(page)
    page.get_by_label("Acorn-doctor").check()
    page.locator("#other_pin").fill("80263")
    page.get_by_role("button", name="Take over").click()
    come_in(page)
    assert "Acorn-doctor" in page.locator(".shell-person").inner_text()


@pytest.mark.slow
def test_a_form_sent_into_the_lock_is_saved_after_it(opened: Opens, house: House) -> None:
    page = opened(reverse("account_login"), java_script_enabled=False)
    log_in(page)
    come_in(page)
    page.goto(reverse("client_new"))
    for name, value in {**CONTACT, **BODY}.items():
        field = page.locator(f"[name={name}]")
        kind = field.first.evaluate("one => one.type")
        if kind == "radio":
            page.locator(f"[name={name}][value={value}]").check()
        elif kind.startswith("select"):
            field.select_option(value)
        else:
            field.fill(value)
    StaffSession.objects.update(locked_at="2026-01-01T00:00:00Z")
    page.locator("main form button.button-main").last.click()
    page.wait_for_url("**/staff/lock/")
    assert "A form waits" in page.locator("main").inner_text()
    assert "Maria" not in page.content()
    page.locator("#pin").fill("4917")
    page.get_by_role("button", name="Open", exact=True).first.click()
    page.get_by_role("button", name="Save it").click()
    page.wait_for_url("**/clients/*/")
    assert Client.objects.get().full_name == "Maria Silva"


# Small things.


@pytest.mark.slow
def test_the_first_owners_page_guesses_the_time_zone_and_shows_the_password(
    opened: Opens, transactional_db: None
) -> None:
    link = first_owner.first_owner_link()
    page = opened(link, PHONE, timezone_id="America/Chicago")
    assert page.get_by_label("Time zone").input_value() == "America/Chicago"
    password = page.locator("#id_password")
    password.fill("four unrelated words")
    page.get_by_role("button", name="Show").click()
    assert password.get_attribute("type") == "text"
    page.get_by_role("button", name="Hide").click()
    assert password.get_attribute("type") == "password"
    page.get_by_label("Name of the clinic").fill("Birch")
    page.get_by_label("Your name").fill("Maria")
    page.get_by_label("User name").fill("maria")
    page.get_by_role("button", name="Begin").click()
    come_in(page)
    assert User.objects.get().clinic.time_zone == "America/Chicago"  # type: ignore[union-attr]


@pytest.mark.slow
def test_without_scripts_one_logs_in_and_out(opened: Opens, house: House) -> None:
    page = opened(reverse("account_login"), java_script_enabled=False)
    log_in(page)
    come_in(page)
    page.goto(reverse("own_settings"))
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/account/login/")


# Every page.

SMALL = """() => [...document.querySelectorAll("main button, main a.button, main input, main select, main summary")]
    .filter((one) => one.offsetParent && !one.closest("label") && one.getBoundingClientRect().height < 44)
    .map((one) => one.outerHTML.slice(0, 100))"""


def looked_at(page: Any, found: dict[str, Any], name: str) -> None:
    wrong = violations(page) + page.evaluate(SMALL)
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        wrong.append("wider than the screen")
    if wrong:
        found[name] = wrong


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize(("theme", "size"), [("light", PHONE), ("dark", TABLET)])
@pytest.mark.slow
def test_every_page_by_axe_finger_and_width(
    opened: Opens, house: House, theme: str, size: dict[str, int], direction: str
) -> None:
    mia, token = services.invite(house.actor("owner"), "Mia Long-Surname of Somewhere Far", "mia", Role.OPERATOR, [])
    setup_link = first_owner.make_first_owner()
    found: dict[str, Any] = {}
    page = opened(reverse("account_login"), size, color_scheme=theme, bypass_csp=True)
    with_authenticator(page)

    def walk(addresses: list[str]) -> None:
        for address in addresses:
            page.goto(f"{address}?dir={direction}")
            looked_at(page, found, address)

    walk([
        setup_link, reverse("invitation", args=[token]), reverse("invitation", args=["x" * 43]),
        reverse("account_reset_password"), reverse("account_inactive"), reverse("account_login"),
    ])  # fmt: skip
    log_in(page, "acorn-owner")
    come_in(page)
    page.goto(f"{reverse('staff_new')}?dir={direction}")
    page.get_by_role("button", name="Make the link").click()
    looked_at(page, found, "an invitation with errors")
    page.get_by_label("Name", exact=True).fill("Bea")
    page.get_by_label("User name").fill("bea")
    page.get_by_role("button", name="Make the link").click()
    page.wait_for_url("**/once/")
    looked_at(page, found, "a link")
    make_passkey(page)
    passkey = Authenticator.objects.get(type="webauthn").pk
    names = [
        "staff_list", "staff_new", "own_settings", "own_pin", "own_password", "mfa_index", "mfa_list_webauthn",
        "mfa_add_webauthn", "mfa_activate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes",
        "account_logout", "account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn",
    ]  # fmt: skip
    walk([reverse(name) for name in names])
    walk([reverse(name, args=[mia.pk]) for name in ("staff_edit", "staff_link", "staff_link_shown")])
    walk([reverse(name, args=[passkey]) for name in ("mfa_edit_webauthn", "mfa_remove_webauthn")])
    page.goto("/")
    lock(page)
    walk([reverse("lock")])
    page.get_by_role("button", name="Log in as somebody else").click()
    log_in(page, "acorn-owner")
    page.wait_for_url("**/second-step/")
    walk([reverse("mfa_authenticate")])
    page.get_by_role("button", name="Cancel").click()
    log_in(page)
    come_in(page)
    waiting = {"address": "/clients/new/", "fields": [["full_name", "Anna"]]}
    StaffSession.objects.filter(user=house.operator).update(waiting=waiting)
    walk([reverse("waiting")])
    lock(page)
    page.locator("#pin").fill("0000")
    page.get_by_role("button", name="Open", exact=True).first.click()
    page.get_by_text("Wrong PIN").wait_for()
    looked_at(page, found, "a wrong PIN")
    assert found == {}


@pytest.mark.slow
def test_limits_are_changed_after_the_password_in_place(opened: Opens, house: House, live_server: Any) -> None:
    page = opened(reverse("account_login"))
    key = house.browser("owner").cookies["sessionid"].value  # logged in, but the password was given long ago
    page.context.add_cookies([{"name": "sessionid", "value": key, "url": live_server.url}])
    page.goto(reverse("place_room_edit", args=[house.room.pk]))
    page.get_by_label("Air changes an hour").fill("5")
    page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog", name="Is it you?")
    dialog.wait_for()
    house.room.refresh_from_db()
    assert house.room.air_changes_per_h == 3.0
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Confirm and save").click()
    page.wait_for_url("**/places/")
    house.room.refresh_from_db()
    assert house.room.air_changes_per_h == 5.0
