"""From a client to a plan, or to the reasons why there is none."""

from __future__ import annotations

from typing import Any

from cryomassage.knowledge.questionnaire import Outcome
from cryomassage.knowledge.schema import IndicationRoute, Knowledge
from cryomassage.planning.card import STATEMENT, make_card
from cryomassage.planning.course import exposure_share, plan_course
from cryomassage.planning.dose import DoseFinder
from cryomassage.planning.numerics import content_hash, default_numerics, provenance
from cryomassage.planning.population import Laboratory
from cryomassage.planning.prescribe import prescribe
from cryomassage.planning.room import judge_room
from cryomassage.planning.route import route_for
from cryomassage.planning.screening import screen
from cryomassage.planning.spots import plan_spots
from cryomassage.planning.work import make_work, time_left
from cryomassage.records.client import Client
from cryomassage.records.plan import NoDose, Plan, SpotPlan, ZonePlan
from cryomassage.records.room import RoomVerdict
from cryomassage.records.screening import SEVERITY, FiredRule, Screening

_OUTCOME_STEP = {
    Outcome.DEFER: "Come back later, and answer the questions again.",
    Outcome.REFER: "Ask a doctor. A written clearance with name and date can be entered as [[clearance]].",
    Outcome.STOP: "Do not treat. Tell the client the reasons; offer a doctor's appointment.",
}


def _next_step(screening: Screening) -> str:
    """What to do with a person who is not treated today."""
    if screening.verdict is Outcome.DEFER and screening.until is not None:
        return f"Come back from {screening.until.isoformat()} on, and answer the questions again."
    return _OUTCOME_STEP[screening.verdict]


def share_time(finders: list[DoseFinder], share: float, whole_s: float, face_s: float) -> list[int]:
    """Passes of each zone so that the session keeps its time: first fewer passes, then fewer zones.

    Times are those of the standard climb, the same for everybody: a tighter limit on one zone never buys passes
    on another. Passes are taken from the zone that has most, the later one first; zones from the end.
    """
    passes = [finder.passes_wanted(share) for finder in finders]
    on_face = [finder.work.zone.region == "face" for finder in finders]

    def over(subset: list[bool], limit: float) -> bool:
        times = [finder.standard_total_s(count) for finder, count in zip(finders, passes, strict=True)]
        return sum(time for time, counted in zip(times, subset, strict=True) if counted) > limit

    for subset, limit in ((on_face, face_s), ([True] * len(finders), whole_s)):
        while over(subset, limit):
            counted = [index for index, inside in enumerate(subset) if inside and passes[index]]
            most = max(passes[index] for index in counted)
            passes[max(index for index in counted if passes[index] == most)] -= 1
    return passes


def plan_zones(
    client: Client, screening: Screening, route: IndicationRoute, share: float, laboratory: Laboratory
) -> tuple[tuple[ZonePlan, ...], tuple[NoDose, ...]]:
    """Seek a dose for every workable zone, in the order of work, within the time of the session."""
    knowledge = laboratory.knowledge
    findings = sorted(screening.workable, key=lambda finding: knowledge.zone[finding.zone].order_of_work)
    finders = [DoseFinder(make_work(client, screening, finding, route, knowledge), laboratory) for finding in findings]
    passes = share_time(finders, share, *time_left(screening, client, knowledge))
    found = [finder.find(count) for finder, count in zip(finders, passes, strict=True)]
    planned = tuple(one for one in found if isinstance(one, ZonePlan))
    return planned, tuple(one for one in found if isinstance(one, NoDose))


def _room_rules(
    client: Client, screening: Screening, knowledge: Knowledge
) -> tuple[RoomVerdict | None, list[FiredRule]]:
    """The room's verdict, where liquid nitrogen is used, and the rules that it fires."""
    if not knowledge.method[screening.method].liquid_nitrogen:
        return None, []
    if client.room is None:
        return None, [
            FiredRule(
                id="room.unknown",
                outcome=Outcome.STOP,
                zone=None,
                method=screening.method,
                reason="Liquid nitrogen needs a room whose oxygen has been worked out. None is described; unknown "
                "means refused.",
                source=("cryomassage_limits", "oxford_oxygen_depletion"),
            )
        ]
    verdict = judge_room(client.room, client.visit.date, knowledge)
    if verdict.verdict == "refused":
        return verdict, [
            FiredRule(
                id="room.oxygen",
                outcome=Outcome.STOP,
                zone=None,
                method=screening.method,
                reason=f"Not in the room “{verdict.name}”: {' '.join(verdict.reasons)}",
                source=("cryomassage_limits", "oxford_oxygen_depletion"),
            )
        ]
    return verdict, []


