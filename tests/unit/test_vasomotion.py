from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import enable_x64
from jaxtyping import Array, Float

from cryomassage.engine.column import SKIN_GRID, Column
from cryomassage.engine.reference_vessels import ReferenceVessels
from cryomassage.engine.solver import Exposure, Probes, State, Trace, advance, locate_probes, start
from cryomassage.engine.vasomotion import (
    Vasomotion,
    VesselState,
    at_rest,
    blood_flow,
    blood_volume,
    constriction_target,
    release_time,
    step_vessels,
)
from cryomassage.knowledge.load import load
from cryomassage.planning.vessel_skin import draw_vessels, governed_cells, sensitivity_of
from cryomassage.planning.virtual_skin import Posed, VirtualSkins, draw

pytestmark = pytest.mark.unit

HELD = 1.0e4  # W/(m^2 K), so that the surface takes the temperature of the plate
SKINS = 64
GROUPS = 24  # of every call, so that one compilation serves all


def answering(
    zone: str, source: str = "ln2_swab", nominal: bool = True, skins: int = SKINS, body: float = 0.0
) -> tuple[VirtualSkins, Vasomotion]:
    drawn = draw(Posed(zone=zone, sex="female", cold_source=source), load(), skins, 3)
    tissues = tuple(layer.tissue for layer in load().zone[zone].layers)
    rest = np.asarray(drawn.at_rest.temperature_degC)
    answers = governed_cells(tissues, SKIN_GRID[len(tissues)][0])
    return drawn, draw_vessels(zone, drawn.column, rest, answers, load(), 3, body, nominal)


def held(skins: VirtualSkins, plate_degC: float, seconds: float, groups: int = GROUPS) -> Exposure:
    shape = (groups, 4, 1, skins.count)
    return Exposure(
        np.full((groups, skins.count), seconds / groups / 4, np.float32),
        np.full(shape, HELD, np.float32),
        np.full(shape, plate_degC, np.float32),
        np.zeros(shape, np.float32),
    )


def room(skins: VirtualSkins, edges_s: Float[np.ndarray, " edges"]) -> Exposure:
    groups = len(edges_s) - 1
    shape = (groups, 4, 1, skins.count)
    return Exposure(
        np.repeat(np.diff(edges_s)[:, None] / 4, skins.count, axis=1).astype(np.float32),
        np.broadcast_to(np.asarray(skins.room_coefficient, np.float32), shape),
        np.broadcast_to(np.asarray(skins.room_temperature_degC, np.float32), shape),
        np.zeros(shape, np.float32),
    )


def went(skins: VirtualSkins, vasomotion: Vasomotion, *exposures: Exposure) -> tuple[State, list[Trace]]:
    state = start(skins.column, skins.at_rest.temperature_degC, vasomotion)
    traces = []
    for exposure in exposures:
        state, trace = advance(skins.column, state, exposure, skins.probes, vasomotion=vasomotion)
        traces.append(trace)
    return state, traces


def median_flow(trace: Trace) -> Float[np.ndarray, " groups"]:
    return np.median(np.asarray(trace.blood_flow), axis=1)


# --- the law ---------------------------------------------------------------------------------------------


def plain(**changes: float) -> Vasomotion:
    """Vessels of one column that do nothing but what is asked for."""
    values = dict.fromkeys(Vasomotion._fields, 1.0) | {
        "rest_degC": 33.0,
        "reference_degC": 33.0,
        "sensitivity": 0.0,
        "least_flow": 0.1,
        "reflex": 0.0,
        "reflex_cooled": 0.0,
        "transient": 0.0,
        "dilation": 0.0,
        "hyperaemia": 0.0,
        "pallor": 0.0,
    }
    return Vasomotion(**{name: jnp.array([value]) for name, value in (values | changes).items()})


def steps(model: Vasomotion, felt_degC: float, seconds: float, count: int, state: object = None) -> object:
    now = at_rest(model) if state is None else state
    felt = jnp.array([felt_degC])
    for _ in range(count):
        now = step_vessels(model, now, felt, felt, jnp.array([seconds / count]))
    return now


def test_vessels_at_rest_stay_open() -> None:
    state = steps(plain(sensitivity=0.2, pallor=0.0), 33.0, 3600.0, 10)
    assert float(state.flow[0]) == pytest.approx(1.0)
    assert float(blood_volume(plain(), state)[0]) == pytest.approx(1.0)


def test_constriction_follows_its_time_constant_and_never_shuts_off_all() -> None:
    model = plain(sensitivity=0.2, constriction_time=120.0)
    target = float(constriction_target(model, jnp.array([23.0]))[0])
    assert target == pytest.approx(0.9 * (1.0 - np.exp(-2.0)))
    assert float(steps(model, 23.0, 120.0, 7).constriction[0]) == pytest.approx(target * (1.0 - np.exp(-1.0)), rel=1e-4)
    assert float(constriction_target(model, jnp.array([-150.0]))[0]) <= 0.9


