"""Client records: found as one types, opened once, changed without overwriting anybody, and hidden from outsiders."""

from __future__ import annotations

import datetime
import re
import time
import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from cryomassage_clinic.audit.models import AuditDetails, AuditRow
from cryomassage_clinic.clients import services
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.clients.names import new_code, search_form
from cryomassage_clinic.clients.selectors import PAGE, age_on, find, person_for_case
from cryomassage_clinic.web.once import StaleFormError
from tests.clinic.people import House, make_client, make_course

pytestmark = pytest.mark.unit

CONTACT = {
    "full_name": "Maria Silva",
    "birth_date": "1990-05-17",
    "phone": "+351 912 345 678",
    "email": "maria@example.org",
    "language": "en",
    "emergency_contact": "",
}
BODY = {"sex": "female", "phototype": "iii", "thin_cheeks": "no", "history": "Nothing of note."}
DAY = datetime.timedelta(days=1)


def sent(**more: Any) -> dict[str, Any]:
    return {**CONTACT, **BODY, "submission": str(uuid.uuid4()), **more}


def words_of(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


# --- a new client -----------------------------------------------------------------------------------------


def test_a_new_client_is_kept_with_its_audit_row(acorn: House) -> None:
    response = acorn.browser("operator").post(reverse("client_new"), sent())
    client = Client.objects.get(clinic=acorn.clinic)
    assert response.status_code == 302
    assert response["Location"] == reverse("client_card", args=[client.pk])
    assert (client.full_name, client.phototype, client.thin_cheeks) == ("Maria Silva", "iii", False)
    row = AuditRow.objects.get(action="client.created", subject_id=str(client.pk))
    assert AuditDetails.objects.get(row=row).client_id == str(client.pk)


def test_the_same_form_twice_makes_one_client(acorn: House) -> None:
    form, browser = sent(), acorn.browser("operator")
    first, second = browser.post(reverse("client_new"), form), browser.post(reverse("client_new"), form)
    assert Client.objects.count() == 1
    assert first["Location"] == second["Location"]


def test_somebody_alike_is_shown_before_a_second_record_is_made(acorn: House) -> None:
    known = make_client(acorn, full_name="MARIA  Silva".title(), birth_date=datetime.date(1990, 5, 17), phone="")
    browser = acorn.browser("operator")
    asked = browser.post(reverse("client_new"), sent(phone=""))
    assert asked.status_code == 422
    assert reverse("client_card", args=[known.pk]) in words_of(asked)
    assert Client.objects.count() == 1
    assert browser.post(reverse("client_new"), sent(phone="", not_same=str(known.pk))).status_code == 302
    assert Client.objects.count() == 2


@pytest.mark.parametrize("phone", ["+351912345678", "+351-912-345-678", "(+351) 912 345 678"])
def test_the_same_phone_number_is_recognised_however_it_is_written(acorn: House, phone: str) -> None:
    make_client(acorn, phone="+351 912 345 678")
    answer = acorn.browser("reception").post(reverse("client_new"), sent(phone=phone))
    assert answer.status_code == 422
    assert "Is this client here already?" in words_of(answer)


def test_somebody_alike_in_another_clinic_is_not_told(acorn: House, birch: House) -> None:
    make_client(birch, full_name="Maria Silva", birth_date=datetime.date(1990, 5, 17), phone=CONTACT["phone"])
    assert acorn.browser("operator").post(reverse("client_new"), sent()).status_code == 302


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("full_name", "", "Write the name."),
        ("full_name", "12345", "at least one letter"),
        ("full_name", "x" * 10_000, "at most 160"),
        ("full_name", "Anna\x00", "Null characters are not allowed."),
        ("full_name", "Anna \u202egnp.exe", "cannot be seen"),
        ("birth_date", "", "Give the date of birth"),
        ("birth_date", "31.31.1990", "not a date"),
        ("birth_date", (datetime.date.today() + 2 * DAY).isoformat(), "lies in the future"),
        ("birth_date", "1850-01-01", "more than 120 years"),
        ("phone", "call me", "A phone number has digits"),
        ("phone", "12", "at least five digits"),
        ("email", "nobody", "name@example.org"),
        ("history", "x" * 6000, "At most 5000"),
        ("history", "a\x00b", "Null characters are not allowed."),
        ("phototype", "vii", "vii is not one of the available choices"),
        ("sex", "<script>", "is not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(
    acorn: House, field: str, value: str, words: str
) -> None:
    answer = acorn.browser("operator").post(reverse("client_new"), sent(**{field: value}))
    told = words_of(answer)
    assert answer.status_code == 422
    assert words in told
    assert 'aria-invalid="true"' in told
    assert f'href="#id_{field}"' in told
    assert not Client.objects.exists()
    if field != "email":
        assert "maria@example.org" in told  # what was right stays in the form
    if field == "sex":
        assert "<script>" not in told.split("<main")[1]


@pytest.mark.parametrize(
    "name",
    [
        "Ольга Ёлкина",
        "山田 花子",
        "محمد علي",
        "Zoë O’Brien-Smith",
        "<script>alert(1)</script>",
        '"; DROP TABLE',
        "👩‍🦰 Ana",
    ],
)
def test_names_in_any_script_are_kept_found_and_escaped(acorn: House, name: str) -> None:
    browser = acorn.browser("operator")
    assert browser.post(reverse("client_new"), sent(full_name=name)).status_code == 302
    client = Client.objects.get()
    assert client.full_name == name
    assert [one.pk for one in find(acorn.actor("operator"), name.split(maxsplit=1)[0]).clients] == [client.pk]
    for address in (
        reverse("client_list"),
        reverse("client_card", args=[client.pk]),
        reverse("client_edit", args=[client.pk]),
    ):
        told = browser.get(address).content.decode()
        assert "<script>alert" not in told


def test_a_minor_is_taken_on_and_the_core_judges(acorn: House) -> None:
    young = (datetime.date.today() - 365 * 10 * DAY).isoformat()
    assert acorn.browser("operator").post(reverse("client_new"), sent(birth_date=young)).status_code == 302


def test_codes_say_nothing_and_differ() -> None:
    codes = {new_code() for _ in range(5000)}
    assert len(codes) == 5000
    assert all(re.fullmatch(r"[2-9B-DF-HJKMNP-TV-XZ]{4}-[2-9B-DF-HJKMNP-TV-XZ]{4}", code) for code in codes)


# --- reception -------------------------------------------------------------------------------------------


def test_reception_writes_the_contact_and_never_the_body(acorn: House) -> None:
    browser = acorn.browser("reception")
    page = words_of(browser.get(reverse("client_new")))
    assert 'name="full_name"' in page
    assert not any(f'name="{field}"' in page for field in BODY)
    assert browser.post(reverse("client_new"), sent()).status_code == 302
    client = Client.objects.get()
    assert (client.sex, client.phototype, client.history) == ("", "", "")
    with pytest.raises(PermissionDenied):
        services.edit_client(acorn.actor("reception"), client, {"history": "x"}, client.version)


def test_reception_sees_contact_and_visits_and_no_health(acorn: House) -> None:
    client = make_client(acorn, history="epilepsy as a child")
    make_course(acorn, client)
    told = words_of(acorn.browser("reception").get(reverse("client_card", args=[client.pk])))
    assert client.phone in told
    assert "Next visits" in told
    for hidden in ("epilepsy", "Oily skin", "data-outcome", "Skin type", "Doctors' notes", "Answers"):
        assert hidden not in told


def test_reception_changing_a_contact_leaves_the_body_alone(acorn: House) -> None:
    client = make_client(acorn, history="asthma")
    form = {**CONTACT, **BODY, "history": "", "version": client.version}
    assert acorn.browser("reception").post(reverse("client_edit", args=[client.pk]), form).status_code == 302
    client.refresh_from_db()
    assert (client.full_name, client.history, client.phototype) == ("Maria Silva", "asthma", "ii")


# --- changes ---------------------------------------------------------------------------------------------


def test_a_change_counts_the_version_and_tells_what_it_was(acorn: House) -> None:
    client = make_client(acorn)
    services.edit_client(acorn.actor("operator"), client, {"phone": "+44 1"}, 1)
    client.refresh_from_db()
    assert (client.version, client.phone_digits) == (2, "441")
    details = AuditDetails.objects.get(row__action="client.changed").details
    assert details == {"phone": {"from": "+44 20 7946 0000", "to": "+44 1"}}


def test_an_older_form_is_refused_with_what_changed_and_what_was_typed(acorn: House) -> None:
    client = make_client(acorn)
    services.edit_client(acorn.actor("doctor"), client, {"emergency_contact": "Ivan 555"}, 1)
    answer = acorn.browser("operator").post(reverse("client_edit", args=[client.pk]), sent(version=1))
    told = words_of(answer)
    assert answer.status_code == 409
    assert "Ivan 555" in told
    assert "Maria Silva" in told
    client.refresh_from_db()
    assert client.full_name == "Anna Petrova"
    assert 'name="version" value="2"' in told
    again = acorn.browser("operator").post(reverse("client_edit", args=[client.pk]), sent(version=2))
    assert again.status_code == 302


@pytest.mark.parametrize("version", [None, "", "0", "one", "2"])
def test_a_form_that_does_not_know_its_version_is_refused(acorn: House, version: str | None) -> None:
    client = make_client(acorn)
    with pytest.raises(StaleFormError):
        services.edit_client(acorn.actor("operator"), client, {"phone": ""}, version)


def test_nothing_changed_writes_nothing(acorn: House) -> None:
    client = make_client(acorn)
    services.edit_client(acorn.actor("operator"), client, {"phone": client.phone}, 1)
    client.refresh_from_db()
    assert client.version == 1
    assert not AuditRow.objects.exists()


def test_the_name_that_is_searched_follows_the_name(acorn: House) -> None:
    client = make_client(acorn)
    services.edit_client(acorn.actor("operator"), client, {"full_name": "ＳＴＲＡＳＳＥ Ñandú"}, 1)
    assert [one.pk for one in find(acorn.actor("operator"), "strasse ñ").clients] == [client.pk]
    assert search_form("Straße") == search_form("STRASSE")


# --- the list --------------------------------------------------------------------------------------------


def many(house: House, count: int) -> None:
    Client.objects.bulk_create(
        Client(
            clinic=house.clinic,
            code=f"Z{number:07d}",
            full_name=f"Person {number:05d} Family{number % 977:03d}",
            search_name=f"person {number:05d} family{number % 977:03d}",
            birth_date=datetime.date(1980, 1, 1),
            phone=f"+44 20 {number:08d}",
        )
        for number in range(count)
    )


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ("anna", True),
        ("PETR", True),
        ("anna petr", True),
        ("7946", True),
        ("+44 (20) 79", True),
        ("2079460000", True),
        ("nna", False),
        ("94", False),
        ("%", False),
        ("_", False),
        ("\\", False),
    ],
)
def test_clients_are_found_by_the_beginning_of_a_name_and_digits_of_the_phone(
    acorn: House, sought: str, found: bool
) -> None:
    make_client(acorn)
    assert bool(find(acorn.actor("reception"), sought).clients) is found


