"""The strengths that a hand can deliver on one zone, and the passes that a session has time for."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cryomassage.knowledge.schema import ColdSource, ExposureClass, Knowledge, Method, Zone
from cryomassage.records.client import Calibration, Person

CM2_PER_DM2 = 100.0
_MM2_PER_CM2 = 100.0


@dataclass(frozen=True)
class Rung:
    """One strength on the ladder that is climbed, mildest first."""

    dwell_time_s: float
    speed_mm_s: float | None
    coverage_s: float  # one coverage of one part


@dataclass(frozen=True)
class Work:
    """One zone to be worked on one person with one source."""

    zone_key: str
    zone: Zone
    method_key: str
    method: Method
    source_key: str
    source: ColdSource
    calibration: Calibration | None
    level: ExposureClass
    standard_level: ExposureClass  # of the route, before anything about the person
    person: Person
    distance_mm: float | None
    room_degC: float | None

    parts: int  # each side is worked in so many parts, one after the other

    @property
    def area_cm2(self) -> float:
        """Area of one part of one side."""
        return self.zone.area.value / (self.zone.sides * self.parts)

    @property
    def held(self) -> bool:
        """Whether the source is held still instead of moved."""
        return self.method.motion in ("compress", "patches")

    @property
    def freezes(self) -> bool:
        """Whether a place is frozen for seconds that are counted."""
        return self.method.motion == "patches"


def parts_of(zone: Zone, method: Method, knowledge: Knowledge) -> int:
    """Into how many parts one side is divided, so that a pass over a part stays short.

    Partings of the scalp are strips already, a compress covers what it covers, and a bald patch is marked in places.
    """
    if method.motion in ("partings", "compress", "patches"):
        return 1
    largest = knowledge.limit["part_area"].quantity.value * CM2_PER_DM2
    return math.ceil(zone.area.value / zone.sides / largest - 1e-9)


def ladder(work: Work, coverages: int, longest_pass_s: float, knowledge: Knowledge) -> list[Rung]:
    """Strengths that a hand can deliver and that the longest pass allows, mildest first."""
    if work.held:
        step = knowledge.limit["freeze_time_step" if work.freezes else "compress_step"].quantity.value
        count = int(longest_pass_s // step)
        return [Rung(step * (index + 1), None, step * (index + 1)) for index in range(count)]
    speed, width, length = work.source.hand_speed, work.source.footprint_width, work.source.footprint_length
    if speed is None or width is None or length is None:
        raise ValueError(f"{work.source_key} is not described well enough to be moved by hand")
    stride = width.value * (1.0 - work.method.stroke_overlap.value)
    slowest, fastest = speed.range
    step = knowledge.limit["speed_step"].quantity.value
    speeds = np.arange(fastest, slowest - 1e-9, -step)
    rungs = [Rung(length.value / v, float(v), work.area_cm2 * _MM2_PER_CM2 / (stride * v)) for v in speeds]
    return [rung for rung in rungs if rung.coverage_s * coverages <= longest_pass_s]


def coverages_per_pass(work: Work, longest_pass_s: float) -> int:
    """How often a pass covers the zone: as the method says, as far as a hand at its usual pace finds the time."""
    wanted = int(work.method.coverages_per_pass.value)
    speed, width = work.source.hand_speed, work.source.footprint_width
    if work.held or speed is None or width is None:
        return 1
    stride = width.value * (1.0 - work.method.stroke_overlap.value)
    one = work.area_cm2 * _MM2_PER_CM2 / (stride * speed.value)
    return max(1, min(wanted, int(longest_pass_s // one)))


def passes_within(coverage_s: float, coverages: int, pause_s: float, ceiling_s: float, most: int) -> int:
    """Passes whose exposure and pauses stay below the ceiling.

    0 when not even one fits.
    """
    one = coverage_s * coverages
    for passes in range(most, 0, -1):
        if passes * one + (passes - 1) * pause_s <= ceiling_s:
            return passes
    return 0