def test_sensitivity_gives_back_the_flow_it_was_made_from() -> None:
    sensitivity = sensitivity_of(np.array([0.44]), np.array([0.1]), 6.0)
    model = plain(sensitivity=float(sensitivity[0]))
    assert 1.0 - float(constriction_target(model, jnp.array([27.0]))[0]) == pytest.approx(0.44, abs=1e-5)
    assert float(constriction_target(model, jnp.array([36.0]))[0]) < 0.0


def test_vessels_open_the_slower_the_longer_they_were_narrow() -> None:
    model = plain(
        sensitivity=0.2, constriction_time=60.0, release_time_short=90.0, release_time_long=14400.0, memory_time=900.0
    )
    left = {}
    for seconds in (20.0, 600.0, 3600.0):
        cold = steps(model, 15.0, seconds, 40)
        warm = steps(model, 33.0, 600.0, 40, cold)
        left[seconds] = float((warm.constriction / cold.constriction)[0])
    assert left[20.0] < 0.03
    assert 0.1 < left[600.0] < 0.8
    assert left[3600.0] > 0.9
    assert float(release_time(model, jnp.array([0.0]))[0]) == pytest.approx(90.0)
    assert float(release_time(model, jnp.array([1.0]))[0]) == pytest.approx(14400.0)


def test_the_reflex_of_the_body_closes_warm_skin_more_than_cold() -> None:
    model = plain(sensitivity=0.3, reflex=0.449, reflex_cooled=0.113, reflex_time=60.0, constriction_time=60.0)
    assert float(steps(model, 33.0, 3600.0, 30).flow[0]) == pytest.approx(0.551, abs=0.002)
    alone = model._replace(reflex=0 * model.reflex, reflex_cooled=0 * model.reflex)
    cold, cold_without = (steps(m, 0.0, 3600.0, 60) for m in (model, alone))
    assert float((cold.flow / cold_without.flow)[0]) == pytest.approx(0.887, abs=0.002)


def test_fast_cooling_opens_before_it_closes() -> None:
    model = plain(sensitivity=0.2, constriction_time=120.0, transient=0.02, transient_most=0.3, transient_time=40.0)
    felt = jnp.array([23.0])
    flows, state = [], at_rest(model)
    for _ in range(60):
        state = step_vessels(model, state, felt, felt, jnp.array([5.0]))
        flows.append(float(state.flow[0]))
    assert max(flows[:2]) > 1.05
    assert flows[-1] < 0.4
    slow = at_rest(model)
    for index in range(60):
        now = jnp.array([33.0 - index / 6.0])
        slow = step_vessels(model, slow, now, now, jnp.array([60.0]))
        assert float(slow.flow[0]) < 1.03


def test_pallor_comes_and_goes_within_seconds_and_takes_no_flow() -> None:
    model = plain(
        pallor=0.6, pallor_drop_K=7.0, pallor_width=1.2, transient_time=40.0, pallor_time=1.0, pallor_fade_time=4.0
    )
    pale = steps(model, 5.0, 3.0, 6)
    assert float(blood_volume(model, pale)[0]) < 0.5
    assert float(pale.flow[0]) == pytest.approx(1.0)
    assert float(blood_volume(model, steps(model, 32.0, 15.0, 20, pale))[0]) > 0.97


def test_redness_rises_within_minutes_and_fades_within_hours() -> None:
    model = plain(
        hyperaemia=0.8,
        hyperaemia_drop_K=4.0,
        hyperaemia_width=0.8,
        hyperaemia_rise_time=120.0,
        hyperaemia_fade_time=3600.0,
    )
    state = steps(model, 8.0, 1.0, 2)
    flows = []
    for _ in range(240):
        state = step_vessels(model, state, jnp.array([33.0]), jnp.array([33.0]), jnp.array([60.0]))
        flows.append(float(state.flow[0]))
    peak = int(np.argmax(flows))
    assert 2 <= peak <= 12
    assert 1.6 < flows[peak] < 1.8
    assert flows[-1] < 1.05
    untouched = steps(model, 33.0, 600.0, 10)
    assert float(untouched.flow[0]) < 1.01


# --- together with the temperature -----------------------------------------------------------------------


def test_answering_skin_at_rest_stays_as_it_is() -> None:
    skins, vasomotion = answering("cheek", nominal=False)
    state, (trace,) = went(skins, vasomotion, room(skins, np.linspace(0.0, 3600.0, 25)))
    assert np.asarray(trace.blood_flow) == pytest.approx(1.0, abs=0.01)
    assert np.asarray(state.temperature_degC) == pytest.approx(np.asarray(skins.at_rest.temperature_degC), abs=0.05)


