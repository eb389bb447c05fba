"""The words on the operator's card: what to do with the hands, what to see, when to stop, first aid."""

from __future__ import annotations

import math

from cryomassage.knowledge.schema import Knowledge, Method
from cryomassage.planning.body_words import card_lines
from cryomassage.planning.locks import source_key
from cryomassage.records.client import Client
from cryomassage.records.plan import Card, Course, SpotPlan, ZonePlan
from cryomassage.records.prescription import Prescription
from cryomassage.records.room import RoomVerdict
from cryomassage.records.screening import Screening

STATEMENT = (
    "Decision support for trained people, without medical-device clearance. No diagnosis. Treatment of disease "
    "needs a responsible doctor and a review of local law. Predictions are computed, not measured on this skin."
)
_FIRST_AID = ("never_alone", "cold_burn", "hives_anaphylaxis", "fainting")
_FIRST_AID_NITROGEN = ("nitrogen_release", "eye_exposure")
_NO_COLOUR = frozenset({"v", "vi"})


def first_aid_for(method: Method) -> tuple[str, ...]:
    """What may go wrong with a method, in the order in which it stands on the card."""
    return (*_FIRST_AID, *_FIRST_AID_NITROGEN) if method.liquid_nitrogen else _FIRST_AID


def _before(client: Client, screening: Screening, room: RoomVerdict | None) -> tuple[str, ...]:
    instructions = [
        rule.restriction.instruction
        for rule in screening.rules
        if rule.restriction is not None and rule.method in (None, screening.method)
    ]
    if room is not None and room.verdict == "allowed_with_monitor":
        instructions.append("Oxygen monitor on and beside the client's head; extraction running.")
    if client.visit.place == "salon":
        instructions.append("A second person within call. Never alone.")
    return tuple(dict.fromkeys(instructions))


def told_seconds(time_s: float) -> str:
    """Seconds without digits that no hand can keep, rounded down: a shorter pass is the milder one."""
    return f"{math.floor(time_s)}" if time_s >= 10 else f"{math.floor(time_s * 10 + 1e-6) / 10:.1f}"


def _step(number: int, zone: ZonePlan, method: Method, region: str, between_s: float) -> str:
    """One zone, in the order in which it is read aloud."""
    seconds = told_seconds(zone.seconds_per_pass)
    side = " a side" if zone.sides == 2 else ""
    if zone.parts > 1:
        side += f" and part, {zone.parts} parts one after the other"
    if zone.speed_mm_s is None:
        how = f"hold {seconds} s{side}"
    else:
        how = f"{seconds} s a pass{side}, {zone.speed_mm_s / 10:.1f} cm a second"
    wait = "until colour is back" if zone.response is not None and zone.response.colour.seen else "between"
    passes = "1 pass" if zone.passes == 1 else f"{zone.passes} passes, {zone.pause_s:.0f} s pause {wait}"
    distance = "" if zone.distance_mm is None else f", {zone.distance_mm / 10:.0f} cm away"
    if method.motion == "patches":
        lines = " Each marked place of the patch by itself."
    elif method.motion == "compress":
        lines = ""
    else:
        lines = f" Along: {'; '.join(zone.massage_lines)}."
    sides = f" Left side first, wait {between_s:.0f} s, then right." if zone.sides == 2 and region == "face" else ""
    return f"{number}. {zone.name}: {passes}; {how}{distance}.{lines}{sides}"


def _spot_step(number: int, spot: SpotPlan) -> str:
    """One lesion, in the order in which it is read aloud."""
    often = "once" if spot.freezes == 1 else f"{spot.freezes} times, {spot.thaw_pause_s:.0f} s and full thaw between"
    distance = "" if spot.distance_mm is None else f", {spot.distance_mm / 10:.0f} cm away at a right angle"
    opening = spot.shield_opening_mm
    shield = "" if opening is None else f", through a shield with an opening of {opening:g} mm"
    return (
        f"{number}. {spot.name}: Lesion of {spot.lesion_diameter_mm:g} mm, {spot.lesion_thickness_mm:g} mm thick: "
        f"freeze {spot.freeze_s:.1f} s, {often}{distance}{shield}. Stop sooner when the ice is "
        f"{spot.most_margin_mm:g} mm beyond the edge. Thaws in about {spot.thaw_s.p50:.0f} s."
    )


def make_card(
    client: Client,
    screening: Screening,
    prescription: Prescription,
    zones: tuple[ZonePlan, ...],
    spots: tuple[SpotPlan, ...],
    course: Course,
    room: RoomVerdict | None,
    knowledge: Knowledge,
) -> Card:
    """One page for the hands."""
    method = knowledge.method[screening.method]
    source = knowledge.cold_source[source_key(client, screening.method, knowledge)]
    today = course.sessions[0]
    if today.kind == "test_spot":
        fastest = max((zone.speed_mm_s for zone in zones if zone.speed_mm_s is not None), default=None)
        pace = "" if fastest is None else f" at {fastest / 10:.1f} cm a second"
        minutes = knowledge.limit["test_spot_read_after"].quantity.value / 60.0
        touch = "One brief touch" if method.motion in ("spot", "patches") else f"One stroke{pace}"
        heading = (
            f"TODAY: TEST SPOT ONLY. {touch} on the inner forearm; read it after {minutes:.0f} minutes and "
            "write it down. The session below waits."
        )
    else:
        heading = f"Session {today.number} of {prescription.sessions}"
        if today.exposure_share < 1.0:
            heading += f", build-up at {today.exposure_share:.0%} of the full passes"
    between = knowledge.limit["left_right_pause"].quantity.value
    worked = (*(zone.zone for zone in zones), *(spot.zone for spot in spots))
    regions = {knowledge.zone[key].region for key in worked}
    dark = client.person.phototype in _NO_COLOUR
    hold = source.hold_time
    notes = [f"Role “{client.visit.role}” as written in the file; not verified."]
    if dark:
        notes.append(
            "Colour does not show reliably on this skin: go by time, touch, feeling and the infrared thermometer; "
            "the pause of the plan stands for the return of colour."
        )
    if hold is not None and source.agent == "ln2":
        notes.append(f"Dip or re-fill after {hold.value:.0f} s of work.")
    if source.calibratable and (client.source is None or client.source.calibration is None):
        notes.append("Planned on a cautious prior: this very source has not been measured.")
    return Card(
        title=f"{prescription.method_name} · class {prescription.exposure_class}, {prescription.class_name}",
        today=heading,
        before=(*(step.text for step in method.steps), *_before(client, screening, room)),
        steps=(
            *(
                _step(number, zone, method, knowledge.zone[zone.zone].region, between)
                for number, zone in enumerate(zones, start=1)
            ),
            *(_spot_step(number, spot) for number, spot in enumerate(spots, start=1)),
        ),
        expected=(
            *(line.text for line in (method.expected_dark_skin if dark else method.expected)),
            *card_lines(zones, dark, knowledge.nerve["numb_alarm"].quantity.value),
        ),
        stop_signs=tuple(line.text for line in (method.stop_signs_dark_skin if dark else method.stop_signs)),
        first_aid=tuple(
            f"{knowledge.first_aid[key].name}: {knowledge.first_aid[key].in_short}" for key in first_aid_for(method)
        ),
        aftercare=tuple(
            step.advice.text
            for step in sorted(knowledge.aftercare.values(), key=lambda step: step.begins.value)
            if client.visit.place in step.places
            and step.lowest_class <= prescription.exposure_class <= step.highest_class
            and (not step.regions or regions.intersection(step.regions))
        ),
        notes=tuple(notes),
    )
