"""Prescription, dose, course and plan: what binds, what is told, and what replays."""

from __future__ import annotations

import datetime
import itertools
import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryomassage.errors import InputError
from cryomassage.interchange.plan_file import as_json, read_plan, write_plan
from cryomassage.knowledge.load import load
from cryomassage.knowledge.questionnaire import Outcome
from cryomassage.knowledge.values import Spread
from cryomassage.planning.course import exposure_share, session_dates
from cryomassage.planning.dose import DoseFinder, Judged
from cryomassage.planning.exposure_train import Dose, build_exposure
from cryomassage.planning.ladder import Rung
from cryomassage.planning.limits import Floors
from cryomassage.planning.make_plan import make_plan
from cryomassage.planning.numerics import default_numerics
from cryomassage.planning.population import Laboratory
from cryomassage.planning.replay import replay
from cryomassage.planning.route import route_for
from cryomassage.planning.screening import screen
from cryomassage.planning.virtual_skin import Posed, draw, spread_out
from cryomassage.planning.work import make_work
from cryomassage.records.plan import ZonePlan
from tests.support.clients import ROOM, VISIT, make_client

pytestmark = pytest.mark.unit

KNOWLEDGE = load()


@lru_cache(maxsize=1)
def laboratory() -> Laboratory:
    return Laboratory(KNOWLEDGE, default_numerics(KNOWLEDGE))


def plan(**changes: Any):
    return make_plan(make_client(**changes), KNOWLEDGE, laboratory())


def test_a_swab_plan_says_that_it_stands_on_the_prior() -> None:
    made = plan()
    assert made.status == "planned"
    zone = made.zones[0]
    assert any("no measured calibration" in reason.reason for reason in zone.reasons)
    assert made.card is not None
    assert any("prior" in note for note in made.card.notes)
    assert zone.acceptance.virtual_skins == 1024
    assert zone.acceptance.below_floor <= 4
    assert zone.surface_min_degC.p50 <= 25.0


def calibration(value: float = 210.0) -> dict[str, Any]:
    return {
        "cold_source": "ln2_spray_nozzle_b",
        "distance": "60 mm",
        "calibration": {
            "date": VISIT,
            "how": "phantom and thermocouple",
            "sink_temperature": "-105 degC",
            "heat_transfer_coefficient": f"{value} W/(m^2*K)",
            "heat_transfer_coefficient_low": f"{value * 0.85} W/(m^2*K)",
            "heat_transfer_coefficient_high": f"{value * 1.2} W/(m^2*K)",
        },
    }


MEASURED_SWAB = {
    "cold_source": "ln2_swab",
    "calibration": {
        "date": VISIT,
        "how": "phantom and thermocouple",
        "sink_temperature": "-180 degC",
        "heat_transfer_coefficient": "130 W/(m^2*K)",
        "heat_transfer_coefficient_low": "112 W/(m^2*K)",
        "heat_transfer_coefficient_high": "150 W/(m^2*K)",
    },
}
SPRAY = {"request": {"method": "ln2_spray"}, "test_spot": {"method": "ln2_spray"}}


def test_an_uncalibrated_spray_has_no_safe_plan_and_a_calibrated_one_has() -> None:
    blind = plan(**SPRAY, source={"cold_source": "ln2_spray_nozzle_b"})
    assert blind.status == "no_safe_dose"
    assert not blind.zones
    assert "No safe plan with this source" in blind.message
    assert blind.next_step.startswith("Measure: ")
    assert blind.no_dose[0].binding
    assert plan(**SPRAY, source=calibration()).status == "planned"


def test_a_stronger_nozzle_is_moved_faster() -> None:
    weak = plan(**SPRAY, source=calibration(180.0)).zones[0]
    strong = plan(**SPRAY, source=calibration(230.0)).zones[0]
    assert strong.speed_mm_s is not None
    assert weak.speed_mm_s is not None
    assert strong.speed_mm_s > weak.speed_mm_s


