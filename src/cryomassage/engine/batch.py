"""Large batches in parts: each part stays in the cache of a core, and the cores work side by side."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np

from cryomassage.engine.column import Column
from cryomassage.engine.solver import Exposure, Probes, State, Trace, advance
from cryomassage.engine.vasomotion import Vasomotion

# Eight arrays of 32 cells x 2,500 columns in float32 take 2.5 MB: one core's share of the caches of the processors
# that we have measured. Of 10,000 columns at once each step is fetched from memory anew and takes 1.6 times as long.
COLUMNS_PER_PART = 2_500


def advance_in_parts(
    column: Column,
    state: State,
    exposure: Exposure,
    probes: Probes,
    columns_per_part: int = COLUMNS_PER_PART,
    workers: int | None = None,
    vasomotion: Vasomotion | None = None,
) -> tuple[State, Trace]:
    """Step a batch like `advance`, part by part; the results are NumPy arrays.

    Args:
        column: the medium; its columns are cut into parts.
        state: where to begin.
        exposure: what the surface meets.
        probes: where to read.
        columns_per_part: columns of one part; the last part is filled up with copies, so that all have one shape.
        workers: parts worked at once; as many as there are cores if None.
        vasomotion: how the vessels answer, or None.
    """
    count = int(np.shape(column.deep_conductance)[0])
    size = min(columns_per_part, count)

    def run(begin: int) -> tuple[State, Trace]:
        # A slice is a view; only the last part needs an index, and with it a copy.
        where: slice | np.ndarray = slice(begin, begin + size)
        if begin + size > count:
            where = np.minimum(np.arange(begin, begin + size), count - 1)
        part = jax.tree.map(
            lambda values: np.asarray(values)[..., where],
            (column, state, exposure, probes, vasomotion),
        )
        result: tuple[State, Trace] = jax.tree.map(np.asarray, advance(*part[:4], vasomotion=part[4]))
        return result

    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        parts = list(pool.map(run, range(0, count, size)))
    joined: tuple[State, Trace] = jax.tree.map(lambda *values: np.concatenate(values, axis=-1)[..., :count], *parts)
    return joined
