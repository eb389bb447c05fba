"""Writes the chain. A row is written in the transaction of the change that it tells of, or not at all."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.models import Clinic
from cryomassage_clinic.audit import heads
from cryomassage_clinic.audit.chain import GENESIS, canonical, digest_of, hash_of
from cryomassage_clinic.audit.models import AuditDetails, AuditHead, AuditRow

_SAME_LOOK_S = 60.0
_MOST_LOOKS = 4096
_looks: dict[tuple[str, ...], float] = {}
_looks_lock = threading.Lock()


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

    The head of the chain stays locked until the transaction ends, so write the row last: what a transaction does
    after it, other writers wait for.

    Raises:
        TransactionManagementError: no transaction is open, so change and row could part.
        ValueError: the details hold a number that is not finite.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("an audit row is written inside the transaction of its change")
    text, salt = canonical(details), secrets.token_hex(16)
    subject_type, subject_id = subject._meta.label_lower, str(subject.pk)
    head = _head(clinic)
    # On PostgreSQL the clock is read under the lock, so that times rise with numbers.
    now, sequence = timezone.now(), head.sequence + 1
    digest = digest_of(salt, client_id, text)
    row = AuditRow(
        clinic=clinic,
        sequence=sequence,
        time=now,
        actor=actor_id,
        action=action,
        subject_type=subject_type,
        subject_id=subject_id,
        details_digest=digest,
        previous_hash=head.row_hash,
        row_hash=hash_of(
            str(clinic.pk), sequence, now, actor_id, action, subject_type, subject_id, digest, head.row_hash
        ),
    )
    row.save(force_insert=True)
    AuditDetails(row=row, client_id=client_id, salt=salt, text=text).save(force_insert=True)
    AuditHead.objects.filter(pk=head.pk).update(sequence=sequence, row_hash=row.row_hash)
    if heads.due(str(clinic.pk), sequence):
        transaction.on_commit(lambda: heads.note(str(clinic.pk), sequence, row.row_hash, "writing"), robust=True)
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
    """Tell that health data were read: which page, of whom.

    The same person looking at the same page again within a minute (a page that refreshes itself, the back button)
    is one look. That is remembered only once the row is on the disk.
    """
    look = (str(actor.user.pk), subject._meta.label_lower, str(subject.pk), what)
    now = time.monotonic()
    with _looks_lock:
        if now - _looks.get(look, -_SAME_LOOK_S) < _SAME_LOOK_S:
            return
    with transaction.atomic():
        record(actor, "read", subject, {"page": what}, client_id=client_id)
        transaction.on_commit(lambda: _remember(look, now), robust=True)


def _remember(look: tuple[str, ...], now: float) -> None:
    with _looks_lock:
        if len(_looks) >= _MOST_LOOKS:
            for old in [one for one, moment in _looks.items() if now - moment >= _SAME_LOOK_S]:
                del _looks[old]
            if len(_looks) >= _MOST_LOOKS:
                _looks.clear()  # forgetting costs a second row, never a missing one
        _looks[look] = now
