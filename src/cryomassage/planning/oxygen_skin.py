"""Oxygen of dermis and fat in the virtual skins: draws its law and tells what a session does to supply and need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from cryomassage.engine.oxygen import OxygenLaw, oxygen_history, oxygen_need, share_given_up
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.spread import interval, own_stream, padded, single
from cryomassage.planning.virtual_skin import Draws, VirtualSkins, spread_out
from cryomassage.records.body_response import OxygenResponse

_PER_100 = 100.0  # mL


@dataclass(frozen=True)
class OxygenDraws:
    """What is drawn of one layer.

    Attributes:
        layer: which.
        law: its need and supply.
        vessels_follow: how far its vessels follow those of the skin, 0 to 1.
    """

    layer: Literal["dermis", "fat"]
    law: OxygenLaw
    vessels_follow: Draws


def draw_oxygen(
    zone_key: str,
    skins: VirtualSkins,
    dermis_rest_degC: Draws,
    fat_rest_degC: Draws,
    knowledge: Knowledge,
    seed: int,
) -> tuple[OxygenDraws, ...]:
    """Draw the law of dermis and fat; a zone without fat under its dermis has only the first.

    Perfusion and heat production are those that the skins already have; only the blood and the fall of need
    are drawn here.

    Args:
        zone_key: of the zone.
        skins: drawn for that zone.
        dermis_rest_degC: temperature at rest where `oxygen_response` is given that of the dermis.
        fat_rest_degC: the same of the fat.
        knowledge: where the ranges stand.
        seed: of the random numbers.
    """
    known, stream = knowledge.oxygen, own_stream(skins.count, seed, "oxygen")
    drawn = {
        key: spread_out(known[key].quantity, stream.next())
        for key in (
            "q10",
            "arterial_content",
            "half_pressure",
            "steepness",
            "affinity_shift",
            "least_pressure",
            "fat_vessels_follow",
        )
    }
    blood = knowledge.tissue["blood"]
    blood_capacity = blood.density.value * blood.specific_heat_capacity.value
    tissues = [layer.tissue for layer in knowledge.zone[zone_key].layers]
    heat = known["heat_of_oxygen"].quantity.value
    rests: tuple[tuple[Literal["dermis", "fat"], Draws], ...] = (("dermis", dermis_rest_degC), ("fat", fat_rest_degC))
    found = []
    for layer, rest in rests:
        if layer not in tissues:
            continue
        row = tissues.index(layer)
        law = OxygenLaw(
            need_at_rest=oxygen_need(skins.layers.metabolic_heat_production[row], heat),
            supply_at_rest=skins.layers.perfusion_conductance[row] / blood_capacity * drawn["arterial_content"],
            rest_degC=np.asarray(rest),
            q10=drawn["q10"],
            half_pressure=drawn["half_pressure"],
            steepness=drawn["steepness"],
            affinity_shift=drawn["affinity_shift"],
            least_pressure=drawn["least_pressure"],
        )
        supply = law.supply_at_rest * np.asarray(share_given_up(law, law.rest_degC))
        need = np.minimum(law.need_at_rest, supply / known["least_reserve"].quantity.value)
        follow = drawn["fat_vessels_follow"] if layer == "fat" else np.ones(skins.count)
        found.append(OxygenDraws(layer, law._replace(supply_at_rest=supply, need_at_rest=need), follow))
    return tuple(found)


def _recovery_s(
    time_s: Float[np.ndarray, "steps skins"],
    supply_over_need: Float[np.ndarray, "steps skins"],
    tolerance: float,
    cold_ends_s: float,
) -> Draws:
    """From the end of the cold until supply over need has come back to that at rest and stays there."""
    short = supply_over_need < 1.0 - tolerance
    steps = short.shape[0]
    last = steps - 1 - np.argmax(short[::-1], axis=0)
    until = np.take_along_axis(time_s, np.minimum(last + 1, steps - 1)[None], axis=0)[0]
    return np.where(short.any(axis=0), np.maximum(until - cold_ends_s, 0.0), 0.0)


def oxygen_response(
    time_step_s: Float[np.ndarray, "steps skins"],
    dermis_degC: Float[np.ndarray, "steps skins"],
    fat_degC: Float[np.ndarray, "steps skins"],
    blood_flow: Float[np.ndarray, "steps skins"],
    draws: tuple[OxygenDraws, ...],
    knowledge: Knowledge,
    cold_ends_s: float,
) -> tuple[OxygenResponse, ...]:
    """What a session does to supply and need of each layer.

    Args:
        time_step_s: length of each step.
        dermis_degC: temperature within the dermis at the end of each step.
        fat_degC: temperature at the top of the fat.
        blood_flow: of the skin, as a share of that at rest.
        draws: of the same skins.
        knowledge: where it stands when skin counts as recovered.
        cold_ends_s: end of the last pass, from which recovery is counted. Skin that has not recovered by the end
            of the history is told with the time until that end, which is the least that it takes.
    """
    tolerance = knowledge.oxygen["recovered"].quantity.value
    lengths, dermis, fat, flow = padded(time_step_s, dermis_degC, fat_degC, blood_flow)
    time_s = np.cumsum(lengths.astype(float), axis=0)
    told = []
    for drawn in draws:
        own_flow = 1.0 - drawn.vessels_follow.astype(np.float32) * (1.0 - flow)
        history = oxygen_history(single(drawn.law), lengths, dermis if drawn.layer == "dermis" else fat, own_flow)
        ratio = np.asarray(history.supply_over_need)
        told.append(
            OxygenResponse(
                layer=drawn.layer,
                supply_lowest=interval(np.asarray(history.supply).min(axis=0)),
                need_lowest=interval(np.asarray(history.need).min(axis=0)),
                supply_over_need_lowest=interval(ratio.min(axis=0)),
                debt_mL_per_100mL=interval(_PER_100 * np.asarray(history.debt)[-1]),
                recovery_s=interval(_recovery_s(time_s, ratio, tolerance, cold_ends_s)),
            )
        )
    return tuple(told)
