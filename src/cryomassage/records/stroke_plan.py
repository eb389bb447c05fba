"""A stroke plan: where a cold source goes over a zone, how fast, how often, and when it is off."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from cryomassage.records.base import Record

SCHEMA: Final = "cryomassage/stroke-plan/1"

Pattern = Literal["massage_lines", "raster", "spiral", "paint_brush", "spot", "partings", "circling", "given"]
Point_mm = tuple[float, float]


class Stroke(Record):
    """One way of the source without stopping, from the first corner to the last.

    A single corner is a place where the source stands. What is None is taken from the plan.
    """

    path_mm: Annotated[tuple[Point_mm, ...], Field(min_length=1)]
    on: bool = True
    speed_mm_s: float | None = Field(default=None, gt=0.0)
    hold_s: float = Field(default=0.0, ge=0.0)  # at the last corner
    distance_mm: float | None = Field(default=None, gt=0.0)
    pause_s: float | None = Field(default=None, ge=0.0)  # with the agent off, after this stroke


class StrokePlan(Record):
    """All strokes of one pass, and how often the pass is made.

    Places are in mm from the lower left corner of the zone laid flat, x to the right, y up. From the end of a stroke
    to the start of the next the hand moves at the speed of the plan with the agent off.

    Attributes:
        zone: key of the zone.
        pattern: how the strokes were made.
        cold_source: key of the source, or None where the exchange is given in numbers.
        strokes: in order.
        speed_mm_s: of the hand.
        passes: how often all strokes are made.
        overlap: share of its width by which a strip overlaps the last; below 0 leaves gaps.
        pause_s: between two strokes, with the agent off.
        pass_pause_s: between two passes, with the agent off.
        distance_mm: from nozzle to skin, or None for a source that touches.
    """

    schema_: Annotated[Literal["cryomassage/stroke-plan/1"], Field(alias="schema")] = SCHEMA
    zone: str
    pattern: Pattern
    cold_source: str | None = None
    strokes: Annotated[tuple[Stroke, ...], Field(min_length=1)]
    speed_mm_s: float = Field(gt=0.0)
    passes: int = Field(default=1, ge=1)
    overlap: float = Field(default=0.0, lt=1.0)
    pause_s: float = Field(default=0.0, ge=0.0)
    pass_pause_s: float = Field(default=0.0, ge=0.0)
    distance_mm: float | None = Field(default=None, gt=0.0)
