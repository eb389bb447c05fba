"""Observed order of convergence of the kernel on a manufactured smooth solution.

The solution lives in layered, perfused skin on a graded grid. With r the thermal resistance from the surface
down to a depth, it is

    T = mean + g(t) cos(p r - s),

whose heat flux is continuous at every interface. The phase s makes it meet the deep temperature through the
deep conductance. Volumetric heat supplies what the equation then lacks, and at the surface a coefficient, a
sink temperature and a given flux vary in time together (method of manufactured solutions: Roache 2002,
J Fluids Eng 124:4). Arithmetic is float64, so that rounding hides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from cryomassage.engine.column import Column, Layers, layered_column
from cryomassage.engine.solver import GAMMA, Exposure, advance, locate_probes, start
from cryomassage.verification.result import CaseResult, Row, judge

EXPECTED_ORDER = 2.0
TOLERANCE = 0.1

_THICKNESS = np.array([0.1e-3, 1.5e-3, 5e-3])
_CONDUCTIVITY = np.array([0.21, 0.37, 0.21])
_LAYERS = Layers(
    *(
        np.tile(np.array(values)[:, None], (1, 2))
        for values in (
            _THICKNESS,
            _CONDUCTIVITY,
            [4.1e6, 3.76e6, 2.14e6],
            [0.0, 7500.0, 1900.0],
            [0.0, 1800.0, 460.0],
        )
    )
)
_CELLS, _GROWTH, _STEPS = (6, 12, 16), (1.0, 1.1, 1.1), 16
_DURATION_S = 20.0
_MEAN_DEGC, _AMPLITUDE_K, _ARTERIAL_DEGC, _DEEP_CONDUCTANCE = 25.0, 10.0, 37.0, 30.0
# The rate of g, rad/s, in two columns: in the slow one the error of time is nothing beside that of space.
_RATE = np.array([0.005, 0.3])
_SLOW, _FAST = 0, 1

_RESISTANCE = float(np.sum(_THICKNESS / _CONDUCTIVITY))
_WAVENUMBER = 2.0 / _RESISTANCE
_PHASE = _WAVENUMBER * _RESISTANCE - np.arctan(_DEEP_CONDUCTANCE / _WAVENUMBER)


class _Solution(NamedTuple):
    """What the kernel computed, and the manufactured truth, at the ends of the steps of the coarsest run."""

    width: Float[np.ndarray, "cells columns"]
    computed_degC: Float[np.ndarray, "steps cells columns"]
    exact_degC: Float[np.ndarray, "steps cells columns"]
    computed_surface_degC: Float[np.ndarray, "steps columns"]
    exact_surface_degC: Float[np.ndarray, "steps columns"]

    def errors_K(self, column: int) -> dict[str, float]:
        """Roots of the mean squared errors, of the skin over depth and time and of its surface over time."""
        skin = ((self.computed_degC - self.exact_degC) ** 2)[:, :, column].mean(axis=0)
        surface = ((self.computed_surface_degC - self.exact_surface_degC) ** 2)[:, column].mean()
        over_depth = np.average(skin, weights=self.width[:, column])
        return {"skin": float(over_depth**0.5), "surface": float(surface**0.5)}


def _temperature_degC(resistance: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    wave = np.cos(_WAVENUMBER * resistance - _PHASE)
    return np.asarray(_MEAN_DEGC + _AMPLITUDE_K * np.cos(_RATE * time_s) * wave)


def _volumetric_heat(column: Column, resistance: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """What the equation needs to hold at cell centres, W/m^3."""
    conductivity, capacity, perfusion, metabolic = (
        np.asarray(values)
        for values in (
            column.thermal_conductivity,
            column.volumetric_heat_capacity,
            column.perfusion_conductance,
            column.metabolic_heat_production,
        )
    )
    wave = _AMPLITUDE_K * np.cos(_WAVENUMBER * resistance - _PHASE)
    storage = -capacity * _RATE * np.sin(_RATE * time_s) * wave
    conduction = -(_WAVENUMBER**2) / conductivity * np.cos(_RATE * time_s) * wave
    blood = perfusion * (_ARTERIAL_DEGC - _temperature_degC(resistance, time_s))
    return np.asarray(storage - conduction - blood - metabolic)


def _exposure(column: Column, resistance: np.ndarray, steps: int) -> Exposure:
    """The exposure that drives the manufactured solution, at the two stage times of every step."""
    time_step = _DURATION_S / steps
    stage_times = time_step * (np.arange(steps)[:, None] + np.array([GAMMA, 1.0]))
    time_s = stage_times[None, :, :, None]
    surface_degC = _temperature_degC(np.zeros(()), time_s)
    drawn = _WAVENUMBER * np.sin(_PHASE) * _AMPLITUDE_K * np.cos(_RATE * time_s)
    coefficient = 300.0 + 100.0 * np.sin(_RATE * time_s)
    given = -50.0 * np.cos(2.0 * _RATE * time_s)
    sink_degC = surface_degC - (drawn + given) / coefficient
    heat = _volumetric_heat(column, resistance, time_s[..., None, :])
    return Exposure(
        jnp.full((1, len(_RATE)), time_step),
        jnp.asarray(coefficient),
        jnp.asarray(sink_degC),
        jnp.asarray(given),
        jnp.asarray(heat),
    )


@cache
def _solve(finer_space: int, finer_time: int) -> _Solution:
    """Run the kernel with cells and steps so many times finer."""
    with jax.enable_x64(True):
        columns = np.ones(len(_RATE))
        column = layered_column(
            _LAYERS,
            tuple(finer_space * count for count in _CELLS),
            tuple(float(ratio ** (1.0 / finer_space)) for ratio in _GROWTH),
            _ARTERIAL_DEGC * columns,
            _DEEP_CONDUCTANCE * columns,
            _MEAN_DEGC * columns,
            np.float64,
        )
        across = np.asarray(column.cell_width / column.thermal_conductivity)
        resistance = np.cumsum(across, axis=0) - 0.5 * across
        exposure = _exposure(column, resistance, finer_time * _STEPS)
        begin = jnp.asarray(_temperature_degC(resistance, np.zeros(())))
        probes = locate_probes(column, jnp.zeros((1, len(_RATE))))
        _, trace = advance(column, start(column, begin), exposure, probes, record_field=True)
        common = slice(finer_time - 1, None, finer_time)
        skin, surface = (np.asarray(values)[0, common] for values in (trace.field_degC, trace.surface_degC))
        width = np.asarray(column.cell_width)
    time_s = _DURATION_S / _STEPS * np.arange(1, _STEPS + 1)
    true_skin = _temperature_degC(resistance, time_s[:, None, None])
    true_surface = _temperature_degC(np.zeros(()), time_s[:, None])
    return _Solution(width, skin, true_skin, surface, true_surface)


def observed(what: str, errors: list[dict[str, float]]) -> Iterator[Row]:
    """Orders from errors that belong to ever twice as fine a resolution; a higher order is no error."""
    for finer, (coarse, fine) in zip((2, 4), pairwise(errors), strict=False):
        for place, error in fine.items():
            order = float(np.log2(coarse[place] / error))
            where = f"{what} x {finer}, {place}"
            yield Row(where, EXPECTED_ORDER, order, max(EXPECTED_ORDER - order, 0.0))


def _changes_K(coarse: _Solution, fine: _Solution, column: int) -> dict[str, float]:
    """Errors of the coarse run if the fine one were the truth."""
    truth = coarse._replace(exact_degC=fine.computed_degC, exact_surface_degC=fine.computed_surface_degC)
    return truth.errors_K(column)


def orders_of_convergence() -> Iterator[CaseResult]:
    """Observed orders in time, in space and in both together.

    In time the runs share one grid, whose error drops out of the differences between runs.
    """
    in_time = [_solve(1, finer) for finer in (1, 2, 4)]
    time = [_changes_K(coarse, fine, _FAST) for coarse, fine in pairwise(in_time)]
    space = [_solve(finer, 4).errors_K(_SLOW) for finer in (1, 2, 4)]
    both = [_solve(finer, finer).errors_K(_FAST) for finer in (1, 2, 4)]
    for case_id, title, what, errors in (
        ("order-time", "Finer steps on a manufactured solution", "steps", time),
        ("order-space", "Finer cells on a manufactured solution", "cells", space),
        ("order-both", "Finer steps and cells on a manufactured solution", "steps and cells", both),
    ):
        rows = observed(what, errors)
        yield judge(case_id, title, "observed order of convergence", "1", rows, TOLERANCE)
