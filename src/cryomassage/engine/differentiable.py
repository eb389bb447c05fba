"""Freezing columns and patches that can be differentiated: build a field, march it, take the gradient.

    field = column_field(column, freezing_law, Geometry(Shape.CYLINDER, radius))
    start = enthalpy_temperature_K(field, start_degC)
    end, history = march(field, start, surface_of(field, coefficient, sink_degC), lengths_s)
    temperature_degC(field, end)

Every array may be an argument of `jax.grad`, `jax.jvp`, `jax.vmap` and `jax.jit`: what the surface meets, the tissue,
widths and radii of cells, the start. Derivatives are those of the discrete solution, exact where a stage is solved to
rounding. In reverse the march keeps two fields a step within a chunk, and one for every chunk.

Times at which the cold comes and goes are edges of steps; by those nothing can be differentiated. Make strength a
smooth function of time instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from cryomassage.engine.ice_field import (
    Face,
    Field,
    IceField,
    Scalar,
    Surface,
    enthalpy_temperature_K,
    ice,
    surface_degC,
    temperature_degC,
)
from cryomassage.engine.ice_march import step
from cryomassage.engine.ice_media import Geometry, Shape, column_field, patch_field, tissue_freezing_law
from cryomassage.engine.ice_stage import SOLUTION, Heat
from cryomassage.engine.patch import Footprint, Patch, Surroundings
from cryomassage.engine.patch_schedule import GAMMA

__all__ = [
    "Geometry",
    "Heat",
    "History",
    "IceField",
    "MovingSource",
    "Shape",
    "Surface",
    "column_field",
    "enthalpy_temperature_K",
    "ice",
    "march",
    "moving_sources",
    "patch_field",
    "steps_after_jump",
    "surface_of",
    "temperature_degC",
    "tissue_freezing_law",
]

Exposure = Callable[[Scalar], Surface]


class History(NamedTuple):
    """What was read at the end of each step.

    Attributes:
        time_s: since the start.
        surface_degC: temperature of the surface.
        heat: that entered during the step, J/m^2 of cooled surface.
        temperature_degC: all cells, or None when not kept.
    """

    time_s: Float[Array, " steps"]
    surface_degC: Float[Array, "steps rings skins"]
    heat: Heat
    temperature_degC: Float[Array, "steps cells rings skins"] | None


def surface_of(
    field: IceField, coefficient: Array, sink_temperature_degC: Array, heat_flux: Array | float = 0.0
) -> Surface:
    """What the surface meets, from coefficient (W/(m^2 K)), sink temperature and given flux into it (W/m^2).

    The last two axes of each broadcast against (rings, skins); in front there may be steps, or steps and stages.
    """
    pull = coefficient * (sink_temperature_degC - field.blood_degC) + heat_flux
    coefficient, pull = jnp.broadcast_arrays(jnp.asarray(coefficient, pull.dtype), pull)
    return Surface(coefficient, pull)


def steps_after_jump(duration_s: float, steps: int) -> Float[np.ndarray, " steps"]:
    """Lengths of steps that end at even roots of time: short after the jump that begins an exposure, s."""
    return np.asarray(np.diff(duration_s * np.linspace(0.0, 1.0, steps + 1) ** 2))


def march(
    field: IceField,
    start: Field,
    exposure: Surface | Exposure,
    lengths_s: Float[Array, " steps"],
    *,
    steps_per_chunk: int | None = None,
    tolerance_K: Scalar | float | None = None,
    keep_field: bool = False,
) -> tuple[Field, History]:
    """Step a field through an exposure. Call it under `jit`.

    Args:
        field: the equation, of `column_field` or `patch_field`.
        start: enthalpy temperature relative to the blood, of `enthalpy_temperature_K` or of a march before.
        exposure: what the surface meets as a function of time in s, read at the two stages of each step, gamma and 1;
            or as arrays: one for all (rings, skins), or with steps in front, or with steps and stages.
        lengths_s: of the steps. In depth any length is stable; exchange with the neighbours is explicit and bounds it
            to about spacing^2 / (4 diffusivity) with neighbours on four sides, ice included.
        steps_per_chunk: of the march in reverse; about the root of their number if None, which needs least memory.
            All in one chunk saves the second march.
        tolerance_K: a stage counts as solved when no cell by itself asks for a larger change; root of the precision
            if None, so that the derivatives are exact to rounding. Larger is faster.
        keep_field: also return all cells at every step.

    Returns:
        Enthalpy temperature at the end, and what was read.
    """
    count, dtype = lengths_s.shape[0], start.dtype
    lengths = jnp.asarray(lengths_s, dtype)
    ends = jnp.cumsum(lengths)
    tolerance = jnp.asarray(np.sqrt(np.finfo(dtype).eps) if tolerance_K is None else tolerance_K, dtype)
    told, read = _told_or_read(exposure)
    size = steps_per_chunk or max(1, round(count**0.5))

    def one(theta: Field, at: tuple[Array, Array, Surface | None]) -> tuple[Field, History]:
        length, end, given = at
        if given is not None:
            both = given.coefficient.ndim == 3
            stages = tuple(Surface(*(part[n] if both else part for part in given)) for n in (0, 1))
        else:
            stages = tuple(read(time) for time in (end - (1.0 - GAMMA) * length, end))
        theta, heat = step(field, theta, (stages[0], stages[1]), length, tolerance)
        kept = temperature_degC(field, theta) if keep_field else None
        return theta, History(end, surface_degC(field, theta, stages[1]), heat, kept)

    def chunk(theta: Field, at: tuple[Array, Array, Surface | None]) -> tuple[Field, History]:
        policy = jax.checkpoint_policies.save_only_these_names(SOLUTION)
        return lax.scan(jax.checkpoint(one, policy=policy), theta, at)

    whole = count // size * size
    steps = (lengths, ends, told)
    parts = jax.tree.map(lambda part: part[:whole].reshape(-1, size, *part.shape[1:]), steps)
    rest = jax.tree.map(lambda part: part[whole:], steps)
    theta, history = lax.scan(jax.checkpoint(chunk), start, parts)
    history = jax.tree.map(lambda part: part.reshape(-1, *part.shape[2:]), history)
    if whole == count:
        return theta, history
    theta, last = chunk(theta, rest)
    return theta, jax.tree.map(lambda *pair: jnp.concatenate(pair), history, last)


def _told_or_read(exposure: Surface | Exposure) -> tuple[Surface | None, Exposure]:
    """Arrays that run along with the steps, if that is what was given, and a function of time."""
    if not isinstance(exposure, Surface):
        return None, exposure
    return (exposure if exposure.coefficient.ndim > 2 else None), lambda _: exposure


class MovingSource(NamedTuple):
    """A cold source that goes along a path at constant speed, from the start of the march on; it stops at the end.

    Attributes:
        path: m, corners of the way of its centre, x and y; no two that follow each other alike.
        speed: m/s.
        coefficient: W/(m^2 K), at the centre of a Gaussian or the crest of a ring.
        sink_temperature_degC: of what the source exchanges heat with.
        radius: m, of the footprint: `along` of a `Strokes` piece.
        footprint: `Footprint.GAUSSIAN` or `Footprint.RING`, which are smooth.
        touches: 1 where the source keeps the room's air away, 0 where it is added to it.
    """

    path: Float[Array, "corners 2"]
    speed: Float[Array, ""]
    coefficient: Float[Array, ""]
    sink_temperature_degC: Float[Array, ""]
    radius: Float[Array, ""]
    footprint: Int[Array, ""] | int = int(Footprint.GAUSSIAN)
    touches: Float[Array, ""] | float = 0.0

    def centre(self, time_s: Scalar) -> tuple[Scalar, Scalar]:
        """Where it is, m."""
        leg = jnp.sqrt(jnp.sum(jnp.diff(self.path, axis=0) ** 2, axis=1))
        way = jnp.concatenate([jnp.zeros_like(leg[:1]), jnp.cumsum(leg)])
        gone = self.speed * time_s
        return jnp.interp(gone, way, self.path[:, 0]), jnp.interp(gone, way, self.path[:, 1])

    def share(self, x: Array, y: Array, time_s: Scalar) -> Array:
        """Of its coefficient, at places on the surface."""
        x_now, y_now = self.centre(time_s)
        far = ((x - x_now) ** 2 + (y - y_now) ** 2) / self.radius**2
        bell = jnp.exp(-far)
        return jnp.where(self.footprint == Footprint.RING, jnp.e * far * bell, bell)


def moving_sources(patch: Patch, sources: Sequence[MovingSource], surroundings: Surroundings) -> Exposure:
    """What the surface of a patch meets as a function of time: the room, and sources that move over it."""
    x = ((jnp.arange(patch.columns) + 0.5) * patch.spacing)[None, :]
    y = ((jnp.arange(patch.rows) + 0.5) * patch.spacing)[:, None]
    blood, room = patch.arterial_temperature_degC, surroundings.heat_transfer_coefficient
    room_pull = room * (surroundings.temperature_degC - blood)

    def exposure(time_s: Scalar) -> Surface:
        coefficient: Face = jnp.full((patch.rows, patch.columns), room)
        pull: Face = jnp.full((patch.rows, patch.columns), room_pull)
        for source in sources:
            share = source.share(x, y, time_s)
            own = source.coefficient * (source.sink_temperature_degC - blood)
            coefficient = coefficient + share * (source.coefficient - source.touches * room)
            pull = pull + share * (own - source.touches * room_pull)
        return Surface(coefficient, pull)

    return exposure