@pytest.mark.parametrize("typed", ["K7QB-4MPX", "k7qb4mpx", "k7qb 4m", "K7Q"])
def test_clients_are_found_by_their_code(acorn: House, typed: str) -> None:
    make_client(acorn, code="K7QB-4MPX")
    assert len(find(acorn.actor("operator"), typed).clients) == 1


def test_pages_hold_25_and_go_on_without_gap_or_repetition(acorn: House) -> None:
    many(acorn, 3 * PAGE + 4)
    seen, after = [], ""
    for _page in range(4):
        found = find(acorn.actor("operator"), "", after)
        seen += [one.pk for one in found.clients]
        after = found.after
    assert not after
    assert len(seen) == len(set(seen)) == 3 * PAGE + 4


def test_a_search_among_ten_thousand_is_fast_and_asks_once(acorn: House, django_assert_max_num_queries: Any) -> None:
    many(acorn, 10_000)
    actor, times = acorn.actor("operator"), []
    for sought in ("person 0001", "family500", "2000009", "zz", "Z000999", "p"):
        with django_assert_max_num_queries(1):
            begun = time.perf_counter()
            find(actor, sought)
            times.append(time.perf_counter() - begun)
    assert max(times) < 0.15


def test_the_list_teaches_when_it_is_empty_and_when_nobody_is_found(acorn: House) -> None:
    browser = acorn.browser("operator")
    assert "No clients yet" in words_of(browser.get(reverse("client_list")))
    make_client(acorn)
    hostile = "<script>alert(1)</script>"
    told = words_of(browser.get(reverse("client_list"), {"q": hostile}))
    assert "Nobody found" in told
    assert hostile not in told


