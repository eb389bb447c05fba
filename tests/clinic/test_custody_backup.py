"""A backup is read back before it counts; a restored one gives equal digests, or nothing is changed."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.support.processes import Instance, on_postgresql

pytestmark = pytest.mark.unit

_FILL = """
from tests.clinic.people import make_house
from tests.support.records import full_client
for name in ("Acorn", "Birch"):
    house = make_house(name)
    for number in range(3):
        full_client(house, code=f"{name[0]}{number}", full_name=f"{name} Client {number}")
"""

_WRITER = """
from django.db import transaction
from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.models import User
from cryomassage_clinic.audit.services import record
user = User.objects.filter(role="owner").first()
print("writing", flush=True)
while True:
    with transaction.atomic():
        record(Actor(user, user.clinic), "site.changed", user.clinic, {"x": "y" * 500})
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    instance = Instance(tmp_path_factory.mktemp("filled") / "data")
    instance.python(_FILL)
    return instance


@pytest.fixture(scope="module")
def backed(filled: Instance) -> Path:
    return Path(filled.command("backup").stdout.splitlines()[0])


def test_a_backup_is_one_private_file_and_nothing_unfinished_is_left(filled: Instance, backed: Path) -> None:
    assert backed.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in backed.parent.iterdir()] == [backed.name]
    told = filled.told("""
    import json
    from cryomassage_clinic.custody.models import BackupRun
    run = BackupRun.objects.get()
    print(json.dumps([run.verified, run.state, run.path, run.size_bytes]))
    """)
    assert told == [True, "done", str(backed), backed.stat().st_size]


def test_restored_into_an_empty_folder_everything_is_equal(filled: Instance, backed: Path, tmp_path: Path) -> None:
    empty = Instance(tmp_path / "new", tables=False)
    done = empty.command("restore", str(backed))
    assert "rows" in done.stdout
    assert empty.digests() == filled.digests()
    assert "verify" in empty.command("audit_verify").stdout
    photos = sorted(path.relative_to(filled.folder) for path in (filled.folder / "media").rglob("*.jpg"))
    assert len(photos) == 6
    for photo in photos:
        assert (empty.folder / photo).read_bytes() == (filled.folder / photo).read_bytes()
    assert not [path for path in empty.folder.iterdir() if path.name.startswith(".unfinished")]


def test_a_restored_clinic_goes_on(backed: Path, tmp_path: Path) -> None:
    empty = Instance(tmp_path / "new", tables=False)
    empty.command("restore", str(backed))
    empty.python("""
    from django.db import transaction
    from cryomassage_clinic.accounts.access import Actor
    from cryomassage_clinic.accounts.models import User
    from cryomassage_clinic.audit.services import record
    user = User.objects.filter(role="owner").first()
    with transaction.atomic():
        record(Actor(user, user.clinic), "site.changed", user.clinic)
    """)
    assert "verify" in empty.command("audit_verify").stdout


def test_records_are_replaced_only_when_told_and_a_copy_is_kept(backed: Path, tmp_path: Path) -> None:
    other = Instance(tmp_path / "other")
    other.python("from tests.clinic.people import make_house; make_house('Oak')")
    before = other.digests()
    refused = other.command("restore", str(backed), check=False)
    assert refused.returncode == 2
    assert "--replace" in refused.stderr
    assert other.digests() == before
    done = other.command("restore", str(backed), "--replace")
    kept = next(line for line in done.stdout.splitlines() if "before-restore" in line).split(": ")[1]
    after = other.digests()
    assert after != before
    assert after["accounts.Clinic"]["rows"] == 2
    assert "verify" in other.command("audit_verify").stdout
    if not on_postgresql():
        copy = sqlite3.connect(Path(kept) / "clinic.sqlite3")
        assert copy.execute("SELECT name FROM accounts_clinic").fetchall() == [("Oak",)]
        copy.close()
    else:
        saved = next(Path(kept).glob("*.backup"))
        again = Instance(tmp_path / "again", tables=False)
        again.command("restore", str(saved))
        assert again.digests() == before


