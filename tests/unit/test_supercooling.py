"""Dry skin below its freezing point: how probable ice is, when it begins as drawn, and that no heat is made of it."""

from __future__ import annotations

import ast
import json
import math
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import xarray
from jaxtyping import Float

from cryomassage.engine.nucleation import NucleationLaw, hazard, moment_of_ice, nucleation_rate, probability_of_ice
from cryomassage.engine.patch import PatchStart
from cryomassage.errors import InputError
from cryomassage.interchange.json_schema import schema_of
from cryomassage.interchange.patch_files import patch_lines
from cryomassage.interchange.patch_plots import shown_maps
from cryomassage.interchange.patch_scenario_file import check_patch_scenario
from cryomassage.interchange.patch_zarr import write_zarr
from cryomassage.knowledge.load import load
from cryomassage.planning.make_plan import make_plan
from cryomassage.planning.numerics import default_numerics
from cryomassage.planning.patch_run import PatchRun, end_of, joined
from cryomassage.planning.population import Laboratory
from cryomassage.planning.simulate_patch import simulate_patch
from cryomassage.planning.supercooling import Risk, drawn_moment, nucleation_laws, risk_of_ice
from cryomassage.records.patch import IceBound, PatchSimulation
from cryomassage.records.patch_scenario import SCHEMA, PatchScenario
from tests.support.clients import make_client

pytestmark = pytest.mark.unit

SOURCES = Path(__file__).parents[2] / "src" / "cryomassage"
LAW = NucleationLaw(-2.0, (-15.0, -20.0), (6e-4, 7.1e-3))


def scenario(**changes: Any) -> PatchScenario:
    """Dry air of -60 °C held on a small, coarse patch; None takes a field away."""
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "zone": "cheek",
        "sex": "female",
        "room_temperature": "23 degC",
        "exchange": {
            "heat_transfer_coefficient": "200 W/(m^2*K)",
            "sink_temperature": "-60 degC",
            "footprint": "gaussian",
            "length": "20 mm",
            "width": "20 mm",
        },
        "pattern": "spot",
        "hold": "50 s",
        "place_mm": [56, 50],
        "window_mm": [53, 47, 59, 53],
        "freezing": True,
        "supercooling": True,
        "seed": 2,
        "grid": "6 mm",
        "watch": "10 s",
        "snapshots": 6,
        **changes,
    }
    read = PatchScenario.model_validate({key: value for key, value in data.items() if value is not None})
    return check_patch_scenario(read, load(), "scenario")


@pytest.fixture(scope="module")
def drawn() -> PatchSimulation:
    return simulate_patch(scenario(), load())


@pytest.fixture(scope="module")
def run() -> PatchRun:
    """The run of the scenario, with its law of freezing."""
    caught: list[PatchRun] = []
    patched = pytest.MonkeyPatch()
    whole = PatchRun.advance

    def advance(self: PatchRun, *args: Any, **more: Any) -> Any:
        caught.append(self)
        return whole(self, *args, **more)

    with patched.context() as patch:
        patch.setattr(PatchRun, "advance", advance)
        simulate_patch(scenario(supercooling=None, seed=None), load())
    return caught[0]


# --- the chance -----------------------------------------------------------------------------------------


def test_the_rate_goes_through_the_known_points_and_is_log_linear_between_and_beyond() -> None:
    rate = nucleation_rate(LAW, np.array([-15.0, -20.0, -17.5, -25.0, -2.0, -1.99, 20.0]))
    assert rate[:2] == pytest.approx([6e-4, 7.1e-3])
    assert rate[2] == pytest.approx(math.sqrt(6e-4 * 7.1e-3))
    assert rate[3] == pytest.approx(7.1e-3**2 / 6e-4)
    assert 0.0 < rate[4] < 1e-5
    assert rate[5] == rate[6] == 0.0


def test_forty_minutes_at_minus_15_leave_as_many_limbs_unfrozen_as_were_seen() -> None:
    time_s = np.linspace(0.0, 2400.0, 25)
    rates = nucleation_laws(load()).rates(np.full(25, -15.0))
    unfrozen = 1.0 - probability_of_ice(hazard(time_s, rates))[-1]
    # By hand: exp(-2400 s * rate), and 7 to 40 % were seen.
    assert unfrozen == pytest.approx(np.exp(-2400.0 * np.array([6e-4, 3.8e-4, 1.1e-3])))
    assert unfrozen[1] == pytest.approx(0.40, abs=0.01)
    assert unfrozen[2] == pytest.approx(0.07, abs=0.005)


