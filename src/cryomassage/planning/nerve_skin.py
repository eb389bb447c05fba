"""Nerves of the virtual skins: draws how they answer the cold and tells what is felt."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from cryomassage.engine.nerves import NerveLaw, nerve_history
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.spread import event, interval, own_stream, padded, single, span
from cryomassage.planning.virtual_skin import Draws, spread_out
from cryomassage.records.body_response import NerveResponse


def draw_nerves(rest_degC: Draws, knowledge: Knowledge, seed: int) -> NerveLaw:
    """Draw how nerves answer.

    Args:
        rest_degC: temperature at rest of the nerves that conduct, one for each skin.
        knowledge: where the ranges stand.
        seed: of the random numbers.
    """
    stream = own_stream(len(rest_degC), seed, "nerves")

    def drawn(key: str) -> Draws:
        return spread_out(knowledge.nerve[key].quantity, stream.next())

    return NerveLaw(
        rest_degC=np.asarray(rest_degC),
        slowing=drawn("slowing"),
        pain_degC=drawn("pain_threshold"),
        pain_lag_s=drawn("pain_lag"),
        numb_degC=drawn("numb_threshold"),
        numb_dose=drawn("numb_dose"),
        return_s=drawn("return_time"),
    )


def nerve_response(
    time_step_s: Float[np.ndarray, "steps skins"],
    skin_degC: Float[np.ndarray, "steps skins"],
    draws: NerveLaw,
    nerve_degC: Float[np.ndarray, "steps skins"] | None = None,
) -> NerveResponse:
    """What is felt of a session.

    Args:
        time_step_s: length of each step.
        skin_degC: temperature of the endings at the end of each step: that of the basal layer.
        draws: of the same skins.
        nerve_degC: temperature of the nerves that conduct, a little deeper; that of the endings where not given.
    """
    lengths, ending, nerve = padded(time_step_s, skin_degC, skin_degC if nerve_degC is None else nerve_degC)
    history = nerve_history(single(draws), lengths, ending, nerve)
    numb = np.asarray(history.numbness) >= 1.0
    hurts = (np.asarray(history.below_pain_K) > 0.0) & ~numb
    return NerveResponse(
        conduction_velocity_lowest=interval(np.asarray(history.conduction).min(axis=0)),
        pain=event(*span(lengths, hurts)),
        pain_exposure_K_s=interval(np.asarray(history.pain_exposure_K_s)[-1]),
        numbness=event(*span(lengths, numb)),
    )
