"""Thousands of random clients, zones and sources: locks, ceilings, gaps and monotony hold for every plan."""

from __future__ import annotations

import datetime
import itertools
import math
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from cryomassage.knowledge.load import load
from cryomassage.knowledge.questionnaire import Outcome
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.make_plan import make_plan
from cryomassage.planning.numerics import default_numerics
from cryomassage.planning.population import Laboratory
from cryomassage.records.client import Client
from cryomassage.records.plan import Plan
from tests.support.clients import VISIT, make_client

pytestmark = pytest.mark.unit

CLIENTS_PER_CHUNK = 52
CHUNKS = 40
PHOTOTYPES = ("i", "ii", "iii", "iv", "v", "vi")
ICE_ONLY = {"upper_eyelid", "lower_eyelid", "lips", "upper_lip"}


@lru_cache(maxsize=1)
def laboratory() -> Laboratory:
    knowledge = load()
    small = default_numerics(knowledge).model_copy(update={"virtual_skins": 256})
    return Laboratory(knowledge, small)


def random_answers(rng: np.random.Generator, knowledge: Knowledge) -> dict[str, Any]:
    """Mostly harmless answers; now and then a telling one."""
    if rng.random() < 0.72:
        return {}
    changed: dict[str, Any] = {}
    for key in rng.choice(sorted(knowledge.question), size=2, replace=False):
        question = knowledge.question[key]
        if question.answer == "yes_no":
            changed[key] = str(rng.choice(["yes", "no", "unsure"]))
        elif question.answer == "choice" and key != "phototype":
            changed[key] = str(rng.choice([*question.choices, "unsure"]))
        elif question.answer == "date_or_no":
            changed[key] = VISIT - datetime.timedelta(days=int(rng.integers(0, 400)))
    return changed


def random_client(rng: np.random.Generator, knowledge: Knowledge) -> Client:
    """Anything that the file format allows, sensible or not."""
    indication = str(rng.choice(sorted(knowledge.indication)))
    routes = knowledge.indication[indication].routes
    method = str(rng.choice([route.method for route in routes] if rng.random() < 0.93 else sorted(knowledge.method)))
    suitable = sorted({zone for route in routes if route.method == method for zone in route.zones})
    pool = suitable if suitable and rng.random() < 0.9 else sorted(knowledge.zone)
    zones = [str(zone) for zone in rng.choice(pool, size=min(len(pool), int(rng.integers(1, 4))), replace=False)]
    home = bool(rng.random() < (0.9 if method == "home_ice" else 0.05))
    source = str(rng.choice(knowledge.method[method].sources))
    entry = knowledge.cold_source[source]
    choice: dict[str, Any] = {"cold_source": source}
    if entry.calibratable and rng.random() < 0.8:
        value = entry.heat_transfer_coefficient.value * float(rng.uniform(0.4, 1.1))
        choice["calibration"] = {
            "date": VISIT - datetime.timedelta(days=30),
            "how": "phantom and thermocouple",
            "heat_transfer_coefficient": f"{value} W/(m^2*K)",
            "heat_transfer_coefficient_low": f"{value * 0.85} W/(m^2*K)",
            "heat_transfer_coefficient_high": f"{value * 1.2} W/(m^2*K)",
            "sink_temperature": f"{entry.sink_temperature.value} degC",
        }
    previous = (
        [
            {
                "zone": zones[0],
                "date": VISIT - datetime.timedelta(days=int(rng.integers(0, 12))),
                "exposure_class": int(rng.integers(0, 3)),
                "redness_gone": bool(rng.random() < 0.9),
            }
        ]
        if rng.random() < 0.12
        else []
    )
    return make_client(
        person={
            "age_years": int(rng.integers(18, 95) if rng.random() < 0.9 else rng.integers(3, 18)),
            "sex": str(rng.choice(["female", "male"])),
            "phototype": str(rng.choice(PHOTOTYPES)),
            "thin_cheeks": bool(rng.random() < 0.2),
        },
        visit={
            "place": "home" if home else "salon",
            "role": "client" if home else str(rng.choice(["operator", "doctor", "client"], p=[0.75, 0.2, 0.05])),
            "session": int(rng.integers(1, 8)),
        },
        request={"indication": indication, "zones": zones, "method": method},
        source=choice,
        vitals={"systolic": f"{rng.integers(85, 190)} mmHg"} if rng.random() < 0.12 else {},
        answers=random_answers(rng, knowledge),
        test_spot=None if rng.random() < 0.08 else {"method": method},
        diagnosis={"what": indication, "doctor": "Dr T", "date": VISIT - datetime.timedelta(days=20)},
        approval={"doctor": "Dr T", "date": VISIT} if rng.random() < 0.5 else None,
        professional={"name": "Ms P", "date": VISIT, "zones": zones} if rng.random() < 0.9 else None,
        previous=previous,
        room=None
        if rng.random() < 0.05
        else make_client().room.model_dump(mode="json", by_alias=True, exclude_none=True),
    )