@pytest.mark.parametrize("after", ["|", "x|y", "x", "\x00|1", "x" * 5000])
def test_a_place_in_the_list_that_was_made_up_does_no_harm(acorn: House, after: str) -> None:
    make_client(acorn)
    assert acorn.browser("operator").get(reverse("client_list"), {"after": after}).status_code == 200


def test_a_script_gets_the_rows_only(acorn: House) -> None:
    make_client(acorn)
    told = words_of(acorn.browser("operator").get(reverse("client_list"), {"q": "an"}, headers={"HX-Request": "true"}))
    assert "Anna Petrova" in told
    assert "<html" not in told


def test_erased_clients_are_not_listed(acorn: House) -> None:
    make_client(acorn, erased_at=datetime.datetime.now(datetime.UTC))
    assert not find(acorn.actor("owner"), "").clients


# --- who gets what ---------------------------------------------------------------------------------------

PAGES = {
    "client_list": ("GET", "inspector", None),
    "client_new": ("POST", "reception", "inspector"),
    "client_card": ("GET", "inspector", None),
    "client_edit": ("POST", "reception", "inspector"),
}


def address_of(name: str, client: Client) -> str:
    return reverse(name, args=[client.pk] if name in ("client_card", "client_edit") else [])


@pytest.mark.parametrize("name", PAGES)
def test_pages_open_to_their_roles_and_to_nobody_else(acorn: House, birch: House, name: str, client: Any) -> None:
    known = make_client(acorn)
    address = address_of(name, known)
    _method, allowed, refused = PAGES[name]
    assert acorn.browser(allowed).get(address).status_code == 200
    if refused:
        assert acorn.browser(refused).get(address).status_code == 403
    assert client.get(address).status_code == 302
    assert client.get(address, headers={"HX-Request": "true"}).status_code == 401
    assert acorn.browser("owner").delete(address).status_code == 405
    if "<" in name or name in ("client_card", "client_edit"):
        assert birch.browser("owner").get(address).status_code == 404
        assert acorn.browser("owner").get(reverse(name, args=[uuid.uuid4()])).status_code == 404
        assert acorn.browser("owner").get(address.replace(str(known.pk), "not-an-id")).status_code == 404


