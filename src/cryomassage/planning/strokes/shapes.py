"""Zones laid flat: what lies inside, how far from the edge, and which part of a line. All in mm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float

from cryomassage.knowledge.shapes import ZoneShape

Point_mm = tuple[float, float]
Points_mm = Float[np.ndarray, "points 2"]
_FINE_mm = 0.25  # along a line that is asked where it runs inside
_COARSE_mm = 2.0  # of the places that are tried for the deepest one


@dataclass(frozen=True)
class Outline:
    """A zone laid flat, or a part of one: a polygon."""

    corners_mm: Float[np.ndarray, "corners 2"]

    @property
    def low_mm(self) -> Point_mm:
        """Lower left corner of the bounding box."""
        return float(self.corners_mm[:, 0].min()), float(self.corners_mm[:, 1].min())

    @property
    def high_mm(self) -> Point_mm:
        """Upper right corner of the bounding box."""
        return float(self.corners_mm[:, 0].max()), float(self.corners_mm[:, 1].max())

    @property
    def size_mm(self) -> Point_mm:
        """Width and height of the bounding box."""
        return self.high_mm[0] - self.low_mm[0], self.high_mm[1] - self.low_mm[1]

    @property
    def area_mm2(self) -> float:
        """Area within the outline."""
        x, y = self.corners_mm.T
        return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2.0

    @cached_property
    def deepest_mm(self) -> Point_mm:
        """The place that lies farthest from the edge, to the nearest 2 mm, nearer in zones of a few millimetres."""
        (left, lower), (right, upper) = self.low_mm, self.high_mm
        step = min(_COARSE_mm, 0.2 * min(self.size_mm))
        x = np.arange(left + 0.5 * step, right, step)
        y = np.arange(lower + 0.5 * step, upper, step)
        places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        best = places[int(np.argmax(self.depth_mm(places)))]
        return float(best[0]), float(best[1])

    def contains(self, places_mm: Points_mm) -> Bool[np.ndarray, " points"]:
        """Whether each place lies inside."""
        begin = self.corners_mm
        end = np.roll(begin, -1, axis=0)
        x, y = places_mm[:, 0, None], places_mm[:, 1, None]
        spans = (begin[:, 1] > y) != (end[:, 1] > y)
        rise = np.where(end[:, 1] == begin[:, 1], 1.0, end[:, 1] - begin[:, 1])
        crossing = begin[:, 0] + (y - begin[:, 1]) / rise * (end[:, 0] - begin[:, 0])
        return np.asarray(np.sum(spans & (x < crossing), axis=1) % 2 == 1)

    def nearest_on_edge(self, places_mm: Points_mm) -> Points_mm:
        """The place on the edge that is nearest to each of the given places."""
        begin = self.corners_mm
        way = np.roll(begin, -1, axis=0) - begin
        along = np.sum((places_mm[:, None] - begin) * way, axis=2) / np.sum(way**2, axis=1)
        foot = begin + np.clip(along, 0.0, 1.0)[:, :, None] * way
        away = np.sum((places_mm[:, None] - foot) ** 2, axis=2)
        return np.asarray(foot[np.arange(len(places_mm)), np.argmin(away, axis=1)])

    def depth_mm(self, places_mm: Points_mm) -> Float[np.ndarray, " points"]:
        """Distance of each place from the edge: above 0 inside, below 0 outside."""
        away = np.hypot(*(places_mm - self.nearest_on_edge(places_mm)).T)
        return np.asarray(np.where(self.contains(places_mm), away, -away))

    def runs(self, begin_mm: Point_mm, end_mm: Point_mm, inset_mm: float) -> list[tuple[Point_mm, Point_mm]]:
        """The parts of a straight line that lie at least `inset_mm` inside, in order."""
        length = float(np.hypot(end_mm[0] - begin_mm[0], end_mm[1] - begin_mm[1]))
        share = np.linspace(0.0, 1.0, max(2, int(np.ceil(length / _FINE_mm)) + 1))
        places = np.asarray(begin_mm) + share[:, None] * (np.asarray(end_mm) - np.asarray(begin_mm))
        good = np.concatenate([[False], self.depth_mm(places) >= inset_mm - 1e-9, [False]])
        edges = np.flatnonzero(good[1:] != good[:-1])
        return [
            ((float(places[a, 0]), float(places[a, 1])), (float(places[b - 1, 0]), float(places[b - 1, 1])))
            for a, b in zip(edges[::2], edges[1::2], strict=True)
            if b - 1 > a
        ]

    def stays_inside(self, path_mm: tuple[Point_mm, ...], inset_mm: float = 0.0) -> bool:
        """Whether all of a path lies at least `inset_mm` inside."""
        if len(path_mm) == 1:
            return bool(self.depth_mm(np.array(path_mm))[0] >= inset_mm - 1e-6)
        return all(self._leg_inside(a, b, inset_mm) for a, b in pairwise(path_mm))

    def _leg_inside(self, begin_mm: Point_mm, end_mm: Point_mm, inset_mm: float) -> bool:
        length = float(np.hypot(end_mm[0] - begin_mm[0], end_mm[1] - begin_mm[1]))
        share = np.linspace(0.0, 1.0, max(2, int(np.ceil(length / _FINE_mm)) + 1))
        places = np.asarray(begin_mm) + share[:, None] * (np.asarray(end_mm) - np.asarray(begin_mm))
        return bool(np.all(self.depth_mm(places) >= inset_mm - 1e-6))

    def mirrored(self) -> Outline:
        """The same zone on the other side of the body: left and right of its bounding box changed over."""
        corners = self.corners_mm[::-1].copy()
        corners[:, 0] = self.low_mm[0] + self.high_mm[0] - corners[:, 0]
        return Outline(corners)

    def within(self, left_mm: float, lower_mm: float, right_mm: float, upper_mm: float) -> Outline | None:
        """The part of the zone within a rectangle, or None where nothing is."""
        corners = self.corners_mm
        for axis, limit, sign in ((0, left_mm, 1.0), (0, right_mm, -1.0), (1, lower_mm, 1.0), (1, upper_mm, -1.0)):
            kept: list[np.ndarray] = []
            for one, other in zip(corners, np.roll(corners, -1, axis=0), strict=True):
                here, there = sign * (one[axis] - limit), sign * (other[axis] - limit)
                if here >= 0.0:
                    kept.append(one)
                if here * there < 0.0:
                    kept.append(one + here / (here - there) * (other - one))
            if len(kept) < 3:
                return None
            corners = np.array(kept)
        return Outline(corners)


def outline_of(shape: ZoneShape) -> Outline:
    """The outline of a zone of the knowledge."""
    return Outline(np.array(shape.outline_mm, dtype=float))


def rectangle(width_mm: float, height_mm: float) -> Outline:
    """A rectangle, where only the pattern matters."""
    return Outline(np.array([[0.0, 0.0], [width_mm, 0.0], [width_mm, height_mm], [0.0, height_mm]]))
