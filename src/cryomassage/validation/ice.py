"""The same columns where they freeze: latent heat and the conduction of ice.

All columns share one march although they last differently long: time is counted in shares of a phase, and heat
capacity divided by the length of the phase, which is the same equation.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from cryomassage.engine.column import Column
from cryomassage.engine.differentiable import Surface, column_field, enthalpy_temperature_K, march, surface_of
from cryomassage.engine.ice_field import Field, IceField
from cryomassage.engine.patch import FreezingLaw
from cryomassage.engine.solver import locate_probes
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.frozen_tissue import law_of_tissues
from cryomassage.validation.march import (
    Batch,
    Columns,
    Curves,
    at_rest,
    column_of,
    contact_over_time,
    phase_edges,
    room_coefficient,
)

_CELLS, _GROWTH = (1, 3, 16, 10, 6), (1.0, 1.1, 1.08, 1.3, 1.5)
_PART = 64


@jax.jit
def _phase(
    field: IceField, theta: Field, surface: Surface, lengths: Float[jax.Array, " steps"]
) -> tuple[
    Field, Float[jax.Array, "steps columns"], Float[jax.Array, "steps cells columns"], Float[jax.Array, "steps columns"]
]:
    end, history = march(field, theta, surface, lengths, keep_field=True)
    cells = history.temperature_degC
    assert cells is not None
    return end, history.surface_degC[:, 0], cells[:, :, 0], history.heat.surface[:, 0]


def _laws(batch: Batch, tissues: list[tuple[str, ...]], knowledge: Knowledge) -> FreezingLaw:
    """How each cell freezes; columns of different tissues side by side."""
    repeat = np.repeat(np.arange(len(_CELLS)), _CELLS)
    parts: list[tuple[np.ndarray, ...]] = []
    order = []
    for kind in dict.fromkeys(tissues):
        chosen = np.array([index for index, own in enumerate(tissues) if own == kind])
        some = batch.some(chosen).layers
        law = law_of_tissues(kind, some.volumetric_heat_capacity, some.thermal_conductivity, None, knowledge)
        parts.append(tuple(part[:, repeat] for part in law))
        order.append(chosen)
    back = np.argsort(np.concatenate(order))
    return FreezingLaw(*(np.concatenate(same, axis=-1)[..., back] for same in zip(*parts, strict=True)))


def freeze(
    batch: Batch,
    tissues: list[tuple[str, ...]],
    warm: Curves,
    sink_shift_K: Columns,
    knowledge: Knowledge,
) -> Curves:
    """What the columns go through when their water freezes; blood flows as at rest until there is ice.

    Args:
        batch: the columns.
        tissues: of the layers of each column.
        warm: the same columns without ice: blood and sinks are taken from it.
        sink_shift_K: added to the sink while the cold is on.
        knowledge: tissues and ice.
    """
    count = batch.on_s.size
    parts = []
    for begin in range(0, count, _PART):
        chosen = np.minimum(np.arange(begin, begin + _PART), count - 1)
        some = batch.some(chosen)
        parts.append(
            _freeze_part(
                some, [tissues[index] for index in chosen], warm.blood_degC[chosen], sink_shift_K[chosen], knowledge
            )
        )
    surface, probe, heat = (np.concatenate(same, axis=-1)[..., :count] for same in zip(*parts, strict=True))
    first = warm.probe_degC[:1]
    edges = phase_edges()
    time_s = np.concatenate([edges[:, None] * batch.on_s, batch.on_s + edges[1:, None] * batch.after_s])
    on = time_s[: len(edges)]
    _, sink = contact_over_time(batch, 0.5 * (on[1:] + on[:-1]), sink_shift_K)
    return warm._replace(
        time_s=time_s,
        sink_degC=np.concatenate([sink[:1], sink, warm.sink_degC[len(edges) :]]),
        surface_degC=np.concatenate([warm.surface_degC[:1], surface]),
        probe_degC=np.concatenate([first, probe]),
        heat=np.concatenate([np.zeros((1, count)), heat]),
    )


def _freeze_part(
    batch: Batch,
    tissues: list[tuple[str, ...]],
    blood_degC: Columns,
    sink_shift_K: Columns,
    knowledge: Knowledge,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Surface, probes and heat that left, at the ends of the steps of both phases."""
    column = column_of(batch, blood_degC, _CELLS, _GROWTH)
    law = _laws(batch, tissues, knowledge)
    probes = locate_probes(column, np.asarray(batch.depth, np.float32))
    upper, weight = np.asarray(probes.upper_cell), np.asarray(probes.weight)
    edges = phase_edges()
    lengths = jnp.asarray(np.diff(edges), jnp.float32)
    middle = 0.5 * (edges[1:] + edges[:-1])[:, None] * batch.on_s
    coefficient, sink = contact_over_time(batch, middle, sink_shift_K)
    room = np.full_like(coefficient, room_coefficient(knowledge))
    phases = ((batch.on_s, coefficient, sink), (batch.after_s, room, np.broadcast_to(batch.room_degC, sink.shape)))
    rest = at_rest(batch, column, blood_degC, knowledge)
    theta = enthalpy_temperature_K(column_field(column, law), jnp.asarray(rest[:, None], jnp.float32))
    told = []
    for length_s, conducts, meets in phases:
        field = column_field(_shared_time(column, length_s), law)
        surface = surface_of(
            field, jnp.asarray(conducts[:, None], jnp.float32), jnp.asarray(meets[:, None], jnp.float32)
        )
        theta, *parts = _phase(field, theta, surface, lengths)
        read, cells, heat = (np.asarray(part) for part in parts)
        above = np.take_along_axis(cells, upper[None], axis=1)
        below = np.take_along_axis(cells, upper[None] + 1, axis=1)
        told.append((read, above + weight * (below - above), heat * length_s))
    surfaces, probe, heat = (np.concatenate(same).astype(np.float64) for same in zip(*told, strict=True))
    return surfaces, probe, -np.cumsum(heat, axis=0)


def _shared_time(column: Column, length_s: Columns) -> Column:
    """A column whose phase lasts for one unit of time."""
    capacity = np.asarray(column.volumetric_heat_capacity) / length_s
    return column._replace(volumetric_heat_capacity=jnp.asarray(capacity, jnp.float32))
