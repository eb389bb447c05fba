"""Time stepping of columns: state in, state out.

Space: finite volumes whose faces fall on the layer interfaces; the conductance between two cells is that of
their two halves in series, which is second order on a graded grid and exact for steady layers.

Time: the two-stage singly diagonally implicit Runge-Kutta scheme with gamma = 1 - 1/sqrt(2), which is
L-stable and second order (Alexander 1977, SIAM J Numer Anal 14:1006). It is stiffly accurate: the second
stage is the result, and both stages share one matrix.

Each stage solves a tridiagonal system by elimination from below. The surface exchange enters the last pivot
alone, so one factorisation serves every step of a group, whatever the surface does meanwhile.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from cryomassage.engine.column import Column
from cryomassage.engine.vasomotion import (
    Vasomotion,
    VesselState,
    at_rest,
    blood_volume,
    felt_temperature,
    foretold_flow,
    step_vessels,
)

GAMMA = 1.0 - 0.5**0.5

# What a caller may hand in: JAX takes NumPy arrays as they are.
AnyArray = Array | np.ndarray


class Exposure(NamedTuple):
    """What the surface meets, step by step. Groups of steps share one step length.

    The axis `stages` is 1 where a value holds for the whole step, or 2 where it is given at the two stage
    times (gamma and 1 of the step), which keeps second order for a smooth variation.

    Attributes:
        time_step_s: s, of each step of the group; it may differ between columns.
        heat_transfer_coefficient: W/(m^2 K), surface to sink.
        sink_temperature_degC: of what the surface exchanges heat with.
        heat_flux: W/m^2, given flux into the skin (cooling is negative), added to the exchange.
        volumetric_heat: W/m^3 added in the cells, or None.
    """

    time_step_s: Float[AnyArray, "groups columns"]
    heat_transfer_coefficient: Float[AnyArray, "groups steps stages columns"]
    sink_temperature_degC: Float[AnyArray, "groups steps stages columns"]
    heat_flux: Float[AnyArray, "groups steps stages columns"]
    volumetric_heat: Float[AnyArray, "groups steps stages cells columns"] | None = None


class Probes(NamedTuple):
    """Depths at which the temperature is read, as neighbouring cells and the weight of the lower one."""

    upper_cell: Int[Array, "probes columns"]
    weight: Float[Array, "probes columns"]


class State(NamedTuple):
    """Temperatures of the cells now, the lowest that cells and surface have seen, and the vessels, or None."""

    temperature_degC: Float[Array, "cells columns"]
    lowest_degC: Float[Array, "cells columns"]
    lowest_surface_degC: Float[Array, " columns"]
    vessels: VesselState | None = None


class Trace(NamedTuple):
    """What was read at the end of each step.

    Attributes:
        surface_degC: surface temperature.
        surface_flux: W/m^2 into the skin, of the second stage.
        heat_absorbed: J/m^2 that entered through the surface during the step (negative when cooled).
        heat_from_below: J/m^2 that entered through the lowest face during the step.
        probe_degC: temperature at the probes.
        field_degC: all cells, or None when not recorded.
        blood_flow: at the end of each group, share of that at rest, or None where the vessels do not answer.
        blood_volume: of the blood near the surface at the end of each group, share of that at rest, or None.
    """

    surface_degC: Float[AnyArray, "groups steps columns"]
    surface_flux: Float[AnyArray, "groups steps columns"]
    heat_absorbed: Float[AnyArray, "groups steps columns"]
    heat_from_below: Float[AnyArray, "groups steps columns"]
    probe_degC: Float[AnyArray, "groups steps probes columns"]
    field_degC: Float[AnyArray, "groups steps cells columns"] | None
    blood_flow: Float[AnyArray, "groups columns"] | None = None
    blood_volume: Float[AnyArray, "groups columns"] | None = None


class _Operator(NamedTuple):
    """The discrete equation of a column: everything that does not change from step to step."""

    capacity: Float[Array, "cells columns"]  # J/(m^2 K)
    conductance: Float[Array, "faces columns"]  # W/(m^2 K) between neighbours
    loss: Float[Array, "cells columns"]  # W/(m^2 K) to blood and to the deep temperature
    source: Float[Array, "cells columns"]  # W/m^2
    surface_resistance: Float[Array, " columns"]  # m^2 K/W from surface to the first centre
    deep: Float[Array, " columns"]  # W/(m^2 K) from the last centre to the deep temperature


class _Factor(NamedTuple):
    """The factorised matrix of a stage, but for the surface exchange in its last pivot."""

    weight: Float[Array, "cells columns"]  # capacity / (gamma dt)
    coupling: Float[Array, "cells columns"]  # conductance to the cell above / pivot
    inverse_pivot: Float[Array, "cells columns"]
    first_pivot: Float[Array, " columns"]


def _operator(column: Column) -> _Operator:
    resistance = 0.5 * column.cell_width / column.thermal_conductivity
    deep = column.deep_conductance / (1.0 + column.deep_conductance * resistance[-1])
    loss = column.perfusion_conductance * column.cell_width
    source = loss * column.arterial_temperature_degC + column.metabolic_heat_production * column.cell_width
    return _Operator(
        capacity=column.volumetric_heat_capacity * column.cell_width,
        conductance=1.0 / (resistance[:-1] + resistance[1:]),
        loss=loss.at[-1].add(deep),
        source=source.at[-1].add(deep * column.deep_temperature_degC),
        surface_resistance=resistance[0],
        deep=deep,
    )


def _perfused(
    operator: _Operator, column: Column, vasomotion: Vasomotion, flow: Float[AnyArray, " columns"]
) -> _Operator:
    """The operator with the blood flow of the skin at a share of that at rest; stepped are differences from blood."""
    change = column.perfusion_conductance * column.cell_width * vasomotion.answers * (flow - 1.0)
    return operator._replace(loss=operator.loss + change)


def _factorise(operator: _Operator, weight: Float[Array, "cells columns"]) -> _Factor:
    """Eliminate from below; `weight` is capacity / (gamma dt), or zero for a steady state.

    What is carried up is not the pivot but the admittance of a cell and all below it: conductances in series
    and in parallel, which never subtract and so keep the small perfusion terms that a difference of large
    conductances would lose in float32.
    """
    zero = jnp.zeros_like(operator.conductance[:1])
    above = jnp.concatenate([zero, operator.conductance])
    below = jnp.concatenate([operator.conductance, zero])

    def eliminate(
        admittance_below: Float[Array, " columns"],
        row: tuple[Float[Array, " columns"], Float[Array, " columns"]],
    ) -> tuple[Float[Array, " columns"], Float[Array, " columns"]]:
        own, to_below = row
        admittance = own + to_below * admittance_below / (to_below + admittance_below)
        return admittance, admittance

    rows = (weight + operator.loss, below)
    _, admittance = lax.scan(eliminate, jnp.ones_like(above[0]), rows, reverse=True)
    inverse = 1.0 / (admittance + above)
    return _Factor(weight, above * inverse, inverse, admittance[0])


def _surface_exchange(
    operator: _Operator,
    coefficient: Float[AnyArray, " columns"],
    sink: Float[AnyArray, " columns"],
    flux: Float[AnyArray, " columns"],
) -> tuple[Float[AnyArray, " columns"], Float[AnyArray, " columns"]]:
    """Conductance and source that the exchange gives the first cell: q = source - conductance * T_0."""
    damping = 1.0 / (1.0 + coefficient * operator.surface_resistance)
    return coefficient * damping, (coefficient * sink + flux) * damping


def _solve(
    factor: _Factor,
    right: Float[Array, "cells columns"],
    conductance: Float[AnyArray, " columns"],
    source: Float[AnyArray, " columns"],
) -> Float[Array, "cells columns"]:
    """Solve one stage: sweep the right side up, close at the surface, substitute down."""

    def sweep_up(
        accumulated: Float[Array, " columns"], row: tuple[Float[Array, " columns"], Float[Array, " columns"]]
    ) -> tuple[Float[Array, " columns"], Float[Array, " columns"]]:
        value, coupling_below = row
        accumulated = value + coupling_below * accumulated
        return accumulated, accumulated

    coupling_below = jnp.concatenate([factor.coupling[1:], jnp.zeros_like(factor.coupling[:1])])
    _, swept = lax.scan(sweep_up, jnp.zeros_like(right[0]), (right, coupling_below), reverse=True)
    first = (swept[0] + source) / (factor.first_pivot + conductance)

    def substitute_down(
        above: Float[Array, " columns"],
        row: tuple[Float[Array, " columns"], Float[Array, " columns"], Float[Array, " columns"]],
    ) -> tuple[Float[Array, " columns"], Float[Array, " columns"]]:
        value, coupling, inverse = row
        temperature = inverse * value + coupling * above
        return temperature, temperature

    _, rest = lax.scan(substitute_down, first, (swept[1:], factor.coupling[1:], factor.inverse_pivot[1:]))
    return jnp.concatenate([first[None], rest])


@jax.jit
def locate_probes(column: Column, depth_m: Float[AnyArray, "probes columns"]) -> Probes:
    """Cells around each depth; a depth above the first centre or below the last reads that centre.

    Between two centres the weight follows the thermal resistance, not the distance: the temperature bends at
    an interface, and the depth of interest, the base of the epidermis, lies on one.
    """
    centres = column.centre_depth
    upper = jnp.sum(centres[None, :, :] <= depth_m[:, None, :], axis=1) - 1
    upper = jnp.clip(upper, 0, centres.shape[0] - 2)

    def pick(values: Float[Array, "cells columns"], below: int) -> Float[Array, "probes columns"]:
        return jnp.take_along_axis(values, upper + below, axis=0)

    centre = pick(centres, 0)
    face = centre + 0.5 * pick(column.cell_width, 0)
    conductivity_above = pick(column.thermal_conductivity, 0)
    conductivity_below = pick(column.thermal_conductivity, 1)
    crossed = (jnp.minimum(depth_m, face) - centre) / conductivity_above
    crossed += jnp.maximum(depth_m - face, 0.0) / conductivity_below
    whole = (face - centre) / conductivity_above + (pick(centres, 1) - face) / conductivity_below
    return Probes(upper, jnp.clip(crossed / whole, 0.0, 1.0))


@jax.jit
def steady_state(
    column: Column,
    heat_transfer_coefficient: Float[AnyArray, " columns"],
    sink_temperature_degC: Float[AnyArray, " columns"],
    heat_flux: Float[AnyArray, " columns"],
) -> Float[Array, "cells columns"]:
    """Temperatures that no longer change under a constant surface exchange, such as a person in a room."""
    operator = _operator(column)
    factor = _factorise(operator, jnp.zeros_like(operator.capacity))
    conductance, source = _surface_exchange(operator, heat_transfer_coefficient, sink_temperature_degC, heat_flux)
    return _solve(factor, operator.source, conductance, source)


def surface_temperature(
    column: Column,
    temperature_degC: Float[Array, "cells columns"],
    heat_transfer_coefficient: Float[AnyArray, " columns"],
    sink_temperature_degC: Float[AnyArray, " columns"],
    heat_flux: Float[AnyArray, " columns"],
) -> Float[Array, " columns"]:
    """Temperature of the surface itself, from the first cell and the exchange."""
    resistance = 0.5 * column.cell_width[0] / column.thermal_conductivity[0]
    into_surface = heat_transfer_coefficient * sink_temperature_degC + heat_flux
    return (temperature_degC[0] + resistance * into_surface) / (1.0 + resistance * heat_transfer_coefficient)


def start(
    column: Column, temperature_degC: Float[Array, "cells columns"], vasomotion: Vasomotion | None = None
) -> State:
    """A state from which to step; its lowest temperatures are those of now, and its vessels are open."""
    return State(
        temperature_degC,
        temperature_degC,
        jnp.full_like(column.deep_conductance, jnp.inf),
        None if vasomotion is None else at_rest(vasomotion),
    )


def _stage(
    column: Column,
    operator: _Operator,
    factor: _Factor,
    right: Float[Array, "cells columns"],
    at: Exposure,
    which: int,
) -> tuple[
    Float[Array, "cells columns"],
    Float[AnyArray, " columns"],
    Float[Array, " columns"],
    Float[Array, " columns"],
]:
    """Temperatures after a stage, flux into the skin, surface temperature, and flux through the lowest face."""
    index = min(which, at.heat_transfer_coefficient.shape[0] - 1)
    coefficient = at.heat_transfer_coefficient[index]
    sink = at.sink_temperature_degC[index]
    given = at.heat_flux[index]
    conductance, source = _surface_exchange(operator, coefficient, sink, given)
    load = factor.weight * right + operator.source
    if at.volumetric_heat is not None:
        load = load + at.volumetric_heat[index] * column.cell_width
    result = _solve(factor, load, conductance, source)
    surface = surface_temperature(column, result, coefficient, sink, given)
    below = operator.deep * (column.deep_temperature_degC - result[-1])
    return result, source - conductance * result[0], surface, below


def _shifted(state: State, by_K: Float[Array, " columns"]) -> State:
    """The same state on a scale of temperature that begins elsewhere."""
    return state._replace(
        temperature_degC=state.temperature_degC + by_K,
        lowest_degC=state.lowest_degC + by_K,
        lowest_surface_degC=state.lowest_surface_degC + by_K,
    )


@partial(jax.jit, static_argnames=("record_field",))
def advance(
    column: Column,
    state: State,
    exposure: Exposure,
    probes: Probes,
    record_field: bool = False,
    vasomotion: Vasomotion | None = None,
) -> tuple[State, Trace]:
    """Step a batch of columns through an exposure.

    Where the vessels answer, they are stepped once for each group, with the mean of what they felt in it, and the
    flow foretold for its middle perfuses the cells throughout: second order in the length of the groups, which must
    be short beside the times of the vessels.

    Args:
        column: the medium.
        state: where to begin.
        exposure: what the surface meets; its shapes fix the number of groups and steps.
        probes: where to read, from `locate_probes`.
        record_field: also record every cell at every step (memory: groups x steps x cells x columns).
        vasomotion: how the vessels answer; the state then comes from `start` with the same. None: constant flow.

    Returns:
        The state after the last step, and what was read at the end of each step.
    """
    # Stepped are differences from the blood: deep skin, which is near it, then loses little to the rounding
    # of float32 over thousands of steps.
    blood_degC = column.arterial_temperature_degC
    column = column._replace(
        arterial_temperature_degC=jnp.zeros_like(blood_degC),
        deep_temperature_degC=column.deep_temperature_degC - blood_degC,
    )
    exposure = exposure._replace(sink_temperature_degC=exposure.sink_temperature_degC - blood_degC)
    operator = _operator(column)

    def group(state: State, part: Exposure) -> tuple[State, Trace]:
        weight = operator.capacity / (GAMMA * part.time_step_s)
        answering, group_s = operator, part.time_step_s * part.sink_temperature_degC.shape[0]
        if vasomotion is not None and state.vessels is not None:
            flow = foretold_flow(vasomotion, state.vessels, 0.5 * group_s)
            answering = _perfused(operator, column, vasomotion, flow)
        factor = _factorise(answering, weight)

        def step(state: State, at: Exposure) -> tuple[State, tuple[Trace, Float[AnyArray, " columns"] | None]]:
            before = state.temperature_degC
            first, first_flux, _, first_below = _stage(column, answering, factor, before, at, 0)
            right = before + ((1.0 - GAMMA) / GAMMA) * (first - before)
            now, flux, surface, below = _stage(column, answering, factor, right, at, 1)
            upper = jnp.take_along_axis(now, probes.upper_cell, axis=0)
            lower = jnp.take_along_axis(now, probes.upper_cell + 1, axis=0)
            after = State(
                now,
                jnp.minimum(state.lowest_degC, now),
                jnp.minimum(state.lowest_surface_degC, surface),
                state.vessels,
            )
            read = Trace(
                surface,
                flux,
                part.time_step_s * ((1.0 - GAMMA) * first_flux + GAMMA * flux),
                part.time_step_s * ((1.0 - GAMMA) * first_below + GAMMA * below),
                upper + probes.weight * (lower - upper),
                now if record_field else None,
            )
            felt_degC = None if vasomotion is None else felt_temperature(vasomotion, now) + blood_degC
            return after, (read, felt_degC)

        def body(
            state: State, at: tuple[AnyArray, AnyArray, AnyArray, AnyArray | None]
        ) -> tuple[State, tuple[Trace, Float[AnyArray, " columns"] | None]]:
            return step(state, Exposure(part.time_step_s, *at))

        after, (read, felt_degC) = lax.scan(body, state, part[1:])
        if vasomotion is None or state.vessels is None or felt_degC is None:
            return after, read
        # The mean over time of what is linear between the ends of the steps.
        mean_degC = (felt_degC.sum(axis=0) + 0.5 * (state.vessels.felt_degC - felt_degC[-1])) / felt_degC.shape[0]
        vessels = step_vessels(vasomotion, state.vessels, mean_degC, felt_degC[-1], group_s)
        return after._replace(vessels=vessels), read._replace(
            blood_flow=vessels.flow, blood_volume=blood_volume(vasomotion, vessels)
        )

    end, trace = lax.scan(group, _shifted(state, -blood_degC), exposure)
    return _shifted(end, blood_degC), trace._replace(
        surface_degC=trace.surface_degC + blood_degC,
        probe_degC=trace.probe_degC + blood_degC,
        field_degC=None if trace.field_degC is None else trace.field_degC + blood_degC,
    )
