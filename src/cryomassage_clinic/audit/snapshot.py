"""Reads a database as it was at one moment, without holding up those who write."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connections, transaction


@contextmanager
def _second(changed: dict[str, Any]) -> Iterator[str]:
    """A connection of one's own, under a name that lives as long as the block."""
    alias = f"second-{uuid.uuid4().hex}"
    connections.settings[alias] = {**connections["default"].settings_dict, "CONN_MAX_AGE": 0, **changed}
    try:
        yield alias
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]


@contextmanager
def snapshot() -> Iterator[str]:
    """The name of a connection that sees the database as it is now, until the end of the block.

    On SQLite a transaction that only reads leaves writers alone (they go on in the log); on PostgreSQL it is a
    repeatable read. Inside a transaction of one's own that transaction's view is used.
    """
    default = connections["default"]
    sqlite = default.vendor == "sqlite"
    if default.in_atomic_block or (sqlite and ":memory:" in str(default.settings_dict["NAME"])) or _shared(default):
        yield "default"
        return
    options = dict(default.settings_dict["OPTIONS"])
    if sqlite:
        options["transaction_mode"] = "DEFERRED"
    else:
        from psycopg import IsolationLevel

        options["isolation_level"] = IsolationLevel.REPEATABLE_READ
    with _second({"OPTIONS": options}) as alias, transaction.atomic(using=alias):
        with connections[alias].cursor() as cursor:  # the first read is what fixes the moment
            cursor.execute("SELECT COUNT(*) FROM sqlite_master" if sqlite else "SELECT 1")
        yield alias


def _shared(connection: Any) -> bool:
    return connection.vendor == "sqlite" and "mode=memory" in str(connection.settings_dict["NAME"])


@contextmanager
def opened(path: Path) -> Iterator[str]:
    """The name of a connection to a SQLite file that is not the clinic's own, such as a copy."""
    changed = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": {"transaction_mode": "DEFERRED"}}
    with _second(changed) as alias:
        yield alias
