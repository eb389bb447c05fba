"""Writes of clients: a new one, and changes of contact and body."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.services import record
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.clients.names import new_code
from cryomassage_clinic.web.once import must_be_fresh

CONTACT = ("full_name", "birth_date", "phone", "email", "language", "emergency_contact")
BODY = ("sex", "phototype", "thin_cheeks", "history")


def _allowed(actor: Actor, fields: dict[str, Any]) -> None:
    """Refuse whoever may not write these fields.

    Raises:
        PermissionDenied: the role may not.
        KeyError: there is no such field.
    """
    actor.require(Can.EDIT_CONTACT)
    if any(name in BODY for name in fields):
        actor.require(Can.EDIT_HEALTH)
    unknown = set(fields).difference(CONTACT, BODY)
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))


def _free_code(actor: Actor) -> str:
    code = new_code()
    while Client.objects.filter(clinic=actor.clinic, code=code).exists():
        code = new_code()
    return code


def create_client(actor: Actor, fields: dict[str, Any]) -> Client:
    """Open the record of a person.

    Args:
        actor: who writes.
        fields: of `CONTACT` and, by those who may write health data, of `BODY`.

    Raises:
        PermissionDenied: the role may not.
    """
    _allowed(actor, fields)
    with transaction.atomic():
        client = Client(clinic=actor.clinic, code=_free_code(actor), **fields)
        client.save(force_insert=True)
        record(actor, "client.created", client, {"code": client.code, **fields}, client_id=client.pk)
    return client


def edit_client(actor: Actor, client: Client, fields: dict[str, Any], seen_version: str | int | None) -> Client:
    """Change contact or body.

    Args:
        actor: who writes.
        client: whose record.
        fields: new values.
        seen_version: the version that the form was filled in from.

    Raises:
        PermissionDenied: the role may not.
        StaleFormError: somebody else has changed the record meanwhile.
    """
    _allowed(actor, fields)
    with transaction.atomic():
        row = Client.objects.select_for_update().get(clinic=actor.clinic, pk=client.pk)
        must_be_fresh(row, seen_version)
        changed = {
            name: {"from": getattr(row, name), "to": value}
            for name, value in fields.items()
            if getattr(row, name) != value
        }
        if changed:
            for name, change in changed.items():
                setattr(row, name, change["to"])
            row.version += 1
            row.save()
            record(actor, "client.changed", row, changed, client_id=row.pk)
    return row
