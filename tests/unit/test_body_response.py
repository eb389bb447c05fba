"""The body's response in plans and simulations: pauses, limits of injury, colour, words."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryomassage.interchange.scenario_file import read_scenario
from cryomassage.knowledge.load import load
from cryomassage.knowledge.values import Quantity
from cryomassage.planning.body_response import Treated, pause_until_colour, predict_body
from cryomassage.planning.body_words import body_lines, chance, in_ten, told_time
from cryomassage.planning.dose import DoseFinder
from cryomassage.planning.exposure_train import Dose
from cryomassage.planning.injury_skin import injury_probability
from cryomassage.planning.make_plan import make_plan
from cryomassage.planning.numerics import default_numerics
from cryomassage.planning.population import Laboratory
from cryomassage.planning.replay import replay
from cryomassage.planning.route import route_for
from cryomassage.planning.screening import screen
from cryomassage.planning.simulate import simulate
from cryomassage.planning.virtual_skin import Posed
from cryomassage.planning.work import make_work
from cryomassage.records.client import Calibration
from cryomassage.records.plan import Plan
from cryomassage.records.scenario import Scenario
from tests.support.clients import VISIT, make_client

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
MEASURED: dict[str, Any] = {
    "date": VISIT,
    "how": "phantom and thermocouple",
    "sink_temperature": "-120 degC",
    "heat_transfer_coefficient": "300 W/(m^2*K)",
    "heat_transfer_coefficient_low": "260 W/(m^2*K)",
    "heat_transfer_coefficient_high": "345 W/(m^2*K)",
}
SWAB = {"cold_source": "ln2_swab", "calibration": MEASURED}
CHEEK = Posed(zone="cheek", sex="female", cold_source="ln2_swab", calibration=Calibration.model_validate(MEASURED))
# A light session: the median surface falls to about 8 °C, that of hardly any skin below 0.
LIGHT = Dose(dwell_time_s=0.22, coverages=1, coverage_period_s=6.0, passes=3, pause_s=20.0, after_s=60.0)


@lru_cache(maxsize=2)
def laboratory(answers: bool = True) -> Laboratory:
    numerics = default_numerics(load()).model_copy(update={"body_response": answers})
    return Laboratory(load(), numerics)


@lru_cache(maxsize=4)
def plan(answers: bool = True) -> Plan:
    return make_plan(make_client(source=SWAB), load(), laboratory(answers))


def finder(**changes: Any) -> DoseFinder:
    client = make_client(source=SWAB, **changes)
    screening = screen(client, load())
    route = route_for(client, screening.method, load())
    assert route is not None
    return DoseFinder(make_work(client, screening, screening.workable[0], route, load()), laboratory())


@pytest.mark.slow
def test_a_light_swab_session_pales_then_colour_is_back_then_it_reddens() -> None:
    response = predict_body(laboratory(), CHEEK, 5, LIGHT, Treated("cheek", 1, "ii", False)).colour
    assert response.seen
    for happens in (response.pallor, response.redness):
        assert happens.share_of_skins > 0.05
        assert happens.begins_s is not None
    assert response.pallor.begins_s is not None
    assert response.redness.begins_s is not None
    assert response.redness_peak_s is not None
    assert response.pallor.begins_s.p50 < response.redness.begins_s.p50 < response.redness_peak_s.p50
    words = [swatch.words.split(" in ")[0] for swatch in response.swatches]
    order = [word for word in words if word in ("pale", "colour back", "pink")]
    assert order == ["pale", "colour back", "pink"]
    redness = [swatch.a_star for swatch in response.swatches]
    assert redness[words.index("pale")] < redness[0] < redness[words.index("pink")]
    # Pallor is over soon after the last pass; redness peaks minutes later and fades within the hours that are told.
    assert 120.0 < response.redness_peak_s.p50 < 3600.0


@pytest.mark.slow
def test_pauses_come_from_the_predicted_return_of_colour() -> None:
    pauses = [
        pause_until_colour(laboratory(), CHEEK, replace(LIGHT, dwell_time_s=dwell), False)
        for dwell in (0.02, 0.22, 0.6)
    ]
    step = load().colour["pause_step"].quantity.value
    assert pauses == sorted(pauses)
    assert pauses[0] == 0.0
    assert pauses[1] % step == 0.0
    assert pauses[2] > pauses[1] >= step
    found = finder()
    rung = found.rungs[-1]
    assert found.pause_s(rung) == max(
        pause_until_colour(laboratory(), found.posed(individual=False), found.dose(rung, 1), False),
        found.times.least_pause_s,
    )
    assert found.dose(rung, 3).pause_s == found.pause_s(rung)


def test_colour_that_does_not_come_back_allows_one_pass_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert finder().passes_full > 1
    longest = load().limit["colour_watch"].quantity.value
    monkeypatch.setattr("cryomassage.planning.dose.pause_until_colour", lambda *_: longest)
    assert finder().passes_full == 1


def test_a_plan_with_and_without_the_body_differs() -> None:
    answering, constant = plan().zones[0], plan(answers=False).zones[0]
    assert answering.response is not None
    assert constant.response is None
    assert answering.pause_s != constant.pause_s or answering.surface_min_degC != constant.surface_min_degC
    # Narrow vessels bring less warmth: with them no stroke is stronger.
    assert answering.dwell_time_s <= constant.dwell_time_s
    assert any("colour" in reason.reason for reason in answering.reasons if reason.what == "pause")
    assert plan().provenance.numerics.body_response
    assert not plan(answers=False).provenance.numerics.body_response


def test_nothing_freezes_in_class_0_and_1() -> None:
    response = plan().zones[0].response
    assert response is not None
    for injury in response.injury:
        assert injury.prior
        assert injury.frozen.p95 == 0.0
        assert injury.limit is not None
        assert injury.probability <= injury.limit


def test_an_injury_binds_beside_the_temperatures() -> None:
    found = finder()
    rung = found.rungs[found.standard_index]
    assert found.judge(rung, 1, found.seed, found.floors, individual=True).accepted
    # As if every kind of cell were certain to be harmed; the temperatures are as before.
    key = (found.posed(True), found.seed, found.dose(rung, 1))
    kept = found.laboratory._injuries.get(key)
    try:
        found.laboratory._injuries[key] = {"fat": np.full(1024, 0.5)}
        judged = found.judge(rung, 1, found.seed, found.floors, individual=True)
    finally:
        if kept is None:
            del found.laboratory._injuries[key]
        else:
            found.laboratory._injuries[key] = kept
    assert not judged.accepted
    assert judged.binding.startswith("expected injury of fat")


def test_claims_never_change_a_dose() -> None:
    without = load().model_copy(update={"claim": {}})
    made = make_plan(make_client(source=SWAB), without, Laboratory(without, default_numerics(without)))
    assert made.zones == plan().zones


def test_redness_is_told_as_uncertain() -> None:
    response = plan().zones[0].response
    assert response is not None
    assert "No study" in response.redness_is_uncertain
    assert response.colour.redness.share_of_skins < 0.9
    card = plan().card
    assert card is not None
    assert any("none is no fault" in line for line in card.expected)


def test_on_dark_skin_the_card_names_no_colour() -> None:
    dark = make_plan(
        make_client(
            source=SWAB,
            person={"code": "T-1", "age_years": 30, "sex": "female", "phototype": "v", "thin_cheeks": False},
        ),
        load(),
        laboratory(),
    )
    assert dark.card is not None
    assert not any("colour is back" in line or "Predicted here: redness" in line for line in dark.card.expected)
    assert any(line.startswith("Numbness") for line in dark.card.expected)


def test_the_response_of_a_plan_replays() -> None:
    again = replay(plan(), load())
    assert again.same, again.differing_numbers


def test_a_response_replays_within_what_processors_differ_by_and_no_more() -> None:
    def with_flow(factor: float) -> Plan:
        zone = plan().zones[0]
        assert zone.response is not None
        lowest = zone.response.blood_flow_lowest
        told = lowest.model_copy(update={"p50": lowest.p50 * factor})
        response = zone.response.model_copy(update={"blood_flow_lowest": told})
        return plan().model_copy(update={"zones": (zone.model_copy(update={"response": response}), *plan().zones[1:])})

    assert replay(with_flow(1.01), load()).same
    assert any("blood_flow_lowest.p50" in number for number in replay(with_flow(1.05), load()).differing_numbers)


def test_a_simulation_tells_the_whole_chain() -> None:
    scenario = read_scenario(ROOT / "examples" / "scenarios" / "ice-pack-thigh.toml", load())
    scenario = scenario.model_copy(update={"virtual_skins": 64})
    report = simulate(scenario, load()).report
    body = report.body_response
    assert body is not None
    assert body.blood_flow_lowest.p50 < 0.4
    assert body.blood_flow_after_hour.p50 < 0.9
    for layer in body.oxygen:
        assert layer.need_lowest.p50 < 0.6
        assert layer.supply_lowest.p50 < 0.6
    assert body.nerves.conduction_velocity_lowest.p50 < 0.8
    assert body.nerves.numbness.share_of_skins > 0.5
    assert body.nerves.numbness.begins_s is not None
    assert 240.0 < body.nerves.numbness.begins_s.p50 < 900.0
    assert any(flag.kind == "panniculitis" and flag.level != "none" for flag in body.flags)
    assert body.face_reflex is None
    told = " ".join(body_lines(body))
    for word in ("Numb", "Blood flow", "Oxygen in the dermis", "prior"):
        assert word in told
    constant = simulate(scenario.model_copy(update={"body_response": False}), load()).report
    assert constant.body_response is None
    assert "Blood flow is held constant." in constant.notes
    assert report.readings[0].minimum_degC.p50 <= constant.readings[0].minimum_degC.p50 + 0.05


@pytest.mark.parametrize(
    ("number", "words"),
    [(0.01, "fewer than 1 in 20"), (0.1, "about 1 in 10"), (0.52, "about 5 in 10"), (0.99, "nearly every skin")],
)
def test_shares_as_people_count(number: float, words: str) -> None:
    assert in_ten(number) == words


def test_times_and_chances_as_people_say_them() -> None:
    assert [told_time(time_s) for time_s in (4.0, 99.0, 100.0, 3600.0, 7200.0)] == [
        "4 s",
        "99 s",
        "2 min",
        "60 min",
        "2.0 h",
    ]
    told = {0.0: "none", 1e-7: "under 1 in a million", 0.000211: "1 in 4\u00a0700", 0.25: "25 %", 0.9987: "over 99 %"}
    assert {value: chance(value) for value in told} == told


def test_limits_of_injury_stand_among_the_reasons() -> None:
    zone = plan().zones[0]
    told = {reason.what: reason.value for reason in zone.reasons}
    limit: Quantity = load().injury["fat_classes_0_to_2"].quantity
    fat = next(value for what, value in told.items() if what.startswith("injury of fat"))
    assert fat == limit.value


def test_injuries_are_judged_on_skin_that_is_colder_by_the_margin_of_the_numerics() -> None:
    cold = replace(LIGHT, dwell_time_s=0.7)
    told = laboratory().readings(CHEEK, 5, cold, False)
    plainly = injury_probability(
        told.time_step_s, told.basal_degC, told.millimetre_degC, told.fat_degC, laboratory().injury_draws(CHEEK, 5)
    )
    judged = laboratory().injury(CHEEK, 5, cold, False)
    for cell in ("melanocyte", "sebocyte"):
        assert float(np.mean(judged[cell])) > float(np.mean(plainly[cell])) > 0.0


@pytest.mark.slow
def test_a_cold_chamber_cools_the_whole_body_and_narrows_vessels_by_its_reflex() -> None:
    chamber = Scenario.model_validate(
        {
            "schema": "cryomassage/scenario/1",
            "site": "forearm",
            "sex": "female",
            "cold_source": "whole_body_cold_air",
            "phase": [{"duration": "120 s", "on": True}],
            "virtual_skins": 64,
        }
    )
    source = load().trial_source["whole_body_cold_air"].model_copy(update={"body_cooled": None})
    on_the_spot = load().model_copy(update={"trial_source": {**load().trial_source, "whole_body_cold_air": source}})
    lowest = []
    for knowledge in (load(), on_the_spot):
        body = simulate(chamber, knowledge).report.body_response
        assert body is not None
        lowest.append(body.blood_flow_lowest.p50)
    assert lowest[0] < lowest[1] - 0.05
