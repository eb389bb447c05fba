"""What a patch of skin went through, as drawn, told and written to files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import numpy as np
from jaxtyping import Bool, Float
from pydantic import Field

from cryomassage.records.base import Record

RESULT_SCHEMA: Final = "cryomassage/patch-simulation/1"


class AreaShare(Record):
    """How much of the zone became at least this cold at the surface."""

    at_most_degC: float
    share: float  # of the treated area, 0 to 1
    area_cm2: float


class NamedPlace(Record):
    """A part of the zone that got something else than its surroundings: a gap, an overlap, a frozen stripe."""

    kind: Literal["gap", "overlap", "frozen"]
    place: str  # in words: "upper left", "along the lower edge"
    x_mm: float  # centre, from the lower left corner of the zone
    y_mm: float
    area_cm2: float
    lowest_surface_degC: float


class IceChance(Record):
    """How probable it is that ice has begun by a moment, and between which bounds."""

    time_s: float
    probability: float  # 0 to 1
    low: float
    high: float


class IceBound(Record):
    """What the same strokes do where ice never begins, or begins at the freezing point at once."""

    lowest_surface_degC: float
    lowest_basal_degC: float
    frozen_area_cm2: float
    deepest_ice_mm: float


class Supercooling(Record):
    """Dry skin below its freezing point: when ice begins, as drawn, and how probable that is.

    The coldest place of each moment stands for a whole limb, on which the rates were seen. Bounds of probabilities
    follow from the ranges of the rates and of the temperature at which ice may begin.
    """

    seed: int
    ice_begins_s: float | None  # as drawn; None where it does not begin within the run
    course: tuple[IceChance, ...]  # at the snapshots, the last at the end
    ice_never: IceBound
    ice_at_once: IceBound


class PatchSimulationReport(Record):
    """What a simulation on a patch found, with everything that is needed to run it again."""

    schema_: Annotated[Literal["cryomassage/patch-simulation/1"], Field(alias="schema")] = RESULT_SCHEMA
    name: str
    site: str
    cold: str
    duration_s: float
    seconds_on: float
    stroke_length_mm: float
    passes: int
    lowest_surface_degC: float
    lowest_basal_degC: float
    surface_below_floor_cm2: float | None  # where a class was named
    frozen_area_cm2: float
    deepest_ice_mm: float
    thawed_after_s: float | None  # from the end of the cold until no ice is left; None where none was or some stays
    supercooling: Supercooling | None = None  # where it was asked for
    dose_area: tuple[AreaShare, ...]
    places: tuple[NamedPlace, ...]
    energy_error: float  # |heat in - enthalpy change| / heat through the surface
    notes: tuple[str, ...]
    grid: str  # in words
    steps: int
    engine: str  # which kernel
    engine_version: str
    knowledge_fingerprint: str
    scenario: dict[str, Any]


@dataclass(frozen=True)
class PatchHistory:
    """Maps and snapshots of a patch.

    Attributes:
        x_mm, y_mm: cell centres of the surface grid.
        depth_mm: cell centres in depth.
        face_depth_mm: faces of the cells, from 0 down.
        inside: places that belong to the zone.
        time_s: of the snapshots; the first is the skin at rest.
        surface_degC: of the snapshots.
        field_degC: of the snapshots, in depth.
        ice: share of the freezable water that is frozen, or None where freezing was not computed.
        lowest_surface_degC, lowest_basal_degC: over the whole run.
        thresholds_degC: those of the dwell maps.
        dwell_below_s: time of the surface below each threshold.
        passes: how often a source came over each place.
        deepest_ice_mm: largest depth of ice at each place.
        ice_probability: that ice has begun by the end, were each place a limb; None without supercooling.
        path_mm: corners of the path of the source, in order; NaN where the cold is off.
        path_time_s: when the source is at each corner.
        floor_degC: surface floor of the class that was named, or None.
    """

    x_mm: Float[np.ndarray, " columns"]
    y_mm: Float[np.ndarray, " rows"]
    depth_mm: Float[np.ndarray, " cells"]
    face_depth_mm: Float[np.ndarray, " faces"]
    inside: Bool[np.ndarray, "rows columns"]
    time_s: Float[np.ndarray, " snapshots"]
    surface_degC: Float[np.ndarray, "snapshots rows columns"]
    field_degC: Float[np.ndarray, "snapshots cells rows columns"]
    ice: Float[np.ndarray, "snapshots cells rows columns"] | None
    lowest_surface_degC: Float[np.ndarray, "rows columns"]
    lowest_basal_degC: Float[np.ndarray, "rows columns"]
    thresholds_degC: tuple[float, ...]
    dwell_below_s: Float[np.ndarray, "thresholds rows columns"]
    passes: Float[np.ndarray, "rows columns"]
    deepest_ice_mm: Float[np.ndarray, "rows columns"]
    ice_probability: Float[np.ndarray, "rows columns"] | None
    path_mm: Float[np.ndarray, "corners 2"]
    path_time_s: Float[np.ndarray, " corners"]
    floor_degC: float | None


@dataclass(frozen=True)
class PatchSimulation:
    """What was computed, in words and numbers and as maps."""

    report: PatchSimulationReport
    history: PatchHistory
