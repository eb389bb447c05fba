"""Writes of marks. A mark is never deleted: taking it away is written down too."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cryomassage_clinic.accounts.access import Actor, get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.services import record
from cryomassage_clinic.charting.models import Mark
from cryomassage_clinic.charting.pictures import pictures
from cryomassage_clinic.clients.models import Client

FIELDS = (
    "kind",
    "picture",
    "zone",
    "side",
    "x",
    "y",
    "note",
    "diameter_mm",
    "thickness_mm",
    "done_on",
    "exposure_class",
    "redness_gone",
)


def _told(mark: Mark) -> dict[str, Any]:
    return {name: getattr(mark, name) for name in FIELDS}


def _placed(data: dict[str, Any]) -> None:
    """Refuse a place that is not on its picture, or a zone that this picture does not show.

    Raises:
        ValidationError: in words.
    """
    picture = pictures().get(data["picture"])
    if picture is None or data["zone"] not in picture.zones:
        raise ValidationError(_("This place is not on that picture. Choose the zone from the list."))
    if not (0.0 <= data["x"] <= 1.0 and 0.0 <= data["y"] <= 1.0):
        raise ValidationError(_("The mark lies beside the picture. Put it on the zone again."))


def add_mark(actor: Actor, client: Client, data: dict[str, Any]) -> Mark:
    """Put a mark on the chart.

    Raises:
        PermissionDenied: the role may not.
        ValidationError: the place is not on the picture.
    """
    actor.require(Can.EDIT_HEALTH)
    _placed(data)
    with transaction.atomic():
        mark = Mark.objects.create(clinic=actor.clinic, client=client, made_by=actor.user, **data)
        record(actor, "mark.made", mark, _told(mark), client_id=client.pk)
    return mark


def change_mark(actor: Actor, mark: Mark, data: dict[str, Any]) -> Mark:
    """Put another mark in the place of one: the old one is kept as taken away.

    Raises:
        PermissionDenied: the role may not.
        ValidationError: the place is not on the picture, or the mark has been taken away meanwhile.
    """
    actor.require(Can.EDIT_HEALTH)
    _placed(data)
    with transaction.atomic():
        old = _standing(actor, mark)
        new = Mark.objects.create(clinic=actor.clinic, client=old.client, made_by=actor.user, **data)
        _take_away(actor, old)
        record(actor, "mark.changed", new, {"instead_of": str(old.pk), **_told(new)}, client_id=old.client_id)
    return new


def remove_mark(actor: Actor, mark: Mark) -> Mark:
    """Take a mark away; the row says who did, and when.

    Raises:
        PermissionDenied: the role may not.
        ValidationError: it has been taken away already.
    """
    actor.require(Can.EDIT_HEALTH)
    with transaction.atomic():
        old = _standing(actor, mark)
        _take_away(actor, old)
        record(actor, "mark.removed", old, _told(old), client_id=old.client_id)
    return old


def _standing(actor: Actor, mark: Mark) -> Mark:
    get(actor, Mark, mark.pk, Can.EDIT_HEALTH)
    found = Mark.objects.select_for_update().select_related("client").get(pk=mark.pk)
    if found.removed_at is not None:
        raise ValidationError(_("Somebody has changed or taken away this mark meanwhile. Look at the chart again."))
    return found


def _take_away(actor: Actor, mark: Mark) -> None:
    mark.removed_at, mark.removed_by = timezone.now(), actor.user
    mark.save(update_fields=["removed_at", "removed_by"])
