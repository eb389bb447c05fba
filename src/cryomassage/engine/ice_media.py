"""Ice fields of columns, plane or curved, and of patches. Everything in them can be differentiated."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cryomassage.engine.column import Column
from cryomassage.engine.freezing import IceProperties, conductivity_of, freezing_law, ice_of, temperature_of
from cryomassage.engine.ice_field import Beside, FieldLaw, IceField
from cryomassage.engine.patch import FreezingLaw, Patch
from cryomassage.errors import EngineError

# Of the tissue whose law is taken as a pattern. Its numbers cancel; only roundness of the result hangs on them.
_PATTERN_CAPACITY, _PATTERN_CONDUCTIVITY, _PATTERN_LATENT_HEAT = 4.0e6, 0.4, 2.0e8
# A curved column may reach past its centre by so much of its radius, by rounding.
_ROUNDING = 1e-5


class Shape(IntEnum):
    """Form of a cooled surface; its area grows with this power of the radius."""

    PLANE = 0
    CYLINDER = 1
    SPHERE = 2


class Geometry(NamedTuple):
    """How a column is bent.

    Attributes:
        shape: of the cooled surface.
        surface_radius: m, of the cooled surface; nothing for a plane.
        outward: the column lies around the cooled surface (a probe in tissue), not within it (a limb, a drop).
    """

    shape: Shape = Shape.PLANE
    surface_radius: Float[Array, " columns"] | float = np.inf
    outward: bool = False


class _Cut(NamedTuple):
    """Cells of a column per unit of cooled surface, (cells, columns); see `IceField`."""

    volume: Array
    upper: Array
    lower: Array
    deep_area: Array  # of the lowest face


def _cut(width: Float[Array, "cells columns"], geometry: Geometry) -> _Cut:
    """Volumes, and resistances from the middle of the cells to their faces, exact for steady heat."""
    power = int(geometry.shape)
    if power == Shape.PLANE:
        return _Cut(width, 0.5 * width, 0.5 * width, jnp.ones_like(width[0]))
    radius = jnp.broadcast_to(jnp.asarray(geometry.surface_radius, width.dtype), width.shape[1:])
    depth = jnp.concatenate([jnp.zeros_like(width[:1]), jnp.cumsum(width, axis=0)])
    _refuse_past_centre(radius, depth[-1], geometry)
    # In radii of the cooled surface: small numbers stay exact where powers of metres would not.
    share = depth / radius
    face = 1.0 + share if geometry.outward else jnp.maximum(1.0 - share, 0.0)
    # At the very centre nothing passes; any resistance will do, and one without a pole can be differentiated.
    ends = face[-1] < _ROUNDING
    middle = 0.5 * (face[:-1] + face[1:])
    inner = jnp.where(ends, 0.5 * middle[-1], face[-1])
    below = jnp.concatenate([face[1:-1], inner[None]])

    def resistance(a: Array, b: Array) -> Array:
        return jnp.abs(jnp.log(a / b)) if power == Shape.CYLINDER else jnp.abs(1.0 / a - 1.0 / b)

    volume = jnp.abs(face[1:] ** (power + 1) - face[:-1] ** (power + 1)) / (power + 1)
    return _Cut(
        radius * volume,
        radius * resistance(face[:-1], middle),
        radius * resistance(middle, below),
        jnp.where(ends, 0.0, face[-1] ** power),
    )


def _refuse_past_centre(radius: Array, depth: Array, geometry: Geometry) -> None:
    """Where values are known: under `jit` nobody can look."""
    if isinstance(radius, jax.core.Tracer) or isinstance(depth, jax.core.Tracer):
        return
    if not np.all(np.asarray(radius) > 0.0):
        raise EngineError("surface_radius (m) must be above 0 for a cylinder or a sphere. Give the radius in metres.")
    worst = int(np.argmax(np.asarray(depth / radius)))
    if not geometry.outward and float((depth / radius)[worst]) > 1.0 + _ROUNDING:
        raise EngineError(
            f"A column {float(depth[worst]) * 1e3:.3g} mm deep passes the centre of a {geometry.shape.name.lower()} of "
            f"{float(radius[worst]) * 1e3:.3g} mm radius. Make its cells add up to the radius or less."
        )


def _law(
    freezing: FreezingLaw | None, shape: tuple[int, ...], conductivity: Array, blood_degC: Array
) -> FieldLaw | None:
    """With the knots second; `shape` is what a knot has on top of the cells, to broadcast against rings and skins."""
    if freezing is None:
        return None
    parts = (jnp.asarray(part) for part in freezing)
    knot, temperature, conducts, freezes = (jnp.moveaxis(part.reshape(*part.shape[:2], *shape), 0, 1) for part in parts)
    return FieldLaw(knot - blood_degC, temperature, conducts * conductivity[:, None], freezes)


def column_field(column: Column, freezing: FreezingLaw | None = None, geometry: Geometry | None = None) -> IceField:
    """Columns that freeze, plane or curved: (cells, 1, columns), cells from the cooled surface away.

    Args:
        column: the medium. `cell_width` is measured along the radius; `deep_conductance` is per area of the lowest
            face, and counts for nothing at the very centre of a cylinder or sphere.
        freezing: law of each cell, (knots, cells, columns), or None where ice is not looked at.
        geometry: a plane if None.

    Raises:
        EngineError: a column within a cylinder or sphere that is deeper than its radius.
    """
    cut = _cut(column.cell_width, geometry or Geometry())

    def spread(values: Array) -> Array:
        return values[:, None, :]

    blood = column.arterial_temperature_degC
    return IceField(
        volume=spread(cut.volume),
        upper=spread(cut.upper),
        lower=spread(cut.lower),
        capacity=spread(column.volumetric_heat_capacity * cut.volume),
        conductivity=spread(column.thermal_conductivity),
        loss=spread(column.perfusion_conductance * cut.volume),
        source=spread(column.metabolic_heat_production * cut.volume),
        deep=(column.deep_conductance * cut.deep_area)[None],
        deep_K=(column.deep_temperature_degC - blood)[None],
        blood_degC=blood[None],
        law=_law(freezing, (1, -1), spread(column.thermal_conductivity), blood),
    )


def patch_field(patch: Patch) -> IceField:
    """A patch of skin: (cells, rows, columns). Its arrays may be JAX's, to differentiate by them."""

    def of_depth(values: Array | np.ndarray) -> Array:
        return jnp.asarray(values)[:, None, None]

    def single(value: Array | float) -> Array:
        return jnp.asarray(value, width.dtype).reshape(1, 1)

    width = of_depth(patch.cell_width)
    conductivity, blood = of_depth(patch.thermal_conductivity), single(patch.arterial_temperature_degC)
    beside = jnp.full((1, 1, 1), patch.spacing**-2, width.dtype)
    return IceField(
        volume=width,
        upper=0.5 * width,
        lower=0.5 * width,
        capacity=of_depth(patch.volumetric_heat_capacity) * width,
        conductivity=conductivity,
        loss=of_depth(patch.perfusion_conductance) * width,
        source=of_depth(patch.metabolic_heat_production) * width,
        deep=single(patch.deep_conductance),
        deep_K=single(patch.deep_temperature_degC) - blood,
        blood_degC=blood,
        law=_law(patch.freezing, (1, 1), conductivity, blood),
        rings=Beside(beside, beside) if patch.rows > 1 else None,
        skins=Beside(beside, beside) if patch.columns > 1 else None,
    )


