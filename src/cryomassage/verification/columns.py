"""Runs the planning kernel on many verification columns at once.

Every column brings its own medium, exposure and times of reading, but all share the number of cells, steps
and readings: one compilation serves all closed-form cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from cryomassage.engine.column import Column, Layers, layered_column
from cryomassage.engine.solver import (
    Exposure,
    advance,
    locate_probes,
    start,
    steady_state,
)

CELLS = 160
READINGS = 4
PROBES = 5

_STEPS = 50
# Shares of the time to the first reading: short steps follow the jump of the exposure at the start.
_AFTER_JUMP = np.array([1, 1, 2, 4, 8, 16]) / 32
_LATER = np.full(len(_AFTER_JUMP), 1 / len(_AFTER_JUMP))


@dataclass(frozen=True)
class Setup:
    """One column, what its surface meets from time zero on, and where and when it is read. SI units.

    Attributes:
        layers: of the one column, from the surface down.
        cells: cells per layer, `CELLS` together.
        growth: ratio of neighbouring cell widths within each layer.
        times: `READINGS` rising times, s.
        depths: `PROBES` depths, m.
        initial_degC: one temperature per layer, or None to begin at the steady state of the exposure.
        heat_transfer_coefficient: W/(m^2 K).
        sink_temperature_degC: of what the surface exchanges heat with.
        heat_flux: W/m^2 into the surface.
        arterial_temperature_degC: of the blood.
        deep_conductance: W/(m^2 K) below the last layer.
        deep_temperature_degC: below the last layer.
    """

    layers: Layers
    cells: tuple[int, ...]
    growth: tuple[float, ...]
    times: tuple[float, ...]
    depths: tuple[float, ...]
    initial_degC: tuple[float, ...] | None
    heat_transfer_coefficient: float = 0.0
    sink_temperature_degC: float = 0.0
    heat_flux: float = 0.0
    arterial_temperature_degC: float = 37.0
    deep_conductance: float = 0.0
    deep_temperature_degC: float = 37.0

    def __post_init__(self) -> None:
        if (sum(self.cells), len(self.times), len(self.depths)) != (CELLS, READINGS, PROBES):
            raise ValueError(f"a setup has {CELLS} cells, {READINGS} times and {PROBES} depths")

    def column(self) -> Column:
        """The column cut into cells, in the float32 that planning uses."""
        return layered_column(
            self.layers,
            self.cells,
            self.growth,
            np.array([self.arterial_temperature_degC]),
            np.array([self.deep_conductance]),
            np.array([self.deep_temperature_degC]),
        )


class Reading(NamedTuple):
    """What the kernel says of one column at its times of reading."""

    surface_degC: Float[np.ndarray, " readings"]
    surface_flux: Float[np.ndarray, " readings"]
    probe_degC: Float[np.ndarray, "readings probes"]


def _time_steps(times: tuple[float, ...]) -> Float[np.ndarray, " groups"]:
    spans = np.diff(times, prepend=0.0)
    shares = [_AFTER_JUMP] + [_LATER] * (len(times) - 1)
    return np.concatenate([span * share / _STEPS for span, share in zip(spans, shares, strict=True)])


def read(setups: Sequence[Setup]) -> list[Reading]:
    """Step all columns through their exposures and read them, in the order given."""
    parts = [setup.column() for setup in setups]
    column = Column(*(jnp.concatenate(values, axis=-1) for values in zip(*parts, strict=True)))

    def gather(values: list[float]) -> jax.Array:
        return jnp.asarray(values, jnp.float32)

    surface = (
        gather([setup.heat_transfer_coefficient for setup in setups]),
        gather([setup.sink_temperature_degC for setup in setups]),
        gather([setup.heat_flux for setup in setups]),
    )
    time_steps = np.stack([_time_steps(setup.times) for setup in setups], axis=-1)
    shape = (len(time_steps), _STEPS, 1, len(setups))
    exposure = Exposure(jnp.asarray(time_steps, jnp.float32), *(jnp.broadcast_to(part, shape) for part in surface))
    settled = steady_state(column, *surface)
    given = [
        settled[:, index]
        if setup.initial_degC is None
        else jnp.asarray(np.repeat(setup.initial_degC, setup.cells), jnp.float32)
        for index, setup in enumerate(setups)
    ]
    probes = locate_probes(column, jnp.asarray(np.array([setup.depths for setup in setups]).T, jnp.float32))
    _, trace = advance(column, start(column, jnp.stack(given, axis=-1)), exposure, probes)
    last = slice(len(_AFTER_JUMP) - 1, None, len(_AFTER_JUMP))
    surface_degC, flux, probe_degC = (
        np.asarray(values[last, -1], dtype=np.float64)
        for values in (trace.surface_degC, trace.surface_flux, trace.probe_degC)
    )
    return [Reading(surface_degC[:, index], flux[:, index], probe_degC[:, :, index]) for index in range(len(setups))]
