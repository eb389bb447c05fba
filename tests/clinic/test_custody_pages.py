"""The pages of data: who may, what they say, and that nothing is erased by mistake."""

from __future__ import annotations

import datetime
import io
import json
import uuid
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from cryomassage_clinic.audit.models import AuditRow
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.custody import services, tasks
from cryomassage_clinic.custody.backup import BackupError
from cryomassage_clinic.custody.models import BackupRun, RetentionPeriod
from cryomassage_clinic.custody.retention import report
from tests.clinic.people import House, make_client

pytestmark = [pytest.mark.unit, pytest.mark.pages]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setenv("CRYOMASSAGE_AUDIT_HEADS", str(tmp_path / "heads.log"))
    settings.DATA_FOLDER = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"


def addresses(client: Client) -> dict[str, tuple[str, ...]]:
    return {
        reverse("data_page"): ("GET",),
        reverse("data_backup"): ("GET", "POST"),
        reverse("data_export"): ("POST",),
        reverse("retention"): ("GET", "POST"),
        reverse("erase_client", args=[client.pk]): ("GET", "POST"),
        reverse("erase_client_file", args=[client.pk]): ("POST",),
        reverse("replace_backups", args=[client.pk]): ("POST",),
    }


def test_each_address_is_for_the_owner_alone(acorn: House, client: Any) -> None:
    someone = make_client(acorn)
    for address, methods in addresses(someone).items():
        for method in methods:
            assert client.generic(method, address).status_code == 302, "strangers log in first"
            for who in ("doctor", "operator", "reception", "inspector"):
                assert acorn.browser(who).generic(method, address).status_code == 403, (who, address)
        assert acorn.browser("owner").delete(address).status_code == 405
    someone.refresh_from_db()
    assert someone.erased_at is None


def test_another_clinics_client_and_bad_ids_do_not_exist(acorn: House, birch: House) -> None:
    foreign = make_client(birch)
    browser = acorn.confirmed("owner")
    for name in ("erase_client", "erase_client_file", "replace_backups"):
        for pk in (foreign.pk, uuid.uuid4()):
            assert browser.post(reverse(name, args=[pk]), {"code": foreign.code}).status_code == 404
    assert browser.get("/data/erase/not-an-id/").status_code == 404
    foreign.refresh_from_db()
    assert foreign.full_name == "Anna Petrova"


@pytest.mark.parametrize("name", ["retention", "erase_client", "data_export", "erase_client_file"])
def test_it_is_asked_who_it_is_first(acorn: House, name: str) -> None:
    someone = make_client(acorn)
    address = reverse(name, args=[someone.pk] if "client" in name else [])
    response = acorn.browser("owner").post(address, {"code": someone.code})
    assert response.status_code == 302
    assert "confirm" in response["Location"]
    someone.refresh_from_db()
    assert someone.erased_at is None


def test_a_backup_is_asked_for_once_and_its_state_is_shown(acorn: House) -> None:
    browser = acorn.browser("owner")
    assert "everything would be lost" in browser.get(reverse("data_page")).content.decode()
    for _ in range(2):
        assert browser.post(reverse("data_backup")).status_code == 302
    run = BackupRun.objects.get()
    assert DBTaskResult.objects.get().args_kwargs["args"][0] == str(run.pk)
    text = browser.get(reverse("data_backup")).content.decode()
    assert "being made" in text
    assert "hx-trigger" in text
    run.state, run.made_at, run.path, run.verified = "done", timezone.now(), __file__, True
    run.save()
    text = browser.get(reverse("data_backup")).content.decode()
    assert "read back and compared" in text
    assert "hx-trigger" not in text
    run.path = "/nowhere/gone.backup"
    run.save()
    assert "Not yet" in browser.get(reverse("data_page")).content.decode(), "a file that is gone is no backup"


