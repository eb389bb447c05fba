"""Logging in: the same answer to everybody who may not, tries that are counted, a second step, a session that ends."""

from __future__ import annotations

import datetime
import re
import statistics
import time
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from cryomassage_clinic.accounts import first_owner, invitations, sessions
from cryomassage_clinic.accounts.models import Attempts, Invitation, StaffSession, User
from cryomassage_clinic.accounts.permissions import Role
from cryomassage_clinic.audit.models import AuditDetails, AuditRow
from tests.clinic.people import PASSWORD, House, make_user

pytestmark = pytest.mark.unit

LOGIN, TODAY = "/account/login/", "/"
SECRET = "JBSWY3DPEHPK3PXP"


def log_in(name: str, password: str = PASSWORD, browser: Browser | None = None, **more: Any) -> tuple[Browser, Any]:
    browser = browser or Browser()
    return browser, browser.post(LOGIN, {"login": name, "password": password, **more})


def actions(house: House) -> list[str]:
    return list(AuditRow.objects.filter(clinic=house.clinic).order_by("sequence").values_list("action", flat=True))


def words(answer: Any) -> str:
    """What somebody reads, without what differs in every answer."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", answer.content.decode())
    return re.sub(r'name="login" value="[^"]*"', "", text)


def code_now(secret: str = SECRET) -> str:
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def with_app(user: User) -> None:
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)


# The way in.


def test_a_login_leads_to_the_page_that_was_asked_for(acorn: House) -> None:
    browser, answer = log_in("acorn-operator", next="/clients/?q=anna")
    assert (answer.status_code, answer["Location"]) == (302, "/clients/?q=anna")
    assert browser.get(TODAY).status_code == 200
    assert actions(acorn) == ["login.ok"]
    details = AuditDetails.objects.get()
    assert '"by":["password"]' in details.text.replace(" ", "")


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_a_login_leads_to_no_other_host(acorn: House, elsewhere: str) -> None:
    _browser, answer = log_in("acorn-operator", next=elsewhere)
    assert answer["Location"] == TODAY


def test_the_session_has_a_new_key_after_the_login(acorn: House) -> None:
    browser = Browser()
    session = browser.session  # one that somebody else could have planted
    session["planted"] = "yes"
    session.save()
    planted = str(session.session_key)
    browser.cookies["sessionid"] = planted
    log_in("acorn-operator", browser=browser)
    assert browser.cookies["sessionid"].value != planted
    stranger = Browser()
    stranger.cookies["sessionid"] = planted
    assert stranger.get(TODAY).status_code == 302


def test_nobody_can_sign_up_or_be_sent_mail(acorn: House) -> None:
    for path in ("signup/", "email/", "password/reset/", "3rdparty/", "confirm-email/"):
        assert Browser().get(f"/account/{path}").status_code == 404


def test_a_password_forgotten_leads_to_the_owner(acorn: House) -> None:
    told = Browser().get(reverse("account_reset_password")).content.decode()
    assert "Ask the owner of the clinic" in told
    assert "cryomassage-clinic owner_link" in told


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", "\"' OR 1=1 --", "🙂" * 20, "\u202eacorn-owner", "x" * 10_000, "acorn\x00owner", ""],
)
def test_a_hostile_name_is_refused_in_words(acorn: House, name: str) -> None:
    _browser, answer = log_in(name)
    assert answer.status_code == 422
    assert "<script>alert" not in answer.content.decode()
    assert 'role="alert"' in answer.content.decode()


# Known or unknown: the same.


def test_known_unknown_and_invited_get_the_same_answer(acorn: House) -> None:
    invited = make_user(acorn.clinic, "mia", Role.OPERATOR)
    invited.set_unusable_password()
    invited.save()
    answers = [log_in(name, "not the password")[1] for name in ("acorn-operator", "nobody-here", "mia")]
    assert {answer.status_code for answer in answers} == {422}
    assert len({words(answer) for answer in answers}) == 1
    assert "do not match" in words(answers[0])


def test_known_and_unknown_take_the_same_time(acorn: House, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    acorn.operator.set_password(PASSWORD)
    acorn.operator.save()
    taken: dict[str, list[float]] = {"acorn-operator": [], "nobody-here": []}
    for _ in range(3):
        for name, times in taken.items():
            begin = time.perf_counter()
            log_in(name, "not the password")
            times.append(time.perf_counter() - begin)
    known, unknown = (statistics.median(times) for times in taken.values())
    assert known / unknown == pytest.approx(1.0, abs=0.5)


def test_a_strangers_name_is_kept_nowhere(acorn: House, caplog: pytest.LogCaptureFixture) -> None:
    log_in("MyPassword123", "oops")  # people type the password into the wrong field
    assert "MyPassword123" not in caplog.text
    assert "nobody has this name" in caplog.text
    assert actions(acorn) == []


def test_somebody_who_left_does_not_come_in(acorn: House) -> None:
    User.objects.filter(pk=acorn.operator.pk).update(is_active=False)
    browser, answer = log_in("acorn-operator")
    assert (answer.status_code, answer["Location"]) == (302, reverse("account_inactive"))
    assert browser.get(TODAY).status_code == 302
    assert browser.get(answer["Location"]).status_code == 200


# Tries are counted, in the database.


def test_five_wrong_passwords_close_the_account_for_five_minutes(acorn: House) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(5):
            assert log_in("acorn-operator", "wrong")[1].status_code == 422
        # Right or wrong is not looked at any more, in whatever way the name is written.
        for name in ("acorn-operator", "ACORN-Operator", " acorn-operator "):
            answer = log_in(name)[1]
            assert answer.status_code == 429
            assert "Wait five minutes" in answer.content.decode()
        assert log_in("acorn-doctor")[1].status_code == 302  # nobody else is locked out
        clock.shift(301)
        assert log_in("acorn-operator")[1].status_code == 302
    assert actions(acorn)[:6] == ["login.failed"] * 5 + ["login.locked"]


def test_a_right_password_gives_no_tries_back_to_a_guesser(acorn: House) -> None:
    for _ in range(4):
        log_in("acorn-operator", "wrong")
    assert log_in("acorn-operator")[1].status_code == 302
    assert log_in("acorn-operator", "wrong")[1].status_code == 422
    assert log_in("acorn-operator")[1].status_code == 429


def test_thirty_tries_from_one_address_in_a_minute(acorn: House) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for number in range(30):
            assert log_in(f"guess-{number}", "wrong")[1].status_code == 422
        assert log_in("acorn-operator")[1].status_code == 429
        other = Browser(REMOTE_ADDR="10.1.2.3")
        assert log_in("acorn-operator", browser=other)[1].status_code == 302
        clock.shift(61)
        assert log_in("acorn-operator")[1].status_code == 302


def test_a_clock_that_is_set_back_forgives_nothing_and_locks_nobody_out_for_long(acorn: House) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(5):
            log_in("acorn-operator", "wrong")
        clock.shift(-86_400)
        assert log_in("acorn-operator")[1].status_code == 429
        clock.shift(86_400 + 301)
        assert log_in("acorn-operator")[1].status_code == 302


def test_limits_hold_no_names(acorn: House) -> None:
    log_in("acorn-operator", "wrong")
    for row in Attempts.objects.all():
        assert re.fullmatch(r"[0-9a-f]{64}", row.key)


def test_the_relogin_of_a_script_counts_the_same_tries(acorn: House) -> None:
    given = {"username": "acorn-operator", "password": "wrong"}
    for _ in range(5):
        answer = Browser().post(reverse("relogin"), given)
        assert (answer.status_code, "do not match" in answer.json()["message"]) == (403, True)
    assert Browser().post(reverse("relogin"), {**given, "password": PASSWORD}).status_code == 429
    assert log_in("acorn-operator")[1].status_code == 429


def test_the_relogin_of_a_script(acorn: House) -> None:
    browser = Browser(enforce_csrf_checks=True)
    token = browser.get(reverse("session_state")).json()["csrf"]
    assert browser.post(reverse("relogin"), {"username": "acorn-operator", "password": PASSWORD}).status_code == 403
    given = {"username": "acorn-operator", "password": PASSWORD}
    answer = browser.post(reverse("relogin"), given, headers={"X-CSRFToken": token})
    assert (answer.status_code, bool(answer["X-CSRF-Token"])) == (204, True)
    assert browser.get(TODAY).status_code == 200
    assert Browser().get(reverse("relogin")).status_code == 405
    for name in ("", "a\x00b"):
        assert Browser().post(reverse("relogin"), {"username": name, "password": "x"}).status_code == 403
    with_app(acorn.operator)
    answer = Browser().post(reverse("relogin"), given)
    assert (answer.status_code, answer.json()["address"]) == (409, LOGIN)


# The second step.


def test_a_code_is_asked_for_and_works_once(acorn: House) -> None:
    with_app(acorn.operator)
    browser, answer = log_in("acorn-operator")
    assert answer["Location"] == reverse("mfa_authenticate")
    assert browser.get(TODAY).status_code == 302  # not in yet
    assert 'autocomplete="one-time-code"' in browser.get(answer["Location"]).content.decode()
    assert browser.post(answer["Location"], {"code": "000000"}).status_code == 422
    code = code_now()
    assert browser.post(answer["Location"], {"code": code})["Location"] == TODAY
    assert browser.get(TODAY).status_code == 200
    other, answer = log_in("acorn-operator")
    assert other.post(answer["Location"], {"code": code}).status_code == 422  # somebody looked over the shoulder
    assert actions(acorn) == ["login.second_step_failed", "login.ok", "login.second_step_failed"]


def test_a_recovery_code_works_once(acorn: House) -> None:
    with_app(acorn.operator)
    code = Authenticator.objects.get(user=acorn.operator, type="recovery_codes").wrap().get_unused_codes()[0]
    browser, answer = log_in("acorn-operator")
    assert browser.post(answer["Location"], {"code": code})["Location"] == TODAY
    other, answer = log_in("acorn-operator")
    assert other.post(answer["Location"], {"code": code}).status_code == 422


def test_five_wrong_codes_and_no_more_are_looked_at(acorn: House) -> None:
    with_app(acorn.operator)
    for _ in range(5):  # a new login each time forgives nothing
        browser, answer = log_in("acorn-operator")
        assert browser.post(answer["Location"], {"code": "000000"}).status_code == 422
    assert browser.post(answer["Location"], {"code": code_now()}).status_code == 429
    assert browser.get(TODAY).status_code == 302


def test_an_app_is_set_up_with_recovery_codes_and_removed(acorn: House) -> None:
    browser, _answer = log_in("acorn-operator")
    address = reverse("mfa_activate_totp")
    page = browser.get(address)
    secret = page.context["form"].secret
    assert browser.post(address, {"code": "000000"}).status_code == 422
    secret = browser.get(address).context["form"].secret
    answer = browser.post(address, {"code": code_now(secret)}, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("mfa_view_recovery_codes")
    assert len(re.findall(r"<li><code>", answer.content.decode())) == 10
    assert browser.get(reverse("mfa_download_recovery_codes"))["Content-Type"].startswith("text/plain")
    assert "In use" in browser.get(reverse("mfa_index")).content.decode()
    assert browser.post(reverse("mfa_generate_recovery_codes")).status_code == 302
    assert browser.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert not Authenticator.objects.filter(user=acorn.operator).exists()
    told = actions(acorn)
    assert told == [
        "login.ok",
        "account.second_step_added",
        "account.recovery_codes_made",
        "account.recovery_codes_made",
        "account.second_step_removed",
    ]


CREDENTIALS = [
    "", "x", "null", "[]", "1", "{}", '{"response": []}', '{"response": null}', '{"response": {"userHandle": 1}}',
    '{"response": {"userHandle": "AAAA"}}',
]  # fmt: skip


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_a_made_up_passkey_is_refused_in_words(acorn: House, credential: str) -> None:
    browser = Browser()
    assert (
        "request_options" in browser.get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"}).json()
    )
    answer = browser.post(reverse("mfa_login_webauthn"), {"credential": credential}, follow=True)
    assert answer.redirect_chain[-1][0] == LOGIN
    assert "banner-error" in answer.content.decode()
    assert browser.get(TODAY).status_code == 302


def test_tries_with_passkeys_are_counted(acorn: House) -> None:
    for _ in range(30):
        assert Browser().post(reverse("mfa_login_webauthn"), {"credential": "{}"}).status_code == 302
    assert Browser().post(reverse("mfa_login_webauthn"), {"credential": "{}"}).status_code == 429


def test_pages_of_the_second_step_are_for_whoever_is_logged_in(acorn: House) -> None:
    for name in (
        "mfa_index", "mfa_activate_totp", "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_add_webauthn",
        "mfa_generate_recovery_codes", "mfa_download_recovery_codes", "mfa_list_webauthn", "account_reauthenticate",
        "mfa_reauthenticate", "mfa_reauthenticate_webauthn",
    ):  # fmt: skip
        answer = Browser().get(reverse(name))
        assert answer.status_code == 302, name
        assert answer["Location"].startswith(LOGIN), name
    for name in ("mfa_remove_webauthn", "mfa_edit_webauthn"):
        of_another = Authenticator.objects.create(user=acorn.doctor, type="webauthn", data={"name": "his"})
        browser, _answer = log_in("acorn-operator")
        assert browser.get(reverse(name, args=[of_another.pk])).status_code == 404


# Sessions end.


def test_a_session_ends_twelve_hours_after_the_login_whatever_happens_between(acorn: House) -> None:
    with time_machine.travel(datetime.datetime(2026, 3, 2, 6, 0, tzinfo=datetime.UTC), tick=False) as clock:
        browser, _answer = log_in("acorn-operator")
        for _ in range(71):
            clock.shift(600)
            assert browser.get(TODAY).status_code == 200
        clock.shift(601)
        assert browser.get(TODAY)["Location"].startswith(LOGIN)
        state = browser.get(reverse("session_state")).json()["state"]
        assert state == "anonymous"


def test_a_log_out_ends_the_session_on_the_server(acorn: House) -> None:
    browser, _answer = log_in("acorn-operator")
    key = browser.cookies["sessionid"].value
    assert browser.get(reverse("account_logout")).status_code == 200  # asks; following a link logs nobody out
    assert browser.get(TODAY).status_code == 200
    browser.post(reverse("account_logout"))
    browser.cookies["sessionid"] = key
    assert browser.get(TODAY).status_code == 302
    assert not StaffSession.objects.filter(user=acorn.operator).exists()
    assert actions(acorn) == ["login.ok", "logout"]


def test_an_ended_session_is_nobodys(acorn: House) -> None:
    browser, _answer = log_in("acorn-operator")
    sessions.end(acorn.operator)
    answer = browser.get(TODAY)
    assert answer["Location"].startswith(LOGIN)
    script = browser.get(TODAY, headers={"X-Requested-With": "fetch"})
    assert (script.status_code, script["X-Login"]) == (401, "required")


def test_pages_behind_the_login_are_kept_by_no_browser(acorn: House) -> None:
    browser, _answer = log_in("acorn-operator")
    for name in ("today", "client_list", "own_settings", "session_state"):
        assert browser.get(reverse(name))["Cache-Control"] == "no-store"


# Is it you?


def test_export_erasure_and_staff_ask_again_and_the_answer_counts_five_minutes(acorn: House) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        browser, _answer = log_in("acorn-owner")
        clock.shift(299)
        assert browser.get(reverse("staff_new")).status_code == 200
        clock.shift(2)
        for address in (reverse("staff_new"), reverse("staff_link", args=[acorn.doctor.pk]), reverse("own_pin")):
            answer = browser.get(address)
            assert answer["Location"] == f"{reverse('account_reauthenticate')}?next={address.replace('/', '%2F')}"
        assert browser.post(reverse("data_export"))["Location"].startswith(reverse("account_reauthenticate"))
        question = f"{reverse('account_reauthenticate')}?next={reverse('staff_new')}"
        assert browser.post(question, {"password": "wrong"}).status_code == 422
        answer = browser.post(question, {"password": PASSWORD})
        assert answer["Location"] == reverse("staff_new")
        assert browser.get(reverse("staff_new")).status_code == 200
        clock.shift(301)
        assert browser.get(reverse("staff_new")).status_code == 302
        script = browser.get(reverse("staff_new"), headers={"HX-Request": "true"})
        assert (script.status_code, script["X-Confirm"]) == (401, "required")


def test_the_pin_is_no_confirmation(acorn: House) -> None:
    acorn.owner.set_pin("4917")
    acorn.owner.save()
    browser = acorn.browser("owner")
    browser.post(reverse("lock"))
    browser.post(reverse("unlock"), {"pin": "4917"})
    assert browser.get(TODAY).status_code == 200
    assert browser.get(reverse("staff_new")).status_code == 302


def test_a_form_that_was_sent_too_late_is_handled_after_the_question(acorn: House) -> None:
    browser = acorn.browser("owner")
    sent = {"full_name": "Mia Long", "username": "mia", "role": "operator"}
    answer = browser.post(f"{reverse('staff_new')}?dir=ltr", sent)
    assert not User.objects.filter(username="mia").exists()
    answer = browser.post(answer["Location"], {"password": PASSWORD, "next": reverse("staff_new")})
    mia = User.objects.get(username="mia")
    assert answer["Location"] == reverse("staff_link_shown", args=[mia.pk])


def test_a_form_with_a_secret_is_not_kept_for_later(acorn: House) -> None:
    browser = acorn.browser("owner")
    browser.post(reverse("own_pin"), {"pin": "4917"})
    assert "4917" not in str(dict(browser.session))
    browser.post(f"{reverse('account_reauthenticate')}?next={reverse('own_pin')}", {"password": PASSWORD})
    assert not User.objects.get(pk=acorn.owner.pk).pin_hash


def test_five_wrong_passwords_at_the_question(acorn: House) -> None:
    browser = acorn.browser("owner")
    for _ in range(5):
        assert browser.post(reverse("account_reauthenticate"), {"password": "wrong"}).status_code == 422
    assert browser.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 429
    assert browser.get(reverse("staff_new")).status_code == 302


def test_the_question_takes_a_code_too(acorn: House) -> None:
    with_app(acorn.owner)
    browser = acorn.browser("owner")
    assert "Use a code" in browser.get(reverse("account_reauthenticate")).content.decode()
    question = f"{reverse('mfa_reauthenticate')}?next={reverse('staff_new')}"
    assert browser.get(question).status_code == 200
    assert browser.post(question, {"code": "000000"}).status_code == 422
    assert browser.post(question, {"code": code_now()})["Location"] == reverse("staff_new")
    assert browser.get(reverse("staff_new")).status_code == 200


# For an owner who forgot the password.


def test_owner_link_before_there_is_an_owner(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("owner_link")
    out, err = capsys.readouterr()
    assert re.fullmatch(r"/staff/setup/[\w-]{43}/\n", out)
    assert "once" in err
    assert Browser().get(out.strip()).status_code == 200
    with pytest.raises(CommandError, match="Leave --user out"):
        call_command("owner_link", "--user", "x")


def test_owner_link_gives_a_new_password_and_leaves_a_row(acorn: House, capsys: pytest.CaptureFixture[str]) -> None:
    with_app(acorn.owner)
    before, _answer = log_in("acorn-doctor")
    call_command("owner_link")
    link = capsys.readouterr().out.strip()
    assert actions(acorn)[-1] == "staff.link_given"
    assert AuditRow.objects.order_by("-sequence").first().actor == "system"  # type: ignore[union-attr]
    browser = Browser()
    answer = browser.post(link, {"password": "four unrelated words here"})
    assert answer["Location"] == LOGIN  # the second step is still asked for
    assert log_in("acorn-owner", "four unrelated words here")[1]["Location"] == reverse("mfa_authenticate")
    assert Browser().get(link).status_code == 410
    call_command("owner_link", "--without-second-step")
    browser.post(capsys.readouterr().out.strip(), {"password": "four unrelated words more"})
    assert not Authenticator.objects.exists()
    assert before.get(TODAY).status_code == 200


def test_owner_link_asks_which_owner(acorn: House, birch: House, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="acorn-owner or birch-owner"):
        call_command("owner_link")
    with pytest.raises(CommandError, match="no owner who works here"):
        call_command("owner_link", "--user", "acorn-doctor")
    assert not Invitation.objects.exists()
    call_command("owner_link", "--user", "Birch-Owner")
    assert invitations.find(capsys.readouterr().out.strip().split("/")[-2]).user == birch.owner


def test_the_login_page_says_where_the_first_link_is(db: None) -> None:
    assert "terminal" in Browser().get(LOGIN).content.decode()
    first_owner.make_first_owner()
    assert "terminal" in Browser().get(LOGIN).content.decode()