def test_bounds_hold_the_stated_rate_and_what_was_seen_on_faces_in_the_wind() -> None:
    stated, low, high = nucleation_laws(load()).rates(np.linspace(-45.0, 5.0, 101)).T
    assert np.all(low <= stated)
    assert np.all(stated <= high)
    assert np.all(high[np.linspace(-45.0, 5.0, 101) > -0.5] == 0.0)
    half_an_hour = probability_of_ice(1800.0 * nucleation_laws(load()).rates(np.array([-4.8]))[0])
    assert half_an_hour[1] < 0.05 < half_an_hour[2]  # about 5 % of people at -4.8 °C


def test_ice_is_the_more_probable_the_colder_and_the_longer() -> None:
    time_s = np.linspace(0.0, 60.0, 61)
    cold = np.random.default_rng(3).uniform(-30.0, 5.0, 61)
    chance = probability_of_ice(hazard(time_s, nucleation_rate(LAW, cold)))
    colder = probability_of_ice(hazard(time_s, nucleation_rate(LAW, cold - 1.0)))
    assert chance[0] == 0.0
    assert np.all(np.diff(chance) >= 0.0)
    assert np.all(colder >= chance)
    assert colder[-1] > chance[-1] + 0.01


def test_the_moment_is_where_the_hazard_reaches_its_threshold() -> None:
    time_s = np.array([0.0, 10.0, 20.0])
    summed = np.array([0.0, 0.0, 1.0])
    assert moment_of_ice(time_s, summed, 0.25) == pytest.approx(12.5)
    assert moment_of_ice(time_s, summed, 1.01) is None


def test_as_many_draws_freeze_as_the_probability_says_and_a_seed_draws_the_same_again() -> None:
    bound = IceBound(lowest_surface_degC=-20.0, lowest_basal_degC=-19.0, frozen_area_cm2=0.0, deepest_ice_mm=0.0)
    time_s = np.linspace(0.0, 60.0, 121)
    summed = np.outer(0.35 * (time_s / 60.0) ** 2, np.ones(3))
    risk = Risk(time_s, summed, np.zeros((1, 1)), bound)
    moments = [drawn_moment(risk, seed) for seed in range(3000)]
    begun = np.array([moment for moment in moments if moment is not None])
    for by_s in (30.0, 60.0):
        expected = 1.0 - math.exp(-0.35 * (by_s / 60.0) ** 2)
        spread = math.sqrt(expected * (1.0 - expected) / 3000.0)
        assert float(np.sum(begun <= by_s) / 3000.0) == pytest.approx(expected, abs=4.0 * spread)
    assert moments[:50] == [drawn_moment(risk, seed) for seed in range(50)]


# --- heat -----------------------------------------------------------------------------------------------


def _enthalpy(run: PatchRun, theta: Float[np.ndarray, "cells rows columns"]) -> float:
    """J, against 0 °C."""
    weight = (run.patch.volumetric_heat_capacity * run.patch.cell_width)[:, None, None]
    return float(np.sum(weight * theta) * run.patch.spacing**2)


def test_a_run_that_is_taken_up_again_ends_as_one_that_never_stopped(run: PatchRun) -> None:
    whole = run.advance(np.array([15.0, 30.0, 55.0]))
    first = run.advance(np.array([15.0, 30.0]))
    parts = joined([first, run.advance(np.array([55.0]), end_of(first))])
    assert parts.time_s == pytest.approx(whole.time_s)
    assert parts.surface_degC == pytest.approx(whole.surface_degC, abs=0.01)
    assert parts.end_degC == pytest.approx(whole.end_degC, abs=0.01)
    assert parts.dwell_below_s == pytest.approx(whole.dwell_below_s, abs=0.05)
    assert parts.lowest_surface_degC == pytest.approx(whole.lowest_surface_degC, abs=0.01)
    assert parts.deepest_ice == pytest.approx(whole.deepest_ice, abs=1e-6)
    assert parts.heat_absorbed == pytest.approx(whole.heat_absorbed, rel=1e-4)


