"""The patch solver: what must hold for any skin, with and without ice, and the corners of its interface."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as drawn
from hypothesis import strategies as st

from cryomassage.engine.column import Layers
from cryomassage.engine.patch import Footprint, Patch, PatchStart, Strokes, Surroundings, Vessels
from cryomassage.engine.patch_schedule import PatchNumerics
from cryomassage.engine.patch_solver import advance_patch, prepare_patch
from cryomassage.errors import EngineError
from tests.support.patches import (
    AIR,
    BASAL_DEPTH,
    NO_STROKES,
    NOWHERE,
    Ice,
    everywhere,
    field_of,
    heat_missing,
    heat_of,
    resting,
    stroke,
    together,
    went,
    with_ice,
)
from tests.support.skins import CHEEK, logarithmic, skins, without_sources
from tests.support.threads import one_thread

pytestmark = pytest.mark.unit

ICE = Ice()
REACH = 4e-3
# The least value of the stability function of the scheme is -0.207: a long step overshoots by so much of a jump.
OVERSHOOT = 0.21


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    with one_thread():
        yield


def ices() -> st.SearchStrategy[Ice | None]:
    """None, or any tissue that freezes."""
    return st.none() | st.builds(
        Ice, st.floats(0.5, 8.0), st.floats(0.0, 80.0), st.floats(0.4, 1.0), st.floats(1.0, 4.0)
    )


def places() -> st.SearchStrategy[tuple[float, float]]:
    return st.tuples(st.floats(0.0, 12e-3), st.floats(0.0, 10e-3))


def moves(coefficient: float, sink_degC: float, kind: Footprint, *corners: tuple[float, float]) -> Strokes:
    """A stroke of two seconds from each corner to the next, with pauses of two seconds."""
    touches = kind == Footprint.ELLIPSE
    pieces = [
        stroke((4.0 * at, 4.0 * at + 2.0), origin, target, coefficient, sink_degC, kind, REACH, touches)
        for at, (origin, target) in enumerate(pairwise(corners))
    ]
    return together(*pieces)


def rounding(patch: Patch) -> float:
    """Of the heat of a column in float32, J/m^2: that of 1e-4 K in all its cells."""
    return 1e-4 * float(np.sum(patch.volumetric_heat_capacity * patch.cell_width))


COLD = {
    "skin": skins(),
    "ice": ices(),
    "coefficient": logarithmic(50, 2000),
    "sink_degC": st.floats(-180, -1),
    "kind": st.sampled_from(Footprint),
    "step": logarithmic(0.01, 0.45),
}


# --- what must hold for any skin ------------------------------------------------------------------------


@drawn(max_examples=60)
@given(**COLD, corners=st.tuples(places(), places(), places()))
def test_heat_is_accounted_for_while_skin_freezes_and_thaws_twice(
    skin: Layers,
    ice: Ice | None,
    coefficient: float,
    sink_degC: float,
    kind: Footprint,
    step: float,
    corners: tuple[tuple[float, float], ...],
) -> None:
    patch, rest = resting(skin, ice)
    result = went(patch, rest, moves(coefficient, sink_degC, kind, *corners), 10.0, step)
    # 0.1 %, and what float32 rounds of the temperatures. Measured: 0.11 % where the least heat is drawn, else 0.03 %.
    area = patch.rows * patch.columns * patch.spacing**2
    rounded = 0.1 * rounding(patch) * area / abs(result.heat_absorbed)
    assert heat_missing(patch, result, rest, ice) < 1e-3 + rounded
    told = result.heat_absorbed + result.heat_from_below + result.heat_from_blood
    assert abs(result.heat_stored - told) < (1e-3 + rounded) * abs(result.heat_absorbed)


@pytest.mark.parametrize("step", [0.1, 0.2, 0.4])
@pytest.mark.parametrize("cold", [(700.0, -40.0), (250.0, -140.0)])
def test_skin_whose_last_ice_melts_within_a_step_keeps_its_heat(step: float, cold: tuple[float, float]) -> None:
    # Then it warms by more than the distance from freezing at which cells are still looked after as if they were ice.
    ice = Ice(1.0, 60.0, 0.6, 2.0)
    patch, rest = resting(CHEEK, ice)
    result = went(patch, rest, stroke((0.0, 2.0), (3e-3, 4e-3), (8e-3, 6e-3), *cold), 8.0, step)
    assert cold[1] < result.lowest_surface_degC.min() < 0.0
    assert result.end_degC.min() > 5.0
    assert heat_missing(patch, result, rest, ice) < 1e-5


@drawn(max_examples=30)
@given(**{**COLD, "sink_degC": st.floats(-180, 60) | st.floats(-12, -1)}, corners=st.tuples(places(), places()))
def test_without_sources_nothing_leaves_the_range_of_what_it_met(
    skin: Layers,
    ice: Ice | None,
    coefficient: float,
    sink_degC: float,
    kind: Footprint,
    step: float,
    corners: tuple[tuple[float, float], ...],
) -> None:
    patch, _ = resting(without_sources(skin), ice)
    patch = patch._replace(deep_temperature_degC=33.0)
    begin = np.full(len(patch.cell_width), 33.0)
    told = moves(coefficient, sink_degC, kind, *corners)
    result = went(patch, begin, told, 4.0, step, Surroundings(8.0, 33.0), snapshots=20)
    low, high = min(33.0, sink_degC) - 0.01, max(33.0, sink_degC) + 0.01
    for temperatures in (
        field_of(result),
        result.surface_degC,
        result.lowest_surface_degC,
        result.lowest_basal_degC,
    ):
        assert low <= temperatures.min()
        assert temperatures.max() <= high


@drawn(max_examples=25)
@given(**COLD, factor=st.floats(1.01, 3.0), corners=st.tuples(places(), places()))
def test_a_stronger_cold_is_nowhere_warmer(
    skin: Layers,
    ice: Ice | None,
    coefficient: float,
    sink_degC: float,
    kind: Footprint,
    step: float,
    factor: float,
    corners: tuple[tuple[float, float], ...],
) -> None:
    patch, rest = resting(skin, ice)
    weak, strong = (
        went(patch, rest, moves(strength, sink_degC, kind, *corners), 4.0, step, snapshots=10)
        for strength in (coefficient, factor * coefficient)
    )
    if ice is None:
        assert (field_of(strong) - field_of(weak)).max() <= 0.002
        assert (strong.surface_degC - weak.surface_degC).max() <= 0.002
    # Where ice forms, a cell may be off for a step; the heat of a column is not.
    lost = heat_of(patch, field_of(weak), ice) - heat_of(patch, field_of(strong), ice)
    assert lost.min() >= -rounding(patch)


@drawn(max_examples=25)
@given(**COLD, centre=places())
def test_a_constant_cold_only_cools_resting_skin(
    skin: Layers,
    ice: Ice | None,
    coefficient: float,
    sink_degC: float,
    kind: Footprint,
    step: float,
    centre: tuple[float, float],
) -> None:
    patch, rest = resting(skin, ice)
    # On top of the room, so that it is nowhere warmer than at rest.
    cold = stroke((0.0, 4.0), centre, None, coefficient, sink_degC, kind, REACH)
    result = went(patch, rest, cold, 4.0, step, snapshots=20)
    if ice is None:
        assert np.diff(field_of(result), axis=0).max() <= 0.002
        assert np.diff(result.surface_degC, axis=0).max() <= 0.002
    gained = np.diff(heat_of(patch, field_of(result), ice), axis=0)
    assert gained.max() <= rounding(patch)


@pytest.mark.parametrize("ice", [None, ICE, Ice(0.5, 80.0, 0.5, 4.0)], ids=["no ice", "ice", "sharp ice"])
@pytest.mark.parametrize("step", [5.0, 50.0])
@pytest.mark.parametrize("cold", [(300.0, -150.0), (2000.0, -20.0), (1e5, -60.0)])
def test_a_step_of_any_length_is_stable(ice: Ice | None, step: float, cold: tuple[float, float]) -> None:
    # So wide a grid that the exchange between its columns allows the step.
    patch, rest = resting(CHEEK, ice, spacing=80e-3)
    result = went(patch, rest, everywhere((0.0, 3 * step), *cold), 12 * step, step, snapshots=12)
    assert result.steps == 12
    assert np.isfinite(field_of(result)).all()
    assert field_of(result).max() < 37.5
    assert field_of(result).min() > cold[1] - OVERSHOOT * (37.0 - cold[1])
    assert heat_missing(patch, result, rest, ice) < 1e-4
    assert result.surface_degC[3].max() < 20.0
    assert result.surface_degC[3].max() < result.surface_degC[-1].min()


@drawn(max_examples=10)
@given(skin=skins(), ice=ices(), coefficient=logarithmic(50, 2000), sink_degC=st.floats(-120, -1))
def test_steps_that_the_grid_does_not_bear_are_cut(
    skin: Layers, ice: Ice | None, coefficient: float, sink_degC: float
) -> None:
    patch, rest = resting(skin, ice)
    cold = stroke((0.0, 4.0), (3e-3, 4e-3), None, coefficient, sink_degC)
    result = went(patch, rest, cold, 40.0, 20.0)
    assert result.steps > 4
    assert result.lowest_surface_degC.min() > sink_degC - 0.05
    assert result.end_degC.max() < 37.5
    assert heat_missing(patch, result, rest, ice) < 1e-3


# --- runs, and what is read of them ---------------------------------------------------------------------


@pytest.mark.parametrize("ice", [None, ICE], ids=["no ice", "ice"])
def test_a_run_in_two_parts_is_the_run_in_one(ice: Ice | None) -> None:
    patch, rest = resting(CHEEK, ice)
    vessels = Vessels(0.5e-3, 33.0, 0.05, 0.3, 1.0, 5.0, 20.0, 90.0, 10.0)
    told = moves(600.0, -120.0, Footprint.GAUSSIAN, (2e-3, 3e-3), (9e-3, 6e-3), (4e-3, 8e-3))
    whole = went(patch, rest, told, 8.0, 0.05, vessels=vessels)
    first = went(patch, rest, told, 5.0, 0.05, vessels=vessels)
    begin = PatchStart(first.end_enthalpy_degC, first.flow, first.memory, 5.0)
    second = advance_patch(
        patch, begin, told, AIR, np.array([8.0]), BASAL_DEPTH, vessels=vessels, numerics=PatchNumerics(0.05, 0.05)
    )
    assert second.time_s.tolist() == [5.0, 8.0]
    assert second.end_degC == pytest.approx(whole.end_degC, abs=0.01)
    assert second.flow == pytest.approx(whole.flow, abs=1e-3)
    assert second.memory == pytest.approx(whole.memory, abs=1e-3)
    for name in ("heat_absorbed", "heat_from_below", "heat_from_blood", "heat_stored"):
        parts = getattr(first, name) + getattr(second, name)
        assert parts == pytest.approx(getattr(whole, name), rel=1e-4, abs=1e-4), name


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one thread is all there is")
@pytest.mark.parametrize("ice", [None, ICE], ids=["no ice", "ice"])
def test_threads_share_the_rows_and_change_nothing(ice: Ice | None) -> None:
    patch, rest = resting(CHEEK, ice, rows=11)
    told = stroke((0.0, 1.0), (2e-3, 3e-3), (8e-3, 17e-3), 900.0, -150.0, reach=REACH, kind=Footprint.RING)
    alone = went(patch, rest, told, 2.0, 0.05)
    numba.set_num_threads(2)
    shared = went(patch, rest, told, 2.0, 0.05)
    assert alone.lowest_surface_degC.min() < -5.0
    assert np.array_equal(alone.end_degC, shared.end_degC)
    assert np.array_equal(alone.lowest_surface_degC, shared.lowest_surface_degC)
    assert shared.heat_absorbed == pytest.approx(alone.heat_absorbed, rel=1e-6)


def test_lowest_temperatures_and_dwell_are_those_of_the_steps() -> None:
    patch, rest = resting(CHEEK)
    told = stroke((0.0, 4.0), (2e-3, 3e-3), (9e-3, 6e-3), 500.0, -80.0)
    steps = 80
    result = went(patch, rest, told, 4.0, 4.0 / steps, snapshots=steps, thresholds_degC=(10.0, 20.0))
    assert result.steps == steps
    for history, lowest, below in (
        (result.surface_degC, result.lowest_surface_degC, result.dwell_below_s),
        (result.basal_degC, result.lowest_basal_degC, result.basal_below_s),
    ):
        assert lowest == pytest.approx(history.min(axis=0), abs=1e-4)
        assert np.ptp(lowest) > 5.0
        for threshold, dwell in zip((10.0, 20.0), below, strict=True):
            counted = 4.0 / steps * (history[1:] < threshold).sum(axis=0)
            assert dwell == pytest.approx(counted, abs=0.1)
            assert dwell.max() > 0.5


def test_skin_that_does_not_change_is_below_a_threshold_all_the_time_or_never() -> None:
    patch, rest = resting(without_sources(CHEEK))
    patch = patch._replace(deep_conductance=0.0)
    result = went(patch, np.full(len(rest), -30.0), NO_STROKES, 1.0, 0.1, NOWHERE, thresholds_degC=(0.0, -29.0, -31.0))
    for dwell in (result.dwell_below_s, result.basal_below_s):
        assert dwell[0] == pytest.approx(1.0, abs=1e-4)
        assert dwell[1] == pytest.approx(1.0, abs=1e-4)
        assert dwell[2].max() == 0.0


def test_the_deepest_ice_is_that_of_the_steps() -> None:
    patch, rest = resting(CHEEK, ICE)
    result = went(patch, rest, everywhere((0.0, 5.0), 800.0, -120.0), 20.0, 0.1, snapshots=200)
    assert result.ice is not None
    depth = patch.centre_depth
    seen = [np.interp(-0.5, -ice[:, 0, 0], depth) if ice[0, 0, 0] > 0.5 else 0.0 for ice in result.ice]
    assert 0.3e-3 < max(seen) == pytest.approx(float(result.deepest_ice[0, 0]), abs=1e-5)
    assert seen[-1] < 0.5 * max(seen)


def test_blood_flow_follows_the_cold_with_its_time_constants() -> None:
    # Tissue without exchange keeps its temperature, so that the flow follows an exponential.
    patch, rest = resting(without_sources(CHEEK))
    patch = patch._replace(deep_conductance=0.0)
    vessels = Vessels(1e-3, 33.0, 0.04, 0.2, 1.0, 6.0, 10.0, 90.0, 40.0)
    cold = went(patch, np.full(len(rest), 23.0), NO_STROKES, 10.0, 0.1, NOWHERE, vessels=vessels)
    target = 0.2 + 0.8 * np.exp(-0.4)
    assert cold.flow == pytest.approx(target + (1.0 - target) * np.exp(-10.0 / 6.0), abs=0.005)
    frozen = went(patch, np.full(len(rest), 1.0), NO_STROKES, 60.0, 0.1, NOWHERE, vessels=vessels)
    assert frozen.flow == pytest.approx(0.2 + 0.8 * np.exp(-1.28), abs=0.005)


def test_vessels_open_the_slower_the_longer_they_were_narrow() -> None:
    patch, rest = resting(without_sources(CHEEK))
    patch = patch._replace(deep_conductance=0.0)
    # A memory time beyond all measure keeps the memory as it is given.
    vessels = Vessels(1e-3, 33.0, 0.04, 0.2, 1.0, 6.0, 10.0, 90.0, 1e6)
    for memory, time_constant in ((0.0, 10.0), (0.5, 30.0), (1.0, 90.0)):
        grid = (patch.rows, patch.columns)
        warm = np.full((len(rest), *grid), 33.0)
        begin = PatchStart(warm, np.full(grid, 0.2), np.full(grid, memory), 0.0)
        released = advance_patch(patch, begin, NO_STROKES, NOWHERE, np.array([20.0]), BASAL_DEPTH, vessels=vessels)
        assert released.flow == pytest.approx(1.0 - 0.8 * np.exp(-20.0 / time_constant), abs=0.02)


def test_less_blood_flow_leaves_the_skin_colder() -> None:
    patch, rest = resting(CHEEK)
    told = everywhere((0.0, 60.0), 200.0, 0.0)
    constant = went(patch, rest, told, 60.0, 0.5)
    answering = went(patch, rest, told, 60.0, 0.5, vessels=Vessels(1e-3, 33.0, 0.1, 0.1, 1.0, 5.0, 60.0, 600.0, 60.0))
    assert (answering.end_degC - constant.end_degC).max() <= 0.0
    assert (answering.end_degC - constant.end_degC).min() < -0.1
    assert answering.heat_from_blood < constant.heat_from_blood


def test_the_field_is_kept_only_when_asked_for() -> None:
    patch, rest = resting(CHEEK, ICE)
    result = went(patch, rest, NO_STROKES, 1.0, 0.5, keep_field=False)
    assert result.field_degC is None
    assert result.ice is None
    assert result.surface_degC.shape == (2, patch.rows, patch.columns)


def test_steps_of_a_plan_find_the_ice_of_finer_ones() -> None:
    patch, rest = resting(CHEEK, ICE)
    told = stroke((0.0, 3.0), (5e-3, 5e-3), None, 1000.0, -150.0, reach=REACH)
    plan, fine = (went(patch, rest, told, 10.0, step) for step in (0.1, 0.01))
    assert 0.3e-3 < fine.deepest_ice.max() < 3e-3
    assert plan.deepest_ice.max() == pytest.approx(fine.deepest_ice.max(), abs=0.01e-3)
    assert plan.lowest_surface_degC.min() == pytest.approx(fine.lowest_surface_degC.min(), abs=0.2)
    assert plan.end_degC == pytest.approx(fine.end_degC, abs=0.2)


# --- refusals -------------------------------------------------------------------------------------------


def test_a_result_that_is_not_a_number_stops_with_place_and_time() -> None:
    patch, rest = resting(CHEEK)
    begin = np.broadcast_to(rest[:, None, None], (len(rest), patch.rows, patch.columns)).copy()
    begin[3, 2, 4] = np.nan
    with pytest.raises(EngineError, match=r"Stopped at x = .* mm, y = .* mm, .* mm below.* s: .*not a number"):
        went(patch, begin, NO_STROKES, 1.0, 0.1)


@pytest.mark.parametrize("ice", [None, ICE], ids=["no ice", "ice"])
@pytest.mark.parametrize("sink_degC", [-400.0, 300.0])
def test_an_impossible_temperature_stops_with_place_and_time(ice: Ice | None, sink_degC: float) -> None:
    patch, rest = resting(CHEEK, ice)
    told = stroke((1.0, 60.0), (5e-3, 7e-3), None, 3000.0, sink_degC, Footprint.ELLIPSE, 2.5e-3, True)
    with pytest.raises(EngineError, match="temperatures lie within -196 and 60 degC") as stopped:
        went(patch, rest, told, 60.0, 0.1)
    place = re.search(
        r"x = (\S+) mm, y = (\S+) mm, (\S+) mm below the surface, at (\S+) s: (\S+) degC", str(stopped.value)
    )
    assert place is not None
    x, y, depth, time, temperature_degC = (float(value) for value in place.groups())
    assert np.hypot(x - 5.0, y - 7.0) < 3.0
    assert depth < 0.1
    assert 1.0 < time < 20.0
    assert not -196.0 <= temperature_degC <= 60.0


def test_a_run_made_ready_once_gives_the_same_each_time() -> None:
    patch, rest = resting(CHEEK, ICE)
    told = stroke((0.0, 1.0), (5e-3, 7e-3), None, 2000.0, -60.0, Footprint.GAUSSIAN, REACH)
    times, numerics = np.array([0.5, 1.0, 2.0]), PatchNumerics(0.1, 0.1)
    job = prepare_patch(patch, rest, told, AIR, times, BASAL_DEPTH, numerics=numerics)
    first, again = job.march(), job.march(job.begin())
    straight = advance_patch(patch, rest, told, AIR, times, BASAL_DEPTH, numerics=numerics)
    assert straight.lowest_surface_degC.min() < 0.0
    for result in (first, again):
        assert np.array_equal(field_of(result), field_of(straight))
        assert result.heat_absorbed == straight.heat_absorbed


def test_temperatures_at_the_limits_are_possible() -> None:
    patch, rest = resting(without_sources(CHEEK))
    patch = patch._replace(deep_conductance=0.0)
    for limit_degC in (-196.0, 60.0):
        result = went(patch, np.full(len(rest), limit_degC), NO_STROKES, 1.0, 0.1, NOWHERE)
        assert result.end_degC == pytest.approx(limit_degC, abs=1e-3)


def test_ice_at_the_bottom_is_refused() -> None:
    patch, rest = resting(CHEEK)
    thin = with_ice(patch._replace(**{name: getattr(patch, name)[:20] for name in PER_CELL}, deep_conductance=0.0), ICE)
    with pytest.raises(EngineError, match="reached the bottom"):
        went(thin, rest[:20], everywhere((0.0, 30.0), 2000.0, -60.0), 30.0, 0.1)


PER_CELL = (
    "cell_width",
    "thermal_conductivity",
    "volumetric_heat_capacity",
    "perfusion_conductance",
    "metabolic_heat_production",
)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (stroke(reach=1.5e-3), "reaches 1.50 mm from its centre, and the grid has 2.00 mm"),
        (stroke((0.0, 1.0), (0.0, 0.0), (60e-3, 0.0), reach=REACH), "source by 1.5 times.*0.067 s or less"),
        (stroke((1.0, 1.0)), "must end after it began"),
    ],
)
def test_a_stroke_that_the_grid_or_the_step_cannot_resolve_is_refused(told: Strokes, message: str) -> None:
    patch, rest = resting(CHEEK)
    with pytest.raises(EngineError, match=message):
        went(patch, rest, told, 2.0, 0.1)
