"""What nerves of the skin do in the cold: conduct more slowly, hurt, and fall silent when it is held long enough.

Conduction falls by a constant share for each kelvin. Pain follows the temperature of the endings with a lag of seconds
and begins below a threshold that differs widely between people. Numbness takes time: kelvin-seconds below a threshold
add up to a dose, so that a brief touch hurts and does not numb, while ice that is moved on one place for minutes does.
Above the threshold feeling returns at a steady rate.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from cryomassage.engine.solver import AnyArray

_Pair = tuple[Float[Array, " skins"], Float[Array, " skins"]]


class NerveLaw(NamedTuple):
    """Nerves of each skin.

    Attributes:
        rest_degC: temperature at which conduction counts as 1.
        slowing: 1/K, fall of the natural logarithm of the velocity for each kelvin; 0 or more.
        pain_degC: endings that are colder hurt.
        pain_lag_s: time by which feeling lags behind; above 0.
        numb_degC: below it numbness builds up.
        numb_dose: K s below `numb_degC` that numb; above 0.
        return_s: time in which feeling is back after long cold, counted from `numb_degC` on; above 0.
    """

    rest_degC: Float[AnyArray, " skins"]
    slowing: Float[AnyArray, " skins"]
    pain_degC: Float[AnyArray, " skins"]
    pain_lag_s: Float[AnyArray, " skins"]
    numb_degC: Float[AnyArray, " skins"]
    numb_dose: Float[AnyArray, " skins"]
    return_s: Float[AnyArray, " skins"]


class NerveHistory(NamedTuple):
    """What nerves go through, at the end of each step.

    Attributes:
        conduction: velocity as a share of that at rest.
        below_pain_K: how far what is felt lies below the threshold of pain; negative without pain.
        pain_exposure_K_s: time integral of the endings below the threshold of pain, up to then.
        numbness: dose over the dose that numbs, at most 2; from 1 on nothing is felt.
    """

    conduction: Float[AnyArray, "steps skins"]
    below_pain_K: Float[AnyArray, "steps skins"]
    pain_exposure_K_s: Float[AnyArray, "steps skins"]
    numbness: Float[AnyArray, "steps skins"]


_MOST = 2.0  # a dose that is held longer keeps no deeper memory: feeling is back one return time after warming


def conduction_share(law: NerveLaw, nerve_degC: Float[AnyArray, "*steps skins"]) -> Float[AnyArray, "*steps skins"]:
    """Velocity of conduction as a share of that at rest, for nerves at 5 to 40 degC."""
    return jnp.exp(-law.slowing * (law.rest_degC - jnp.asarray(nerve_degC)))


@jax.jit
def nerve_history(
    law: NerveLaw,
    time_step_s: Float[AnyArray, "steps skins"],
    ending_degC: Float[AnyArray, "steps skins"],
    nerve_degC: Float[AnyArray, "steps skins"],
) -> NerveHistory:
    """Conduction, pain and numbness over time, beginning warm and awake.

    Args:
        law: of each skin.
        time_step_s: length of each step.
        ending_degC: temperature of the endings, which lie at and just under the basal layer.
        nerve_degC: temperature of the nerves that conduct.
    """
    ending = jnp.asarray(ending_degC)

    def step(state: _Pair, at: _Pair) -> tuple[_Pair, _Pair]:
        felt, dose = state
        length, now = at
        # Exact for a temperature that holds over the step.
        felt = now + (felt - now) * jnp.exp(-length / law.pain_lag_s)
        deeper = length * jnp.maximum(law.numb_degC - now, 0.0) / law.numb_dose
        faded = jnp.where(now >= law.numb_degC, length / law.return_s, 0.0)
        dose = jnp.clip(dose + deeper - faded, 0.0, _MOST)
        return (felt, dose), (felt, dose)

    begin = (jnp.asarray(law.rest_degC, ending.dtype), jnp.zeros_like(ending[0]))
    _, (felt, numbness) = lax.scan(step, begin, (jnp.asarray(time_step_s, ending.dtype), ending))
    exposure = jnp.cumsum(time_step_s * jnp.maximum(law.pain_degC - ending, 0.0), axis=0)
    return NerveHistory(conduction_share(law, nerve_degC), law.pain_degC - felt, exposure, numbness)
