"""After an erasure no file of the data folder tells of the client, and the chain still verifies."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.support.processes import Instance, on_postgresql

pytestmark = pytest.mark.unit

NAME, PHONE, EMAIL = "Zinaida Ångström", "+44 7700 900123", "zinaida@example.org"
BORN = "1971-03-29"
WORDS = [NAME, NAME.casefold(), PHONE, PHONE.replace(" ", "").lstrip("+"), EMAIL, json.dumps(NAME)[1:-1]]

_FILL = f"""
import datetime
from tests.clinic.people import make_house
from tests.support.records import full_client
house = make_house("Acorn")
full_client(house, code="A1", full_name="Other Client", phone="+44 1", email="other@example.org")
full_client(house, code="Z9", full_name={NAME!r}, phone={PHONE!r}, email={EMAIL!r},
    birth_date=datetime.date.fromisoformat({BORN!r}), emergency_contact="Sister " + {NAME!r})
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    made = Instance(tmp_path_factory.mktemp("filled") / "data")
    made.python(_FILL)
    return made


@pytest.fixture
def instance(filled: Instance, tmp_path: Path) -> Instance:
    return Instance(tmp_path / "data", like=filled)


def traces(instance: Instance, words: list[str] = WORDS) -> list[str]:
    """Where any of the words stands, byte for byte, in any file; on PostgreSQL in any row too."""
    found = [
        f"{path.name}: {word}"
        for path in instance.files()
        for word in words
        if word.encode() in path.read_bytes()
    ]  # fmt: skip
    if on_postgresql():
        rows = instance.python("""
        from django.apps import apps
        for model in apps.get_models(include_auto_created=True):
            for row in model._base_manager.values():
                print(row)
        """)
        found += [f"row: {word}" for word in words if word in rows]
    return found


def erase(instance: Instance, *more: str) -> str:
    return instance.command("erase_client", "Z9", "--yes", "--to", str(instance.folder.parent / "z.zip"), *more).stdout


def test_no_trace_is_left_in_any_file(instance: Instance) -> None:
    assert {word.split(": ")[1] for word in traces(instance)} >= {NAME, PHONE, EMAIL}, "they are there before"
    before = instance.digests()
    told = erase(instance)
    assert "Still found" not in told
    assert traces(instance) == []
    assert "verify" in instance.command("audit_verify").stdout
    after = instance.digests()
    for table in ("screening.AnswerSet", "consents.Consent", "courses.Plan", "visits.Booking", "charting.Mark"):
        assert (before[table]["rows"], after[table]["rows"]) == (2, 1), "the other client keeps everything"
    assert after["audit.AuditRow"]["rows"] == before["audit.AuditRow"]["rows"] + 1
    assert after["audit.AuditDetails"]["rows"] == before["audit.AuditDetails"]["rows"] - 3 + 1
    assert after["clients.Client"]["rows"] == 2
    stub = instance.told("""
    import json
    from cryomassage_clinic.clients.models import Client
    row = Client.objects.exclude(erased_at=None).values().get()
    print(json.dumps(row, default=str))
    """)
    assert stub["code"] != "Z9"
    assert BORN not in json.dumps(stub)
    kept = instance.told("""
    import json
    from django.contrib.sessions.models import Session
    from cryomassage_clinic.accounts.models import StaffSession
    from django_tasks_db.models import DBTaskResult
    print(json.dumps([Session.objects.count(), StaffSession.objects.exclude(waiting=None).count(),
                      DBTaskResult.objects.count()]))
    """)
    assert kept == [1, 1, 1], "the login, the waiting form and the task of the other client stay"
    assert len(list((instance.folder / "media").rglob("*.jpg"))) == 1, "and the photograph"
    drafts = instance.digests()["web.Draft"]["rows"]
    assert drafts == 2, "and the drafts"
    assert "Other Client" in (instance.folder / "clinic.log").read_text()