def test_dark_skin_gets_three_kelvin_more_and_other_words() -> None:
    light, dark = (plan(person={"phototype": phototype}, source=MEASURED_SWAB) for phototype in ("ii", "vi"))
    assert dark.zones[0].surface_floor_degC == light.zones[0].surface_floor_degC + 3.0
    assert dark.zones[0].class_ <= 1
    assert dark.card is not None
    assert light.card is not None
    for words in (dark.card.expected, dark.card.stop_signs):
        assert words
        assert not any(colour in line.lower() for line in words for colour in ("white", "pink", "turns red"))
    assert dark.card.expected != light.card.expected


def test_age_and_measured_thinness_shorten_the_touch_by_their_factor() -> None:
    young = plan(source=MEASURED_SWAB).zones[0]
    old = plan(person={"age_years": 65}, source=MEASURED_SWAB).zones[0]
    thin = plan(person={"measured_dermis": {"cheek": "0.83 mm"}}, source=MEASURED_SWAB).zones[0]
    for zone in (old, thin):
        assert zone.dwell_time_s <= 0.8 * young.dwell_time_s + 1e-3
        assert len(zone.reasons) > len(young.reasons)


def finder() -> DoseFinder:
    client = make_client(source=MEASURED_SWAB)
    screening = screen(client, KNOWLEDGE)
    route = route_for(client, screening.method, KNOWLEDGE)
    assert route is not None
    return DoseFinder(make_work(client, screening, screening.workable[0], route, KNOWLEDGE), laboratory())


def test_the_margin_for_the_numerics_counts_against_the_dose() -> None:
    climber = finder()
    rung = climber.rungs[climber.standard_index]
    judged = climber.judge(rung, climber.passes_full, climber.seed, climber.floors, individual=True)
    lowest, margin = judged.response.lowest_surface_degC, climber.laboratory.numerics.margin_K
    just_below = float(np.sort(lowest)[20]) - margin / 2
    raised = replace(climber.floors, surface_degC=just_below, basal_degC=-50.0)
    counted = climber.judge(rung, climber.passes_full, climber.seed, raised, individual=True).acceptance.below_floor
    assert counted == int(np.sum(lowest - margin < just_below))
    assert counted > int(np.sum(lowest < just_below))


def test_a_dose_is_confirmed_on_skins_that_did_not_find_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = finder().find(1)
    assert isinstance(found, ZonePlan)
    judge = DoseFinder.judge

    def strict(self: DoseFinder, rung: Rung, passes: int, seed: int, limits: Floors, *, individual: bool) -> Judged:
        judged = judge(self, rung, passes, seed, limits, individual=individual)
        refused = seed == self.seed + 1 and rung.speed_mm_s == found.speed_mm_s
        return replace(judged, accepted=False, binding="fresh skins") if refused else judged

    monkeypatch.setattr(DoseFinder, "judge", strict)
    again = finder().find(1)
    assert isinstance(again, ZonePlan)
    assert again.speed_mm_s is not None
    assert found.speed_mm_s is not None
    assert again.speed_mm_s > found.speed_mm_s
    assert again.binding == "fresh skins"


def test_thin_cheeks_raise_the_floor_of_the_cheek() -> None:
    for thin in (True, None):  # unknown counts as thin
        assert plan(person={"thin_cheeks": thin}, source=MEASURED_SWAB).zones[0].surface_floor_degC == 8.0
    assert plan(person={"thin_cheeks": False}, source=MEASURED_SWAB).zones[0].surface_floor_degC == 5.0


def test_the_first_session_is_half_and_the_fourth_is_whole() -> None:
    light, spot = KNOWLEDGE.exposure_class["class_1"], KNOWLEDGE.exposure_class["class_4"]
    shares = [exposure_share(number, light, KNOWLEDGE) for number in (1, 2, 3, 4, 9)]
    assert shares == pytest.approx([0.5, 2 / 3, 5 / 6, 1.0, 1.0])
    assert exposure_share(1, spot, KNOWLEDGE) == 1.0
    first, fourth = plan(visit={"session": 1}).zones[0], plan(visit={"session": 4}).zones[0]
    assert first.passes <= fourth.passes // 2
    assert fourth.passes == fourth.passes_full


