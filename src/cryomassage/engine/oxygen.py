"""Oxygen in cooled tissue: what cells need falls by the Q10 rule, what blood brings falls with its flow.

Both are amounts per volume of tissue and time. Need and supply fall for different reasons and at different speeds:
need at once with the temperature, supply as vessels close. So the supply can exceed the need by more than at rest
(early in the cold, or where vessels close little), or by less (when the skin is warm again and vessels are not).
Cold blood also holds its oxygen more tightly, which raises its saturation and lowers what it gives.

What stays out: the epidermis and the uppermost dermis take part of their oxygen from the air, so a supply by blood
alone is the cautious side there; oxygen stored in the tissue; and that flow within a layer is uneven.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from cryomassage.engine.solver import AnyArray

_BODY_degC = 37.0  # at which the dissociation curve is stated


class OxygenLaw(NamedTuple):
    """One layer of each skin.

    Attributes:
        need_at_rest: mL O2 per mL of tissue per second, at `rest_degC`; above 0.
        supply_at_rest: mL O2 per mL of tissue per second that blood can give up at rest; above 0.
        rest_degC: temperature of the layer at rest.
        q10: factor by which need falls over 10 K; 1 or more.
        half_pressure: mmHg at which haemoglobin of 37 degC is half saturated.
        steepness: exponent of Hill's curve.
        affinity_shift: 1/K, rise of the decimal logarithm of the half pressure with temperature.
        least_pressure: mmHg, oxygen pressure in the vessels below which cells go short.
    """

    need_at_rest: Float[AnyArray, " skins"]
    supply_at_rest: Float[AnyArray, " skins"]
    rest_degC: Float[AnyArray, " skins"]
    q10: Float[AnyArray, " skins"]
    half_pressure: Float[AnyArray, " skins"]
    steepness: Float[AnyArray, " skins"]
    affinity_shift: Float[AnyArray, " skins"]
    least_pressure: Float[AnyArray, " skins"]


class OxygenHistory(NamedTuple):
    """What a layer goes through, at the end of each step.

    Attributes:
        supply: share of that at rest.
        need: share of that at rest.
        supply_over_need: supply over need, as a share of that at rest.
        venous_saturation: of the blood that leaves, 1; arterial blood counts as saturated.
        debt: mL O2 per mL of tissue that was needed and not supplied, up to then.
    """

    supply: Float[AnyArray, "steps skins"]
    need: Float[AnyArray, "steps skins"]
    supply_over_need: Float[AnyArray, "steps skins"]
    venous_saturation: Float[AnyArray, "steps skins"]
    debt: Float[AnyArray, "steps skins"]


def oxygen_need(metabolic_heat: Float[AnyArray, " *any"], heat_of_oxygen: float) -> Float[AnyArray, " *any"]:
    """Need from the heat that tissue makes, mL O2 per mL of tissue per second.

    Args:
        metabolic_heat: W/m^3.
        heat_of_oxygen: J per mL of oxygen used.
    """
    return metabolic_heat / heat_of_oxygen * 1e-6


def share_given_up(law: OxygenLaw, temperature_degC: Float[AnyArray, "*steps skins"]) -> Float[Array, "*steps skins"]:
    """Share of the oxygen of arterial blood that it gives up before its pressure is the least that cells bear.

    Hill's curve with a half pressure that falls as blood gets colder: cold blood gives up less.
    """
    exponent = law.affinity_shift * (jnp.asarray(temperature_degC) - _BODY_degC)
    half = law.half_pressure * 10.0**exponent
    return jnp.asarray(1.0 / (1.0 + (law.least_pressure / half) ** law.steepness))


def need_share(law: OxygenLaw, temperature_degC: Float[AnyArray, "*steps skins"]) -> Float[Array, "*steps skins"]:
    """Need as a share of that at rest, by the Q10 rule."""
    return jnp.asarray(law.q10) ** ((jnp.asarray(temperature_degC) - law.rest_degC) / 10.0)


@jax.jit
def oxygen_history(
    law: OxygenLaw,
    time_step_s: Float[AnyArray, "steps skins"],
    temperature_degC: Float[AnyArray, "steps skins"],
    blood_flow: Float[AnyArray, "steps skins"],
) -> OxygenHistory:
    """Supply, need and debt of one layer.

    Args:
        law: of the layer.
        time_step_s: length of each step.
        temperature_degC: of the layer at the end of each step.
        blood_flow: share of that at rest, at the end of each step; above 0.

    Returns:
        Shares of rest, saturation and debt. A skin that is short of oxygen at rest has debt from the start.
    """
    given_at_rest = share_given_up(law, law.rest_degC)
    given = share_given_up(law, temperature_degC)
    supply = jnp.asarray(blood_flow) * given / given_at_rest
    need = need_share(law, temperature_degC)
    supplied, needed = law.supply_at_rest * supply, law.need_at_rest * need
    unmet = jnp.maximum(needed - supplied, 0.0)
    # What blood carries past at rest is what it could give up over the share that it would give up.
    carried = law.supply_at_rest / given_at_rest * blood_flow
    return OxygenHistory(
        supply=supply,
        need=need,
        supply_over_need=supply / need,
        venous_saturation=1.0 - jnp.minimum(needed, supplied) / carried,
        debt=jnp.cumsum(time_step_s * unmet, axis=0),
    )
