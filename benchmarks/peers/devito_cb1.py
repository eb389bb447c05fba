"""CB-1 with Devito: explicit finite volumes as symbolic equations, compiled to C with OpenMP.

Boundary rows are equations of their own with explicit indices, as in Devito's tutorials on fluid dynamics; how long
each step is under the applicator comes in as a function of time and x. Single precision, all optimisations, and the
faster of one and two threads.
"""

from __future__ import annotations

import os

os.environ.setdefault("DEVITO_LOGGING", "ERROR")
os.environ.setdefault("DEVITO_LANGUAGE", "openmp")

import numpy as np
from devito import Dimension, Eq, Function, Grid, Operator, SpaceDimension, TimeFunction

from benchmarks import problems
from benchmarks.peers.slab_solver import SlabSolver, whole_steps

Array = np.ndarray
DISTRIBUTION = "devito"
THREADS = (1, 2)


def prepare(slab: problems.Slab, steps_per_snapshot: int, snapshots: int, threads: int = 2) -> SlabSolver:
    """Compile the operator of one grid and step."""
    step = problems.SNAPSHOT_EVERY_s / steps_per_snapshot
    count = steps_per_snapshot * snapshots
    cells, columns = len(slab.cell_width), slab.columns
    z, x = (SpaceDimension(name=name) for name in "zx")
    grid = Grid(shape=(cells, columns), dimensions=(z, x), dtype=np.float32)
    time, t = grid.time_dim, grid.stepping_dim
    T = TimeFunction(name="T", grid=grid, space_order=1, time_order=1)

    storage = slab.heat_capacity * slab.cell_width
    face = slab.face_conductance

    def of_depth(name: str, values: Array) -> Function:
        made = Function(name=name, grid=grid, dimensions=(z,), shape=(cells,), space_order=0)
        made.data[:] = step * values
        return made

    above = of_depth("above", np.append(0.0, face[:-1]) / storage)
    below = of_depth("below", face / storage)
    side = of_depth("side", slab.conductivity / slab.heat_capacity / slab.spacing**2)
    loss = of_depth("loss", slab.perfusion / slab.heat_capacity)

    row = Dimension(name="row")
    glide, edges = slab.glide, whole_steps(steps_per_snapshot, snapshots)
    share = glide.coverage(slab.x, np.full(columns, glide.radius), edges)
    cold, room = (
        float(slab.surface_conductance(h)) * step / storage[0] for h in (glide.coefficient, problems.ROOM_W_PER_M2_K)
    )
    surface = TimeFunction(
        name="surface", grid=grid, dimensions=(time, row, x), shape=(count, 2, columns), save=count, space_order=0
    )
    surface.data[:, 0] = share * cold + (1.0 - share) * room
    surface.data[:, 1] = share * cold * glide.temperature_degC + (1.0 - share) * room * problems.ROOM_degC

    here, up, down = T[t, z, x], T[t, z - 1, x], T[t, z + 1, x]
    flow = (
        above * (up - here)
        + below * (down - here)
        + side * (T[t, z, x - 1] + T[t, z, x + 1] - 2 * here)
        + loss * (problems.BLOOD_degC - here)
    )
    top = T[t + 1, 0, x] + surface[time, 1, x] - surface[time, 0, x] * T[t, 0, x]
    operator = Operator(
        [
            Eq(T.forward, here + flow),
            Eq(T[t + 1, 0, x], top),
            Eq(T[t + 1, z, -1], T[t + 1, z, 0]),
            Eq(T[t + 1, z, columns], T[t + 1, z, columns - 1]),
        ],
        opt="advanced",
    )

    def start() -> None:
        T.data_with_halo[:] = slab.bottom_degC
        T.data_with_halo[:, 1:-1] = slab.start_degC[:, None]

    def march(first: int, last: int) -> None:
        operator.apply(time_m=first, time_M=last - 1, nthreads=threads)

    def field(steps_done: int) -> Array:
        return np.array(T.data[steps_done % 2])

    return SlabSolver(start, march, field, steps_per_snapshot, snapshots)