def test_dates_keep_the_gap_and_the_week() -> None:
    dates = session_dates(VISIT, 10, 2, 3)
    assert dates[0] == VISIT
    assert len(dates) == 10
    assert all((b - a).days >= 2 for a, b in itertools.pairwise(dates))
    assert all(sum(0 <= (d - e).days < 7 for e in dates) <= 3 for d in dates)


def test_reviews_come_at_every_fourth_session() -> None:
    made = plan(visit={"session": 1})
    assert made.course is not None
    assert {session.number for session in made.course.sessions if session.review} == {4, 8}


def test_without_a_test_spot_today_is_the_test_spot_only() -> None:
    for phototype, days in (("ii", 1), ("v", 14)):
        made = plan(test_spot=None, person={"phototype": phototype}, source=MEASURED_SWAB)
        assert made.status == "test_spot_first"
        assert made.course is not None
        assert made.course.sessions[0].kind == "test_spot"
        assert (made.course.sessions[1].date - VISIT).days >= days
        assert made.card is not None
        assert "TEST SPOT ONLY" in made.card.today


def test_nitrogen_needs_a_room_that_passes() -> None:
    assert plan(room=None).status == "refused"
    small = {
        **ROOM,
        "floor_area": "6 m^2",
        "vessels": [{"name": "dewar", "volume": "10 L", "evaporation_per_day": "0.15 L/day"}],
    }
    refused = plan(room=small)
    assert refused.status == "refused"
    assert refused.verdict is Outcome.STOP
    assert "room.oxygen" in {rule.id for rule in refused.rules}
    assert refused.room is not None


def test_pressure_of_150_leaves_three_minutes_for_the_face() -> None:
    zones = ["cheek", "jaw", "chin", "nose"]
    free = plan(request={"zones": zones, "indication": "oily_skin"})
    bound = plan(request={"zones": zones, "indication": "oily_skin"}, vitals={"systolic": "150 mmHg"})
    assert sum(zone.total_s for zone in free.zones) > 180.0
    assert sum(zone.total_s for zone in bound.zones) <= 182.0


def test_class_two_is_colder_than_class_one_and_never_freezes() -> None:
    request = {"indication": "oily_skin", "method": "ln2_spray"}
    one = plan(request={**request, "exposure_class": 1}, test_spot=SPRAY["test_spot"], source=calibration()).zones[0]
    approval = {"doctor": "Dr A", "date": VISIT}
    two = plan(
        request={**request, "exposure_class": 2},
        test_spot=SPRAY["test_spot"],
        source=calibration(),
        approval=approval,
    ).zones[0]
    assert two.class_ == 2
    assert two.surface_min_degC.p50 < one.surface_min_degC.p50
    assert two.basal_min_degC.p01 > 0.0
    assert two.acceptance.frozen_basal == 0


def test_every_rule_and_reason_of_a_plan_names_a_source() -> None:
    made = plan(
        person={"phototype": "iv", "age_years": 70},
        request={"zones": ["cheek", "forehead"]},
        source=MEASURED_SWAB,
    )
    assert made.zones
    for rule in made.rules:
        assert set(rule.source) <= KNOWLEDGE.sources.keys()
    for zone in made.zones:
        assert {"phototype IV to VI", "speed of the hand", "passes"} <= {reason.what for reason in zone.reasons}
        for reason in zone.reasons:
            assert reason.source
            assert set(reason.source) <= KNOWLEDGE.sources.keys()


def test_a_plan_replays_to_the_same_numbers(tmp_path: Path) -> None:
    made = plan(visit={"session": 2}, request={"zones": ["cheek", "chin"]})
    write_plan(made, tmp_path / "plan.json")
    stored = read_plan(tmp_path / "plan.json")
    assert stored == made
    again = replay(stored, KNOWLEDGE)
    assert again.same
    assert not again.differing_versions


