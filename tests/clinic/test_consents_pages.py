"""Pages of the consents: each works, refuses whom it must, writes once, and decides on the server."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import reverse

from cryomassage_clinic.audit import services as audit
from cryomassage_clinic.audit.models import AuditDetails, AuditRow
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.consents import selectors, services
from cryomassage_clinic.consents.models import Consent, ConsentText
from cryomassage_clinic.courses.models import Course
from tests.clinic.people import House, make_client, make_course
from tests.clinic.test_consents import DOTS, WAVE, published, signed, text_of

pytestmark = [pytest.mark.unit, pytest.mark.pages]

HOSTILE = ["<script>alert(1)</script>", "\"' onload=x", "🧊 лёд", "\u202eright to left"]


@pytest.fixture(autouse=True)
def _every_look_is_new() -> Iterator[None]:
    audit._looks.clear()
    yield
    audit._looks.clear()


@pytest.fixture
def client(acorn: House) -> Client:
    return make_client(acorn)


@pytest.fixture
def course(acorn: House, client: Client) -> Course:
    return make_course(acorn, client)


def overview(client: Client) -> str:
    return reverse("consent_overview", args=[client.pk])


def sign_address(client: Client, kind: str = "treatment", query: str = "?treatment=ln2_swab") -> str:
    return reverse("consent_sign", args=[client.pk, kind]) + query


def filled(text: ConsentText, **more: Any) -> dict[str, Any]:
    fields = {
        "submission": str(uuid.uuid4()),
        "text": str(text.pk),
        "signed_name": "Anna Petrova",
        "strokes": json.dumps(WAVE),
    }
    return {key: value for key, value in {**fields, **more}.items() if value is not None}


def body(answer: HttpResponse) -> str:
    return answer.content.decode()


def words(answer: HttpResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body(answer)))


def states(answer: HttpResponse) -> dict[str, str]:
    """What the page shows for each consent."""
    return dict(re.findall(r'id="consent-([\w-]+)" data-state="(\w+)"', body(answer)))


# --- who may come -----------------------------------------------------------------------------------------


def pages(house: House, client: Client) -> dict[str, tuple[str, str, set[str]]]:
    """Each page: method, address, and who may."""
    consent, text = signed(house, client), text_of(house)
    health, writes, owner = {"owner", "doctor", "operator", "inspector"}, {"owner", "doctor", "operator"}, {"owner"}
    return {
        "overview": ("get", overview(client), health),
        "sign": ("get", sign_address(client), writes),
        "signed": ("get", reverse("consent_page", args=[consent.pk]), health),
        "withdraw": ("post", reverse("consent_withdraw", args=[consent.pk]), writes),
        "texts": ("get", reverse("consent_texts"), owner),
        "text": ("get", reverse("consent_text", args=["treatment", "en", "ln2_swab"]), owner),
        "free text": ("get", reverse("consent_text", args=["reminders", "ru"]), owner),
        "version": ("get", reverse("consent_text_version", args=[text.pk]), owner),
    }


def test_each_page_opens_to_its_roles_and_to_nobody_else(acorn: House, client: Client) -> None:
    for name, (method, address, allowed) in pages(acorn, client).items():
        for who in ("inspector", "reception", "operator", "doctor", "owner"):
            answer = getattr(acorn.browser(who), method)(address)
            expected = {200, 302} if who in allowed else {403}
            assert answer.status_code in expected, (name, who)
        other = "post" if method == "get" and name not in ("sign", "text", "free text") else "put"
        assert getattr(acorn.browser("owner"), other)(address).status_code == 405, name
        anonymous = getattr(Browser(), method)(address)
        assert anonymous.status_code == 302, name
        assert reverse("account_login") in anonymous["Location"], name


def test_nothing_of_another_clinic_is_there(acorn: House, birch: House, client: Client) -> None:
    for name, (method, address, _allowed) in pages(acorn, client).items():
        if name in ("texts", "text", "free text"):  # each clinic has its own under the same address
            continue
        assert getattr(birch.browser("owner"), method)(address).status_code == 404, name
    assert Consent.objects.get().withdrawn_at is None
    published(acorn, text_of(acorn))
    assert "version 2" not in words(birch.browser("owner").get(reverse("consent_texts")))
    # A text of one's own clinic under the client of another, and the other way round.
    for house, text in ((birch, text_of(birch)), (acorn, text_of(birch))):
        assert house.browser("owner").post(sign_address(client), filled(text)).status_code == 404
    assert Consent.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("magic", ""),
        ("treatment", ""),
        ("treatment", "?treatment=magic"),
        ("treatment", "?treatment=%00"),
        ("treatment", "?course=nonsense"),
        ("treatment", "?course=0f295bca-de47-41df-b927-86672891dc47"),
    ],
)
def test_a_wrong_address_is_not_there(acorn: House, client: Client, kind: str, query: str) -> None:
    browser = acorn.browser("operator")
    assert browser.get(sign_address(client, kind, query)).status_code == 404
    assert browser.get(overview(client) + "?course=nonsense").status_code == 404
    for name in ("consent_overview", "consent_page"):
        assert browser.get(reverse(name, args=[uuid.uuid4()])).status_code == 404


def test_the_course_of_another_client_is_not_there(acorn: House, client: Client) -> None:
    other = make_course(acorn, make_client(acorn, full_name="Boris"))
    assert acorn.browser("operator").get(f"{overview(client)}?course={other.pk}").status_code == 404
    assert acorn.browser("operator").get(sign_address(client, query=f"?course={other.pk}")).status_code == 404


# --- how they stand ---------------------------------------------------------------------------------------


def test_the_overview_shows_four_consents_and_the_way(acorn: House, client: Client, course: Course) -> None:
    browser = acorn.browser("operator")
    answer = browser.get(f"{overview(client)}?course={course.pk}")
    assert states(answer) == {
        "treatment-ln2_swab": "none", "record_photos": "none", "sharing_photos": "none", "reminders": "none",
    }  # fmt: skip
    assert "Only this one is needed for the treatment" in words(answer)
    assert "Next: chart" not in words(answer)
    assert "checked" not in body(answer)  # nothing is ticked beforehand
    assert 'aria-current="step"' in body(answer)
    consent = signed(acorn, client)
    answer = browser.get(f"{overview(client)}?course={course.pk}")
    assert states(answer)["treatment-ln2_swab"] == "given"
    assert f"{reverse('chart', args=[client.pk])}?course={course.pk}" in body(answer)
    assert reverse("consent_page", args=[consent.pk]) in body(answer)
    published(acorn, text_of(acorn))
    answer = browser.get(f"{overview(client)}?course={course.pk}")
    assert states(answer)["treatment-ln2_swab"] == "superseded"
    assert "Signed as version 1; the text is now version 2. Ask again." in words(answer)
    assert "Next: chart" not in words(answer)


def test_the_inspector_sees_and_cannot_sign_or_withdraw(acorn: House, client: Client, course: Course) -> None:
    signed(acorn, client)
    answer = acorn.browser("inspector").get(overview(client))
    assert states(answer)["treatment-ln2_swab"] == "given"
    assert "<form" not in body(answer).split("<main")[1].split("</main>")[0]
    assert "/sign/" not in body(answer)


def test_without_a_course_the_page_teaches(acorn: House, client: Client) -> None:
    answer = acorn.browser("operator").get(overview(client))
    assert "The course says which method is used" in words(answer)
    assert reverse("course_new", args=[client.pk]) in body(answer)


def test_a_look_at_consents_is_in_the_log(acorn: House, client: Client) -> None:
    consent = signed(acorn, client)
    browser = acorn.browser("doctor")
    for address in (overview(client), sign_address(client), reverse("consent_page", args=[consent.pk])):
        browser.get(address)
    rows = AuditRow.objects.filter(action="read", actor=str(acorn.doctor.pk))
    found = AuditDetails.objects.filter(row__in=rows, client_id=str(client.pk)).values_list("text", flat=True)
    assert {json.loads(text)["page"] for text in found} == {"consents", "consent to sign", "signed consent"}


# --- signing ----------------------------------------------------------------------------------------------


def test_a_drawn_signature_is_kept_and_leads_back_to_the_course(acorn: House, client: Client, course: Course) -> None:
    address = sign_address(client, query=f"?course={course.pk}")
    assert words(acorn.browser("operator").get(address)).count("Consent to treatment: Liquid nitrogen, rolling")
    answer = acorn.browser("operator").post(address, filled(text_of(acorn)))
    assert (answer.status_code, answer["Location"]) == (302, f"{overview(client)}?course={course.pk}")
    consent = Consent.objects.get()
    assert (consent.strokes, consent.signed_name, consent.witnessed_by) == (WAVE, "Anna Petrova", acorn.operator)
    assert (consent.client, consent.text, consent.signed_by_typing) == (client, text_of(acorn), False)
    assert selectors.missing_for(client, course) == []


@pytest.mark.parametrize("strokes", ["", "[]", json.dumps(DOTS), "nonsense", "[[[0.1,0.5]]]", "\x00", None])
def test_a_blank_or_broken_signature_is_refused_by_the_server(
    acorn: House, client: Client, course: Course, strokes: str | None
) -> None:
    answer = acorn.browser("operator").post(
        sign_address(client), filled(text_of(acorn), strokes=strokes, signed_name="Boris Petrov")
    )
    assert answer.status_code == 422
    assert "Nothing is signed yet." in words(answer)
    assert 'value="Boris Petrov"' in body(answer)
    assert not Consent.objects.exists()
    assert selectors.missing_for(client, course)


def test_pressing_twice_signs_once(acorn: House, client: Client) -> None:
    form = filled(text_of(acorn))
    answers = [acorn.browser("operator").post(sign_address(client), form) for _press in range(2)]
    assert {answer.status_code for answer in answers} == {302}
    published(acorn, text_of(acorn))  # the answer of a form that was written stays what it was
    assert acorn.browser("operator").post(sign_address(client), form).status_code == 302
    assert Consent.objects.count() == 1


@pytest.mark.parametrize("strokes", [json.dumps(WAVE), ""])
def test_an_old_version_is_refused_and_the_new_one_shown(acorn: House, client: Client, strokes: str) -> None:
    old = text_of(acorn)
    published(acorn, old, "Quite new words.")
    answer = acorn.browser("operator").post(sign_address(client), filled(old, strokes=strokes))
    assert answer.status_code == 409
    assert "Nothing is signed." in words(answer)
    assert "Quite new words." in words(answer)
    assert str(text_of(acorn).pk) in body(answer)
    assert not re.search(r'name="strokes"[^>]*value="\[', body(answer))  # nothing that was drawn is carried over
    assert not Consent.objects.exists()


def test_a_version_that_comes_between_the_look_and_the_write_is_noticed(
    acorn: House, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = text_of(acorn)
    new = published(acorn, old, "Quite new words.")
    monkeypatch.setattr(services, "current_text", lambda *_key: old)  # what the view saw a moment before
    answer = acorn.browser("operator").post(sign_address(client), filled(old))
    assert answer.status_code == 409
    assert new.body in words(answer)
    assert not Consent.objects.exists()


def test_a_text_of_another_kind_is_not_signed_in_passing(acorn: House, client: Client) -> None:
    photos = text_of(acorn, "sharing_photos", "")
    assert acorn.browser("operator").post(sign_address(client), filled(photos)).status_code == 404
    assert not Consent.objects.exists()


def test_whoever_cannot_draw_types_before_a_witness(acorn: House, client: Client) -> None:
    typed = {"cannot_draw": "on", "typed_signature": "anna  petrova", "strokes": "", "witness_confirms": "on"}
    browser, text = acorn.browser("operator"), text_of(acorn)
    for left_out in ("typed_signature", "witness_confirms"):
        assert browser.post(sign_address(client), filled(text, **{**typed, left_out: None})).status_code == 422
    other = browser.post(sign_address(client), filled(text, **{**typed, "typed_signature": "Somebody"}))
    assert other.status_code == 422
    assert "This is not the name above" in words(other)
    without = {**typed, "cannot_draw": None}
    assert browser.post(sign_address(client), filled(text, **without)).status_code == 422
    assert not Consent.objects.exists()
    assert browser.post(sign_address(client), filled(text, **typed)).status_code == 302
    consent = Consent.objects.get()
    assert (consent.signed_by_typing, consent.strokes, consent.witnessed_by) == (True, [], acorn.operator)
    page = words(browser.get(reverse("consent_page", args=[consent.pk])))
    assert "The name was typed by a person who cannot draw" in page


def test_the_text_is_in_the_language_of_the_client_and_can_be_switched(acorn: House) -> None:
    client, browser = make_client(acorn, language="ru"), acorn.browser("operator")
    russian = browser.get(sign_address(client))
    assert "Решаете вы" in words(russian)
    english = browser.get(sign_address(client, query="?treatment=ln2_swab&language=en"))
    assert "You decide" in words(english)
    assert "Решаете вы" not in words(english)
    assert browser.get(sign_address(client, query="?treatment=ln2_swab&language=xx")).status_code == 200
    # A text in one language is not signed on the page of the other.
    assert browser.post(sign_address(client), filled(text_of(acorn))).status_code == 404


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_kept_and_escaped(acorn: House, client: Client, name: str) -> None:
    browser = acorn.browser("operator")
    assert browser.post(sign_address(client), filled(text_of(acorn), signed_name=name)).status_code == 302
    consent = Consent.objects.get()
    for address in (overview(client), reverse("consent_page", args=[consent.pk])):
        told = body(browser.get(address))
        assert "<script>alert" not in told
        assert "\"' onload=x" not in told
    refused = browser.post(sign_address(client), filled(text_of(acorn), signed_name=name, strokes=""))
    assert "<script>alert" not in body(refused)


@pytest.mark.parametrize("name", ["x" * 10_000, "nul\x00byte", "", "   "])
def test_a_name_that_is_none_is_refused_in_words(acorn: House, client: Client, name: str) -> None:
    answer = acorn.browser("operator").post(sign_address(client), filled(text_of(acorn), signed_name=name))
    assert answer.status_code == 422
    assert 'aria-describedby="id_signed_name_error"' in body(answer)
    assert json.dumps(WAVE[0][0])[1:-1] in body(answer)  # what was drawn is still there
    assert not Consent.objects.exists()


# --- the signed text and its withdrawal -------------------------------------------------------------------


def test_the_signed_text_is_the_one_that_was_signed(acorn: House, client: Client) -> None:
    consent = signed(acorn, client)
    published(acorn, text_of(acorn), "Quite new words.")
    answer = acorn.browser("inspector").get(reverse("consent_page", args=[consent.pk]))
    told = words(answer)
    assert "Version 1" in told
    assert "Quite new words." not in told
    assert "There is a newer version of this text." in told
    assert all(part in told for part in ("Anna Petrova", "Acorn-operator", client.code, "You decide"))
    assert '<polyline points="60.0,100.0 72.0,120.0' in body(answer)


def test_a_withdrawal_works_at_once(acorn: House, client: Client, course: Course) -> None:
    consent = signed(acorn, client)
    browser = acorn.browser("operator")
    form = {"submission": str(uuid.uuid4()), "reason": "<b>too cold</b>", "course": str(course.pk)}
    for _press in range(2):
        answer = browser.post(reverse("consent_withdraw", args=[consent.pk]), form)
        assert (answer.status_code, answer["Location"]) == (302, f"{overview(client)}?course={course.pk}")
    assert selectors.missing_for(client, course)
    told = browser.get(answer["Location"])
    assert states(told)["treatment-ln2_swab"] == "withdrawn"
    assert "&lt;b&gt;too cold&lt;/b&gt;" in body(told)
    assert "Next: chart" not in words(told)
    assert "does not count any more" in words(browser.get(reverse("consent_page", args=[consent.pk])))
    assert AuditRow.objects.filter(action="consent.withdrawn").count() == 1


def test_nobody_has_to_say_why(acorn: House, client: Client) -> None:
    consent = signed(acorn, client)
    assert acorn.browser("operator").post(reverse("consent_withdraw", args=[consent.pk]), {}).status_code == 302
    assert Consent.objects.get().withdrawn_at is not None


def test_a_reason_that_is_too_long_is_kept_and_refused(acorn: House, client: Client) -> None:
    consent = signed(acorn, client)
    answer = acorn.browser("operator").post(reverse("consent_withdraw", args=[consent.pk]), {"reason": "long" * 100})
    assert answer.status_code == 422
    assert "long" * 100 in body(answer)
    assert 'aria-invalid="true"' in body(answer)
    assert Consent.objects.get().withdrawn_at is None


# --- texts ------------------------------------------------------------------------------------------------


def publishing(text: ConsentText, **more: Any) -> dict[str, Any]:
    return {"submission": str(uuid.uuid4()), "text": str(text.pk), "title": text.title, "body": "New.", **more}


def test_the_owner_publishes_and_is_told_who_is_asked_again(acorn: House, client: Client) -> None:
    signed(acorn, client)
    text, browser = text_of(acorn), acorn.browser("owner")
    address = reverse("consent_text", args=["treatment", "en", "ln2_swab"])
    assert "1 client has signed version 1 and will be asked to sign again." in words(browser.get(address))
    form = publishing(text, body="# Head\r\n<script>alert(1)</script>\r\n- point")
    for _press in range(2):
        assert browser.post(address, form).status_code == 302
    assert text_of(acorn).number == 2
    told = browser.get(address)
    assert "<h3>Head</h3>" in body(told)
    assert "<script>alert" not in body(told)
    assert "asked to sign again" not in words(told)
    assert "Version 1" in words(told)
    assert "version 2" in words(browser.get(reverse("consent_texts")))
    old = words(browser.get(reverse("consent_text_version", args=[text.pk])))
    assert "You decide" in old
    same = browser.post(address, publishing(text_of(acorn), body="# Head\n<script>alert(1)</script>\n- point"))
    assert same.status_code == 422
    assert "Nothing has changed" in words(same)


def test_a_version_published_meanwhile_is_not_written_over(acorn: House) -> None:
    text = text_of(acorn)
    published(acorn, text, "Words of somebody else.")
    address = reverse("consent_text", args=["treatment", "en", "ln2_swab"])
    answer = acorn.browser("owner").post(address, publishing(text, body="My own words."))
    assert answer.status_code == 409
    assert "Words of somebody else." in words(answer)
    assert "My own words." in words(answer)
    assert text_of(acorn).number == 2


@pytest.mark.parametrize(
    "wrong", [{"title": ""}, {"title": "x" * 161}, {"body": ""}, {"body": "x" * 20_001}, {"body": "a\x00b"}]
)
def test_a_text_that_is_none_is_refused(acorn: House, wrong: dict[str, str]) -> None:
    text = text_of(acorn)
    address = reverse("consent_text", args=["treatment", "en", "ln2_swab"])
    assert acorn.browser("owner").post(address, publishing(text, **wrong)).status_code == 422
    assert text_of(acorn) == text


@pytest.mark.parametrize(
    "args",
    [
        ["magic", "en"],
        ["reminders", "xx"],
        ["treatment", "en"],
        ["treatment", "en", "magic"],
        ["reminders", "en", "ln2_swab"],
    ],
)
def test_there_is_no_page_for_a_text_that_there_is_not(acorn: House, args: list[str]) -> None:
    assert acorn.browser("owner").get(reverse("consent_text", args=args)).status_code == 404
