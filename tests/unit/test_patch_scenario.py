from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from cryomassage.errors import InputError
from cryomassage.interchange.json_schema import schema_of
from cryomassage.interchange.patch_scenario_file import check_patch_scenario, read_patch_scenario
from cryomassage.knowledge.load import load
from cryomassage.planning.patch_skin import patch_skin, vessels_of
from cryomassage.planning.simulate_patch import simulate_patch
from cryomassage.planning.strokes.plan import lay
from cryomassage.records.patch import PatchSimulation
from cryomassage.records.patch_scenario import SCHEMA, PatchScenario
from tests.support.command import run_command

pytestmark = pytest.mark.unit

EXAMPLES = Path(__file__).parents[2] / "examples" / "scenarios"


def scenario(**changes: Any) -> PatchScenario:
    """One stroke of a spray over a coarse window on the cheek; None takes a field away."""
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "zone": "cheek",
        "sex": "female",
        "room_temperature": "23 degC",
        "cold_source": "ln2_spray_nozzle_a",
        "stroke": [{"path_mm": [[40, 55], [80, 55]]}],
        "window_mm": [35, 40, 85, 70],
        "grid": "3 mm",
        "watch": "2 s",
        "snapshots": 4,
        **changes,
    }
    read = PatchScenario.model_validate({key: value for key, value in data.items() if value is not None})
    return check_patch_scenario(read, load(), "scenario")


def example(name: str, **changes: Any) -> PatchSimulation:
    read = read_patch_scenario(EXAMPLES / f"{name}.toml", load())
    return simulate_patch(read.model_copy(update={"snapshots": 6, **changes}), load())


def refused(**changes: Any) -> str:
    with pytest.raises(InputError) as told:
        simulate_patch(scenario(**changes), load())
    return str(told.value)


# --- what comes out -------------------------------------------------------------------------------------


def test_a_stroke_cools_its_strip_and_nothing_far_from_it() -> None:
    simulation = simulate_patch(scenario(), load())
    report, history = simulation.report, simulation.history
    assert report.stroke_length_mm == pytest.approx(40.0)
    assert report.seconds_on == pytest.approx(40.0 / 60.0)
    assert report.duration_s == pytest.approx(40.0 / 60.0 + 2.0)
    assert report.energy_error < 1e-3
    column = int(np.argmin(abs(history.x_mm - 60.0)))
    across = history.lowest_surface_degC[:, column]
    assert abs(history.y_mm[int(np.argmin(across))] - 55.0) <= 3.0
    assert history.surface_degC[0].std() < 1e-3  # at rest all is even
    assert across[0] > history.surface_degC[0, 0, 0] - 1.0
    assert across.min() == pytest.approx(report.lowest_surface_degC, abs=0.5)
    assert report.surface_below_floor_cm2 is None
    for array in (history.lowest_surface_degC, history.passes, history.deepest_ice_mm):
        assert array.shape == history.inside.shape == (len(history.y_mm), len(history.x_mm))


def test_the_same_scenario_gives_the_same_numbers() -> None:
    one, other = (simulate_patch(scenario(), load()) for _ in range(2))
    assert one.report == other.report
    assert np.array_equal(one.history.field_degC, other.history.field_degC)


def test_a_report_fits_its_schema_and_its_scenario_can_be_run_again() -> None:
    report = simulate_patch(scenario(exposure_class=1, overlap=None), load()).report
    content = json.loads(report.model_dump_json(by_alias=True))
    jsonschema.validate(content, schema_of("patch-simulation"))
    again = PatchScenario.model_validate(content["scenario"])
    assert simulate_patch(again, load()).report == report


def test_slower_and_nearer_is_colder() -> None:
    usual = simulate_patch(scenario(), load()).report.lowest_surface_degC
    assert simulate_patch(scenario(speed="30 mm/s"), load()).report.lowest_surface_degC < usual - 3.0
    assert simulate_patch(scenario(distance="100 mm"), load()).report.lowest_surface_degC > usual + 3.0


def test_given_numbers_do_what_the_source_of_those_numbers_does() -> None:
    numbers = {
        "heat_transfer_coefficient": "245 W/(m^2*K)",
        "sink_temperature": "-100 degC",
        "footprint": "gaussian",
        "length": "20 mm",
        "width": "20 mm",
    }
    given = simulate_patch(scenario(cold_source=None, exchange=numbers, speed="60 mm/s"), load())
    source = simulate_patch(scenario(), load())
    assert given.history.lowest_surface_degC == pytest.approx(source.history.lowest_surface_degC)


