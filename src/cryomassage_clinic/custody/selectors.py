"""What the data pages show."""

from __future__ import annotations

import datetime
from pathlib import Path

from django.utils import timezone

from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.audit.models import AuditCheck
from cryomassage_clinic.custody.erasure import copies
from cryomassage_clinic.custody.holdings import HOLDINGS
from cryomassage_clinic.custody.models import BackupRun, RetentionPeriod

STALE = datetime.timedelta(hours=6)  # nothing that is alive takes so long
_UNDER_WAY = ("waiting", "running")


def running_backup() -> BackupRun | None:
    """The backup that is being made."""
    return BackupRun.objects.filter(state__in=_UNDER_WAY, asked_at__gte=timezone.now() - STALE).first()


def latest_backup() -> BackupRun | None:
    """The newest backup that was read back and whose file is still there."""
    for run in BackupRun.objects.filter(state=BackupRun.State.DONE).order_by("-made_at")[:20]:
        if Path(run.path).exists():
            return run
    return None


def latest_failure() -> BackupRun | None:
    """The newest backup, if it failed."""
    newest = BackupRun.objects.order_by("-asked_at").first()
    return newest if newest is not None and newest.state == BackupRun.State.FAILED else None


def running_check(actor: Actor) -> AuditCheck | None:
    """The verification of the clinic's log that is under way."""
    found = AuditCheck.objects.filter(clinic=actor.clinic, state__in=_UNDER_WAY)
    return found.filter(asked_at__gte=timezone.now() - STALE).first()


def latest_check(actor: Actor) -> AuditCheck | None:
    """The last verification of the clinic's log that came to an end."""
    return AuditCheck.objects.filter(clinic=actor.clinic).exclude(state__in=_UNDER_WAY).order_by("-asked_at").first()


def held_of(client_id: object) -> dict[str, int]:
    """How many rows there are of a client, by kind."""
    found: dict[str, int] = {}
    for one in HOLDINGS:
        found[one.category] = found.get(one.category, 0) + one.rows(client_id).count()
    return {str(RetentionPeriod.Category(key).label): count for key, count in found.items() if count}


def copies_made() -> list[str]:
    """Names of the backups that hold whoever was there."""
    return [path.name for path in copies()]


def periods_of(actor: Actor) -> dict[str, int]:
    """The clinic's periods in months, by kind of data."""
    return dict(RetentionPeriod.objects.filter(clinic=actor.clinic).values_list("category", "months"))
