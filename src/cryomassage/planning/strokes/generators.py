"""Patterns of strokes on a zone: each generator lays the strokes of one pass. All in mm.

Strips lie at most a pitch apart, and at least an inset from the edge, so that the source acts inside the zone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Literal

import numpy as np

from cryomassage.knowledge.shapes import LineFamily
from cryomassage.planning.strokes.shapes import Outline
from cryomassage.records.stroke_plan import Stroke

Way = tuple[tuple[float, float], ...]
Direction = Literal["across", "up"]
_CORNERS_OF_CIRCLE = 16
_CORNERS_OF_TURN = 48
_TURN_SHARE = 0.8  # a turn between two strips may come so much nearer to the edge than the strips
_NEXT_ROW = 0.8  # of the width of a row of circles, from the one along the edge to those within
_NEARLY = 0.99  # of the way to a corner of the zone, which must lie inside for the corner to be seen


def _levels(low: float, high: float, pitch_mm: float) -> list[float]:
    """Evenly spaced from one to the other, at most a pitch apart."""
    if high - low < 1e-6:
        return [0.5 * (low + high)]
    return [float(level) for level in np.linspace(low, high, math.ceil((high - low) / pitch_mm - 1e-9) + 1)]


def _strips(
    outline: Outline, pitch_mm: float, inset_mm: float, direction: Direction, shortest_mm: float = 0.0
) -> list[list[Way]]:
    """Straight strips through the zone, level by level; a level has several where the zone is dented.

    Levels with no strip longer than `shortest_mm` are left out, unless there are no others.
    """
    across = direction == "across"
    (left, lower), (right, upper) = outline.low_mm, outline.high_mm

    def at(level: float) -> list[Way]:
        ends = ((left, level), (right, level)) if across else ((level, lower), (level, upper))
        return list(outline.runs(*ends, inset_mm))

    low, high = (lower, upper) if across else (left, right)
    longest = {
        float(level): max((math.dist(way[0], way[-1]) for way in at(float(level))), default=0.0)
        for level in np.arange(low, high + 1e-9, 0.5)
    }
    tried = [level for level, length in longest.items() if length >= shortest_mm and length > 0.0]
    tried = tried or [level for level, length in longest.items() if length > 0.0]
    if not tried:
        return []
    return [found for level in _levels(tried[0], tried[-1], pitch_mm) if (found := at(level))]


def _there_and_back(levels: list[list[Way]], turn: Callable[[Way, Way], bool]) -> list[Way]:
    """Every second level the other way round, joined to one path where the turn stays inside the zone."""
    paths: list[Way] = []
    for number, ways in enumerate(levels):
        for way in ways if number % 2 == 0 else reversed(ways):
            run = way if number % 2 == 0 else tuple(reversed(way))
            if paths and turn(paths[-1], run):
                paths[-1] = (*paths[-1], *run)
            else:
                paths.append(run)
    return paths


def _strokes(paths: Iterable[Way]) -> tuple[Stroke, ...]:
    return tuple(Stroke(path_mm=path) for path in paths)


def raster(
    outline: Outline, pitch_mm: float, inset_mm: float, direction: Direction = "across", edge: bool = False
) -> tuple[Stroke, ...]:
    """Strip beside strip, there and back, without taking the source away where the turn stays in the zone.

    With `edge` the source first goes once around along the edge, and the strips fill what lies within. No strokes are
    returned where the edge cannot be seen whole from the deepest place.
    """
    around = _around(outline, inset_mm) if edge else None
    if edge and around is None:
        return ()
    within = inset_mm if around is None else inset_mm + pitch_mm

    def turn(before: Way, after: Way) -> bool:
        return outline.stays_inside((before[-1], after[0]), _TURN_SHARE * within)

    strips = _there_and_back(_strips(outline, pitch_mm, within, direction), turn)
    return _strokes(strips if around is None else [around, *strips])


def paint_brush(
    outline: Outline, pitch_mm: float, inset_mm: float, times: int, direction: Direction = "across"
) -> tuple[Stroke, ...]:
    """Band after band, each painted `times` times there and back before the next."""
    bands = [way for level in _strips(outline, pitch_mm, inset_mm, direction, pitch_mm) for way in level]
    return _strokes((way[0], *((way[1], way[0]) * times)) for way in bands)


def partings(outline: Outline, pitch_mm: float, inset_mm: float) -> tuple[Stroke, ...]:
    """Partings from the front (the upper edge) to the nape, the middle one first, then outward on both sides."""
    levels = _strips(outline, pitch_mm, inset_mm, "up", pitch_mm)
    ways = [tuple(reversed(way)) for level in levels for way in level]
    middle = 0.5 * (outline.low_mm[0] + outline.high_mm[0])
    return _strokes(sorted(ways, key=lambda way: (round(abs(way[0][0] - middle), 6), way[0][0])))


def circling(
    outline: Outline, pitch_mm: float, inset_mm: float, diameter_mm: float, direction: Direction = "across"
) -> tuple[Stroke, ...]:
    """Small circles that move on by half their diameter each: once around along the edge, then in strips within.

    Where the edge cannot be seen whole from the deepest place, in strips alone. A row of circles is wider than a
    stroke by their diameter.
    """
    radius = 0.5 * diameter_mm
    row_mm = pitch_mm + diameter_mm
    around = _around(outline, inset_mm + radius)
    within = inset_mm + radius + (0.0 if around is None else _NEXT_ROW * row_mm)

    def loops(way: Way) -> Way:
        corners = np.array(way)
        run = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
        turns = max(1, math.ceil(run[-1] / radius))
        share = np.linspace(0.0, 1.0, turns * _CORNERS_OF_CIRCLE + 1)
        angle = 2.0 * math.pi * turns * share
        x = np.interp(share * run[-1], run, corners[:, 0]) + radius * np.cos(angle)
        y = np.interp(share * run[-1], run, corners[:, 1]) + radius * np.sin(angle)
        return tuple(zip(x.tolist(), y.tolist(), strict=True))

    circled = [] if around is None else [loops(around)]
    for number, level in enumerate(_strips(outline, row_mm, within, direction)):
        ordered = level if number % 2 == 0 else [tuple(reversed(way)) for way in reversed(level)]
        circled += [loops(way) for way in ordered]
    paths: list[Way] = []
    for path in circled:
        if paths and outline.stays_inside((paths[-1][-1], path[0]), _TURN_SHARE * inset_mm):
            paths[-1] = (*paths[-1], *path)
        else:
            paths.append(path)
    return _strokes(paths)


def _reach(outline: Outline, inset_mm: float) -> Way:
    """Places at the inset all around the deepest place of the zone, against the clock from the right."""
    x, y = outline.deepest_mm
    far = math.hypot(*outline.size_mm)
    places = []
    for angle in np.linspace(0.0, 2.0 * np.pi, _CORNERS_OF_TURN, endpoint=False):
        run = outline.runs((x, y), (x + far * math.cos(angle), y + far * math.sin(angle)), inset_mm)
        places.append(run[0][1] if run else (x, y))
    return tuple(places)


def _around(outline: Outline, inset_mm: float) -> Way | None:
    """Once around the zone at the inset; None where its edge cannot be seen whole from its deepest place."""
    middle = np.array(outline.deepest_mm)
    nearly = middle + _NEARLY * (outline.corners_mm - middle)
    if not all(outline.stays_inside((outline.deepest_mm, (float(x), float(y)))) for x, y in nearly):
        return None
    places = _reach(outline, inset_mm)
    return (*places, places[0])


def spiral(outline: Outline, pitch_mm: float, inset_mm: float) -> tuple[Stroke, ...]:
    """From the deepest place of the zone outward in turns that take its shape, the last one along its edge."""
    middle = np.array(outline.deepest_mm)
    edge = np.array(_reach(outline, inset_mm)) - middle
    reach = np.hypot(*edge.T)
    turns = max(1, math.ceil(float(reach.max()) / pitch_mm - 1e-9))
    # The last turn goes along the edge and is complete.
    path = []
    for number in range((turns + 1) * _CORNERS_OF_TURN + 1):
        share = min(1.0, number / (turns * _CORNERS_OF_TURN))
        place = middle + share * edge[number % _CORNERS_OF_TURN]
        path.append((float(place[0]), float(place[1])))
    return _strokes([tuple(path)])


def spot(place_mm: tuple[float, float], hold_s: float) -> tuple[Stroke, ...]:
    """The source stands at one place for a counted time."""
    return (Stroke(path_mm=(place_mm,), hold_s=hold_s),)


def massage_lines(families: Iterable[LineFamily], pitch_mm: float) -> tuple[Stroke, ...]:
    """Lines of a zone, each the way the hand goes; between two that are given as many as the pitch asks for."""
    paths: list[Way] = []
    for family in families:
        lines = [np.array(line, dtype=float) for line in family.lines_mm]
        for number, (one, other) in enumerate(pairwise(lines)):
            apart = float(np.hypot(*(other - one).T).max())
            shares = _levels(0.0, 1.0, pitch_mm / apart)
            for share in shares if number == 0 else shares[1:]:
                line = one + share * (other - one)
                paths.append(tuple((float(x), float(y)) for x, y in line))
    return _strokes(paths)
