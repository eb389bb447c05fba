"""Every rule can fire, says why, and the tightest outcome wins per zone and method."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from cryomassage.knowledge.load import load
from cryomassage.knowledge.questionnaire import Condition, Outcome, Rule
from cryomassage.planning.screening import screen
from cryomassage.records.client import Client
from cryomassage.records.screening import SEVERITY, Screening
from tests.support.clients import VISIT, make_client

pytestmark = pytest.mark.unit

KNOWLEDGE = load()
BODY = {"age": ("person", "age_years"), "phototype": ("person", "phototype")}
VITALS = {"systolic": "mmHg", "diastolic": "mmHg", "pulse": "1/min"}


def answer_for(condition: Condition) -> Any:
    """An answer that makes a condition hold."""
    if condition.equals:
        return condition.equals[0]
    if condition.within_days is not None or condition.older_than_days is not None:
        newest = 0.0 if condition.older_than_days is None else condition.older_than_days + 1
        days = newest if condition.within_days is None else min(condition.within_days, max(newest, 1.0))
        return VISIT - datetime.timedelta(days=int(days))
    if condition.at_least is not None:
        return condition.at_least
    assert condition.less_than is not None
    return condition.less_than - 1


def client_for(rule: Rule, condition: Condition) -> Client:
    """A client in whom one condition of a rule holds, at a place and a zone where the rule looks."""
    question = KNOWLEDGE.question[condition.question]
    places = [place for place in question.places if not rule.places or place in rule.places]
    home = "salon" not in places
    methods = list(rule.methods) or (["home_ice"] if home else ["ln2_swab"])
    zones = [
        key
        for key, zone in KNOWLEDGE.zone.items()
        if (not rule.zones or key in rule.zones)
        and (not rule.regions or zone.region in rule.regions)
        and (not question.regions or zone.region in question.regions)
    ]
    data: dict[str, Any] = {"person": {"sex": question.sex or "female"}, "vitals": {}, "answers": {}}
    for one in (condition, *rule.and_all):
        value = answer_for(one)
        if one.question in BODY:
            table, field = BODY[one.question]
            data[table][field] = int(value) if one.question == "age" else value
        elif one.question in VITALS:
            data["vitals"][one.question] = f"{value} {VITALS[one.question]}"
        else:
            data["answers"][one.question] = value
    return make_client(
        **data,
        visit={"place": "home" if home else "salon", "role": "client" if home else "operator"},
        request={
            "zones": [zones[0]],
            "method": methods[0],
            "indication": rule.indications[0] if rule.indications else "oily_skin",
        },
    )


CASES = [
    pytest.param(key, rule, condition, id=f"{key}-{index}")
    for key, rule in KNOWLEDGE.rule.items()
    for index, condition in enumerate(rule.any_of)
]


@pytest.mark.parametrize(("key", "rule", "condition"), CASES)
def test_every_condition_of_every_rule_fires(key: str, rule: Rule, condition: Condition) -> None:
    screening = screen(client_for(rule, condition), KNOWLEDGE)
    fired = [one for one in screening.rules if one.id == key]
    assert fired, f"{key} did not fire"
    assert fired[0].outcome is rule.outcome
    assert fired[0].reason == rule.reason
    assert fired[0].source == rule.source
    if rule.outcome is Outcome.DEFER:
        assert fired[0].until is not None
        assert fired[0].until > VISIT
    if rule.outcome in (Outcome.STOP, Outcome.REFER, Outcome.DEFER):
        assert all(SEVERITY[finding.outcome] >= SEVERITY[rule.outcome] for finding in screening.chosen)


def outcome(screening: Screening, zone: str = "cheek") -> Outcome:
    return next(finding.outcome for finding in screening.chosen if finding.zone == zone)


def test_a_harmless_client_is_clear() -> None:
    screening = screen(make_client(), KNOWLEDGE)
    assert screening.verdict is Outcome.CLEAR
    assert not [rule for rule in screening.rules if rule.method in (None, "ln2_swab")]


def test_unsure_counts_as_refer_for_every_question() -> None:
    for key, question in KNOWLEDGE.question.items():
        if question.answer == "number" or key == "phototype":
            continue
        place = "salon" if "salon" in question.places else "home"
        client = make_client(
            person={"sex": "female"},
            visit={"place": place, "role": "operator" if place == "salon" else "client"},
            request={
                "zones": ["scalp" if question.regions == ("scalp",) else "cheek"],
                "method": "ln2_swab" if place == "salon" else "home_ice",
            },
            answers={key: "unsure"},
        )
        screening = screen(client, KNOWLEDGE)
        assert all(SEVERITY[one.outcome] >= SEVERITY[Outcome.REFER] for one in screening.chosen), key


def test_an_unanswered_question_counts_as_refer() -> None:
    client = make_client()
    answers = {key: value for key, value in client.answers.items() if key != "keloids"}
    screening = screen(client.model_copy(update={"answers": answers}), KNOWLEDGE)
    assert screening.verdict is Outcome.REFER
    assert any(rule.id == "unanswered.keloids" for rule in screening.rules)


def test_a_site_rule_stops_only_the_zones_that_it_names() -> None:
    answers = {"suspicious_spot": {"answer": "yes", "zones": ["cheek"]}}
    screening = screen(make_client(request={"zones": ["cheek", "chin"]}, answers=answers), KNOWLEDGE)
    assert outcome(screening, "cheek") is Outcome.STOP
    assert outcome(screening, "chin") is Outcome.CLEAR
    assert screening.verdict is Outcome.LIMIT


def test_a_site_rule_without_a_named_zone_stops_all() -> None:
    screening = screen(make_client(request={"zones": ["cheek", "chin"]}, answers={"suspicious_spot": "yes"}), KNOWLEDGE)
    assert {finding.outcome for finding in screening.chosen} == {Outcome.STOP}


def test_a_doctors_clearance_turns_a_referral_into_a_limit_until_it_is_stale() -> None:
    refer = next(
        key
        for key, rule in KNOWLEDGE.rule.items()
        if rule.clearable
        and not rule.and_all
        and rule.any_of[0].equals == ("yes",)
        and not rule.regions
        and not rule.indications
        and not rule.methods
        and not rule.zones
        and "salon" in KNOWLEDGE.question[rule.any_of[0].question].places
    )
    answers = {KNOWLEDGE.rule[refer].any_of[0].question: "yes"}
    fresh = {"rule": refer, "doctor": "Dr B", "date": VISIT - datetime.timedelta(days=10)}
    stale = {**fresh, "date": VISIT - datetime.timedelta(days=400)}
    assert outcome(screen(make_client(answers=answers), KNOWLEDGE)) is Outcome.REFER
    assert outcome(screen(make_client(answers=answers, clearance=[fresh]), KNOWLEDGE)) is Outcome.LIMIT
    assert outcome(screen(make_client(answers=answers, clearance=[stale]), KNOWLEDGE)) is Outcome.REFER


def test_a_stop_is_never_cleared() -> None:
    clearance = [{"rule": "cold_hives_stop", "doctor": "Dr B", "date": VISIT}]
    screening = screen(make_client(answers={"cold_hives": "yes"}, clearance=clearance), KNOWLEDGE)
    assert screening.verdict is Outcome.STOP


@pytest.mark.parametrize("zone", ["upper_eyelid", "lower_eyelid", "lips", "upper_lip"])
@pytest.mark.parametrize("method", ["ln2_swab", "ln2_spray", "cold_vapour", "spot_freeze"])
def test_liquid_nitrogen_never_comes_near_lids_and_lips(zone: str, method: str) -> None:
    screening = screen(make_client(request={"zones": [zone], "method": method}), KNOWLEDGE)
    assert screening.verdict is Outcome.STOP
    assert "zone.no_liquid_nitrogen" in {rule.id for rule in screening.rules}


@pytest.mark.parametrize("method", [key for key in KNOWLEDGE.method if key != "home_ice"])
def test_home_means_ice(method: str) -> None:
    client = make_client(
        visit={"place": "home", "role": "client"},
        request={"method": method},
        professional={"name": "Ms P", "date": VISIT, "zones": ["cheek"]},
    )
    screening = screen(client, KNOWLEDGE)
    assert screening.verdict is Outcome.STOP
    assert "place.home_means_ice" in {rule.id for rule in screening.rules}


@pytest.mark.parametrize(
    "professional",
    [
        None,
        {"name": "Ms P", "date": VISIT, "zones": ["chin"]},
        {"name": "Ms P", "date": VISIT - datetime.timedelta(days=800), "zones": ["cheek"]},
    ],
)
def test_home_needs_a_professional_who_was_asked_about_the_zone(professional: Any) -> None:
    client = make_client(
        visit={"place": "home", "role": "client"}, request={"method": "home_ice"}, professional=professional
    )
    assert screen(client, KNOWLEDGE).verdict is Outcome.REFER


def test_the_scalp_is_not_touched() -> None:
    for method in ("ln2_swab", "ice_massage"):
        client = make_client(request={"zones": ["scalp"], "method": method, "indication": "dandruff"})
        assert screen(client, KNOWLEDGE).verdict is Outcome.STOP


@pytest.mark.parametrize("indication", ["papilloma", "age_spots", "infiltrates", "pattern_baldness"])
@pytest.mark.parametrize("diagnosis", [None, "other", "old"])
def test_some_complaints_need_a_diagnosis(indication: str, diagnosis: str | None) -> None:
    route = KNOWLEDGE.indication[indication].routes[0]
    stated = {
        None: None,
        "other": {"what": "oily_skin", "doctor": "Dr D", "date": VISIT},
        "old": {"what": indication, "doctor": "Dr D", "date": VISIT - datetime.timedelta(days=900)},
    }[diagnosis]
    client = make_client(
        visit={"role": "doctor"},
        diagnosis=stated,
        request={"indication": indication, "method": route.method, "zones": [route.zones[0]]},
        test_spot={"method": route.method},
    )
    screening = screen(client, KNOWLEDGE)
    assert screening.verdict is Outcome.STOP
    assert {"diagnosis.missing", "diagnosis.refer"} <= {rule.id for rule in screening.rules}


def spot(**changes: Any) -> dict[str, Any]:
    return {
        "date": VISIT - datetime.timedelta(days=20),
        "method": "ln2_swab",
        "read_after": "15 min",
        "result": "clear",
        **changes,
    }


@pytest.mark.parametrize(
    ("phototype", "test_spot", "expected"),
    [
        ("ii", None, "test_spot.first"),
        ("ii", spot(read_after="5 min"), "test_spot.first"),
        ("ii", spot(method="ln2_spray"), "test_spot.first"),
        ("ii", spot(date=VISIT - datetime.timedelta(days=900)), "test_spot.first"),
        ("ii", spot(result="hives"), "test_spot.reacted"),
        ("v", spot(date=VISIT - datetime.timedelta(days=5)), "test_spot.wait"),
    ],
)
def test_the_first_visit_with_nitrogen_is_a_test_spot(phototype: str, test_spot: Any, expected: str) -> None:
    screening = screen(make_client(person={"phototype": phototype}, test_spot=test_spot), KNOWLEDGE)
    mine = {rule.id for rule in screening.rules if rule.method in (None, "ln2_swab")}
    assert expected in mine


def test_a_waited_out_test_spot_lets_dark_skin_go_on_in_class_one() -> None:
    screening = screen(make_client(person={"phototype": "v"}, test_spot=spot()), KNOWLEDGE)
    assert screening.verdict is Outcome.LIMIT
    assert all(finding.highest_class <= 1 for finding in screening.chosen)


@pytest.mark.parametrize(
    ("days", "exposure_class", "redness_gone", "deferred"),
    [
        (1, 1, True, True),
        (2, 1, True, False),
        (2, 2, True, True),
        (3, 2, True, False),
        (9, 1, False, True),
        (13, 3, True, True),
        (20, 4, True, True),
        (21, 4, True, False),
    ],
)
def test_gaps_per_zone(days: int, exposure_class: int, redness_gone: bool, deferred: bool) -> None:
    previous = [
        {
            "zone": "cheek",
            "date": VISIT - datetime.timedelta(days=days),
            "exposure_class": exposure_class,
            "redness_gone": redness_gone,
        }
    ]
    screening = screen(make_client(previous=previous, request={"zones": ["cheek", "chin"]}), KNOWLEDGE)
    assert (outcome(screening, "cheek") is Outcome.DEFER) is deferred
    assert outcome(screening, "chin") is Outcome.CLEAR


def test_an_unknown_last_session_waits_and_a_first_session_has_none() -> None:
    client = make_client(visit={"session": 2}).model_copy(update={"previous": ()})
    screening = screen(client, KNOWLEDGE)
    assert screening.verdict is Outcome.DEFER
    assert screening.until == VISIT + datetime.timedelta(days=2)
    first = make_client(visit={"session": 1}).model_copy(update={"previous": ()})
    assert screen(first, KNOWLEDGE).verdict is Outcome.CLEAR


def test_class_two_needs_a_doctors_approval_and_classes_three_and_four_a_doctor() -> None:
    two = {"request": {"exposure_class": 2, "zones": ["cheek"]}}
    assert screen(make_client(**two), KNOWLEDGE).verdict is Outcome.STOP
    approved = make_client(**two, approval={"doctor": "Dr A", "date": VISIT})
    assert screen(approved, KNOWLEDGE).verdict is Outcome.CLEAR
    freeze = {
        "visit": {"session": 1},
        "request": {"indication": "papilloma", "method": "spot_freeze", "zones": ["neck"]},
        "diagnosis": {"what": "papilloma", "doctor": "Dr D", "date": VISIT},
        "test_spot": spot(method="spot_freeze"),
    }
    assert screen(make_client(**freeze), KNOWLEDGE).verdict is Outcome.STOP
    doctor = make_client(
        **{**freeze, "visit": {"role": "doctor", "session": 1}}, approval={"doctor": "Dr D", "date": VISIT}
    )
    assert SEVERITY[screen(doctor, KNOWLEDGE).verdict] <= SEVERITY[Outcome.LIMIT]


def test_pressure_as_high_as_180_is_a_stop_with_urgent_care() -> None:
    screening = screen(make_client(vitals={"systolic": "182 mmHg"}), KNOWLEDGE)
    assert screening.verdict is Outcome.STOP
    assert any(rule.urgent for rule in screening.rules)
    low = screen(make_client(vitals={"systolic": "88 mmHg", "diastolic": "58 mmHg"}), KNOWLEDGE)
    assert low.verdict is Outcome.DEFER


def test_a_deferral_names_the_day() -> None:
    client = make_client(answers={"filler": VISIT - datetime.timedelta(days=10)})
    screening = screen(client, KNOWLEDGE)
    assert screening.verdict is Outcome.DEFER
    assert screening.until == VISIT + datetime.timedelta(days=18)


@pytest.mark.parametrize(("days", "verdict"), [(27, Outcome.DEFER), (28, None), (400, None)])
def test_a_deferral_ends_when_its_days_are_over(days: int, verdict: Outcome | None) -> None:
    screening = screen(make_client(answers={"filler": VISIT - datetime.timedelta(days=days)}), KNOWLEDGE)
    assert ("filler_defer" in {rule.id for rule in screening.rules}) is (verdict is Outcome.DEFER)
    assert (screening.verdict is Outcome.DEFER) is (verdict is Outcome.DEFER)


def test_a_course_is_reviewed_and_ends() -> None:
    review = {"session": 4, "date": VISIT, "benefit": True}

    def ids(session: int, given: Any) -> set[str]:
        client = make_client(visit={"session": session}, review=given)
        return {rule.id for rule in screen(client, KNOWLEDGE).rules if rule.method in (None, "ln2_swab")}

    assert ids(4, None) == set()
    assert ids(5, None) == {"course.review_due"}
    assert ids(5, review) == set()
    assert ids(9, review) == {"course.review_due"}
    assert ids(9, {**review, "session": 8}) == set()
    assert "course.no_benefit" in ids(5, {**review, "benefit": False})
    assert "course.complete" in ids(40, {**review, "session": 36})
    no_benefit = make_client(visit={"session": 5}, review={**review, "benefit": False})
    assert screen(no_benefit, KNOWLEDGE).verdict is Outcome.STOP


def test_lids_get_ice_and_nothing_else() -> None:
    for source, allowed in (("ice_cloth", True), ("cool_pack_cloth", False)):
        client = make_client(
            request={"indication": "lid_swelling_bruises", "method": "cool_compress", "zones": ["lower_eyelid"]},
            source={"cold_source": source},
        )
        assert (screen(client, KNOWLEDGE).verdict is Outcome.CLEAR) is allowed


def test_split_ends_are_never_planned() -> None:
    client = make_client(request={"indication": "split_ends", "method": "scalp_partings", "zones": ["scalp"]})
    screening = screen(client, KNOWLEDGE)
    assert "indication.not_treatable" in {rule.id for rule in screening.rules}
    assert screening.verdict is Outcome.STOP
