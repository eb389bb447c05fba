"""The chain: one row in the transaction of its change, no gap, no fork, nothing that can be taken back."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from cryomassage_clinic.audit import heads, services
from cryomassage_clinic.audit.chain import GENESIS, canonical, digest_of, hash_of, ranges
from cryomassage_clinic.audit.models import AuditDetails, AuditHead, AuditRow
from cryomassage_clinic.audit.services import record, seen
from cryomassage_clinic.audit.verify import verify
from tests.clinic.people import House, make_client

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def _checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYOMASSAGE_AUDIT_HEADS", str(tmp_path / "heads.log"))
    monkeypatch.setattr(heads, "_noted", {})
    monkeypatch.setattr(services, "_looks", {})


def test_rows_are_numbered_and_chained(acorn: House) -> None:
    client = make_client(acorn)
    for number in range(3):
        record(acorn.actor("owner"), "client.changed", client, {"n": number}, client_id=client.pk)
    rows = list(AuditRow.objects.filter(clinic=acorn.clinic).order_by("sequence"))
    assert [row.sequence for row in rows] == [1, 2, 3]
    assert [row.previous_hash for row in rows] == [GENESIS, rows[0].row_hash, rows[1].row_hash]
    head = AuditHead.objects.get(clinic=acorn.clinic)
    assert (head.sequence, head.row_hash) == (3, rows[2].row_hash)
    assert "n" not in "".join(row.action + row.details_digest for row in rows).replace("client.changed", "")
    assert rows[1].details.details == {"n": 1}


def test_each_clinic_has_a_chain_of_its_own(acorn: House, birch: House) -> None:
    for house in (acorn, birch, acorn):
        record(house.actor("owner"), "site.changed", house.site)
    assert AuditHead.objects.get(clinic=acorn.clinic).sequence == 2
    assert AuditHead.objects.get(clinic=birch.clinic).sequence == 1
    assert verify(outside=False).chains == 2


@pytest.mark.django_db(transaction=True)
def test_a_row_outside_of_a_transaction_is_refused() -> None:
    from tests.clinic.people import make_house

    house = make_house("Acorn")
    with pytest.raises(transaction.TransactionManagementError):
        record(house.actor("owner"), "site.changed", house.site)
    assert not AuditRow.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_change_that_fails_leaves_no_row_and_the_chain_goes_on() -> None:
    from tests.clinic.people import make_house

    house = make_house("Acorn")

    def change() -> None:
        with transaction.atomic():
            record(house.actor("owner"), "site.changed", house.site)
            raise RuntimeError("the change failed")

    with pytest.raises(RuntimeError):
        change()
    with transaction.atomic():
        record(house.actor("owner"), "site.changed", house.site)
    assert list(AuditRow.objects.values_list("sequence", flat=True)) == [1]
    assert verify().sound


def _refused(statement: Any) -> None:
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        statement()


def test_the_database_refuses_to_change_or_delete_rows(acorn: House) -> None:
    row = record(acorn.actor("owner"), "site.changed", acorn.site, {"name": "x"})
    details = AuditDetails.objects.get(row=row)
    _refused(lambda: AuditRow.objects.filter(pk=row.pk).update(action="nothing"))
    _refused(lambda: AuditDetails.objects.filter(pk=details.pk).update(text="{}"))
    _refused(lambda: AuditHead.objects.filter(clinic=acorn.clinic).delete())
    details.delete()  # what erasure does
    _refused(lambda: AuditRow.objects.filter(pk=row.pk)._raw_delete("default"))


def test_the_database_refuses_a_fork(acorn: House) -> None:
    row = record(acorn.actor("owner"), "site.changed", acorn.site)
    same = {
        name: getattr(row, name)
        for name in ("clinic", "time", "actor", "action", "subject_type", "subject_id", "details_digest", "row_hash")
    }
    for wrong in ({"sequence": 1, "previous_hash": "1" * 64}, {"sequence": 2, "previous_hash": GENESIS}):
        with pytest.raises(IntegrityError), transaction.atomic():
            AuditRow.objects.create(**same, **wrong)


@pytest.mark.parametrize(
    "details",
    [
        {"big": 1e16, "small": 1e-9, "whole": 3.0, "deep": {"b": [1, {"a": None}]}},
        {"text": "Анна \u202e<script>alert('1')</script> 😀", "nul": "a\x00b", "half": "\ud800"},
        {"day": datetime.date(2026, 1, 2), "moment": datetime.datetime(2026, 1, 2, 3, 4, 5, 6, datetime.UTC)},
        {},
    ],
)
def test_whatever_the_details_hold_the_chain_verifies(acorn: House, details: dict[str, Any]) -> None:
    row = record(acorn.actor("owner"), "site.changed", acorn.site, details)
    heads.note_all("test")
    assert verify().findings == []
    assert AuditRow.objects.get(pk=row.pk).details.text == row.details.text


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical({"x": float("nan")})


def test_fields_that_run_together_give_other_hashes() -> None:
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, 6, datetime.UTC)
    one = hash_of("c", 1, moment, "ab", "c", "t", "i", "d", GENESIS)
    assert one != hash_of("c", 1, moment, "a", "bc", "t", "i", "d", GENESIS)
    london = moment.astimezone(datetime.timezone(datetime.timedelta(hours=1)))
    assert one == hash_of("c", 1, london, "ab", "c", "t", "i", "d", GENESIS)
    assert one != hash_of("c", 1, moment + datetime.timedelta(microseconds=1), "ab", "c", "t", "i", "d", GENESIS)
    assert digest_of("s", "", "{}") != digest_of("s", "c", "{}")


def test_ranges() -> None:
    assert ranges([7, 1, 2, 3, 9, 8, 20]) == [[1, 3], [7, 9], [20, 20]]
    assert ranges([]) == []


@pytest.mark.django_db(transaction=True)
def test_the_same_look_within_a_minute_is_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.clinic.people import make_house

    house = make_house("Acorn")
    client = make_client(house)
    now = 1000.0
    monkeypatch.setattr("cryomassage_clinic.audit.services.time.monotonic", lambda: now)
    for who, what in [("owner", "card"), ("owner", "card"), ("doctor", "card"), ("owner", "chart")]:
        seen(house.actor(who), client, what, client_id=client.pk)
    assert AuditRow.objects.filter(action="read").count() == 3
    now += 61.0
    seen(house.actor("owner"), client, "card", client_id=client.pk)
    assert AuditRow.objects.filter(action="read").count() == 4


@pytest.mark.django_db(transaction=True)
def test_a_look_that_was_rolled_back_is_not_remembered() -> None:
    from tests.clinic.people import make_house

    house = make_house("Acorn")

    def show() -> None:
        with transaction.atomic():
            seen(house.actor("owner"), house.clinic, "card")
            raise RuntimeError("the page failed")

    with pytest.raises(RuntimeError):
        show()
    seen(house.actor("owner"), house.clinic, "card")
    assert AuditRow.objects.filter(action="read").count() == 1


@pytest.mark.django_db(transaction=True)
def test_checkpoints_follow_the_first_row_and_every_hundredth() -> None:
    from tests.clinic.people import make_house

    house = make_house("Acorn")
    for _ in range(205):
        with transaction.atomic():
            record(house.actor("owner"), "site.changed", house.site)
    noted = heads.read().hashes[str(house.clinic.pk)]
    assert sorted(noted) == [1, 101, 201]
    assert noted[101] == AuditRow.objects.get(sequence=101).row_hash
    heads.note_all("backup")
    assert max(heads.read().hashes[str(house.clinic.pk)]) == 205
    assert heads.path().stat().st_mode & 0o777 == 0o600


def test_a_checkpoint_that_was_cut_short_does_not_spoil_the_next(acorn: House) -> None:
    record(acorn.actor("owner"), "site.changed", acorn.site)
    heads.note_all("one")
    with heads.path().open("a") as file:
        file.write('{"time": "2026-')
    heads.note_all("two")
    found = heads.read()
    assert found.unreadable == [2]
    assert len(found.hashes[str(acorn.clinic.pk)]) == 1
    assert verify().sound


def test_flush_is_refused_where_the_settings_do_not_say_that_all_is_thrown_away(settings: Any, db: None) -> None:
    settings.AUDIT_MAY_BE_EMPTIED = False
    with pytest.raises(CommandError, match="Refused"):
        call_command("flush", interactive=False)


def test_triggers_are_there_after_a_migration(acorn: House) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%%'")
            assert cursor.fetchone()[0] == 4
        else:
            cursor.execute("SELECT COUNT(*) FROM pg_trigger WHERE tgname LIKE 'audit%%'")
            assert cursor.fetchone()[0] == 7
