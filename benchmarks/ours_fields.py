"""CB-4 and CB-5 solved by this package: freezing fields in JAX, which can be differentiated."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import problems
from benchmarks.peers.plain_jax_ice import centre_of, mean_at_depth, smooth_footprint
from cryomassage.engine.freezing import mushy_law
from cryomassage.engine.ice_field import Beside, FieldLaw, IceField, Surface, inside, step
from cryomassage.engine.patch_schedule import GAMMA

Array = np.ndarray
_HELD = 1e9
CB4_STEP_s, CB5_STEP_s = 0.05, 0.1
_CHUNK = 10
_SKINS_PER_PART = 250


def _law(
    conductivity: Array, capacity: Array, latent: Array, frozen_capacity: Array, frozen_conductivity: Array
) -> FieldLaw:
    """Laws of (cells, rings, skins)."""
    law = mushy_law(
        capacity,
        conductivity,
        latent,
        frozen_capacity,
        frozen_conductivity,
        problems.FREEZING_BEGINS_degC,
        problems.FREEZING_ENDS_degC,
    )
    parts = (
        law.knot_degC - problems.BLOOD_degC,
        law.temperature_gain,
        law.conductivity_gain * conductivity,
        law.ice_gain,
    )
    return FieldLaw(*(jnp.asarray(part, jnp.float32) for part in parts))


def _single(values: Array | float) -> jax.Array:
    return jnp.asarray(values, jnp.float32)


def cb4(block: problems.Block) -> Callable[[jax.Array], jax.Array]:
    """The number to be differentiated, by coefficient, temperature and speed of the applicator."""

    def of_depth(values: Array) -> Array:
        return values[:, None, None]

    width = of_depth(block.cell_width)
    between = Beside(_single(block.spacing**-2), _single(block.spacing**-2))
    field = IceField(
        volume=_single(width),
        upper=_single(0.5 * width),
        lower=_single(0.5 * width),
        capacity=_single(of_depth(block.heat_capacity) * width),
        conductivity=_single(of_depth(block.conductivity)),
        loss=_single(of_depth(block.perfusion) * width),
        source=jnp.zeros((1, 1, 1)),
        deep=_single([[_HELD]]),
        deep_degC=_single([[block.bottom_degC - problems.BLOOD_degC]]),
        law=_law(
            *(
                of_depth(part)
                for part in (
                    block.conductivity,
                    block.heat_capacity,
                    block.latent_heat,
                    block.frozen_heat_capacity,
                    block.frozen_conductivity,
                )
            )
        ),
        rings=between,
        skins=between,
    )
    shape = (len(block.cell_width), block.rows, block.columns)
    start = jnp.broadcast_to(_single(of_depth(block.start_degC - problems.BLOOD_degC)), shape)
    steps = round(problems.CB4_END_s / CB4_STEP_s)
    room_h = problems.ROOM_W_PER_M2_K
    room_pull = room_h * (problems.ROOM_degC - problems.BLOOD_degC)

    def number(exposure: jax.Array) -> jax.Array:
        h_cold, T_cold, speed = exposure

        def one(theta: jax.Array, n: jax.Array) -> tuple[jax.Array, None]:
            # The first stage stands for the first 1 - gamma of the step, the second for the rest.
            at = CB4_STEP_s * (n + jnp.array([0.5 * (1.0 - GAMMA), 1.0 - 0.5 * GAMMA]))
            share = jnp.stack([smooth_footprint(block, centre_of(time, speed, block.glide)) for time in at])
            coefficient = room_h + share * (h_cold - room_h)
            pull = room_pull + share * (h_cold * (T_cold - problems.BLOOD_degC) - room_pull)
            return step(field, theta, Surface(coefficient, pull), jnp.float32(CB4_STEP_s))[0], None

        @jax.checkpoint
        def chunk(theta: jax.Array, first: jax.Array) -> tuple[jax.Array, None]:
            return jax.lax.scan(one, theta, first + jnp.arange(_CHUNK, dtype=jnp.float32))

        end, _ = jax.lax.scan(chunk, start, jnp.arange(0, steps, _CHUNK, dtype=jnp.float32))
        return mean_at_depth(block, inside(field, end).temperature + problems.BLOOD_degC)

    return number


def _cb5_part(given: problems.Columns) -> tuple[IceField, Surface, jax.Array]:
    cells, skins = given.cells, len(given.coefficient)
    width = given.cell_width
    k = np.broadcast_to(given.conductivity, (cells, 1, skins))
    one = np.ones((cells, 1, skins))
    law = _law(
        k,
        given.heat_capacity * one,
        given.latent_heat * one,
        given.frozen_heat_capacity * one,
        given.frozen_over_unfrozen_conductivity * k,
    )
    half = _single(np.full((1, 1, 1), 0.5 * width))
    field = IceField(
        volume=2.0 * half,
        upper=half,
        lower=half,
        capacity=_single(np.full((1, 1, 1), given.heat_capacity * width)),
        conductivity=_single(k[:1]),
        loss=_single(given.perfusion * width)[None, None],
        source=jnp.zeros((1, 1, 1)),
        deep=_single([[_HELD]]),
        deep_degC=_single([[given.bottom_degC - problems.BLOOD_degC]]),
        law=FieldLaw(*(part[:, :1] for part in law)),
        rings=None,
        skins=None,
    )
    h = _single(given.coefficient)[None]
    pull = h * _single(given.temperature_degC - problems.BLOOD_degC)[None]
    start = jnp.broadcast_to(_single(given.start_degC - problems.BLOOD_degC)[:, None, None], (cells, 1, skins))
    return field, Surface(jnp.stack([h, h]), jnp.stack([pull, pull])), start


@jax.jit
def _advance(field: IceField, surface: Surface, theta: jax.Array, times: jax.Array) -> jax.Array:
    def one(theta: jax.Array, length: jax.Array) -> tuple[jax.Array, None]:
        return step(field, theta, surface, length)[0], None

    return inside(field, jax.lax.scan(one, theta, times)[0]).temperature


def cb5(given: problems.Columns, step_s: float = CB5_STEP_s) -> Array:
    """End temperatures (columns, cells)."""
    count = round(problems.CB5_END_s / step_s)
    lengths = jnp.full(count, problems.CB5_END_s / count, jnp.float32)

    def run(begin: int) -> Array:
        part = slice(begin, begin + _SKINS_PER_PART)
        some = given._replace(
            coefficient=given.coefficient[part],
            temperature_degC=given.temperature_degC[part],
            perfusion=given.perfusion[part],
            conductivity=given.conductivity[part],
        )
        return np.asarray(_advance(*_cb5_part(some), lengths))[:, 0].T + problems.BLOOD_degC

    with ThreadPoolExecutor(2) as pool:
        return np.concatenate(list(pool.map(run, range(0, len(given.coefficient), _SKINS_PER_PART))))
