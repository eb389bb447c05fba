"""People: the first owner, invitations, the owner's pages about staff, and what people change about themselves."""

from __future__ import annotations

import datetime
import re
import uuid
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.exceptions import PermissionDenied
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from cryomassage_clinic.accounts import first_owner, own, qr, selectors, services
from cryomassage_clinic.accounts.models import Clinic, Invitation, StaffSession, User
from cryomassage_clinic.accounts.permissions import Role
from cryomassage_clinic.audit.models import AuditDetails, AuditRow
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.places.models import Site
from cryomassage_clinic.web.once import StaleFormError
from tests.clinic.people import PASSWORD, House, make_user

pytestmark = pytest.mark.unit

NEW = "four unrelated words here"
BEGIN = {
    "clinic_name": "Birch & Sons", "language": "en", "time_zone": "Europe/Lisbon", "full_name": "Maria Silva",
    "username": "maria", "password": NEW,
}  # fmt: skip
HOSTILE = ["<script>alert(1)</script>", "\"'>", "🙂🙂", "\u202b abc \u202c", "x" * 10_000, "a\x00b"]


def owner_of(house: House) -> Browser:
    """The owner, who has logged in a moment ago."""
    browser = Browser()
    assert (
        browser.post(reverse("account_login"), {"login": house.owner.username, "password": PASSWORD}).status_code == 302
    )
    return browser


def member(**more: Any) -> dict[str, Any]:
    return {"full_name": "Mia Long", "username": "mia", "role": "operator", "submission": str(uuid.uuid4()), **more}


def actions(clinic: Clinic) -> list[str]:
    return list(AuditRow.objects.filter(clinic=clinic).order_by("sequence").values_list("action", flat=True))


def details() -> str:
    return " ".join(AuditDetails.objects.values_list("text", flat=True))


def told(answer: Any) -> str:
    return str(answer.content.decode())


# The first owner.


def first_link() -> str:
    link = first_owner.first_owner_link()
    assert link is not None
    return link


def test_the_first_owner_begins_the_clinic_and_is_in(db: None) -> None:
    link = first_link()
    browser = Browser()
    page = browser.get(link)
    assert (page.status_code, page["Cache-Control"]) == (200, "max-age=0, no-cache, no-store, must-revalidate, private")
    assert "no medical-device clearance" in told(page)
    answer = browser.post(link, BEGIN)
    assert answer["Location"] == reverse("today")
    clinic, owner = Clinic.objects.get(), User.objects.get()
    assert (clinic.name, clinic.time_zone, clinic.language) == ("Birch & Sons", "Europe/Lisbon", "en")
    assert (owner.username, owner.full_name, owner.role, owner.clinic) == ("maria", "Maria Silva", "owner", clinic)
    assert "Maria Silva" in told(browser.get("/"))
    assert actions(clinic) == ["clinic.begun", "login.ok"]
    assert not Client.objects.exists()
    assert Browser().get(link).status_code == 410
    assert first_owner.first_owner_link() is None


def test_a_second_link_of_the_first_owner_ends_the_first(db: None) -> None:
    first, second = first_link(), first_link()
    assert Browser().get(first).status_code == 410
    assert "Start the program again" in told(Browser().get(first))
    assert Browser().get(second).status_code == 200
    assert Clinic.objects.count() == User.objects.count() == 1


def test_the_first_owner_can_try_everything_with_demo_data(db: None) -> None:
    link = first_link()
    assert Browser().post(link, {**BEGIN, "demo": "on"})["Location"] == reverse("today")
    assert "demo.asked" in actions(Clinic.objects.get())  # the worker fills it in


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("clinic_name", "", "required"),
        ("clinic_name", "x" * 10_000, "at most 120"),
        ("full_name", "a\x00b", "Null characters"),
        ("username", "two words", "valid username"),
        ("username", "<b>", "valid username"),
        ("password", "short", "at least 10"),
        ("password", "password123", "too common"),
        ("password", "mariamaria1", "too similar"),
        ("time_zone", "Mars/Olympus", "valid choice"),
        ("language", "xx", "valid choice"),
    ],
)
def test_what_the_first_owner_says_is_looked_at(db: None, field: str, value: str, words: str) -> None:
    said = {**BEGIN, "username": "mariamaria"} if value == "mariamaria1" else BEGIN
    link = first_link()
    answer = Browser().post(link, {**said, field: value})
    assert answer.status_code == 422
    page = told(answer)
    assert words in page
    assert f'id="id_{field}_error"' in page
    assert 'aria-invalid="true"' in page
    assert f'href="#id_{field}"' in page  # the summary on top
    assert NEW not in page  # a password is not sent back
    assert value == said["clinic_name"] or said["clinic_name"].replace("&", "&amp;") in page or field == "clinic_name"
    assert Browser().get(link).status_code == 200  # not used up


