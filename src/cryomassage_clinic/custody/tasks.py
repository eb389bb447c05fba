"""What the worker does for the pages of data and log."""

from __future__ import annotations

import sqlite3
from uuid import UUID

from django.db import DatabaseError
from django.utils import timezone
from django_tasks import task

from cryomassage_clinic.audit.models import AuditCheck
from cryomassage_clinic.audit.snapshot import snapshot
from cryomassage_clinic.audit.verify import verify
from cryomassage_clinic.custody.backup import BackupError, make_backup
from cryomassage_clinic.custody.erasure import delete_copies
from cryomassage_clinic.custody.files import disk_is_full, full_words
from cryomassage_clinic.custody.models import BackupRun


@task()
def run_backup(run_id: str, older: list[str] | None = None) -> str:
    """Make the backup that was asked for; what became of it stands in its row.

    Args:
        run_id: the row.
        older: names of backups that the new one replaces, once it has been read back.
    """
    runs = BackupRun.objects.filter(pk=UUID(run_id))
    if not runs.filter(state=BackupRun.State.WAITING).update(state=BackupRun.State.RUNNING):
        return "not waiting"
    try:
        made = make_backup()
    except (BackupError, OSError, DatabaseError, sqlite3.Error) as error:
        words = full_words() if disk_is_full(error) else str(error)
        runs.update(state=BackupRun.State.FAILED, report={"error": words})
        return "failed"
    runs.update(
        state=BackupRun.State.DONE,
        made_at=timezone.now(),
        path=str(made.path),
        size_bytes=made.size_bytes,
        verified=True,
        report={"rows": made.rows, "replaced": delete_copies(older)},
    )
    return "done"


@task()
def run_audit_check(check_id: str) -> str:
    """Verify the chain of one clinic."""
    checks = AuditCheck.objects.filter(pk=UUID(check_id))
    if not checks.filter(state=AuditCheck.State.WAITING).update(state=AuditCheck.State.RUNNING):
        return "not waiting"
    clinic = str(checks.values_list("clinic_id", flat=True)[0])
    try:
        with snapshot() as using:
            done = verify(using, clinic)
    except OSError as error:
        checks.update(state=AuditCheck.State.FAILED, finished_at=timezone.now(), findings=[str(error)])
        return "failed"
    checks.update(
        state=AuditCheck.State.SOUND if done.sound else AuditCheck.State.BROKEN,
        finished_at=timezone.now(),
        rows=done.rows,
        findings=[one.text for one in done.findings],
    )
    return "done"
