"""A walk along all addresses: strangers, another clinic, those who only read, wrong methods and wrong ids."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.test import Client as Browser

from cryomassage_clinic.accounts.permissions import Can, Role, allows
from tests.clinic.addresses import World, addresses, make_world
from tests.clinic.people import House

pytestmark = [pytest.mark.unit, pytest.mark.pages]

ALL = addresses()
OURS = [one for one in ALL if not one.is_open and not one.is_librarys]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# What reading itself writes: that it was read, and that somebody was there.
READING = {"audit.auditrow", "audit.audithead", "audit.auditdetails", "accounts.staffsession", "sessions.session"}


@pytest.fixture
def world(acorn: House) -> World:
    return make_world(acorn)


@contextmanager
def nothing_written() -> Iterator[None]:
    """Every table but those of reading has as many rows as before."""

    def counted() -> dict[str, int]:
        models = [model for model in apps.get_models() if model._meta.label_lower not in READING]
        return {model._meta.label_lower: model._default_manager.count() for model in models}

    before = counted()
    yield
    assert counted() == before


def test_every_page_of_ours_says_who_may_come_and_how() -> None:
    for address in OURS:
        assert hasattr(address.view, "can"), f"{address.name}: not opened by web.pages.page"
        assert set(address.view.methods) <= set(METHODS)
    for address in ALL:
        assert address.is_open or address.is_librarys or hasattr(address.view, "can")


# The walks go along all addresses in one world, and name every address at which something is wrong.
ABOUT_RECORDS = [one for one in OURS if any(word.endswith("pk") for word in one.words)]


def test_a_stranger_is_asked_to_log_in(world: World) -> None:
    wrong = []
    with nothing_written():
        for address in OURS:
            for method in address.view.methods:
                answer = Browser().generic(method, world.at(address))
                asked = answer.status_code == 302 and answer["Location"].startswith("/account/login/")
                script = Browser().generic(method, world.at(address), headers={"X-Requested-With": "fetch"})
                if not asked or script.status_code != 401:
                    wrong.append((address.name, method, answer.status_code, script.status_code))
    assert wrong == []


def test_a_wrong_method_is_refused(world: World) -> None:
    browser, wrong = world.house.browser("owner"), []
    with nothing_written():
        for address in OURS:
            for method in sorted(set(METHODS) - set(address.view.methods)):
                answer = browser.generic(method, world.at(address))
                if answer.status_code != 405:
                    wrong.append((address.name, method, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("who", ["owner", "doctor"])
def test_another_clinics_record_does_not_exist(world: World, birch: House, who: str) -> None:
    browser, wrong = birch.browser(who), []
    with nothing_written():
        for address in ABOUT_RECORDS:
            lacks = address.view.can is not None and not allows(who, address.view.can)
            for method in address.view.methods:
                answer = browser.generic(method, world.at(address))
                if answer.status_code != (403 if lacks else 404):
                    wrong.append((address.name, method, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize(
    "made_up", ["0f295bca-de47-41df-b927-86672891dc47", "not-an-id", "1", "%00", "..%2f..%2fetc", "ж" * 40]
)
def test_an_id_that_was_made_up_is_not_found(world: World, made_up: str) -> None:
    browser, wrong = world.house.browser("owner"), []
    for address in ABOUT_RECORDS:
        word = next(one for one in address.words if one.endswith("pk"))
        known = str(world.words_for(address.name, address.words)[word])
        lacks = address.view.can is not None and not allows("owner", address.view.can)
        answer = browser.get(world.at(address).replace(known, made_up))
        allowed = {404} if "GET" in address.view.methods and not lacks else {403, 404, 405}
        if answer.status_code not in allowed:
            wrong.append((address.name, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.RECEPTION])
def test_those_who_may_not_write_write_nothing(world: World, role: Role) -> None:
    browser, wrong = world.house.browser(role.value), []
    with nothing_written():
        for address in OURS:
            can: Can | None = address.view.can
            about_oneself = can is None or address.name in ("feed_list", "feed_revoke", "audit_check")
            may = about_oneself or (role == Role.RECEPTION and allows(role, can))
            if may or not set(address.view.methods) & {"POST", "PUT"}:
                continue
            answer = browser.post(world.at(address), {"kind": "no_go", "note": "x", "reason": "x", "result": "clear"})
            if answer.status_code != 403:
                wrong.append((address.name, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("role", list(Role))
def test_every_page_opens_to_the_roles_of_the_table_and_breaks_for_nobody(world: World, role: Role) -> None:
    browser, wrong = world.house.browser(role.value), []
    for address in (one for one in OURS if "GET" in one.view.methods):
        answer = browser.get(world.at(address))
        can: Can | None = address.view.can
        if can is not None and not allows(role, can):
            inside = answer.content.decode().partition("<main")[2].partition("</main>")[0]
            fine = answer.status_code == 403 and "<form" not in inside
        else:
            # The lock asks for a passkey, and these people have none.
            fine = answer.status_code in (200, 204, 302, 404) or address.name == "unlock_passkey"
        if not fine:
            wrong.append((address.name, answer.status_code))
    assert wrong == []


def test_the_page_of_a_refused_role_says_who_one_is(acorn: House) -> None:
    told = acorn.browser("reception").get("/courses/plans/").content.decode()
    assert "You are logged in as: Reception" in told
