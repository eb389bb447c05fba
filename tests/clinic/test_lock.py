"""The lock of a shared tablet: what it holds back, what opens it, and who may take it over."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.contrib.messages import constants
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpResponse
from django.test import Client as Browser
from django.test import RequestFactory
from django.urls import reverse

from cryomassage_clinic.accounts import sessions
from cryomassage_clinic.accounts.models import StaffSession, TabletLogin, User
from cryomassage_clinic.accounts.permissions import Role
from cryomassage_clinic.audit.models import AuditRow
from cryomassage_clinic.clients.models import Client
from tests.clinic.addresses import addresses, make_world
from tests.clinic.people import PASSWORD, House, make_client, make_user
from tests.clinic.test_clients import sent as a_new_client

pytestmark = pytest.mark.unit

PIN, OTHER_PIN = "4917", "80263"
LOCK, UNLOCK, TAKE_OVER, STATE = "/staff/lock/", "/staff/unlock/", "/staff/take-over/", "/staff/session-state/"
LOGIN, TODAY, FETCH = "/account/login/", "/", {"X-Requested-With": "fetch"}


def with_pin(user: User, pin: str) -> None:
    user.set_pin(pin)
    user.save(update_fields=["pin_hash"])


@pytest.fixture(autouse=True)
def clock(acorn: House) -> Iterator[Any]:
    """Ten in the morning at the clinic; time passes only where a test says so."""
    with_pin(acorn.operator, PIN)
    with_pin(acorn.doctor, OTHER_PIN)
    with time_machine.travel(datetime.datetime(2026, 3, 2, 10, 0, tzinfo=datetime.UTC), tick=False) as moved:
        yield moved


def logged_in(name: str = "acorn-operator", browser: Browser | None = None) -> Browser:
    browser = browser or Browser()
    assert browser.post(LOGIN, {"login": name, "password": PASSWORD}).status_code == 302
    return browser


def shared_tablet() -> Browser:
    """The doctor has logged in this morning, and then the operator, who has locked it."""
    browser = logged_in("acorn-doctor")
    browser.post(LOCK)
    browser.post(reverse("leave"))
    logged_in("acorn-operator", browser)
    browser.post(LOCK)
    return browser


def state(browser: Browser) -> str:
    return str(browser.get(STATE).json()["state"])


def who(browser: Browser) -> str:
    return str(User.objects.get(pk=browser.session["_auth_user_id"]).username)


def actions(house: House) -> list[str]:
    return list(AuditRow.objects.filter(clinic=house.clinic).order_by("sequence").values_list("action", flat=True))


def message(words: str) -> str:
    """The cookie of a message that was not told yet."""
    answer = HttpResponse()
    storage = CookieStorage(RequestFactory().get("/"))
    storage.add(constants.SUCCESS, words)
    storage.update(answer)
    return str(answer.cookies["messages"].value)


# It closes.


def test_it_closes_after_fifteen_idle_minutes_and_not_before(acorn: House, clock: Any) -> None:
    browser = logged_in()
    clock.shift(14 * 60)
    assert browser.get(TODAY).status_code == 200
    clock.shift(14 * 60)
    assert browser.get(TODAY).status_code == 200
    clock.shift(15 * 60)
    assert browser.get(TODAY)["Location"] == f"{LOCK}?next=%2F"
    assert state(browser) == "locked"


def test_what_a_page_asks_by_itself_keeps_no_session_open(acorn: House, clock: Any) -> None:
    browser = logged_in()
    for _ in range(14):
        clock.shift(60)
        assert browser.get(TODAY, headers={"X-Background": "1"}).status_code == 200
        assert state(browser) == "open"
    clock.shift(60)
    assert browser.get(TODAY, headers={"X-Background": "1"}).status_code == 302
    assert state(browser) == "locked"


def test_it_is_closed_by_hand_and_says_so_in_the_database(acorn: House) -> None:
    browser = logged_in()
    assert browser.get(LOCK)["Location"] == TODAY  # open: nothing to see
    assert browser.post(LOCK, {"next": "/clients/"})["Location"] == f"{LOCK}?next=%2Fclients%2F"
    assert StaffSession.objects.get().locked_at is not None
    # A request that began before the lock writes its session back whole; the lock stays.
    session = browser.session
    session["old"] = "data"
    session.save()
    assert state(browser) == "locked"


def test_one_tablet_is_locked_and_the_other_is_not(acorn: House) -> None:
    here, there = logged_in(), logged_in()
    here.post(LOCK)
    assert here.get(TODAY).status_code == 302
    assert there.get(TODAY).status_code == 200


# Nothing comes through.


def test_every_address_answers_the_lock(acorn: House, clock: Any) -> None:
    world = make_world(acorn)
    browser = logged_in()
    browser.post(LOCK)
    before = AuditRow.objects.count()
    through = {"lock", "unlock", "unlock_passkey", "take_over", "leave", "session_state", "words"}
    wrong = []
    for address in addresses():
        if address.name in through:
            continue
        path = "/account/security/passkeys/1/name/" if address.is_librarys and address.words else None
        path = path or world.at(address)
        page, script = browser.get(path), browser.get(path, headers=FETCH)
        sent, written = browser.post(path, {"a": "b"}), browser.put(path)
        fine = (
            page.status_code == 302
            and page["Location"].startswith(LOCK)
            and (script.status_code, script["X-Lock"], script.content) == (423, "required", b"locked")
            and (sent.status_code, sent["Location"]) == (303, LOCK)
            and written.status_code == 423
            and not page.content
            and page["Cache-Control"] == script["Cache-Control"] == "no-store"
        )
        if not fine:
            wrong.append(address.name)
    assert wrong == []
    assert AuditRow.objects.count() == before
    assert browser.get("/no/such/page/")["Location"].startswith(LOCK)  # even what does not exist


def test_the_lock_page_names_no_client_and_has_no_way_on(acorn: House) -> None:
    client = make_client(acorn, full_name="Zoya Unlikely")
    browser = logged_in()
    browser.cookies["messages"] = message("Zoya Unlikely is saved")
    browser.post(LOCK, {"next": reverse("client_card", args=[client.pk])})
    told = browser.get(f"{LOCK}?next={reverse('client_card', args=[client.pk])}").content.decode()
    assert "Zoya" not in told
    assert "shell-nav" not in told
    assert "safe-form-words" not in told
    assert "Acorn-operator" in told
    browser.post(UNLOCK, {"pin": PIN})
    assert "Zoya Unlikely is saved" in browser.get(TODAY).content.decode()  # told once the lock is open


def test_what_was_told_to_one_is_not_told_to_the_next(acorn: House) -> None:
    browser = shared_tablet()
    browser.cookies["messages"] = message("Zoya Unlikely is saved")
    doctor = TabletLogin.objects.get(user=acorn.doctor)
    browser.post(TAKE_OVER, {"who": doctor.pk, "pin": OTHER_PIN})
    assert "Zoya" not in browser.get(TODAY).content.decode()


def test_a_stranger_is_told_to_log_in(acorn: House) -> None:
    for path in (TODAY, LOCK, UNLOCK, TAKE_OVER, "/staff/leave/", "/staff/waiting/", "/staff/me/"):
        assert Browser().post(path)["Location"].startswith(LOGIN)
        script = Browser().post(path, headers=FETCH)
        assert (script.status_code, script["X-Login"]) == (401, "required")
    assert Browser().get(STATE).json()["state"] == "anonymous"


def test_wrong_methods(acorn: House) -> None:
    browser = logged_in()
    browser.post(LOCK)
    for path in (UNLOCK, TAKE_OVER, "/staff/leave/"):
        assert browser.get(path).status_code == 405
    assert browser.post(STATE).status_code == 405


# It opens.


def test_the_pin_opens_it_and_leads_back(acorn: House) -> None:
    browser = logged_in()
    browser.post(LOCK)
    assert browser.post(UNLOCK, {"pin": PIN, "next": "/clients/"})["Location"] == "/clients/"
    assert browser.get(TODAY).status_code == 200
    assert actions(acorn) == ["login.ok", "session.unlocked"]


def test_it_leads_to_no_other_host(acorn: House) -> None:
    for elsewhere in ("https://evil.example", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        browser = logged_in()
        browser.post(LOCK)
        assert browser.post(UNLOCK, {"pin": PIN, "next": elsewhere})["Location"] == TODAY


def test_the_password_opens_it(acorn: House) -> None:
    browser = logged_in()
    browser.post(LOCK)
    answer = browser.post(UNLOCK, {"password": "wrong"})
    assert (answer.status_code, "not your password" in answer.content.decode()) == (403, True)
    assert state(browser) == "locked"
    assert browser.post(UNLOCK, {"password": PASSWORD}).status_code == 302
    assert state(browser) == "open"


def test_for_a_script(acorn: House) -> None:
    browser = logged_in()
    browser.post(LOCK)
    answer = browser.post(UNLOCK, {"pin": "0000"}, headers=FETCH)
    assert (answer.status_code, "Wrong PIN" in answer.json()["message"]) == (403, True)
    answer = browser.post(UNLOCK, {"pin": PIN}, headers=FETCH)
    assert (answer.status_code, bool(answer["X-CSRF-Token"])) == (204, True)


def test_five_wrong_pins_and_the_pin_counts_no_more(acorn: House, clock: Any) -> None:
    browser = logged_in()
    browser.post(LOCK)
    for _ in range(5):
        assert browser.post(UNLOCK, {"pin": "0000"}).status_code == 403
    answer = browser.post(UNLOCK, {"pin": PIN})
    assert (answer.status_code, "Use your password" in answer.content.decode()) == (429, True)
    assert state(browser) == "locked"
    assert actions(acorn) == ["login.ok", *["session.pin_wrong"] * 5, "session.pin_locked"]
    elsewhere = logged_in("acorn-doctor")  # another tablet gives no five more
    elsewhere.post(LOCK)
    clock.shift(301)
    assert browser.post(UNLOCK, {"pin": PIN}).status_code == 302


def test_a_pin_cannot_be_guessed_slowly(acorn: House, clock: Any) -> None:
    browser = logged_in()
    browser.post(LOCK)
    for _ in range(20):
        assert browser.post(UNLOCK, {"pin": "0000"}).status_code == 403
        clock.shift(301)
    assert browser.post(UNLOCK, {"pin": PIN}).status_code == 429
    assert browser.post(UNLOCK, {"password": PASSWORD}).status_code == 302  # that clears the PIN
    browser.post(LOCK)
    assert browser.post(UNLOCK, {"pin": PIN}).status_code == 302


def test_wrong_passwords_at_the_lock_count_as_everywhere(acorn: House) -> None:
    browser = logged_in()
    browser.post(LOCK)
    for _ in range(5):
        assert browser.post(UNLOCK, {"password": "wrong"}).status_code == 403
    assert browser.post(UNLOCK, {"password": PASSWORD}).status_code == 429
    assert Browser().post(LOGIN, {"login": "acorn-operator", "password": PASSWORD}).status_code == 429


@pytest.mark.parametrize("pin", ["", "\x00", "x" * 10_000, "<script>alert(1)</script>", "٤٩١٧", "4917 0", "🙂"])
def test_a_hostile_pin_opens_nothing(acorn: House, pin: str) -> None:
    browser = logged_in()
    browser.post(LOCK)
    answer = browser.post(UNLOCK, {"pin": pin})
    assert answer.status_code == 403
    assert "<script>alert" not in answer.content.decode()
    assert state(browser) == "locked"


def test_without_a_pin_the_password_is_asked_for(acorn: House) -> None:
    browser = logged_in("acorn-reception")
    browser.post(LOCK)
    told = browser.get(LOCK).content.decode()
    assert 'id="pin"' not in told
    assert "<details open>" in told
    assert browser.post(UNLOCK, {"pin": ""}).status_code == 403


def test_without_a_passkey_there_is_nothing_to_sign(acorn: House) -> None:
    browser = logged_in()
    browser.post(LOCK)
    assert browser.get(reverse("unlock_passkey")).status_code == 403
    assert browser.post(reverse("unlock_passkey"), {"credential": "{}"}).status_code == 403
    assert state(browser) == "locked"


def test_twelve_hours_end_a_locked_session_too(acorn: House, clock: Any) -> None:
    browser = logged_in()
    browser.post(LOCK)
    clock.shift(12 * 3600)
    assert browser.post(UNLOCK, {"pin": PIN})["Location"].startswith(LOGIN)


def test_unlocking_makes_the_session_no_longer(acorn: House, clock: Any) -> None:
    browser = logged_in()
    for _ in range(12):
        clock.shift(3600 - 1)
        browser.post(UNLOCK, {"pin": PIN})
    assert browser.get(TODAY).status_code == 200
    clock.shift(13)
    assert browser.get(TODAY)["Location"].startswith(LOGIN)


# Somebody else.


def test_a_colleague_of_this_morning_takes_over(acorn: House, clock: Any) -> None:
    browser = shared_tablet()
    key, first_row = browser.cookies["sessionid"].value, StaffSession.objects.get(user=acorn.operator)
    browser.session["of_the_operator"] = "secret"
    chosen = TabletLogin.objects.get(user=acorn.doctor)
    assert "Acorn-doctor" in browser.get(LOCK).content.decode()
    clock.shift(3600)
    assert browser.post(TAKE_OVER, {"who": chosen.pk, "pin": PIN}).status_code == 403  # the operator's own
    assert browser.post(TAKE_OVER, {"who": chosen.pk, "pin": OTHER_PIN})["Location"] == TODAY
    assert who(browser) == "acorn-doctor"
    assert browser.cookies["sessionid"].value != key
    assert "of_the_operator" not in browser.session
    assert not StaffSession.objects.filter(pk=first_row.pk).exists()
    assert StaffSession.objects.get().started_at == chosen.at  # its twelve hours began with the full login
    assert actions(acorn)[-1] == "session.taken_over"
    stranger = Browser()
    stranger.cookies["sessionid"] = key
    assert stranger.get(TODAY).status_code == 302
    # Taking over is no proof for what asks again.
    assert browser.get(reverse("own_pin"))["Location"].startswith(reverse("account_reauthenticate"))


def test_whoever_has_not_logged_in_here_today_cannot_take_over(acorn: House, clock: Any) -> None:
    with_pin(acorn.owner, "73194")
    logged_in("acorn-owner")  # on another tablet
    browser = shared_tablet()
    elsewhere = TabletLogin.objects.get(user=acorn.owner)
    assert "Acorn-owner" not in browser.get(LOCK).content.decode()
    assert browser.post(TAKE_OVER, {"who": elsewhere.pk, "pin": "73194"}).status_code == 403
    for bad in ("", "not-an-id", "\x00", str(acorn.owner.pk)):
        assert browser.post(TAKE_OVER, {"who": bad, "pin": "73194"}).status_code == 403
    clock.shift(14 * 3600)  # the next day, in the small hours, less than a day later
    logged_in("acorn-operator", browser)
    browser.post(LOCK)
    yesterday = TabletLogin.objects.get(user=acorn.doctor)
    assert browser.post(TAKE_OVER, {"who": yesterday.pk, "pin": OTHER_PIN}).status_code == 403
    assert who(browser) == "acorn-operator"


def test_no_take_over_without_pin_after_log_out_deactivation_or_from_another_clinic(acorn: House, birch: House) -> None:
    with_pin(birch.doctor, OTHER_PIN)
    browser = logged_in("birch-doctor")
    browser.post(LOCK)
    browser.post(reverse("leave"))
    logged_in("acorn-reception", browser)  # has no PIN
    browser.post(LOCK)
    browser.post(reverse("leave"))
    logged_in("acorn-doctor", browser)
    browser.post(reverse("account_logout"))
    logged_in("acorn-operator", browser)
    browser.post(LOCK)
    assert "Who are you?" not in browser.get(LOCK).content.decode()
    browser.post(reverse("leave"))
    logged_in("acorn-doctor", browser)
    browser.post(LOCK)
    browser.post(reverse("leave"))
    logged_in("acorn-operator", browser)
    browser.post(LOCK)
    assert "Acorn-doctor" in browser.get(LOCK).content.decode()
    User.objects.filter(pk=acorn.doctor.pk).update(is_active=False)
    assert "Acorn-doctor" not in browser.get(LOCK).content.decode()


def test_wrong_pins_at_taking_over_are_counted_for_that_person(acorn: House) -> None:
    browser = shared_tablet()
    chosen = TabletLogin.objects.get(user=acorn.doctor)
    for _ in range(5):
        assert browser.post(TAKE_OVER, {"who": chosen.pk, "pin": "0000"}).status_code == 403
    assert browser.post(TAKE_OVER, {"who": chosen.pk, "pin": OTHER_PIN}).status_code == 429
    assert browser.post(UNLOCK, {"pin": PIN}).status_code == 302  # the operator's PIN still counts


def test_leaving_ends_the_session_for_somebody_else(acorn: House) -> None:
    browser = logged_in()
    key = browser.cookies["sessionid"].value
    browser.post(LOCK)
    assert browser.post(reverse("leave"))["Location"] == LOGIN
    stranger = Browser()
    stranger.cookies["sessionid"] = key
    assert stranger.get(TODAY)["Location"].startswith(LOGIN)
    assert actions(acorn)[-1] == "session.left"


def test_the_tablets_number_is_kept_from_scripts(acorn: House) -> None:
    cookie = logged_in().cookies["tablet"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert cookie.value not in {row.tablet for row in TabletLogin.objects.all()}


# A form that was sent into the lock.


def new_client(**more: str) -> dict[str, str]:
    return {**a_new_client(full_name="Anna Petrova", submission="5b0f6c8e-0000-4000-8000-000000000001"), **more}


def send(browser: Browser, path: str, fields: dict[str, str]) -> Any:
    """As a browser sends a form without files."""
    return browser.post(path, urlencode(fields), content_type="application/x-www-form-urlencoded")


def test_a_form_that_was_sent_into_the_lock_is_saved_after_it(acorn: House) -> None:
    browser = logged_in()
    browser.post(LOCK)
    answer = send(browser, reverse("client_new"), new_client())
    assert (answer.status_code, answer["Location"]) == (303, LOCK)
    assert not Client.objects.exists()
    assert "A form waits" in browser.get(LOCK).content.decode()
    assert "Anna" not in browser.get(LOCK).content.decode()
    assert browser.post(UNLOCK, {"pin": PIN})["Location"] == reverse("waiting")
    page = browser.get(reverse("waiting"))
    assert page.context["address"] == reverse("client_new")
    assert dict(page.context["fields"]) == new_client()
    send(browser, reverse("client_new"), dict(page.context["fields"]))
    assert Client.objects.get().full_name == "Anna Petrova"
    # It does not come again with the next lock.
    browser.post(LOCK)
    assert browser.post(UNLOCK, {"pin": PIN})["Location"] == TODAY


def test_a_form_that_waits_can_be_dropped(acorn: House) -> None:
    browser = logged_in()
    browser.post(LOCK)
    send(browser, reverse("client_new"), new_client())
    browser.post(UNLOCK, {"pin": PIN})
    assert browser.post(reverse("waiting"))["Location"] == TODAY
    assert browser.get(reverse("waiting"))["Location"] == TODAY


@pytest.mark.parametrize("way", ["taken over", "left"])
def test_a_form_waits_for_its_writer_when_somebody_else_goes_on(acorn: House, way: str) -> None:
    browser = shared_tablet()
    send(browser, reverse("client_new"), new_client())
    if way == "left":
        browser.post(reverse("leave"))
        logged_in("acorn-doctor", browser)
    else:
        browser.post(TAKE_OVER, {"who": TabletLogin.objects.get(user=acorn.doctor).pk, "pin": OTHER_PIN})
    assert who(browser) == "acorn-doctor"
    assert browser.get(reverse("waiting"))["Location"] == TODAY  # nothing of the operator's
    assert [row.user for row in sessions.open_of(acorn.operator)] == []
    answer = Browser().post(LOGIN, {"login": "acorn-operator", "password": PASSWORD})
    assert answer["Location"] == reverse("waiting")


def test_a_form_of_another_page_than_ours_is_not_kept(acorn: House) -> None:
    browser = Browser(enforce_csrf_checks=True)
    page = browser.get(LOGIN)
    token = page.context["csrf_token"]
    browser.post(LOGIN, {"login": "acorn-operator", "password": PASSWORD, "csrfmiddlewaretoken": str(token)})
    token = browser.get(STATE).json()["csrf"]
    browser.post(LOCK, headers={"X-CSRFToken": token})
    assert state(browser) == "locked"
    send(browser, reverse("client_new"), new_client())
    assert StaffSession.objects.get().waiting is None
    send(browser, reverse("client_new"), new_client(csrfmiddlewaretoken=token))
    assert StaffSession.objects.get().waiting is not None


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/staff/me/pin/", {"pin": "80263"}),
        ("/staff/me/password/", {"old": PASSWORD, "password": "four unrelated words"}),
        (LOGIN, {"login": "acorn-doctor", "password": PASSWORD}),
        ("/clients/new/", {"full_name": "x" * 200_001}),
    ],
)
def test_secrets_and_floods_are_not_kept(acorn: House, path: str, sent: dict[str, str]) -> None:
    browser = logged_in()
    browser.post(LOCK)
    assert send(browser, path, sent).status_code == 303
    assert json.dumps(StaffSession.objects.get().waiting) == "null"


def test_a_deactivated_person_is_out_at_once_and_a_new_role_counts_at_once(acorn: House) -> None:
    browser = logged_in()
    make_user(acorn.clinic, "second-owner", Role.OWNER)
    assert browser.get(reverse("audit_list")).status_code == 403
    User.objects.filter(pk=acorn.operator.pk).update(role=Role.DOCTOR)
    assert browser.get(reverse("audit_list")).status_code == 200
    owner = Browser()
    owner.force_login(acorn.owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    sent = {"full_name": "Ola", "role": "operator", "version": "1"}
    assert owner.post(reverse("staff_edit", args=[acorn.operator.pk]), sent).status_code == 302
    assert browser.get(TODAY)["Location"].startswith(LOGIN)
    assert not StaffSession.objects.filter(user=acorn.operator).exists()
    assert not TabletLogin.objects.filter(user=acorn.operator).exists()
