"""Spot freeze of a lesion, class 4: what it keeps, what it must reach, and what stands in its way."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from cryomassage.engine.patch import Footprint
from cryomassage.knowledge.load import load
from cryomassage.planning.ladder import Work
from cryomassage.planning.make_plan import make_plan
from cryomassage.planning.numerics import default_numerics
from cryomassage.planning.population import Laboratory
from cryomassage.planning.replay import replay
from cryomassage.planning.route import route_for
from cryomassage.planning.screening import screen
from cryomassage.planning.spot_freeze import SpotFinder, SpotJudged
from cryomassage.planning.spot_run import freeze_and_thaw
from cryomassage.planning.spot_skin import SpotSkins, held_share, ring_faces
from cryomassage.planning.work import make_work
from cryomassage.records.client import Client, Lesion
from cryomassage.records.plan import NoDose, Plan, SpotPlan
from tests.support.clients import VISIT, make_client

pytestmark = pytest.mark.unit

KNOWLEDGE = load()
MEASURED = {
    "cold_source": "ln2_spray_nozzle_c",
    "distance": "10 mm",
    "calibration": {
        "date": VISIT,
        "how": "gel phantom and thermocouple",
        "sink_temperature": "-185 degC",
        "heat_transfer_coefficient": "600 W/(m^2*K)",
        "heat_transfer_coefficient_low": "510 W/(m^2*K)",
        "heat_transfer_coefficient_high": "720 W/(m^2*K)",
    },
}


@lru_cache(maxsize=1)
def laboratory() -> Laboratory:
    # Fewer skins than a plan needs, none of which may pass a limit.
    return Laboratory(KNOWLEDGE, default_numerics(KNOWLEDGE).model_copy(update={"virtual_skins": 64}))


def client(lesions: tuple[dict[str, Any], ...] = (), **changes: Any) -> Client:
    lesion = {"zone": "neck", "diameter": "4 mm", "thickness": "0.6 mm"}
    told: dict[str, Any] = {
        "visit": {"role": "doctor", "session": 1},
        "request": {
            "indication": "papilloma",
            "purpose": "therapeutic",
            "method": "spot_freeze",
            "zones": ["neck"],
        },
        "diagnosis": {"what": "papilloma", "doctor": "Dr D", "date": VISIT},
        "test_spot": {"method": "spot_freeze"},
        "source": MEASURED,
        "lesion": [{**lesion, **one} for one in lesions or ({},)],
    }
    return make_client(**{**told, **changes})


def plan(*lesions: dict[str, Any], **changes: Any) -> Plan:
    return make_plan(client(lesions, **changes), KNOWLEDGE, laboratory())


@lru_cache(maxsize=1)
def planned() -> Plan:
    return plan()


def finder(**lesion: Any) -> SpotFinder:
    person = client()
    screening = screen(person, KNOWLEDGE)
    route = route_for(person, "spot_freeze", KNOWLEDGE)
    assert route is not None
    work: Work = make_work(person, screening, screening.workable[0], route, KNOWLEDGE)
    return SpotFinder(work, person.lesion[0].model_copy(update=lesion), laboratory())


def test_a_papilloma_gets_the_longest_freeze_that_keeps_its_depth() -> None:
    made = planned()
    assert made.status == "planned"
    assert not made.zones
    (spot,) = made.spots
    assert spot.class_ == 4
    counted = spot.acceptance
    assert counted.over_depth <= counted.allowed_over
    assert counted.over_margin <= counted.allowed_over
    assert min(counted.least_margin_share, counted.cold_base_share) >= 0.5
    assert spot.ice_depth_mm.p95 < spot.depth_limit_mm
    assert spot.margin_mm.p95 < spot.most_margin_mm
    assert spot.freeze_s % 0.5 == 0.0
    seeker = finder()
    longer = [
        seeker.judge(seeker.population(seed), spot.freeze_s + 0.5, until_thawed=False)
        for seed in (seeker.seed, seeker.seed + 1)
    ]
    assert not all(judged.accepted for judged in longer)


def test_an_unmeasured_source_freezes_no_lesion() -> None:
    made = plan(source={"cold_source": "ln2_spray_nozzle_c"})
    assert made.status == "no_safe_dose"
    assert not made.spots
    assert made.card is None
    assert made.next_step.startswith("Measure: Freeze a gel phantom")
    assert any("no measured calibration" in reason.reason for reason in made.no_dose[0].reasons)


@pytest.mark.slow
def test_a_lesion_thicker_than_the_ice_may_go_is_refused() -> None:
    made = plan({"thickness": "2.5 mm"})
    assert made.status == "no_safe_dose"
    assert "2.5 mm thick" in made.message
    deep = plan({"thickness": "1.5 mm"})
    assert deep.status == "no_safe_dose"
    assert "base of the lesion falls to -20 °C in only" in deep.message


@pytest.mark.slow
def test_the_doctor_may_set_less_depth_and_never_more() -> None:
    usual = planned().spots[0]
    less = finder(depth_limit=1.5).find()
    if isinstance(less, SpotPlan):
        assert less.freeze_s < usual.freeze_s
        assert less.depth_limit_mm == 1.5
    else:
        assert "set by the doctor" in less.binding
    assert finder(depth_limit=3.0).limits.depth_mm == usual.depth_limit_mm


def test_only_a_doctor_freezes_a_lesion() -> None:
    made = plan(visit={"role": "operator", "session": 1})
    assert made.status == "refused"
    assert "role.not_allowed" in {rule.id for rule in made.rules}


def test_a_lesion_without_a_diagnosis_is_not_frozen() -> None:
    made = plan(diagnosis=None)
    assert made.status == "refused"
    assert "diagnosis.missing" in {rule.id for rule in made.rules}


def test_dark_skin_gets_no_spot_freeze() -> None:
    made = plan(person={"phototype": "v"}, test_spot={"date": VISIT.replace(day=1)})
    assert made.status == "refused"
    (told,) = [rule.reason for rule in made.rules if rule.id == "class.not_reachable"]
    assert "class 1 is the most that is allowed here. Cold harms pigment cells first" in told


@pytest.mark.slow
def test_a_zone_without_a_lesion_is_left_out() -> None:
    request = {"indication": "papilloma", "purpose": "therapeutic", "method": "spot_freeze"}
    made = plan(request={**request, "zones": ["neck", "forearm"]})
    assert [spot.zone for spot in made.spots] == ["neck"]
    assert [left.zone for left in made.no_dose] == ["forearm"]
    assert "no lesion" in made.message


@pytest.mark.slow
def test_lesions_wait_when_the_session_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    one = planned().spots[0].model_copy(update={"total_s": 250.0})
    monkeypatch.setattr(SpotFinder, "find", lambda self: one)
    made = plan({}, {}, {})
    assert KNOWLEDGE.method["spot_freeze"].session_time_limit.value == 600.0
    assert len(made.spots) == 2
    assert "book it for another day" in made.no_dose[0].binding


def test_a_second_freeze_goes_deeper_and_is_counted() -> None:
    seeker = finder()
    skins = seeker.population(1)
    once, twice = (freeze_and_thaw(skins, 5.0, count, 90.0, 0.6e-3, until_thawed=False) for count in (1, 2))
    assert np.all(twice.deepest >= once.deepest - 1e-9)
    assert np.median(twice.deepest - once.deepest) > 0.0
    cold = np.flatnonzero(twice.freezing)
    begins = twice.time_s[cold[np.flatnonzero(np.diff(cold) > 1) + 1]]
    assert begins == pytest.approx([95.1])


def test_the_error_of_the_solver_counts_against_the_ice() -> None:
    seeker = finder()
    skins = seeker.population(1)
    response = seeker.judge(skins, 5.0, until_thawed=False).response
    deep, wide = response.deepest * 1e3, response.widest * 1e3 - 0.5 * seeker.lesion.diameter
    error = seeker.limits.error_mm
    assert error > 0.0
    limits = {"depth_mm": float(np.median(deep)) + error, "most_margin_mm": float(np.median(wide)) + error}
    seeker.limits = replace(seeker.limits, **limits, least_margin_mm=float(np.median(wide)) - error)
    counted = seeker.judge(skins, 5.0, until_thawed=False).acceptance
    assert counted.over_depth == counted.over_margin == 32
    assert 0.0 < counted.least_margin_share <= 0.5


def test_some_skins_freeze_as_they_do_among_all() -> None:
    skins = finder().population(1)
    chosen = np.array([3, 40, 17])
    all_of_them, some = (
        freeze_and_thaw(one, 4.0, 1, 90.0, 0.6e-3, until_thawed=False) for one in (skins, skins.some(chosen))
    )
    assert some.deepest == pytest.approx(all_of_them.deepest[chosen], abs=1e-12)


def test_a_late_hand_freezes_deeper() -> None:
    seeker = finder()
    skins = seeker.population(1)
    prompt = replace(skins, late_s=np.zeros(64))
    late = replace(skins, late_s=np.full(64, 0.5))
    depths = [freeze_and_thaw(some, 5.0, 1, 90.0, 0.6e-3, until_thawed=False).deepest for some in (prompt, skins, late)]
    assert np.all(depths[0] <= depths[1])
    assert np.all(depths[1] <= depths[2])
    assert np.all(depths[0] < depths[2])


def test_a_freeze_is_confirmed_on_skins_that_did_not_find_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = planned().spots[0]
    judge, seeker = SpotFinder.judge, finder()
    fresh = seeker.population(seeker.seed + 1).late_s

    def strict(self: SpotFinder, skins: SpotSkins, freeze_s: float, *, until_thawed: bool) -> SpotJudged:
        judged = judge(self, skins, freeze_s, until_thawed=until_thawed)
        refused = np.array_equal(skins.late_s, fresh) and freeze_s == found.freeze_s
        return replace(judged, binding="fresh skins") if refused else judged

    monkeypatch.setattr(SpotFinder, "judge", strict)
    again = seeker.find()
    assert "fresh skins" in again.binding
    assert isinstance(again, NoDose) or again.freeze_s < found.freeze_s


@pytest.mark.slow
def test_age_shortens_the_freeze() -> None:
    old = plan(person={"age_years": 62})
    young = planned().spots[0].freeze_s
    assert all(spot.freeze_s <= 0.8 * young for spot in old.spots)
    assert "age in years" in (old.spots[0].binding if old.spots else old.no_dose[0].binding)


def test_what_touches_has_no_shield() -> None:
    seeker = finder()
    assert seeker.limits.shield_opening_mm == 6.5
    swab = replace(
        seeker.work, source_key="ln2_swab_pressed", source=KNOWLEDGE.cold_source["ln2_swab_pressed"], calibration=None
    )
    limits = SpotFinder(swab, seeker.lesion, laboratory()).limits
    assert limits.shield_opening_mm is None
    assert limits.time_s == 15.0  # the swab is dry by then


def test_a_shield_keeps_the_cold_inside_its_opening() -> None:
    faces, length = ring_faces(6.0e-3), np.array([3.0e-3, 9.0e-3])
    area = np.diff(faces**2)[:, None]
    for shape in (Footprint.GAUSSIAN, Footprint.ELLIPSE):
        free, shielded = held_share(shape, length, faces), held_share(shape, length, faces, 2.2e-3)
        assert np.all(shielded <= free + 1e-12)
        assert np.all(shielded[faces[:-1] > 2.2e-3] == 0.0)
        assert np.all(free[0] > 0.9)
    # All of a bell: pi times the square of its 1/e radius, which is its even length over the root of pi.
    assert np.sum(
        held_share(Footprint.GAUSSIAN, length, ring_faces(30e-3)) * np.diff(ring_faces(30e-3) ** 2)[:, None], 0
    ) == (pytest.approx(length**2 / np.pi, rel=1e-6))
    assert np.sum(held_share(Footprint.ELLIPSE, length, faces) * area, 0) == pytest.approx(length**2 / 4.0)
    with pytest.raises(ValueError, match="around its axis"):
        held_share(Footprint.RING, length, faces)


@pytest.mark.slow
def test_the_plan_tells_the_freeze_over_time_and_replays() -> None:
    made = planned()
    (spot,) = made.spots
    times = [moment.time_s for moment in spot.over_time]
    assert times == sorted(times)
    assert spot.freeze_s in times
    assert max(moment.ice_depth_mm.p50 for moment in spot.over_time) == pytest.approx(spot.ice_depth_mm.p50, abs=0.1)
    assert spot.over_time[-1].ice_depth_mm.p95 == 0.0
    assert times[-1] >= spot.freeze_s + spot.thaw_s.p95
    assert made.card is not None
    assert f"freeze {spot.freeze_s:.1f} s, once" in made.card.steps[0]
    assert made.course is not None
    assert [session.exposure_share for session in made.course.sessions] == [1.0]
    assert replay(made, KNOWLEDGE).same


def test_every_number_of_a_spot_names_a_source() -> None:
    for reason in planned().spots[0].reasons:
        assert reason.source
        assert set(reason.source) <= KNOWLEDGE.sources.keys()


def test_lesions_are_bounded_as_they_are_read() -> None:
    for changes in ({"diameter": "40 mm"}, {"thickness": "0 mm"}, {"freezes": 3}):
        with pytest.raises(ValueError, match=next(iter(changes))):
            Lesion.model_validate({"zone": "neck", "diameter": "3 mm", "thickness": "1 mm", **changes})
