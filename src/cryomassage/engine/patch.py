"""A patch of layered skin and the cold that moves over it: what the patch solvers work on. SI units, °C.

Coordinates: x along the columns of the grid, y along its rows, both from the corner of the patch at (0, 0); depth
from the surface down. The centre of the cell in row j and column i lies at ((i + 1/2) spacing, (j + 1/2) spacing).
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int


class FreezingLaw(NamedTuple):
    """How tissue freezes, piecewise linear in its enthalpy temperature.

    The enthalpy temperature is what the temperature would be if no water froze: enthalpy divided by the unfrozen
    heat capacity. It is conserved by the solver, and equals the temperature until freezing begins. Below,

        temperature  = enthalpy temperature + sum over knots of temperature_gain * max(0, knot - enthalpy temperature)
        conductivity = unfrozen * (1 + sum of conductivity_gain * max(0, knot - enthalpy temperature))
        ice          = sum of ice_gain * max(0, knot - enthalpy temperature), share of the water that can freeze

    Attributes:
        knot_degC: enthalpy temperatures at which the slopes change; the first is where freezing begins.
        temperature_gain: change of dT/d(enthalpy temperature) at each knot.
        conductivity_gain: 1/K.
        ice_gain: 1/K.
    """

    knot_degC: Float[np.ndarray, "knots cells"]
    temperature_gain: Float[np.ndarray, "knots cells"]
    conductivity_gain: Float[np.ndarray, "knots cells"]
    ice_gain: Float[np.ndarray, "knots cells"]


class Patch(NamedTuple):
    """Layered skin under a rectangle of surface; its layers are the same everywhere.

    Attributes:
        cell_width: m, from the surface down.
        thermal_conductivity: W/(m K), unfrozen.
        volumetric_heat_capacity: J/(m^3 K), unfrozen.
        perfusion_conductance: W/(m^3 K), blood perfusion rate times density and heat capacity of blood.
        metabolic_heat_production: W/m^3.
        arterial_temperature_degC: of the blood.
        deep_conductance: W/(m^2 K) from the lowest face to the deep temperature; 0 insulates.
        deep_temperature_degC: below the lowest face.
        rows: cells along y.
        columns: cells along x.
        spacing: m, of the surface grid in both directions. The sides are insulated.
        freezing: how each cell freezes, or None where ice is not looked at.
    """

    cell_width: Float[np.ndarray, " cells"]
    thermal_conductivity: Float[np.ndarray, " cells"]
    volumetric_heat_capacity: Float[np.ndarray, " cells"]
    perfusion_conductance: Float[np.ndarray, " cells"]
    metabolic_heat_production: Float[np.ndarray, " cells"]
    arterial_temperature_degC: float
    deep_conductance: float
    deep_temperature_degC: float
    rows: int
    columns: int
    spacing: float
    freezing: FreezingLaw | None = None

    @property
    def centre_depth(self) -> Float[np.ndarray, " cells"]:
        """Depth of the cell centres, m."""
        return np.asarray(np.cumsum(self.cell_width) - 0.5 * self.cell_width)


class Footprint(IntEnum):
    """How a cold source acts around its centre, at the distance r.

    GAUSSIAN: coefficient * exp(-(r/along)^2); `along` is the 1/e radius and `across` is not used.
    RING: coefficient * (r/along)^2 * exp(1 - (r/along)^2), which is strongest at r = along.
    ELLIPSE: coefficient within the ellipse with the half axes `along` the motion and `across` it.
    """

    GAUSSIAN = 0
    RING = 1
    ELLIPSE = 2


class Strokes(NamedTuple):
    """Straight pieces of the path of one or more cold sources, each at constant speed and strength.

    Where a source acts, its exchange is added to that of the room (a jet), or takes its place (a touch).

    Attributes:
        start_s: when each piece begins.
        end_s: when it ends, later than it began.
        start_x, start_y, end_x, end_y: m. A piece that ends where it began is a hold.
        coefficient: W/(m^2 K), at the centre of a Gaussian, the crest of a ring, anywhere in an ellipse.
        sink_temperature_degC: of what the source exchanges heat with: adiabatic wall temperature of a jet.
        footprint: a `Footprint`.
        along, across: m, see `Footprint`. Of a hold, `along` points along x.
        touches: the source keeps the room's air away.
    """

    start_s: Float[np.ndarray, " pieces"]
    end_s: Float[np.ndarray, " pieces"]
    start_x: Float[np.ndarray, " pieces"]
    start_y: Float[np.ndarray, " pieces"]
    end_x: Float[np.ndarray, " pieces"]
    end_y: Float[np.ndarray, " pieces"]
    coefficient: Float[np.ndarray, " pieces"]
    sink_temperature_degC: Float[np.ndarray, " pieces"]
    footprint: Int[np.ndarray, " pieces"]
    along: Float[np.ndarray, " pieces"]
    across: Float[np.ndarray, " pieces"]
    touches: Bool[np.ndarray, " pieces"]


class Surroundings(NamedTuple):
    """What the skin exchanges heat with where no source acts."""

    heat_transfer_coefficient: float  # W/(m^2 K)
    temperature_degC: float


class Vessels(NamedTuple):
    """How the blood flow of each column answers the cold. The factor 1 is the flow at rest.

    The local part of `engine.vasomotion`, with the same law: the flow follows the temperature T at `depth` towards
    (least + (1 - least) exp(-sensitivity (reference - T))) / rest flow. It closes with one time constant, and opens
    with one that grows from short to long, geometrically, with the memory of the time spent narrow.
    """

    depth: float  # m, where the cold is felt
    reference_degC: float
    sensitivity: float  # 1/K
    least: float  # share of the flow at the reference temperature
    rest_flow: float  # the same at rest
    constriction_time: float  # s
    release_time_short: float  # s, after a touch
    release_time_long: float  # s, after cooling that lasted long beside `memory_time`
    memory_time: float  # s


class PatchStart(NamedTuple):
    """A run that is taken up where another ended.

    Where the first run had no freezing law and the second has one, tissue below its freezing point was supercooled
    and begins to freeze: its enthalpy temperature was its temperature, so that no heat is made or lost.
    """

    enthalpy_degC: Float[np.ndarray, "cells rows columns"]  # enthalpy temperature
    flow: Float[np.ndarray, "rows columns"]  # blood flow, as a share of that at rest
    memory: Float[np.ndarray, "rows columns"]  # 0 to 1, how long vessels have been narrow beside the memory time
    time_s: float  # on the clock of strokes and snapshots


class PatchResult(NamedTuple):
    """What a patch went through.

    Attributes:
        time_s: of the snapshots; the first is the start.
        surface_degC: surface temperature at the snapshots.
        basal_degC: temperature at the depth `basal_depth` that was asked for, at the snapshots.
        field_degC: all cells at the snapshots, or None if not asked for.
        ice: share of freezable water that is frozen in every cell at the snapshots, or None without freezing or field.
        end_degC: all cells at the end.
        end_enthalpy_degC: enthalpy temperature at the end, from which a run may go on.
        flow: blood flow of each column at the end, as a share of that at rest.
        memory: how long its vessels have been narrow, 0 to 1.
        lowest_surface_degC: lowest surface temperature that each place saw.
        lowest_basal_degC: lowest temperature at the basal depth.
        dwell_below_s: time that the surface of each place spent below each of the thresholds.
        basal_below_s: the same at the basal depth.
        deepest_ice: m, largest depth in each column at which half of the freezable water was ice; 0 where none.
        heat_absorbed: J that entered through the surface (negative when cooled).
        heat_from_below: J that entered through the lowest face.
        heat_from_blood: J brought by blood and metabolism.
        heat_stored: J, change of the enthalpy of the patch.
        steps: time steps taken.
    """

    time_s: Float[np.ndarray, " snapshots"]
    surface_degC: Float[np.ndarray, "snapshots rows columns"]
    basal_degC: Float[np.ndarray, "snapshots rows columns"]
    field_degC: Float[np.ndarray, "snapshots cells rows columns"] | None
    ice: Float[np.ndarray, "snapshots cells rows columns"] | None
    end_degC: Float[np.ndarray, "cells rows columns"]
    end_enthalpy_degC: Float[np.ndarray, "cells rows columns"]
    flow: Float[np.ndarray, "rows columns"]
    memory: Float[np.ndarray, "rows columns"]
    lowest_surface_degC: Float[np.ndarray, "rows columns"]
    lowest_basal_degC: Float[np.ndarray, "rows columns"]
    dwell_below_s: Float[np.ndarray, "thresholds rows columns"]
    basal_below_s: Float[np.ndarray, "thresholds rows columns"]
    deepest_ice: Float[np.ndarray, "rows columns"]
    heat_absorbed: float
    heat_from_below: float
    heat_from_blood: float
    heat_stored: float
    steps: int
