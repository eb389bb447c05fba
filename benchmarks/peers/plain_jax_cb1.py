"""CB-1 with plain JAX: explicit Euler steps in a scan, compiled, single precision."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import problems
from benchmarks.peers.slab_solver import SlabSolver, whole_steps

Array = np.ndarray
DISTRIBUTION = "jax"


@jax.jit
def _advance(T: jax.Array, rates: tuple[jax.Array, ...], bottom: jax.Array, exchange: tuple[jax.Array, ...]) -> Any:
    above, below, side, loss, blood = rates

    def step(T: jax.Array, exchange: tuple[jax.Array, ...]) -> tuple[jax.Array, None]:
        rate, source = exchange
        down = jnp.diff(T, axis=0)
        sideways = jnp.pad(jnp.diff(T, axis=1), ((0, 0), (1, 1)))
        last = (bottom - T[-1])[None]
        new = T + below * jnp.concatenate([down, last]) - above * jnp.concatenate([jnp.zeros_like(last), down])
        new = new + side * jnp.diff(sideways, axis=1) + loss * (blood - T)
        return new.at[0].add(source - rate * T[0]), None

    return jax.lax.scan(step, T, exchange)[0]


def prepare(slab: problems.Slab, steps_per_snapshot: int, snapshots: int) -> SlabSolver:
    """Lay out the arrays; the first call compiles."""
    step = problems.SNAPSHOT_EVERY_s / steps_per_snapshot
    storage, face, glide = slab.heat_capacity * slab.cell_width, slab.face_conductance, slab.glide
    per_step = (
        np.append(0.0, face[:-1]) / storage,
        face / storage,
        slab.conductivity / slab.heat_capacity / slab.spacing**2,
        slab.perfusion / slab.heat_capacity,
    )
    rates = (*(jnp.asarray((step * each)[:, None], jnp.float32) for each in per_step), jnp.float32(problems.BLOOD_degC))
    share = glide.coverage(slab.x, np.full(slab.columns, glide.radius), whole_steps(steps_per_snapshot, snapshots))
    cold, room = (
        float(slab.surface_conductance(h)) * step / storage[0] for h in (glide.coefficient, problems.ROOM_W_PER_M2_K)
    )
    rate = jnp.asarray(share * cold + (1.0 - share) * room, jnp.float32)
    source = jnp.asarray(share * cold * glide.temperature_degC + (1.0 - share) * room * problems.ROOM_degC, jnp.float32)
    begin = jnp.asarray(np.repeat(slab.start_degC[:, None], slab.columns, axis=1), jnp.float32)
    bottom = jnp.float32(slab.bottom_degC)
    state = {"T": begin}

    def start() -> None:
        state["T"] = begin

    def march(first: int, last: int) -> None:
        exchange = rate[first:last], source[first:last]
        state["T"] = _advance(state["T"], rates, bottom, exchange).block_until_ready()

    def field(_steps_done: int) -> Array:
        return np.asarray(state["T"])

    # The whole run has a shape of its own: compile it here, not in the time.
    march(0, steps_per_snapshot * snapshots)
    start()
    return SlabSolver(start, march, field, steps_per_snapshot, snapshots)