def test_cooled_to_28_the_forearm_keeps_the_measured_flow() -> None:
    # Hodges 2007: from 34 to 28 degC, 0.44 of the conductance is left, standard deviation 0.11.
    skins, vasomotion = answering("forearm")
    warm = held(skins, 34.0, 1800.0)
    _, (at_34, trace) = went(skins, vasomotion, warm, held(skins, 28.0, 1800.0))
    assert median_flow(trace)[-1] / median_flow(at_34)[-1] == pytest.approx(0.44, abs=0.04)


def test_the_colder_the_plate_the_less_flow_is_left() -> None:
    skins, vasomotion = answering("forearm")
    left = [
        median_flow(went(skins, vasomotion, held(skins, plate, 3600.0))[1][0])[-1] for plate in (27.3, 24.7, 19.8, 16.6)
    ]
    assert left == sorted(left, reverse=True)
    assert left[0] - left[-1] > 0.15


def test_constriction_outlasts_an_hour_of_cooling() -> None:
    skins, vasomotion = answering("calf")
    _, (cold, after) = went(
        skins,
        vasomotion,
        held(skins, 15.0, 3600.0),
        room(skins, np.concatenate([[0.0], np.geomspace(5.0, 7200.0, 24)])),
    )
    surface = np.median(np.asarray(after.surface_degC), axis=2).reshape(-1)
    rest = float(np.median(np.asarray(skins.at_rest.temperature_degC)[0]))
    assert surface[-1] > rest - 4.0
    assert median_flow(cold)[-1] < 0.35
    assert median_flow(after)[-1] < 0.8
    # Hysteresis: at the same temperature there is less flow on the way back than on the way down.
    down = np.median(np.asarray(cold.surface_degC), axis=2)[:, -1]
    assert surface[-1] > down[0] or median_flow(after)[-1] < median_flow(cold)[0]


def test_a_light_stroke_is_over_within_minutes() -> None:
    skins, vasomotion = answering("cheek")
    shape = (GROUPS, 4, 1, skins.count)
    touch = Exposure(
        np.full((GROUPS, skins.count), 0.3 / GROUPS / 4, np.float32),
        np.full(shape, 400.0, np.float32),
        np.full(shape, -100.0, np.float32),
        np.zeros(shape, np.float32),
    )
    off = vasomotion._replace(hyperaemia=0 * vasomotion.hyperaemia)
    _, (_, after) = went(skins, off, touch, room(skins, np.concatenate([[0.0], np.geomspace(0.2, 600.0, 24)])))
    assert median_flow(after)[-1] > 0.97


def test_cold_induced_dilation_shows_on_the_nose_and_nowhere_else() -> None:
    flows = {}
    for zone in ("nose", "cheek"):
        skins, vasomotion = answering(zone)
        _, traces = went(skins, vasomotion, *[held(skins, 2.0, 600.0)] * 4)
        flows[zone] = np.concatenate([median_flow(trace) for trace in traces])
    early, late = 12, -1
    assert flows["nose"][late] > flows["nose"][early] + 0.2
    assert flows["cheek"][late] < flows["cheek"][early]


def test_about_half_of_the_skins_redden() -> None:
    _, vasomotion = answering("cheek", nominal=False, skins=512)
    share = float(np.mean(np.asarray(vasomotion.hyperaemia) > 0.0))
    assert 0.4 < share < 0.64


def test_less_flow_leaves_the_skin_colder() -> None:
    skins, vasomotion = answering("cheek", nominal=False)
    long = held(skins, 10.0, 1200.0)
    answered, _ = went(skins, vasomotion._replace(transient=0 * vasomotion.transient), long)
    constant, _ = advance(skins.column, skins.at_rest, long, skins.probes)
    difference = np.asarray(answered.temperature_degC) - np.asarray(constant.temperature_degC)
    assert difference.max() < 0.02
    assert np.median(difference.min(axis=0)) < -0.3


def test_a_run_in_two_parts_is_the_run_in_one() -> None:
    skins, vasomotion = answering("cheek", nominal=False)
    whole, _ = went(skins, vasomotion, held(skins, 12.0, 240.0, groups=2 * GROUPS))
    parts, _ = went(skins, vasomotion, held(skins, 12.0, 120.0), held(skins, 12.0, 120.0))
    assert np.asarray(parts.temperature_degC) == pytest.approx(np.asarray(whole.temperature_degC), abs=1e-3)
    assert parts.vessels is not None
    assert whole.vessels is not None
    assert np.asarray(parts.vessels.flow) == pytest.approx(np.asarray(whole.vessels.flow), abs=1e-5)


