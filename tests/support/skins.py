"""Layered skins for tests of the solvers: one cheek, and any that a living person may have."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from hypothesis import strategies as st

from cryomassage.engine.column import SKIN_GRID, Column, Layers, layered_column
from cryomassage.engine.solver import steady_state

CHEEK = Layers(
    np.array([[0.015e-3], [0.08e-3], [1.5e-3], [5e-3], [13e-3]]),
    np.array([[0.20], [0.21], [0.37], [0.21], [0.49]]),
    np.array([[4.9e6], [4.1e6], [3.76e6], [2.14e6], [3.73e6]]),
    np.array([[0.0], [0.0], [7500.0], [1900.0], [2500.0]]),
    np.array([[0.0], [0.0], [1800.0], [460.0], [990.0]]),
)
ROOM = (8.0, 23.0)


def logarithmic(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(float(np.log(low)), float(np.log(high))).map(lambda value: float(np.exp(value)))


@st.composite
def skins(draw: st.DrawFn) -> Layers:
    """Any skin of five layers, within the ranges of living people and a little beyond."""

    def rows(*ranges: tuple[float, float]) -> np.ndarray:
        return np.array([[draw(st.floats(low, high))] for low, high in ranges])

    thickness = [(0.01, 0.05), (0.03, 0.2), (0.5, 3.0), (1.0, 30.0), (5.0, 20.0)]
    return Layers(
        1e-3 * np.array([[draw(logarithmic(low, high))] for low, high in thickness]),
        rows((0.1, 0.3), (0.19, 0.3), (0.25, 0.5), (0.16, 0.25), (0.4, 0.6)),
        1e6 * rows((3.5, 5.0), (3.5, 4.5), (3.4, 4.0), (1.8, 2.3), (3.4, 3.9)),
        rows((0.0, 0.0), (0.0, 0.0), (1e3, 3e4), (5e2, 4e3), (1e3, 5e3)),
        rows((0.0, 0.0), (0.0, 0.0), (0.0, 2e3), (0.0, 6e2), (0.0, 1.2e3)),
    )


def without_sources(layers: Layers) -> Layers:
    nothing = np.zeros_like(layers.thickness)
    return layers._replace(perfusion_conductance=nothing, metabolic_heat_production=nothing)


def cut(layers: Layers, deep_conductance: float = 20.0, deep_degC: float = 36.5) -> Column:
    columns = np.ones(layers.thickness.shape[1])
    return layered_column(
        layers,
        *SKIN_GRID[len(layers.thickness)],
        37.0 * columns,
        deep_conductance * columns,
        deep_degC * columns,
    )


def at_rest(column: Column, coefficient: float = ROOM[0], sink_degC: float = ROOM[1]) -> jnp.ndarray:
    columns = jnp.ones_like(column.deep_conductance)
    rest: jnp.ndarray = steady_state(column, coefficient * columns, sink_degC * columns, 0.0 * columns)
    return rest
