"""The column kernel: ten thousand skins through an hour."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from benchmarks.machine import best_of
from cryomassage.engine.batch import advance_in_parts
from cryomassage.engine.column import Layers, layered_column
from cryomassage.engine.solver import Exposure, locate_probes, start

COLUMNS, GROUPS, STEPS = 10_000, 36, 100
CELLS, GROWTH = (2, 4, 11, 8, 7), (1.0, 1.05, 1.28, 1.25, 1.2)
TARGET_S = 8.0


def kernel(columns: int = COLUMNS, groups: int = GROUPS, repeats: int = 3) -> dict[str, float]:
    """Many skins through groups of a hundred steps of one second."""
    per_layer = (
        [0.015e-3, 0.08e-3, 1.5e-3, 5e-3, 13e-3],
        [0.20, 0.21, 0.37, 0.21, 0.49],
        [4.9e6, 4.1e6, 3.76e6, 2.14e6, 3.73e6],
        [0.0, 0.0, 7500.0, 1900.0, 2500.0],
        [0.0, 0.0, 1800.0, 460.0, 990.0],
    )
    spread = np.random.default_rng(1).uniform(0.8, 1.2, (5, 5, columns))
    layers = Layers(*(np.array(values)[:, None] * factor for values, factor in zip(per_layer, spread, strict=True)))
    one = np.ones(columns)
    column = layered_column(layers, CELLS, GROWTH, 37.0 * one, 20.0 * one, 36.5 * one)
    shape = (groups, STEPS, 1, columns)
    cold = [jnp.full(shape, value, jnp.float32) for value in (100.0, 5.0, 0.0)]
    exposure = Exposure(jnp.ones((groups, columns), jnp.float32), *cold)
    state = start(column, jnp.full_like(column.cell_width, 33.0))
    probes = locate_probes(column, jnp.full((1, columns), 1e-4, jnp.float32))

    def work() -> object:
        return advance_in_parts(column, state, exposure, probes)

    first = best_of(1, work)
    seconds = best_of(repeats, work)
    return {
        "columns": columns,
        "cells": sum(CELLS),
        "steps": groups * STEPS,
        "first_run_s": first,
        "seconds": seconds,
        "target_s": TARGET_S,
        "cell_updates_per_s": sum(CELLS) * columns * groups * STEPS / seconds,
    }


def by_batch(sizes: tuple[int, ...]) -> list[dict[str, float]]:
    """What a batch costs as it grows, for six hundred steps."""
    return [kernel(size, groups=6, repeats=2) for size in sizes]
