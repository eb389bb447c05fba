"""The arithmetic of the chain: what is hashed, and how. Nothing here touches the database."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

GENESIS = "0" * 64  # the hash before the first row
ERASED = "client.erased"  # the action whose details list the rows that lost theirs


class Link(NamedTuple):
    """One row of the chain with its details, as it was read; `salt` and `text` are None where they were erased."""

    clinic: str
    sequence: int
    time: datetime.datetime
    actor: str
    action: str
    subject_type: str
    subject_id: str
    details_digest: str
    previous_hash: str
    row_hash: str
    client_id: str | None
    salt: str | None
    text: str | None


def canonical(details: Mapping[str, Any]) -> str:
    """One text for one content, whatever order it came in.

    What no database can keep in a text (NUL, half of a surrogate pair) becomes a replacement mark.

    Raises:
        ValueError: a number is not finite, so that no other program could read the text.
    """
    text = json.dumps(details, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str, allow_nan=False)
    return text.replace("\\u0000", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def digest_of(salt: str, client_id: str, text: str) -> str:
    """The salted digest of details that stands in the chain; it also holds whose they are."""
    return _hashed((salt, client_id, text))


def hash_of(
    clinic: str,
    sequence: int,
    time: datetime.datetime,
    actor: str,
    action: str,
    subject_type: str,
    subject_id: str,
    details_digest: str,
    previous_hash: str,
) -> str:
    """The hash of a link: its fields, each with its length, and the hash before it.

    The time counts in microseconds of UTC, which is what every database keeps.
    """
    moment = time.astimezone(datetime.UTC).isoformat(timespec="microseconds")
    fields = (clinic, str(sequence), moment, actor, action, subject_type, subject_id, details_digest, previous_hash)
    return _hashed(fields)


def _hashed(fields: Iterable[str]) -> str:
    data = [field.encode() for field in fields]
    return hashlib.sha256(b"".join(b"%d:%s" % (len(part), part) for part in data)).hexdigest()


def ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Numbers as first and last of each run, for a short list of many rows."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found
