"""What is to be worked on one zone, and how long a session may take."""

from __future__ import annotations

import math

from cryomassage.knowledge.schema import IndicationRoute, Knowledge
from cryomassage.planning.ladder import Work, parts_of
from cryomassage.planning.locks import source_key
from cryomassage.records.client import Client
from cryomassage.records.screening import Screening, ZoneFinding


def make_work(
    client: Client, screening: Screening, finding: ZoneFinding, route: IndicationRoute, knowledge: Knowledge
) -> Work:
    """What is to be worked on one zone."""
    zone_key = finding.zone
    level = min(route.exposure_class, finding.highest_class)
    method = knowledge.method[screening.method]
    standard = min(route.exposure_class, knowledge.zone[zone_key].highest_class, method.highest_class)
    source = source_key(client, screening.method, knowledge)
    choice = client.source
    named = choice is not None and choice.cold_source == source
    entry = knowledge.cold_source[source]
    distance = choice.distance if choice is not None and named else None
    if distance is None and entry.distance is not None:
        distance = entry.distance.value
    return Work(
        zone_key=zone_key,
        zone=knowledge.zone[zone_key],
        method_key=screening.method,
        method=knowledge.method[screening.method],
        source_key=source,
        source=entry,
        calibration=choice.calibration if choice is not None and named else None,
        level=knowledge.exposure_class[f"class_{level}"],
        standard_level=knowledge.exposure_class[f"class_{standard}"],
        person=client.person,
        distance_mm=distance,
        room_degC=None if client.room is None else client.room.temperature,
        parts=parts_of(knowledge.zone[zone_key], knowledge.method[screening.method], knowledge),
    )


def time_left(screening: Screening, client: Client, knowledge: Knowledge) -> tuple[float, float]:
    """Longest session, and longest time on the face that the answers allow."""
    whole = knowledge.method[screening.method].session_time_limit.value
    face = [
        rule.restriction.face_time_limit_s
        for rule in screening.rules
        if rule.restriction is not None and rule.restriction.face_time_limit_s is not None
    ]
    if client.visit.session == 1:
        face.append(knowledge.limit["face_first_visit_limit"].quantity.value)
    return whole, min(face, default=math.inf)