def _why(rules: tuple[FiredRule, ...], screening: Screening) -> str:
    """The reasons that decided, each once."""
    mine = [rule for rule in rules if rule.method in (None, screening.method)]
    worst = max((SEVERITY[rule.outcome] for rule in mine), default=0)
    decisive = [rule.reason for rule in mine if SEVERITY[rule.outcome] == worst or rule.urgent]
    return " ".join(dict.fromkeys(decisive))


def make_plan(client: Client, knowledge: Knowledge, laboratory: Laboratory | None = None) -> Plan:
    """Screen, check the room, prescribe, seek the dose, lay out the course, and write it all down.

    Args:
        client: who, what, where, with what.
        knowledge: everything that is known.
        laboratory: populations to share between plans; a fresh one with the default numerics if None.
    """
    laboratory = laboratory or Laboratory(knowledge, default_numerics(knowledge))
    screening = screen(client, knowledge)
    room, room_rules = _room_rules(client, screening, knowledge) if screening.workable else (None, [])
    rules = (*room_rules, *screening.rules)
    base: dict[str, Any] = {
        "verdict": screening.verdict,
        "client_code": client.person.code,
        "date": client.visit.date,
        "until": screening.until,
        "rules": rules,
        "screening": screening.zones,
        "room": room,
        "statement": STATEMENT,
        "client": client.model_dump(mode="json", by_alias=True, exclude_none=True),
        "provenance": provenance(knowledge, laboratory.numerics, client.visit.role),
        "prescription": None,
        "zones": (),
        "spots": (),
        "no_dose": (),
        "course": None,
        "card": None,
    }
    if not screening.workable:
        return _sealed(base, status="refused", message=_why(rules, screening), next_step=_next_step(screening))
    if room_rules:
        return _sealed(
            base,
            verdict=Outcome.STOP,
            status="refused",
            message=room_rules[0].reason,
            next_step="Use a smaller vessel, a larger or better aired room, or a method without liquid nitrogen. "
            "`cryomassage room` shows what fits.",
        )
    route = route_for(client, screening.method, knowledge)
    if route is None:
        raise ValueError("a workable zone has a route")
    prescription = prescribe(client, screening, route, knowledge)
    base["prescription"] = prescription
    level = knowledge.exposure_class[f"class_{prescription.exposure_class}"]
    zones: tuple[ZonePlan, ...] = ()
    spots: tuple[SpotPlan, ...] = ()
    if knowledge.method[prescription.method].motion == "spot":
        spots, no_dose = plan_spots(client, screening, route, laboratory)
    else:
        share = exposure_share(client.visit.session, level, knowledge)
        zones, no_dose = plan_zones(client, screening, route, share, laboratory)
    base |= {"zones": zones, "spots": spots, "no_dose": no_dose}
    if not zones and not spots:
        return _sealed(
            base,
            status="no_safe_dose",
            message="No safe plan with this source. "
            + " ".join(f"{knowledge.zone[one.zone].name}: {one.binding}." for one in no_dose),
            next_step=f"Measure: {no_dose[0].measure}",
        )
    if no_dose and screening.verdict is Outcome.CLEAR:
        base["verdict"] = Outcome.LIMIT
    wait_days = _test_spot_wait(screening)
    course = plan_course(client.visit.date, client.visit.session, route, level, wait_days, knowledge)
    base |= {
        "course": course,
        "card": make_card(client, screening, prescription, zones, spots, course, room, knowledge),
    }
    left_out = "".join(f" Left out: {knowledge.zone[one.zone].name}, since {one.binding}." for one in no_dose)
    if wait_days is not None:
        return _sealed(
            base,
            status="test_spot_first",
            message=f"Today the test spot only; the first session is on {course.sessions[1].date.isoformat()} at the "
            f"earliest.{left_out}",
            next_step="Set the spot, read it after 15 minutes, write it down as [test_spot], and plan again.",
        )
    return _sealed(
        base,
        status="planned",
        message=f"May be treated today.{left_out}",
        next_step="Read the card aloud with the client before you begin.",
    )


def _test_spot_wait(screening: Screening) -> float | None:
    """Days to wait after a test spot today, or None when one has been read and is clear."""
    waits = [
        rule.restriction.test_spot_days
        for rule in screening.rules
        if rule.id == "test_spot.first"
        and rule.method in (None, screening.method)
        and rule.restriction is not None
        and rule.restriction.test_spot_days is not None
    ]
    return max(waits, default=None)


def _sealed(base: dict[str, Any], **rest: Any) -> Plan:
    """A plan with the hash of its content."""
    draft = Plan.model_validate({**base, **rest})
    digest = content_hash(draft.model_dump(mode="json", by_alias=True))
    return draft.model_copy(update={"provenance": draft.provenance.model_copy(update={"content_sha256": digest})})