def test_the_first_owners_name_must_be_free(acorn: House) -> None:
    link = first_owner.make_first_owner()
    answer = Browser().post(link, {**BEGIN, "username": "ACORN-doctor"})
    assert (answer.status_code, "already" in told(answer)) == (422, True)
    assert Browser().post(link, BEGIN).status_code == 302


# Invitations.


def test_an_invitation_lets_somebody_choose_a_password_once(acorn: House) -> None:
    mia, token = services.invite(acorn.actor("owner"), "Mia Long", "mia", Role.OPERATOR, [])
    link = reverse("invitation", args=[token])
    assert token not in "".join(Invitation.objects.values_list("token_digest", flat=True))
    browser = Browser()
    page = told(browser.get(link))
    assert "Welcome, Mia Long" in page
    assert "Acorn" in page
    answer = browser.post(link, {"password": "short"})
    assert (answer.status_code, "at least 10" in told(answer)) == (422, True)
    assert browser.post(link, {"password": NEW})["Location"] == reverse("own_settings")
    assert browser.get("/").status_code == 200
    mia.refresh_from_db()
    assert mia.check_password(NEW)
    assert actions(acorn.clinic) == ["staff.invited", "account.password_chosen", "login.ok"]
    for answer in (browser.get(link), Browser().post(link, {"password": "somebody else has it"})):
        assert (answer.status_code, "works no more" in told(answer)) == (410, True)
    mia.refresh_from_db()
    assert mia.check_password(NEW)


def test_a_link_runs_out_after_three_days(acorn: House) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        _mia, token = services.invite(acorn.actor("owner"), "Mia Long", "mia", Role.OPERATOR, [])
        link = reverse("invitation", args=[token])
        clock.shift(datetime.timedelta(days=3, seconds=-1))
        assert Browser().get(link).status_code == 200
        clock.shift(1)
        for answer in (Browser().get(link), Browser().post(link, {"password": NEW})):
            assert (answer.status_code, "run out after three days" in told(answer)) == (410, True)
    assert not User.objects.get(username="mia").has_usable_password()


@pytest.mark.parametrize("token", ["x", "x" * 2000, "%00", "<script>", "..%2f..", "ж"])
def test_a_made_up_link_is_dead(acorn: House, token: str) -> None:
    for kind in ("invitation", "setup"):
        answer = Browser().get(f"/staff/{kind}/{token}/")
        assert answer.status_code in (404, 410)
        assert "<script>" not in told(answer).split("<main")[1]


def test_links_work_for_their_own_kind_of_page_only(acorn: House) -> None:
    setup_link = first_owner.make_first_owner()
    _mia, token = services.invite(acorn.actor("owner"), "Mia Long", "mia", Role.OPERATOR, [])
    assert Browser().post(setup_link.replace("/setup/", "/invitation/"), {"password": NEW}).status_code == 410
    assert Browser().post(reverse("setup", args=[token]), BEGIN).status_code == 410
    assert Browser().put(setup_link).status_code == 405


def test_whoever_left_cannot_use_a_link(acorn: House) -> None:
    mia, token = services.invite(acorn.actor("owner"), "Mia Long", "mia", Role.OPERATOR, [])
    User.objects.filter(pk=mia.pk).update(is_active=False)
    assert Browser().post(reverse("invitation", args=[token]), {"password": NEW}).status_code == 410


