"""CB-1 with plain Numba, offered like every peer; the steps are in `plain_numba`."""

from __future__ import annotations

import numba
import numpy as np

from benchmarks import problems
from benchmarks.peers import plain_numba
from benchmarks.peers.slab_solver import SlabSolver

DISTRIBUTION = "numba"


def prepare(slab: problems.Slab, steps_per_snapshot: int, snapshots: int, threads: int = 2) -> SlabSolver:
    """Single precision; the first steps compile."""
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    marching = plain_numba.SlabMarch(slab, steps_per_snapshot, snapshots, np.float32)
    return SlabSolver(marching.start, marching.march, marching.field, steps_per_snapshot, snapshots)
