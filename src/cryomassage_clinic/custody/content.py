"""Which tables are the clinic's records, and which clinic a row of each belongs to."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Field, Model

# What is not a record, and why. Everything else is exported, imported and compared.
NOT_CONTENT = {
    "sessions.Session": "logins of this moment",
    "accounts.StaffSession": "logins of this moment",
    "accounts.TabletLogin": "logins of this moment",
    "accounts.Attempts": "counts wrong passwords for some minutes",
    "account.EmailConfirmation": "links that live for days; e-mail is not confirmed here",
    "contenttypes.ContentType": "made by the framework in every database",
    "auth.Permission": "made by the framework; roles are not kept there",
    "auth.Group": "not used; roles are not kept there",
    "auth.Group_permissions": "not used",
    "accounts.User_groups": "not used",
    "accounts.User_user_permissions": "not used",
    "django_tasks_database.DBTaskResult": "work that waits for the worker; plans know themselves whether they wait",
    "web.Submission": "keeps a form from being written twice within minutes",
    "audit.AuditCheck": "a look at the log, not the log",
    "custody.BackupRun": "about files on this computer",
}

# How a row that does not name its clinic is one's own.
_PATHS = {
    "accounts.Clinic": "pk",
    "accounts.User_sites": "user__clinic",
    "accounts.Invitation": "user__clinic",
    "web.Draft": "user__clinic",
    "account.EmailAddress": "user__clinic",
    "mfa.Authenticator": "user__clinic",
    "audit.AuditDetails": "row__clinic",
    "visits.TakenSlot": "booking__clinic",
}


def content_models() -> list[type[Model]]:
    """All tables that hold records, by name."""
    found = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.label not in NOT_CONTENT
    ]
    return sorted(found, key=lambda model: model._meta.label)


def clinic_path(model: type[Model]) -> str:
    """How a query asks for the rows of one clinic.

    Raises:
        LookupError: nobody has said; then nothing of that table may leave.
    """
    known = _PATHS.get(model._meta.label)
    if known is not None:
        return known
    if any(field.name == "clinic" for field in model._meta.concrete_fields):
        return "clinic"
    raise LookupError(f"custody/content.py does not say to which clinic a row of {model._meta.label} belongs")


def columns(model: type[Model]) -> list[Field[Any, Any]]:
    """The columns that are written; what the database makes from others comes by itself."""
    return [field for field in model._meta.concrete_fields if not field.generated]


def rows_of(model: type[Model], using: str, clinic: Any = None) -> Any:
    """A query for all rows of a table, or those of one clinic, in the order of their keys."""
    rows = model._base_manager.using(using).order_by("pk")
    return rows if clinic is None else rows.filter(**{clinic_path(model): getattr(clinic, "pk", clinic)})
