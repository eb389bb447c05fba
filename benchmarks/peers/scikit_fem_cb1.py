"""CB-1 with scikit-fem: bilinear quadrilaterals, matrices assembled once, the implicit midpoint rule.

The exchange of each facet scales a boundary matrix that is assembled once as well. The rest is factorised once, with
the room's exchange all over, and preconditions conjugate gradients, which then takes a few iterations for the moving
part: faster than a factorisation at each step.
"""

from __future__ import annotations

from operator import attrgetter

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.linalg import LinearOperator, cg, splu
from skfem import Basis, BilinearForm, ElementQuad1, FacetBasis, MeshQuad
from skfem.helpers import dot, grad

from benchmarks import problems
from benchmarks.peers.slab_solver import SlabSolver, whole_steps

Array = np.ndarray
DISTRIBUTION = "scikit-fem"


@BilinearForm
def _storage(u, v, w):
    return w["by"] * u * v


@BilinearForm
def _conduction(u, v, w):
    return w["by"] * dot(grad(u), grad(v))


@BilinearForm
def _exchange(u, v, w):
    return u * v


def prepare(slab: problems.Slab, steps_per_snapshot: int, snapshots: int) -> SlabSolver:
    """Assemble and factorise."""
    step = problems.SNAPSHOT_EVERY_s / steps_per_snapshot
    x = np.linspace(0.0, slab.columns * slab.spacing, slab.columns + 1)
    z = np.append(0.0, np.cumsum(slab.cell_width))
    mesh = MeshQuad.init_tensor(x, z)
    basis = Basis(mesh, ElementQuad1())
    middle = mesh.p[:, mesh.t].mean(axis=1)
    layer = np.clip(np.searchsorted(z, middle[1]) - 1, 0, len(z) - 2)

    def in_elements(values: Array) -> Array:
        return np.repeat(values[layer][:, None], basis.X.shape[1], axis=1)

    capacity = _storage.assemble(basis, by=in_elements(slab.heat_capacity))
    conduction = _conduction.assemble(basis, by=in_elements(slab.conductivity))
    blood = _storage.assemble(basis, by=in_elements(slab.perfusion))

    facets = mesh.facets_satisfying(lambda at: at[1] < 1e-9, boundaries_only=True)
    where, data = attrgetter("indices", "data")(_exchange.coo_data(FacetBasis(mesh, ElementQuad1(), facets=facets)))
    # coo_data lists, for each pair of shape functions, all facets.
    facet = np.tile(np.arange(len(facets)), len(data) // len(facets))
    facet_x = mesh.p[0, mesh.facets[:, facets]].mean(axis=0)
    unknowns = mesh.p.shape[1]
    is_held = mesh.p[1] > z[-1] - 1e-9
    free, held = np.flatnonzero(~is_held), np.flatnonzero(is_held)
    number = np.full(unknowns, -1)
    number[free] = np.arange(len(free))

    def boundary(coefficient: Array) -> csr_matrix:  # the surface is free throughout
        entries = (data * coefficient[facet], (number[where[0]], number[where[1]]))
        return coo_matrix(entries, shape=2 * (len(free),)).tocsr()

    glide = slab.glide
    share = glide.coverage(facet_x, np.full(len(facets), glide.radius), whole_steps(steps_per_snapshot, snapshots))
    room_h, room_T = problems.ROOM_W_PER_M2_K, problems.ROOM_degC
    rate = share * glide.coefficient + (1.0 - share) * room_h
    source = share * glide.coefficient * glide.temperature_degC + (1.0 - share) * room_h * room_T
    middle_h = np.full(len(facets), 0.25 * glide.coefficient)
    storage = (capacity * (2.0 / step))[free].tocsr()
    fixed = (capacity * (2.0 / step) + conduction + blood).tocsr()[free]
    fixed_free, fixed_held = fixed[:, free], fixed[:, held]
    factor = splu(
        (fixed_free + boundary(middle_h)).tocsc(),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    precondition = LinearOperator(2 * (len(free),), factor.solve)
    ones = np.ones(len(free))
    steady = (blood @ np.ones(unknowns))[free] * problems.BLOOD_degC - fixed_held @ np.full(len(held), slab.bottom_degC)
    depth = mesh.p[1] / z[-1]
    state = {"T": 33.0 + 4.0 * depth}

    def start() -> None:
        state["T"] = 33.0 + 4.0 * depth

    def march(first: int, last: int) -> None:
        T = state["T"]
        for n in range(first, last):
            right = storage @ T + steady + boundary(source[n]) @ ones
            half, _ = cg(fixed_free + boundary(rate[n]), right, x0=T[free], rtol=1e-7, M=precondition)
            T[free] = 2.0 * half - T[free]
            T[held] = slab.bottom_degC
        state["T"] = T

    grid = np.lexsort((mesh.p[0], np.round(mesh.p[1], 9)))

    def field(_steps_done: int) -> Array:
        nodes = state["T"][grid].reshape(len(z), len(x))
        return 0.25 * (nodes[1:, 1:] + nodes[1:, :-1] + nodes[:-1, 1:] + nodes[:-1, :-1])

    return SlabSolver(start, march, field, steps_per_snapshot, snapshots)
