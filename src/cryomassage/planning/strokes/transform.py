"""Stroke plans mirrored, turned and moved."""

from __future__ import annotations

import math
from collections.abc import Callable

from cryomassage.records.stroke_plan import Point_mm, StrokePlan


def _each(plan: StrokePlan, change: Callable[[Point_mm], Point_mm]) -> StrokePlan:
    strokes = tuple(
        stroke.model_copy(update={"path_mm": tuple(change(place) for place in stroke.path_mm)})
        for stroke in plan.strokes
    )
    return plan.model_copy(update={"strokes": strokes})


def mirror(plan: StrokePlan, width_mm: float) -> StrokePlan:
    """The plan for the other side of the body: left and right of a zone of this width changed over."""
    return _each(plan, lambda place: (width_mm - place[0], place[1]))


def translate(plan: StrokePlan, right_mm: float, up_mm: float) -> StrokePlan:
    """The plan moved."""
    return _each(plan, lambda place: (place[0] + right_mm, place[1] + up_mm))


def rotate(plan: StrokePlan, degrees: float, about_mm: Point_mm) -> StrokePlan:
    """The plan turned against the clock around a place; right angles are exact."""
    quarter, rest = divmod(degrees, 90.0)
    exact = {0: (1.0, 0.0), 1: (0.0, 1.0), 2: (-1.0, 0.0), 3: (0.0, -1.0)}
    angle = math.radians(degrees)
    cosine, sine = exact[int(quarter) % 4] if rest == 0.0 else (math.cos(angle), math.sin(angle))

    def turned(place: Point_mm) -> Point_mm:
        x, y = place[0] - about_mm[0], place[1] - about_mm[1]
        return about_mm[0] + cosine * x - sine * y, about_mm[1] + sine * x + cosine * y

    return _each(plan, turned)
