from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryomassage.errors import EngineError, InputError
from cryomassage.interchange.json_schema import schema_of
from cryomassage.interchange.scenario_file import check_scenario, read_scenario
from cryomassage.interchange.simulation_files import write_simulation
from cryomassage.knowledge.load import load
from cryomassage.knowledge.schema import Knowledge
from cryomassage.knowledge.values import Spread
from cryomassage.planning.simulate import Simulation, simulate
from cryomassage.records.scenario import SCHEMA, Scenario
from cryomassage.verification import exact
from tests.support.command import run_command

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(
    path for path in (ROOT / "examples" / "scenarios").glob("*.toml") if not path.stem.startswith("patch-")
)
GEL = exact.Medium(0.55, 1000.0 * 4167.0)


def scenario(**changes: Any) -> Scenario:
    """Two seconds of vapour on the cheek of few skins; None takes a field away."""
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "site": "cheek",
        "sex": "female",
        "cold_source": "ln2_vapour_jet",
        "virtual_skins": 16,
        "phase": [{"duration": "2 s", "on": True}],
        **changes,
    }
    read = Scenario.model_validate({key: value for key, value in data.items() if value is not None})
    return check_scenario(read, load(), "scenario")


def phantom(**changes: Any) -> Scenario:
    """A deep block of gel at 30 °C under a given exchange."""
    return scenario(
        **{
            "site": "phantom",
            "sex": None,
            "cold_source": None,
            "phantom": {"thickness": "200 mm", "start_temperature": "30 degC"},
            "exchange": {"heat_transfer_coefficient": "300 W/(m^2*K)", "sink_temperature": "-100 degC"},
            "phase": [{"duration": "20 s", "on": True}],
            "depths": ["3 mm", "5 mm"],  # as many places as skin has: one compilation serves both
            **changes,
        }
    )


def small(example: Path, folder: Path) -> Path:
    """An example with few skins, which is quick."""
    text = example.read_text(encoding="utf-8")
    assert "virtual_skins = 256" in text
    path = folder / example.name
    path.write_text(text.replace("virtual_skins = 256", "virtual_skins = 16"), encoding="utf-8")
    return path


def minima(simulation: Simulation) -> dict[str, float]:
    return {reading.column: reading.minimum_degC.p50 for reading in simulation.report.readings}


@pytest.mark.slow
def test_every_cold_source_can_be_simulated() -> None:
    for source in load().cold_source:
        surface = simulate(scenario(cold_source=source), load()).report.readings[0]
        assert -196.0 <= surface.minimum_degC.p05 <= surface.minimum_degC.p50 < 34.5, source


@pytest.mark.slow
def test_every_zone_can_be_simulated() -> None:
    for zone in load().zone:
        lowest = minima(simulate(scenario(site=zone), load()))
        assert lowest["surface"] < lowest["basal_layer"] < 37.0, zone


def test_gel_follows_the_exact_solution_of_a_given_exchange() -> None:
    history = simulate(phantom(), load()).history
    times = history.time_s[[7, 40, 70, -1]]
    for label, depth_mm in (("surface", 0.0), ("depth_1_mm", 1.0), ("depth_3_mm", 3.0)):
        curve = next(band.median for band in history.bands if band.label == label)
        expected = exact.given_exchange(GEL, np.array([depth_mm * 1e-3]), times[:, None], 30.0, 300.0, -100.0)
        np.testing.assert_allclose(curve[[7, 40, 70, -1]], expected[:, 0], atol=0.25, err_msg=label)


def test_gel_follows_the_exact_solution_of_a_given_flux() -> None:
    history = simulate(phantom(exchange={"heat_flux": "-2400 W/m^2"}), load()).history
    expected = exact.given_flux(GEL, np.array([0.0]), history.time_s[[-1]], 30.0, -2400.0)
    np.testing.assert_allclose(history.bands[0].median[-1], expected[-1], atol=0.05)