def test_supercooled_skin_warms_as_ice_begins_and_no_heat_is_made_or_lost(run: PatchRun) -> None:
    liquid = run.freezing_by(None).advance(np.array([40.0]))
    later = run.advance(np.array([40.2, 50.0]), end_of(liquid))
    assert liquid.end_degC.min() < -15.0
    assert later.field_degC is not None
    assert later.ice is not None
    cold = liquid.end_degC < -3.0
    assert np.all(later.field_degC[0][cold] > liquid.end_degC[cold] + 1.0)
    assert later.ice[0][cold].min() > 0.01
    # The enthalpy goes on from where it was, and changes by the heat that enters and by nothing else.
    before = _enthalpy(run, liquid.end_enthalpy_degC)
    after = _enthalpy(run, later.end_enthalpy_degC)
    assert later.heat_stored == pytest.approx(after - before, rel=1e-3)
    entered = later.heat_absorbed + later.heat_from_below + later.heat_from_blood
    assert later.heat_stored == pytest.approx(entered, abs=1e-4 * abs(later.heat_absorbed))
    both = joined([liquid, later])
    all_entered = both.heat_absorbed + both.heat_from_below + both.heat_from_blood
    assert both.heat_stored == pytest.approx(all_entered, abs=1e-4 * abs(both.heat_absorbed))


def test_blood_flow_goes_on_from_where_it_was(run: PatchRun) -> None:
    rest = run.advance(np.array([0.1]), keep_field=False)
    stopped = PatchStart(rest.end_enthalpy_degC, np.full_like(rest.flow, 0.25), rest.memory, 0.1)
    assert run.advance(np.array([0.2]), stopped, keep_field=False).flow == pytest.approx(0.25)


# --- a scenario -----------------------------------------------------------------------------------------


def test_a_drawn_run_freezes_when_it_is_told_and_lies_between_its_bounds(drawn: PatchSimulation) -> None:
    report, history = drawn.report, drawn.history
    told = report.supercooling
    assert told is not None
    assert told.ice_begins_s is not None
    assert 0.0 < told.ice_begins_s < report.duration_s
    assert told.ice_begins_s in history.time_s
    assert history.ice is not None
    assert history.ice[history.time_s <= told.ice_begins_s].max() == 0.0
    assert history.ice[history.time_s > told.ice_begins_s].max() > 0.1
    assert told.ice_never.lowest_surface_degC <= report.lowest_surface_degC < told.ice_at_once.lowest_surface_degC
    assert told.ice_never.deepest_ice_mm == 0.0 < told.ice_at_once.deepest_ice_mm
    assert report.energy_error < 1e-4
    assert "No plan counts on skin that supercools." in " ".join(report.notes)


def test_the_course_rises_between_its_bounds_and_the_map_stays_below_it(drawn: PatchSimulation) -> None:
    assert drawn.report.supercooling is not None
    course = drawn.report.supercooling.course
    assert [row.time_s for row in course] == pytest.approx(drawn.history.time_s)
    table = np.array([(row.low, row.probability, row.high) for row in course])
    assert np.all(np.diff(table, axis=0) >= 0.0)
    assert np.all(np.diff(table, axis=1) >= 0.0)
    assert 0.05 < table[-1, 1] < 0.999
    chance = drawn.history.ice_probability
    assert chance is not None
    assert chance.max() <= table[-1, 1] + 1e-9
    # A source that stands is coldest in one place, which then is the patch.
    assert chance.max() == pytest.approx(table[-1, 1], rel=1e-3)
    coldest = np.unravel_index(np.argmin(drawn.history.lowest_surface_degC), chance.shape)
    assert chance[coldest] == chance.max()


def test_the_same_seed_gives_the_same_run_and_another_seed_another(drawn: PatchSimulation) -> None:
    again = simulate_patch(scenario(), load()).report
    assert again == drawn.report
    other = simulate_patch(scenario(seed=5), load()).report.supercooling
    assert other is not None
    assert drawn.report.supercooling is not None
    assert other.ice_begins_s != drawn.report.supercooling.ice_begins_s
    assert other.course[-1].probability == pytest.approx(drawn.report.supercooling.course[-1].probability, rel=1e-6)


def test_skin_that_stays_warm_has_no_chance_of_ice(run: PatchRun) -> None:
    report = simulate_patch(scenario(hold="3 s", watch="1 s"), load()).report
    assert report.supercooling is not None
    assert report.supercooling.ice_begins_s is None
    assert report.supercooling.course[-1].high == 0.0
    assert report.frozen_area_cm2 == 0.0
    risk = risk_of_ice(run, 45.0, nucleation_laws(load()))
    assert risk.time_s[-1] == pytest.approx(45.0)
    assert np.all(np.diff(risk.time_s) > 0.0)