def test_a_running_clinic_is_left_alone(filled: Instance, backed: Path) -> None:
    before = filled.digests()
    with (filled.folder / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = filled.command("restore", str(backed), "--replace", check=False)
    assert refused.returncode == 2
    assert "running" in refused.stderr
    assert filled.digests() == before


def test_a_damaged_backup_changes_nothing(filled: Instance, backed: Path, tmp_path: Path) -> None:
    content = backed.read_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 3] ^= 0x01
    damages = {
        "cut": content[: len(content) // 2],
        "flipped": bytes(flipped),
        "without its end": content[:-10240],
        "empty": b"",
        "another file": b"PK\x03\x04 something else" * 1000,
    }
    for name, damaged in damages.items():
        (tmp_path / name).write_bytes(damaged)
    before = filled.digests()
    told = filled.told(f"""
    import json, os
    from pathlib import Path
    from cryomassage_clinic.custody.restore import RestoreError, restore
    told = {{}}
    for path in Path({str(tmp_path)!r}).iterdir():
        try:
            restore(path, replace=True)
        except RestoreError as error:
            told[path.name] = str(error)
    print(json.dumps(told))
    """)
    assert set(told) == set(damages), "each is refused"
    assert filled.digests() == before
    assert not list(filled.folder.glob("before-restore-*"))
    assert not list(filled.folder.glob(".unfinished-*"))
    refused = filled.command("restore", str(tmp_path / "cut"), "--replace", check=False)
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr


def test_an_encrypted_backup_opens_with_its_passphrase_only(filled: Instance, tmp_path: Path) -> None:
    key, wrong, short = tmp_path / "key", tmp_path / "wrong", tmp_path / "short"
    key.write_text("correct horse battery staple\n")
    wrong.write_text("another horse battery staple\n")
    short.write_text("short\n")
    assert "12 characters" in filled.command("backup", "--key-file", str(short), check=False).stderr
    made = filled.command("backup", "--to", str(tmp_path / "safe"), "--key-file", str(key))
    path = Path(made.stdout.splitlines()[0])
    content = path.read_bytes()
    assert b"Acorn Client" not in content
    assert b"SQLite" not in content
    empty = Instance(tmp_path / "new", tables=False)
    assert "--key-file" in empty.command("restore", str(path), check=False).stderr
    assert "passphrase is wrong" in empty.command("restore", str(path), "--key-file", str(wrong), check=False).stderr
    cut = tmp_path / "cut.backup"
    cut.write_bytes(content[: len(content) - 16])
    assert empty.command("restore", str(cut), "--key-file", str(key), check=False).returncode == 2
    empty.command("restore", str(path), "--key-file", str(key))
    assert empty.digests() == filled.digests()


def test_a_backup_made_by_a_newer_version_is_refused(filled: Instance, tmp_path: Path) -> None:
    made = Path(
        filled.told("""
        import json
        from cryomassage_clinic.custody import backup
        backup.VERSION = 2
        from cryomassage_clinic.custody.files import data_folder
        print(json.dumps(str(backup.make_backup(data_folder().parent / "newer").path)))
        """)
    )
    empty = Instance(tmp_path / "new", tables=False)
    refused = empty.command("restore", str(made), check=False)
    assert "newer version" in refused.stderr
    assert refused.returncode == 2


def test_a_backup_that_is_not_what_was_copied_does_not_count(filled: Instance, tmp_path: Path) -> None:
    """The disk gives back something else: no file is left, and the command says so."""
    out = filled.python(f"""
    from pathlib import Path
    from cryomassage_clinic.custody import backup
    real = backup._write
    def spoiled(file, copy, manifest, passphrase):
        real(file, copy, manifest, passphrase)
        file.seek(1_500)
        byte = file.read(1)
        file.seek(1_500)
        file.write(bytes([byte[0] ^ 1]))
    backup._write = spoiled
    try:
        backup.make_backup(Path({str(tmp_path / "to")!r}))
    except backup.BackupError as error:
        print("refused:", error)
    """)
    assert "refused:" in out
    assert list((tmp_path / "to").iterdir()) == []


@pytest.mark.sqlite
@pytest.mark.skipif(on_postgresql(), reason="the size of the server's files cannot be limited from here")
def test_a_full_disk_leaves_no_backup_and_says_so(filled: Instance, tmp_path: Path) -> None:
    done = filled.command("backup", "--to", str(tmp_path / "full"), check=False, limit_kb=300)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "The disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "full").iterdir()) == []


@pytest.mark.skipif(on_postgresql(), reason="about SQLite's own copy")
@pytest.mark.sqlite
def test_a_backup_while_others_write_is_of_one_moment(filled: Instance, tmp_path: Path) -> None:
    busy = Instance(tmp_path / "busy", like=filled)
    writer = subprocess.Popen(busy.script(_WRITER), cwd=busy.folder, env=busy.environment, stdout=subprocess.PIPE)
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"writing\n"
        out = busy.python("""
        from cryomassage_clinic.audit.models import AuditRow
        from cryomassage_clinic.custody.backup import make_backup
        before = AuditRow.objects.count()
        for _ in range(3):
            print(make_backup().rows)
        assert AuditRow.objects.count() > before, "the writer did not write"
        """)
    finally:
        writer.kill()
        writer.wait()
    assert len(out.split()) == 3
    assert "verify" in busy.command("audit_verify").stdout


def test_a_file_that_is_not_there_is_told(filled: Instance) -> None:
    refused = filled.command("restore", "/nowhere/x.backup", check=False)
    assert refused.returncode == 2
    assert "No such file" in refused.stderr


def test_a_folder_that_cannot_be_written_is_told(filled: Instance) -> None:
    refused = filled.command("backup", "--to", os.devnull + "/x", check=False)
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr


@pytest.mark.sqlite
@pytest.mark.parametrize("command", ["audit_verify", "backup", "export_all", "retention_report", "erase_client Z9"])
def test_a_folder_without_a_clinic_is_told(command: str, tmp_path: Path) -> None:
    refused = Instance(tmp_path / "new", tables=False).command(*command.split(), check=False)
    assert refused.returncode == 2
    assert "There is no clinic in this data folder" in refused.stderr
    assert "Traceback" not in refused.stderr