def test_gel_at_room_temperature_stays_as_it_is() -> None:
    exchange = {"heat_transfer_coefficient": "300 W/(m^2*K)", "sink_temperature": "30 degC"}
    history = simulate(phantom(exchange=exchange), load()).history
    np.testing.assert_allclose(history.field_degC, 30.0, atol=1e-3)


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others() -> None:
    first, again, other = (simulate(scenario(seed=seed), load()) for seed in (3, 3, 4))
    assert first.report == again.report
    np.testing.assert_array_equal(first.history.field_degC, again.history.field_degC)
    assert minima(first) != minima(other)


def test_a_pulse_train_is_the_same_as_its_phases() -> None:
    train = scenario(phase=[], pulse_train={"dwell": "1 s", "period": "10 s", "count": 2, "watch": "5 s"})
    stretches = [("1 s", True), ("9 s", False), ("1 s", True), ("5 s", False)]
    phases = scenario(phase=[{"duration": duration, "on": on} for duration, on in stretches])
    assert train.intervals() == phases.intervals()
    report = simulate(train, load()).report
    assert (report.duration_s, report.seconds_on) == (16.0, 2.0)
    assert 10.0 < report.readings[0].time_of_minimum_s <= 11.0


@settings(max_examples=10)
@given(
    coefficient=st.floats(10.0, 500.0),
    sink=st.floats(-90.0, 10.0),
    seconds=st.floats(0.5, 30.0),
    more=st.floats(1.05, 2.0),
)
def test_more_cold_is_never_warmer(coefficient: float, sink: float, seconds: float, more: float) -> None:
    def surface(coefficient: float, sink: float, seconds: float) -> float:
        exchange = {
            "heat_transfer_coefficient": f"{coefficient:.6f} W/(m^2*K)",
            "sink_temperature": f"{sink:.6f} degC",
        }
        phase = [{"duration": f"{seconds:.6f} s", "on": True}]
        return minima(simulate(scenario(cold_source=None, exchange=exchange, phase=phase), load()))["surface"]

    least = surface(coefficient, sink, seconds)
    assert surface(coefficient * more, sink, seconds) < least
    assert surface(coefficient, sink - 10.0 * more, seconds) < least
    assert surface(coefficient, sink, seconds * more) < least


def test_a_barrier_keeps_the_skin_warmer() -> None:
    bare, towel = (minima(simulate(scenario(barrier=name), load())) for name in ("none", "dry_towel"))
    assert bare["surface"] < towel["surface"]


def test_the_skin_rewarms_and_depth_lags_behind() -> None:
    phases = [{"duration": "60 s", "on": True}, {"duration": "300 s", "on": False}]
    readings = simulate(scenario(cold_source="ice_bag", phase=phases), load()).report.readings
    surface, deep = readings[0], readings[-1]
    assert surface.time_of_minimum_s == pytest.approx(60.0)
    assert deep.time_of_minimum_s > 61.0
    assert surface.end_degC.p50 > surface.minimum_degC.p50 + 3.0


def test_ice_in_tissue_is_told_as_not_computed() -> None:
    told = simulate(scenario(cold_source="ln2_spray"), load()).report.notes
    assert any("freezing point" in note for note in told)
    assert not any("freezing point" in note for note in simulate(scenario(), load()).report.notes)


def with_sink(value: float) -> Knowledge:
    """The knowledge with an impossible sink, as no file could bring it in."""
    knowledge = load()
    source = knowledge.cold_source["ln2_vapour_jet"]
    sink = source.sink_temperature.model_copy(update={"value": value, "spread": Spread.FIXED})
    changed = source.model_copy(update={"sink_temperature": sink})
    return knowledge.model_copy(update={"cold_source": {**knowledge.cold_source, "ln2_vapour_jet": changed}})


@pytest.mark.parametrize("sink", [-196.5, float("nan")])
def test_a_sink_that_cannot_be_stops_with_place_and_time(sink: float) -> None:
    phases = [{"duration": "7 s", "on": False}, {"duration": "2 s", "on": True}]
    with pytest.raises(EngineError, match=r"at the surface, 7 s after the start.*-196"):
        simulate(scenario(phase=phases), with_sink(sink))