def test_another_clinics_clients_are_not_in_the_list(acorn: House, birch: House) -> None:
    make_client(acorn)
    assert not find(birch.actor("owner"), "anna").clients


def test_looking_at_health_data_is_written_down_and_looking_at_a_contact_is_not(acorn: House) -> None:
    client = make_client(acorn)
    acorn.browser("reception").get(reverse("client_card", args=[client.pk]))
    assert not AuditRow.objects.filter(action="read").exists()
    acorn.browser("operator").get(reverse("client_card", args=[client.pk]))
    assert AuditRow.objects.get(action="read").subject_id == str(client.pk)


# --- what the core gets ----------------------------------------------------------------------------------


def test_the_core_gets_the_body_and_no_identity(acorn: House) -> None:
    client = make_client(acorn, birth_date=datetime.date(2000, 2, 29))
    person = person_for_case(client, datetime.date(2026, 2, 28))
    assert person == {"code": client.code, "age_years": 25, "sex": "female", "phototype": "ii", "thin_cheeks": False}
    assert age_on(client.birth_date, datetime.date(2026, 3, 1)) == 26


def test_what_is_not_known_is_left_out(acorn: House) -> None:
    client = make_client(acorn, sex="", phototype="", thin_cheeks=None)
    assert set(person_for_case(client, datetime.date(2026, 1, 1))) == {"code", "age_years"}
