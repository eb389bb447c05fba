"""Time stepping of columns: what must hold for any skin, and the corners of the interface."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as drawn
from hypothesis import strategies as st
from jaxtyping import TypeCheckError

from cryomassage.engine.batch import advance_in_parts
from cryomassage.engine.column import Column, Layers, layered_column
from cryomassage.engine.solver import (
    Exposure,
    State,
    Trace,
    advance,
    locate_probes,
    start,
    steady_state,
    surface_temperature,
)
from tests.support.skins import CHEEK, ROOM, at_rest, cut, logarithmic, skins, without_sources

pytestmark = pytest.mark.unit

GROUPS, STEPS = 4, 20


class Exchange(NamedTuple):
    """One coefficient and sink per group."""

    coefficient: tuple[float, ...]
    sink_degC: tuple[float, ...]

    @classmethod
    def constant(cls, coefficient: float, sink_degC: float) -> Exchange:
        return cls((coefficient,) * GROUPS, (sink_degC,) * GROUPS)


def exposure(exchange: Exchange, time_step_s: float, columns: int = 1, heat_flux: float = 0.0) -> Exposure:
    shape = (GROUPS, STEPS, 1, columns)

    def spread(values: tuple[float, ...]) -> jnp.ndarray:
        return jnp.broadcast_to(jnp.asarray(values, jnp.float32)[:, None, None, None], shape)

    return Exposure(
        jnp.full((GROUPS, columns), time_step_s, jnp.float32),
        spread(exchange.coefficient),
        spread(exchange.sink_degC),
        spread((heat_flux,) * GROUPS),
    )


def recorded(trace: Trace) -> jnp.ndarray:
    assert trace.field_degC is not None
    return jnp.asarray(trace.field_degC)


def run(column: Column, begin: jnp.ndarray, what: Exposure) -> tuple[State, Trace]:
    basal = jnp.full((1, column.cell_width.shape[1]), 0.095e-3, jnp.float32)
    ran: tuple[State, Trace] = advance(
        column, start(column, begin), what, locate_probes(column, basal), record_field=True
    )
    return ran


@drawn(max_examples=40)
@given(skin=skins(), coefficient=logarithmic(5, 1000), sink_degC=st.floats(-60, 60), step=logarithmic(5e-3, 0.3))
def test_without_sources_nothing_leaves_the_range_of_what_it_met(
    skin: Layers, coefficient: float, sink_degC: float, step: float
) -> None:
    column = cut(without_sources(skin), deep_degC=33.0)
    begin = jnp.full_like(column.cell_width, 33.0)
    end, trace = run(column, begin, exposure(Exchange.constant(coefficient, sink_degC), step))
    low, high = min(33.0, sink_degC) - 0.01, max(33.0, sink_degC) + 0.01
    for temperatures in (recorded(trace), trace.surface_degC, end.lowest_degC, end.lowest_surface_degC):
        assert low <= float(jnp.min(temperatures))
        assert float(jnp.max(temperatures)) <= high


@drawn(max_examples=40)
@given(skin=skins(), coefficient=logarithmic(5, 900), factor=st.floats(1.01, 3), sink_degC=st.floats(-60, 15))
def test_a_stronger_exchange_cools_more(skin: Layers, coefficient: float, factor: float, sink_degC: float) -> None:
    column = cut(skin)
    begin = at_rest(column)
    _, weak = run(column, begin, exposure(Exchange.constant(coefficient, sink_degC), 0.05))
    _, strong = run(column, begin, exposure(Exchange.constant(factor * coefficient, sink_degC), 0.05))
    assert float(jnp.max(strong.surface_degC - weak.surface_degC)) < 0.0
    assert float(jnp.max(recorded(strong) - recorded(weak))) <= 0.002


@drawn(max_examples=40)
@given(skin=skins(), coefficient=logarithmic(10, 1000), sink_degC=st.floats(-60, 15), step=logarithmic(5e-3, 0.3))
def test_under_a_constant_cold_the_surface_only_falls(
    skin: Layers, coefficient: float, sink_degC: float, step: float
) -> None:
    column = cut(skin)
    _, trace = run(column, at_rest(column), exposure(Exchange.constant(coefficient, sink_degC), step))
    assert float(np.max(np.diff(np.asarray(trace.surface_degC).ravel()))) <= 1e-4
    assert float(np.max(np.diff(np.asarray(recorded(trace)).reshape(GROUPS * STEPS, -1), axis=0))) <= 0.002


@drawn(max_examples=40)
@given(skin=skins(), coefficient=logarithmic(30, 1000), sink_degC=st.floats(-60, 10), step=logarithmic(0.01, 0.3))
def test_heat_is_accounted_for(skin: Layers, coefficient: float, sink_degC: float, step: float) -> None:
    column = cut(skin)
    begin = at_rest(column)
    pulses = Exchange((coefficient, ROOM[0]) * (GROUPS // 2), (sink_degC, ROOM[1]) * (GROUPS // 2))
    _, trace = run(column, begin, exposure(pulses, step))

    width, capacity, perfusion, metabolic = (
        np.asarray(values, np.float64)[:, 0] for values in (column.cell_width, *column[2:5])
    )
    after = np.asarray(recorded(trace), np.float64).reshape(GROUPS * STEPS, -1)
    field = np.vstack([np.asarray(begin, np.float64)[:, 0], after])
    from_inside = (perfusion * (37.0 - field) + metabolic) @ width
    supplied = step * np.sum(from_inside[1:] + from_inside[:-1]) / 2
    stored = (capacity * width) @ (field[-1] - field[0])
    through_ends = float(jnp.sum(trace.heat_absorbed) + jnp.sum(trace.heat_from_below))
    moved = float(jnp.sum(jnp.abs(trace.heat_absorbed)))
    assert abs(stored - supplied - through_ends) < 2e-3 * moved


def test_a_column_at_rest_stays_at_rest_for_thousands_of_steps() -> None:
    column = cut(CHEEK)
    begin = at_rest(column)
    state = start(column, begin)
    probes = locate_probes(column, jnp.full((1, 1), 1e-3))
    for _ in range(40):
        state, _ = advance(column, state, exposure(Exchange.constant(*ROOM), 0.01), probes)
    assert float(jnp.max(jnp.abs(state.temperature_degC - begin))) < 0.005


def test_the_steady_flux_is_the_same_through_surface_and_bottom_without_sources() -> None:
    column = cut(without_sources(CHEEK))
    _, trace = run(column, at_rest(column, 100.0, 0.0), exposure(Exchange.constant(100.0, 0.0), 0.1))
    resistance = float((CHEEK.thickness / CHEEK.thermal_conductivity).sum()) + 1 / 100.0 + 1 / 20.0
    assert np.allclose(trace.surface_flux, -36.5 / resistance, rtol=1e-4)
    assert np.allclose(trace.heat_from_below, 0.1 * 36.5 / resistance, rtol=1e-4)


def test_given_flux_into_an_insulated_column_is_stored() -> None:
    column = cut(without_sources(CHEEK), deep_conductance=0.0)
    begin = jnp.full_like(column.cell_width, 33.0)
    end, _ = run(column, begin, exposure(Exchange.constant(0.0, 0.0), 0.1, heat_flux=-500.0))
    capacity = column.volumetric_heat_capacity * column.cell_width
    stored = float(jnp.sum(capacity * (end.temperature_degC - begin)))
    assert np.isclose(stored, -500.0 * 0.1 * GROUPS * STEPS, rtol=1e-3)


def test_volumetric_heat_warms_an_insulated_column_evenly() -> None:
    layers = without_sources(CHEEK)._replace(volumetric_heat_capacity=np.full((5, 1), 4e6))
    column = cut(layers, deep_conductance=0.0)
    begin = jnp.full_like(column.cell_width, 33.0)
    heated = exposure(Exchange.constant(0.0, 0.0), 0.1)
    heat = jnp.full((GROUPS, STEPS, 1, *column.cell_width.shape), 1e6)
    end, _ = run(column, begin, heated._replace(volumetric_heat=heat))
    assert np.allclose(end.temperature_degC, 33.0 + 1e6 * 0.1 * GROUPS * STEPS / 4e6, atol=2e-3)


def test_the_surface_balances_exchange_and_conduction() -> None:
    column = cut(CHEEK)
    cells = jnp.full_like(column.cell_width, 30.0)
    one = jnp.ones(1)
    surface = surface_temperature(column, cells, 300.0 * one, -5.0 * one, 40.0 * one)
    conductance = 2.0 * column.thermal_conductivity[0] / column.cell_width[0]
    assert np.allclose(conductance * (surface - 30.0), 300.0 * (-5.0 - surface) + 40.0, rtol=1e-3)


def test_a_very_strong_exchange_holds_the_surface_at_the_sink() -> None:
    column = cut(CHEEK)
    _, trace = run(column, at_rest(column), exposure(Exchange.constant(1e9, 5.0), 0.05))
    assert np.allclose(trace.surface_degC, 5.0, atol=1e-4)


def test_the_lowest_temperatures_are_those_that_occurred() -> None:
    column = cut(CHEEK)
    begin = at_rest(column)
    pulses = Exchange((400.0, 8.0, 400.0, 8.0), (0.0, 23.0, 5.0, 23.0))
    end, trace = run(column, begin, exposure(pulses, 0.05))
    seen = jnp.minimum(jnp.min(recorded(trace), axis=(0, 1)), begin)
    assert np.allclose(end.lowest_degC, seen, atol=1e-5)
    assert np.allclose(end.lowest_surface_degC, jnp.min(trace.surface_degC, axis=(0, 1)), atol=1e-5)
    assert float(end.lowest_surface_degC[0]) < float(trace.surface_degC[-1, -1, 0]) - 1.0


def test_an_exposure_may_be_cut_into_calls() -> None:
    column = cut(CHEEK)
    begin = at_rest(column)
    whole = exposure(Exchange((400.0, 8.0, 200.0, 8.0), (0.0, 23.0, 5.0, 23.0)), 0.05)
    probes = locate_probes(column, jnp.full((1, 1), 1e-4))
    expected, trace = advance(column, start(column, begin), whole, probes)
    state, surfaces = start(column, begin), []
    for half in (slice(0, 2), slice(2, 4)):
        state, part = advance(column, state, Exposure(*(values[half] for values in whole[:4])), probes)
        surfaces.append(part.surface_degC)
    assert np.allclose(state.temperature_degC, expected.temperature_degC, atol=1e-4)
    assert np.allclose(jnp.concatenate(surfaces), trace.surface_degC, atol=1e-4)
    assert np.allclose(state.lowest_surface_degC, expected.lowest_surface_degC, atol=1e-4)


def test_columns_do_not_touch_each_other() -> None:
    pair = Layers(*(np.hstack([values, 1.2 * values]) for values in CHEEK))
    column = cut(pair)
    _, both = run(column, at_rest(column), exposure(Exchange.constant(300.0, 0.0), 0.05, columns=2))
    for index in (0, 1):
        alone = cut(Layers(*(values[:, index : index + 1] for values in pair)))
        _, trace = run(alone, at_rest(alone), exposure(Exchange.constant(300.0, 0.0), 0.05))
        assert np.allclose(both.surface_degC[..., index], trace.surface_degC[..., 0], atol=1e-4)


def test_equal_values_at_both_stages_are_a_constant_step() -> None:
    column = cut(CHEEK)
    once = exposure(Exchange((400.0, 8.0, 200.0, 8.0), (0.0, 23.0, 5.0, 23.0)), 0.05)
    twice = Exposure(once.time_step_s, *(jnp.repeat(values, 2, axis=2) for values in once[1:4]))
    _, expected = run(column, at_rest(column), once)
    _, trace = run(column, at_rest(column), twice)
    assert np.allclose(trace.surface_degC, expected.surface_degC, atol=1e-5)


def test_a_probe_on_an_interface_reads_the_bend_of_the_temperature() -> None:
    layers = without_sources(CHEEK)
    column = cut(layers)
    faces = np.cumsum(layers.thickness[:, 0])[:-1]
    probes = locate_probes(column, jnp.asarray(faces[:, None], jnp.float32))
    _, trace = advance(
        column,
        start(column, at_rest(column, 400.0, 0.0)),
        exposure(Exchange.constant(400.0, 0.0), 0.05),
        probes,
    )
    resistance = np.cumsum((layers.thickness / layers.thermal_conductivity)[:, 0])
    flux = 36.5 / (1 / 400.0 + resistance[-1] + 1 / 20.0)
    assert np.allclose(trace.probe_degC[-1, -1, :, 0], flux * (1 / 400.0 + resistance[:-1]), atol=1e-3)


@pytest.mark.parametrize(("depth_m", "cell"), [(0.0, 0), (1.0, -1)])
def test_a_probe_beyond_the_centres_reads_the_nearest(depth_m: float, cell: int) -> None:
    column = cut(CHEEK)
    probes = locate_probes(column, jnp.full((1, 1), depth_m))
    _, trace = advance(
        column, start(column, at_rest(column)), exposure(Exchange.constant(300.0, 0.0), 0.05), probes, True
    )
    assert np.allclose(trace.probe_degC[:, :, 0], recorded(trace)[:, :, cell], atol=1e-5)


def test_the_field_is_recorded_only_on_request() -> None:
    column = cut(CHEEK)
    probes = locate_probes(column, jnp.full((1, 1), 1e-3))
    what = exposure(Exchange.constant(*ROOM), 0.05)
    _, trace = advance(column, start(column, at_rest(column)), what, probes)
    assert trace.field_degC is None


def test_arrays_of_a_wrong_shape_are_refused_in_tests() -> None:
    with pytest.raises(TypeCheckError):
        locate_probes(cut(CHEEK), jnp.zeros(3))
    with pytest.raises(TypeCheckError):
        steady_state(cut(CHEEK), jnp.ones(2), jnp.ones(3), jnp.ones(2))


def test_a_batch_in_parts_is_the_same_batch() -> None:
    count = 23
    rng = np.random.default_rng(3)
    layers = Layers(
        np.array([[0.1e-3], [1.2e-3], [6e-3]]) * rng.uniform(0.8, 1.2, (3, count)),
        np.array([[0.21], [0.37], [0.21]]) * np.ones((3, count)),
        np.array([[4.1e6], [3.7e6], [2.1e6]]) * np.ones((3, count)),
        np.array([[0.0], [7000.0], [1900.0]]) * np.ones((3, count)),
        np.zeros((3, count)),
    )
    one = np.ones(count)
    column = layered_column(layers, (3, 6, 5), (1.0, 1.2, 1.3), 37.0 * one, 20.0 * one, 37.0 * one)
    shape = (3, 4, 1, count)
    exposure = Exposure(
        jnp.full((3, count), 0.5, jnp.float32),
        jnp.full(shape, 150.0, jnp.float32),
        jnp.full(shape, -20.0, jnp.float32),
        jnp.zeros(shape, jnp.float32),
    )
    state = start(column, jnp.full(column.cell_width.shape, 33.0, jnp.float32))
    probes = locate_probes(column, jnp.full((1, count), 5e-4, jnp.float32))
    whole = advance(column, state, exposure, probes)
    parts = advance_in_parts(column, state, exposure, probes, columns_per_part=10, workers=2)
    for one_leaf, other in zip(jax.tree.leaves(whole), jax.tree.leaves(parts), strict=True):
        assert np.shape(one_leaf) == np.shape(other)
        np.testing.assert_allclose(np.asarray(one_leaf), other, rtol=0, atol=2e-4)
