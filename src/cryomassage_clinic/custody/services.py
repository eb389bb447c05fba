"""What the data pages write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.models import AuditCheck
from cryomassage_clinic.audit.services import record
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.custody.models import BackupRun, RetentionPeriod
from cryomassage_clinic.custody.selectors import STALE, copies_made, running_backup, running_check


def ask_backup(actor: Actor, *, replacing: bool = False) -> BackupRun:
    """Have a backup made by the worker; the one that is being made is enough.

    Args:
        actor: who asks.
        replacing: whether the older ones are deleted once the new one has been read back.
    """
    from cryomassage_clinic.custody.tasks import run_backup

    actor.require(Can.ERASE if replacing else Can.EXPORT)
    with transaction.atomic():
        running = running_backup()
        if running is not None and not replacing:
            return running
        BackupRun.objects.filter(state__in=("waiting", "running"), asked_at__lt=timezone.now() - STALE).update(
            state=BackupRun.State.FAILED, report={"error": "it never came to an end"}
        )
        run = BackupRun.objects.create(asked_by=actor.user, asked_at=timezone.now())
        older = copies_made() if replacing else []
        run_backup.enqueue(str(run.pk), older)
        record(actor, "backup.replaced" if replacing else "backup.asked", run, {"older": older} if older else {})
        return run


def ask_check(actor: Actor) -> AuditCheck:
    """Have the log verified by the worker."""
    from cryomassage_clinic.custody.tasks import run_audit_check

    actor.require(Can.SEE_AUDIT)
    with transaction.atomic():
        running = running_check(actor)
        if running is not None:
            return running
        check = AuditCheck.objects.create(clinic=actor.clinic, asked_by=actor.user, asked_at=timezone.now())
        run_audit_check.enqueue(str(check.pk))
        record(actor, "audit.check_asked", check)
        return check


def note_export(actor: Actor) -> None:
    """Tell that everything of the clinic left the house."""
    actor.require(Can.EXPORT)
    with transaction.atomic():
        record(actor, "data.exported", actor.clinic)


def note_client_export(actor: Actor, client: Client) -> None:
    """Tell that everything of one client left the house."""
    actor.require(Can.ERASE)
    with transaction.atomic():
        record(actor, "client.exported", client, client_id=client.pk)


def set_periods(actor: Actor, periods: Mapping[str, int | None]) -> None:
    """Say how long the clinic keeps each kind of data; None: no period."""
    actor.require(Can.MANAGE_PLACES)
    with transaction.atomic():
        held = RetentionPeriod.objects.select_for_update().filter(clinic=actor.clinic)
        before: dict[str, Any] = dict(held.values_list("category", "months"))
        for category, months in periods.items():
            if months is None:
                held.filter(category=category).delete()
            else:
                RetentionPeriod.objects.update_or_create(
                    clinic=actor.clinic, category=category, defaults={"months": months}
                )
        after = {key: months for key, months in periods.items() if months is not None}
        if after != before:
            record(actor, "retention.changed", actor.clinic, {"before": before, "after": after})
