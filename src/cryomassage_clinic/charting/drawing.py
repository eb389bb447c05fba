"""A picture made ready for a page: zones as links, marks as signs, all with names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from cryomassage_clinic import bridge
from cryomassage_clinic.charting.models import Mark, MarkKind
from cryomassage_clinic.charting.pictures import Ink, Line, Picture, Point, Shape, from_edge, inside
from cryomassage_clinic.web.core_words import told

# Where in a zone something lies, as people say it; shares of the way from the middle to the edge of its box.
PLACES = {
    "middle": (0.0, 0.0),
    "upper": (0.0, -0.6),
    "lower": (0.0, 0.6),
    "left": (-0.6, 0.0),
    "right": (0.6, 0.0),
}


@dataclass(frozen=True)
class DrawnZone:
    """One zone, or one side of it, on the picture of a page."""

    key: str
    zone: str
    side: str
    name: str
    d: str
    lines: tuple[Line, ...]
    chosen: bool
    asked: bool  # the course asks for it
    kept_off: bool


@dataclass(frozen=True)
class DrawnMark:
    """One mark on the picture of a page, in units of the picture."""

    id: str
    kind: str
    x: float
    y: float
    name: str
    chosen: bool


@dataclass(frozen=True)
class Drawing:
    """Everything that the page draws."""

    picture: Picture
    ink: tuple[Ink, ...]
    zones: tuple[DrawnZone, ...]
    marks: tuple[DrawnMark, ...]


def side_words(side: str) -> str:
    """Left and right are the client's."""
    return {"left": _("left"), "right": _("right")}.get(side, "")


def zone_name(zone: str, side: str = "") -> str:
    """A zone as people call it, with its side."""
    known = bridge.zones().get(zone)
    name = told(known.name) if known is not None else zone
    return f"{name}, {side_words(side)}" if side else name


def mark_words(mark: Mark) -> str:
    """A mark in one line."""
    return f"{mark.get_kind_display()}: {zone_name(mark.zone, mark.side)}"


def draw(
    picture: Picture,
    marks: Iterable[Mark],
    *,
    zone: str = "",
    side: str = "",
    asked: Iterable[str] = (),
    mark_id: str = "",
) -> Drawing:
    """Make a picture ready.

    Args:
        picture: which.
        marks: all that stand on the client's chart.
        zone: the zone that is chosen.
        side: its side; empty chooses both.
        asked: zones of the course.
        mark_id: the mark that is chosen.
    """
    standing, wanted = list(marks), set(asked)
    off = {mark.zone for mark in standing if mark.kind == MarkKind.NO_GO}
    zones = tuple(
        DrawnZone(
            key=shape.key,
            zone=shape.zone,
            side=shape.side,
            name=zone_name(shape.zone, shape.side),
            d=shape.d,
            lines=shape.lines,
            chosen=shape.zone == zone and side in ("", shape.side),
            asked=shape.zone in wanted,
            kept_off=shape.zone in off,
        )
        for shape in picture.shapes
    )
    drawn = tuple(
        DrawnMark(
            id=str(mark.pk),
            kind=mark.kind,
            x=round(mark.x * picture.width, 1),
            y=round(mark.y * picture.height, 1),
            name=mark_words(mark),
            chosen=str(mark.pk) == mark_id,
        )
        for mark in standing
        if mark.picture == picture.key and not (mark.kind == MarkKind.DONE_BEFORE and mark.done_on is None)
    )
    return Drawing(picture, picture.ink, zones, drawn)


def spot_of(picture: Picture, shape: Shape, place: str) -> Point:
    """A point of a zone by a word, in shares of the picture; always inside the zone."""
    across, down = PLACES.get(place, (0.0, 0.0))
    xs, ys = [x for x, _y in shape.outline], [y for _x, y in shape.outline]
    reach_x, reach_y = (max(xs) - min(xs)) / 2, (max(ys) - min(ys)) / 2
    point, step = shape.label, 1.0
    while step > 0.05:
        tried = (shape.label[0] + across * reach_x * step, shape.label[1] + down * reach_y * step)
        if inside(shape.outline, tried) and from_edge(shape.outline, tried) > 1.0:
            point = tried
            break
        step -= 0.1
    return picture.share(point)
