"""An export is complete, open and readable; read into an empty instance it gives equal digests."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.urls import reverse

from cryomassage_clinic.custody.readable import _cell, signature_svg
from tests.clinic.people import PASSWORD, House, make_client
from tests.support.processes import Instance
from tests.support.records import STROKES

pytestmark = pytest.mark.unit

_FILL = """
from tests.clinic.people import make_house
from tests.support.records import full_client
from allauth.mfa.models import Authenticator
from cryomassage_clinic.custody.models import RetentionPeriod
for name in ("Acorn", "Birch"):
    house = make_house(name)
    house.owner.sites.add(house.site)
    Authenticator.objects.create(user=house.owner, type="totp", data={"secret": f"SECRET-{name}"})
    RetentionPeriod.objects.create(clinic=house.clinic, category="health", months=120)
    for number in range(3):
        full_client(house, code=f"{name[0]}{number}", full_name=f"{name} Client {number}")
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    instance = Instance(tmp_path_factory.mktemp("filled") / "data")
    instance.python(_FILL)
    return instance


@pytest.fixture(scope="module")
def exported(filled: Instance) -> Path:
    target = filled.folder.parent / "all.zip"
    filled.command("export_all", "--to", str(target))
    return target


def test_every_row_is_there_and_the_manifest_tells(filled: Instance, exported: Path) -> None:
    digests = filled.digests()
    assert exported.stat().st_mode & 0o777 == 0o600
    with ZipFile(exported) as package:
        manifest = json.loads(package.read("manifest.json"))
        assert manifest["tables"] == digests
        for name, told in manifest["files"].items():
            assert hashlib.sha256(package.read(name)).hexdigest() == told["sha256"], name
        lines = package.read("tables/clients.Client.jsonl").decode().splitlines()
        assert len(lines) == 6
        assert json.loads(lines[0])["full_name"].endswith(("0", "1", "2"))
        secrets = package.read("tables/mfa.Authenticator.jsonl").decode()
        assert "SECRET-Acorn" in secrets
        assert "SECRET-Birch" in secrets


def test_people_can_read_it_without_this_program(exported: Path) -> None:
    with ZipFile(exported) as package:
        names = package.namelist()
        rows = list(csv.reader(io.StringIO(package.read("for-people/clients.csv").decode("utf-8-sig"))))
        assert rows[0][:3] == ["code", "name", "born"]
        assert len(rows) == 7
        assert rows[1][1] == "Acorn Client 0"
        for table in ("courses", "bookings", "plans"):
            assert len(package.read(f"for-people/{table}.csv").decode().strip().splitlines()) == 7
        plans = [name for name in names if name.endswith("/plan.json")]
        assert len(plans) == 6
        assert b'{"of": "A0"}' in {package.read(name) for name in plans}
        pictures = [name for name in names if name.endswith(".svg")]
        assert len(pictures) == 6
        ET.fromstring(package.read(pictures[0]))
        consent = json.loads(package.read(pictures[0].replace(".svg", ".json")))
        assert consent["strokes"][0] == STROKES[0]
        assert consent["text"] == "I agree. <b>"
        assert len([name for name in names if name.endswith("face.jpg")]) == 6
        assert "JSON Lines" in package.read("README.txt").decode()


def test_imported_into_an_empty_instance_everything_is_equal(filled: Instance, exported: Path, tmp_path: Path) -> None:
    empty = Instance(tmp_path / "new")
    done = empty.command("import_all", str(exported))
    assert "audit chains verify" in done.stdout
    assert empty.digests() == filled.digests()
    assert "verify" in empty.command("audit_verify").stdout
    assert len(list((empty.folder / "media").rglob("*.jpg"))) == 6
    told = empty.told(f"""
    import json
    from django.contrib.auth import authenticate
    from django.db import transaction
    from cryomassage_clinic.accounts.access import Actor
    from cryomassage_clinic.accounts.models import User
    from cryomassage_clinic.audit.services import record
    user = User.objects.get(username="acorn-owner")
    with transaction.atomic():
        row = record(Actor(user, user.clinic), "site.changed", user.clinic)
    print(json.dumps([user.check_password({PASSWORD!r}), row.sequence > 1]))
    """)
    assert told == [True, True]
    assert "verify" in empty.command("audit_verify").stdout
    again = tmp_path / "again.zip"
    empty.command("export_all", "--to", str(again))


def test_an_instance_that_holds_records_is_refused(filled: Instance, exported: Path) -> None:
    before = filled.digests()
    refused = filled.command("import_all", str(exported), check=False)
    assert refused.returncode == 2
    assert "already holds records" in refused.stderr
    assert filled.digests() == before


