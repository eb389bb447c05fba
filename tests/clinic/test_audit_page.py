"""The page of the log: newest first, narrowed as asked, fast at any length, told in words."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cryomassage_clinic.audit import selectors
from cryomassage_clinic.audit.models import AuditCheck, AuditRow
from cryomassage_clinic.audit.services import record
from cryomassage_clinic.audit.words import action_words, details_words
from cryomassage_clinic.custody.tasks import run_audit_check
from tests.clinic.people import House, make_client

pytestmark = [pytest.mark.unit, pytest.mark.pages]

HOSTILE = "<script>alert('1')</script>\"' \u202e 😀"


@pytest.fixture(autouse=True)
def _checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYOMASSAGE_AUDIT_HEADS", str(tmp_path / "heads.log"))


def url(**asked: Any) -> str:
    return reverse("audit_list") + ("?" + "&".join(f"{key}={value}" for key, value in asked.items()) if asked else "")


def sequences(response: Any) -> list[int]:
    return [row.sequence for row in response.context["rows"]]


@pytest.mark.parametrize("who", ["owner", "doctor", "inspector"])
def test_who_may_sees_what_happened_in_words(acorn: House, who: str) -> None:
    client = make_client(acorn)
    record(acorn.actor("operator"), "client.created", client, {"full_name": client.full_name}, client_id=client.pk)
    response = acorn.browser(who).get(url())
    text = response.content.decode()
    assert response.status_code == 200
    assert "Client added" in text
    assert "Anna Petrova" in text
    assert acorn.operator.full_name in text


@pytest.mark.parametrize("who", ["operator", "reception"])
def test_who_may_not_is_refused(acorn: House, who: str) -> None:
    assert acorn.browser(who).get(url()).status_code == 403
    assert acorn.browser(who).post(reverse("audit_check")).status_code == 403


def test_strangers_log_in_first_and_other_methods_are_refused(acorn: House, client: Any) -> None:
    assert client.get(url()).status_code == 302
    assert acorn.browser("owner").post(url()).status_code == 405
    assert acorn.browser("owner").put(reverse("audit_check")).status_code == 405


def test_another_clinics_rows_are_never_shown(acorn: House, birch: House) -> None:
    client = make_client(birch, full_name="Boris Secret")
    record(birch.actor("owner"), "client.created", client, {"full_name": "Boris Secret"}, client_id=client.pk)
    browser = acorn.browser("owner")
    assert "Boris" not in browser.get(url()).content.decode()
    assert browser.get(url(client=client.pk)).status_code == 404
    response = browser.get(url(person=birch.owner.pk))
    assert sequences(response) == []


def test_a_million_rows_are_paged_by_number(acorn: House) -> None:
    client = make_client(acorn)
    for number in range(selectors.PAGE + 10):
        record(acorn.actor("owner"), "client.changed", client, {"n": number}, client_id=client.pk)
    browser = acorn.browser("owner")
    first = browser.get(url())
    assert sequences(first) == list(range(60, 10, -1))
    second = browser.get(reverse("audit_list") + first.context["older"])
    assert sequences(second)[-10:] == list(range(10, 0, -1))
    assert second.context["older"] == ""


def test_the_log_is_narrowed_by_person_client_day_and_action(acorn: House) -> None:
    anna, boris = make_client(acorn), make_client(acorn, full_name="Boris")
    record(acorn.actor("owner"), "client.created", anna, client_id=anna.pk)
    record(acorn.actor("doctor"), "client.created", boris, client_id=boris.pk)
    record(acorn.actor("doctor"), "course.created", acorn.site, client_id=anna.pk)
    actor = acorn.actor("owner")

    def found(**wanted: Any) -> list[int]:
        return [row.sequence for row in selectors.rows(actor, selectors.Wanted(**wanted))[0]]

    assert found(person=str(acorn.doctor.pk)) == [3, 2]
    assert found(client=str(anna.pk)) == [3, 1]
    assert found(action="client.created") == [2, 1]
    assert found(action="client.created", person=str(acorn.owner.pk)) == [1]
    today = timezone.localdate()
    assert found(day=today) == [3, 2, 1]
    assert found(day=today - datetime.timedelta(days=1)) == []
    assert found(before=2) == [1]


def test_a_day_is_a_day_of_the_clinic_in_both_clock_changes(acorn: House) -> None:
    """The 29th of March 2026 has 23 hours in London, the 25th of October 25."""
    for sequence, moment in enumerate(
        ["2026-03-28T23:59:59", "2026-03-29T00:00:00", "2026-03-29T22:59:59", "2026-03-29T23:00:00",
         "2026-10-24T22:59:59", "2026-10-24T23:00:00", "2026-10-25T23:59:59", "2026-10-26T00:00:00"],
        start=1,
    ):  # fmt: skip
        AuditRow.objects.create(
            clinic=acorn.clinic, sequence=sequence, time=datetime.datetime.fromisoformat(moment + "+00:00"),
            actor="system", action="x.y", subject_type="t", subject_id="1", previous_hash=str(sequence), row_hash="r",
        )  # fmt: skip
    actor = acorn.actor("owner")
    for day, expected in [(datetime.date(2026, 3, 29), [3, 2]), (datetime.date(2026, 10, 25), [7, 6])]:
        assert [row.sequence for row in selectors.rows(actor, selectors.Wanted(day=day))[0]] == expected


@pytest.mark.parametrize(
    "asked",
    ["person=x", "client=x", "day=31.12.2026", "before=x", "before=-1", f"before={10**30}", "action=%00", "day=%00",
     "person=%3Cscript%3E", "action=" + "x" * 10_000],
)  # fmt: skip
def test_what_cannot_be_read_is_told_and_left_out(acorn: House, asked: str) -> None:
    response = acorn.browser("owner").get(f"{reverse('audit_list')}?{asked}")
    assert response.status_code in (200, 422)
    if response.status_code == 422:
        assert "cannot be read" in response.content.decode()


def test_hostile_text_is_shown_as_text(acorn: House) -> None:
    client = make_client(acorn, full_name=HOSTILE)
    record(acorn.actor("owner"), HOSTILE[:60], client, {HOSTILE: [HOSTILE], "a": {"b": None}}, client_id=client.pk)
    text = acorn.browser("owner").get(url()).content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


def test_looking_at_the_log_is_written_into_it(acorn: House) -> None:
    acorn.browser("doctor").get(url())
    row = AuditRow.objects.get()
    assert (row.action, row.actor) == ("read", str(acorn.doctor.pk))
    assert row.details.details == {"page": "audit_list"}


def test_the_number_of_queries_does_not_grow(acorn: House) -> None:
    client = make_client(acorn)
    browser = acorn.browser("owner")
    counts = []
    for _ in range(2):
        for _ in range(20):
            record(acorn.actor("owner"), "client.changed", client, client_id=client.pk)
        browser.get(url())
        with CaptureQueriesContext(
            connection,
        ) as caught:
            browser.get(url())
        counts.append(len(caught))
    assert counts[1] <= counts[0]
    assert counts[0] < 30


def test_a_check_is_asked_for_made_and_shown(acorn: House) -> None:
    record(acorn.actor("owner"), "site.changed", acorn.site)
    browser = acorn.browser("inspector")
    assert "Not checked yet" in browser.get(url()).content.decode()
    assert browser.post(reverse("audit_check")).status_code == 302
    check = AuditCheck.objects.get()
    text = browser.get(reverse("audit_check")).content.decode()
    assert "Being checked" in text
    assert 'hx-trigger="every 2s"' in text
    assert browser.post(reverse("audit_check")).status_code == 302
    assert AuditCheck.objects.count() == 1, "one check at a time"
    from cryomassage_clinic.audit import heads

    heads.note_all("test")
    assert run_audit_check.call(str(check.pk)) == "done"
    text = browser.get(reverse("audit_check")).content.decode()
    assert "Whole:" in text
    assert "hx-trigger" not in text


def test_a_broken_chain_is_shown(acorn: House) -> None:
    from cryomassage_clinic.audit.guard import drop_triggers

    record(acorn.actor("owner"), "site.changed", acorn.site)
    drop_triggers()
    AuditRow.objects.update(action="nothing")
    browser = acorn.browser("owner")
    browser.post(reverse("audit_check"))
    run_audit_check.call(str(AuditCheck.objects.get().pk))
    text = browser.get(url()).content.decode()
    assert "Somebody has changed the log" in text
    assert "row 1 was changed" in text


def test_unknown_actions_are_readable() -> None:
    assert action_words("mark.put_right") == "mark: put right"
    assert details_words({"is_new": True, "from": None, "zones": ["a", "b"]}) == [
        ("is new", "yes"), ("before", "–"), ("Zones", "a, b"),
    ]  # fmt: skip
    assert details_words("x") == []
