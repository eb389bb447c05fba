"""What the management commands share: errors in words, with exit code 2 for wrong input and 1 for what failed."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError
from django.db import DatabaseError

from cryomassage_clinic.custody.backup import BackupError
from cryomassage_clinic.custody.files import data_folder, disk_is_full, full_words, no_clinic_words, tables_missing
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
    except (RestoreError, ImportRefusedError, SealError) as error:
        raise CommandError(str(error), returncode=2) from error
    except BackupError as error:
        raise CommandError(str(error)) from error
    except (OSError, DatabaseError, sqlite3.Error) as error:
        if disk_is_full(error):
            raise CommandError(full_words()) from error
        if not isinstance(error, OSError) and tables_missing(error):
            raise CommandError(no_clinic_words(), returncode=2) from error
        if isinstance(error, OSError) and error.filename:
            ours = Path(os.fsdecode(error.filename)).is_relative_to(data_folder())
            told = f"{error.filename}: {error.strerror}. Nothing was changed."
            raise CommandError(told, returncode=1 if ours else 2) from error
        raise CommandError(f"{error}. Nothing was changed.") from error


def passphrase(named: str | None) -> bytes | None:
    """The passphrase in a file, where one is named.

    Raises:
        SealError: it cannot be read.
    """
    return read_passphrase(Path(named)) if named else None
