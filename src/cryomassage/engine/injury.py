"""Cold injury as a hazard that adds up: one rate while tissue is frozen, another while it is only cold.

Below its freezing point tissue counts as frozen at once, as wet or frosted skin is. The share of cells that one freeze
of the reference time kills is a logistic function of temperature; as a hazard per second it is the softplus of how far
below the half temperature the tissue is. Hazards add up over time, and of every freeze after the first they count more.
Cold without ice has a hazard of the same form, which begins at a temperature below which it counts.

No kinetics of freezing have been fitted to living human skin: what goes in are priors, and that killing goes on
evenly with time at a temperature is an assumption. It says too little where the first seconds of ice already kill.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from cryomassage.engine.solver import AnyArray

_LOGISTIC = 3.0**0.5 / np.pi  # scale of a logistic distribution over its standard deviation


class FreezeLaw(NamedTuple):
    """What ice does to cells of one kind.

    Attributes:
        freezing_degC: from which on tissue counts as frozen.
        half_degC: kills half of the cells in one freeze of the reference time.
        spread_K: standard deviation of the temperature that kills a cell; above 0.
        time_s: the reference time; above 0.
        repeat_factor: by which each second in a later freeze counts more; 1 or more.
    """

    freezing_degC: Float[AnyArray, " skins"]
    half_degC: Float[AnyArray, " skins"]
    spread_K: Float[AnyArray, " skins"]
    time_s: Float[AnyArray, " skins"]
    repeat_factor: Float[AnyArray, " skins"]


class ChillLaw(NamedTuple):
    """What cold without ice does to cells of one kind.

    Attributes:
        begin_degC: below which it does anything.
        half_degC: harms half of the cells in the reference time; below `begin_degC`.
        spread_K: standard deviation of the temperature that harms a cell; above 0.
        time_s: the reference time; above 0.
    """

    begin_degC: Float[AnyArray, " skins"]
    half_degC: Float[AnyArray, " skins"]
    spread_K: Float[AnyArray, " skins"]
    time_s: Float[AnyArray, " skins"]


def _hazard(
    temperature_degC: Float[AnyArray, "steps skins"],
    half_degC: Float[AnyArray, " skins"],
    spread_K: Float[AnyArray, " skins"],
    time_s: Float[AnyArray, " skins"],
) -> Float[Array, "steps skins"]:
    """-ln(1 - p)/t in 1/s, with p logistic in temperature: the softplus of the distance, which never overflows."""
    return jax.nn.softplus((half_degC - jnp.asarray(temperature_degC)) / (_LOGISTIC * spread_K)) / time_s


def freezes(
    freezing_degC: Float[AnyArray, " skins"], temperature_degC: Float[AnyArray, "steps skins"]
) -> Int[Array, "steps skins"]:
    """How often tissue has begun to freeze up to each step; it thaws above the same temperature."""
    frozen = jnp.asarray(temperature_degC) <= freezing_degC
    before = jnp.concatenate([jnp.zeros_like(frozen[:1]), frozen[:-1]])
    return jnp.cumsum((frozen & ~before).astype(jnp.int32), axis=0)


def freeze_dose(
    law: FreezeLaw, time_step_s: Float[AnyArray, "steps skins"], temperature_degC: Float[AnyArray, "steps skins"]
) -> Float[Array, " skins"]:
    """Summed hazard of freezing; exactly 0 where nothing freezes.

    Args:
        law: of the cells.
        time_step_s: length of each step.
        temperature_degC: where the cells lie, at the end of each step.
    """
    frozen = jnp.asarray(temperature_degC) <= law.freezing_degC
    count = freezes(law.freezing_degC, temperature_degC)
    factor = jnp.where(count > 1, law.repeat_factor, 1.0)
    rate = _hazard(temperature_degC, law.half_degC, law.spread_K, law.time_s)
    return jnp.sum(jnp.where(frozen, time_step_s * factor * rate, 0.0), axis=0)


def chill_dose(
    law: ChillLaw,
    freezing_degC: Float[AnyArray, " skins"],
    time_step_s: Float[AnyArray, "steps skins"],
    temperature_degC: Float[AnyArray, "steps skins"],
) -> Float[Array, " skins"]:
    """Summed hazard of cold without ice; exactly 0 where nothing gets colder than `begin_degC`.

    Args:
        law: of the cells.
        freezing_degC: from which on tissue counts as frozen, and cold as no longer without ice.
        time_step_s: length of each step.
        temperature_degC: where the cells lie, at the end of each step.
    """
    begin = jnp.broadcast_to(jnp.asarray(law.begin_degC), jnp.asarray(temperature_degC).shape)
    rate = _hazard(temperature_degC, law.half_degC, law.spread_K, law.time_s)
    # Less the hazard where cold begins to count, so that the rate rises from 0 there without a jump.
    above = jnp.maximum(rate - _hazard(begin, law.half_degC, law.spread_K, law.time_s), 0.0)
    liquid = jnp.asarray(temperature_degC) > freezing_degC
    return jnp.sum(jnp.where(liquid, time_step_s * above, 0.0), axis=0)


def probability(dose: Float[AnyArray, " skins"]) -> Float[Array, " skins"]:
    """Probability that a cell is injured, from the summed hazard; of independent causes the doses add."""
    return -jnp.expm1(-jnp.asarray(dose))