@pytest.mark.parametrize(("flux", "value"), [("-400 kW/m^2", "-"), ("20 kW/m^2", "60")])
def test_a_result_that_cannot_be_stops_with_place_and_time(flux: str, value: str) -> None:
    hot = scenario(cold_source=None, exchange={"heat_flux": flux}, phase=[{"duration": "60 s", "on": True}])
    with pytest.raises(EngineError, match=rf"0\.00 mm below the surface, [\d.]+ s after the start.*{value}"):
        simulate(hot, load())


def test_a_result_that_is_no_number_stops_with_place_and_time() -> None:
    knowledge = load()
    dermis = knowledge.tissue["dermis"]
    broken = dermis.thermal_conductivity.model_copy(update={"value": float("nan"), "spread": Spread.FIXED})
    tissue = {**knowledge.tissue, "dermis": dermis.model_copy(update={"thermal_conductivity": broken})}
    with pytest.raises(EngineError, match=r"s after the start.*not a number"):
        simulate(scenario(), knowledge.model_copy(update={"tissue": tissue}))


def test_a_depth_below_the_skin_is_refused() -> None:
    with pytest.raises(InputError, match=r"depths\[1\] = 90 mm: must be at most"):
        simulate(scenario(depths=["2 mm", "90 mm"]), load())


GOOD = """
schema = "cryomassage/scenario/1"
site = "cheek"
sex = "female"
cold_source = "ln2_vapour_jet"
virtual_skins = 16
[[phase]]
duration = "2 s"
on = true
"""
CUSTOM = GOOD.replace('cold_source = "ln2_vapour_jet"\n', "") + "[exchange]\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("schema = ", "not TOML"),
        (GOOD.replace("scenario/1", "room/1"), "schema = 'cryomassage/room/1'"),
        (GOOD.replace("cheek", "chek"), "Did you mean “cheek”"),
        (GOOD.replace("vapour_jet", "vapor_jet"), "Did you mean “ln2_vapour_jet”"),
        (GOOD.replace("virtual_skins", "virtual_skin"), "Did you mean “virtual_skins”"),
        (GOOD.replace('sex = "female"\n', ""), "sex = missing"),
        (GOOD.replace('"2 s"', "2"), "has no unit"),
        (GOOD.replace('"2 s"', '"2 mm"'), "does not measure the same"),
        (GOOD.replace('"2 s"', '"70 h"'), "must be at most 86400 s"),
        (GOOD.replace("true", "false"), "never on"),
        (GOOD.replace("[[phase]]", "[phase]"), "two brackets"),
        (GOOD.replace("sex", 'barrier = "towl"\nsex'), "barrier = 'towl'"),
        (GOOD + '[pulse_train]\ndwell = "1 s"\nperiod = "2 s"\ncount = 2\n', "one of them"),
        (GOOD + '[phantom]\nstart_temperature = "30 degC"\n', "belongs to site = 'phantom'"),
        (GOOD.replace("cheek", "phantom"), "how warm it is at the start"),
        (GOOD + '[exchange]\nheat_flux = "-1 kW/m^2"\n', "one of them"),
        (CUSTOM + 'heat_transfer_coefficient = "300 W/(m^2*K)"\n', "with sink_temperature"),
        (
            CUSTOM + 'heat_transfer_coefficient = "300 W/m"\nsink_temperature = "-90 degC"\n',
            "does not measure",
        ),
        (
            CUSTOM + 'heat_transfer_coefficient = "300 W/(m^2*K)"\nsink_temperature = "-200 degC"\n',
            "exchange.sink_temperature = '-200 degC'",
        ),
        (
            CUSTOM + 'heat_transfer_coefficient = "300 W/(m^2*K)"\nsink_temperature = "-195 degF"\n',
            "exchange.sink_temperature = '-195 degF'",
        ),
        (
            GOOD.split("[[", maxsplit=1)[0] + '[pulse_train]\ndwell = "9 s"\nperiod = "2 s"\ncount = 2\n',
            "longer than the period",
        ),
    ],
)
def test_a_wrong_scenario_is_one_clear_message_and_no_file(
    text: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text, encoding="utf-8")
    ended = run_command(capsys, monkeypatch, "simulate", str(path), "--out", str(tmp_path / "out"))
    assert ended.code == 2
    assert told in ended.err
    assert not ended.out
    assert [one.name for one in tmp_path.iterdir()] == ["wrong.toml"]


