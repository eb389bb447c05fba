"""Texts have versions, a signature stays with its version, and only what was really signed counts."""

from __future__ import annotations

import datetime
import json
import re
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import translation

from cryomassage_clinic import bridge
from cryomassage_clinic.audit.models import AuditDetails, AuditRow
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.consents import selectors, services
from cryomassage_clinic.consents.defaults import LANGUAGES, default_text
from cryomassage_clinic.consents.demo import sign_for_demo
from cryomassage_clinic.consents.models import Consent, ConsentText, Kind
from cryomassage_clinic.consents.services import Signature
from cryomassage_clinic.consents.strokes import MOST_POINTS, StrokesError, lines_of, read_strokes
from cryomassage_clinic.consents.wording import blocks_of
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.web.once import StaleFormError
from tests.clinic.people import House, make_client, make_course

pytestmark = pytest.mark.unit

WAVE = [[[0.1 + 0.02 * step, 0.5 + 0.1 * (step % 2), 16 * step] for step in range(30)]]


@pytest.fixture
def client(acorn: House) -> Client:
    return make_client(acorn)


@pytest.fixture
def course(acorn: House, client: Client) -> Course:
    return make_course(acorn, client)


def text_of(house: House, kind: str = "treatment", treatment: str = "ln2_swab", language: str = "en") -> ConsentText:
    return services.current_text(house.clinic, kind, treatment, language)


def signed(house: House, client: Client, text: ConsentText | None = None, **more: Any) -> Consent:
    signature = Signature(**{"name": "Anna Petrova", "strokes": WAVE, **more})
    return services.sign(house.actor("operator"), client, text or text_of(house), signature)


def published(house: House, text: ConsentText, body: str = "New words.") -> ConsentText:
    return services.publish(house.actor("owner"), text, text.title, body)


def state(client: Client, kind: str = "treatment", treatment: str = "ln2_swab") -> str:
    return next(one.state for one in selectors.states_of(client) if (one.kind, one.treatment) == (kind, treatment))


# --- texts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_method_and_each_kind_has_a_text_that_says_what_must_be_said(language: str) -> None:
    must = {
        "en": ["No trial has proved", "no clearance as a medical device", "no diagnosis", "stop at any moment",
               "take this consent back at any time", "burn", "blister", "for ever", "Fainting", "Allergy to cold",
               "the clinic tells you"],
        "ru": ["не доказало", "не зарегистрирована как медицинское изделие", "не ставит диагнозов", "в любой момент",
               "в любое время отозвать", "ожог", "пузыр", "навсегда", "Обморок", "Аллергия на холод",
               "скажет клиника"],
    }  # fmt: skip
    for treatment in bridge.methods():
        title, body = default_text("treatment", treatment, language)
        assert len(title) <= 160
        assert not [words for words in must[language] if words.casefold() not in body.casefold()], treatment
        assert "{" not in title + body
        assert {block.shape for block in blocks_of(body)} == {"heading", "list", "paragraph"}
    for kind in (Kind.RECORD_PHOTOS, Kind.SHARING_PHOTOS, Kind.REMINDERS):
        _title, body = default_text(kind, "", language)
        assert must[language][4].casefold() in body.casefold()


def test_the_method_is_named_in_the_language_of_the_text_whatever_the_reader_speaks() -> None:
    with translation.override("en"):
        title, _body = default_text("treatment", "ln2_swab", "ru")
    assert not re.search("[a-z]", title)
    with translation.override("ru"):
        title, _body = default_text("treatment", "ln2_swab", "en")
    assert title == "Consent to treatment: Liquid nitrogen, rolling cotton swab"


@pytest.mark.parametrize(
    ("kind", "treatment", "language"),
    [
        ("treatment", "", "en"),
        ("treatment", "magic", "en"),
        ("reminders", "ln2_swab", "en"),
        ("treatment", "ln2_swab", "de"),
        ("other", "", "en"),
    ],
)
def test_there_are_no_other_texts(acorn: House, kind: str, treatment: str, language: str) -> None:
    with pytest.raises(KeyError):
        services.current_text(acorn.clinic, kind, treatment, language)
    assert not ConsentText.objects.exists()