def test_vessels_that_close_let_the_skin_come_back_more_slowly() -> None:
    strokes = [{"path_mm": [[60, 55]], "hold": "90 s"}]
    small = {"window_mm": [55, 50, 65, 60], "grid": "6 mm", "step": "0.5 s"}
    ice = {"cold_source": "ice_cloth", "stroke": strokes, "watch": "200 s", **small}
    still = simulate_patch(scenario(**ice), load()).history.surface_degC[-1].min()
    closed = simulate_patch(scenario(**ice, vessels=True), load()).history.surface_degC[-1].min()
    assert closed < still - 0.2


def test_vessels_stand_open_at_rest_and_fall_to_the_measured_share() -> None:
    skin = patch_skin("forearm", "female", 23.0, 4, 4, 1e-3, False, load())
    vessels = vessels_of(skin, load())
    left = vessels.least + (1.0 - vessels.least) * np.exp(-6.0 * vessels.sensitivity)
    assert 0.7 < vessels.rest_flow < 1.2
    assert left == pytest.approx(0.44)
    assert 60.0 <= vessels.constriction_time <= 180.0
    assert vessels.release_time_short <= 180.0
    assert vessels.release_time_long >= 7200.0
    assert vessels.reference_degC == 34.0


@pytest.mark.parametrize("zone", ["cheek", "scalp", "upper_eyelid"])
def test_the_skin_that_can_freeze_is_the_same_skin(zone: str) -> None:
    plain, freezing = (patch_skin(zone, "female", 23.0, 4, 4, 1e-3, ice, load()) for ice in (False, True))
    assert freezing.patch.freezing is not None
    assert freezing.patch.cell_width.sum() == pytest.approx(plain.patch.cell_width.sum(), rel=1e-5)
    assert freezing.basal_depth == pytest.approx(plain.basal_depth)
    # The basal layer is a face between two cells in both.
    for skin in (plain, freezing):
        faces = np.cumsum(skin.patch.cell_width)
        assert abs(faces - skin.basal_depth).min() < 1e-8
    for name in ("volumetric_heat_capacity", "perfusion_conductance"):
        whole = [float(np.sum(getattr(skin.patch, name) * skin.patch.cell_width)) for skin in (plain, freezing)]
        assert whole[1] == pytest.approx(whole[0], rel=1e-5)
    assert freezing.rest_degC[0] == pytest.approx(plain.rest_degC[0], abs=0.1)


# --- the examples are what they are called --------------------------------------------------------------


def test_the_raster_keeps_the_cheek_above_the_floor_and_leaves_little_out() -> None:
    report = example("patch-cheek-raster", grid=3.0, watch=5.0).report
    assert report.surface_below_floor_cm2 == 0.0
    assert report.frozen_area_cm2 == 0.0
    assert report.passes == 3
    missed = sum(place.area_cm2 for place in report.places if place.kind == "gap")
    assert missed < 0.1 * report.dose_area[-1].area_cm2
    cooled = next(row.share for row in report.dose_area if row.at_most_degC == 25.0)
    assert cooled > 0.75


@pytest.mark.slow
def test_one_stripe_freezes_and_the_same_strips_made_evenly_do_not() -> None:
    freezes, safe = (
        example(f"patch-stripe-{how}", grid=2.5, watch=5.0, step=0.05).report for how in ("freezes", "safe")
    )
    (stripe,) = [place for place in freezes.places if place.kind == "frozen"]
    assert stripe.place == "across the middle"
    assert stripe.y_mm == pytest.approx(56.0, abs=2.0)
    assert freezes.deepest_ice_mm > 0.05
    assert freezes.surface_below_floor_cm2 is not None
    assert freezes.surface_below_floor_cm2 > 2.0
    assert safe.surface_below_floor_cm2 == 0.0
    assert safe.frozen_area_cm2 == 0.0
    assert safe.lowest_surface_degC > 5.0
    assert safe.stroke_length_mm == pytest.approx(freezes.stroke_length_mm)