def test_an_impossible_result_leaves_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(CUSTOM + 'heat_flux = "-400 kW/m^2"\n', encoding="utf-8")
    ended = run_command(capsys, monkeypatch, "simulate", str(path), "--out", str(tmp_path / "out"))
    assert (ended.code, ended.out) == (1, "")
    assert "after the start" in ended.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_run_and_write_everything(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "deep" / "out"
    ended = run_command(capsys, monkeypatch, "simulate", str(small(path, tmp_path)), "--out", str(out), "--json")
    assert ended.code == 0
    report = json.loads(ended.out)
    jsonschema.validate(report, schema_of("simulation"))
    assert report == json.loads((out / "simulation.json").read_text(encoding="utf-8"))
    names = {"temperatures", "depth_time"}
    assert {one.name for one in out.iterdir()} == {
        "temperatures.csv",
        "field.npz",
        "simulation.json",
        *(f"{n}.{kind}" for n in names for kind in ("png", "svg")),
    }
    assert not [one for one in out.parent.iterdir() if one != out]

    with (out / "temperatures.csv").open(encoding="utf-8", newline="") as stream:
        head, *rows = list(csv.reader(stream))
    assert head[:4] == ["time_s", "surface_p05_degC", "surface_p50_degC", "surface_p95_degC"]
    assert all(name == "time_s" or name.endswith("_degC") for name in head)
    values = np.array(rows, dtype=float)
    assert np.all(np.diff(values[:, 0]) > 0)
    assert np.all(values[:, 1] <= values[:, 2])
    # The lowest curve of the median lies where the report says.
    reading = report["readings"][0]
    assert values[np.argmin(values[:, 2]), 0] == pytest.approx(reading["time_of_minimum_s"], rel=1e-4)
    with np.load(out / "field.npz") as field:
        assert field["temperature_degC"].shape == (len(field["depth_mm"]), len(rows))
        np.testing.assert_allclose(field["temperature_degC"][0], values[:, 2], atol=1e-2)


def test_the_table_tells_the_exchange_as_it_was_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = run_command(capsys, monkeypatch, "simulate", str(small(EXAMPLES[0], tmp_path)))
    assert ended.code == 0
    for word in ("surface", "basal layer", "1 mm deep", "fat", "W/(m^2*K)", "5 to 95 %"):
        assert word in ended.out


@pytest.mark.slow
def test_a_second_run_writes_the_same_files(tmp_path: Path) -> None:
    read = read_scenario(small(EXAMPLES[1], tmp_path), load())
    first = write_simulation(simulate(read, load()), tmp_path / "out")
    contents = {path.name: path.read_bytes() for path in first if path.suffix != ".npz"}  # a zip bears the time
    second = write_simulation(simulate(read, load()), tmp_path / "out")
    assert contents == {path.name: path.read_bytes() for path in second if path.suffix != ".npz"}


def test_a_file_in_the_way_of_the_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    ended = run_command(capsys, monkeypatch, "simulate", str(EXAMPLES[0]), "--out", str(tmp_path / "out" / "x"))
    assert ended.code == 2
    assert "is not a folder" in ended.err
    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"


def test_a_swab_is_not_held_for_seventy_seconds(tmp_path: Path) -> None:
    text = """
schema = "cryomassage/scenario/1"
site = "cheek"
sex = "female"
cold_source = "ln2_swab"
virtual_skins = 16
[[phase]]
duration = "70 s"
on = true
"""
    path = tmp_path / "scenario.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=r"70 s: .* stays cold for at most .* Write 7 s if the point slipped"):
        read_scenario(path, load())
    path.write_text(text.replace("70 s", "7.0 s"))
    assert read_scenario(path, load()).intervals()[0].duration_s == 7.0
