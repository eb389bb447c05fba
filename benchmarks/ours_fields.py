"""CB-4 and CB-5 solved by this package: freezing fields in JAX, which can be differentiated."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import problems
from benchmarks.peers.plain_jax_ice import centre_of, mean_at_depth, smooth_footprint
from cryomassage.engine.column import Column
from cryomassage.engine.differentiable import (
    Surface,
    column_field,
    enthalpy_temperature_K,
    march,
    patch_field,
    steps_after_jump,
    surface_of,
    temperature_degC,
)
from cryomassage.engine.freezing import mushy_law
from cryomassage.engine.patch import FreezingLaw, Patch
from cryomassage.engine.patch_schedule import GAMMA

Array = np.ndarray
_HELD = 1e9
CB4_STEP_s = 0.05
_CB4_CHUNK = 12
_SKINS_PER_PART = 250
# Steps are short after the jump that begins CB-5; what a stage leaves undone is far below their error.
_CB5_TOLERANCE_K = 0.1


def cb4(block: problems.Block, step_s: float = CB4_STEP_s) -> Callable[[jax.Array], jax.Array]:
    """The number to be differentiated, by coefficient, temperature and speed of the applicator."""
    law = mushy_law(
        block.heat_capacity,
        block.conductivity,
        block.latent_heat,
        block.frozen_heat_capacity,
        block.frozen_conductivity,
        problems.FREEZING_BEGINS_degC,
        problems.FREEZING_ENDS_degC,
    )
    patch = Patch(
        cell_width=block.cell_width,
        thermal_conductivity=block.conductivity,
        volumetric_heat_capacity=block.heat_capacity,
        perfusion_conductance=block.perfusion,
        metabolic_heat_production=np.zeros_like(block.perfusion),
        arterial_temperature_degC=problems.BLOOD_degC,
        deep_conductance=_HELD,
        deep_temperature_degC=block.bottom_degC,
        rows=block.rows,
        columns=block.columns,
        spacing=block.spacing,
        freezing=law,
    )
    shape = (len(block.cell_width), block.rows, block.columns)
    begin_degC = np.broadcast_to(block.start_degC[:, None, None], shape)
    lengths = jnp.full(round(problems.CB4_END_s / step_s), step_s, jnp.float32)
    # The first stage stands for the first 1 - gamma of a step, the second for the rest: in the middle of each, and so
    # never at a turning point, where the derivative by the speed jumps.
    within = np.array([0.5 * (1.0 - GAMMA), 1.0 - 0.5 * GAMMA])
    middles = jnp.asarray(step_s * (np.arange(len(lengths))[:, None] + within), jnp.float32).ravel()
    room_h = problems.ROOM_W_PER_M2_K
    room_pull = room_h * (problems.ROOM_degC - problems.BLOOD_degC)

    def number(exposure: jax.Array) -> jax.Array:
        h_cold, T_cold, speed = exposure
        field = patch_field(patch)

        share = jax.vmap(lambda time_s: smooth_footprint(block, centre_of(time_s, speed, block.glide)))(middles)
        share = share.reshape(-1, 2, block.rows, block.columns)
        pull = room_pull + share * (h_cold * (T_cold - problems.BLOOD_degC) - room_pull)
        start = enthalpy_temperature_K(field, jnp.asarray(begin_degC, jnp.float32))
        met = Surface(room_h + share * (h_cold - room_h), pull)
        end, _ = march(field, start, met, lengths, steps_per_chunk=_CB4_CHUNK)
        return mean_at_depth(block, temperature_degC(field, end))

    return number


@jax.jit
def _advance(
    column: Column, law: FreezingLaw, start_degC: jax.Array, h: jax.Array, T: jax.Array, lengths: jax.Array
) -> jax.Array:
    field = column_field(column, law)
    start = enthalpy_temperature_K(field, start_degC[:, None])
    end, _ = march(field, start, surface_of(field, h[None], T[None]), lengths, tolerance_K=_CB5_TOLERANCE_K)
    return temperature_degC(field, end)[:, 0].T


def cb5(given: problems.Columns, steps: int) -> Array:
    """End temperatures (columns, cells)."""
    lengths = jnp.asarray(steps_after_jump(problems.CB5_END_s, steps), jnp.float32)
    one = np.ones((given.cells, _SKINS_PER_PART), np.float32)
    single = one[:1]

    def run(begin: int) -> Array:
        part = slice(begin, begin + _SKINS_PER_PART)
        k = given.conductivity[None, part].astype(np.float32)
        column = Column(
            cell_width=given.cell_width * one,
            thermal_conductivity=k * one,
            volumetric_heat_capacity=given.heat_capacity * one,
            perfusion_conductance=given.perfusion[part].astype(np.float32) * one,
            metabolic_heat_production=0.0 * one,
            arterial_temperature_degC=problems.BLOOD_degC * single[0],
            deep_conductance=_HELD * single[0],
            deep_temperature_degC=given.bottom_degC * single[0],
        )
        # All columns freeze alike, at every depth.
        law = mushy_law(
            given.heat_capacity * single,
            k,
            given.latent_heat * single,
            given.frozen_heat_capacity * single,
            given.frozen_over_unfrozen_conductivity * k,
            problems.FREEZING_BEGINS_degC,
            problems.FREEZING_ENDS_degC,
        )
        start_degC = given.start_degC[:, None].astype(np.float32) * one
        h, T = given.coefficient[part].astype(np.float32), given.temperature_degC[part].astype(np.float32)
        law = FreezingLaw(*(value.astype(np.float32) for value in law))
        return np.asarray(_advance(column, law, start_degC, h, T, lengths))

    with ThreadPoolExecutor(2) as pool:
        return np.concatenate(list(pool.map(run, range(0, len(given.coefficient), _SKINS_PER_PART))))
