"""Files that are there whole or not at all, and the words for a disk that is full."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _

TEMPORARY = ".unfinished-"
_STALE_S = 24 * 3600
# A file that may not grow any more is told by SQLite as a failed write, or as a failed growth of its shared index.
_SQLITE_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def data_folder() -> Path:
    """Where everything lies that the clinic owns."""
    return Path(settings.DATA_FOLDER)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def placed(target: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name when all of it is on the disk; else nothing is left of it.

    Raises:
        FileExistsError: there is such a file already.
    """
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if target.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    descriptor, name = tempfile.mkstemp(prefix=TEMPORARY, dir=target.parent)  # readable by its owner only
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A folder to work in, on the same disk, gone at the end."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=folder) as name:
        yield Path(name)


def sweep(folder: Path) -> None:
    """Take away what a killed program left unfinished a day ago."""
    import shutil

    for path in folder.glob(f"{TEMPORARY}*") if folder.exists() else ():
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _STALE_S:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def disk_is_full(error: BaseException | None) -> bool:
    """Whether this error, or one that led to it, says that nothing more can be written."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        if getattr(error, "sqlite_errorcode", None) in _SQLITE_FULL:
            return True
        if getattr(error, "sqlstate", None) == "53100":  # PostgreSQL: disk_full
            return True
        error = error.__cause__ or error.__context__
    return False


def tables_missing(error: BaseException) -> bool:
    """Whether a database was asked that holds no clinic, by what SQLite and PostgreSQL say then."""
    return any(words in str(error) for words in ("no such table", "does not exist"))


def no_clinic_words() -> str:
    """What to say then."""
    return (
        "There is no clinic in this data folder or database yet. Start it with `cryomassage-clinic run`, or name the "
        "right one in CRYOMASSAGE_DATA or DATABASE_URL."
    )


def full_words() -> str:
    """What to tell whoever started a command."""
    return _("The disk is full. Nothing was written. Free some space, then try again.")
