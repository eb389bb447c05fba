"""The kernel against a second solver of other methods, and that solver against closed forms."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import pytest

from cryomassage.engine.column import SKIN_GRID, Layers, layered_column
from cryomassage.engine.reference_solver import ReferenceHistory, Surroundings, reference_history
from cryomassage.engine.solver import Exposure, advance, locate_probes, start, steady_state
from cryomassage.verification import exact
from cryomassage.verification.cases import BLOOD_HEAT_CAPACITY, SKIN

pytestmark = pytest.mark.verification

COLUMNS, PULSES, STEPS = 12, 8, 25
AGREEMENT_K = 0.05
PLANNING_GRID_K = 0.15
ROOM = (8.0, 23.0)


def random_skins(seed: int) -> Layers:
    draw = np.random.default_rng(seed).uniform

    def rows(*ranges: tuple[float, float]) -> np.ndarray:
        return np.stack([draw(low, high, COLUMNS) for low, high in ranges])

    return Layers(
        1e-3 * rows((0.01, 0.02), (0.05, 0.12), (0.8, 2.0), (2.0, 10.0), (8.0, 15.0)),
        rows((0.15, 0.25), (0.19, 0.25), (0.3, 0.45), (0.18, 0.23), (0.45, 0.55)),
        1e6 * rows((3.6, 5.0), (3.8, 4.4), (3.5, 4.0), (1.9, 2.3), (3.5, 3.9)),
        rows((0.0, 0.0), (0.0, 0.0), (2e3, 1.2e4), (1e3, 3e3), (2e3, 4e3)),
        rows((0.0, 0.0), (0.0, 0.0), (5e2, 1.8e3), (3e2, 5e2), (5e2, 1e3)),
    )


def train_of_pulses(seed: int) -> Exposure:
    """Cold pulses and pauses by turns; every column has its own strength, sink and step lengths."""
    draw = np.random.default_rng(seed).uniform
    cold = (np.arange(2 * PULSES) % 2 == 0)[:, None]
    steps_s = np.where(cold, draw(0.02, 0.05, COLUMNS), draw(0.05, 0.15, COLUMNS))
    coefficient = np.where(cold, draw(50.0, 300.0, COLUMNS), ROOM[0])
    sink_degC = np.where(cold, draw(-20.0, 5.0, COLUMNS), ROOM[1])
    shape = (2 * PULSES, STEPS, 1, COLUMNS)

    def spread(values: np.ndarray) -> jnp.ndarray:
        return jnp.asarray(np.broadcast_to(values[:, None, None, :], shape), jnp.float32)

    return Exposure(jnp.asarray(steps_s, jnp.float32), spread(coefficient), spread(sink_degC), jnp.zeros(shape))


class Compared(NamedTuple):
    """Differences of kernel and reference in K: surface, base of the epidermis and middle of the dermis."""

    history_K: np.ndarray  # groups, steps, places, columns
    lowest_K: np.ndarray  # places, columns
    lowest_degC: np.ndarray  # places, columns


@cache
def reference_run(seed: int) -> ReferenceHistory:
    skins, one = random_skins(seed), np.ones(COLUMNS)
    room = Surroundings(ROOM[0] * one, ROOM[1] * one)
    blood_and_below = (37.0 * one, 20.0 * one, 36.5 * one)
    return reference_history(skins, *blood_and_below, train_of_pulses(seed), room, depths_m(skins), refine=4)


def depths_m(skins: Layers) -> np.ndarray:
    basal = skins.thickness[:2].sum(axis=0)
    return np.stack([basal, basal + 0.5 * skins.thickness[2]])


def compare(seed: int, finer: int) -> Compared:
    """Run the kernel on the planning grid, or one so many times finer, and the reference."""
    skins, pulses, one = random_skins(seed), train_of_pulses(seed), np.ones(COLUMNS)
    cells, growth = SKIN_GRID[5]
    column = layered_column(
        skins,
        tuple(finer * count for count in cells),
        tuple(ratio ** (1.0 / finer) for ratio in growth),
        37.0 * one,
        20.0 * one,
        36.5 * one,
    )
    begin = steady_state(column, *(jnp.asarray(value * one, jnp.float32) for value in (*ROOM, 0.0)))
    probes = locate_probes(column, jnp.asarray(depths_m(skins), jnp.float32))
    end, trace = advance(column, start(column, begin), pulses, probes)
    reference = reference_run(seed)
    computed = np.concatenate([trace.surface_degC[:, :, None], trace.probe_degC], axis=2)
    expected = np.concatenate([reference.surface_degC[:, :, None], reference.probe_degC], axis=2)
    lowest = np.vstack([end.lowest_surface_degC, np.min(trace.probe_degC, axis=(0, 1))])
    lowest_expected = np.vstack([reference.lowest_surface_degC, reference.lowest_probe_degC])
    return Compared(np.abs(computed - expected), np.abs(lowest - lowest_expected), lowest_expected)


@pytest.mark.parametrize("seed", [1, 2])
def test_kernel_and_reference_agree_on_perfused_skin_under_cold_pulses(seed: int) -> None:
    compared = compare(seed, finer=2)
    assert compared.lowest_degC[0].min() < 20.0
    # The first two steps after a jump carry the start-up error of both solvers.
    assert np.max(compared.history_K[:, 2:]) < AGREEMENT_K


@pytest.mark.parametrize("seed", [1, 2])
def test_the_planning_grid_keeps_the_lowest_temperatures(seed: int) -> None:
    compared = compare(seed, finer=1)
    assert np.max(compared.lowest_K[0]) < AGREEMENT_K
    # The base of the epidermis is coldest shortly after a pulse, between the ends of two kernel steps.
    assert np.max(compared.lowest_K[1:]) < PLANNING_GRID_K


def half_space(perfusion: float, coefficient: float, sink_degC: float, initial_degC: float) -> ReferenceHistory:
    """One column of homogeneous skin read at 0.5, 1 and 2 mm, 200 steps of 0.05 s."""
    one = np.ones((1, 1))
    shape = (1, 200, 1, 1)
    layers = Layers(
        np.array([[2e-3], [18e-3]]),
        np.tile(SKIN.thermal_conductivity * one, (2, 1)),
        np.tile(SKIN.volumetric_heat_capacity * one, (2, 1)),
        np.tile(perfusion * one, (2, 1)),
        np.zeros((2, 1)),
    )
    exposure = Exposure(
        jnp.full((1, 1), 0.05),
        jnp.full(shape, coefficient),
        jnp.full(shape, sink_degC),
        jnp.zeros(shape),
    )
    depths = np.array([[0.5e-3], [1e-3], [2e-3]])
    initial = np.array([initial_degC])
    return reference_history(
        layers, np.array([37.0]), np.zeros(1), np.zeros(1), exposure, initial, depths, elements_per_layer=80
    )


def test_reference_meets_the_closed_form_of_an_exchange() -> None:
    history = half_space(0.0, 500.0, 0.0, 33.0)
    for step, time in ((19, 1.0), (199, 10.0)):
        surface = exact.given_exchange(SKIN, 0.0, time, 33.0, 500.0, 0.0)
        inside = exact.given_exchange(SKIN, np.array([0.5e-3, 1e-3, 2e-3]), time, 33.0, 500.0, 0.0)
        assert np.isclose(history.surface_degC[0, step, 0], surface, atol=0.01)
        assert np.allclose(history.probe_degC[0, step, :, 0], inside, atol=0.01)


def test_reference_meets_the_closed_form_of_perfused_tissue() -> None:
    perfusion = exact.Perfusion(1e-3 * BLOOD_HEAT_CAPACITY, 37.0)
    history = half_space(perfusion.conductance, 1e9, 10.0, 37.0)
    depths = np.array([0.5e-3, 1e-3, 2e-3])
    expected = exact.perfused_half_space(SKIN, perfusion, depths, 10.0, 10.0)
    assert np.allclose(history.probe_degC[0, -1, :, 0], expected, atol=0.01)


def test_reference_keeps_the_lowest() -> None:
    history = half_space(0.0, 500.0, 0.0, 33.0)
    assert np.isclose(history.lowest_surface_degC[0], history.surface_degC.min())
    assert np.allclose(history.lowest_probe_degC, history.probe_degC.min(axis=(0, 1)))


def test_reference_refuses_what_it_cannot_step() -> None:
    skins, pulses, one = random_skins(1), train_of_pulses(1), np.ones(COLUMNS)
    rest = (np.ones(COLUMNS) * 33.0, np.full((1, COLUMNS), 1e-4))
    varying = Exposure(pulses.time_step_s, *(jnp.repeat(values, 2, axis=2) for values in pulses[1:4]))
    heated = pulses._replace(volumetric_heat=jnp.zeros((2 * PULSES, STEPS, 1, 4, COLUMNS)))
    for exposure in (varying, heated):
        with pytest.raises(ValueError, match="constant within a step"):
            reference_history(skins, 37.0 * one, one, one, exposure, *rest)
