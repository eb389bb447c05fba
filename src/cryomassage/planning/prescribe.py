"""Indication, zones and purpose to method, class, goal and limits, with what the evidence says."""

from __future__ import annotations

from cryomassage.knowledge.schema import IndicationRoute, Knowledge
from cryomassage.records.client import Client
from cryomassage.records.prescription import EvidenceLine, Prescription, Reasoned
from cryomassage.records.screening import Screening


def _limits(screening: Screening, level_reason: Reasoned) -> tuple[Reasoned, ...]:
    """The class floor and everything that screening took away."""
    taken = [
        Reasoned(
            what=f"limit {rule.id}",
            value=None if rule.restriction.highest_class is None else float(rule.restriction.highest_class),
            unit="" if rule.restriction.highest_class is None else "highest class",
            reason=f"{rule.reason} {rule.restriction.instruction}",
            source=rule.source,
        )
        for rule in screening.rules
        if rule.restriction is not None and rule.method in (None, screening.method)
    ]
    return (level_reason, *taken)


def prescribe(client: Client, screening: Screening, route: IndicationRoute, knowledge: Knowledge) -> Prescription:
    """Turn what was asked for, and what screening leaves, into a prescription.

    The class is the lowest of the route, the method, and the most that any workable zone allows.
    """
    indication = knowledge.indication[client.request.indication]
    method = knowledge.method[screening.method]
    level_number = max((min(route.exposure_class, finding.highest_class) for finding in screening.workable), default=0)
    level = knowledge.exposure_class[f"class_{level_number}"]
    floor = level.surface_floor
    level_reason = Reasoned(
        what=f"class {level.level} floor",
        value=None if floor is None else floor.value,
        unit="" if floor is None else floor.unit,
        reason=level.floor_reason.text,
        source=level.floor_reason.source,
    )
    return Prescription(
        indication=client.request.indication,
        indication_name=indication.name,
        purpose=client.request.purpose,
        method=screening.method,
        method_name=method.name,
        exposure_class=level.level,
        class_name=level.name,
        zones=tuple(finding.zone for finding in screening.workable),
        goal=indication.goal.text,
        sessions=int(route.sessions.value),
        interval_days=route.interval.value,
        review_every=int(route.review_every.value),
        limits=_limits(screening, level_reason),
        evidence_grade=indication.evidence.grade,
        evidence_sentence=indication.evidence.sentence,
        evidence=tuple(
            EvidenceLine(
                text=finding.text,
                source=finding.source,
                disagreement=finding.disagreement,
                product_does=finding.product_does,
            )
            for finding in indication.evidence.findings
        ),
        blocked_claims=tuple(claim.text for claim in indication.blocked_claims),
        course_reason=route.course_reason.text,
    )
