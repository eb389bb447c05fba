"""Finds what is left of a client where no table names them: logins, tasks, media, old pages and logs."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django_tasks_db.models import DBTaskResult

from cryomassage_clinic.accounts.models import StaffSession
from cryomassage_clinic.custody.files import data_folder

_LOGGER = logging.getLogger("cryomassage.custody")
_SHORTEST = 5  # a shorter text stands in too many places to be anybody's
_PATIENCE_S = 15.0
_BLOCK = 1 << 20
_MARK = ".old-pages"


def telling(values: Iterable[str]) -> list[str]:
    """Texts by which somebody could be found."""
    return sorted({value.strip() for value in values if len(value.strip()) >= _SHORTEST}, key=len, reverse=True)


def in_logins(told: list[str], ids: set[str]) -> int:
    """End logins whose data hold something of the client, such as a form that waits or a message.

    Returns:
        How many.
    """
    ended = 0
    for one in Session.objects.iterator():
        if _mentions(one.get_decoded(), [*told, *ids]):
            one.delete()
            ended += 1
    for two in StaffSession.objects.exclude(waiting=None).iterator():
        if _mentions(two.waiting, [*told, *ids]):
            StaffSession.objects.filter(pk=two.pk).update(waiting=None)
    return ended


def in_tasks(told: list[str], ids: set[str]) -> int:
    """Delete tasks about the client's records, with what they gave back or how they failed.

    Returns:
        How many.
    """
    gone = [
        one.pk
        for one in DBTaskResult.objects.only("pk", "args_kwargs", "return_value", "traceback").iterator()
        if _mentions([one.args_kwargs, one.return_value, one.traceback], [*told, *ids])
    ]
    DBTaskResult.objects.filter(pk__in=gone).delete()
    return len(gone)


def _mentions(content: Any, words: list[str]) -> bool:
    text = json.dumps(content, ensure_ascii=False, default=str)
    return any(word in text or json.dumps(word, ensure_ascii=False)[1:-1] in text for word in words)


def in_media(ids: set[str]) -> int:
    """Delete files and folders that are named by an id of the client's.

    Returns:
        How many.
    """
    root, gone = Path(settings.MEDIA_ROOT), 0
    for path in sorted(root.rglob("*"), reverse=True) if root.exists() else ():
        if any(one in path.name for one in ids):
            gone += 1
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    return gone


def in_logs(told: list[str]) -> int:
    """Write over what logs in the data folder tell; their length stays, so that who writes them may go on.

    Returns:
        In how many files.
    """
    changed = 0
    for path in data_folder().rglob("*.log"):
        try:
            with path.open("r+b") as file:
                content = file.read()
                spots = [found.span() for word in told for found in re.finditer(re.escape(word.encode()), content)]
                for first, last in spots:
                    file.seek(first)
                    file.write(b"*" * (last - first))
                file.flush()
                os.fsync(file.fileno())
            changed += bool(spots)
        except OSError as error:
            _LOGGER.error("%s could not be cleaned: %s", path, error)
    return changed


def wipe() -> bool:
    """Free the database's files of old pages. Where that has to wait, a mark is left and `finish_wiping` does it.

    Returns:
        Whether it could be done: somebody who reads keeps old pages for as long as they read.
    """
    mark = data_folder() / _MARK
    mark.touch(mode=0o600)
    if connection.in_atomic_block or not _wiped():
        return False
    mark.unlink(missing_ok=True)
    return True


def finish_wiping() -> None:
    """Do what an erasure had to leave; called by every backup and at the start of the server."""
    if (data_folder() / _MARK).exists():
        wipe()


def _wiped() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        if connection.vendor != "sqlite":
            return True
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            busy, *_pages = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)


def left_in_files(told: list[str], apart: Iterable[Path] = ()) -> list[Path]:
    """Files of the data folder in which something of the client still stands."""
    skip = [one.resolve() for one in apart]
    words = [word.encode() for word in told]
    found = []
    for path in sorted(data_folder().rglob("*")):
        if path.is_symlink() or not path.is_file() or any(path.resolve().is_relative_to(one) for one in skip):
            continue
        if words and _holds(path, words):
            found.append(path)
    return found


def _holds(path: Path, words: list[bytes]) -> bool:
    keep = max(map(len, words)) - 1
    tail = b""
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                text = tail + block
                if any(word in text for word in words):
                    return True
                tail = text[-keep:] if keep else b""
    except OSError:
        return False
    return False
