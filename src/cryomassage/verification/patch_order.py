"""Observed order of convergence of the patch under a bell that moves smoothly on to it and over it.

In space the medium is uniform and the bell a given flux, for which the temperature of every place and time is an
integral (`exact.moving_gaussian`). In time the skin is layered and perfused and exchanges heat with a jet; runs with
ever finer steps share one grid, whose error drops out of the differences between them. The kernel works in float32:
grids and steps are so coarse that rounding is nothing beside their errors. Ice is left out, since it is not smooth.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from cryomassage.engine.column import graded_fractions
from cryomassage.engine.patch import Patch, PatchResult, Surroundings
from cryomassage.engine.patch_schedule import PatchNumerics
from cryomassage.engine.patch_solver import advance_patch
from cryomassage.verification import exact
from cryomassage.verification.cases import SKIN
from cryomassage.verification.order import TOLERANCE, observed
from cryomassage.verification.patches import NOTHING, flux_jet, homogeneous_patch, jet
from cryomassage.verification.result import CaseResult, judge

_RADIUS, _SPEED, _SPACING = 6e-3, 10e-3, 2e-3
_ROWS, _COLUMNS = 12, 16
_EDGE = 3  # of the coarsest cells at each side, which feel that the sides are insulated and the half-space is not
_DEPTH, _CELLS, _GROWTH = 7e-3, 12, 1.25
_MIDDLE = 0.5 * _ROWS * _SPACING
_BEGIN = -3.5 * _RADIUS  # so far outside that the bell is not felt
_END = 0.7 * _COLUMNS * _SPACING
_DURATION_S = (_END - _BEGIN) / _SPEED
_FINER = (1, 2, 4)


def _root_mean_square(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=float))))


def _errors_of_space(finer: int) -> dict[str, float]:
    """Errors at the end of a stroke, with cells so many times finer in all directions and steps that hardly err."""
    widths = _DEPTH * graded_fractions(finer * _CELLS, float(_GROWTH ** (1.0 / finer)))
    rows, columns, spacing, peak_flux = finer * _ROWS, finer * _COLUMNS, _SPACING / finer, -30e3
    patch = homogeneous_patch(SKIN, widths, rows, columns, spacing)
    result = advance_patch(
        patch,
        np.zeros(len(widths)),
        flux_jet(_DURATION_S, (_BEGIN, _MIDDLE), (_END, _MIDDLE), peak_flux, _RADIUS),
        NOTHING,
        np.array([_DURATION_S]),
        1e-3,
        numerics=PatchNumerics(0.02, 0.02),
        keep_field=False,
    )
    ahead = (np.arange(columns) + 0.5) * spacing - _END
    beside = (np.arange(rows) + 0.5) * spacing - _MIDDLE
    line, inner = rows // 2, slice(_EDGE * finer, -_EDGE * finer)
    move = SKIN, np.pi * _RADIUS**2 * peak_flux, _RADIUS, _SPEED
    surface = exact.moving_gaussian(*move, ahead, beside[:, None], 0.0, time=_DURATION_S)
    section = exact.moving_gaussian(*move, ahead, beside[line], patch.centre_depth[:, None], time=_DURATION_S)
    return {
        "skin": _root_mean_square((result.end_degC[:, line] - section)[:, inner]),
        "surface": _root_mean_square((result.surface_degC[-1] - surface)[inner, inner]),
    }


def _stroke_in_time(finer: int) -> PatchResult:
    """Layered perfused skin under a jet, with steps so many times finer."""
    layer = np.array([0, 1, 1, 1, 1, 2, 2, 2])
    widths = np.array([0.1, 0.2, 0.3, 0.4, 0.6, 1.0, 1.5, 2.5]) * 1e-3
    blood_degC, rest_degC = 37.0, 33.0
    patch = Patch(
        cell_width=widths,
        thermal_conductivity=np.array([0.21, 0.37, 0.21])[layer],
        volumetric_heat_capacity=np.array([4.1e6, 3.76e6, 2.14e6])[layer],
        perfusion_conductance=np.array([0.0, 7500.0, 1900.0])[layer],
        metabolic_heat_production=np.array([0.0, 1800.0, 460.0])[layer],
        arterial_temperature_degC=blood_degC,
        deep_conductance=30.0,
        deep_temperature_degC=blood_degC,
        rows=_ROWS,
        columns=_COLUMNS,
        spacing=_SPACING,
    )
    step = 0.2 / finer
    return advance_patch(
        patch,
        np.full(len(widths), rest_degC),
        jet(0.0, _DURATION_S, (_BEGIN, _MIDDLE), (_END, _MIDDLE), 500.0, -100.0, _RADIUS),
        Surroundings(0.0, rest_degC),
        np.array([_DURATION_S]),
        1e-3,
        numerics=PatchNumerics(step, step),
        keep_field=False,
    )


def _errors_of_time() -> Iterator[dict[str, float]]:
    """Differences between runs, each of which has steps half as long as the one before."""
    for coarse, fine in pairwise(_stroke_in_time(finer) for finer in (*_FINER, 2 * _FINER[-1])):
        yield {
            "skin": _root_mean_square(coarse.end_degC - fine.end_degC),
            "surface": _root_mean_square(coarse.surface_degC[-1] - fine.surface_degC[-1]),
        }


def patch_orders() -> Iterator[CaseResult]:
    """Observed orders in time and in space, depth and surface together."""
    for case_id, title, what, errors in (
        ("order-patch-time", "Finer steps under a moving bell, patch", "steps", list(_errors_of_time())),
        (
            "order-patch-space",
            "Finer cells under a moving bell, patch",
            "cells",
            [_errors_of_space(finer) for finer in _FINER],
        ),
    ):
        rows = observed(what, errors)
        yield judge(case_id, title, "observed order of convergence", "1", rows, TOLERANCE)
