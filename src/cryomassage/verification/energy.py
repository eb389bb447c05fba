"""Energy balance: what leaves through the surface is what the skin loses, blood and metabolism included."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from cryomassage.engine.column import SKIN_GRID, Layers, layered_column
from cryomassage.engine.solver import Exposure, Probes, advance, start, steady_state
from cryomassage.verification.result import CaseResult, Row, judge

TOLERANCE_PERCENT = 0.1

# Stratum corneum, epidermis, dermis, fat and muscle of a cheek.
_SKIN = Layers(
    thickness=np.array([[0.015e-3], [0.08e-3], [1.5e-3], [5e-3], [13e-3]]),
    thermal_conductivity=np.array([[0.20], [0.21], [0.37], [0.21], [0.49]]),
    volumetric_heat_capacity=np.array([[4.9e6], [4.1e6], [3.76e6], [2.14e6], [3.73e6]]),
    perfusion_conductance=np.array([[0.0], [0.0], [7500.0], [1900.0], [2500.0]]),
    metabolic_heat_production=np.array([[0.0], [0.0], [1800.0], [460.0], [990.0]]),
)
_ROOM = (8.0, 23.0)
_ICE = (400.0, 0.0)
_PULSES, _PULSE_STEPS, _COLD_S, _PAUSE_S = 20, 40, 1.0, 3.0
_ARTERIAL_DEGC, _DEEP_DEGC, _DEEP_CONDUCTANCE = 37.0, 36.5, 20.0


def _train_of_pulses() -> Exposure:
    """Cold touches and pauses by turns, each with steps of its own length."""
    touch_and_pause = np.tile([_COLD_S, _PAUSE_S], _PULSES) / _PULSE_STEPS
    shape = (2 * _PULSES, _PULSE_STEPS, 1, 1)

    def by_turns(cold: float, pause: float) -> jnp.ndarray:
        return jnp.broadcast_to(jnp.tile(jnp.array([cold, pause]), _PULSES)[:, None, None, None], shape)

    return Exposure(
        jnp.asarray(touch_and_pause, jnp.float32)[:, None],
        by_turns(_ICE[0], _ROOM[0]),
        by_turns(_ICE[1], _ROOM[1]),
        jnp.zeros(shape),
    )


def energy_balance() -> CaseResult:
    """Cool perfused layered skin with a train of cold pulses and close its account of heat.

    The heat of blood and metabolism is integrated here by the trapezoidal rule from the recorded
    temperatures, not taken from the solver. The error is in percent of the heat drawn through the surface.
    """
    cells, growth = SKIN_GRID[5]
    arterial, conductance, deep = (np.array([value]) for value in (_ARTERIAL_DEGC, _DEEP_CONDUCTANCE, _DEEP_DEGC))
    column = layered_column(_SKIN, cells, growth, arterial, conductance, deep)
    exposure = _train_of_pulses()
    begin = steady_state(column, *(jnp.array([value]) for value in (*_ROOM, 0.0)))
    nowhere = Probes(jnp.zeros((1, 1), jnp.int32), jnp.zeros((1, 1)))
    _, trace = advance(column, start(column, begin), exposure, nowhere, record_field=True)

    width, heat_capacity, perfusion, metabolic = (
        np.asarray(values, dtype=np.float64)[:, 0]
        for values in (
            column.cell_width,
            column.volumetric_heat_capacity,
            column.perfusion_conductance,
            column.metabolic_heat_production,
        )
    )
    steps_s = np.repeat(np.asarray(exposure.time_step_s, dtype=np.float64)[:, 0], _PULSE_STEPS)
    first = np.asarray(begin, dtype=np.float64)[:, 0]
    field = np.vstack([first, np.asarray(trace.field_degC, dtype=np.float64).reshape(-1, len(width))])
    stored = float(heat_capacity * width @ (field[-1] - first))
    from_inside = (perfusion * (_ARTERIAL_DEGC - field) + metabolic) @ width
    supplied = float(np.sum(steps_s * 0.5 * (from_inside[1:] + from_inside[:-1])))
    surface = float(np.sum(np.asarray(trace.heat_absorbed, dtype=np.float64)))
    below = float(np.sum(np.asarray(trace.heat_from_below, dtype=np.float64)))

    expected = stored - supplied - below
    error = 100.0 * abs(surface - expected) / abs(expected)
    where = f"{_PULSES} pulses, {_PULSES * (_COLD_S + _PAUSE_S):g} s"
    return judge(
        "G13",
        "Account of heat of perfused skin under cold pulses",
        "heat through the surface",
        "J/m^2",
        [Row(where, expected, surface, error)],
        TOLERANCE_PERCENT,
        "%",
    )