def test_the_report_says_it_and_fits_its_schema_and_maps_and_field_show_it(
    drawn: PatchSimulation, tmp_path: Path
) -> None:
    text = "\n".join(patch_lines(drawn.report))
    assert "Supercooled: ice begins with a probability of" in text
    assert "If ice never began: surface -" in text
    assert "If ice began as soon as it can: surface -" in text
    jsonschema.validate(json.loads(drawn.report.model_dump_json(by_alias=True)), schema_of("patch-simulation"))
    assert [shown.unit for shown in shown_maps(drawn.history)] == ["°C", "%", "°C", "mm"]
    write_zarr(drawn, tmp_path / "field.zarr")
    with xarray.open_zarr(tmp_path / "field.zarr", consolidated=False) as field:
        assert field["ice_probability"].attrs["units"] == "1"
        np.testing.assert_array_equal(field["ice_probability"].values, drawn.history.ice_probability)


# --- who gets no credit ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cold_source": "ln2_spray_nozzle_a"}, "leaves the skin frosted"),
        ({"cold_source": "ln2_swab"}, "leaves the skin frosted"),
        ({"cold_source": "ln2_vapour_swab"}, "leaves the skin frosted"),
        ({"cold_source": "cold_vapour_jet"}, "leaves the skin frosted"),
        ({"cold_source": "ice_bare"}, "leaves the skin wet"),
        ({"cold_source": "ice_cloth"}, "leaves the skin wet"),
        ({"cold_source": "cool_pack_cloth", "barrier": "wet_towel"}, "“Wet towel” may wet the skin"),
        ({"cold_source": "cool_pack_cloth", "barrier": "unknown"}, "may wet the skin"),
    ],
)
def test_wet_or_frosted_skin_gets_no_credit(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as told:
        scenario(exchange=None, **changes)
    assert "gets no credit" in str(told.value)
    assert words in str(told.value)
    assert "Dry are cold_air_jet_sweep, cool_pack_cloth and [exchange]" in str(told.value)


def test_every_source_of_nitrogen_and_ice_leaves_the_skin_wet_or_frosted() -> None:
    knowledge = load()
    for key, shape in knowledge.footprint.items():
        if knowledge.cold_source[key].agent in ("ln2", "ice"):
            assert shape.leaves_skin != "dry", key


def test_dry_sources_may_be_asked() -> None:
    assert scenario(exchange=None, cold_source="cold_air_jet_sweep").supercooling


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"freezing": None}, "Write freezing = true"),
        ({"supercooling": None}, "supercooling takes one"),
    ],
)
def test_supercooling_without_ice_and_a_seed_without_chance_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as told:
        scenario(**changes)
    assert words in str(told.value)


def test_no_plan_can_count_on_supercooling() -> None:
    """Only simulations import the chance of ice; whatever makes plans does not."""
    allowed = {"simulate_patch.py", "supercooling.py", "patch_scenario_file.py"}
    for path in SOURCES.rglob("*.py"):
        names = {
            node.module
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and node.module is not None
        }
        if path.name not in allowed:
            assert not {"cryomassage.planning.supercooling", "cryomassage.engine.nucleation"} & names, path.name
        if path.name in {"dose.py", "make_plan.py", "population.py", "limits.py", "locks.py", "spot_freeze.py"}:
            assert "cryomassage.planning.simulate_patch" not in names, path.name


def test_a_plan_is_the_same_whatever_is_known_of_the_chance_of_ice() -> None:
    """Skin that would never freeze by itself gets no more than skin that freezes at once."""
    knowledge = load()
    begin = knowledge.freezing["nucleation_begin"]
    never = begin.quantity.model_copy(update={"value": -99.0, "range": (-100.0, -98.0)})
    freezing = {**knowledge.freezing, "nucleation_begin": begin.model_copy(update={"quantity": never})}
    plans = []
    for known in (knowledge, knowledge.model_copy(update={"freezing": freezing})):
        numerics = default_numerics(known).model_copy(update={"virtual_skins": 32})
        plans.append(make_plan(make_client(), known, Laboratory(known, numerics)))
    assert plans[0].zones
    assert plans[0].zones == plans[1].zones
