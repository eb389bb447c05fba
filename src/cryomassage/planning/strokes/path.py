"""A stroke plan in time: where the source is, when it is on, when it is dipped again; and as strokes of the engine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from cryomassage.engine.patch import Strokes
from cryomassage.planning.strokes.footprints import MovingSource
from cryomassage.records.stroke_plan import Point_mm, Stroke, StrokePlan

_WARMING_PIECE_s = 1.0  # of a source that warms, over which its sink is taken as constant
_TINY_s = 1e-9


@dataclass(frozen=True)
class Leg:
    """A straight stretch of the way with the source on, at constant speed; or a hold."""

    start_s: float
    end_s: float
    start_mm: Point_mm
    end_mm: Point_mm
    since_dip_s: float  # at its start
    distance_mm: float | None

    @property
    def length_mm(self) -> float:
        """Way of the hand."""
        return math.dist(self.start_mm, self.end_mm)

    def cut(self, after_s: float) -> tuple[Leg, Leg]:
        """Two legs, the first of which lasts `after_s`."""
        share = after_s / (self.end_s - self.start_s)
        place = tuple(a + share * (b - a) for a, b in zip(self.start_mm, self.end_mm, strict=True))
        middle = (float(place[0]), float(place[1]))
        one = Leg(self.start_s, self.start_s + after_s, self.start_mm, middle, self.since_dip_s, self.distance_mm)
        since = self.since_dip_s + after_s
        return one, Leg(self.start_s + after_s, self.end_s, middle, self.end_mm, since, self.distance_mm)


@dataclass(frozen=True)
class Timeline:
    """All legs of a session in order of time, and when the hand is done."""

    legs: tuple[Leg, ...]
    end_s: float
    dips: int

    @property
    def seconds_on(self) -> float:
        """How long the source acts."""
        return sum(leg.end_s - leg.start_s for leg in self.legs)

    @property
    def length_mm(self) -> float:
        """Way of the source while it acts."""
        return sum(leg.length_mm for leg in self.legs)


class _Hand:
    """The hand on its way through a plan."""

    def __init__(self, plan: StrokePlan, source: MovingSource) -> None:
        self.plan, self.source = plan, source
        self.now = 0.0
        self.since_dip = 0.0
        self.place: Point_mm | None = None
        self.dips = 0
        self.legs: list[Leg] = []

    def wait(self, seconds: float) -> None:
        """Time with the agent off. A wait that is long enough for a dip is used for one."""
        self.now += seconds
        if self.source.hold_s is not None and self.legs and seconds >= self.source.dip_s > 0.0:
            self.dips += 1
            self.since_dip = 0.0
        else:
            self.since_dip += seconds

    def dip(self) -> None:
        """Renew the source, away from the skin."""
        self.now += self.source.dip_s
        self.since_dip = 0.0
        self.dips += 1

    def go(self, stroke: Stroke) -> None:
        """Make one stroke."""
        speed = stroke.speed_mm_s if stroke.speed_mm_s is not None else self.plan.speed_mm_s
        ways = [(a, b, math.dist(a, b) / speed) for a, b in pairwise(stroke.path_mm)]
        ways = [way for way in ways if way[2] > _TINY_s]
        if stroke.hold_s > 0.0:
            ways.append((stroke.path_mm[-1], stroke.path_mm[-1], stroke.hold_s))
        total, hold = sum(way[2] for way in ways), self.source.hold_s
        if stroke.on and hold is not None and self.since_dip > 0.0 and self.since_dip + total > hold + _TINY_s:
            self.dip()
        for start, end, seconds in ways:
            if stroke.on:
                self._leg(start, end, seconds, stroke.distance_mm)
            else:
                self.wait(seconds)
        self.place = stroke.path_mm[-1]

    def _leg(self, start: Point_mm, end: Point_mm, seconds: float, distance_mm: float | None) -> None:
        distance = distance_mm if distance_mm is not None else self.plan.distance_mm
        left = Leg(self.now, self.now + seconds, start, end, self.since_dip, distance)
        hold = self.source.hold_s
        while hold is not None and left.since_dip_s + (left.end_s - left.start_s) > hold + _TINY_s:
            # A stroke longer than the source holds is broken off, and taken up where it was left.
            if hold - left.since_dip_s > _TINY_s:
                done, left = left.cut(hold - left.since_dip_s)
                self._add(done)
            self.dip()
            span = left.end_s - left.start_s
            left = Leg(self.now, self.now + span, left.start_mm, left.end_mm, 0.0, distance)
        self._add(left)

    def _add(self, leg: Leg) -> None:
        self.legs.append(leg)
        self.now = leg.end_s
        self.since_dip = leg.since_dip_s + leg.end_s - leg.start_s


def timeline(plan: StrokePlan, source: MovingSource) -> Timeline:
    """Lay a plan out in time.

    From stroke to stroke the hand moves at the speed of the plan with the agent off, or waits for the pause, whichever
    takes longer; so from pass to pass. A source that must be renewed is dipped before a stroke that it would not last,
    in a pause that is long enough, or in the middle of a stroke that is longer than it lasts.
    """
    hand = _Hand(plan, source)
    for number in range(plan.passes):
        after = plan.pass_pause_s if number else 0.0
        for stroke in plan.strokes:
            if hand.place is not None:
                travel = math.dist(hand.place, stroke.path_mm[0]) / plan.speed_mm_s
                hand.wait(max(travel, after))
            hand.go(stroke)
            after = plan.pause_s if stroke.pause_s is None else stroke.pause_s
    return Timeline(tuple(hand.legs), hand.now, hand.dips)


def _pieces(leg: Leg, source: MovingSource) -> Iterator[Leg]:
    """A leg cut where its source warms."""
    span = leg.end_s - leg.start_s
    if source.fresh_degC is None:
        yield leg
        return
    count = max(1, math.ceil(span / _WARMING_PIECE_s - 1e-9))
    for _ in range(count - 1):
        one, leg = leg.cut(span / count)
        yield one
    yield leg


def engine_strokes(line: Timeline, source: MovingSource, corner_mm: Point_mm = (0.0, 0.0)) -> Strokes:
    """The strokes of the engine, one piece for each part of the source on each leg.

    Args:
        line: the plan in time.
        source: at its reference distance.
        corner_mm: where the zone has its corner on the patch.
    """
    rows = []
    for leg in line.legs:
        there = source.at(leg.distance_mm)
        for piece in _pieces(leg, there):
            sink = there.sink_after(piece.since_dip_s + 0.5 * (piece.end_s - piece.start_s))
            way = [
                1e-3 * (place + corner)
                for end in (piece.start_mm, piece.end_mm)
                for place, corner in zip(end, corner_mm, strict=True)
            ]
            for part in there.parts:
                kind = float(part.footprint)
                rows.append([piece.start_s, piece.end_s, *way, part.coefficient, sink, kind, part.along, part.across])
    table = np.array(rows, dtype=float).reshape(-1, 11)
    start_s, end_s, start_x, start_y, end_x, end_y, coefficient, sink_degC, footprint, along, across = table.T
    return Strokes(
        start_s=start_s,
        end_s=end_s,
        start_x=start_x,
        start_y=start_y,
        end_x=end_x,
        end_y=end_y,
        coefficient=coefficient,
        sink_temperature_degC=sink_degC,
        footprint=footprint.astype(np.int64),
        along=along,
        across=across,
        touches=np.full(len(table), source.touches),
    )


def drawn_path(line: Timeline) -> tuple[Float[np.ndarray, "corners 2"], Float[np.ndarray, " corners"]]:
    """Corners of the way in mm and when the source is there; a row of NaN wherever it is off."""
    corners: list[Point_mm] = []
    times: list[float] = []
    for number, leg in enumerate(line.legs):
        joined = number > 0 and leg.start_s - times[-1] < _TINY_s and leg.start_mm == corners[-1]
        if not joined:
            if number > 0:
                corners.append((math.nan, math.nan))
                times.append(times[-1])
            corners.append(leg.start_mm)
            times.append(leg.start_s)
        corners.append(leg.end_mm)
        times.append(leg.end_s)
    return np.array(corners, dtype=float).reshape(-1, 2), np.array(times)
