"""CB-1 with py-pde: a PDE from expressions, compiled with its Numba backend, explicit Euler steps.

`solve` is the call of its documentation; a second one in a process still sets up for seconds, so that the stepping
alone is timed as well. Its one-sided derivatives, one within the other, make the compact stencil with conductivities
of faces; the moving applicator is a mixed boundary condition by an expression of x and t. Large explicit steps are the
fastest way here: the implicit solvers of py-pde iterate on the whole right-hand side. Uniform grids only.
"""

from __future__ import annotations

import numpy as np
from pde import PDE, CartesianGrid, EulerSolver, ScalarField

from benchmarks import problems
from benchmarks.peers.slab_solver import SlabSolver

Array = np.ndarray
DISTRIBUTION = "py-pde"


def prepare(slab: problems.Slab, steps_per_snapshot: int, snapshots: int) -> SlabSolver:
    """Write the equation and compile the stepper."""
    step = problems.SNAPSHOT_EVERY_s / steps_per_snapshot
    cells, columns, width = len(slab.cell_width), slab.columns, float(slab.cell_width[0])
    grid = CartesianGrid([[0.0, columns * slab.spacing], [0.0, cells * width]], [columns, cells])

    def of_depth(values: Array) -> Array:
        return np.repeat(values[None, :], columns, axis=0)

    def constant(values: Array) -> ScalarField:
        return ScalarField(grid, of_depth(values))

    glide = slab.glide
    leg = glide.leg_s
    centre = f"({glide.first_x} + {glide.speed} * Abs(((t + {leg}) % {2 * leg}) - {leg}))"
    under = f"Heaviside({glide.radius} - Abs(x - {centre}), 1)"
    room_h, room_T = problems.ROOM_W_PER_M2_K, problems.ROOM_degC
    conductivity = slab.conductivity[0]
    cold_h, cold_hT = glide.coefficient, glide.coefficient * glide.temperature_degC
    exchange = {
        "type": "mixed_expression",
        "value": f"({room_h} + {cold_h - room_h} * {under}) / {conductivity}",
        "const": f"({room_h * room_T} + {cold_hT - room_h * room_T} * {under}) / {conductivity}",
    }
    sides = {"x": {"derivative": 0}}
    equation = PDE(
        {"T": f"(d_dy_forward(face * d_dy_backward(T)) + k * d2_dx2(T)) / C + blood * ({problems.BLOOD_degC} - T)"},
        bc_ops={
            "T:d_dy_backward": {**sides, "y-": exchange, "y+": {"value": slab.bottom_degC}},
            "T:d_dy_forward": {**sides, "y-": {"derivative": 0}, "y+": {"curvature": 0}},
            "T:d2_dx2": {**sides, "y": {"derivative": 0}},
        },
        consts={
            "face": constant(np.append(conductivity, slab.face_conductance[:-1] * width)),
            "k": constant(slab.conductivity),
            "C": constant(slab.heat_capacity),
            "blood": constant(slab.perfusion / slab.heat_capacity),
        },
    )
    state = ScalarField(grid, of_depth(slab.start_degC))
    stepper = EulerSolver(equation, backend="numba").make_stepper(state, dt=step)

    def start() -> None:
        state.data[:] = of_depth(slab.start_degC)

    def march(first: int, last: int) -> None:
        # Half a step before the end, so that rounding adds no step.
        stepper(state, first * step, (last - 0.5) * step)

    def field(_steps_done: int) -> Array:
        return np.array(state.data).T.copy()

    def call() -> None:
        begin = ScalarField(grid, of_depth(slab.start_degC))
        end_s = problems.SNAPSHOT_EVERY_s * snapshots
        equation.solve(begin, t_range=end_s, dt=step, backend="numba", solver="euler", tracker=None)

    return SlabSolver(start, march, field, steps_per_snapshot, snapshots, call)
