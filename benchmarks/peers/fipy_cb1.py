"""CB-1 with FiPy: implicit Euler on a Grid2D; the moving exchange is an implicit source of the top row.

Conductivity on faces is FiPy's harmonic mean. Of the solvers of its SciPy suite, conjugate gradients without a
preconditioner are the fastest here (its Jacobi preconditioner calls a direct solver at each iteration); what is left
is mostly the assembly of the matrix at each step.
"""

from __future__ import annotations

import os

os.environ.setdefault("FIPY_SOLVERS", "scipy")

import numpy as np
from fipy import CellVariable, DiffusionTerm, Grid2D, ImplicitSourceTerm, TransientTerm
from fipy.solvers import LinearCGSolver

from benchmarks import problems
from benchmarks.peers.slab_solver import SlabSolver, whole_steps

Array = np.ndarray
DISTRIBUTION = "fipy"


def prepare(slab: problems.Slab, steps_per_snapshot: int, snapshots: int) -> SlabSolver:
    """Make mesh, variables and equation. FiPy's y runs down into the skin."""
    step = problems.SNAPSHOT_EVERY_s / steps_per_snapshot
    cells, columns = len(slab.cell_width), slab.columns
    even = bool(np.allclose(slab.cell_width, slab.cell_width[0]))
    dy = float(slab.cell_width[0]) if even else slab.cell_width
    mesh = Grid2D(dx=slab.spacing, dy=dy, nx=columns, ny=cells)

    def of_depth(values: Array) -> Array:
        return np.repeat(values, columns)

    T = CellVariable(mesh=mesh, value=of_depth(slab.start_degC), hasOld=True)
    T.constrain(slab.bottom_degC, mesh.facesTop)
    k = CellVariable(mesh=mesh, value=of_depth(slab.conductivity))
    capacity = CellVariable(mesh=mesh, value=of_depth(slab.heat_capacity))
    perfusion = CellVariable(mesh=mesh, value=of_depth(slab.perfusion))
    exchange = CellVariable(mesh=mesh, value=0.0)
    exchange_source = CellVariable(mesh=mesh, value=0.0)
    equation = TransientTerm(coeff=capacity) == (
        DiffusionTerm(coeff=k.harmonicFaceValue)
        - ImplicitSourceTerm(coeff=perfusion + exchange)
        + perfusion * problems.BLOOD_degC
        + exchange_source
    )
    solver = LinearCGSolver(tolerance=1e-7, iterations=2000, precon=None)

    glide = slab.glide
    share = glide.coverage(slab.x, np.full(columns, glide.radius), whole_steps(steps_per_snapshot, snapshots))
    width = slab.cell_width[0]
    cold, room = (float(slab.surface_conductance(h)) / width for h in (glide.coefficient, problems.ROOM_W_PER_M2_K))
    rate = share * cold + (1.0 - share) * room
    source = share * cold * glide.temperature_degC + (1.0 - share) * room * problems.ROOM_degC

    def start() -> None:
        T.setValue(of_depth(slab.start_degC))

    def march(first: int, last: int) -> None:
        top = np.zeros(cells * columns)
        for n in range(first, last):
            T.updateOld()
            top[:columns] = rate[n]
            exchange.setValue(top)
            top[:columns] = source[n]
            exchange_source.setValue(top)
            equation.solve(var=T, dt=step, solver=solver)

    def field(_steps_done: int) -> Array:
        return np.array(T.value).reshape(cells, columns)

    return SlabSolver(start, march, field, steps_per_snapshot, snapshots)