@pytest.mark.parametrize(
    ("error", "words"), [(OSError(28, "No space left"), "disk is full"), (BackupError("not what was copied"), "copied")]
)
def test_a_backup_that_failed_is_told(
    acorn: House, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(tasks, "make_backup", fail)
    run = services.ask_backup(acorn.actor("owner"))
    assert tasks.run_backup.call(str(run.pk)) == "failed"
    text = acorn.browser("owner").get(reverse("data_page")).content.decode()
    assert "The last backup failed" in text
    assert words in text
    assert tasks.run_backup.call(str(run.pk)) == "not waiting"


def test_a_backup_that_died_with_the_computer_does_not_stand_in_the_way(acorn: House) -> None:
    BackupRun.objects.create(asked_at=timezone.now() - datetime.timedelta(hours=7), state="running")
    run = services.ask_backup(acorn.actor("owner"))
    assert run.state == "waiting"
    assert BackupRun.objects.filter(state="failed").count() == 1


def test_the_code_has_to_be_typed(acorn: House) -> None:
    someone = make_client(acorn)
    browser = acorn.confirmed("owner")
    address = reverse("erase_client", args=[someone.pk])
    page = browser.get(address).content.decode()
    assert f"Type {someone.code}" in page
    for typed in ("", "C99999", "<script>alert(1)</script>", "x" * 10_000, "\x00"):
        response = browser.post(address, {"code": typed})
        assert response.status_code == 422
        assert "<script>alert" not in response.content.decode()
        assert 'aria-invalid="true"' in response.content.decode()
    someone.refresh_from_db()
    assert someone.erased_at is None


def test_a_client_is_erased_once_and_told(acorn: House) -> None:
    someone = make_client(acorn)
    browser = acorn.confirmed("owner")
    address = reverse("erase_client", args=[someone.pk])
    mark = str(uuid.uuid4())
    for _ in range(2):
        response = browser.post(address, {"code": someone.code.lower(), "submission": mark})
        assert response.status_code in (200, 302)
    someone.refresh_from_db()
    assert someone.erased_at is not None
    assert someone.full_name != "Anna Petrova"
    assert AuditRow.objects.filter(action="client.erased").count() == 1
    page = browser.get(address).content.decode()
    assert "The client is erased" in page
    assert "Anna" not in page
    log = acorn.browser("owner").get(reverse("audit_list")).content.decode()
    assert "Client erased" in log


def test_the_clients_file_is_given(acorn: House) -> None:
    someone = make_client(acorn)
    make_client(acorn, full_name="Somebody Else")
    response = acorn.confirmed("owner").post(reverse("erase_client_file", args=[someone.pk]))
    with ZipFile(io.BytesIO(b"".join(response.streaming_content))) as package:
        everything = b"".join(package.read(name) for name in package.namelist())
    assert b"Anna Petrova" in everything
    assert b"Somebody Else" not in everything
    assert response["Cache-Control"] == "no-store"
    assert AuditRow.objects.filter(action="client.exported").count() == 1


def test_older_backups_are_replaced_by_a_new_one(acorn: House, tmp_path: Path, monkeypatch: Any) -> None:
    old = tmp_path / "backups" / "old.backup"
    old.parent.mkdir()
    old.write_text("x")
    someone = make_client(acorn)
    acorn.confirmed("owner").post(reverse("replace_backups", args=[someone.pk]))
    arguments = DBTaskResult.objects.get().args_kwargs["args"]
    assert arguments[1] == ["old.backup"]
    new = tmp_path / "backups" / "new.backup"
    new.write_text("y")

    class Made:
        path, size_bytes, rows = new, 1, 1

    monkeypatch.setattr(tasks, "make_backup", Made)
    assert tasks.run_backup.call(*arguments) == "done"
    assert not old.exists()
    assert new.exists()


def test_a_backup_that_fails_deletes_no_older_one(acorn: House, tmp_path: Path, monkeypatch: Any) -> None:
    old = tmp_path / "backups" / "old.backup"
    old.parent.mkdir()
    old.write_text("x")

    def fail() -> None:
        raise BackupError("no")

    monkeypatch.setattr(tasks, "make_backup", fail)
    run = services.ask_backup(acorn.actor("owner"), replacing=True)
    tasks.run_backup.call(str(run.pk), ["old.backup"])
    assert old.exists()


def test_periods_are_set_and_taken_back(acorn: House, birch: House) -> None:
    browser = acorn.confirmed("owner")
    assert "ask your lawyer" in browser.get(reverse("retention")).content.decode()
    assert browser.post(reverse("retention"), {"health": "120", "contact": ""}).status_code == 302
    assert list(RetentionPeriod.objects.values_list("clinic", "category", "months")) == [
        (acorn.clinic.pk, "health", 120)
    ]
    assert AuditRow.objects.get(action="retention.changed").details.details["after"] == {"health": 120}
    assert browser.post(reverse("retention"), {"health": ""}).status_code == 302
    assert not RetentionPeriod.objects.exists()


@pytest.mark.parametrize("typed", ["-1", "0", "1.5", "1201", "ten", "<script>", "9" * 400, "\x00"])
def test_a_period_that_is_none_is_told_beside_its_field(acorn: House, typed: str) -> None:
    response = acorn.confirmed("owner").post(reverse("retention"), {"health": typed, "plans": "12"})
    text = response.content.decode()
    assert response.status_code == 422
    assert 'aria-describedby="error-health"' in text
    assert 'value="12"' in text, "what was typed stays"
    assert "<script>" not in text.replace('<script src="', "")
    assert not RetentionPeriod.objects.exists()


def test_what_is_older_is_counted_and_nothing_deleted(acorn: House, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = make_client(acorn), make_client(acorn, full_name="New")
    Client.objects.filter(pk=old.pk).update(created_at=timezone.now() - datetime.timedelta(days=800))
    RetentionPeriod.objects.create(clinic=acorn.clinic, category="contact", months=24)
    kept = {one.category: one for one in report(acorn.clinic)}
    assert (kept["contact"].total, kept["contact"].older) == (2, 1)
    assert kept["health"].older is None
    call_command("retention_report")
    assert "1 older than 24 months" in capsys.readouterr().out
    call_command("retention_report", "--json")
    told = json.loads(capsys.readouterr().out)
    assert told[0]["kept"][0]["older"] == 1
    assert Client.objects.filter(pk__in=[old.pk, new.pk]).count() == 2
    from tests.clinic.people import make_course

    make_course(acorn, old)  # they came again
    assert {one.category: one for one in report(acorn.clinic)}["contact"].older == 0
