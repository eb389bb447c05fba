"""Cutting layers into cells."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryomassage.engine.column import SKIN_GRID, Column, Layers, graded_fractions, layered_column

pytestmark = pytest.mark.unit


def two_layers(columns: int = 3, thickness_m: float = 1e-3) -> Layers:
    ones = np.ones((2, columns))
    upper_and_lower = np.array([[1.0], [2.0]])
    return Layers(thickness_m * ones, 0.2 * upper_and_lower * ones, 4e6 * ones, 1000.0 * ones, 400.0 * ones)


def cut(layers: Layers, cells: tuple[int, ...], growth: tuple[float, ...]) -> Column:
    columns = layers.thickness.shape[1]
    return layered_column(layers, cells, growth, np.full(columns, 37.0), np.zeros(columns), np.full(columns, 36.0))


@given(cells=st.integers(1, 60), growth=st.floats(0.7, 1.5))
def test_fractions_sum_to_one_and_grow_by_the_ratio(cells: int, growth: float) -> None:
    fractions = graded_fractions(cells, growth)
    assert fractions.shape == (cells,)
    assert np.isclose(fractions.sum(), 1.0)
    assert np.allclose(fractions[1:] / fractions[:-1], growth)


def test_faces_fall_on_interfaces() -> None:
    column = cut(two_layers(), (4, 6), (1.2, 1.3))
    faces = np.cumsum(np.asarray(column.cell_width), axis=0)
    assert np.allclose(faces[3], 1e-3)
    assert np.allclose(faces[-1], 2e-3)


def test_cells_take_the_properties_of_their_layer() -> None:
    column = cut(two_layers(), (4, 6), (1.2, 1.3))
    conductivity = np.asarray(column.thermal_conductivity)
    assert np.allclose(conductivity[:4], 0.2)
    assert np.allclose(conductivity[4:], 0.4)


def test_centres_lie_halfway_between_faces() -> None:
    column = cut(two_layers(), (2, 2), (1.0, 1.0))
    assert np.allclose(np.asarray(column.centre_depth)[:, 0], [0.25e-3, 0.75e-3, 1.25e-3, 1.75e-3])


def test_planning_columns_are_float32() -> None:
    assert all(values.dtype == jnp.float32 for values in cut(two_layers(), (2, 2), (1.0, 1.0)))


@pytest.mark.parametrize("layers", sorted(SKIN_GRID))
def test_skin_grid_describes_as_many_layers_as_it_says(layers: int) -> None:
    cells, growth = SKIN_GRID[layers]
    assert len(cells) == len(growth) == layers


def test_mismatched_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="2 layers, 3 cell counts"):
        cut(two_layers(), (2, 2, 2), (1.0, 1.0))


@pytest.mark.parametrize("thickness_m", [0.0, -1e-3, float("nan")])
def test_layers_without_thickness_are_refused(thickness_m: float) -> None:
    with pytest.raises(ValueError, match="thickness"):
        cut(two_layers(thickness_m=thickness_m), (2, 2), (1.0, 1.0))
