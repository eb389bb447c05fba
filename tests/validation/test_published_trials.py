"""Published trials: how well they are predicted, that no case knows its own answer, and that everything is known."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import tomli
from PIL import Image

from cryomassage.interchange.case_file import CaseFile, read_cases, shipped_cases, shipped_discussion
from cryomassage.interchange.fitted_file import fitted_text
from cryomassage.interchange.json_schema import schema_of
from cryomassage.interchange.validation_plots import parameters_picture, scores_picture
from cryomassage.knowledge.load import DATA, load
from cryomassage.records.validation import ObservationReport, ValidationReport
from cryomassage.records.validation_case import Case
from cryomassage.validation.fitting import Fitting, fit_to
from cryomassage.validation.parameters import fitted_logarithms, parameters_of
from cryomassage.validation.studies import digest_of
from cryomassage.validation.validate import validate
from tests.support.command import run_command
from tests.support.trials import case, observation, write_cases

pytestmark = pytest.mark.validation

KNOWLEDGE = load()
SHIPPED = shipped_cases(KNOWLEDGE)
PACKS = tuple(one for one in SHIPPED.cases if one.id.startswith(("kanlayanaphotporn", "chesterton", "kennet")))


def predicted(
    file: CaseFile, learnt: tuple[Case, ...] = SHIPPED.cases, *, leave_one_study_out: bool = False
) -> ValidationReport:
    return validate(
        file.cases,
        file.unreadable,
        learnt,
        KNOWLEDGE,
        file=file.name,
        leave_one_study_out=leave_one_study_out,
        discussed=shipped_discussion().discussion,
    )


def of_file(path: Path, *cases: Any) -> list[ObservationReport]:
    file = read_cases(write_cases(path / "cases.json", *cases), KNOWLEDGE)
    assert not file.unreadable
    # What was learnt from other trials has a part in the intervals alone, and few of them spare time.
    return list(predicted(file, PACKS).observations)


@pytest.fixture(scope="module")
def shipped() -> ValidationReport:
    """The shipped cases, predicted from the knowledge as it is."""
    return predicted(SHIPPED)


@pytest.fixture(scope="module")
def fitting() -> Fitting:
    """What a fit to the shipped cases finds now."""
    return fit_to(SHIPPED.cases, KNOWLEDGE)


def seen(report: ValidationReport, case_id: str) -> ObservationReport:
    return next(one for one in report.observations if one.case == case_id)


def test_nine_in_ten_scored_observations_lie_inside_their_tolerance(shipped: ValidationReport) -> None:
    assert shipped.summary.observations == 38
    assert shipped.summary.inside_tolerance is not None
    assert shipped.summary.inside_tolerance >= 0.90


def test_intervals_are_neither_too_wide_nor_too_narrow(shipped: ValidationReport) -> None:
    assert shipped.summary.inside_interval is not None
    assert 0.80 <= shipped.summary.inside_interval <= 0.97


@pytest.mark.slow
def test_studies_are_predicted_without_themselves() -> None:
    report = predicted(SHIPPED, leave_one_study_out=True)
    elsewhere = report.summary.with_another_study
    assert elsewhere.observations == 24
    assert elsewhere.inside_tolerance is not None
    assert elsewhere.inside_tolerance >= 0.60
    assert report.summary.inside_interval is not None
    assert 0.80 <= report.summary.inside_interval <= 0.97
    for one in report.observations:
        if one.scored and not one.inside_tolerance:
            assert ": " in str(one.reason), f"{one.case} is missed and not discussed"


def test_every_miss_is_told_with_its_reason(shipped: ValidationReport) -> None:
    for one in shipped.observations:
        assert one.inside_tolerance or one.reason, one.case
        assert one.scored or one.reason, one.case
        if one.scored and not one.inside_tolerance:
            assert ": " in str(one.reason), f"{one.case} is missed and not discussed"


def test_blood_flow_of_cooled_skin_falls_as_was_measured(shipped: ValidationReport) -> None:
    flow = seen(shipped, "hodges-2007-vasoconstriction")
    assert flow.predicted == pytest.approx(flow.value, abs=0.04)  # the standard error of the paper


def test_frostnip_comes_earlier_with_more_wind_and_with_colder_air(shipped: ValidationReport) -> None:
    by = {name: seen(shipped, f"frostnip-{name}").predicted for name in ("30-16", "30-32", "40-16")}
    times = {name: time_s for name, time_s in by.items() if time_s is not None}
    assert len(times) == 3
    assert times["30-32"] < times["30-16"]
    assert times["40-16"] < times["30-16"]


def test_muscle_cools_less_below_thicker_fat(shipped: ValidationReport) -> None:
    falls = [
        one.predicted or 0.0 for one in shipped.observations if one.case.startswith("myrer") and one.depth_mm == 10
    ]
    assert falls == sorted(falls, reverse=True)
    thin, thick = (seen(shipped, f"otte-2002-skinfold-{fat}").predicted or 0.0 for fat in (5, 25))
    assert thin < thick


def test_the_report_fits_its_schema(shipped: ValidationReport) -> None:
    jsonschema.validate(json.loads(shipped.model_dump_json(by_alias=True)), schema_of("validation-report"))


def test_pictures_are_drawn(shipped: ValidationReport, tmp_path: Path) -> None:
    scores_picture(shipped, shipped, tmp_path / "scores.png")
    parameters_picture(KNOWLEDGE, tmp_path / "parameters.png")
    for name in ("scores", "parameters"):
        with Image.open(tmp_path / f"{name}.png") as picture:
            assert picture.size[0] > 1000
            assert len(picture.convert("RGB").getcolors(1_000_000) or []) > 50


def raised(one: Case, by: float) -> Case:
    observations = tuple(what.model_copy(update={"value": what.value + by}) for what in one.observations)
    return one.model_copy(update={"observations": observations})


def changed(by: float, *begins: str) -> tuple[Case, ...]:
    return tuple(raised(one, by) for one in SHIPPED.cases if one.id.startswith(begins))


def told(report: ValidationReport) -> list[tuple[float | None, float | None, float | None]]:
    return [(one.predicted, one.low, one.high) for one in report.observations]


def test_a_measured_value_never_changes_its_prediction(shipped: ValidationReport) -> None:
    begins = ("kennet", "tsang", "costello", "erdmann")
    now = predicted(CaseFile("changed", changed(7.0, *begins), ()))
    before = [one for one in shipped.observations if one.case.startswith(begins)]
    for one, other in zip(now.observations, before, strict=True):
        assert one.value == other.value + 7.0
        assert one.predicted == pytest.approx(other.predicted, abs=1e-3)
        assert one.low == pytest.approx(other.low, abs=1e-2)


def test_a_study_that_the_fit_has_not_seen_gets_the_wider_interval(shipped: ValidationReport) -> None:
    known = next(one for one in shipped_cases(load()).cases if one.id == "erdmann-2023-ln2")
    further = known.model_copy(update={"id": "somebody-2030-ln2", "citation": "Somebody, another study of the same"})
    own, other = seen(shipped, known.id), predicted(CaseFile("further", (further,), ())).observations[0]
    assert other.predicted == pytest.approx(own.predicted, abs=1e-3)
    widths = []
    for one in (own, other):
        assert one.low is not None
        assert one.high is not None
        widths.append(one.high - one.low)
    assert widths[1] > 3.0 * widths[0]


@pytest.mark.slow
def test_a_study_that_is_left_out_leaves_no_trace() -> None:
    with_it, without = (
        predicted(CaseFile("changed", changed(by, "kennet"), ()), PACKS, leave_one_study_out=True) for by in (0.0, 10.0)
    )
    assert told(with_it) == told(without)
    assert with_it.mode == "leave_one_study_out"


@pytest.mark.slow
def test_other_studies_do_teach() -> None:
    cases = changed(0.0, "kennet", "chesterton")
    warm = tuple(raised(one, 8.0) if one.id.startswith("chesterton") else one for one in cases)
    before, after = (predicted(CaseFile("two", some, ()), PACKS, leave_one_study_out=True) for some in (cases, warm))
    gel = "kennet-2007-gel"
    assert (seen(after, gel).predicted or 0.0) < (seen(before, gel).predicted or 0.0) - 1.0


def test_the_shipped_numbers_are_those_that_a_fit_finds(fitting: Fitting) -> None:
    parameters = parameters_of(KNOWLEDGE)
    now = np.array([one.logarithm for one in fitting.parameters])
    shipped_now = fitted_logarithms(parameters, KNOWLEDGE)
    for name, one, other in zip(parameters.names, now, shipped_now, strict=True):
        assert one == pytest.approx(other, abs=0.03), f"{name}: run `cryomassage fit` and ship what it writes"
    assert KNOWLEDGE.fit_record["shipped"].cases_sha256 == digest_of(SHIPPED.cases) == fitting.digest


@pytest.mark.slow
def test_the_fitted_file_is_written_alike_each_time(fitting: Fitting) -> None:
    text = fitted_text(fitting, shipped_discussion().source, KNOWLEDGE)
    assert text == fitted_text(fitting, shipped_discussion().source, KNOWLEDGE)
    shipped_text = (DATA / "fitted.toml").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("[")] == [
        line for line in shipped_text.splitlines() if line.startswith("[")
    ]


def test_nothing_that_plans_use_is_fitted() -> None:
    for key, source in KNOWLEDGE.cold_source.items():
        if source.role != "reference":
            assert source.heat_transfer_coefficient.known != "fitted", key
            assert source.sink_temperature.known != "fitted", key
    for zone in KNOWLEDGE.zone.values():
        assert zone.dermal_perfusion_rate.known != "fitted"


def test_no_prior_rests_on_a_trial_that_it_is_fitted_to() -> None:
    trials = set(shipped_discussion().source.values())
    for key, prior in KNOWLEDGE.fit_prior.items():
        assert not trials & set(prior.quantity.source), key


SETUPS: dict[str, dict[str, Any]] = {
    "cold_wind": {"air_degC": -20, "wind_m_s": 5, "site": "cheek"},
    "local_cooling_to": {"agent_degC": 25, "initial_surface_degC": 33, "site": "forearm"},
    "whole_body_cold_air": {"air_degC": -110},
    "sapphire_window": {"agent_degC": 5, "exposure_s": 2},
    "ln2_spray": {"exposure_s": 3},
    "n2o_spray": {"exposure_s": 3},
    "co2_microcrystals": {"pattern": "sweep_whole_zone", "exposure_s": 60},
    "ln2_vapour_jet": {"pattern": "sweep_whole_zone", "treated_area_cm2": 200, "exposure_s": 120},
}
FLOW = {"quantity": "vascular_conductance_fraction", "unit": "1", "value": 0.5, "sd": 0.1}
ALL_QUANTITIES = [
    observation(),
    observation(depth_mm=2),
    observation(quantity="temperature_drop", unit="K"),
    observation(quantity="heat_removed", unit="kJ/m2", value=200.0),
    observation(**FLOW),
    observation(quantity="time_to_temperature", unit="s", value=60, time_s=None, target_degC=25.0),
    observation(quantity="time_to_temperature_drop", unit="s", value=60, time_s=None, drop_K=3.0),
    observation(time_s=700, **{"while": "rewarming"}),
]


def test_every_agent_barrier_site_and_quantity_can_be_predicted(tmp_path: Path) -> None:
    barriers = itertools.cycle(KNOWLEDGE.barrier)
    sites = itertools.cycle(KNOWLEDGE.zone)
    cases = []
    for number, agent in enumerate(KNOWLEDGE.trial_source, start=1):
        own = {"site": next(sites), "barrier": next(barriers), **SETUPS.get(agent, {})}
        time_s = float(own.get("exposure_s", 600))
        cases.append(case(number, [observation(time_s=time_s)], agent=agent, **own))
    cases.append(case(50, ALL_QUANTITIES, agent="cold_water_immersion", agent_degC=8))
    cases += [
        case(60 + number, [observation(quantity="temperature_drop", unit="K", value=9)], site=site)
        for number, site in enumerate(KNOWLEDGE.zone)
    ]
    cases += [case(90 + number, barrier=barrier) for number, barrier in enumerate(KNOWLEDGE.barrier)]
    phantom = {"tissue": "phantom", "site": "phantom", "agent": "cold_air_jet", "initial_surface_degC": 30}
    cases.append(case(110, **phantom))
    for one in of_file(tmp_path, *cases):
        assert one.predicted is not None, one.case
        assert one.low is not None, one.case
        assert one.high is not None, one.case
        assert one.low <= one.predicted <= one.high


def one_value(path: Path, **setup: Any) -> float:
    (found,) = of_file(path, case(1, **setup))
    assert found.predicted is not None
    return found.predicted


def test_the_setup_is_heeded(tmp_path: Path) -> None:
    setups: dict[str, dict[str, Any]] = {
        "bare": {},
        "dry": {"barrier": "dry_towel"},
        "pressed": {"pressure_mmhg": 40},
        "after": {"sensor": "infrared_after_removal"},
        "probe": {"sensor": "probe_under_pack"},
        "least": {"statistic": "minimum"},
        "cool": {"room_degC": 15},
        "warm start": {"initial_surface_degC": 34},
        "thin": {"skinfold_mm": 4},
        "thick": {"skinfold_mm": 40},
    }
    found = of_file(tmp_path, *(case(number, **setup) for number, setup in enumerate(setups.values(), start=1)))
    value = {name: one.predicted or 0.0 for name, one in zip(setups, found, strict=True)}
    assert value["dry"] > value["bare"] + 5.0
    assert value["pressed"] < value["bare"] - 1.0
    assert value["bare"] + 0.5 < value["after"] < value["bare"] + 5.0
    assert value["probe"] < value["bare"] - 1.0
    assert value["least"] < value["bare"] - 2.0
    assert value["cool"] < value["bare"] < value["warm start"]
    assert value["thick"] < value["thin"]


def test_rewarming_begins_where_it_was_told_to(tmp_path: Path) -> None:
    rewarming = {"while": "rewarming"}
    times = (605, 660, 900)
    series = [observation(time_s=time_s, **rewarming) for time_s in times]
    cold, mild = (
        [one.predicted or 0.0 for one in of_file(tmp_path, case(1, series, surface_end_degC=end))] for end in (4, 20)
    )
    assert cold == sorted(cold)
    assert 4.0 < cold[0] < 8.0
    assert 20.0 < mild[0] < 23.0
    frozen = {"tissue": "porcine", "site": "abdomen", "agent": "ln2_spray", "exposure_s": 5, "surface_end_degC": -30}
    (thawing,) = of_file(tmp_path, case(1, [observation(time_s=5.001, **rewarming)], **frozen))
    assert thawing.predicted == pytest.approx(-30.0, abs=2.0)


def test_bounds_are_met_from_one_side(tmp_path: Path) -> None:
    value = one_value(tmp_path)
    below, above = (
        of_file(tmp_path, case(1, [observation(value=value - 10.0, bound=bound)]))[0] for bound in ("lower", "upper")
    )
    assert below.inside_tolerance
    assert not above.inside_tolerance


def test_a_fit_to_a_file_is_written_as_knowledge(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    packs = [json.loads(one.model_dump_json(by_alias=True, exclude_none=True)) for one in PACKS]
    for one in packs:
        one["setup"].setdefault("exposure_s", None)
    path, out = write_cases(tmp_path / "cases.json", *packs), tmp_path / "fitted.toml"
    assert run_command(capsys, monkeypatch, "fit", str(path), "--out", str(out)).code == 0
    written = tomli.loads(out.read_text(encoding="utf-8"))
    assert set(written["fitted"]) == set(KNOWLEDGE.fitted)
    assert "chesterton_2002" in written["fitted"]["gel_pack"]["quantity"]["source"]
    assert written["fitted"]["sapphire_window"]["cases"] == []
    write_cases(path, *packs, case(2, agent="snow"))
    out.unlink()
    ended = run_command(capsys, monkeypatch, "fit", str(path), "--out", str(out))
    assert ended.code == 2
    assert "case-2: cannot be read" in ended.err
    assert not out.exists()


def test_the_command_lists_what_it_cannot_read_and_ends_with_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = write_cases(tmp_path / "cases.json", case(1), case(2, agent="snow"))
    ended = run_command(capsys, monkeypatch, "validate", str(path), "--json")
    assert ended.code == 2
    report = json.loads(ended.out)
    assert [one["case"] for one in report["observations"]] == ["case-1"]
    assert report["unreadable"][0]["case"] == "case-2"
    assert report["mode"] == report["summary"]["mode"] == "knowledge"
    ended = run_command(capsys, monkeypatch, "validate", str(path))
    assert "Cannot be read: case-2: setup.agent = 'snow'" in ended.out
    assert ended.code == 2
    write_cases(path, case(2, agent="snow"))
    ended = run_command(capsys, monkeypatch, "validate", str(path), "--leave-one-study-out", "--json")
    assert ended.code == 2
    assert json.loads(ended.out)["summary"]["inside_tolerance"] is None
