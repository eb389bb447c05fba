"""Holds a chain against itself, its head and its checkpoints, and names the first bad row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryomassage_clinic.audit import heads
from cryomassage_clinic.audit.chain import ERASED, GENESIS, Link, digest_of, hash_of
from cryomassage_clinic.audit.models import AuditHead, AuditRow


@dataclass
class Finding:
    """One thing that is wrong: where it begins, and what it is, in a sentence."""

    clinic: str
    sequence: int
    text: str

    def __str__(self) -> str:
        return f"clinic {self.clinic}: {self.text}"


@dataclass
class Verified:
    """What a verification found."""

    rows: int = 0
    chains: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ends: dict[str, tuple[int, str]] = field(default_factory=dict)  # by clinic: last number and hash

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def links(using: str = "default", clinic: str | None = None) -> Iterator[Link]:
    """All rows of the database (or of one clinic) in their order, with the details where there are any."""
    rows = AuditRow.objects.using(using).order_by("clinic_id", "sequence")
    if clinic is not None:
        rows = rows.filter(clinic_id=clinic)
    fields = (
        "clinic_id",
        "sequence",
        "time",
        "actor",
        "action",
        "subject_type",
        "subject_id",
        "details_digest",
        "previous_hash",
        "row_hash",
        "details__client_id",
        "details__salt",
        "details__text",
    )
    for clinic_id, *rest in rows.values_list(*fields).iterator(chunk_size=2000):
        yield Link(str(clinic_id), *rest)


class _Chain:
    """Walks along the rows of one clinic. After the first bad row the rest is not judged: it hangs on it."""

    def __init__(self, clinic: str, checkpoints: dict[int, str], times: dict[tuple[str, int], str]) -> None:
        self.clinic = clinic
        self.rows = 0
        self.sequence, self.row_hash = 0, GENESIS
        self.finding: Finding | None = None
        self._checkpoints, self._times = checkpoints, times
        self._bare: list[int] = []  # rows without details
        self._erased: list[tuple[int, int]] = []  # what erasures say they took

    def _bad(self, sequence: int, text: str) -> None:
        if self.finding is None:
            self.finding = Finding(self.clinic, sequence, text)

    def take(self, link: Link) -> None:
        """One row further."""
        self.rows += 1
        if self.finding is None:
            self._judge(link)
        self.sequence, self.row_hash = link.sequence, link.row_hash

    def _judge(self, link: Link) -> None:
        number, expected = link.sequence, self.sequence + 1
        if number > expected:
            gone = (
                f"row {expected} is missing"
                if number == expected + 1
                else f"rows {expected} to {number - 1} are missing"
            )
            self._bad(expected, gone)
        elif number < expected:
            self._bad(number, f"row {number} stands there twice")
        elif hash_of(*link[:9]) != link.row_hash:
            self._bad(number, f"row {number} was changed: its content does not give its hash")
        elif link.previous_hash != self.row_hash:
            self._bad(number, f"row {number} does not follow row {number - 1}: one of them was put in or moved")
        elif link.text is None or link.salt is None or link.client_id is None:
            self._bare.append(number)
        elif digest_of(link.salt, link.client_id, link.text) != link.details_digest:
            self._bad(number, f"the details of row {number} were changed")
        elif link.action == ERASED:
            self._take_erasure(link.text)
        known = self._checkpoints.get(number)
        if known is not None and known != link.row_hash:
            when = self._times.get((self.clinic, number), "")
            self._bad(number, f"row {number} is not the one that the checkpoint of {when} saw: the chain was rewritten")

    def _take_erasure(self, text: str) -> None:
        found = json.loads(text).get("rows", [])
        self._erased.extend((int(first), int(last)) for first, last in found)

    def end(self, head: tuple[int, str] | None) -> None:
        """After the last row: the head, the checkpoints, and the details that nobody erased."""
        for number in self._bare:
            if not any(first <= number <= last for first, last in self._erased):
                self._bad(number, f"the details of row {number} are gone, and no erasure tells of it")
                break
        latest = max(self._checkpoints, default=0)
        cut = max(latest, head[0] if head is not None else 0)
        first = self.sequence + 1
        if self.rows == 0 and latest:
            when = self._times.get((self.clinic, latest), "")
            self._bad(1, f"the whole chain is gone: the checkpoint of {when} tells of {latest} rows; row 1 is missing")
        elif cut > self.sequence:
            told = "the head of the chain" if cut > latest else f"the checkpoint of {self._times[self.clinic, latest]}"
            self._bad(first, f"the end was cut off: {told} tells of {cut} rows; row {first} is missing")
        elif head is None and self.rows:
            self._bad(self.sequence, f"the head of the chain is gone; it should tell of row {self.sequence}")
        elif head is not None and self.rows and head != (self.sequence, self.row_hash):
            self._bad(self.sequence, f"the head of the chain tells of row {head[0]}, and not of row {self.sequence}")


def judge(
    rows: Iterable[Link], ends: dict[str, tuple[int, str]], checkpoints: heads.Checkpoints, clinic: str | None = None
) -> Verified:
    """Verify chains, wherever their rows come from.

    Args:
        rows: by clinic, then by number.
        ends: what the heads say, by clinic.
        checkpoints: what the file outside the database says.
        clinic: judge this chain only.
    """
    done = Verified()
    expected = set(ends) | {name for name, hashes in checkpoints.hashes.items() if hashes}
    if clinic is not None:
        expected &= {clinic}
    chain: _Chain | None = None
    walked: set[str] = set()

    def close(one: _Chain) -> None:
        one.end(ends.get(one.clinic))
        walked.add(one.clinic)
        done.rows += one.rows
        done.chains += 1
        done.ends[one.clinic] = (one.sequence, one.row_hash)
        if one.finding is not None:
            done.findings.append(one.finding)

    def start(name: str) -> _Chain:
        return _Chain(name, checkpoints.hashes.get(name, {}), checkpoints.times)

    for link in rows:
        if chain is None or chain.clinic != link.clinic:
            if chain is not None:
                close(chain)
            chain = start(link.clinic)
        chain.take(link)
    if chain is not None:
        close(chain)
    for name in sorted(expected - walked):
        close(start(name))
    return done


def verify(
    using: str = "default", clinic: str | None = None, source: Path | None = None, *, outside: bool = True
) -> Verified:
    """Verify the chains of a database.

    Args:
        using: which database; a `snapshot`, so that rows and heads are of one moment.
        clinic: one clinic only.
        source: a copy of the checkpoints, kept elsewhere.
        outside: whether to hold it against checkpoints at all; a copy of a database may rightly end before them.
    """
    # Read before the rows: a checkpoint that is written meanwhile may tell of a row that this look does not see.
    checkpoints = heads.read(source) if outside else heads.Checkpoints()
    found = AuditHead.objects.using(using).order_by("clinic_id")
    if clinic is not None:
        found = found.filter(clinic_id=clinic)
    ends = {str(one.clinic_id): (one.sequence, one.row_hash) for one in found}
    done = judge(links(using, clinic), ends, checkpoints, clinic)
    if outside:
        _about_the_file(done, checkpoints, source)
    return done


def _about_the_file(done: Verified, checkpoints: heads.Checkpoints, source: Path | None) -> None:
    name = str(source or heads.path())
    if not checkpoints.exists:
        for clinic, (sequence, _hash) in done.ends.items():
            if sequence:  # the first row of a process is followed by a checkpoint, so there must be one
                doubt = f"whether the end was cut off after row {sequence} cannot be told"
                done.findings.append(Finding(clinic, sequence, f"the checkpoints are gone ({name}); {doubt}"))
        return
    done.notes += [
        f"a backup was restored {moment}; rows written after that backup are not here"
        for moment in checkpoints.restores
    ]
    done.notes += [f"line {number} of {name} cannot be read" for number in checkpoints.unreadable]


def as_report(done: Verified) -> dict[str, Any]:
    """What is kept of a verification."""
    return {"rows": done.rows, "chains": done.chains, "findings": [str(one) for one in done.findings]}
