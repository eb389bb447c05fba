"""The lesions of a session, one after the other, within the time that the session has."""

from __future__ import annotations

from cryomassage.knowledge.schema import IndicationRoute
from cryomassage.planning.ladder import Work
from cryomassage.planning.population import Laboratory
from cryomassage.planning.spot_freeze import SpotFinder
from cryomassage.planning.work import make_work, time_left
from cryomassage.records.client import Client
from cryomassage.records.plan import NoDose, SpotPlan
from cryomassage.records.screening import Screening


def _left_out(found: Work | SpotPlan, binding: str, measure: str) -> NoDose:
    """A lesion that is not frozen today, or a zone without one."""
    if isinstance(found, SpotPlan):
        zone, source, reasons = found.zone, found.cold_source, found.reasons
    else:
        zone, source, reasons = found.zone_key, found.source_key, ()
    return NoDose(zone=zone, cold_source=source, binding=binding, measure=measure, reasons=reasons)


def plan_spots(
    client: Client, screening: Screening, route: IndicationRoute, laboratory: Laboratory
) -> tuple[tuple[SpotPlan, ...], tuple[NoDose, ...]]:
    """Seek a freeze for every lesion on a workable zone, in the order of work.

    A lesion for which the session has no time left waits for another day; a zone without a lesion is left out.
    """
    knowledge = laboratory.knowledge
    whole_s, face_s = time_left(screening, client, knowledge)
    spots: list[SpotPlan] = []
    left_out: list[NoDose] = []
    for finding in sorted(screening.workable, key=lambda finding: knowledge.zone[finding.zone].order_of_work):
        work = make_work(client, screening, finding, route, knowledge)
        on_face = work.zone.region == "face"
        lesions = [lesion for lesion in client.lesion if lesion.zone == finding.zone]
        if not lesions:
            ruler = "Measure diameter and thickness of the lesion with a ruler, and write it as [[lesion]]."
            left_out.append(_left_out(work, "no lesion is described here", ruler))
        for lesion in lesions:
            found = SpotFinder(work, lesion, laboratory).find()
            if isinstance(found, NoDose):
                left_out.append(found)
            elif found.total_s > (min(whole_s, face_s) if on_face else whole_s):
                busy = "the time of the session is used up by the lesions before it; book it for another day"
                left_out.append(_left_out(found, busy, "Nothing; the lesion waits."))
            else:
                spots.append(found)
                whole_s -= found.total_s
                face_s -= found.total_s if on_face else 0.0
    return tuple(spots), tuple(left_out)
