"""Puts a backup in the place of the clinic's data, or into an empty data folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from cryomassage_clinic.audit import heads
from cryomassage_clinic.audit.snapshot import opened
from cryomassage_clinic.audit.verify import verify
from cryomassage_clinic.custody import backup, erasure, erasure_log, importing
from cryomassage_clinic.custody.files import data_folder, scratch, sync_folder


class RestoreError(Exception):
    """Why nothing was changed."""


@contextmanager
def clinic_stopped() -> Iterator[None]:
    """Keep the clinic from being started as long as the block lasts.

    Raises:
        RestoreError: it is running.
    """
    descriptor = os.open(data_folder() / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RestoreError("The clinic is running. Stop it first (Ctrl+C in its window), then restore.") from error
        yield
    finally:
        os.close(descriptor)


def restore(
    source: Path, passphrase: bytes | None = None, *, replace: bool = False, erasures: Path | None = None
) -> dict[str, Any]:
    """Restore a backup.

    Args:
        source: the file.
        passphrase: opens it where it is encrypted.
        erasures: a copy of erasures.log that was kept elsewhere.
        replace: whether records that are there make room; a copy of them is kept beside.

    Returns:
        What was done: rows, the copy that was kept, erasures that were applied again.

    Raises:
        RestoreError: with the reason; nothing was changed.
        OSError: the disk is full; nothing was changed.
    """
    with clinic_stopped(), scratch(data_folder()) as work:
        try:
            with source.open("rb") as file, backup.unpacked(file, work / "found", passphrase) as manifest:
                _must_be_known(manifest)
                if not replace and _holds_records():
                    raise RestoreError(
                        f"{data_folder()} already holds records. Restore into an empty data folder, or add --replace: "
                        "a copy of what is there is kept."
                    )
                kept = _put(manifest, work / "found", source.name)
        except (backup.BackupError, importing.ImportRefusedError) as error:
            raise RestoreError(str(error)) from error
        connections.close_all()
        call_command("migrate", interactive=False, run_syncdb=True, verbosity=0)
        if erasures is not None:
            erasure_log.take_over(erasures)
        again = erasure.apply_again()
    rows = sum(int(one["rows"]) for one in manifest["tables"].values())
    return {"rows": rows, "made_at": manifest["made_at"], "kept": kept, "erased_again": again}


def _must_be_known(manifest: dict[str, Any]) -> None:
    known = set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
    apps_known = {app for app, _name in known}
    for app, names in manifest["migrations"].items():
        for name in names:
            if app in apps_known and (app, name) not in known:
                raise RestoreError(
                    "The backup was made by a newer version of this program. Install that version, then restore."
                )


def _holds_records() -> bool:
    if connection.vendor == "sqlite":
        path = Path(str(connection.settings_dict["NAME"]))
        if not path.exists() or not path.stat().st_size:
            return False
    if "accounts_clinic" not in connection.introspection.table_names():
        return False
    return not importing.is_empty()


def _put(manifest: dict[str, Any], found: Path, name: str) -> str:
    """Put what was unpacked in place.

    Returns:
        Where the copy of what was there lies; empty where nothing was.
    """
    sqlite_here = connection.vendor == "sqlite"
    if sqlite_here != (manifest["engine"] == "sqlite"):
        raise RestoreError(
            f"The backup was made on {manifest['engine']}, and this clinic runs on {connection.vendor}. "
            "Restore it there, and move with export_all and import_all."
        )
    had = _holds_records()
    kept = data_folder() / f"before-restore-{timezone.now():%Y%m%dT%H%M%S}Z"
    if had:
        kept.mkdir(mode=0o700)
    if sqlite_here:
        _put_sqlite(found / backup.DATABASE["sqlite"], kept if had else None, name)
        _put_media(found / "media", kept if had else None)
    else:
        if had:
            backup.make_backup(kept)
        call_command("migrate", interactive=False, run_syncdb=True, verbosity=0)
        with (found / backup.DATABASE["postgresql"]).open("rb") as file:
            importing.import_all(file, replacing=had, backup=name)
        _put_media(found / "media", kept if had else None)
    erasure_log.take_over(found / "erasures.log")
    return str(kept) if had else ""


def _put_sqlite(copy: Path, kept: Path | None, name: str) -> None:
    """Put a database in the place of another one. Whenever this is interrupted, one whole database lies there."""
    with opened(copy) as using:
        ends = verify(using, outside=False).ends
    path = Path(str(connection.settings_dict["NAME"]))
    connections.close_all()
    if path.exists():
        # What is still in the log of the old database goes into it, so that no stale log meets the new one.
        old = sqlite3.connect(path)
        try:
            busy, *_pages = old.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            old.execute("PRAGMA journal_mode=DELETE")
        finally:
            old.close()
        leftover = path.with_name(f"{path.name}-wal")
        if busy or (leftover.exists() and leftover.stat().st_size):
            raise RestoreError("Another program has the database open. Close it, then restore.")
        if kept is not None:
            shutil.copy2(path, kept / path.name)
            (kept / path.name).chmod(0o600)
            with (kept / path.name).open("rb") as file:
                os.fsync(file.fileno())
    heads.note_restored(ends, name)
    copy.replace(path)
    sync_folder(path.parent)


def _put_media(found: Path, kept: Path | None) -> None:
    root = Path(settings.MEDIA_ROOT)
    if root.exists():
        if kept is not None:
            root.replace(kept / "media")
        else:
            shutil.rmtree(root)
    if found.exists():
        root.parent.mkdir(parents=True, exist_ok=True)
        found.replace(root)
