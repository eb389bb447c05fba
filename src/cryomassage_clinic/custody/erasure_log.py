"""Who was erased, by id only, in a file outside the database: a restored backup must not bring anybody back."""

from __future__ import annotations

import json
import os
from pathlib import Path

from django.utils import timezone

from cryomassage_clinic.custody.files import data_folder


def path() -> Path:
    """Where it is kept."""
    return data_folder() / "erasures.log"


def read(source: Path | None = None) -> dict[str, str]:
    """Clinic by client. A line that was cut short is one whose erasure did not happen."""
    found: dict[str, str] = {}
    try:
        text = (source or path()).read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return found
    for line in text.splitlines():
        try:
            told = json.loads(line)
            found[str(told["client"])] = str(told["clinic"])
        except (ValueError, KeyError, TypeError):
            continue
    return found


def note(clinic: str, client: str) -> None:
    """Add a client, before the erasure is committed: whoever was to be erased never comes back.

    Raises:
        OSError: the file cannot be written; then nothing may be erased.
    """
    descriptor = os.open(path(), os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    line = json.dumps({"time": timezone.now().isoformat(timespec="seconds"), "clinic": clinic, "client": client}) + "\n"
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = "\n" + line
        data = line.encode()
        if os.write(descriptor, data) != len(data):
            raise OSError(28, os.strerror(28), str(path()))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def take_over(source: Path) -> None:
    """Add what another list tells."""
    known = read()
    for client, clinic in read(source).items():
        if client not in known:
            note(clinic, client)
