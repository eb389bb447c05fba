"""One text for each row, the same in every database and after every journey; and the digest of a table of them."""

from __future__ import annotations

import datetime
import hashlib
import json
import sqlite3
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import JSONField, Model

from cryomassage_clinic.custody.content import columns, content_models, rows_of

_EXACT = 1e15  # from here on a whole float comes back from PostgreSQL's JSON as a whole number


def plain(value: Any) -> Any:
    """A value of a column as JSON knows it."""
    if value is None or isinstance(value, bool | int | str | float):
        return value
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat(timespec="microseconds")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, uuid.UUID | Decimal):
        return str(value)
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    raise TypeError(f"{type(value).__name__} has no place in an export")


def _whole(value: Any) -> Any:
    """JSON with numbers as every database gives them back."""
    if isinstance(value, dict):
        return {key: _whole(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, float) and abs(value) >= _EXACT and value.is_integer():
        return int(value)
    return value


def lines(model: type[Model], using: str = "default", clinic: Any = None, rows: Any = None) -> Iterator[bytes]:
    """Each row as one line of JSON, in the order of the keys."""
    fields = columns(model)
    names = [field.attname for field in fields]
    turns = [_whole if isinstance(field, JSONField) else plain for field in fields]
    found = rows_of(model, using, clinic) if rows is None else rows
    for row in found.values_list(*names).iterator(chunk_size=2000):
        content = {name: turn(value) for name, turn, value in zip(names, turns, row, strict=True)}
        yield json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


class TableDigest:
    """Counts lines and digests them."""

    def __init__(self) -> None:
        self.rows = 0
        self._hash = hashlib.sha256()

    def take(self, line: bytes) -> bytes:
        """One line more; gives it back."""
        self.rows += 1
        self._hash.update(line)
        return line

    def told(self) -> dict[str, Any]:
        """Rows and digest."""
        return {"rows": self.rows, "sha256": self._hash.hexdigest()}


def table_digest(model: type[Model], using: str = "default", clinic: Any = None) -> dict[str, Any]:
    """Rows and digest of one table."""
    found = TableDigest()
    for line in lines(model, using, clinic):
        found.take(line)
    return found.told()


def content_digests(using: str = "default", clinic: Any = None) -> dict[str, dict[str, Any]]:
    """Rows and digest of every table that holds records."""
    return {model._meta.label: table_digest(model, using, clinic) for model in content_models()}


def file_digests(connection: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    """Rows and digest of every table of a SQLite file as it is, whatever version of the program made it."""
    asked = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    )
    found = {}
    for (name,) in connection.execute(asked).fetchall():
        one = TableDigest()
        for row in connection.execute(f'SELECT * FROM "{name}" ORDER BY rowid'):
            one.take(repr(row).encode())
        found[name] = one.told()
    return found
