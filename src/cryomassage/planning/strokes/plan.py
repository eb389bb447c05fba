"""From what a scenario asks for to a zone, a source and a stroke plan; and what cannot be done is refused."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cryomassage.errors import InputError, Problem
from cryomassage.knowledge.schema import Knowledge
from cryomassage.knowledge.shapes import ZoneShape
from cryomassage.planning.strokes import generators
from cryomassage.planning.strokes.footprints import MovingSource, source_of_knowledge, source_of_numbers
from cryomassage.planning.strokes.shapes import Outline, outline_of
from cryomassage.planning.strokes.transform import mirror
from cryomassage.records.patch_scenario import PatchScenario
from cryomassage.records.stroke_plan import Pattern, Stroke, StrokePlan

# Of the depth of the deepest place: in a zone narrower than the source the strips come nearer to the edge.
_LARGEST_INSET = 0.6
_LARGEST_CIRCLE = 0.5  # likewise, of the radius of circling
_WELL_INSIDE_mm = 0.2  # of a place that is told: rounded to a tenth it still lies in the zone
_ANY_SPEED_mm_s = 1.0  # a source that stands at one place has no way to go
_WHOLE_ZONE: frozenset[Pattern] = frozenset(
    {"massage_lines", "raster", "spiral", "paint_brush", "partings", "circling"}
)


@dataclass(frozen=True)
class Laid:
    """Everything that is needed to make the strokes of a scenario.

    Attributes:
        outline: the zone, or the window on it.
        source: what moves.
        plan: the strokes.
        whole_zone: the pattern is meant to reach all of the outline.
    """

    outline: Outline
    source: MovingSource
    plan: StrokePlan
    whole_zone: bool


def room_degC(scenario: PatchScenario, knowledge: Knowledge) -> float:
    """The air of the room: as asked for, or the usual."""
    if scenario.room_temperature is not None:
        return float(scenario.room_temperature)
    return knowledge.limit["room_temperature"].quantity.value


def _source(scenario: PatchScenario, knowledge: Knowledge) -> MovingSource:
    room, given = room_degC(scenario, knowledge), scenario.exchange
    if given is not None:
        return source_of_numbers(
            given.heat_transfer_coefficient,
            given.sink_temperature,
            given.footprint,
            given.length * 1e-3,
            given.width * 1e-3,
            given.touches,
            room,
        )
    return source_of_knowledge(scenario.cold_source or "", knowledge, room, scenario.barrier, scenario.film_thickness)


def _speed(scenario: PatchScenario, knowledge: Knowledge) -> float:
    """Speed of the hand, mm/s.

    Raises:
        InputError: zero or less, or none known; with the speeds that would work.
    """
    source = knowledge.cold_source.get(scenario.cold_source or "")
    usual = None if source is None else source.hand_speed
    works = "a hand works at 30 to 60 mm/s"
    if usual is not None and usual.value > 0.0:
        works = (
            f"{usual.value:g} mm/s is usual for this source, and a hand can do {usual.range[0]:g} to {usual.range[1]:g}"
        )
    asked: dict[str, float | None] = {
        f"stroke[{number}].speed": stroke.speed for number, stroke in enumerate(scenario.stroke)
    }
    asked["speed"] = scenario.speed
    problems = [
        Problem(field, f"{speed:g} mm/s", "must be above 0 mm/s", f"Write a speed above zero: {works}.")
        for field, speed in asked.items()
        if speed is not None and speed <= 0.0
    ]
    if problems:
        raise InputError(scenario.name, problems)
    if scenario.speed is not None:
        return float(scenario.speed)
    if usual is not None and usual.value > 0.0:
        return usual.value
    if scenario.pattern == "spot":
        return _ANY_SPEED_mm_s
    raise InputError(
        scenario.name, [Problem("speed", "missing", "is not known for this source", f"Write it: {works}.")]
    )


def _outline(scenario: PatchScenario, shape: ZoneShape) -> Outline:
    whole = outline_of(shape)
    if scenario.side == "right":
        whole = whole.mirrored()
    if scenario.window_mm is None:
        return whole
    part = whole.within(*scenario.window_mm)
    if part is None or min(part.size_mm) <= 0.0:
        raise InputError(
            scenario.name,
            [
                Problem(
                    "window_mm",
                    str(list(scenario.window_mm)),
                    "holds no part of the zone",
                    f"The zone reaches from (0, 0) to ({whole.high_mm[0]:g}, {whole.high_mm[1]:g}); write left, lower, "
                    "right and upper edge in mm.",
                )
            ],
        )
    return part


def _generated(
    scenario: PatchScenario, pattern: Pattern, outline: Outline, shape: ZoneShape, width_mm: float, pitch_mm: float
) -> tuple[Stroke, ...]:
    """Strokes of a pattern."""
    deepest = outline.deepest_mm
    depth = float(outline.depth_mm(np.array([deepest]))[0])
    inset = min(0.5 * width_mm, _LARGEST_INSET * depth)
    if pattern == "raster":
        strokes = generators.raster(outline, pitch_mm, inset, scenario.direction, scenario.edge)
        if not strokes and scenario.edge:
            raise InputError(
                scenario.name,
                [
                    Problem(
                        "edge",
                        "true",
                        "this zone is bent so much that its edge cannot be followed from its middle",
                        "Strike it, or look at a part of the zone with window_mm.",
                    )
                ],
            )
    elif pattern == "paint_brush":
        strokes = generators.paint_brush(outline, pitch_mm, inset, scenario.there_and_back, scenario.direction)
    elif pattern == "spiral":
        strokes = generators.spiral(outline, pitch_mm, inset)
    elif pattern == "partings":
        strokes = generators.partings(outline, pitch_mm, inset)
    elif pattern == "circling":
        radius = min(0.5 * (width_mm if scenario.circle is None else scenario.circle), _LARGEST_CIRCLE * depth)
        inset = min(inset, _LARGEST_INSET * (depth - radius))
        strokes = generators.circling(outline, pitch_mm, inset, 2.0 * radius, scenario.direction)
    elif pattern == "spot":
        place = scenario.place_mm if scenario.place_mm is not None else deepest
        strokes = generators.spot(place, float(scenario.hold or 0.0))
    else:
        strokes = _lines(scenario, shape, pitch_mm)
    return strokes


def _lines(scenario: PatchScenario, shape: ZoneShape, pitch_mm: float) -> tuple[Stroke, ...]:
    """Massage lines, drawn on the left side and mirrored for the right."""
    lines = generators.massage_lines(shape.families, pitch_mm)
    if scenario.side == "left":
        return lines
    drawn = StrokePlan(zone=scenario.zone, pattern="massage_lines", strokes=lines, speed_mm_s=_ANY_SPEED_mm_s)
    return mirror(drawn, outline_of(shape).high_mm[0]).strokes


def _given(scenario: PatchScenario) -> tuple[Stroke, ...]:
    return tuple(
        Stroke(
            path_mm=stroke.path_mm,
            on=stroke.on,
            speed_mm_s=stroke.speed,
            hold_s=stroke.hold,
            distance_mm=stroke.distance,
            pause_s=stroke.pause,
        )
        for stroke in scenario.stroke
    )


def _refuse_idle(strokes: tuple[Stroke, ...], where: str) -> None:
    """No stroke brings cold to the skin."""
    if any(stroke.on and (stroke.hold_s > 0.0 or len(set(stroke.path_mm)) > 1) for stroke in strokes):
        return
    raise InputError(
        where,
        [
            Problem(
                "stroke",
                f"{len(strokes)} of them",
                "bring no cold: each is off, or stands where it begins without a hold",
                'Give one of them two different corners, or hold = "2 s", and no on = false.',
            )
        ],
    )


def refuse_outside(strokes: tuple[Stroke, ...], outline: Outline, where: str) -> None:
    """Strokes leave the zone.

    Raises:
        InputError: for each, the corner or stretch that lies farthest outside, and the nearest place inside.
    """
    problems = []
    for number, stroke in enumerate(strokes):
        if not stroke.on or outline.stays_inside(stroke.path_mm):
            continue
        corners = np.array(stroke.path_mm, dtype=float)
        # Corners may all lie inside while the way between them does not.
        parts = [np.linspace(a, b, 50) for a, b in pairwise(corners)] or [corners]
        places = np.concatenate(parts)
        depth = outline.depth_mm(places)
        worst = places[int(np.argmin(depth))]
        edge = outline.nearest_on_edge(worst[None, :])[0]
        way = edge - worst
        inside = edge + _WELL_INSIDE_mm * way / max(float(np.hypot(*way)), 1e-9)
        problems.append(
            Problem(
                f"stroke[{number}].path_mm",
                f"({worst[0]:.1f}, {worst[1]:.1f})",
                f"lies {-float(depth.min()):.1f} mm outside the zone",
                f"The nearest place that would do is ({inside[0]:.1f}, {inside[1]:.1f}) mm.",
            )
        )
    if problems:
        raise InputError(where, problems[:10])


def lay(scenario: PatchScenario, knowledge: Knowledge) -> Laid:
    """The zone, the source and the strokes of a scenario.

    Args:
        scenario: already held against the knowledge.
        knowledge: shapes, sources, footprints.

    Raises:
        InputError: a speed of zero or less, strokes that leave the zone or bring no cold, a window beside it, no room
            for a pattern.
    """
    shape = knowledge.zone_shape[scenario.zone]
    outline, source = _outline(scenario, shape), _source(scenario, knowledge)
    speed = _speed(scenario, knowledge)
    share = knowledge.limit["overlapped_share"].quantity.value
    overlap = share if scenario.overlap is None else scenario.overlap / 100.0
    width_mm = 2e3 * source.at(scenario.distance).half_width
    pattern: Pattern = scenario.pattern or "given"
    strokes = (
        _given(scenario)
        if scenario.pattern is None
        else _generated(scenario, pattern, outline, shape, width_mm, width_mm * (1.0 - overlap))
    )
    if not strokes:
        raise InputError(
            scenario.name,
            [
                Problem(
                    "pattern",
                    repr(pattern),
                    f"finds no room in this zone for a source {width_mm:g} mm wide",
                    'Take a narrower source, or pattern = "spot".',
                )
            ],
        )
    _refuse_idle(strokes, scenario.name)
    refuse_outside(strokes, outline, scenario.name)
    plan = StrokePlan(
        zone=scenario.zone,
        pattern=pattern,
        cold_source=scenario.cold_source,
        strokes=strokes,
        speed_mm_s=speed,
        passes=scenario.passes,
        overlap=overlap,
        pause_s=scenario.pause,
        pass_pause_s=scenario.pass_pause,
        distance_mm=scenario.distance,
    )
    return Laid(outline, source, plan, pattern in _WHOLE_ZONE)