def test_the_client_gets_a_file_first(instance: Instance) -> None:
    erase(instance)
    with ZipFile(instance.folder.parent / "z.zip") as package:
        everything = b"".join(package.read(name) for name in package.namelist())
        manifest = json.loads(package.read("manifest.json"))
        assert len([name for name in package.namelist() if name.endswith(".svg")]) == 1
    assert NAME.encode() in everything
    assert EMAIL.encode() in everything
    assert b"Other Client" not in everything
    assert manifest["tables"]["clients.Client"]["rows"] == 1


def test_a_restored_backup_does_not_bring_the_client_back(instance: Instance, tmp_path: Path) -> None:
    backup = instance.command("backup").stdout.splitlines()[0]
    told = erase(instance, "--backups", "keep")
    assert backup in told
    done = instance.command("restore", backup, "--replace")
    assert "erased again" in done.stdout
    kept = next(instance.folder.glob("before-restore-*"))
    Path(backup).unlink()  # holds the client, as was told
    for path in kept.rglob("*"):
        if path.is_file():
            path.unlink()
    assert traces(instance) == []
    verified = instance.command("audit_verify").stdout
    assert "verify" in verified
    assert "restored" in verified


def test_backups_are_told_or_deleted(instance: Instance) -> None:
    backup = Path(instance.command("backup").stdout.splitlines()[0])
    told = erase(instance, "--backups", "delete")
    assert "1 backups deleted" in told
    assert not backup.exists()


def test_it_is_asked_first_and_nothing_happens_without_the_code(instance: Instance) -> None:
    before = instance.digests()
    target = str(instance.folder.parent / "z.zip")
    refused = instance.command("erase_client", "Z9", "--to", target, typed="Z8\n", check=False)
    assert refused.returncode == 2
    assert "Nothing was erased" in refused.stderr
    assert instance.digests() == before
    for named in ("nobody", "00000000-0000-0000-0000-000000000000", "' OR 1=1 --"):
        assert "no client" in instance.command("erase_client", named, "--yes", check=False).stderr
    inside = instance.command("erase_client", "Z9", "--yes", "--to", str(instance.folder / "z.zip"), check=False)
    assert "would be a trace" in inside.stderr


def test_a_second_erasure_is_refused(instance: Instance) -> None:
    erase(instance)
    client = instance.told("""
    import json
    from cryomassage_clinic.clients.models import Client
    print(json.dumps(str(Client.objects.exclude(erased_at=None).get().pk)))
    """)
    again = instance.command("erase_client", client, "--yes", check=False)
    assert again.returncode == 2
    assert "already" in again.stderr


def test_an_erasure_that_cannot_be_noted_does_not_happen(instance: Instance) -> None:
    """Without the note a restored backup would bring the client back."""
    before = instance.digests()
    (instance.folder / "erasures.log").mkdir()
    target = str(instance.folder.parent / "z.zip")
    refused = instance.command("erase_client", "Z9", "--yes", "--to", target, check=False)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert instance.digests() == before


@pytest.mark.sqlite
@pytest.mark.skipif(on_postgresql(), reason="about SQLite's files")
def test_old_pages_that_somebody_still_reads_go_with_the_next_backup(instance: Instance) -> None:
    out = instance.python(f"""
    import sqlite3
    from pathlib import Path
    from cryomassage_clinic.clients.models import Client
    from cryomassage_clinic.custody import erasure, traces
    from django.db import connection
    traces._PATIENCE_S = 0.3
    connection.cursor().execute("PRAGMA busy_timeout=200")  # else each look waits for ten seconds
    reader = sqlite3.connect(Path({str(instance.folder)!r}) / "clinic.sqlite3", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT COUNT(*) FROM clients_client").fetchone()
    done = erasure.clean_files(erasure.erase_by_command(Client.objects.get(code="Z9")))
    print(done.wiped, bool(done.left))
    reader.close()
    """)
    assert out.strip() == "False True"
    instance.command("backup")
    assert traces(instance) == []
