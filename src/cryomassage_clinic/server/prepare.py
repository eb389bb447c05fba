"""What has to be there before the first page: tables, collected files, and a database that keeps what it says."""

from __future__ import annotations

import hashlib
import importlib.metadata
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from cryomassage_clinic.server.problems import StartError

_STAMP = ".collected"


def prepare() -> None:
    """Bring the data folder to where this version can serve it; quick where nothing changed.

    Raises:
        StartError: the database does not answer, or does not keep its promises.
    """
    try:
        must_be_durable()
        make_tables()
    except DatabaseError as error:
        raise StartError(f"The database cannot be used: {_first_line(error)}\nNothing was started.") from error
    collect_files()
    connections.close_all()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def must_be_durable() -> None:
    """Refuse a database that acknowledges a write before it is on the disk.

    Raises:
        StartError: it does.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            found = {name: _asked(cursor, f"PRAGMA {name}") for name in ("journal_mode", "synchronous")}
            wanted = {"journal_mode": ("wal",), "synchronous": ("2", "3")}
        else:
            found = {name: _asked(cursor, f"SHOW {name}") for name in ("fsync", "synchronous_commit")}
            wanted = {"fsync": ("on",), "synchronous_commit": ("on", "local", "remote_write", "remote_apply")}
    wrong = [f"{name} is {found[name]}" for name, right in wanted.items() if found[name].lower() not in right]
    if wrong:
        raise StartError(
            f"The database may lose what it has acknowledged: {', '.join(wrong)}. Nothing was started.\n"
            "SQLite needs a data folder on a disk of this computer (no network share); "
            "PostgreSQL needs fsync and synchronous_commit on."
        )


def _asked(cursor: object, statement: str) -> str:
    cursor.execute(statement)  # type: ignore[attr-defined]
    return str(cursor.fetchone()[0])  # type: ignore[attr-defined]


def make_tables() -> None:
    """Run what has not been run of the migrations, and make the table of the rate limits."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)
    if settings.CACHES["default"]["LOCATION"] not in connection.introspection.table_names():
        call_command("createcachetable", verbosity=0)


def files_fingerprint() -> str:
    """Of all files that pages load, by name, size and time of change."""
    parts = [importlib.metadata.version("cryomassage"), settings.STORAGES["staticfiles"]["BACKEND"]]
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            parts.append(f"{name}:{status.st_size}:{status.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()


def collect_files() -> bool:
    """Collect the files that pages load, named by their content and compressed; only where they changed.

    Returns:
        Whether anything was done.
    """
    root = Path(settings.STATIC_ROOT)
    stamp, now = root / _STAMP, files_fingerprint()
    if stamp.is_file() and stamp.read_text("ascii") == now:
        return False
    stamp.unlink(missing_ok=True)
    root.mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(now, "ascii")  # last: what was cut off half-way is done again
    return True
