"""Checkpoints of the chains, kept outside the database: what a cut tail or a lost chain is noticed by.

One line of JSON for each checkpoint is added to a file beside the database, or elsewhere: `CRYOMASSAGE_AUDIT_HEADS`
names a file on another disk. It is written when a process writes its first row, every hundred rows or quarter of an
hour, at the start of the server, with every backup, and when a backup is restored.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.utils import timezone

EVERY_ROWS = 100
EVERY_S = 15 * 60

_LOGGER = logging.getLogger("cryomassage.audit")
_lock = threading.Lock()
_noted: dict[str, tuple[int, float]] = {}  # by clinic: the last number noted by this process, and when


@dataclass
class Checkpoints:
    """What the file tells."""

    exists: bool = False
    hashes: dict[str, dict[int, str]] = field(default_factory=dict)  # by clinic and number
    times: dict[tuple[str, int], str] = field(default_factory=dict)
    restores: list[str] = field(default_factory=list)  # when a backup was restored
    unreadable: list[int] = field(default_factory=list)  # numbers of lines


def path() -> Path:
    """Where the checkpoints are kept."""
    named = os.environ.get("CRYOMASSAGE_AUDIT_HEADS")
    return Path(named) if named else Path(settings.DATA_FOLDER) / "audit-heads.log"


def due(clinic: str, sequence: int) -> bool:
    """Whether this row should be followed by a checkpoint."""
    last = _noted.get(clinic)
    return last is None or sequence - last[0] >= EVERY_ROWS or time.monotonic() - last[1] >= EVERY_S


def note(clinic: str, sequence: int, row_hash: str, why: str) -> None:
    """Add a checkpoint; called after the row is on the disk. A full disk is told to the log, not to the writer."""
    with _lock:
        _noted[clinic] = (sequence, time.monotonic())
    try:
        _append({"clinic": clinic, "sequence": sequence, "hash": row_hash, "why": why})
    except OSError as error:
        _LOGGER.error("a checkpoint of the audit chain could not be written to %s: %s", path(), error)


def note_all(why: str, using: str = "default") -> int:
    """Add a checkpoint of every chain.

    Returns:
        How many chains there are.
    """
    from cryomassage_clinic.audit.models import AuditHead

    found = list(AuditHead.objects.using(using).order_by("clinic_id").values_list("clinic_id", "sequence", "row_hash"))
    for clinic, sequence, row_hash in found:
        note(str(clinic), sequence, row_hash, why)
    return len(found)


def note_restored(chains: Mapping[str, tuple[int, str]], backup: str) -> None:
    """Tell that the chains now end where a backup ended; rows after that are gone, and known to be.

    Raises:
        OSError: the file cannot be written.
    """
    _append({"restored": {clinic: list(end) for clinic, end in chains.items()}, "backup": backup, "why": "restored"})
    with _lock:
        _noted.clear()


def _append(line: dict[str, object]) -> None:
    text = json.dumps({"time": timezone.now().isoformat(timespec="seconds"), **line}) + "\n"
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            text = "\n" + text  # the line before was cut short by a full disk or a kill
        os.write(descriptor, text.encode())  # one call: lines of several processes do not mix
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(source: Path | None = None) -> Checkpoints:
    """Everything that the file tells. A line that was cut short is named, not trusted."""
    found = Checkpoints()
    try:
        lines = (source or path()).read_text("utf-8", errors="replace").split("\n")
    except FileNotFoundError:
        return found
    found.exists = True
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            _take(found, json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            found.unreadable.append(number)
    return found


def _take(found: Checkpoints, line: dict[str, object]) -> None:
    moment = str(line["time"])
    if "restored" in line:
        chains = {str(clinic): (int(end[0]), str(end[1])) for clinic, end in dict(line["restored"]).items()}  # type: ignore[call-overload]
        found.restores.append(moment)
        for clinic in list(found.hashes):
            last = chains[clinic][0] if clinic in chains else 0
            found.hashes[clinic] = {number: one for number, one in found.hashes[clinic].items() if number <= last}
        for clinic, (sequence, row_hash) in chains.items():
            found.hashes.setdefault(clinic, {})[sequence] = row_hash
            found.times[clinic, sequence] = moment
        return
    clinic, sequence = str(line["clinic"]), int(str(line["sequence"]))
    # The first word counts: a later line cannot excuse what an earlier one tells.
    found.hashes.setdefault(clinic, {}).setdefault(sequence, str(line["hash"]))
    found.times.setdefault((clinic, sequence), moment)
