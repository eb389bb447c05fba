"""Short freeze of a bald patch, class 3: a floor of -4 °C, at most five seconds below zero, a doctor, a diagnosis."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from cryomassage.knowledge.load import load
from cryomassage.planning.dose import DoseFinder
from cryomassage.planning.exposure_train import dwell_of
from cryomassage.planning.make_plan import make_plan
from cryomassage.planning.numerics import default_numerics
from cryomassage.planning.population import Laboratory
from cryomassage.planning.route import route_for
from cryomassage.planning.screening import screen
from cryomassage.planning.spot_run import FREEZE_STEP_s, freeze_and_thaw
from cryomassage.planning.spot_skin import spot_skins
from cryomassage.planning.work import make_work
from cryomassage.records.client import Client
from cryomassage.records.plan import Plan
from tests.support.clients import VISIT, make_client

pytestmark = pytest.mark.unit

KNOWLEDGE = load()


@lru_cache(maxsize=1)
def laboratory() -> Laboratory:
    return Laboratory(KNOWLEDGE, default_numerics(KNOWLEDGE).model_copy(update={"virtual_skins": 64}))


def client(coefficient: float | None = 140.0, **changes: Any) -> Client:
    source: dict[str, Any] = {"cold_source": "ln2_spray_nozzle_b", "distance": "100 mm"}
    if coefficient is not None:
        source["calibration"] = {
            "date": VISIT,
            "how": "gel phantom and thermocouple",
            "sink_temperature": "-100 degC",
            "heat_transfer_coefficient": f"{coefficient} W/(m^2*K)",
            "heat_transfer_coefficient_low": f"{coefficient * 0.87} W/(m^2*K)",
            "heat_transfer_coefficient_high": f"{coefficient * 1.15} W/(m^2*K)",
        }
    told: dict[str, Any] = {
        "visit": {"role": "doctor", "session": 4},
        "request": {
            "indication": "alopecia_areata",
            "purpose": "therapeutic",
            "method": "patch_freeze",
            "zones": ["scalp"],
        },
        "diagnosis": {"what": "alopecia_areata", "doctor": "Dr D", "date": VISIT},
        "test_spot": {"method": "patch_freeze"},
        "review": None,
        "source": source,
    }
    return make_client(**{**told, **changes})


def plan(coefficient: float | None = 140.0, **changes: Any) -> Plan:
    return make_plan(client(coefficient, **changes), KNOWLEDGE, laboratory())


def finder(coefficient: float = 140.0) -> DoseFinder:
    person = client(coefficient)
    screening = screen(person, KNOWLEDGE)
    route = route_for(person, "patch_freeze", KNOWLEDGE)
    assert route is not None
    return DoseFinder(make_work(person, screening, screening.workable[0], route, KNOWLEDGE), laboratory())


def test_a_bald_patch_gets_a_short_freeze_in_class_three() -> None:
    made = plan()
    assert made.status == "planned"
    (zone,) = made.zones
    assert zone.class_ == 3
    assert zone.surface_floor_degC == zone.basal_floor_degC == -4.0
    assert zone.speed_mm_s is None
    assert 0.0 < zone.dwell_time_s <= 3.0
    assert zone.dwell_time_s % 0.5 == 0.0
    assert zone.passes == 2
    counted = zone.acceptance
    assert counted.below_floor <= counted.allowed_below_floor
    assert counted.over_time_below_zero <= counted.allowed_below_floor
    assert zone.surface_seconds_below_0_degC_p95 <= 5.0
    assert zone.surface_min_degC.p50 <= 10.0
    assert made.card is not None
    assert "Each marked place" in made.card.steps[0]
    assert made.course is not None
    assert made.course.gap_hours == 336.0


def test_the_first_freeze_of_a_course_is_one_of_two() -> None:
    first = plan(visit={"role": "doctor", "session": 1}).zones[0]
    assert (first.passes, first.passes_full) == (1, 2)


@pytest.mark.slow
def test_a_strong_or_unmeasured_source_freezes_no_patch() -> None:
    for coefficient in (400.0, None):
        made = plan(coefficient)
        assert made.status == "no_safe_dose"
        assert "however short the freeze" in made.message


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"visit": {"role": "operator", "session": 1}}, "role.not_allowed"),
        ({"diagnosis": None}, "diagnosis.missing"),
        ({"person": {"phototype": "vi"}, "test_spot": {"method": "patch_freeze"}}, ""),
    ],
)
def test_who_may_not_be_frozen(changes: dict[str, Any], rule: str) -> None:
    made = plan(**changes)
    if rule:
        assert made.status == "refused"
        assert rule in {fired.id for fired in made.rules}
    else:
        assert all(zone.class_ <= 1 for zone in made.zones)


@pytest.mark.slow
def test_water_that_freezes_leaves_the_surface_warmer_but_may_hold_it_below_zero_for_longer() -> None:
    # The plan stands on skin that supercools for its floors, and on the worse of the two for the time below zero.
    seeker = finder(220.0)
    posed, rung = seeker.posed(individual=True), seeker.rungs[-1]
    dose = seeker.dose(rung, 1)
    skins = laboratory().skins(posed, 1)
    frozen = spot_skins(skins, posed.zone, posed.cold_source, np.array([0.0, 1e-5]), KNOWLEDGE)
    with_ice = freeze_and_thaw(frozen, rung.dwell_time_s, 1, 30.0, 1e-4, until_thawed=True, thaw_step_s=FREEZE_STEP_s)
    without = laboratory().response(posed, 1, dose, held=True)
    coldest = with_ice.surface_degC.min(axis=0)
    froze = with_ice.deepest > 0.0
    assert 5 < froze.sum() < 64
    assert np.all(coldest[froze] >= without.lowest_surface_degC[froze] - 0.2)
    assert np.median(coldest[froze] - without.lowest_surface_degC[froze]) > 0.5
    assert coldest[~froze] == pytest.approx(without.lowest_surface_degC[~froze], abs=0.9)
    frost = laboratory().frost_s(posed, 1, dose)
    assert np.max(frost) > np.max(without.surface_below_0_s) + 0.3


def test_too_long_below_zero_is_refused() -> None:
    seeker = finder()
    rung = seeker.rungs[-1]
    floors = seeker.floors.__class__(-90.0, -90.0, basal_may_freeze=True, surface_reason="none", injury={}, reasons=())
    level = seeker.work.level
    assert level.time_below_zero_limit is not None
    seeker.work.__dict__["level"] = level.model_copy(
        update={"time_below_zero_limit": level.time_below_zero_limit.model_copy(update={"value": 0.1})}
    )
    judged = seeker.judge(rung, 2, 1, floors, individual=True)
    assert not judged.accepted
    assert "below 0 °C" in judged.binding
    assert judged.acceptance.over_time_below_zero > 0


def test_a_hand_that_counts_is_late_only_where_it_counts() -> None:
    seeker = finder()
    skins = laboratory().skins(seeker.posed(individual=True), 1)
    dose = seeker.dose(seeker.rungs[0], 1)
    assert dose.late
    assert dwell_of(skins, dose, None) == pytest.approx(dose.dwell_time_s + skins.late_s)