def test_the_first_version_is_made_when_it_is_needed_and_once(
    acorn: House, birch: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = text_of(acorn)
    assert (first.number, first.published_by) == (1, None)
    assert text_of(acorn) == first
    assert text_of(birch) != first
    # Somebody else has made it between the look and the write.
    monkeypatch.setattr(services, "newest_text", lambda *_key: None)
    assert text_of(acorn) == first
    assert AuditRow.objects.filter(action="consent.text_published").count() == 2


def test_a_new_version_keeps_the_old_one_and_the_signatures_under_it(acorn: House, client: Client) -> None:
    first = text_of(acorn)
    words, consent = first.body, signed(acorn, client)
    second = published(acorn, first)
    assert (second.number, second.published_by) == (2, acorn.owner)
    consent.refresh_from_db()
    assert consent.text == first
    assert ConsentText.objects.get(pk=first.pk).body == words
    assert text_of(acorn) == second
    assert text_of(acorn, language="ru").number == 1
    assert [(one.number, one.signed) for one in selectors.versions_of(second)] == [(2, 0), (1, 1)]  # type: ignore[attr-defined]
    row = AuditRow.objects.get(action="consent.text_published", subject_id=str(second.pk))
    assert row.actor == str(acorn.owner.pk)


def test_nothing_is_published_over_a_version_that_was_not_seen(acorn: House) -> None:
    first = text_of(acorn)
    second = published(acorn, first)
    with pytest.raises(StaleFormError) as refused:
        published(acorn, first, "Other words.")
    assert refused.value.record == second
    with pytest.raises(services.UnchangedError):
        published(acorn, second, second.body)
    assert ConsentText.objects.count() == 2


@pytest.mark.parametrize("who", ["doctor", "operator", "reception", "inspector"])
def test_only_the_owner_publishes(acorn: House, who: str) -> None:
    first = text_of(acorn)
    with pytest.raises(PermissionDenied):
        services.publish(acorn.actor(who), first, "Title", "Body")


# --- strokes ----------------------------------------------------------------------------------------------

DOTS = [[[0.1 * step, 0.5, 0]] for step in range(1, 9)]
SHAKE = [[[0.5 + 0.002 * (step % 2), 0.5, step] for step in range(200)]]


@pytest.mark.parametrize(
    ("strokes", "blank"),
    [
        (None, True),
        ([], True),
        (DOTS, True),
        (SHAKE, True),
        ([[[0.1, 0.5, 0], [0.15, 0.5, 9]]], True),
        ([[]], False),
        ({}, False),
        (7, False),
        ("line", False),
        ([["x", "y", "z"]], False),
        ([[[0.1, 0.5]]], False),
        ([[[0.1, 0.5, 0, 1], [0.9, 0.5, 9, 1]]], False),
        ([[[0.1, 0.5, 0], [1.01, 0.5, 9]]], False),
        ([[[0.1, 0.5, 0], [0.9, -0.01, 9]]], False),
        ([[[0.1, 0.5, 0], [0.9, 0.5, -9]]], False),
        ([[[0.1, 0.5, 0], [0.9, 0.5, 1e12]]], False),
        ([[[0.1, 0.5, 0], [0.9, True, 9]]], False),
        ([[[0.1, 0.5, 0], [0.9, None, 9]]], False),
        ([[[0.1, 0.5, 0], [10**400, 0.5, 9]]], False),
        ([[[0.1, 0.5, 0], [float("nan"), 0.5, 9]]], False),
        ([[[0.1, 0.5, 0], [float("inf"), 0.5, 9]]], False),
        ([[[step / (MOST_POINTS + 1), 0.5, step] for step in range(MOST_POINTS + 1)]], False),
        (WAVE * 201, False),
    ],
)
def test_what_is_no_signature_is_refused(acorn: House, client: Client, strokes: Any, blank: bool) -> None:
    for attempt in (lambda: read_strokes(json.dumps(strokes)), lambda: signed(acorn, client, strokes=strokes)):
        with pytest.raises(StrokesError) as refused:
            attempt()
        assert refused.value.blank is blank
    assert not Consent.objects.exists()


@pytest.mark.parametrize("text", ["", "  ", "null", "[]", "[" * 100_000, "{", "[[[0,0,0]]" + " " * 300_000, "9" * 9999])
def test_damaged_text_of_strokes_is_refused(text: str) -> None:
    with pytest.raises(StrokesError):
        read_strokes(text)


def test_strokes_are_kept_to_the_digit_and_drawn_again(acorn: House, client: Client) -> None:
    strokes = [*WAVE, [[0.5, 0.5, 700]]]
    assert read_strokes(json.dumps(strokes)) == strokes
    consent = Consent.objects.get(pk=signed(acorn, client, strokes=strokes).pk)
    assert consent.strokes == strokes
    lines = lines_of(consent.strokes)
    assert lines[0].startswith("60.0,100.0 72.0,120.0 ")
    assert lines[1] == "300.0,100.0 300.0,100.0"


# --- signing and what counts ------------------------------------------------------------------------------


def test_nothing_counts_before_it_is_signed_and_only_treatment_is_needed(
    acorn: House, client: Client, course: Course
) -> None:
    (missing,) = selectors.missing_for(client, course)
    assert (missing.kind, missing.treatment, missing.reason) == ("treatment", "ln2_swab", "It is not signed.")
    assert str(client.pk) in missing.address
    assert str(course.pk) in missing.address
    assert not ConsentText.objects.exists()  # a look makes nothing
    assert [one.state for one in selectors.states_of(client)] == ["none"] * 4
    signed(acorn, client)
    assert selectors.missing_for(client, course) == []
    assert [one.state for one in selectors.states_of(client)] == ["given", "none", "none", "none"]


@pytest.mark.parametrize("kind", ["record_photos", "sharing_photos", "reminders"])
def test_consents_are_not_bundled(acorn: House, client: Client, course: Course, kind: str) -> None:
    signed(acorn, client, text_of(acorn, kind, ""))
    assert {one.kind for one in selectors.states_of(client) if one.counts} == {kind}
    assert selectors.missing_for(client, course)


def test_another_method_needs_its_own_consent(acorn: House, client: Client, course: Course) -> None:
    signed(acorn, client, text_of(acorn, treatment="ice_massage"))
    assert selectors.missing_for(client, course)
    own = make_course(acorn, client, method="ice_massage", device=None, room=None)
    assert selectors.missing_for(client, own) == []


def test_a_course_without_a_method_needs_the_one_that_suits_it(acorn: House, client: Client) -> None:
    open_course = make_course(acorn, client, method="")
    treatment = selectors.missing_for(client, open_course)[0].treatment
    assert treatment in bridge.methods()
    signed(acorn, client, text_of(acorn, treatment=treatment))
    assert selectors.missing_for(client, open_course) == []


def test_the_consent_of_one_client_is_not_that_of_another(acorn: House, client: Client, course: Course) -> None:
    signed(acorn, make_client(acorn, full_name="Boris"))
    assert selectors.missing_for(client, course)


def test_either_language_counts_and_a_new_version_asks_again(acorn: House, client: Client, course: Course) -> None:
    russian = text_of(acorn, language="ru")
    signed(acorn, client, russian)
    assert selectors.missing_for(client, course) == []
    published(acorn, text_of(acorn))  # the English text is another
    assert selectors.missing_for(client, course) == []
    newer = published(acorn, russian)
    (missing,) = selectors.missing_for(client, course)
    assert "newer version" in missing.reason
    assert state(client) == "superseded"
    signed(acorn, client, newer)
    assert state(client) == "given"
    assert selectors.missing_for(client, course) == []


def test_a_withdrawal_counts_at_once_and_for_every_signature(acorn: House, client: Client, course: Course) -> None:
    first, second = signed(acorn, client), signed(acorn, client, text_of(acorn, language="ru"))
    photos = signed(acorn, client, text_of(acorn, "record_photos", ""))
    services.withdraw(acorn.actor("operator"), first, "too cold")
    assert "withdrawn" in selectors.missing_for(client, course)[0].reason
    assert (state(client), state(client, "record_photos", "")) == ("withdrawn", "given")
    kept = Consent.objects.get(pk=second.pk)
    assert (kept.withdrawn_reason, kept.strokes) == ("too cold", WAVE)
    assert Consent.objects.get(pk=photos.pk).withdrawn_at is None
    rows = AuditRow.objects.filter(action="consent.withdrawn")
    assert {row.subject_id for row in rows} == {str(first.pk), str(second.pk)}
    services.withdraw(acorn.actor("operator"), first, "again")  # once is for good
    assert Consent.objects.get(pk=first.pk).withdrawn_reason == "too cold"
    assert rows.count() == 2
    signed(acorn, client)
    assert selectors.missing_for(client, course) == []


def test_nothing_is_signed_under_a_version_that_is_no_longer_current(
    acorn: House, client: Client, course: Course
) -> None:
    first = text_of(acorn)
    second = published(acorn, first)
    with pytest.raises(StaleFormError) as refused:
        signed(acorn, client, first)
    assert refused.value.record == second
    assert not Consent.objects.exists()
    assert selectors.missing_for(client, course)


def test_who_signed_and_who_saw_it_are_kept_and_logged(acorn: House, client: Client) -> None:
    consent = signed(acorn, client, name="  Anna \t Petrova ", strokes=[], typed=True)
    assert (consent.signed_name, consent.witnessed_by) == ("Anna Petrova", acorn.operator)
    assert (consent.signed_by_typing, consent.strokes) == (True, [])
    row = AuditRow.objects.get(action="consent.signed")
    assert (row.actor, row.subject_id) == (str(acorn.operator.pk), str(consent.pk))
    details = AuditDetails.objects.get(row=row)
    assert details.client_id == str(client.pk)
    assert '"typed":true' in details.text.replace(" ", "")


@pytest.mark.parametrize("name", ["", "   "])
def test_a_signature_has_a_name(acorn: House, client: Client, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        signed(acorn, client, name=name)
    assert not Consent.objects.exists()


def test_nobody_signs_for_a_client_who_was_erased(acorn: House, client: Client) -> None:
    client.erased_at = datetime.datetime.now(datetime.UTC)
    client.save()
    with pytest.raises(PermissionDenied):
        signed(acorn, client)


@pytest.mark.parametrize("who", ["reception", "inspector"])
def test_who_may_not_write_health_data_neither_signs_nor_withdraws(acorn: House, client: Client, who: str) -> None:
    consent = signed(acorn, client)
    with pytest.raises(PermissionDenied):
        services.sign(acorn.actor(who), client, text_of(acorn), Signature("Anna", WAVE))
    with pytest.raises(PermissionDenied):
        services.withdraw(acorn.actor(who), consent, "")
    assert Consent.objects.get().withdrawn_at is None


def test_the_demo_signs_through_the_same_service(acorn: House) -> None:
    client = make_client(acorn, language="ru")
    consent = sign_for_demo(acorn.actor("owner"), client, "ice_massage")
    assert (consent.signed_name, consent.text.language, consent.text.treatment) == (
        "Demo signature",
        "ru",
        "ice_massage",
    )
    assert selectors.missing_for(client, make_course(acorn, client, method="ice_massage")) == []
    assert AuditRow.objects.filter(action="consent.signed").count() == 1


def test_words_are_laid_out_and_never_markup() -> None:
    blocks = blocks_of("# <b>Head\n\nfirst\nsecond\n- one\n- two\n\n\n- three\nlast")
    assert [(block.shape, block.lines) for block in blocks] == [
        ("heading", ["<b>Head"]),
        ("paragraph", ["first", "second"]),
        ("list", ["one", "two"]),
        ("list", ["three"]),
        ("paragraph", ["last"]),
    ]
