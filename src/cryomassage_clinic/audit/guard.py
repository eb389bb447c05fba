"""Triggers: the database itself refuses to change or delete a row of the log, whatever program asks.

Whoever owns the disk can drop a trigger; then `audit_verify` tells. Import and restore only insert; erasure deletes
details, which no trigger forbids.
"""

from __future__ import annotations

from typing import Any

from django.db import connections

_MESSAGE = "the audit log is only ever added to"
# Table, what is refused. The head moves with every row, so its changes cannot be.
_RULES = (
    ("audit_auditrow", "UPDATE"),
    ("audit_auditrow", "DELETE"),
    ("audit_auditdetails", "UPDATE"),
    ("audit_audithead", "DELETE"),
)


def _name(table: str, what: str) -> str:
    return f"{table}_no_{what.lower()}"


def _sqlite_add() -> list[str]:
    return [
        f"CREATE TRIGGER IF NOT EXISTS {_name(table, what)} BEFORE {what} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        for table, what in _RULES
    ]


def _sqlite_drop() -> list[str]:
    return [f"DROP TRIGGER IF EXISTS {_name(table, what)}" for table, what in _RULES]


def _postgresql_add() -> list[str]:
    statements = [
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    ]
    for table, what in _RULES:
        statements.append(f"DROP TRIGGER IF EXISTS {_name(table, what)} ON {table}")
        statements.append(
            f"CREATE TRIGGER {_name(table, what)} BEFORE {what} ON {table} FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
        )
    for table in sorted({table for table, _ in _RULES}):
        statements.append(f"DROP TRIGGER IF EXISTS {_name(table, 'truncate')} ON {table}")
        statements.append(
            f"CREATE TRIGGER {_name(table, 'truncate')} BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
        )
    return statements


def _postgresql_drop() -> list[str]:
    rules = [*_RULES, *((table, "truncate") for table in sorted({table for table, _ in _RULES}))]
    return [f"DROP TRIGGER IF EXISTS {_name(table, what)} ON {table}" for table, what in rules]


def _run(using: str, made: dict[str, Any]) -> None:
    connection = connections[using]
    if "audit_auditdetails" not in connection.introspection.table_names():
        return
    if connection.vendor not in made:
        raise RuntimeError(f"the audit log cannot be guarded on {connection.vendor}")
    with connection.cursor() as cursor:
        for statement in made[connection.vendor]():
            cursor.execute(statement)


def add_triggers(sender: Any = None, using: str = "default", **kwargs: Any) -> None:
    """Called after every migration of this application.

    Raises:
        RuntimeError: there are no triggers for this kind of database.
    """
    _run(using, {"sqlite": _sqlite_add, "postgresql": _postgresql_add})


def drop_triggers(using: str = "default") -> None:
    """For replacing the whole content of a database, in the same transaction in which they are added again."""
    _run(using, {"sqlite": _sqlite_drop, "postgresql": _postgresql_drop})