def test_the_log_of_the_program_holds_no_link(acorn: House, caplog: pytest.LogCaptureFixture) -> None:
    _mia, token = services.invite(acorn.actor("owner"), "Mia Long", "mia", Role.OPERATOR, [])
    link = reverse("invitation", args=[token])
    assert Browser().post(link, {"password": "short"}).status_code == 422
    assert Browser().post(link, {"password": NEW}).status_code == 302
    assert Browser().get(link).status_code == 410
    assert token not in caplog.text


def test_a_new_link_ends_what_was_before_only_once_it_is_used(acorn: House) -> None:
    here = Browser()
    here.post(reverse("account_login"), {"login": "acorn-doctor", "password": PASSWORD})
    TOTP.activate(acorn.doctor, "JBSWY3DPEHPK3PXP")
    first = services.new_link(acorn.actor("owner"), acorn.doctor, without_second_step=False)
    token = services.new_link(acorn.actor("owner"), acorn.doctor, without_second_step=False)
    assert here.get("/").status_code == 200
    assert Browser().get(reverse("invitation", args=[first])).status_code == 410
    answer = Browser().post(reverse("invitation", args=[token]), {"password": NEW})
    assert answer["Location"] == reverse("account_login")  # a link alone does not go round the second step
    assert here.get("/").status_code == 302
    assert Authenticator.objects.filter(user=acorn.doctor).exists()
    services.new_link(acorn.actor("owner"), acorn.doctor, without_second_step=True)
    assert not Authenticator.objects.filter(user=acorn.doctor).exists()


# The owner's pages.


def test_the_list_says_who_is_what_and_whose_link_waits(acorn: House, birch: House) -> None:
    services.invite(acorn.actor("owner"), "Mia Long", "mia", Role.OPERATOR, [])
    gone, _token = services.invite(acorn.actor("owner"), "Pat Late", "pat", Role.OPERATOR, [])
    Invitation.objects.filter(user=gone).update(expires_at=timezone.now())
    User.objects.filter(pk=acorn.reception.pk).update(is_active=False)
    TOTP.activate(acorn.doctor, "JBSWY3DPEHPK3PXP")
    page = told(owner_of(acorn).get(reverse("staff_list")))
    for words in ("Link not used yet", "Link has run out", "No longer works here", "Second step"):
        assert words in page
    assert "Birch" not in page


def test_somebody_is_invited_and_the_link_shown_once(acorn: House) -> None:
    browser = owner_of(acorn)
    form = member()
    answer = browser.post(reverse("staff_new"), form)
    mia = User.objects.get(username="mia")
    assert answer["Location"] == reverse("staff_link_shown", args=[mia.pk])
    assert browser.post(reverse("staff_new"), form)["Location"] == answer["Location"]  # pressed twice
    assert User.objects.filter(username="mia").count() == 1
    page = told(browser.get(answer["Location"]))
    link = re.search(r"http://testserver(/staff/invitation/[\w-]{43}/)", page)
    assert link is not None
    assert qr.code(f"http://testserver{link[1]}").path in page
    assert "was shown already" in told(browser.get(answer["Location"]))
    assert link[1].split("/")[-2] not in details()
    assert Browser().get(link[1]).status_code == 200


@pytest.mark.parametrize("name", ["mia", "MIA", "first-owner"])
def test_a_user_name_is_given_once(acorn: House, birch: House, name: str) -> None:
    make_user(birch.clinic, "mia", Role.OPERATOR)
    answer = owner_of(acorn).post(reverse("staff_new"), member(username=name))
    assert (answer.status_code, "Choose another" in told(answer)) == (422, True)
    assert 'value="Mia Long"' in told(answer)


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("field", ["full_name", "username", "role"])
def test_hostile_words_about_staff(acorn: House, field: str, hostile: str) -> None:
    browser = owner_of(acorn)
    answer = browser.post(reverse("staff_new"), member(**{field: hostile}))
    assert answer.status_code in (302, 422)
    assert "<script>alert" not in told(answer)
    if answer.status_code == 302:
        assert "<script>alert" not in told(browser.get(reverse("staff_list")))


