"""The pictures that clients are charted on: read from `data`, joined into smooth outlines, and asked what lies where.

Positions are shares of the picture (0 to 1 from its left and its top), so that they hold at every size. A picture is
drawn as one half; the other half is its mirror image. The client's left is on the viewer's right in front views.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from django.utils.translation import gettext_lazy as _

Point = tuple[float, float]
Curve = tuple[tuple[Point, Point, Point, Point], ...]  # pieces of a cubic curve

ORDER = ("face", "neck", "scalp", "head_back", "body_front", "body_back")
NAMES = {
    "face": _("Face"),
    "neck": _("Neck and chest"),
    "scalp": _("Scalp from above"),
    "head_back": _("Back of the head"),
    "body_front": _("Body, front"),
    "body_back": _("Body, back"),
}
OTHER_SIDE = {"left": "right", "right": "left", "": ""}
_STEPS = 8  # straight pieces of one piece of a curve, for asking what lies where


@dataclass(frozen=True)
class Ink:
    """A line of the drawing that means nothing by itself."""

    kind: str  # outline, fine, hair, brow, lash or lip
    d: str


@dataclass(frozen=True)
class Line:
    """One massage line as it is drawn; `number` is its place among the lines of the zone in the knowledge, from 0."""

    number: int
    d: str


@dataclass(frozen=True)
class Shape:
    """One zone, or one side of it, on one picture."""

    zone: str
    side: str
    d: str
    outline: tuple[Point, ...]  # in units of the picture
    lines: tuple[Line, ...]
    label: Point  # a point well inside

    @property
    def key(self) -> str:
        """Zone and side in one word."""
        return f"{self.zone}-{self.side}" if self.side else self.zone

    def holds(self, point: Point) -> bool:
        """Whether a point lies inside."""
        return inside(self.outline, point)


@dataclass(frozen=True)
class Picture:
    """A drawing with its zones."""

    key: str
    view: str  # front, back or above
    width: int
    height: int
    zones: tuple[str, ...]
    ink: tuple[Ink, ...]
    shapes: tuple[Shape, ...]

    @property
    def name(self) -> str:
        """As pages call it."""
        return str(NAMES[self.key])

    @property
    def left_is_right(self) -> bool:
        """Whether the client's left is on the viewer's right."""
        return self.view == "front"

    def shape(self, zone: str, side: str = "") -> Shape | None:
        """A zone on this picture; without a side, its first."""
        return next((one for one in self.shapes if one.zone == zone and side in ("", one.side)), None)

    def at(self, x: float, y: float) -> Shape | None:
        """What lies at a place, given in shares of the picture."""
        point = (x * self.width, y * self.height)
        return next((one for one in self.shapes if one.holds(point)), None)

    def share(self, point: Point) -> Point:
        """A point of the drawing as shares of the picture."""
        return (round(point[0] / self.width, 4), round(point[1] / self.height, 4))


def smooth(points: list[list[float]], *, closed: bool) -> Curve:
    """A curve through all points, as pieces of a cubic; a third entry makes a corner of a point."""
    count = len(points)
    last = count if closed else count - 1

    def tangent(index: int) -> Point:
        if len(points[index]) > 2:
            return (0.0, 0.0)
        if closed:
            before, after = points[(index - 1) % count], points[(index + 1) % count]
        else:
            before, after = points[max(index - 1, 0)], points[min(index + 1, count - 1)]
        return ((after[0] - before[0]) / 6, (after[1] - before[1]) / 6)

    def reach(index: int, to: int) -> Point:
        """The tangent, no longer than a third of the way to the next point: close points make no loops."""
        across, down = tangent(index)
        there = ((points[to][0] - points[index][0]) ** 2 + (points[to][1] - points[index][1]) ** 2) ** 0.5
        length = (across**2 + down**2) ** 0.5
        short = min(1.0, there / 3 / length) if length else 0.0
        return (across * short, down * short)

    pieces = []
    for index in range(last):
        follows = (index + 1) % count
        start = (float(points[index][0]), float(points[index][1]))
        end = (float(points[follows][0]), float(points[follows][1]))
        leaves, arrives = reach(index, follows), reach(follows, index)
        pieces.append(
            (start, (start[0] + leaves[0], start[1] + leaves[1]), (end[0] - arrives[0], end[1] - arrives[1]), end)
        )
    return tuple(pieces)


def path_of(curve: Curve, *, closed: bool) -> str:
    """A curve as the data of an SVG path."""

    def told(point: Point) -> str:
        return f"{point[0]:.1f} {point[1]:.1f}"

    parts = [f"M{told(curve[0][0])}"]
    parts += [f"C{told(first)} {told(second)} {told(end)}" for _start, first, second, end in curve]
    return "".join(parts) + ("Z" if closed else "")


def flat(curve: Curve) -> tuple[Point, ...]:
    """A curve as short straight pieces."""
    points = []
    for start, first, second, end in curve:
        for step in range(_STEPS):
            t = step / _STEPS
            a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
            points.append(
                (
                    a * start[0] + b * first[0] + c * second[0] + d * end[0],
                    a * start[1] + b * first[1] + c * second[1] + d * end[1],
                )
            )
    return (*points, curve[-1][3])


def inside(outline: tuple[Point, ...], point: Point) -> bool:
    """Whether a point lies inside an outline."""
    x, y = point
    found = False
    for (ax, ay), (bx, by) in zip(outline, (*outline[1:], outline[0]), strict=True):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            found = not found
    return found


def from_edge(outline: tuple[Point, ...], point: Point) -> float:
    """How far a point lies from an outline."""
    shortest = float("inf")
    for (ax, ay), (bx, by) in zip(outline, (*outline[1:], outline[0]), strict=True):
        length = (bx - ax) ** 2 + (by - ay) ** 2
        along = (
            0.0
            if length == 0
            else max(0.0, min(1.0, ((point[0] - ax) * (bx - ax) + (point[1] - ay) * (by - ay)) / length))
        )
        shortest = min(
            shortest, ((ax + along * (bx - ax) - point[0]) ** 2 + (ay + along * (by - ay) - point[1]) ** 2) ** 0.5
        )
    return shortest


def _middle(outline: tuple[Point, ...]) -> Point:
    """The point of a grid that lies deepest inside."""
    low_x, high_x = min(x for x, _y in outline), max(x for x, _y in outline)
    low_y, high_y = min(y for _x, y in outline), max(y for _x, y in outline)
    steps = 16
    best, depth = ((low_x + high_x) / 2, (low_y + high_y) / 2), -1.0
    for row in range(1, steps):
        for column in range(1, steps):
            point = (low_x + (high_x - low_x) * column / steps, low_y + (high_y - low_y) * row / steps)
            if inside(outline, point) and (here := from_edge(outline, point)) > depth + 1e-9:
                best, depth = point, here
    return best


def _mirrored(points: list[list[float]], width: int) -> list[list[float]]:
    return [[width - point[0], *point[1:]] for point in points]


def _whole(half: list[list[float]], width: int, *, closed: bool) -> list[list[float]]:
    """A line whose other half is its mirror image; points on the middle are not doubled."""
    other = [point for point in reversed(_mirrored(half, width)) if point[0] != width / 2]
    if closed:
        return half + other
    # an open line starts or ends on the middle
    return half + other if half[-1][0] == width / 2 else list(reversed(half + other))


def _ink(one: dict[str, Any], width: int) -> list[Ink]:
    closed = bool(one.get("closed"))
    points = one["points"]
    if one.get("half"):
        if not closed and points[-1][0] != width / 2:
            points = list(reversed(points))
        points = _whole(points, width, closed=closed)
    drawn = [points, _mirrored(points, width)] if one.get("mirror") else [points]
    return [Ink(one["kind"], path_of(smooth(line, closed=closed), closed=closed)) for line in drawn]


def _shapes(one: dict[str, Any], width: int) -> list[Shape]:
    def shape(side: str, points: list[list[float]], lines: tuple[Line, ...]) -> Shape:
        curve = smooth(points, closed=True)
        outline = flat(curve)
        middle = (width / 2, _middle(outline)[1]) if not side else _middle(outline)
        return Shape(one["key"], side, path_of(curve, closed=True), outline, lines, middle)

    def drawn(mirrored: bool) -> tuple[Line, ...]:
        return tuple(
            Line(
                line["line"],
                path_of(
                    smooth(_mirrored(line["points"], width) if mirrored else line["points"], closed=False), closed=False
                ),
            )
            for line in one["lines"]
            if not (mirrored and line.get("single"))
        )

    if one.get("half"):
        return [shape("", _whole(one["points"], width, closed=True), drawn(False) + drawn(True))]
    side = one["side"]
    return [
        shape(side, one["points"], drawn(False)),
        shape(OTHER_SIDE[side], _mirrored(one["points"], width), drawn(True)),
    ]


@lru_cache(maxsize=1)
def pictures() -> dict[str, Picture]:
    """All pictures by key, in the order of the tabs; read once."""
    found = {}
    for key in ORDER:
        table = tomllib.loads(resources.files(__package__).joinpath("data", f"{key}.toml").read_text("utf-8"))
        width = table["width"]
        found[key] = Picture(
            key,
            table["view"],
            width,
            table["height"],
            tuple(table["zones"]),
            tuple(ink for one in table["ink"] for ink in _ink(one, width)),
            tuple(shape for one in table["zone"] for shape in _shapes(one, width)),
        )
    return found


def home_of(zone: str) -> Picture | None:
    """The picture that shows a zone best: the first that has it."""
    return next((one for one in pictures().values() if zone in one.zones), None)


def sides_of(zone: str) -> tuple[str, ...]:
    """The sides that a zone is drawn on; one empty word for a zone in the middle."""
    home = home_of(zone)
    return tuple(one.side for one in home.shapes if one.zone == zone) if home else ()
