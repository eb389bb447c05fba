"""Zones to choose on a picture, with a list of boxes that says the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template

from cryomassage_clinic.charting.drawing import draw, zone_name
from cryomassage_clinic.charting.pictures import home_of

register = template.Library()


@register.inclusion_tag("charting/parts/zone_picker.html")
def zone_picker(name: str, selected: Iterable[str], allowed: Iterable[str], invalid: bool = False) -> dict[str, Any]:
    """Boxes to tick, and the pictures beside them; the boxes are what is sent.

    Args:
        name: of the field.
        selected: zones that are ticked.
        allowed: zones that may be.
        invalid: whether the field is wrong.
    """
    may, ticked = list(dict.fromkeys(allowed)), set(selected)
    homes = {home.key: home for zone in may if (home := home_of(zone)) is not None}
    return {
        "name": name,
        "invalid": invalid,
        "boxes": [(zone, zone_name(zone), zone in ticked) for zone in may],
        "drawings": [draw(home, (), asked=may) for home in homes.values()],
    }
