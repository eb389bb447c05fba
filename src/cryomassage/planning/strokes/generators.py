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


def _levels(low: float, high: float, pitch_mm: float) -> list[float]:
    """Evenly spaced from one to the other, at most a pitch apart."""
    if high - low < 1e-6:
        return [0.5 * (low + high)]
    return [float(level) for level in np.linspace(low, high, math.ceil((high - low) / pitch_mm - 1e-9) + 1)]


def _strips(outline: Outline, pitch_mm: float, inset_mm: float, direction: Direction) -> list[list[Way]]:
    """Straight strips through the zone, level by level; a level has several where the zone is dented."""
    across = direction == "across"
    (left, lower), (right, upper) = outline.low_mm, outline.high_mm

    def at(level: float) -> list[Way]:
        ends = ((left, level), (right, level)) if across else ((level, lower), (level, upper))
        return list(outline.runs(*ends, inset_mm))

    low, high = (lower, upper) if across else (left, right)
    tried = [level for level in np.arange(low, high + 1e-9, 0.5) if at(float(level))]
    if not tried:
        return []
    return [found for level in _levels(float(tried[0]), float(tried[-1]), pitch_mm) if (found := at(level))]


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


def raster(outline: Outline, pitch_mm: float, inset_mm: float, direction: Direction = "across") -> tuple[Stroke, ...]:
    """Strip beside strip, there and back, without taking the source away where the turn stays in the zone."""

    def turn(before: Way, after: Way) -> bool:
        return outline.stays_inside((before[-1], after[0]), _TURN_SHARE * inset_mm)

    return _strokes(_there_and_back(_strips(outline, pitch_mm, inset_mm, direction), turn))


def paint_brush(
    outline: Outline, pitch_mm: float, inset_mm: float, times: int, direction: Direction = "across"
) -> tuple[Stroke, ...]:
    """Band after band, each painted `times` times there and back before the next."""
    bands = [way for level in _strips(outline, pitch_mm, inset_mm, direction) for way in level]
    return _strokes((way[0], *((way[1], way[0]) * times)) for way in bands)


def partings(outline: Outline, pitch_mm: float, inset_mm: float) -> tuple[Stroke, ...]:
    """Partings from the front (the upper edge) to the nape, the middle one first, then outward on both sides."""
    ways = [tuple(reversed(way)) for level in _strips(outline, pitch_mm, inset_mm, "up") for way in level]
    middle = 0.5 * (outline.low_mm[0] + outline.high_mm[0])
    return _strokes(sorted(ways, key=lambda way: (round(abs(way[0][0] - middle), 6), way[0][0])))


def circling(
    outline: Outline, pitch_mm: float, inset_mm: float, diameter_mm: float, direction: Direction = "across"
) -> tuple[Stroke, ...]:
    """Small circles that move on by half their diameter each, strip beside strip."""
    radius = 0.5 * diameter_mm
    strips = _strips(outline, pitch_mm, inset_mm + radius, direction)

    def loops(way: Way) -> Way:
        (x0, y0), (x1, y1) = way[0], way[-1]
        length = math.hypot(x1 - x0, y1 - y0)
        turns = max(1, math.ceil(length / radius))
        count = turns * _CORNERS_OF_CIRCLE
        share = np.arange(count + 1) / count
        angle = 2.0 * math.pi * turns * share
        x = x0 + share * (x1 - x0) + radius * np.cos(angle)
        y = y0 + share * (y1 - y0) + radius * np.sin(angle)
        return tuple(zip(x.tolist(), y.tolist(), strict=True))

    circled: list[list[Way]] = []
    for number, level in enumerate(strips):
        ordered = level if number % 2 == 0 else [tuple(reversed(way)) for way in reversed(level)]
        circled.append([loops(way) for way in ordered])
    paths: list[Way] = []
    for path in (path for level in circled for path in level):
        if paths and outline.stays_inside((paths[-1][-1], path[0]), _TURN_SHARE * inset_mm):
            paths[-1] = (*paths[-1], *path)
        else:
            paths.append(path)
    return _strokes(paths)


def spiral(outline: Outline, pitch_mm: float, inset_mm: float) -> tuple[Stroke, ...]:
    """From the deepest place of the zone outward in turns that take its shape, the last one along its edge."""
    middle = np.array(outline.deepest_mm)
    angles = np.linspace(0.0, 2.0 * np.pi, _CORNERS_OF_TURN, endpoint=False)
    far = math.hypot(*outline.size_mm)
    reach = []
    for angle in angles:
        end = middle + far * np.array([np.cos(angle), np.sin(angle)])
        first = outline.runs((float(middle[0]), float(middle[1])), (float(end[0]), float(end[1])), inset_mm)
        reach.append(math.dist(first[0][1], (float(middle[0]), float(middle[1]))) if first else 0.0)
    turns = max(1, math.ceil(max(reach) / pitch_mm - 1e-9))
    # The last turn goes along the edge and is complete.
    path = []
    for number in range((turns + 1) * _CORNERS_OF_TURN + 1):
        share = min(1.0, number / (turns * _CORNERS_OF_TURN))
        index = number % _CORNERS_OF_TURN
        place = middle + share * reach[index] * np.array([np.cos(angles[index]), np.sin(angles[index])])
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
