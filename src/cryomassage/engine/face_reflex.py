"""Cold on the face slows the pulse and raises the pressure: first-order answers to how cold the skin is.

The pulse answers after a delay, falls within about half a minute and comes back within minutes although the cold
stays: two first-order lags, the second taken from the first. The mean pressure answers later, a part of it fast, and
the rest goes on rising for as long as the face is cold. Effects are stated for a forehead that is cooled as in the
trials, and scaled by how much the zone is cooled and by how strongly its nerve answers.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from cryomassage.engine.solver import AnyArray

_Rows = tuple[Float[Array, " skins"], ...]


class FaceReflexLaw(NamedTuple):
    """The reflex of each person.

    Attributes:
        pulse_percent: change of the pulse at its peak under the cooling of the trials; negative.
        pulse_delay_s: until the pulse begins to fall.
        pulse_rise_s: time constant of the fall.
        pulse_fade_s: time constant with which it comes back; above `pulse_rise_s`.
        pressure_mmHg: rise of the mean pressure that is approached under the cooling of the trials.
        pressure_delay_s: until the pressure begins to rise.
        pressure_fast_share: share of the rise that comes fast, 0 to 1.
        pressure_fast_s: time constant of that share.
        pressure_slow_s: time constant of the rest.
        cooling_K: by how much the skin was cooled in the trials.
    """

    pulse_percent: Float[AnyArray, " skins"]
    pulse_delay_s: Float[AnyArray, " skins"]
    pulse_rise_s: Float[AnyArray, " skins"]
    pulse_fade_s: Float[AnyArray, " skins"]
    pressure_mmHg: Float[AnyArray, " skins"]
    pressure_delay_s: Float[AnyArray, " skins"]
    pressure_fast_share: Float[AnyArray, " skins"]
    pressure_fast_s: Float[AnyArray, " skins"]
    pressure_slow_s: Float[AnyArray, " skins"]
    cooling_K: Float[AnyArray, " skins"]


class FaceReflexHistory(NamedTuple):
    """The answer to each step, and when it comes: a delay after the step that is its own for pulse and pressure.

    Attributes:
        pulse_time_s: since the start.
        pulse_percent: change of the pulse at that time, in percent of that at rest.
        pressure_time_s: since the start.
        pressure_mmHg: change of the mean pressure at that time.
    """

    pulse_time_s: Float[AnyArray, "steps skins"]
    pulse_percent: Float[AnyArray, "steps skins"]
    pressure_time_s: Float[AnyArray, "steps skins"]
    pressure_mmHg: Float[AnyArray, "steps skins"]


def peak_of_two_lags(rise_s: Float[AnyArray, " skins"], fade_s: Float[AnyArray, " skins"]) -> Float[AnyArray, " skins"]:
    """Largest value that the difference of the two lags reaches after a step of 1."""
    ratio = jnp.asarray(rise_s) / fade_s
    return ratio ** (ratio / (1.0 - ratio))


@jax.jit
def face_reflex_history(
    law: FaceReflexLaw,
    time_step_s: Float[AnyArray, "steps skins"],
    skin_degC: Float[AnyArray, "steps skins"],
    rest_degC: Float[AnyArray, " skins"],
    zone_weight: Float[AnyArray, " skins"],
) -> FaceReflexHistory:
    """Answer of pulse and pressure to one cooled zone.

    Args:
        law: of each person.
        time_step_s: length of each step.
        skin_degC: mean temperature of the cooled skin of the zone at the end of each step.
        rest_degC: its temperature at rest.
        zone_weight: 1 for the forehead, less where cold slows the heart less.
    """
    skin = jnp.asarray(skin_degC)
    length = jnp.asarray(time_step_s, skin.dtype)
    time_s = jnp.cumsum(length, axis=0)
    drive = jnp.asarray(zone_weight * jnp.maximum(rest_degC - skin, 0.0) / law.cooling_K)

    def step(state: _Rows, at: _Rows) -> tuple[_Rows, _Rows]:
        near, faded, fast, slow = state
        length, goal = at

        def follow(old: Float[Array, " skins"], constant: Float[AnyArray, " skins"]) -> Float[Array, " skins"]:
            return goal + (old - goal) * jnp.exp(-length / constant)

        # Both lags at once and exactly: the fading one follows what the near one was over the step.
        rate = 1.0 / law.pulse_rise_s
        other = 1.0 / law.pulse_fade_s
        gain = other / (other - rate)
        shift = gain * (near - goal)
        faded = goal + shift * jnp.exp(-rate * length) + (faded - goal - shift) * jnp.exp(-other * length)
        near = follow(near, law.pulse_rise_s)
        fast, slow = follow(fast, law.pressure_fast_s), follow(slow, law.pressure_slow_s)
        return (near, faded, fast, slow), (near - faded, fast, slow)

    begin: _Rows = (jnp.zeros_like(skin[0]),) * 4
    _, (fall, fast, slow) = lax.scan(step, begin, (length, drive))
    scale = peak_of_two_lags(law.pulse_rise_s, law.pulse_fade_s)
    share = law.pressure_fast_share
    return FaceReflexHistory(
        pulse_time_s=time_s + law.pulse_delay_s,
        pulse_percent=law.pulse_percent * fall / scale,
        pressure_time_s=time_s + law.pressure_delay_s,
        pressure_mmHg=law.pressure_mmHg * (share * fast + (1.0 - share) * slow),
    )