def test_sites_of_another_clinic_cannot_be_chosen(acorn: House, birch: House) -> None:
    second = Site.objects.create(clinic=acorn.clinic, name="Second Street")
    browser = owner_of(acorn)
    assert browser.post(reverse("staff_new"), member(sites=[str(birch.site.pk)])).status_code == 422
    assert browser.post(reverse("staff_new"), member(sites=[str(second.pk)])).status_code == 302
    assert [site.name for site in User.objects.get(username="mia").sites.all()] == ["Second Street"]


def test_a_change_is_kept_and_told(acorn: House) -> None:
    browser = owner_of(acorn)
    address = reverse("staff_edit", args=[acorn.operator.pk])
    sent = {"full_name": "Olga New", "role": "doctor", "active": "on", "version": "1"}
    assert browser.post(address, sent)["Location"] == reverse("staff_list")
    acorn.operator.refresh_from_db()
    assert (acorn.operator.full_name, acorn.operator.role, acorn.operator.version) == ("Olga New", "doctor", 2)
    assert actions(acorn.clinic)[-2:] == ["staff.role_changed", "staff.changed"]
    assert "Olga New" in details()


def test_a_stale_page_saves_nothing_and_says_what_changed(acorn: House) -> None:
    browser = owner_of(acorn)
    address = reverse("staff_edit", args=[acorn.operator.pk])
    browser.post(address, {"full_name": "Olga New", "role": "doctor", "active": "on", "version": "1"})
    answer = browser.post(address, {"full_name": "Olga Other", "role": "operator", "active": "on", "version": "1"})
    assert answer.status_code == 409
    page = told(answer)
    assert "Name: Olga New" in page
    assert "Role: Doctor" in page
    assert 'value="Olga Other"' in page
    assert 'name="version" value="2"' in page
    for bad in ("", "x", None):
        with pytest.raises(StaleFormError):
            services.change(
                acorn.actor("owner"),
                acorn.operator,
                seen_version=bad,
                full_name="x",
                role=Role.DOCTOR,
                sites=[],
                active=True,
            )


def test_whoever_leaves_is_out_at_once(acorn: House) -> None:
    theirs = acorn.browser("operator")
    assert theirs.get("/").status_code == 200
    browser = owner_of(acorn)
    sent = {"full_name": "Ola", "role": "operator", "version": "1"}
    assert browser.post(reverse("staff_edit", args=[acorn.operator.pk]), sent).status_code == 302
    assert theirs.get("/").status_code == 302
    assert not StaffSession.objects.filter(user=acorn.operator).exists()
    assert "staff.deactivated" in actions(acorn.clinic)
    back = {**sent, "active": "on", "version": "2"}
    browser.post(reverse("staff_edit", args=[acorn.operator.pk]), back)
    assert theirs.get("/").status_code == 302  # the old session does not come to life again
    assert "staff.activated" in actions(acorn.clinic)


@pytest.mark.parametrize("losing", [{"role": "doctor", "active": "on"}, {"role": "owner"}])
def test_the_last_owner_stays(acorn: House, losing: dict[str, str]) -> None:
    browser = owner_of(acorn)
    address = reverse("staff_edit", args=[acorn.owner.pk])
    services.invite(acorn.actor("owner"), "Not Yet", "notyet", Role.OWNER, [])  # has no password, so does not count
    answer = browser.post(address, {"full_name": "Olga", "version": "1", **losing})
    assert (answer.status_code, "the last owner" in told(answer)) == (422, True)
    make_user(acorn.clinic, "second", Role.OWNER)
    assert browser.post(address, {"full_name": "Olga", "version": "1", **losing}).status_code == 302


def test_an_owner_logs_somebody_out_everywhere(acorn: House) -> None:
    theirs, owner = acorn.browser("operator"), owner_of(acorn)
    assert "Logged in in 1 browser." in told(owner.get(reverse("staff_edit", args=[acorn.operator.pk])))
    address = reverse("staff_sessions_end", args=[acorn.operator.pk])
    assert owner.get(address).status_code == 405
    owner.post(address)
    assert theirs.get("/").status_code == 302
    assert actions(acorn.clinic)[-1] == "staff.sessions_ended"