def test_another_knowledge_is_named_on_replay() -> None:
    made = plan()
    moved = made.model_copy(
        update={"provenance": made.provenance.model_copy(update={"knowledge_fingerprint": "0" * 64})}
    )
    result = replay(moved, KNOWLEDGE)
    assert any("knowledge_fingerprint" in line for line in result.differing_versions)


@pytest.mark.parametrize(
    "where", [("zones", 0, "passes"), ("zones", 0, "speed_mm_s"), ("client", "person", "age_years")]
)
def test_an_edited_plan_is_noticed(tmp_path: Path, where: tuple[Any, ...]) -> None:
    content = as_json(plan())
    part: Any = content
    for key in where[:-1]:
        part = part[key]
    part[where[-1]] += 1
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match="edited"):
        read_plan(path)


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json", '{"schema": "cryomassage/plan/1"}'])
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(InputError):
        read_plan(path)


def test_plan_hides_no_identity() -> None:
    text = json.dumps(as_json(plan()))
    assert "T-1" in text
    assert "name" not in json.loads(text)["client"]["person"]


def test_draws_keep_their_range() -> None:
    rng = np.random.default_rng(1)
    uniform = rng.random(20_000)
    for tissue in KNOWLEDGE.tissue.values():
        quantity = tissue.thermal_conductivity
        draws = spread_out(quantity, uniform)
        if quantity.spread in (Spread.NORMAL, Spread.LOGNORMAL):
            low, high = np.quantile(draws, [0.05, 0.95])
            assert low == pytest.approx(quantity.range[0], rel=0.03)
            assert high == pytest.approx(quantity.range[1], rel=0.03)
            assert np.median(draws) == pytest.approx(quantity.value, rel=0.02)


def test_the_same_seed_gives_the_same_skins_and_another_seed_others() -> None:
    posed = Posed("cheek", "female", "ln2_swab")
    one, two, other = (draw(posed, KNOWLEDGE, 64, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.heat_transfer_coefficient, two.heat_transfer_coefficient)
    assert not np.array_equal(one.heat_transfer_coefficient, other.heat_transfer_coefficient)


def test_resting_skin_is_as_warm_as_measured() -> None:
    for key in ("cheek", "forehead", "neck", "upper_back", "scalp", "forearm"):
        skins = draw(Posed(key, "female", "ice_cloth"), KNOWLEDGE, 256, 3)
        surface = np.asarray(skins.at_rest.temperature_degC)[0]
        expected = KNOWLEDGE.zone[key].resting_surface_temperature
        assert np.median(surface) == pytest.approx(expected.value, abs=2.0), key


def test_an_exposure_train_has_the_planned_time() -> None:
    posed = Posed("cheek", "female", "ln2_swab")
    skins = draw(posed, KNOWLEDGE, 8, 1)
    dose = Dose(dwell_time_s=0.06, coverages=1, coverage_period_s=6.0, passes=3, pause_s=25.0, after_s=60.0)
    exposure, time = build_exposure(skins, dose, 0.006)
    assert time[-1] == pytest.approx(2 * 31.0 + 0.06 + 60.0)
    lengths = np.asarray(exposure.time_step_s).sum(axis=0) * exposure.heat_transfer_coefficient.shape[1]
    assert lengths == pytest.approx(time[-1], rel=0.02)
    on = np.asarray(exposure.sink_temperature_degC)[:, 0, 0, 0] < -100
    assert on.sum() == 3 * 4


def test_dates_of_a_course_begin_today() -> None:
    made = plan(visit={"date": datetime.date(2026, 12, 30), "session": 4}, test_spot={"date": VISIT})
    assert made.course is not None
    assert made.course.sessions[0].date == datetime.date(2026, 12, 30)
    assert made.course.sessions[0].number == 4
