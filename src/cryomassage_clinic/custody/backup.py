"""Makes a backup, and reads it back before it counts.

One file holds a copy of the database of one moment, the media folder, the checkpoints of the audit chain and the
list of erasures. On SQLite the copy is made by the online backup of SQLite inside a read transaction, so that it can
be compared with its source row by row while others write. On PostgreSQL it is an export made inside one repeatable
read: it needs no program of PostgreSQL's version on this computer, and can be read by any later version.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import sqlite3
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connections
from django.utils import timezone

from cryomassage_clinic.audit import heads
from cryomassage_clinic.audit.snapshot import opened, snapshot
from cryomassage_clinic.audit.verify import verify
from cryomassage_clinic.custody import erasure_log, importing, traces
from cryomassage_clinic.custody.digests import content_digests, file_digests
from cryomassage_clinic.custody.exporting import export_from, known_migrations
from cryomassage_clinic.custody.files import data_folder, placed, scratch, sweep
from cryomassage_clinic.custody.sealing import MAGIC, OpeningReader, SealError, SealingWriter

FORMAT = "cryomassage-backup"
VERSION = 1
DATABASE = {"sqlite": "clinic.sqlite3", "postgresql": "clinic.zip"}


class BackupError(Exception):
    """Why there is no backup, or why a file is not a good one."""


@dataclass(frozen=True)
class Made:
    """A backup that was read back."""

    path: Path
    size_bytes: int
    manifest: dict[str, Any]

    @property
    def rows(self) -> int:
        """How many rows it holds."""
        return sum(int(one["rows"]) for one in self.manifest["tables"].values())


def backup_folder() -> Path:
    """Where backups go unless another place is named."""
    return data_folder() / "backups"


class _Tar:
    """A tar that remembers the digest of what goes in."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._tar = tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self.files: dict[str, dict[str, Any]] = {}

    def add(self, path: Path, name: str) -> None:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            counted = _Counted(file, size)
            self._tar.addfile(_entry(name, size), counted)
        self.files[name] = {"bytes": size, "sha256": counted.digest.hexdigest()}

    def close(self, manifest: dict[str, Any]) -> None:
        data = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        self._tar.addfile(_entry("manifest.json", len(data)), io.BytesIO(data))
        self._tar.close()


