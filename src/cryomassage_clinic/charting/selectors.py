"""What the chart says: to pages, and to the core."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from cryomassage_clinic.charting.models import Mark, MarkKind
from cryomassage_clinic.clients.models import Client


def marks_of(client: Client) -> QuerySet[Mark]:
    """The marks that stand, oldest first."""
    marks = Mark.objects.filter(client=client, removed_at__isnull=True)
    return marks.select_related("made_by").order_by("created_at", "pk")


def no_go_zones(client: Client) -> set[str]:
    """Zones with a keep-off mark. One mark keeps off the whole zone, on both sides: skin first."""
    return set(marks_of(client).filter(kind=MarkKind.NO_GO).values_list("zone", flat=True))


def previous_for_case(client: Client, zones: Iterable[str]) -> list[dict[str, Any]]:
    """The last session on each zone, as far as it is known; `never` only where somebody has said so.

    Where two marks name the same day, the colder class counts, and redness that is still there.
    """
    found = []
    done = list(marks_of(client).filter(kind=MarkKind.DONE_BEFORE))
    for zone in zones:
        here = [mark for mark in done if mark.zone == zone]
        dated = [mark for mark in here if mark.done_on is not None]
        if dated:
            day = max(mark.done_on for mark in dated if mark.done_on is not None)
            last = [mark for mark in dated if mark.done_on == day]
            classes = [mark.exposure_class for mark in last if mark.exposure_class is not None]
            found.append(
                {
                    "zone": zone,
                    "date": day,
                    "exposure_class": max(classes, default=None),
                    "redness_gone": all(mark.redness_gone for mark in last),
                }
            )
        elif here:
            found.append({"zone": zone, "date": "never"})
    return found


def lesions_for_case(client: Client, zones: Iterable[str]) -> list[dict[str, Any]]:
    """The measured lesions on these zones. One that was not measured is no lesion that can be frozen."""
    wanted = set(zones)
    return [
        {"zone": mark.zone, "diameter": f"{mark.diameter_mm:g} mm", "thickness": f"{mark.thickness_mm:g} mm"}
        for mark in marks_of(client).filter(kind=MarkKind.LESION)
        if mark.zone in wanted and mark.diameter_mm is not None and mark.thickness_mm is not None
    ]