def test_a_new_link_for_somebody_who_forgot(acorn: House) -> None:
    browser = owner_of(acorn)
    TOTP.activate(acorn.doctor, "JBSWY3DPEHPK3PXP")
    answer = browser.post(reverse("staff_link", args=[acorn.doctor.pk]), {"without_second_step": "on"})
    assert answer["Location"] == reverse("staff_link_shown", args=[acorn.doctor.pk])
    # One person's link is not shown on another's page.
    assert "/invitation/" not in told(browser.get(reverse("staff_link_shown", args=[acorn.operator.pk])))
    assert not Authenticator.objects.exists()
    assert actions(acorn.clinic)[-1] == "staff.link_given"
    assert actions(acorn.clinic).count("account.second_step_removed") == 0  # the owner did it, not the doctor


@pytest.mark.parametrize("who", ["doctor", "operator", "reception", "inspector"])
def test_only_the_owner_manages_staff(acorn: House, who: str) -> None:
    browser = acorn.browser(who)
    pk = acorn.operator.pk
    for name, words in (
        ("staff_list", []), ("staff_new", []), ("staff_edit", [pk]), ("staff_link", [pk]), ("staff_link_shown", [pk]),
    ):  # fmt: skip
        assert browser.get(reverse(name, args=words)).status_code == 403
    for name in ("staff_new", "staff_edit", "staff_link", "staff_sessions_end"):
        address = reverse(name, args=[] if name == "staff_new" else [pk])
        assert browser.post(address, member()).status_code == 403
    actor = acorn.actor(who)
    with pytest.raises(PermissionDenied):
        services.invite(actor, "x", "x", Role.OWNER, [])
    with pytest.raises(PermissionDenied):
        services.change(actor, acorn.operator, seen_version=1, full_name="x", role=Role.OWNER, sites=[], active=True)
    with pytest.raises(PermissionDenied):
        services.new_link(actor, acorn.owner, without_second_step=True)
    with pytest.raises(PermissionDenied):
        services.end_sessions(actor, acorn.owner)
    assert User.objects.filter(role=Role.OWNER).count() == 1


@pytest.mark.parametrize("name", ["staff_edit", "staff_link", "staff_link_shown", "staff_sessions_end"])
def test_staff_of_another_clinic_do_not_exist(acorn: House, birch: House, name: str) -> None:
    browser = owner_of(acorn)
    for pk in (birch.operator.pk, uuid.uuid4(), "not-an-id", "\x00"):
        address = reverse(name, args=[pk])
        assert browser.post(address, member()).status_code in ((405,) if name == "staff_link_shown" else (404,))
        assert browser.get(address).status_code in ((405,) if name == "staff_sessions_end" else (404,))


def test_services_do_not_reach_into_another_clinic(acorn: House, birch: House) -> None:
    actor = acorn.actor("owner")
    with pytest.raises(User.DoesNotExist):
        services.new_link(actor, birch.owner, without_second_step=True)
    with pytest.raises(User.DoesNotExist):
        services.end_sessions(actor, birch.owner)
    with pytest.raises(User.DoesNotExist):
        services.change(actor, birch.owner, seen_version=1, full_name="x", role=Role.DOCTOR, sites=[], active=True)


# About oneself.


@pytest.mark.parametrize("who", ["owner", "doctor", "operator", "reception", "inspector"])
def test_everybody_changes_how_they_see_it(acorn: House, who: str) -> None:
    browser = acorn.browser(who)
    sent = {"full_name": "Kim <b> Ø", "language": "ru", "theme": "dark"}
    answer = browser.post(reverse("own_settings"), sent)
    assert answer["Location"] == reverse("own_settings")
    page = told(browser.get(answer["Location"]))
    assert '<html lang="ru"' in page
    assert 'data-theme="dark"' in page
    assert "Kim &lt;b&gt; Ø" in page
    assert actions(acorn.clinic)[-1] == "account.settings_changed"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_about_oneself(acorn: House, hostile: str) -> None:
    browser = acorn.browser("operator")
    answer = browser.post(reverse("own_settings"), {"full_name": hostile, "language": "en", "theme": "light"})
    assert answer.status_code in (302, 422)
    assert "<script>alert" not in told(browser.get(reverse("own_settings")))
    for field in ("language", "theme"):
        sent = {"full_name": "Kim", "language": "en", "theme": "light", field: hostile}
        assert browser.post(reverse("own_settings"), sent).status_code == 422
    assert browser.post(reverse("own_settings"), {"full_name": "", "role": "owner"}).status_code == 422
    acorn.operator.refresh_from_db()
    assert acorn.operator.role == Role.OPERATOR