def _rewritten(source: Path, target: Path, change: Callable[[dict[str, bytes]], None], *, honest: bool) -> None:
    """A copy with something changed; `honest`: the manifest tells the new digests."""
    with ZipFile(source) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    change(parts)
    if honest:
        manifest = json.loads(parts["manifest.json"])
        for name in manifest["files"]:
            manifest["files"][name]["sha256"] = hashlib.sha256(parts[name]).hexdigest()
        for label in manifest["tables"]:
            content = parts[f"tables/{label}.jsonl"]
            manifest["tables"][label] = {"rows": content.count(b"\n"), "sha256": hashlib.sha256(content).hexdigest()}
        parts["manifest.json"] = json.dumps(manifest).encode()
    with ZipFile(target, "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)


def _edit(name: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[name]
        parts[name] = parts[name].replace(old, new, 1)

    return change


def _drop(name: str) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        del parts[name]

    return change


CLIENTS, ROWS = "tables/clients.Client.jsonl", "tables/audit.AuditRow.jsonl"
DAMAGES: list[tuple[str, Callable[[dict[str, bytes]], None], bool, str]] = [
    ("changed row", _edit(CLIENTS, b"Acorn", b"Bcorn"), False, "not as it was"),
    ("missing file", _drop(CLIENTS), False, "missing"),
    ("no manifest", _drop("manifest.json"), False, "damaged"),
    ("newer format", _edit("manifest.json", b'"version": 1', b'"version": 2'), False, "newer version"),
    ("unknown column", _edit(CLIENTS, b'"birth_date"', b'"birth_hour": 1, "birth_date"'), True, "not known"),
    ("wrong value", _edit(CLIENTS, b'"birth_date":"1996-05-17"', b'"birth_date":"1996-15-17"'), True, "does not fit"),
    ("pointing to nothing", _edit(CLIENTS, b'"clinic_id":"', b'"clinic_id":"0000'), True, "does not fit"),
    ("changed log", _edit(ROWS, b'"action":"client.created"', b'"action":"nothing.at.all"'), True, "does not verify"),
    ("another program's", _edit("manifest.json", b"cryomassage-export", b"something"), False, "not an export"),
]


def test_a_damaged_file_writes_nothing(exported: Path, tmp_path: Path, empty: Instance) -> None:
    for name, change, honest, _words in DAMAGES:
        _rewritten(exported, tmp_path / f"{name}.zip", change, honest=honest)
    told = empty.told(f"""
    import json
    from pathlib import Path
    from django.core.management import CommandError, call_command
    told = {{}}
    for path in Path({str(tmp_path)!r}).glob("*.zip"):
        try:
            call_command("import_all", str(path))
        except CommandError as error:
            told[path.stem] = str(error)
    print(json.dumps(told))
    """)
    for name, _change, _honest, words in DAMAGES:
        assert words in told.get(name, "was imported"), name
    assert all(one["rows"] == 0 for one in empty.digests().values())
    assert not (empty.folder / "media").exists()
    assert not list(empty.folder.glob(".unfinished-*"))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    return Instance(tmp_path_factory.mktemp("empty") / "data")


def test_no_zip_at_all_and_a_cut_one(empty: Instance, exported: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.zip"
    cut.write_bytes(exported.read_bytes()[:-500])
    (tmp_path / "text.zip").write_text("hello")
    for name in ("cut.zip", "text.zip"):
        refused = empty.command("import_all", str(tmp_path / name), check=False)
        assert refused.returncode == 2
        assert "damaged" in refused.stderr


def test_an_export_never_writes_over_a_file(filled: Instance, exported: Path) -> None:
    refused = filled.command("export_all", "--to", str(exported), check=False)
    assert refused.returncode == 2
    assert "exists" in refused.stderr


def test_the_button_exports_ones_own_clinic_only(acorn: House, birch: House) -> None:
    make_client(acorn, full_name="Mine Client")
    make_client(birch, full_name="Foreign Client")
    response = acorn.confirmed("owner").post(reverse("data_export"))
    assert response.status_code == 200
    content = b"".join(response.streaming_content)
    with ZipFile(io.BytesIO(content)) as package:
        everything = b"".join(package.read(name) for name in package.namelist())
        assert b"Mine Client" in everything
        assert b"Foreign" not in everything
        assert str(birch.clinic.pk).encode() not in everything
        assert b"birch" not in everything
        assert len(package.read("tables/accounts.User.jsonl").splitlines()) == 5


def test_a_signature_is_drawn_from_its_strokes() -> None:
    picture = signature_svg([[[0, 0, 0], [0.5, 1, 9]], [], "x", [["a"]]], '<Anna> & "co"', "2026-01-01")
    root = ET.fromstring(picture)
    assert root[0].text == '<Anna> & "co", 2026-01-01'
    assert root[1][0].attrib["points"] == "0.0,0.0 300.0,200.0"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("=1+1", "'=1+1"), ("@x", "'@x"), ("+44 20 7946 0000", "+44 20 7946 0000"), ("-cmd|x", "'-cmd|x"), (None, ""),
     (True, "yes"), (["a", "b"], "a, b"), ("Anna", "Anna")],
)  # fmt: skip
def test_no_cell_is_a_formula(value: object, expected: str) -> None:
    assert _cell(value) == expected
