"""Answers to clear, limit, defer, refer or stop: per zone, per method, with every reason kept."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator

from cryomassage.knowledge.questionnaire import Outcome, Restriction, Rule
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.answers import DAY, applies, given, holds
from cryomassage.planning.locks import lock_rules
from cryomassage.planning.route import candidate_methods, resolve_method, route_for
from cryomassage.records.client import Client
from cryomassage.records.screening import SEVERITY, FiredRule, Screening, ZoneFinding

_CLEARED = Restriction(
    highest_class=1,
    instruction="A doctor's written clearance is on file: light exposure only; stop at the first doubt.",
)


def _in_scope(rule: Rule, zone: str, method: str, client: Client, knowledge: Knowledge) -> bool:
    return (
        (not rule.places or client.visit.place in rule.places)
        and (not rule.zones or zone in rule.zones)
        and (not rule.regions or knowledge.zone[zone].region in rule.regions)
        and (not rule.methods or method in rule.methods)
        and (not rule.indications or client.request.indication in rule.indications)
        and (knowledge.method[method].liquid_nitrogen or not rule.liquid_nitrogen_only)
    )


def _named_sites(rule: Rule, client: Client) -> tuple[str, ...]:
    """Zones that the answers behind a site rule name; empty when an answer names none, so all are meant."""
    named: list[str] = []
    for condition in rule.any_of:
        answer = given(client, condition.question)
        if answer is not None and holds(condition, client):
            if not answer.zones:
                return ()
            named.extend(answer.zones)
    return tuple(named)


def _until(rule: Rule, client: Client) -> datetime.date | None:
    """The first day on which a deferral no longer holds, counted from the latest date answered."""
    if rule.defer_days is None:
        return None
    begin = client.visit.date
    dates = [
        answer.value
        for condition in rule.any_of
        if holds(condition, client)
        and (answer := given(client, condition.question)) is not None
        and isinstance(answer.value, datetime.date)
    ]
    if dates:
        begin = max(dates)
    return max(begin + math.ceil(rule.defer_days.value) * DAY, client.visit.date + DAY)


def _clearance(rule_id: str, client: Client, knowledge: Knowledge) -> str | None:
    """The doctor whose written clearance covers a referral and is neither stale nor from the future."""
    valid = knowledge.limit["clearance_valid"].quantity.value
    for clearance in client.clearance:
        age = (client.visit.date - clearance.date) / DAY
        if clearance.rule == rule_id and 0 <= age <= valid:
            return f"{clearance.doctor}, {clearance.date.isoformat()}"
    return None


def _told(
    key: str, rule: Rule, zone: str | None, method: str | None, client: Client, knowledge: Knowledge
) -> FiredRule:
    cleared_by = _clearance(key, client, knowledge) if rule.clearable else None
    return FiredRule(
        id=key,
        outcome=Outcome.LIMIT if cleared_by else rule.outcome,
        zone=zone,
        method=method,
        reason=rule.reason,
        source=rule.source,
        until=_until(rule, client),
        restriction=_CLEARED if cleared_by else rule.restriction,
        clearable=rule.clearable,
        cleared_by=cleared_by,
        urgent=rule.urgent,
        disagreement=rule.disagreement,
        product_does=rule.product_does,
    )


def _questionnaire(zone: str, method: str, client: Client, knowledge: Knowledge) -> Iterator[FiredRule]:
    """Rules of the knowledge that fire for one zone and method, and answers that are unsure or missing."""
    explained: set[str] = set()
    for key, rule in knowledge.rule.items():
        relevant = any(
            applies(knowledge.question[condition.question], client, knowledge.method[method], knowledge)
            for condition in rule.any_of
        )
        fires = any(holds(condition, client) for condition in rule.any_of) and all(
            holds(condition, client) for condition in rule.and_all
        )
        if not (fires and relevant and _in_scope(rule, zone, method, client, knowledge)):
            continue
        sites = _named_sites(rule, client) if rule.at_site else ()
        if sites and zone not in sites:
            continue
        explained.update(condition.question for condition in rule.any_of if "unsure" in condition.equals)
        yield _told(key, rule, zone, method, client, knowledge)
    for key, question in knowledge.question.items():
        if not applies(question, client, knowledge.method[method], knowledge):
            continue
        answer = given(client, key)
        if answer is None:
            yield FiredRule(
                id=f"unanswered.{key}",
                outcome=Outcome.REFER,
                zone=zone,
                method=method,
                reason=f"Not asked yet: “{question.ask}” Unknown means no.",
                source=("cryomassage_limits",),
            )
        elif answer.value == "unsure" and key not in explained:
            cleared_by = _clearance(f"unsure.{key}", client, knowledge)
            yield FiredRule(
                id=f"unsure.{key}",
                outcome=Outcome.LIMIT if cleared_by else Outcome.REFER,
                zone=zone,
                method=method,
                reason=f"Unsure about: “{question.ask}” Unsure counts as a reason to ask a doctor first.",
                source=("cryomassage_limits",),
                restriction=_CLEARED if cleared_by else None,
                clearable=True,
                cleared_by=cleared_by,
            )


def _forbidden(fired: FiredRule, zone: str, method: str, knowledge: Knowledge) -> bool:
    """Whether what a rule takes away includes this very zone or method."""
    restriction = fired.restriction
    return restriction is not None and (
        zone in restriction.forbid_zones
        or method in restriction.forbid_methods
        or (restriction.forbid_liquid_nitrogen and knowledge.method[method].liquid_nitrogen)
    )


def _find(zone: str, method: str, client: Client, knowledge: Knowledge) -> tuple[ZoneFinding, list[FiredRule]]:
    """All rules for one zone and method, and the tightest outcome."""
    answered = list(_questionnaire(zone, method, client, knowledge))
    days = [rule.restriction.test_spot_days or 0.0 for rule in answered if rule.restriction is not None]
    fired = [*lock_rules(zone, method, client, knowledge, max(days, default=0.0)), *answered]
    route = route_for(client, method, knowledge)
    classes = [knowledge.zone[zone].highest_class, knowledge.method[method].highest_class]
    if route is not None:
        classes.append(route.exposure_class)
    for rule in fired:
        if rule.restriction is not None and rule.restriction.highest_class is not None:
            classes.append(rule.restriction.highest_class)
    highest = min(classes)
    if route is not None and route.exposure_class >= 3 > highest:
        limiting = next(
            (rule for rule in fired if rule.restriction and rule.restriction.highest_class == highest), None
        )
        fired.append(
            FiredRule(
                id="class.not_reachable",
                outcome=Outcome.STOP,
                zone=zone,
                method=method,
                reason=f"This treatment needs class {route.exposure_class}, and class {highest} is the most "
                f"that is allowed here. {limiting.reason if limiting else ''}".rstrip(),
                source=limiting.source if limiting else ("cryomassage_limits",),
            )
        )
    outcome = max((rule.outcome for rule in fired), key=SEVERITY.__getitem__, default=Outcome.CLEAR)
    if any(_forbidden(rule, zone, method, knowledge) for rule in fired):
        outcome = Outcome.STOP
    dates = [rule.until for rule in fired if rule.until is not None and rule.outcome is Outcome.DEFER]
    finding = ZoneFinding(
        zone=zone,
        method=method,
        outcome=outcome,
        until=max(dates, default=None) if outcome is Outcome.DEFER else None,
        highest_class=highest,
        rules=tuple(rule.id for rule in fired),
    )
    return finding, fired


def _merged(fired: list[FiredRule], pairs: set[tuple[str, str]]) -> tuple[FiredRule, ...]:
    """A rule that fired alike for every zone and method is told once, with neither named."""
    groups: dict[str, list[FiredRule]] = {}
    for rule in fired:
        groups.setdefault(rule.id, []).append(rule)
    told: list[FiredRule] = []
    for rules in groups.values():
        bare = {rule.model_copy(update={"zone": None, "method": None}) for rule in rules}
        where = {(str(rule.zone), str(rule.method)) for rule in rules}
        if len(bare) == 1 and where == pairs:
            told.append(bare.pop())
            continue
        for method in sorted({pair[1] for pair in where}):
            zones = {pair[0] for pair in where if pair[1] == method}
            everywhere = zones == {pair[0] for pair in pairs if pair[1] == method}
            alike = {rule.model_copy(update={"zone": None}) for rule in rules if rule.method == method}
            if everywhere and len(alike) == 1:
                told.append(alike.pop())
            else:
                told.extend(rule for rule in rules if rule.method == method)
    return tuple(sorted(told, key=lambda rule: (-SEVERITY[rule.outcome], rule.id, rule.zone or "")))


def screen(client: Client, knowledge: Knowledge) -> Screening:
    """Hold the answers of a client against every rule.

    The verdict is for the method asked for, or the first that suits the indication and the place: the best
    outcome that any of the requested zones reaches, lowered from clear to limit when a zone is left out or
    restricted. Other methods of the indication are judged beside it, zone by zone.
    """
    chosen = resolve_method(client, knowledge)
    findings: list[ZoneFinding] = []
    fired: list[FiredRule] = []
    for method in candidate_methods(client, knowledge):
        for zone in client.request.zones:
            finding, rules = _find(zone, method, client, knowledge)
            findings.append(finding)
            fired.extend(rules)
    mine = [finding for finding in findings if finding.method == chosen]
    verdict = min((finding.outcome for finding in mine), key=SEVERITY.__getitem__)
    if verdict is Outcome.CLEAR and any(finding.outcome is not Outcome.CLEAR for finding in mine):
        verdict = Outcome.LIMIT
    dates = [finding.until for finding in mine if finding.outcome is Outcome.DEFER and finding.until]
    return Screening(
        verdict=verdict,
        method=chosen,
        until=min(dates, default=None) if verdict is Outcome.DEFER else None,
        rules=_merged(fired, {(finding.zone, finding.method) for finding in findings}),
        zones=tuple(findings),
    )