def test_how_cold_a_freezing_stripe_becomes_does_not_hang_on_the_step() -> None:
    slow = {"stroke": [{"path_mm": [[50, 55], [70, 55]]}], "speed": "6 mm/s", "distance": "20 mm", "freezing": True}
    small = {"window_mm": [45, 50, 75, 60], "grid": "2.5 mm", "watch": "0.1 s", "snapshots": 2}
    usual, fine = (simulate_patch(scenario(**slow, **small, step=step), load()) for step in (None, "0.006 s"))
    assert fine.report.frozen_area_cm2 > 0.2
    assert usual.report.lowest_surface_degC == pytest.approx(fine.report.lowest_surface_degC, abs=0.3)


def test_the_papilloma_freezes_twice_and_thaws() -> None:
    simulation = example("patch-papilloma", snapshots=60, grid=1.4)
    report, history = simulation.report, simulation.history
    assert report.lowest_surface_degC < -50.0
    assert 1.0 < report.deepest_ice_mm < 5.0
    assert report.thawed_after_s is not None
    assert 20.0 < report.thawed_after_s < 120.0
    assert history.ice is not None
    frozen = history.ice.max(axis=(1, 2, 3)) > 0.5
    # On, off, on, off.
    assert int(np.sum(np.diff(frozen.astype(int)) == 1)) == 2
    assert not frozen[-1]
    row, column = np.unravel_index(int(np.argmax(history.deepest_ice_mm)), history.inside.shape)
    assert (history.x_mm[column], history.y_mm[row]) == pytest.approx((56.0, 50.0), abs=1.4)


@pytest.mark.slow
def test_the_scalp_is_cooled_along_its_partings() -> None:
    simulation = example("patch-scalp-partings", passes=1, watch=1.0, window_mm=(60.0, 100.0, 180.0, 200.0))
    history = simulation.history
    middle = int(np.argmin(abs(history.y_mm - 150.0)))
    across = history.lowest_surface_degC[middle][history.inside[middle]]
    valleys = np.sum((across[1:-1] < across[:-2]) & (across[1:-1] < across[2:]))
    assert valleys >= 7
    assert simulation.report.surface_below_floor_cm2 == 0.0
    assert any("dipped or renewed" in note for note in simulation.report.notes)


@pytest.mark.slow
def test_circling_ice_stays_within_what_home_allows() -> None:
    report = example("patch-circling-ice", grid=3.0, watch=10.0).report
    assert report.surface_below_floor_cm2 == 0.0
    assert report.lowest_surface_degC > 10.0
    assert report.site.endswith("right side")
    assert report.lowest_surface_degC < 27.0


# --- refusals -------------------------------------------------------------------------------------------


def test_a_footprint_finer_than_the_grid_is_told_the_grid_that_works() -> None:
    text = refused(cold_source="ln2_swab", grid="4 mm")
    assert "reaches 3.00 mm" in text
    assert "Write 3 mm or less" in text
    simulate_patch(scenario(cold_source="ln2_swab", grid="3 mm"), load())


def test_a_step_that_leaps_is_told_the_step_that_works() -> None:
    text = refused(step="0.5 s")
    # The radius of the spray is 20 mm / sqrt(pi) = 11.28 mm, which 60 mm/s passes in 0.188 s.
    assert "2.7 times the reach" in text
    assert "Write 0.19 s or less" in text
    assert simulate_patch(scenario(step="0.18 s"), load()).report.steps > 0


@pytest.mark.parametrize("path", [[[40, 55], [140, 55]], [[40, 55], [47, 99]], [[1, 1], [40, 55]]])
def test_the_place_that_is_told_for_one_outside_would_do(path: list[list[float]]) -> None:
    text = refused(stroke=[{"path_mm": path}], window_mm=None)
    assert "mm outside the zone" in text
    x, y = text.split("would do is (")[1].split(")")[0].split(", ")
    mended = [[40, 55], [float(x), float(y)]]
    assert lay(scenario(stroke=[{"path_mm": mended}], window_mm=None), load()).plan.strokes


@pytest.mark.parametrize("stroke", [{"path_mm": [[40, 55], [40, 55]]}, {"path_mm": [[40, 55], [80, 55]], "on": False}])
def test_strokes_that_bring_no_cold_are_refused(stroke: dict[str, Any]) -> None:
    assert "bring no cold" in refused(stroke=[stroke])