class _Counted(io.RawIOBase):
    """Reads a file once, for the tar and for its digest."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left, self.digest = file, size, hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """As much as is asked for, and never more than there was when the size was written down."""
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        self.digest.update(data)
        return data


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o600, int(timezone.now().timestamp())
    return entry


def _copy_sqlite(target: Path) -> dict[str, Any]:
    """Copy the database as it is at this moment, while others write; what it held, table by table."""
    source = sqlite3.connect(str(connections["default"].settings_dict["NAME"]), isolation_level=None, timeout=10)
    copy = sqlite3.connect(target)
    try:
        source.execute("BEGIN")  # the first read fixes the moment, for the digests and for the copy
        told = file_digests(source)
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, that needs no other beside it
    finally:
        copy.close()
        source.close()
    return told


def _copy_postgresql(target: Path) -> dict[str, Any]:
    """Export the database as it is at this moment; what it held, table by table."""
    with snapshot() as using:
        with target.open("wb") as file:
            told: dict[str, Any] = export_from(using, file, media=False)["tables"]
        if told != content_digests(using):
            raise BackupError("The copy is not what the database holds. No backup was made.")
        done = verify(using, outside=False)
    if not done.sound:
        raise BackupError(f"The audit chain does not verify, so no backup was made: {done.findings[0]}.")
    return told


def make_backup(folder: Path | None = None, passphrase: bytes | None = None) -> Made:
    """Make a backup and read it back.

    Args:
        folder: where to; the data folder's `backups` by default.
        passphrase: encrypts it.

    Raises:
        BackupError: what was read back is not what was copied.
        OSError: the file cannot be written, such as on a full disk. Nothing half written is left.
    """
    target_folder = folder or backup_folder()
    target_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    sweep(target_folder)
    sweep(data_folder())
    traces.finish_wiping()
    heads.note_all("backup")
    moment = timezone.now()
    name = f"cryomassage-{moment:%Y%m%dT%H%M%S%f}Z.backup"
    target = target_folder / name
    vendor = connections["default"].vendor
    with scratch(target_folder) as work:
        copy = work / DATABASE[vendor]
        tables = _copy_sqlite(copy) if vendor == "sqlite" else _copy_postgresql(copy)
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "made_at": moment.isoformat(timespec="seconds"),
            "engine": vendor,
            "migrations": known_migrations(),
            "tables": tables,
        }
        with placed(target) as file:
            _write(file, copy, manifest, passphrase)
            file.flush()
            file.seek(0)
            copy.unlink()
            with unpacked(file, work / "read-back", passphrase) as found:
                if found["tables"] != tables:
                    raise BackupError("The backup was read back and is not what was copied. No backup was made.")
    return Made(target, target.stat().st_size, manifest)


def _write(file: IO[bytes], copy: Path, manifest: dict[str, Any], passphrase: bytes | None) -> None:
    sealing = SealingWriter(file, passphrase) if passphrase is not None else None
    tar = _Tar(sealing if sealing is not None else file)  # type: ignore[arg-type]
    tar.add(copy, copy.name)
    root = Path(settings.MEDIA_ROOT)
    for path in sorted(root.rglob("*")) if root.exists() else ():
        if path.is_file() and not path.is_symlink():
            with contextlib.suppress(FileNotFoundError):  # erased while the backup runs
                tar.add(path, f"media/{path.relative_to(root).as_posix()}")
    for path, name in ((heads.path(), "audit-heads.log"), (erasure_log.path(), "erasures.log")):
        if path.exists():
            tar.add(path, name)
    tar.close({**manifest, "files": tar.files})
    if sealing is not None:
        sealing.finish()


@contextlib.contextmanager
def unpacked(file: IO[bytes], folder: Path, passphrase: bytes | None = None) -> Iterator[dict[str, Any]]:
    """Unpack a backup into a new folder and check all of it: files, database, chains, rows.

    Yields:
        The manifest.

    Raises:
        BackupError: it is no backup, is damaged, was cut off, or does not hold what it says.
    """
    folder.mkdir(mode=0o700)
    try:
        found = _unpack(file, folder, passphrase)
        if found["engine"] == "sqlite":
            _check_sqlite(folder / DATABASE["sqlite"], found)
        else:
            with (folder / DATABASE["postgresql"]).open("rb") as part:
                told = importing.Reader(part).manifest["tables"]
            if told != found["tables"]:
                raise BackupError("The backup does not hold the rows that it says.")
        yield found
    except (SealError, importing.ImportRefusedError) as error:
        raise BackupError(str(error)) from error
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"The file is not a backup of this program, or it is damaged ({error}).") from error


def _unpack(file: IO[bytes], folder: Path, passphrase: bytes | None) -> dict[str, Any]:
    head = file.read(len(MAGIC))
    file.seek(0)
    sealed = head == MAGIC
    if sealed and passphrase is None:
        raise BackupError("The backup is encrypted. Name the file with its passphrase: --key-file FILE.")
    stream: Any = io.BufferedReader(OpeningReader(file, passphrase or b"")) if sealed else file
    digests: dict[str, dict[str, Any]] = {}
    manifest: dict[str, Any] | None = None
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        for entry in tar:
            target = folder / entry.name
            if not entry.isfile() or not target.resolve().is_relative_to(folder.resolve()):
                raise BackupError(f"The file is damaged: {entry.name} has no place in a backup.")
            part = tar.extractfile(entry)
            if part is None:
                raise BackupError(f"The file is damaged: {entry.name} cannot be read.")
            if entry.name == "manifest.json":
                manifest = json.loads(part.read())
                continue
            digests[entry.name] = _take(part, target)
        while stream.read(1 << 20):  # to the end, so that a cut or changed last part is noticed
            pass
    if manifest is None:
        raise BackupError("The file is damaged: its end is missing.")
    if manifest["format"] != FORMAT:
        raise BackupError("The file is not a backup of this program.")
    if int(manifest["version"]) > VERSION:
        raise BackupError("The backup was made by a newer version of this program. Install that version first.")
    if digests != manifest["files"] or DATABASE[manifest["engine"]] not in digests:
        raise BackupError("The file is damaged: what it holds is not what it says.")
    return manifest


def _take(part: IO[bytes], target: Path) -> dict[str, Any]:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while block := part.read(1 << 20):
            file.write(block)
            digest.update(block)
            size += len(block)
        file.flush()
        os.fsync(file.fileno())
    return {"bytes": size, "sha256": digest.hexdigest()}


def _check_sqlite(path: Path, manifest: dict[str, Any]) -> None:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        said = connection.execute("PRAGMA integrity_check").fetchall()
        if said != [("ok",)]:
            raise BackupError(f"The database in the backup is damaged: {said[0][0]}.")
        lost = connection.execute("PRAGMA foreign_key_check").fetchone()
        if lost is not None:
            raise BackupError(f"The database in the backup is damaged: a row of {lost[0]} points to nothing.")
        if file_digests(connection) != manifest["tables"]:
            raise BackupError("The backup does not hold the rows that it says.")
    except sqlite3.DatabaseError as error:
        raise BackupError(f"The database in the backup is damaged: {error}.") from error
    finally:
        connection.close()
    with opened(path) as using:
        done = verify(using, outside=False)
    if not done.sound:
        raise BackupError(f"The audit chain in the backup does not verify: {done.findings[0]}.")
