"""Cooled and freezing tissue as arrays in JAX: cells in depth, with or without neighbours beside them, many at once.

For batches in which everything may differ from one column to the next, for columns that are planes, cylinders or
spheres, for GPUs and for gradients. Arrays lie as (cells, rings, skins): depth first; along the other two axes cells
exchange heat with their neighbours where the field says so. An axis of length one is shared.

Stepped is the enthalpy temperature of `FreezingLaw`, relative to the blood. See docs/decisions/0008-ice-fields.md.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

# Named here and not in place: the formatter would take a "#" within an annotation for a comment.
Field = Float[Array, "cells rings skins"]
Shared = Float[Array, "#cells #rings #skins"]
Knots = Float[Array, "#cells knots #rings #skins"]
Face = Float[Array, "#rings #skins"]
Scalar = Float[Array, ""]


class FieldLaw(NamedTuple):
    """How the cells freeze: a `FreezingLaw`, with the knots along the second axis.

    Attributes:
        knot_K: enthalpy temperatures at which slopes change, relative to the blood.
        temperature_gain: change of dT/d(enthalpy temperature) at each knot.
        conductivity_gain: W/(m K^2), times the unfrozen conductivity already.
        ice_gain: 1/K.
    """

    knot_K: Knots
    temperature_gain: Knots
    conductivity_gain: Knots
    ice_gain: Knots


class Beside(NamedTuple):
    """Exchange with the neighbours along an axis: times volume and mean conductivity it gives a conductance.

    Broadcasts against a field without its last place along the axis.
    """

    next: Shared  # 1/m^2, to the neighbour that follows
    before: Shared  # 1/m^2, of the same face, for the one that follows


class IceField(NamedTuple):
    """The discrete equation, per unit of cooled surface.

    Attributes:
        volume: m, of each cell.
        upper, lower: m; over the conductivity, the resistance from the centre of a cell to its faces.
        capacity: J/(m^2 K), unfrozen.
        conductivity: W/(m K), unfrozen.
        loss: W/(m^2 K), to the blood; it stops in ice.
        source: W/m^2.
        deep: W/(m^2 K), from the lowest face to the deep temperature.
        deep_K: relative to the blood.
        blood_degC: of the blood; the same wherever cells exchange heat with those beside them.
        law: how the cells freeze, or None where ice is not looked at.
        rings, skins: exchange along the second and the third axis, or None.
    """

    volume: Shared
    upper: Shared
    lower: Shared
    capacity: Shared
    conductivity: Shared
    loss: Shared
    source: Shared
    deep: Face
    deep_K: Face
    blood_degC: Face
    law: FieldLaw | None = None
    rings: Beside | None = None
    skins: Beside | None = None


class Surface(NamedTuple):
    """What the surface meets: q = pull - coefficient * (surface temperature relative to the blood), W/m^2."""

    coefficient: Face  # W/(m^2 K)
    pull: Face  # W/m^2, coefficient times sink temperature relative to the blood, and given flux


class Inside(NamedTuple):
    """What follows from the enthalpy temperature of a cell, and how it changes with it."""

    temperature_K: Field
    conductivity: Shared
    liquid: Shared
    temperature_slope: Shared
    conductivity_slope: Shared
    liquid_slope: Shared


def inside(field: IceField, theta: Field) -> Inside:
    """State of all cells; the temperature is relative to the blood."""
    one, nothing = jnp.ones((1, 1, 1), theta.dtype), jnp.zeros((1, 1, 1), theta.dtype)
    law = field.law
    if law is None:
        return Inside(theta, field.conductivity, one, one, nothing, nothing)
    temperature, conductivity, liquid = theta, field.conductivity, one
    slope, conductivity_slope, liquid_slope = one, nothing, nothing
    for place in range(law.knot_K.shape[1]):
        knot, warms, conducts, freezes = (part[:, place] for part in law)
        below = jnp.maximum(knot - theta, 0.0)
        beyond = (theta < knot).astype(theta.dtype)
        temperature = temperature + warms * below
        conductivity = conductivity + conducts * below
        liquid = liquid - freezes * below
        slope = slope - warms * beyond
        conductivity_slope = conductivity_slope - conducts * beyond
        liquid_slope = liquid_slope + freezes * beyond
    return Inside(temperature, conductivity, liquid, slope, conductivity_slope, liquid_slope)


class Balance(NamedTuple):
    """Heat that depth, surface, blood and metabolism bring to the cells, and how it answers their change.

    Through every face one cell gives what the other takes, in the derivatives too, so that heat is kept to rounding
    by any step of Newton's method, converged or not.

    Attributes:
        net: W/m^2, of each cell.
        down: W/(m^2 K), through the face below each cell, what it loses with its own rise.
        up: the same, what the cell below loses; nothing below the last.
        blood: W/(m^2 K), what a cell loses to the blood with its own rise.
        surface, deep: W/m^2, into the first and the last cell.
        surface_own: W/(m^2 K), what the first cell loses to the surface with its own rise.
    """

    net: Field
    down: Field
    up: Field
    blood: Field
    surface: Float[Array, "rings skins"]
    deep: Float[Array, "rings skins"]
    surface_own: Float[Array, "rings skins"]


def balance(field: IceField, theta: Field, surface: Surface) -> Balance:
    """Heat balance of the columns, each by itself; `theta` is relative to the blood."""
    now = inside(field, theta)

    def whole(values: Shared) -> Field:
        return jnp.broadcast_to(values, theta.shape)

    t, slope = now.temperature_K, whole(now.temperature_slope)
    lower, upper = whole(field.lower / now.conductivity), whole(field.upper / now.conductivity)
    bend = whole(now.conductivity_slope / now.conductivity)
    deep = jnp.broadcast_to(field.deep / (1.0 + field.deep * lower[-1]), t[0].shape)[None]
    face = jnp.concatenate([1.0 / (lower[:-1] + upper[1:]), deep])
    below = jnp.concatenate([t[1:], jnp.broadcast_to(field.deep_K, t[0].shape)[None]])
    flow = face * (below - t)
    up = face[:-1] * (slope[1:] + flow[:-1] * upper[1:] * bend[1:])

    damping = 1.0 / (1.0 + surface.coefficient * upper[0])
    top = (surface.pull - surface.coefficient * t[0]) * damping
    return Balance(
        net=flow - jnp.concatenate([-top[None], flow[:-1]]) + field.source - field.loss * now.liquid * t,
        down=face * (slope - flow * lower * bend),
        up=jnp.concatenate([up, jnp.zeros_like(t[:1])]),
        blood=whole(field.loss * (now.liquid * now.temperature_slope + now.liquid_slope * t)),
        surface=top,
        deep=flow[-1],
        surface_own=surface.coefficient * damping * (slope[0] - top * upper[0] * bend[0]),
    )


def _sideways(temperature: Field, conductivity: Shared, beside: Beside, axis: int) -> Field:
    """Heat from the neighbours along an axis, per volume."""
    k = jnp.broadcast_to(conductivity, temperature.shape)

    def part(values: Field, begin: int, end: int) -> Array:
        return lax.slice_in_dim(values, begin, values.shape[axis] + end, axis=axis)

    flow = 0.5 * (part(k, 0, -1) + part(k, 1, 0)) * (part(temperature, 1, 0) - part(temperature, 0, -1))

    def padded(values: Array, low: int) -> Field:
        widths = [(0, 0)] * 3
        widths[axis] = (low, 1 - low)
        return jnp.pad(values, widths)

    return padded(flow * beside.next, 0) - padded(flow * beside.before, 1)


def from_beside(field: IceField, theta: Field) -> Field:
    """Heat from the neighbours along rings and skins, W/m^2."""
    now = inside(field, theta)
    brought = jnp.zeros_like(theta)
    for beside, axis in ((field.rings, 1), (field.skins, 2)):
        if beside is not None:
            brought = brought + field.volume * _sideways(now.temperature_K, now.conductivity, beside, axis)
    return brought


def temperature_degC(field: IceField, theta: Field) -> Field:
    """Temperature of all cells."""
    return inside(field, theta).temperature_K + field.blood_degC


def ice(field: IceField, theta: Field) -> Field:
    """Share of the freezable water that is ice."""
    return jnp.broadcast_to(1.0 - inside(field, theta).liquid, theta.shape)


def enthalpy_temperature_K(field: IceField, temperature_degC: Field) -> Field:
    """Enthalpy temperature relative to the blood, from which `temperature_degC` gives the temperature back."""
    warmth = temperature_degC - field.blood_degC
    law = field.law
    if law is None:
        return warmth
    knot, gain = law.knot_K, law.temperature_gain
    above = jnp.maximum(knot[:, :, None] - knot[:, None], 0.0)
    places = knot + jnp.sum(gain[:, :, None] * above, axis=1)
    inverse = 1.0 / (1.0 - jnp.cumsum(gain, axis=1))
    bend = jnp.concatenate([jnp.ones_like(inverse[:, :1]), inverse[:, :-1]], axis=1) - inverse
    return warmth + jnp.sum(bend * jnp.maximum(places - warmth[:, None], 0.0), axis=1)


def surface_degC(field: IceField, theta: Field, surface: Surface) -> Float[Array, "rings skins"]:
    """Temperature of the surface itself, from the first cell and the exchange."""
    law = None if field.law is None else FieldLaw(*(part[:1] for part in field.law))
    now = inside(field._replace(conductivity=field.conductivity[:1], law=law), theta[:1])
    resistance = (field.upper[:1] / now.conductivity)[0]
    warmth = now.temperature_K[0] + resistance * surface.pull
    return warmth / (1.0 + resistance * surface.coefficient) + field.blood_degC
