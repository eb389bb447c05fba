"""How the vessels of the skin answer the cold, as a state that is stepped along with the temperature.

Five answers add up to the blood flow, as a share of that at rest:

- local constriction follows the temperature at the depth where the cold is felt, with its own time constant; it
  lets go quickly after a short touch and slowly after long cooling, since a memory of the time spent narrow
  stretches the release (hysteresis of conductance and temperature: Khoshnevis 2016, doi 10.1115/1.4032126);
- the reflex of a cooled body narrows skin that is itself not cooled far more than skin that is (Hodges 2007);
- fast cooling opens vessels for a moment before they close (Johnson and Kellogg 2010);
- where the site shows it, deep cold for minutes relaxes the muscle of the vessels until warmth returns
  (cold-induced dilation, "hunting");
- after a cold stimulus some skins redden for up to hours; whether and how much is drawn for each skin.

The volume of blood near the surface, which is what the eye sees, follows the flow, and besides it a prompt pallor
of small vessels that were cooled fast, which comes and goes within seconds.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from cryomassage.engine.array_library import library_of

AnyArray = Array | np.ndarray
# Above the reference temperature, from where on the exponential is not followed: a guard for any given temperature.
# No cooled skin comes near; with it warm skin has up to 2.4 times the flow, and more than twice was seen at 37 °C
# (Khoshnevis 2018).
WARMEST_K = 6.0
PerColumn = Float[AnyArray, " columns"]


class Vasomotion(NamedTuple):
    """What the answer of a batch of columns depends on; one value per column unless said otherwise.

    Attributes:
        upper_cell: the cell above the depth at which the cold is felt.
        weight: of the cell below it.
        answers: share of the perfusion of each cell that the vessels of the skin govern, cells x columns.
        rest_degC: temperature at that depth at rest, at which the flow is 1.
        reference_degC: temperature at which the flow would be 1 / `rest_flow`.
        sensitivity: 1/K, fall of flow with cooling; see `constriction_target`.
        least_flow: share of the flow at the reference temperature that is left however cold the skin.
        rest_flow: flow at rest, as a share of that at the reference temperature; from `rest_flow_of`.
        constriction_time: s.
        release_time_short: s, after a touch.
        release_time_long: s, after cooling that lasted long beside `memory_time`.
        memory_time: s.
        reflex: fall of flow by the reflex of the whole body in skin that is not cooled, as a share; 0 without one.
        reflex_cooled: the same in skin that is cooled through and through.
        reflex_time: s.
        transient: 1/K, rise of flow for each kelvin of recent cooling.
        transient_most: largest rise by it.
        transient_time: s, that counts as recent.
        dilation: share of the constriction that cold-induced dilation undoes; 0 where the site does not show it.
        dilation_degC: temperature at which half of it is reached.
        dilation_width: K.
        dilation_time: s.
        hyperaemia: largest rise of flow after a cold stimulus, as a share; 0 in skins that do not redden.
        hyperaemia_drop_K: recent cooling that is half a stimulus.
        hyperaemia_width: K.
        hyperaemia_rise_time: s.
        hyperaemia_fade_time: s.
        volume_exponent: blood volume = flow to this power.
        pallor: share of the volume that prompt pallor takes at most.
        pallor_drop_K: recent cooling that takes half of it.
        pallor_width: K.
        pallor_time: s, to come.
        pallor_fade_time: s, to go.
    """

    upper_cell: Int[AnyArray, " columns"]
    weight: PerColumn
    answers: Float[AnyArray, "cells columns"]
    rest_degC: PerColumn
    reference_degC: PerColumn
    sensitivity: PerColumn
    least_flow: PerColumn
    rest_flow: PerColumn
    constriction_time: PerColumn
    release_time_short: PerColumn
    release_time_long: PerColumn
    memory_time: PerColumn
    reflex: PerColumn
    reflex_cooled: PerColumn
    reflex_time: PerColumn
    transient: PerColumn
    transient_most: PerColumn
    transient_time: PerColumn
    dilation: PerColumn
    dilation_degC: PerColumn
    dilation_width: PerColumn
    dilation_time: PerColumn
    hyperaemia: PerColumn
    hyperaemia_drop_K: PerColumn
    hyperaemia_width: PerColumn
    hyperaemia_rise_time: PerColumn
    hyperaemia_fade_time: PerColumn
    volume_exponent: PerColumn
    pallor: PerColumn
    pallor_drop_K: PerColumn
    pallor_width: PerColumn
    pallor_time: PerColumn
    pallor_fade_time: PerColumn


class VesselState(NamedTuple):
    """The answers of each column now; all are 0 at rest, but for the temperature that it remembers."""

    constriction: PerColumn  # share of the flow that is shut off
    memory: PerColumn  # 0 to 1, how long it has been narrow beside the memory time
    recent_degC: PerColumn  # temperature a while ago
    reflex: PerColumn
    dilation: PerColumn
    stimulus: PerColumn
    hyperaemia: PerColumn
    pallor: PerColumn
    flow: PerColumn  # share of that at rest
    felt_degC: PerColumn  # temperature where the cold is felt
    felt_rate: PerColumn  # K/s, its change during the last step


def at_rest(vasomotion: Vasomotion) -> VesselState:
    """Open vessels of skin that has been at rest for long."""
    zero = library_of(vasomotion.rest_degC).zeros_like(vasomotion.rest_degC)
    return VesselState(
        zero, zero, vasomotion.rest_degC, zero, zero, zero, zero, zero, zero + 1.0, vasomotion.rest_degC, zero
    )


def rest_flow_of(
    rest_degC: PerColumn, reference_degC: PerColumn, sensitivity: PerColumn, least_flow: PerColumn
) -> PerColumn:
    """Flow at a lasting temperature, as a share of that at the reference temperature.

    least + (1 - least) exp(-sensitivity (reference - T)). It falls monotonically with the depth of cooling, as
    measured at four plate temperatures, and rises with warmth (Khoshnevis 2018, doi 10.1115/1.4041463).
    """
    xp = library_of(rest_degC, reference_degC, sensitivity, least_flow)
    flow: PerColumn = least_flow + (1.0 - least_flow) * xp.exp(
        -sensitivity * xp.maximum(reference_degC - rest_degC, -WARMEST_K)
    )
    return flow


def constriction_target(vasomotion: Vasomotion, felt_degC: PerColumn) -> PerColumn:
    """Constriction that a lasting temperature leads to: 0 at rest, below 0 in skin that is warmer than at rest."""
    model = vasomotion
    lasting = rest_flow_of(felt_degC, model.reference_degC, model.sensitivity, model.least_flow)
    return 1.0 - lasting / model.rest_flow


def release_time(vasomotion: Vasomotion, memory: PerColumn) -> PerColumn:
    """Time constant of opening: short after a touch, long after long cooling; geometric in the memory."""
    return vasomotion.release_time_short * (vasomotion.release_time_long / vasomotion.release_time_short) ** memory


def _step_up(stimulus_K: PerColumn, half_K: PerColumn, width: PerColumn) -> PerColumn:
    """Smoothly from 0, exactly, where there is no stimulus, to 1. In terms of tanh, which never overflows."""
    none = 0.5 * (1.0 + jnp.tanh(-0.5 * half_K / width))
    now = 0.5 * (1.0 + jnp.tanh(0.5 * (stimulus_K - half_K) / width))
    return jnp.maximum(now - none, 0.0) / (1.0 - none)


def _reached(time_step_s: PerColumn, time_constant: PerColumn) -> PerColumn:
    """How far a relaxation gets in a step."""
    return -jnp.expm1(-time_step_s / time_constant)


def step_vessels(
    vasomotion: Vasomotion,
    state: VesselState,
    mean_degC: PerColumn,
    now_degC: PerColumn,
    time_step_s: PerColumn,
) -> VesselState:
    """The answers after a step.

    Each answer relaxes exactly towards its target at the mean temperature of the step: second order.

    Args:
        vasomotion: how the vessels answer.
        state: before the step.
        mean_degC: temperature where the cold is felt, mean over the step.
        now_degC: the same at the end of the step.
        time_step_s: its length.
    """
    model = vasomotion
    target = constriction_target(model, mean_degC)
    closing_time = jnp.where(target > state.constriction, model.constriction_time, release_time(model, state.memory))
    constriction = state.constriction + _reached(time_step_s, closing_time) * (target - state.constriction)
    narrow = jnp.maximum(0.5 * (state.constriction + constriction), 0.0) / (1.0 - model.least_flow / model.rest_flow)
    reflex_target = model.reflex + (model.reflex_cooled - model.reflex) * narrow
    below_rest = model.rest_degC - model.dilation_degC
    dilation_target = model.dilation * _step_up(model.rest_degC - mean_degC, below_rest, model.dilation_width)
    drop = state.recent_degC - mean_degC
    # A stimulus counts at once and is forgotten slowly.
    cold = _step_up(drop, model.hyperaemia_drop_K, model.hyperaemia_width)
    stimulus = jnp.maximum(cold, state.stimulus * jnp.exp(-time_step_s / model.hyperaemia_fade_time))
    pale = model.pallor * _step_up(drop, model.pallor_drop_K, model.pallor_width)
    paling_time = jnp.where(pale > state.pallor, model.pallor_time, model.pallor_fade_time)

    def towards(now: PerColumn, target: PerColumn, time_constant: PerColumn) -> PerColumn:
        return now + _reached(time_step_s, time_constant) * (target - now)

    after = VesselState(
        constriction=constriction,
        memory=towards(state.memory, narrow, model.memory_time),
        recent_degC=towards(state.recent_degC, mean_degC, model.transient_time),
        reflex=towards(state.reflex, reflex_target, model.reflex_time),
        dilation=towards(state.dilation, dilation_target, model.dilation_time),
        stimulus=stimulus,
        hyperaemia=towards(state.hyperaemia, model.hyperaemia * stimulus, model.hyperaemia_rise_time),
        pallor=towards(state.pallor, pale, paling_time),
        flow=state.flow,
        felt_degC=now_degC,
        felt_rate=(now_degC - state.felt_degC) / time_step_s,
    )
    return after._replace(flow=blood_flow(model, after))


def foretold_flow(vasomotion: Vasomotion, state: VesselState, ahead_s: PerColumn) -> PerColumn:
    """Flow a moment ahead if the temperature goes on as in the last step."""
    change = ahead_s * state.felt_rate
    return step_vessels(vasomotion, state, state.felt_degC + 0.5 * change, state.felt_degC + change, ahead_s).flow


def blood_flow(vasomotion: Vasomotion, state: VesselState) -> PerColumn:
    """Flow as a share of that at rest."""
    open_share = 1.0 - state.constriction * (1.0 - state.dilation)
    recent = jnp.maximum(state.recent_degC - state.felt_degC, 0.0)
    transient = vasomotion.transient_most * jnp.tanh(vasomotion.transient * recent / vasomotion.transient_most)
    return open_share * (1.0 - state.reflex) * (1.0 + transient + state.hyperaemia)


def blood_volume(vasomotion: Vasomotion, state: VesselState) -> PerColumn:
    """Volume of blood near the surface as a share of that at rest: what the eye sees."""
    return state.flow**vasomotion.volume_exponent * (1.0 - state.pallor)


def felt_temperature(vasomotion: Vasomotion, temperature_degC: Float[Array, "cells columns"]) -> PerColumn:
    """Temperature at the depth where the cold is felt."""
    upper = jnp.take_along_axis(temperature_degC, vasomotion.upper_cell[None], axis=0)[0]
    lower = jnp.take_along_axis(temperature_degC, vasomotion.upper_cell[None] + 1, axis=0)[0]
    return upper + vasomotion.weight * (lower - upper)
