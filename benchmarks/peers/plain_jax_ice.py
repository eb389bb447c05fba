"""CB-4 with plain JAX: explicit steps in a scan within a scan, with its own reverse differentiation."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import problems

_BEGIN, _END = problems.FREEZING_BEGINS_degC, problems.FREEZING_ENDS_degC
_CHUNK = 50


def centre_of(time_s: jax.Array, speed: jax.Array, glide: problems.Glide) -> jax.Array:
    """Where the applicator is, m; it can be differentiated by the speed."""
    way = glide.last_x - glide.first_x
    phase = jnp.mod(time_s * speed, 2.0 * way)
    return glide.first_x + way - jnp.abs(phase - way)


def smooth_footprint(block: problems.Block, centre_x: jax.Array) -> jax.Array:
    """Share of the applicator's exchange at each place, (rows, columns), with an edge that can be differentiated."""
    x, y = jnp.asarray(block.x, jnp.float32)[None, :], jnp.asarray(block.y, jnp.float32)[:, None]
    distance = jnp.sqrt((x - centre_x) ** 2 + (y - block.centre_y) ** 2 + 1e-12)
    return jax.nn.sigmoid((block.glide.radius - distance) / problems.CB4_EDGE)


def mean_at_depth(block: problems.Block, T: jax.Array) -> jax.Array:
    """Mean temperature over the surface at the depth of CB-4, from (cells, rows, columns)."""
    cell = int(np.searchsorted(block.z, problems.CB4_DEPTH, side="right")) - 1
    share = (problems.CB4_DEPTH - block.z[cell]) / (block.z[cell + 1] - block.z[cell])
    return jnp.mean((1.0 - share) * T[cell] + share * T[cell + 1])


def cb4(block: problems.Block) -> Callable[[jax.Array], jax.Array]:
    """The number to be differentiated, by coefficient, temperature and speed of the applicator."""

    def of_depth(values: np.ndarray) -> jax.Array:
        return jnp.asarray(values, jnp.float32)[:, None, None]

    ku, kf = of_depth(block.conductivity), of_depth(block.frozen_conductivity)
    cu, cf = of_depth(block.heat_capacity), of_depth(block.frozen_heat_capacity)
    to_freeze = (_BEGIN - _END) * cu + of_depth(block.latent_heat)
    perfusion = of_depth(block.perfusion)
    dz, dt = float(block.cell_width[0]), problems.CB4_END_s / problems.CB4_STEPS
    shape = (len(block.cell_width), block.rows, block.columns)
    start = jnp.broadcast_to(cu * (of_depth(block.start_degC) - _BEGIN), shape)

    def inside(H: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        ice = jnp.clip(-H / to_freeze, 0.0, 1.0)
        T = _BEGIN + jnp.maximum(H, 0.0) / cu - (_BEGIN - _END) * ice + jnp.minimum(H + to_freeze, 0.0) / cf
        return T, ku + (kf - ku) * ice, 1.0 - ice

    def number(exposure: jax.Array) -> jax.Array:
        h_cold, T_cold, speed = exposure

        def step(H: jax.Array, n: jax.Array) -> tuple[jax.Array, None]:
            T, k, liquid = inside(H)
            down = 2.0 / dz * k[1:] * k[:-1] / (k[1:] + k[:-1]) * jnp.diff(T, axis=0)
            bottom = 2.0 / dz * k[-1:] * (block.bottom_degC - T[-1:])
            share = smooth_footprint(block, centre_of((n + 0.5) * dt, speed, block.glide))
            room_h, room_T = problems.ROOM_W_PER_M2_K, problems.ROOM_degC
            h = room_h + share * (h_cold - room_h)
            pull = room_h * room_T + share * (h_cold * T_cold - room_h * room_T)
            top = (h * T[0] - pull) / (1.0 + h * 0.5 * dz / k[0])
            net = jnp.diff(jnp.concatenate([top[None], down, bottom]), axis=0) / dz
            for axis in (1, 2):
                first, last = (jax.lax.slice_in_dim(k, a, b, axis=axis) for a, b in ((0, -1), (1, None)))
                flow = 0.5 * (first + last) * jnp.diff(T, axis=axis) / block.spacing**2
                widths = [(0, 0)] * 3
                widths[axis] = (1, 1)
                net += jnp.diff(jnp.pad(flow, widths), axis=axis)
            net += perfusion * liquid * (problems.BLOOD_degC - T)
            return H + dt * net, None

        @jax.checkpoint
        def chunk(H: jax.Array, first: jax.Array) -> tuple[jax.Array, None]:
            return jax.lax.scan(step, H, first + jnp.arange(_CHUNK, dtype=jnp.float32))

        firsts = jnp.arange(0, problems.CB4_STEPS, _CHUNK, dtype=jnp.float32)
        return mean_at_depth(block, inside(jax.lax.scan(chunk, start, firsts)[0])[0])

    return number