def test_a_window_finer_than_the_grid_is_told_the_grid_that_works() -> None:
    strokes = [{"path_mm": [[41, 56]], "hold": "1 s"}]
    small = {"stroke": strokes, "window_mm": [40.5, 55.5, 41.7, 56.7], "snapshots": 2}
    # An even number of cells lies around the middle of the window, and none has its centre in it.
    text = refused(grid="4 mm", **small)
    assert "1.2 mm at its narrowest" in text
    assert "Write 0.6 mm or less" in text
    assert simulate_patch(scenario(grid="0.6 mm", **small), load()).report.lowest_surface_degC < 30.0


def test_ice_that_is_not_computed_is_said() -> None:
    strokes = [{"path_mm": [[60, 55]], "hold": "8 s"}]
    notes = " ".join(simulate_patch(scenario(stroke=strokes, distance="20 mm"), load()).report.notes)
    assert "freezing = true" in notes
    assert "20 mm lies outside the distances of this source, 50 to 150 mm" in notes


def test_too_many_cells_are_told_a_grid_that_fits() -> None:
    text = refused(zone="anterior_thigh", pattern="raster", stroke=None, window_mm=None, grid="0.5 mm")
    grid = text.split("Write ")[1].split(" mm")[0]
    read = scenario(zone="anterior_thigh", pattern="raster", stroke=None, window_mm=None, grid=f"{grid} mm")
    assert 0.5 < read.grid < 2.0


def test_a_session_longer_than_two_hours_is_told_how_many_passes_fit() -> None:
    strokes = [{"path_mm": [[60, 55]], "hold": "600 s"}]
    assert "Write 11 passes" in refused(cold_source="cool_pack_cloth", speed="10 mm/s", passes=50, stroke=strokes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"zone": "cheeks"}, "Did you mean “cheek”?"),
        ({"zone": "chin", "side": "right"}, "one piece"),
        ({"cold_source": None}, "one of them"),
        ({"cold_source": "ice_pack"}, "its footprint is not known"),
        ({"cold_source": "ln2_swap"}, "Did you mean “ln2_swab”?"),
        ({"barrier": "paper"}, "no such entry"),
        ({"film_thickness": "0.1 mm"}, "no film of melt water"),
        ({"cold_source": "ice_bare", "distance": "50 mm"}, "not known what distance does"),
        ({"pattern": "raster"}, "one of them"),
        ({"stroke": None}, "pattern or [[stroke]]"),
        ({"stroke": None, "pattern": "given"}, "is what [[stroke]] makes"),
        ({"stroke": None, "pattern": "spot"}, "a spot needs the time"),
        ({"stroke": None, "pattern": "raster", "circle": "20 mm"}, "means nothing to the pattern"),
    ],
)
def test_what_contradicts_itself_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as told:
        scenario(**changes)
    assert words in str(told.value)


def test_the_command_knows_a_patch_scenario_by_its_schema(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (EXAMPLES / "patch-stripe-safe.toml").read_text(encoding="utf-8")
    text = text.replace('grid = "1.5 mm"', 'grid = "3 mm"\nsnapshots = 4').replace("freezing = true\n", "")
    file = tmp_path / "strokes.toml"
    file.write_text(text, encoding="utf-8")
    ended = run_command(capsys, monkeypatch, "simulate", str(file), "--json")
    assert ended.code == 0, ended.err
    content = json.loads(ended.out)
    jsonschema.validate(content, schema_of("patch-simulation"))
    ended = run_command(capsys, monkeypatch, "simulate", str(file), "--out", str(tmp_path / "out"))
    assert ended.code == 0, ended.err
    assert "Coldest: surface" in ended.out
    assert (tmp_path / "out" / "report.json").is_file()
    file.write_text(text.replace("[15, 38]", "[-15, 38]"), encoding="utf-8")
    ended = run_command(capsys, monkeypatch, "simulate", str(file), "--out", str(tmp_path / "none"))
    assert ended.code == 2
    assert "The nearest place that would do" in ended.err
    assert not (tmp_path / "none").exists()
    file.write_text(text.replace("[[stroke]]", "[stroke]", 1).split("[[stroke]]")[0], encoding="utf-8")
    ended = run_command(capsys, monkeypatch, "simulate", str(file))
    assert ended.code == 2
    assert "two brackets" in ended.err
