"""What the body of a treated person is predicted to do, and the pause that its colour asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.colour_skin import colour_response, colour_return_s, draw_colour, pause_s
from cryomassage.planning.exposure_train import STEPS_PER_GROUP, Dose
from cryomassage.planning.face_reflex_skin import draw_face_reflex, face_reflex_response
from cryomassage.planning.injury_flags import injury_flags
from cryomassage.planning.injury_skin import CellDraws, injuries
from cryomassage.planning.locks import is_dark
from cryomassage.planning.nerve_skin import draw_nerves, nerve_response
from cryomassage.planning.oxygen_skin import draw_oxygen, oxygen_response
from cryomassage.planning.population import Flow, Laboratory, Readings
from cryomassage.planning.spread import interval
from cryomassage.planning.virtual_skin import Posed, VirtualSkins
from cryomassage.records.body_response import BodyResponse
from cryomassage.units import convert

_WATCH_GROUPS = 16  # two calls of eight: the shape that the dose has too
_PAUSE_GROUPS = 8
_HOUR_s = 3600.0
# How soon after a pass the watch for its colour begins; its groups grow from there.
_SOON_s = 4.0


@dataclass(frozen=True)
class Treated:
    """Where and how a person is treated, as far as the response depends on it."""

    zone_key: str
    level: int
    phototype: str | None  # None: unknown
    held: bool


def pass_ends(dose: Dose, dwell_s: Float[np.ndarray, " skins"]) -> Float[np.ndarray, "passes skins"]:
    """When each pass last lets go of the point, from its first touch."""
    within_s = (dose.coverages - 1) * dose.coverage_period_s
    one_s = dose.coverages * dose.coverage_period_s + dose.pause_s
    return np.asarray(np.arange(dose.passes)[:, None] * one_s + within_s + dwell_s)


def pause_until_colour(laboratory: Laboratory, posed: Posed, dose: Dose, held: bool) -> float:
    """Time after one pass by which colour is back in nearly every skin, in steps that are told, rounded up.

    Where colour needs longer than it is watched, the time of the watch: no pass may follow then.

    Args:
        laboratory: its first population answers.
        posed: what it is drawn for.
        dose: one pass.
        held: whether the source is held still.
    """
    key = ("pause", posed, dose, held)
    if key not in laboratory.remembered:
        laboratory.remembered[key] = _pause_until_colour(laboratory, posed, dose, held)
    return float(laboratory.remembered[key])


def _pause_until_colour(laboratory: Laboratory, posed: Posed, dose: Dose, held: bool) -> float:
    knowledge, seed = laboratory.knowledge, laboratory.numerics.seed
    longest_s = knowledge.limit["colour_watch"].quantity.value
    soon = replace(dose, passes=1, after_s=_SOON_s)
    told = laboratory.readings(posed, seed, soon, held, np.geomspace(_SOON_s, longest_s, _PAUSE_GROUPS + 1))
    flow = _answering(told)
    ends_s = pass_ends(soon, laboratory.dwell(posed, seed, soon, held))[0]
    near = knowledge.colour["near_share"].quantity.value
    returned_s = colour_return_s(flow.group_s, flow.blood_volume, ends_s, 1.0, near)
    return min(pause_s(returned_s, knowledge), longest_s)


def _answering(told: Readings) -> Flow:
    if told.flow is None:
        raise ValueError("the vessels of this population do not answer")
    return told.flow


@dataclass(frozen=True)
class Watched:
    """A population that was cooled, and what was read of it."""

    skins: VirtualSkins
    told: Readings  # over the cooling and the time after it
    rest: Readings  # before anything cold came near
    pass_ends_s: Float[np.ndarray, "passes skins"]
    injury_draws: dict[str, CellDraws]
    seed: int


def predict_body(laboratory: Laboratory, posed: Posed, seed: int, dose: Dose, treated: Treated) -> BodyResponse:
    """What a dose does to the body, over the session and the hours after it.

    Args:
        laboratory: with numerics in which the body answers.
        posed: what the population is drawn for.
        seed: of the population.
        dose: what the hand does.
        treated: where and how.
    """
    key = ("body", posed, seed, dose, treated)
    if key not in laboratory.remembered:
        laboratory.remembered[key] = _predict_body(laboratory, posed, seed, dose, treated)
    response: BodyResponse = laboratory.remembered[key]
    return response


def _predict_body(laboratory: Laboratory, posed: Posed, seed: int, dose: Dose, treated: Treated) -> BodyResponse:
    hours = laboratory.knowledge.limit["body_watch"].quantity
    watch_s = np.geomspace(dose.after_s, hours.value * convert(1.0, hours.unit, "s"), _WATCH_GROUPS + 1)
    watched = Watched(
        skins=laboratory.skins(posed, seed),
        told=laboratory.readings(posed, seed, dose, treated.held, watch_s),
        rest=laboratory.resting(posed, seed),
        pass_ends_s=pass_ends(dose, laboratory.dwell(posed, seed, dose, treated.held)),
        injury_draws=laboratory.injury_draws(posed, seed),
        seed=seed,
    )
    return body_response(watched, treated, laboratory.knowledge)


def body_response(watched: Watched, treated: Treated, knowledge: Knowledge) -> BodyResponse:
    """What the body of a population does that was cooled.

    Args:
        watched: the population, its temperatures and its blood flow over time.
        treated: where and how.
        knowledge: kinds vessels, oxygen, nerve, face_reflex, colour, cell and injury.
    """
    told, rest, skins, seed = watched.told, watched.rest, watched.skins, watched.seed
    flow, steps, count = _answering(told), told.time_step_s, skins.count
    dark = is_dark(treated.phototype or "")
    injury = injuries(
        steps,
        told.basal_degC,
        told.millimetre_degC,
        told.fat_degC,
        watched.injury_draws,
        knowledge,
        treated.level,
        dark,
    )
    # Oxygen and the reflex are slow: means over the groups of steps are all that they feel.
    oxygen = oxygen_response(
        flow.group_s,
        _group_means(told.millimetre_degC),
        _group_means(told.fat_degC),
        flow.blood_flow,
        draw_oxygen(treated.zone_key, skins, rest.millimetre_degC[0], rest.fat_degC[0], knowledge, seed),
        knowledge,
        float(np.median(watched.pass_ends_s[-1])),
    )
    optics = draw_colour(knowledge, treated.phototype, count, seed)
    cold_fat = told.fat_degC < knowledge.limit["fat_cold_threshold"].quantity.value
    return BodyResponse(
        blood_flow_lowest=interval(flow.blood_flow.min(axis=0)),
        blood_flow_after_hour=interval(_flow_at(flow, watched.pass_ends_s[-1] + _HOUR_s)),
        redness_is_uncertain=_redness_words(knowledge),
        oxygen=oxygen,
        nerves=nerve_response(steps, told.basal_degC, draw_nerves(rest.basal_degC[0], knowledge, seed)),
        face_reflex=face_reflex_response(
            flow.group_s,
            _group_means(told.surface_degC),
            rest.surface_degC[0],
            treated.zone_key,
            draw_face_reflex(count, knowledge, seed),
            knowledge,
        ),
        colour=colour_response(
            flow.group_s, flow.blood_volume, watched.pass_ends_s, optics, knowledge, treated.phototype
        ),
        injury=injury,
        flags=injury_flags(
            treated.zone_key,
            told.surface_degC.min(axis=0),
            (steps * cold_fat).sum(axis=0),
            injury,
            knowledge,
            dark,
        ),
    )


def _group_means(temperature_degC: Float[np.ndarray, "steps skins"]) -> Float[np.ndarray, "groups skins"]:
    """Mean over the steps of each group, which are all as long."""
    skins = temperature_degC.shape[1]
    return np.asarray(temperature_degC.reshape(-1, STEPS_PER_GROUP, skins).mean(axis=1))


def _flow_at(flow: Flow, time_s: Float[np.ndarray, " skins"]) -> Float[np.ndarray, " skins"]:
    """Blood flow at a time of each skin."""
    ends = np.cumsum(flow.group_s, axis=0)
    return np.array([np.interp(at, ends[:, skin], flow.blood_flow[:, skin]) for skin, at in enumerate(time_s)])


def _redness_words(knowledge: Knowledge) -> str:
    """What is known of the flush afterwards, and what is said against it."""
    reason = knowledge.vessels["hyperaemia_share"].reason
    return " ".join(part for part in (reason.text, reason.disagreement) if part)
