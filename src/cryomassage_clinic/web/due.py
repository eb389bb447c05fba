"""What waits for somebody, for today's page: each entry leads to the thing to do."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cryomassage_clinic.accounts.access import Actor, every
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.courses.selectors import waiting_plans
from cryomassage_clinic.custody.models import BackupRun
from cryomassage_clinic.places.models import Room

_BACKUP_DAYS = 7
_MONITOR_DAYS = 14


@dataclass(frozen=True)
class Due:
    """One thing to do."""

    label: str
    address: str
    mark: str = "near"  # go, near or stop
    says: str = ""


def due_for(actor: Actor) -> list[Due]:
    """What this person can and should do something about."""
    return [*_plans(actor), *_rooms(actor), *_backup(actor)]


def _plans(actor: Actor) -> list[Due]:
    if not actor.can(Can.APPROVE):
        return []
    waiting, found = waiting_plans(actor), []
    if waiting.to_approve:
        count = len(waiting.to_approve)
        words = ngettext("%(count)d plan waits to be approved", "%(count)d plans wait to be approved", count)
        found.append(Due(words % {"count": count}, reverse("plan_list")))
    if waiting.for_doctor and actor.can(Can.APPROVE_AS_DOCTOR):
        count = len(waiting.for_doctor)
        words = ngettext("%(count)d course waits for a doctor", "%(count)d courses wait for a doctor", count)
        found.append(Due(words % {"count": count}, reverse("plan_list")))
    return found


def _rooms(actor: Actor) -> list[Due]:
    """Oxygen monitors whose calibration ends soon."""
    if not actor.can(Can.MANAGE_PLACES):
        return []
    today = timezone.localdate()
    soon = today + datetime.timedelta(days=_MONITOR_DAYS)
    return [
        Due(
            _("The oxygen monitor in “%(room)s” is due for calibration") % {"room": room.name},
            reverse("place_list"),
            "stop" if room.monitor_valid_until < today else "near",
            _("Calibrated until %(date)s") % {"date": room.monitor_valid_until.isoformat()},
        )
        for room in every(actor, Room, Can.SEE_PLACES).filter(active=True, monitor_valid_until__lte=soon)
        if room.monitor_valid_until is not None
    ]


def _backup(actor: Actor) -> list[Due]:
    if not actor.can(Can.EXPORT):
        return []
    last = BackupRun.objects.filter(verified=True).order_by("-made_at").first()
    since = timezone.now() - datetime.timedelta(days=_BACKUP_DAYS)
    if last is not None and last.made_at is not None and last.made_at > since:
        return []
    if last is None:
        return [Due(_("There is no backup yet"), reverse("data_page"), says=_("It takes a minute and is read back."))]
    return [Due(_("The last backup is more than a week old"), reverse("data_page"))]
