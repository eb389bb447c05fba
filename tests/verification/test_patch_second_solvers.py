"""The patch against other solvers: columns under an even exposure, the exponential of a matrix, and itself turned over.

The columns are stepped by another kernel, in JAX; the matrix is written down here, cell by cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as drawn
from hypothesis import strategies as st
from scipy.linalg import expm

from cryomassage.engine.column import Layers
from cryomassage.engine.patch import Patch, PatchResult, Strokes, Surroundings
from cryomassage.engine.patch_schedule import GAMMA
from cryomassage.engine.solver import Exposure, advance, locate_probes, start
from tests.support.patches import (
    AIR,
    BASAL_DEPTH,
    NO_STROKES,
    NOWHERE,
    Ice,
    everywhere,
    field_of,
    resting,
    stroke,
    together,
    went,
    with_ice,
)
from tests.support.skins import CHEEK, at_rest, cut, logarithmic, skins, without_sources
from tests.support.threads import one_thread

pytestmark = pytest.mark.verification

# Measured over all cases here: 0.001 K at most.
ALIKE_K = 0.005
STEP_S, EACH_S = 0.05, 0.5


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    with one_thread():
        yield


class Went(NamedTuple):
    """A column at every half second."""

    surface_degC: np.ndarray
    basal_degC: np.ndarray
    field_degC: np.ndarray


def column_went(layers: Layers, coefficient: np.ndarray, pull: np.ndarray) -> Went:
    """Step a column from rest; coefficient, and coefficient times sink temperature, as (steps, stages)."""
    column = cut(layers)
    steps, stages = coefficient.shape
    shape = (1, steps, stages, 1)
    exposure = Exposure(
        jnp.full((1, 1), STEP_S, jnp.float32),
        jnp.asarray(coefficient.reshape(shape), jnp.float32),
        jnp.asarray((pull / coefficient).reshape(shape), jnp.float32),
        jnp.zeros(shape, jnp.float32),
    )
    probes = locate_probes(column, jnp.full((1, 1), BASAL_DEPTH))
    _, trace = advance(column, start(column, at_rest(column)), exposure, probes, record_field=True)
    each = slice(round(EACH_S / STEP_S) - 1, None, round(EACH_S / STEP_S))
    surface, basal, field = (
        np.asarray(part)[0, each] for part in (trace.surface_degC, trace.probe_degC, trace.field_degC)
    )
    return Went(surface[:, 0], basal[:, 0, 0], field[:, :, 0])


def patch_went(layers: Layers, strokes: Strokes, until_s: float, surroundings: Surroundings = AIR) -> PatchResult:
    patch, rest = resting(layers)
    return went(patch, rest, strokes, until_s, STEP_S, surroundings, snapshots=round(until_s / EACH_S))


def assert_alike(result: PatchResult, column: Went) -> None:
    """Everywhere on the patch, at all depths and at all times."""
    assert abs(field_of(result)[1:] - column.field_degC[:, :, None, None]).max() < ALIKE_K
    assert abs(result.surface_degC[1:] - column.surface_degC[:, None, None]).max() < ALIKE_K
    assert abs(result.basal_degC[1:] - column.basal_degC[:, None, None]).max() < ALIKE_K


@pytest.mark.parametrize("layers", [CHEEK, without_sources(CHEEK)], ids=["perfused", "without sources"])
def test_under_an_even_exposure_the_patch_is_a_column(layers: Layers) -> None:
    steps = round(10.0 / STEP_S)
    coefficient = np.full((steps, 1), 400.0)
    column = column_went(layers, coefficient, 0.0 * coefficient)
    assert column.surface_degC[-1] < column.surface_degC[0] - 5.0
    assert_alike(patch_went(layers, NO_STROKES, 10.0, Surroundings(400.0, 0.0)), column)


@pytest.mark.parametrize("layers", [CHEEK, without_sources(CHEEK)], ids=["perfused", "without sources"])
def test_the_patch_follows_the_column_through_touches_and_jets(layers: Layers) -> None:
    # A touch takes the place of the room, a jet comes on top of it.
    touch, jet = (800.0, -20.0), (200.0, -80.0)
    strokes = together(everywhere((0.0, 4.0), *touch), everywhere((6.0, 8.0), *jet, touches=False))
    air = np.array([AIR.heat_transfer_coefficient, AIR.heat_transfer_coefficient * AIR.temperature_degC])
    on_touch, on_jet = (np.array([part[0], part[0] * part[1]]) for part in (touch, jet))
    each = round(1.0 / STEP_S)
    told = np.repeat([on_touch, air, on_jet + air, air], [4 * each, 2 * each, 2 * each, 2 * each], axis=0)
    column = column_went(layers, told[:, :1], told[:, 1:])
    assert column.surface_degC.min() < 0.0
    assert_alike(patch_went(layers, strokes, 10.0), column)


def test_a_wide_bell_that_passes_is_a_smooth_exposure_of_the_column() -> None:
    # So wide that the patch is a point under it, and so fast that it passes within seconds.
    radius, speed, until = 1000.0, 300.0, 6.0
    strokes = stroke((0.0, until), (-900.0, 0.0), (900.0, 0.0), 800.0, -60.0, reach=radius)
    stage_s = STEP_S * (np.arange(round(until / STEP_S))[:, None] + np.array([GAMMA, 1.0]))
    bell = 800.0 * np.exp(-(((-900.0 + speed * stage_s) / radius) ** 2))
    coefficient = AIR.heat_transfer_coefficient + bell
    pull = AIR.heat_transfer_coefficient * AIR.temperature_degC - 60.0 * bell
    column = column_went(CHEEK, coefficient, pull)
    assert column.surface_degC.min() < -20.0
    assert_alike(patch_went(CHEEK, strokes, until), column)


@drawn(max_examples=8)
@given(skin=skins(), coefficient=logarithmic(30, 1000), sink_degC=st.floats(-60, 15))
def test_the_patch_of_any_skin_is_its_column(skin: Layers, coefficient: float, sink_degC: float) -> None:
    told = np.full((round(2.0 / STEP_S), 1), coefficient)
    column = column_went(skin, told, sink_degC * told)
    assert_alike(patch_went(skin, everywhere((0.0, 2.0), coefficient, sink_degC), 2.0), column)


# --- a few cells in all directions ----------------------------------------------------------------------

ROWS, COLUMNS, SPACING = 3, 4, 2e-3


def few_cells() -> Patch:
    layers = np.array(
        [[0.4e-3, 0.21, 4.1e6, 0.0, 0.0], [0.9e-3, 0.37, 3.76e6, 7500.0, 1800.0], [2e-3, 0.21, 2.1e6, 1900.0, 460.0]]
    )
    return Patch(*layers.T, 37.0, 30.0, 36.0, ROWS, COLUMNS, SPACING)


def matrix_of(patch: Patch, coefficient: np.ndarray, sink_degC: float) -> tuple[np.ndarray, np.ndarray]:
    """dT/dt = matrix T + source, for the cells of a patch whose columns each have a surface exchange of their own."""
    cells = len(patch.cell_width)
    place = np.arange(cells * ROWS * COLUMNS).reshape(cells, ROWS, COLUMNS)
    matrix, source = np.zeros((place.size, place.size)), np.zeros(place.size)
    area = SPACING**2

    def exchange(one: int, other: int, conductance: float) -> None:
        for a, b in ((one, other), (other, one)):
            matrix[a, b] += conductance
            matrix[a, a] -= conductance

    def leak(one: int, conductance: float, towards_degC: float) -> None:
        matrix[one, one] -= conductance
        source[one] += conductance * towards_degC

    width, k = patch.cell_width, patch.thermal_conductivity
    for z, j, i in np.ndindex(place.shape):
        own = int(place[z, j, i])
        volume = width[z] * area
        if z + 1 < cells:
            resistance = 0.5 * (width[z] / k[z] + width[z + 1] / k[z + 1])
            exchange(own, int(place[z + 1, j, i]), area / resistance)
        if j + 1 < ROWS:
            exchange(own, int(place[z, j + 1, i]), k[z] * width[z])
        if i + 1 < COLUMNS:
            exchange(own, int(place[z, j, i + 1]), k[z] * width[z])
        leak(own, patch.perfusion_conductance[z] * volume, patch.arterial_temperature_degC)
        source[own] += patch.metabolic_heat_production[z] * volume
        if z == 0:
            leak(own, area / (1.0 / coefficient[j, i] + 0.5 * width[0] / k[0]), sink_degC)
        if z == cells - 1:
            bottom = 1.0 / patch.deep_conductance + 0.5 * width[-1] / k[-1]
            leak(own, area / bottom, patch.deep_temperature_degC)
    capacity = np.repeat(patch.volumetric_heat_capacity * width * area, ROWS * COLUMNS)
    return matrix / capacity[:, None], source / capacity


def test_a_few_cells_follow_the_exponential_of_their_matrix() -> None:
    # Rough temperatures at the start: heat flows in all directions, and no side is like another.
    patch, rng = few_cells(), np.random.default_rng(5)
    begin = rng.uniform(15.0, 35.0, (3, ROWS, COLUMNS))
    centre, reach, peak, sink_degC, until = (3e-3, 2e-3), 4e-3, 600.0, -40.0, 4.0
    y, x = (SPACING * (np.arange(count) + 0.5) for count in (ROWS, COLUMNS))
    squared = (x - centre[0]) ** 2 + (y[:, None] - centre[1]) ** 2
    matrix, source = matrix_of(patch, peak * np.exp(-squared / reach**2), sink_degC)
    steady = -np.linalg.solve(matrix, source)
    expected = steady + expm(until * matrix) @ (begin.ravel() - steady)
    cold = stroke((0.0, until), centre, None, peak, sink_degC, reach=reach)
    result = went(patch, begin, cold, until, 0.01, Surroundings(0.0, 0.0))
    assert np.ptp(expected) > 30.0
    # Measured: 0.0002 K.
    assert result.end_degC.ravel() == pytest.approx(expected, abs=0.002)


# Measured: 0.0002 and 0.22 K. Between ice and tissue that conduct differently, cells in depth lie in series and cells
# side by side share the mean conductivity: the difference fades with the square of the spacing.
@pytest.mark.parametrize(("conductivity", "alike_K"), [(1.0, 0.002), (3.0, 0.4)])
def test_ice_spreads_sideways_as_it_does_in_depth(conductivity: float, alike_K: float) -> None:
    # Ice on one half of a line, warm tissue on the other; lying on cells that let no heat through.
    count, width, duration_s, ice = 80, 0.25e-3, 30.0, Ice(conductivity=conductivity)
    begin = np.where(np.arange(count) < count // 2, -60.0, 33.0)
    one, nothing, two = np.ones(count), np.zeros(count), np.array([1.0, 1.0, 1e-7, 1e-7])
    ends = 33.0, 0.0, 33.0
    down = with_ice(Patch(width * one, 0.5 * one, 3.6e6 * one, nothing, nothing, *ends, 1, 1, 1e-2), ice)
    four = np.ones(4)
    lying = Patch(1e-3 * four, 0.5 * two, 3.6e6 * four, 0.0 * four, 0.0 * four, *ends, 1, count, width)
    line = np.where(np.arange(4)[:, None, None] < 2, begin, 33.0)
    in_depth = went(down, begin, NO_STROKES, duration_s, STEP_S, NOWHERE)
    sideways = went(with_ice(lying, ice), line, NO_STROKES, duration_s, STEP_S, NOWHERE)
    assert in_depth.ice is not None
    frozen = in_depth.ice[:, :, 0, 0].sum(axis=1)
    assert abs(in_depth.end_degC[:, 0, 0] - begin).max() > 20.0
    assert frozen[-1] > frozen[0] + 0.3
    assert sideways.end_degC[0, 0] == pytest.approx(in_depth.end_degC[:, 0, 0], abs=alike_K)
