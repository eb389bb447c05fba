"""What the database itself refuses: changing a computed plan, or an approval that has been given.

Triggers are made after every migration, so that no statement of any program gets past them.
"""

from __future__ import annotations

from typing import Any

from django.db import connections

_GIVEN = ("id", "clinic_id", "plan_id", "content_sha256", "approved_by_id", "role", "approved_at")
_PLAN = "a computed plan is never changed"
_APPROVAL = "an approval is never changed, but for its one revocation"


def _changed(distinct: str) -> str:
    """Whether an approval is changed in what was given, or revoked a second time."""
    given = " OR ".join(f"NEW.{column} {distinct} OLD.{column}" for column in _GIVEN)
    revoked = f"(OLD.revoked_at IS NOT NULL AND NEW.revoked_at {distinct} OLD.revoked_at)"
    return f"{given} OR {revoked}"


def _sqlite() -> list[str]:
    rules = (
        ("courses_plan_done", "courses_plan", "OLD.state = 'done'", _PLAN),
        ("courses_approval_given", "courses_approval", _changed("IS NOT"), _APPROVAL),
    )
    statements = []
    for name, table, when, message in rules:
        statements.append(f"DROP TRIGGER IF EXISTS {name}")
        statements.append(
            f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} WHEN {when} BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
    return statements


def _postgresql() -> list[str]:
    rules = (
        ("courses_plan_done", "courses_plan", "OLD.state = 'done'", _PLAN),
        ("courses_approval_given", "courses_approval", _changed("IS DISTINCT FROM"), _APPROVAL),
    )
    statements = []
    for name, table, when, message in rules:
        statements += [
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
            f"DROP TRIGGER IF EXISTS {name} ON {table}",
            f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {name}()",
        ]
    return statements


def make_triggers(sender: Any, using: str, **kwargs: Any) -> None:
    """Called after every migration of this application.

    Raises:
        RuntimeError: a database for which there are no triggers would leave plans unguarded.
    """
    connection = connections[using]
    if "courses_approval" not in connection.introspection.table_names():
        return
    made = {"sqlite": _sqlite, "postgresql": _postgresql}.get(connection.vendor)
    if made is None:
        raise RuntimeError(f"plans cannot be guarded on {connection.vendor}")
    with connection.cursor() as cursor:
        for statement in made():
            cursor.execute(statement)