def check_plan(client: Client, plan: Plan, knowledge: Knowledge) -> None:
    if plan.verdict not in (Outcome.CLEAR, Outcome.LIMIT):
        assert not plan.zones
        assert plan.message
        return
    blocked = {
        (rule.zone, rule.method) for rule in plan.rules if rule.outcome in (Outcome.DEFER, Outcome.REFER, Outcome.STOP)
    }
    for zone in plan.zones:
        entry, source = knowledge.zone[zone.zone], knowledge.cold_source[zone.cold_source]
        method = knowledge.method[zone.method]
        level = knowledge.exposure_class[f"class_{zone.class_}"]
        assert (zone.zone, zone.method) not in blocked
        assert (None, zone.method) not in blocked
        # Locks of agent, contact and place.
        assert zone.zone not in ICE_ONLY or source.agent == "ice"
        assert not (entry.region == "scalp" and source.touches)
        if client.visit.place == "home":
            assert zone.method == "home_ice"
            assert source.agent == "ice"
        # Classes and floors.
        assert zone.class_ <= min(entry.highest_class, method.highest_class, 2)
        assert level.surface_floor is not None
        assert zone.surface_floor_degC >= level.surface_floor.value
        if client.person.phototype in ("iv", "v", "vi"):
            assert zone.class_ <= 1
            assert zone.surface_floor_degC >= level.surface_floor.value + 3.0
        assert zone.acceptance.below_floor <= zone.acceptance.allowed_below_floor
        assert zone.acceptance.frozen_basal == 0
        surface = zone.surface_min_degC
        assert surface.p01 <= surface.p05 <= surface.p50 <= surface.p95
        assert surface.p50 <= zone.basal_min_degC.p50 + 0.11
        # Ceilings and hands.
        part_dm2 = zone.area_cm2 / 100.0 / zone.sides / zone.parts
        worked = zone.passes * zone.seconds_per_pass + (zone.passes - 1) * zone.pause_s
        assert worked <= 120.0 * part_dm2 + 0.1
        assert zone.passes <= zone.passes_full <= method.passes_limit.value
        assert zone.seconds_per_pass <= method.pass_time_limit.value + 0.1
        if zone.zone == "forehead":
            assert zone.seconds_per_pass <= 10.1
        if zone.speed_mm_s is not None:
            assert source.hand_speed is not None
            assert source.hand_speed.range[0] <= zone.speed_mm_s <= source.hand_speed.range[1]
        assert zone.binding
        assert all(reason.source for reason in zone.reasons)
    if plan.zones:
        assert plan.course is not None
        check_course(plan, knowledge)


def check_course(plan: Plan, knowledge: Knowledge) -> None:
    assert plan.course is not None
    assert plan.prescription is not None
    gap = knowledge.exposure_class[f"class_{plan.prescription.exposure_class}"].gap.value
    dates = [session.date for session in plan.course.sessions]
    for one, other in itertools.pairwise(dates):
        assert (other - one).days * 24 >= gap
    for date in dates:
        assert sum(0 <= (date - other).days < 7 for other in dates) <= 3
    shares = [session.exposure_share for session in plan.course.sessions]
    assert shares == sorted(shares)


def milder_or_equal(tight: Plan, loose: Plan) -> None:
    """No zone of the tighter plan is worked more strongly than in the looser one."""
    loose_zones = {zone.zone: zone for zone in loose.zones}
    for zone in tight.zones:
        assert zone.zone in loose_zones, "a tighter person may not gain a zone"
        other = loose_zones[zone.zone]
        assert zone.class_ <= other.class_
        assert zone.dwell_time_s <= other.dwell_time_s
        assert zone.passes <= other.passes
        assert zone.contact_seconds <= other.contact_seconds


# Fifty clients in every run, the others where time does not count.
@pytest.mark.parametrize(
    "chunk", [pytest.param(chunk, marks=pytest.mark.slow if chunk else ()) for chunk in range(CHUNKS)]
)
def test_rules_ceilings_gaps_and_monotony_hold_for_random_clients(chunk: int) -> None:
    rng = np.random.default_rng(1_000 + chunk)
    lab, knowledge = laboratory(), load()
    planned = 0
    for _ in range(CLIENTS_PER_CHUNK):
        client = random_client(rng, knowledge)
        plan = make_plan(client, knowledge, lab)
        check_plan(client, plan, knowledge)
        if not plan.zones:
            continue
        planned += 1
        person = client.person
        older = min(99, person.age_years + int(rng.integers(5, 40)))
        darker = PHOTOTYPES[min(5, PHOTOTYPES.index(person.phototype) + int(rng.integers(1, 4)))]
        dermis = {zone: 0.2 + 0.6 * float(rng.random()) for zone in client.request.zones}
        for change in ({"age_years": older}, {"phototype": darker}, {"measured_dermis": dermis}):
            tighter = client.model_copy(update={"person": person.model_copy(update=change)})
            milder_or_equal(make_plan(tighter, knowledge, lab), plan)
    assert planned >= CLIENTS_PER_CHUNK * 0.1, "too few plans for the properties to mean much"


def test_thinner_and_thinner_skin_never_gets_more() -> None:
    lab, knowledge = laboratory(), load()
    plans = [
        make_plan(make_client(person={"measured_dermis": {"cheek": f"{thickness} mm"}}), knowledge, lab)
        for thickness in (1.5, 0.87, 0.84, 0.78, 0.7, 0.6, 0.5, 0.4, 0.3)
    ]
    assert plans[0].zones
    for loose, tight in itertools.pairwise(plans):
        milder_or_equal(tight, loose)


def test_older_skin_never_gets_more() -> None:
    lab, knowledge = laboratory(), load()
    plans = [make_plan(make_client(person={"age_years": age}), knowledge, lab) for age in range(18, 96, 7)]
    for loose, tight in itertools.pairwise(plans):
        milder_or_equal(tight, loose)
    assert math.isfinite(plans[0].zones[0].dwell_time_s)
