"""Writes the chain. A row is written in the transaction of the change that it tells of, or not at all."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.models import Clinic
from cryomassage_clinic.audit.models import AuditDetails, AuditHead, AuditRow

GENESIS = "0" * 64


def canonical(details: Mapping[str, Any]) -> str:
    """One text for one content, whatever order it came in."""
    return json.dumps(details, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)


def digest_of(salt: str, details: Mapping[str, Any]) -> str:
    """The salted digest that stands in the chain."""
    return hashlib.sha256(f"{salt}:{canonical(details)}".encode()).hexdigest()


def hash_of(row: AuditRow) -> str:
    """The hash of a link: its fields, each with its length, and the hash before it."""
    fields = (
        str(row.clinic_id),
        str(row.sequence),
        row.time.isoformat(timespec="microseconds"),
        row.actor,
        row.action,
        row.subject_type,
        row.subject_id,
        row.details_digest,
        row.previous_hash,
    )
    return hashlib.sha256("".join(f"{len(field)}:{field}" for field in fields).encode()).hexdigest()


def _head(clinic: Clinic) -> AuditHead:
    """The end of the chain, held until the transaction ends."""
    found = AuditHead.objects.select_for_update().filter(clinic=clinic).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            AuditHead.objects.create(clinic=clinic, sequence=0, row_hash=GENESIS)
    except IntegrityError:
        pass  # somebody else began the chain in the same moment
    return AuditHead.objects.select_for_update().get(clinic=clinic)


def write(
    clinic: Clinic, actor_id: str, action: str, subject: models.Model, details: Mapping[str, Any], client_id: str = ""
) -> AuditRow:
    """Add a link to the chain of a clinic.

    Raises:
        TransactionManagementError: no transaction is open, so change and row could part.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("an audit row is written inside the transaction of its change")
    head = _head(clinic)
    salt = secrets.token_hex(16)
    kept = json.loads(canonical(details))
    row = AuditRow(
        clinic=clinic,
        sequence=head.sequence + 1,
        time=timezone.now(),
        actor=actor_id,
        action=action,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        details_digest=digest_of(salt, kept),
        previous_hash=head.row_hash,
    )
    row.row_hash = hash_of(row)
    row.save(force_insert=True)
    AuditDetails.objects.create(row=row, salt=salt, details=kept, client_id=client_id)
    head.sequence, head.row_hash = row.sequence, row.row_hash
    head.save(update_fields=["sequence", "row_hash"])
    return row


def record(
    actor: Actor, action: str, subject: models.Model, details: Mapping[str, Any] | None = None, *, client_id: Any = ""
) -> AuditRow:
    """Tell of a change, in the transaction of that change.

    Args:
        actor: who.
        action: what, such as `client.created`.
        subject: the record that changed.
        details: what changed; may hold personal data.
        client_id: whose data the details are, so that erasure finds them; empty where they are nobody's.
    """
    return write(actor.clinic, str(actor.user.pk), action, subject, details or {}, str(client_id or ""))


def seen(actor: Actor, subject: models.Model, what: str, *, client_id: Any = "") -> None:
    """Tell that health data were read: which page, of whom."""
    with transaction.atomic():
        record(actor, "read", subject, {"page": what}, client_id=client_id)
