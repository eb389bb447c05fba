"""Ice that grows into the patch, against the solution of Neumann for a half-space that freezes at one temperature."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cryomassage.engine.freezing import mushy_law
from cryomassage.engine.patch import Surroundings
from cryomassage.engine.patch_schedule import PatchNumerics
from cryomassage.engine.patch_solver import advance_patch
from cryomassage.verification import exact
from cryomassage.verification.patches import (
    CHANGE_TOLERANCE_PERCENT,
    CLAMPED,
    depth_grid,
    homogeneous_patch,
    no_strokes,
    read_at,
)
from cryomassage.verification.result import CaseResult, Row, change_row, judge, relative_row

FRONT_TOLERANCE_PERCENT = 2.0
TISSUE = exact.Freezing(
    frozen=exact.Medium(1.76, 1000.0 * 1880.0),
    unfrozen=exact.Medium(0.5, 1000.0 * 3600.0),
    latent_heat=1000.0 * 2.5e5,
    freezing_degC=-0.6,
)
INITIAL_DEGC, SURFACE_DEGC = 33.0, -60.0
TIMES_S = np.array([1.0, 5.0, 10.0, 30.0, 60.0, 120.0])
DEPTHS = 1e-3 * np.array([0.5, 1.0, 2.0, 3.0, 5.0, 8.0])

# The patch cannot freeze at one temperature: so narrow a range stands for it.
_RANGE_K = 0.1
# A front lags by about half a cell: cells are a small share of its depth at every reading, and coarse far below.
_CELLS = np.concatenate([depth_grid(0.02e-3, 0.8e-3, 1.01, 9e-3), 0.1e-3 * 1.15 ** np.arange(1, 30)])
_STEP_S = 0.05


def _front(depth: np.ndarray, ice: np.ndarray) -> float:
    """Depth at which half of the water is ice."""
    return float(np.interp(-0.5, -ice, depth))


def freezing_front() -> Iterator[CaseResult]:
    """A half-space whose surface falls to -60 degC freezes: depth of the front, and temperatures beside it."""
    one = np.ones(len(_CELLS))
    frozen, unfrozen = TISSUE.frozen, TISSUE.unfrozen
    law = mushy_law(
        unfrozen.volumetric_heat_capacity * one,
        unfrozen.thermal_conductivity * one,
        TISSUE.latent_heat * one,
        frozen.volumetric_heat_capacity * one,
        frozen.thermal_conductivity * one,
        TISSUE.freezing_degC,
        TISSUE.freezing_degC - _RANGE_K,
    )
    patch = homogeneous_patch(unfrozen, _CELLS, freezing=law, blood_degC=INITIAL_DEGC)
    result = advance_patch(
        patch,
        INITIAL_DEGC * one,
        no_strokes(),
        Surroundings(CLAMPED, SURFACE_DEGC),
        TIMES_S,
        DEPTHS[0],
        numerics=PatchNumerics(_STEP_S, _STEP_S),
    )
    field, ice = (np.asarray(values)[1:, :, 0, 0] for values in (result.field_degC, result.ice))

    def fronts() -> Iterator[Row]:
        for at, time in enumerate(TIMES_S):
            expected = exact.freezing_front(TISSUE, time, INITIAL_DEGC, SURFACE_DEGC)
            computed = _front(patch.centre_depth, ice[at])
            yield relative_row(f"{time:g} s", 1e3 * float(expected), 1e3 * computed)

    def temperatures() -> Iterator[Row]:
        for time in (30.0, 120.0):
            at = int(np.flatnonzero(time == TIMES_S)[0])
            computed = read_at(patch, field[at], DEPTHS)
            expected = exact.freezing_half_space(TISSUE, DEPTHS, time, INITIAL_DEGC, SURFACE_DEGC)
            for depth, exactly, value in zip(DEPTHS, expected, computed, strict=True):
                where = f"{depth * 1e3:g} mm, {time:g} s"
                yield change_row(where, float(exactly), float(value), float(exactly) - INITIAL_DEGC)

    title = "Half-space that freezes, patch"
    yield judge("G7", title, "temperature", "degC", temperatures(), CHANGE_TOLERANCE_PERCENT, "%")
    yield judge("G7-front", title, "depth of the front", "mm", fronts(), FRONT_TOLERANCE_PERCENT, "%")