def in_double(skins: VirtualSkins, vasomotion: Vasomotion) -> tuple[Column, Vasomotion, Float[Array, "cells columns"]]:
    """One skin of a population in float64."""

    def one(values: Array) -> Array:
        told = np.asarray(values)[..., :1]
        return jnp.asarray(told if told.dtype.kind == "i" else told.astype(np.float64))

    return (
        jax.tree.map(one, skins.column),
        jax.tree.map(one, vasomotion),
        one(skins.at_rest.temperature_degC),
    )


def smooth_run(
    column: Column, vasomotion: Vasomotion, rest: Array, groups: int, strength: Float[Array, ""]
) -> tuple[Array, Array]:
    """Two minutes under cold that comes and goes smoothly; the strength scales it."""
    count = 4
    end_s = 120.0
    step_s = end_s / groups / count
    offsets = jnp.array([1.0 - 0.5**0.5, 1.0])
    times = (jnp.arange(groups * count)[:, None] + offsets) * step_s
    coefficient = (8.0 + strength * 150.0 * jnp.sin(jnp.pi * times / end_s) ** 2).reshape(groups, count, 2, 1)
    exposure = Exposure(
        jnp.full((groups, 1), step_s),
        coefficient,
        jnp.full_like(coefficient, 5.0),
        jnp.zeros_like(coefficient),
    )
    probes: Probes = locate_probes(column, jnp.array([[1e-3]]))
    state, trace = advance(column, start(column, rest, vasomotion), exposure, probes, vasomotion=vasomotion)
    return state.temperature_degC[0, 0], trace.blood_volume[-1, 0]


@pytest.mark.slow
def test_the_coupling_is_of_second_order() -> None:
    with enable_x64():
        column, vasomotion, rest = in_double(*answering("cheek"))
        # Twice the blood flow of a face, so that its coupling outweighs everything else.
        column = column._replace(perfusion_conductance=2.0 * column.perfusion_conductance)
        told = [np.array(smooth_run(column, vasomotion, rest, groups, jnp.array(1.0))) for groups in (16, 64, 256)]
        errors = [abs(value - told[-1]) for value in told[:-1]]
        order = np.log2(errors[0] / errors[1]) / 2.0
    assert order[0] > 1.7
    assert order[1] > 1.7


@pytest.mark.parametrize("which", [0, 1], ids=["temperature", "blood volume"])
def test_taylor_through_the_vessels(which: int) -> None:
    """The rest of the first-order expansion falls with the square of the step: the gradient is the right one."""
    with enable_x64():
        column, vasomotion, rest = in_double(*answering("cheek"))

        def value(strength: Float[Array, ""]) -> Float[Array, ""]:
            return smooth_run(column, vasomotion, rest, 16, strength)[which]

        taylor(value)


def taylor(value: Callable[[Array], Array]) -> None:
    at, slope = jax.value_and_grad(value)(jnp.array(1.0))
    rests = [abs(float(value(jnp.array(1.0 + step)) - at - step * slope)) for step in (0.08, 0.04, 0.02)]
    assert float(slope) != 0.0
    for one, half in pairwise(rests):
        assert one / half == pytest.approx(4.0, rel=0.25)


def test_flow_is_what_its_parts_make_it() -> None:
    model = plain(transient=0.02, transient_most=0.3)
    state = at_rest(model)._replace(
        constriction=jnp.array([0.5]), dilation=jnp.array([0.4]), reflex=jnp.array([0.1]), hyperaemia=jnp.array([0.2])
    )
    assert float(blood_flow(model, state)[0]) == pytest.approx(0.7 * 0.9 * 1.2)


def test_the_reference_vessels_follow_the_same_law() -> None:
    skins, vasomotion = answering("nose", nominal=False)
    felt = np.asarray(vasomotion.rest_degC, np.float64)
    reference, state = ReferenceVessels(vasomotion), at_rest(vasomotion)
    one = np.ones(skins.count)
    for fall_K, seconds in ((8.0, 2.0), (0.5, 20.0), (6.0, 60.0), (25.0, 400.0), (3.0, 300.0), (0.0, 900.0)):
        # Many short steps: what is compared is the law, not the stepping.
        for _ in range(int(seconds)):
            now = felt - fall_K
            reference.step(now, one)
            state = small_step(vasomotion, state, now, one)
    assert np.asarray(state.flow) == pytest.approx(reference.flow, abs=0.02)
    assert np.ptp(reference.flow) > 0.3


@jax.jit
def small_step(model: Vasomotion, state: VesselState, now_degC: Array, time_step_s: Array) -> VesselState:
    return step_vessels(model, state, 0.5 * (state.felt_degC + now_degC), now_degC, time_step_s)
