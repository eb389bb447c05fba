"""The problems solved by this package."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmarks import problems
from cryomassage.engine.freezing import IceProperties, freezing_law, mushy_law
from cryomassage.engine.patch import Footprint, FreezingLaw, Patch, PatchResult, Strokes, Surroundings, Vessels
from cryomassage.engine.patch_solver import PatchJob, PatchNumerics, advance_patch, prepare_patch

Array = np.ndarray
_NEVER_MIND_DEPTH = 0.1e-3
_HELD = 1e9  # W/(m^2 K): a conductance that holds the lowest face at the deep temperature
_WIDE = 1e3  # m, across an applicator that a slab sees as endless


class Outcome(NamedTuple):
    """What a solver tells at the snapshots."""

    surface_degC: Array  # (snapshots, ...)
    field_degC: Array  # (snapshots, cells, ...)
    steps: int


def _glide_strokes(glide: problems.Glide, end_s: float, y: float, across: float) -> Strokes:
    legs = glide.legs(end_s)
    one = np.ones(len(legs))
    return Strokes(
        start_s=legs[:, 0],
        end_s=legs[:, 1],
        start_x=legs[:, 2],
        start_y=y * one,
        end_x=legs[:, 3],
        end_y=y * one,
        coefficient=glide.coefficient * one,
        sink_temperature_degC=glide.temperature_degC * one,
        footprint=np.full(len(legs), int(Footprint.ELLIPSE)),
        along=glide.radius * one,
        across=across * one,
        touches=np.ones(len(legs), bool),
    )


_ROOM = Surroundings(problems.ROOM_W_PER_M2_K, problems.ROOM_degC)


class SlabRun(NamedTuple):
    """CB-1 made ready, so that only the solving is timed."""

    patch: Patch
    start_degC: Array
    strokes: Strokes

    def ready(self, step_s: float, snapshot_s: Array, *, keep_field: bool) -> PatchJob:
        return prepare_patch(
            self.patch,
            self.start_degC,
            self.strokes,
            _ROOM,
            snapshot_s,
            _NEVER_MIND_DEPTH,
            numerics=PatchNumerics(step_s, step_s),
            keep_field=keep_field,
        )

    def solve(self, step_s: float, snapshot_s: Array, *, keep_field: bool) -> PatchResult:
        return self.ready(step_s, snapshot_s, keep_field=keep_field).march()


def cb1(slab: problems.Slab, end_s: float) -> SlabRun:
    """CB-1 as a patch of one row."""
    patch = Patch(
        slab.cell_width,
        slab.conductivity,
        slab.heat_capacity,
        slab.perfusion,
        np.zeros_like(slab.perfusion),
        problems.BLOOD_degC,
        _HELD,
        slab.bottom_degC,
        1,
        slab.columns,
        slab.spacing,
    )
    strokes = _glide_strokes(slab.glide, end_s, 0.5 * slab.spacing, _WIDE)
    return SlabRun(patch, slab.start_degC, strokes)


class BlockRun(NamedTuple):
    """CB-3 made ready."""

    patch: Patch
    start_degC: Array
    strokes: Strokes

    def solve(self, step_s: float, end_s: float) -> PatchResult:
        return advance_patch(
            self.patch,
            self.start_degC,
            self.strokes,
            _ROOM,
            np.array([end_s]),
            _NEVER_MIND_DEPTH,
            numerics=PatchNumerics(step_s, step_s),
            keep_field=False,
        )


def cb3(block: problems.Block, end_s: float) -> BlockRun:
    """CB-3 as a patch."""
    law = mushy_law(
        block.heat_capacity,
        block.conductivity,
        block.latent_heat,
        block.frozen_heat_capacity,
        block.frozen_conductivity,
        problems.FREEZING_BEGINS_degC,
        problems.FREEZING_ENDS_degC,
    )
    patch = Patch(
        block.cell_width,
        block.conductivity,
        block.heat_capacity,
        block.perfusion,
        np.zeros_like(block.perfusion),
        problems.BLOOD_degC,
        _HELD,
        block.bottom_degC,
        block.rows,
        block.columns,
        block.spacing,
        law,
    )
    return BlockRun(patch, block.start_degC, _glide_strokes(block.glide, end_s, block.centre_y, block.glide.radius))


def frozen_mm3(block: problems.Block, end_degC: Array) -> float:
    """Volume below the temperature at which freezing begins."""
    return float(np.count_nonzero(end_degC < problems.FREEZING_BEGINS_degC)) * block.cell_mm3


# Points from tables of ice; the reference session has to conduct and to store about as well as frozen skin does.
_ICE = IceProperties(
    temperature_degC=np.array([-190.0, -100.0, -50.0, 0.0]),
    specific_heat_capacity=np.array([880.0, 1390.0, 1730.0, 2050.0]),
    thermal_conductivity=np.array([6.0, 3.5, 2.8, 2.22]),
    density=917.0,
    heat_of_fusion=334e3,
    water_heat_capacity=4180.0,
    water_conductivity=0.56,
)
_VESSELS = Vessels(
    depth=0.5e-3,
    reference_degC=33.5,
    sensitivity=0.1,
    least=0.2,
    rest_flow=1.0,
    constriction_time=100.0,
    release_time_short=90.0,
    release_time_long=14400.0,
    memory_time=900.0,
)
_THRESHOLDS_degC = (10.0, 5.0)


class SessionRun(NamedTuple):
    """The reference session made ready."""

    session: problems.Session
    patch: Patch
    start_degC: Array
    strokes: Strokes

    def solve(self, numerics: PatchNumerics, *, keep_field: bool = False) -> PatchResult:
        return advance_patch(
            self.patch,
            self.start_degC,
            self.strokes,
            Surroundings(problems.SESSION_ROOM_W_PER_M2_K, problems.SESSION_ROOM_degC),
            self.session.snapshot_s,
            problems.SESSION_BASAL_DEPTH,
            _THRESHOLDS_degC,
            _VESSELS,
            numerics,
            keep_field=keep_field,
        )


def session(given: problems.Session, *, freezing: bool) -> SessionRun:
    """The reference session as a patch, with blood flow that answers the cold."""
    layer = given.layer
    capacity, conductivity = problems.SESSION_CAPACITY[layer], problems.SESSION_CONDUCTIVITY[layer]
    law: FreezingLaw | None = None
    if freezing:
        latent = problems.SESSION_LATENT_HEAT[layer]
        law = freezing_law(capacity, conductivity, latent, problems.SESSION_FREEZING_degC, _ICE)
    side = round(given.side / given.spacing)
    blood = problems.SESSION_BLOOD_degC
    patch = Patch(
        given.cell_width,
        conductivity,
        capacity,
        problems.SESSION_PERFUSION[layer],
        problems.SESSION_METABOLISM[layer],
        blood,
        _HELD,
        blood,
        side,
        side,
        given.spacing,
        law,
    )
    depth = patch.centre_depth
    start = problems.SESSION_SKIN_degC + (blood - problems.SESSION_SKIN_degC) * np.minimum(depth / depth[-1], 1.0)
    path = given.path
    one = np.ones(len(path))
    strokes = Strokes(
        *path.T,
        coefficient=given.coefficient * one,
        sink_temperature_degC=given.sink_degC * one,
        footprint=np.full(len(path), int(Footprint.GAUSSIAN)),
        along=given.radius * one,
        across=given.radius * one,
        touches=np.zeros(len(path), bool),
    )
    return SessionRun(given, patch, start, strokes)