@pytest.mark.parametrize(
    ("pin", "weakness"),
    [
        ("491", "short"), ("491734821", "short"), ("49a7", "short"), ("٤٩١٧", "short"), ("", "short"), ("1111", "same"),
        ("1234", "row"), ("9876", "row"), ("8901", "row"), ("1985", "year"), ("2012", "year"), ("4917", None),
        ("19853", None), ("80263174", None),
    ],
)  # fmt: skip
def test_a_pin_that_people_try_first_is_refused(pin: str, weakness: str | None) -> None:
    assert own.pin_weakness(pin) == weakness


def test_a_pin_is_kept_as_a_hash_and_given_up(acorn: House) -> None:
    browser = owner_of(acorn)
    answer = browser.post(reverse("own_pin"), {"pin": "1234"})
    assert (answer.status_code, "first thing people try" in told(answer), "1234" in told(answer)) == (422, True, False)
    assert browser.post(reverse("own_pin"), {"pin": "4917"})["Location"] == reverse("own_settings")
    acorn.owner.refresh_from_db()
    assert acorn.owner.check_pin("4917")
    assert "4917" not in acorn.owner.pin_hash[:20]
    browser.post(reverse("own_pin"), {"remove": "1"})
    acorn.owner.refresh_from_db()
    assert acorn.owner.pin_hash == ""
    assert actions(acorn.clinic) == ["login.ok", "account.pin_set", "account.pin_removed"]
    assert "4917" not in details()


def test_a_new_password_ends_the_sessions_elsewhere_and_not_here(acorn: House) -> None:
    here, there = acorn.browser("operator"), acorn.browser("operator")
    address = reverse("own_password")
    answer = here.post(address, {"old": "wrong", "password": NEW})
    assert (answer.status_code, "not your password" in told(answer)) == (422, True)
    answer = here.post(address, {"old": PASSWORD, "password": "password123"})
    assert (answer.status_code, PASSWORD in told(answer)) == (422, False)
    assert here.post(address, {"old": PASSWORD, "password": NEW})["Location"] == reverse("own_settings")
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302
    assert actions(acorn.clinic) == ["account.password_changed"]
    assert NEW not in details()


def test_five_wrong_old_passwords(acorn: House) -> None:
    browser = acorn.browser("operator")
    for _ in range(5):
        browser.post(reverse("own_password"), {"old": "wrong", "password": NEW})
    answer = browser.post(reverse("own_password"), {"old": PASSWORD, "password": NEW})
    assert (answer.status_code, "Too many tries" in told(answer)) == (422, True)
    acorn.operator.refresh_from_db()
    assert acorn.operator.check_password(PASSWORD)


def test_one_logs_oneself_out_elsewhere(acorn: House) -> None:
    here, there, third = (acorn.browser("operator") for _ in range(3))
    of_there = there.session["staff_session"]
    assert here.post(reverse("own_session_end", args=[of_there]))["Location"] == reverse("own_settings")
    assert (there.get("/").status_code, third.get("/").status_code, here.get("/").status_code) == (302, 200, 200)
    here.post(reverse("own_sessions_end"))
    assert (third.get("/").status_code, here.get("/").status_code) == (302, 200)
    assert actions(acorn.clinic) == ["account.session_ended", "account.session_ended"]
    of_another = acorn.browser("doctor").session["staff_session"]
    for pk in (of_another, uuid.uuid4(), "not-an-id"):
        assert here.post(reverse("own_session_end", args=[pk])).status_code == 404
    assert StaffSession.objects.filter(pk=of_another).exists()


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1 Version/17.5 Safari/604.1", "Safari on iPad"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/131.0 Safari/537.36 Edg/131.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox on Mac"),
        ("curl/8.5", "curl/8.5"),
        ("", "A browser that does not say what it is"),
    ],
)  # fmt: skip
def test_browsers_are_called_as_people_call_them(says: str, words: str) -> None:
    assert selectors.browser_words(says) == words
