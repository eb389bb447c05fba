"""What the management commands share: errors in words, and exit code 1."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError
from django.db import DatabaseError

from cryomassage_clinic.custody.backup import BackupError
from cryomassage_clinic.custody.files import disk_is_full, full_words
from cryomassage_clinic.custody.importing import ImportRefusedError
from cryomassage_clinic.custody.restore import RestoreError
from cryomassage_clinic.custody.sealing import SealError, read_passphrase


@contextmanager
def in_words() -> Iterator[None]:
    """Turn what can go wrong into one line.

    Raises:
        CommandError: with that line.
    """
    try:
        yield
    except (BackupError, RestoreError, ImportRefusedError, SealError) as error:
        raise CommandError(str(error)) from error
    except (OSError, DatabaseError, sqlite3.Error) as error:
        if disk_is_full(error):
            raise CommandError(full_words()) from error
        if isinstance(error, OSError) and error.filename:
            raise CommandError(f"{error.filename}: {error.strerror}. Nothing was changed.") from error
        raise CommandError(f"{error}. Nothing was changed.") from error


def passphrase(named: str | None) -> bytes | None:
    """The passphrase in a file, where one is named.

    Raises:
        SealError: it cannot be read.
    """
    return read_passphrase(Path(named)) if named else None
