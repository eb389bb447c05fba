"""The reflex of heart and pressure to a cold face: draws how strongly people answer, and says how to work for it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from cryomassage.engine.face_reflex import FaceReflexLaw, face_reflex_history
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.spread import interval, own_stream, padded, single
from cryomassage.planning.virtual_skin import Draws, spread_out
from cryomassage.records.body_response import FaceReflexResponse


def draw_face_reflex(count: int, knowledge: Knowledge, seed: int) -> FaceReflexLaw:
    """Draw how strongly and how fast people answer.

    Args:
        count: number of people.
        knowledge: where the ranges stand.
        seed: of the random numbers.
    """
    stream = own_stream(count, seed, "face reflex")

    def drawn(key: str) -> Draws:
        return spread_out(knowledge.face_reflex[key].quantity, stream.next())

    rise = drawn("pulse_rise_time")
    return FaceReflexLaw(
        pulse_percent=drawn("pulse_change"),
        pulse_delay_s=drawn("pulse_delay"),
        pulse_rise_s=rise,
        pulse_fade_s=rise * drawn("pulse_fade_ratio"),
        pressure_mmHg=drawn("pressure_rise"),
        pressure_delay_s=drawn("pressure_delay"),
        pressure_fast_share=drawn("pressure_fast_share"),
        pressure_fast_s=drawn("pressure_fast_time"),
        pressure_slow_s=drawn("pressure_slow_time"),
        cooling_K=np.full(count, knowledge.face_reflex["cooling"].quantity.value),
    )


def zone_weight(zone_key: str, knowledge: Knowledge) -> float:
    """How strongly cold on this zone of the face slows the heart, 1 for the forehead."""
    known = knowledge.face_reflex
    return known.get(f"weight_{zone_key}", known["weight_other"]).quantity.value


def guidance(zone_key: str, knowledge: Knowledge) -> tuple[str, ...]:
    """How to work on a zone of the face so that heart and pressure stay calm, in plain words."""
    pause = knowledge.limit["left_right_pause"].quantity.value
    again = knowledge.limit["vital_signs_again_after"].quantity.value
    forehead = knowledge.zone["forehead"].pass_time_limit
    strong = zone_weight(zone_key, knowledge) > knowledge.face_reflex["weight_other"].quantity.value
    told = ["Cheeks and jaw first, the forehead last: cold there slows the heart most."]
    if strong and forehead is not None:
        told.append(f"Here no pass longer than {forehead.value:g} s.")
    told.append(f"Wait {pause:g} s or more before the other half of the face.")
    told.append("Keep breathing: a held breath slows the heart further.")
    told.append(f"Longer than {again / 60.0:g} min on the face: take pulse and pressure again if either was a concern.")
    return tuple(told)


def face_reflex_response(
    time_step_s: Float[np.ndarray, "steps skins"],
    surface_degC: Float[np.ndarray, "steps skins"],
    rest_degC: Draws,
    zone_key: str,
    draws: FaceReflexLaw,
    knowledge: Knowledge,
) -> FaceReflexResponse | None:
    """What cold on a zone does to pulse and pressure; None off the face.

    Args:
        time_step_s: length of each step.
        surface_degC: temperature of the cooled skin at the end of each step. A point under strokes stands for the
            zone: the reflex is so slow that it feels the mean over time.
        rest_degC: its temperature at rest.
        zone_key: of the zone.
        draws: one person for each skin.
        knowledge: where the weight of the zone and the words stand.
    """
    if knowledge.zone[zone_key].region != "face":
        return None
    lengths, surface = padded(time_step_s, surface_degC)
    weight = np.full(surface.shape[1], zone_weight(zone_key, knowledge), np.float32)
    history = face_reflex_history(single(draws), lengths, surface, np.asarray(rest_degC, np.float32), weight)
    pulse = np.asarray(history.pulse_percent)
    lowest = np.take_along_axis(np.asarray(history.pulse_time_s), np.argmin(pulse, axis=0)[None], axis=0)[0]
    return FaceReflexResponse(
        pulse_change_percent=interval(pulse.min(axis=0)),
        mean_pressure_change_mmHg=interval(np.asarray(history.pressure_mmHg).max(axis=0)),
        pulse_lowest_after_s=interval(lowest),
        guidance=guidance(zone_key, knowledge),
    )