def tissue_freezing_law(
    volumetric_heat_capacity: Float[Array, " ..."],
    thermal_conductivity: Float[Array, " ..."],
    latent_heat: Float[Array, " ..."],
    freezing_point_degC: float,
    ice: IceProperties,
) -> FreezingLaw:
    """The law of `freezing.freezing_law` as JAX arrays, which can be differentiated by the tissue.

    Per latent heat, the heat that ice lacks and the conductivity that it adds depend on temperature alone; so the law
    of one tissue is a pattern for all.

    Args:
        volumetric_heat_capacity: J/(m^3 K), unfrozen.
        thermal_conductivity: W/(m K), unfrozen.
        latent_heat: J/m^3; 0 for a cell that does not freeze.
        freezing_point_degC: where freezing begins, below 0 and above -0.7.
        ice: properties of ice.

    Raises:
        ValueError: as `freezing.freezing_law`.
    """
    pattern = freezing_law(
        np.array(_PATTERN_CAPACITY),
        np.array(_PATTERN_CONDUCTIVITY),
        np.array(_PATTERN_LATENT_HEAT),
        freezing_point_degC,
        ice,
    )
    knots = pattern.knot_degC
    theta = np.append(knots, 2.0 * knots[-1] - knots[-2])
    temperature = temperature_of(pattern, theta)
    lacks = (theta - temperature) * _PATTERN_CAPACITY / _PATTERN_LATENT_HEAT
    unfrozen = np.array(_PATTERN_CONDUCTIVITY)
    adds = (conductivity_of(pattern, unfrozen, theta) - unfrozen) / _PATTERN_LATENT_HEAT

    def each(values: np.ndarray) -> Array:
        return jnp.asarray(values).reshape(-1, *(1,) * jnp.ndim(latent_heat))

    places = each(temperature) + each(lacks) * latent_heat / volumetric_heat_capacity
    ratio = 1.0 + each(adds) * latent_heat / thermal_conductivity
    frozen = jnp.where(latent_heat > 0.0, each(ice_of(pattern, theta)), 0.0)

    def gains(values: Array, above: float) -> Array:
        slope = jnp.diff(values, axis=0) / jnp.diff(places, axis=0)
        return -jnp.diff(slope, axis=0, prepend=jnp.full_like(slope[:1], above))

    warmed = jnp.broadcast_to(each(temperature), places.shape)
    # Where a law names NumPy's arrays, JAX's do as well.
    return FreezingLaw(places[:-1], gains(warmed, 1.0), gains(ratio, 0.0), gains(frozen, 0.0))  # type: ignore[arg-type]
