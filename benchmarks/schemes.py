"""Ways to step a patch, held against each other on CB-1 where nothing but the scheme differs: the evidence for ours.

All are written plainly, in double precision, on one grid, with the exchange of the applicator averaged exactly over
each step (over each stage for the two-stage scheme). Error is that of the step alone: against the same grid with the
step taken to zero. Cost is counted in tridiagonal solves (or products with a dense matrix) per step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.linalg import expm

from benchmarks import errors, problems
from cryomassage.engine.patch_schedule import GAMMA

Array = np.ndarray
_COLUMNS, _CELLS, _GROWTH = 60, (3, 12, 12, 6), (1.1, 1.05, 1.1, 1.1)
_STEPS = (3, 5, 10, 20)
_SNAPSHOTS = 16
_BLOOD = problems.BLOOD_degC
Step = Callable[[Array, float], Array]


class _Discrete:
    """CB-1 in cells: C dT/dt = depth + sideways, relative to the blood."""

    def __init__(self, slab: problems.Slab):
        self.slab = slab
        self.capacity = (slab.heat_capacity * slab.cell_width)[:, None]
        face = slab.face_conductance
        self.face = face[:-1, None]
        self.deep = face[-1]
        self.loss = (slab.perfusion * slab.cell_width)[:, None]
        self.sideways = (slab.conductivity * slab.cell_width)[:, None] / slab.spacing**2
        self.deep_K = slab.bottom_degC - _BLOOD

    def beside(self, T: Array) -> Array:
        """Heat from the columns on both sides."""
        flow = self.sideways * np.diff(T, axis=1)
        return np.pad(flow, ((0, 0), (0, 1))) - np.pad(flow, ((0, 0), (1, 0)))

    def depth(self, T: Array, h: Array, pull: Array) -> Array:
        """Heat from above, below, blood and surface; h and pull are what the first cell meets."""
        down = self.face * np.diff(T, axis=0)
        net = np.pad(down, ((0, 1), (0, 0))) - np.pad(down, ((1, 0), (0, 0))) - self.loss * T
        net[0] += pull - h * T[0]
        net[-1] += self.deep * (self.deep_K - T[-1])
        return np.asarray(net)

    def solve(self, weight: Array, h: Array, right: Array) -> Array:
        """(weight - d depth/dT) x = right, by elimination from below."""
        cells = len(right)
        pivot, value = np.empty_like(right), np.array(right)
        own = weight + self.loss + np.zeros_like(right)
        own[0] += h
        own[-1] += self.deep
        own[1:] += self.face
        own[:-1] += self.face
        pivot[-1] = own[-1]
        for i in range(cells - 2, -1, -1):
            share = self.face[i] / pivot[i + 1]
            pivot[i] = own[i] - share * self.face[i]
            value[i] += share * value[i + 1]
        value[0] /= pivot[0]
        for i in range(1, cells):
            value[i] = (value[i] + self.face[i - 1] * value[i - 1]) / pivot[i]
        return value

    def matrix(self, h: float) -> Array:
        """d depth/dT over the capacity, with one exchange for all columns."""
        cells = len(self.capacity)
        unit = np.eye(cells)
        zero = self.depth(np.zeros((cells, 1)), np.array([h]), np.zeros(1))
        told = [self.depth(unit[:, [i]], np.array([h]), np.zeros(1)) - zero for i in range(cells)]
        return np.asarray(np.concatenate(told, axis=1) / self.capacity)


class _Exchange:
    """What the first cell meets, on average over stretches of time."""

    def __init__(self, slab: problems.Slab, edges_s: Array):
        cover = slab.glide.coverage(slab.x, np.full(slab.columns, slab.glide.radius), edges_s)
        h = cover * slab.glide.coefficient + (1.0 - cover) * problems.ROOM_W_PER_M2_K
        cold = cover * slab.glide.coefficient * (slab.glide.temperature_degC - _BLOOD)
        pull = cold + (1.0 - cover) * problems.ROOM_W_PER_M2_K * (problems.ROOM_degC - _BLOOD)
        damping = 1.0 / (1.0 + h * 0.5 * slab.cell_width[0] / slab.conductivity[0])
        self.h, self.pull = h * damping, pull * damping


def _one_solve(theta: float) -> Callable[[_Discrete, float, Array], Callable[[Array, int], Array]]:
    """Depth with the weight `theta` on the end of the step, sideways explicit: one solve."""

    def make(given: _Discrete, step_s: float, edges: Array) -> Callable[[Array, int], Array]:
        meets, weight = _Exchange(given.slab, edges), given.capacity / (theta * step_s)

        def step(T: Array, n: int) -> Array:
            net = given.depth(T, meets.h[n], meets.pull[n]) + given.beside(T)
            return np.asarray(T + given.solve(weight, meets.h[n], net) / theta)

        return step

    return make


def _strang(given: _Discrete, step_s: float, edges: Array) -> Callable[[Array, int], Array]:
    """Half a step sideways by Heun's method, a step in depth by Crank and Nicolson, half a step sideways."""
    meets, weight = _Exchange(given.slab, edges), 2.0 * given.capacity / step_s

    def aside(T: Array) -> Array:
        slope = given.beside(T) / given.capacity
        return T + 0.25 * step_s * (slope + given.beside(T + 0.5 * step_s * slope) / given.capacity)

    def step(T: Array, n: int) -> Array:
        T = aside(T)
        T = T + 2.0 * given.solve(weight, meets.h[n], given.depth(T, meets.h[n], meets.pull[n]))
        return aside(T)

    return step


def _exponential(given: _Discrete, step_s: float, edges: Array) -> Callable[[Array, int], Array]:
    """Depth without the applicator exactly, by its modes; applicator and sideways split off in halves around it."""
    meets = _Exchange(given.slab, edges)
    room = float(given.slab.surface_conductance(problems.ROOM_W_PER_M2_K))
    made = expm(step_s * given.matrix(room))
    rest = given.depth(np.zeros((len(made), 1)), np.array([room]), np.array([room * (problems.ROOM_degC - _BLOOD)]))
    still = np.linalg.solve(given.matrix(room), -rest / given.capacity)  # where the columns come to rest
    share = 0.5 * step_s / given.capacity[0]

    def half(T: Array, n: int) -> Array:
        T = T + 0.5 * step_s * given.beside(T) / given.capacity
        more, pull = meets.h[n] - room, meets.pull[n] - room * (problems.ROOM_degC - _BLOOD)
        # The first cell against the applicator alone, exactly.
        fade = np.exp(-share * more)
        towards = np.divide(pull, more, out=np.zeros_like(pull), where=more > 1e-9)
        T[0] = towards + (T[0] - towards) * fade
        return T

    def step(T: Array, n: int) -> Array:
        return half(still + made @ (half(T, n) - still), n)

    return step


def _two_stages(given: _Discrete, step_s: float, edges: Array) -> Callable[[Array, int], Array]:
    """The scheme of the patch kernel; see there."""
    both = np.stack([edges[:-1], edges[1:] - GAMMA * step_s], axis=1).reshape(-1)
    meets, weight = _Exchange(given.slab, np.append(both, edges[-1])), given.capacity / (GAMMA * step_s)
    more = 1.0 / (2.0 * GAMMA**2)

    def step(T: Array, n: int) -> Array:
        h, pull, h_now, pull_now = meets.h[2 * n], meets.pull[2 * n], meets.h[2 * n + 1], meets.pull[2 * n + 1]
        first = given.solve(weight, h, given.depth(T, h, pull) + given.beside(T))
        S = T + first
        net = given.depth(S, h, pull) + given.beside(S)
        net[0] += ((pull_now - h_now * S[0]) - (pull - h * S[0])) / more
        net -= 2.0 * GAMMA * weight * first
        return np.asarray(S + more * given.solve(weight, h_now, net))

    return step


SCHEMES: dict[str, tuple[Callable[[_Discrete, float, Array], Callable[[Array, int], Array]], str]] = {
    "backward Euler in depth": (_one_solve(1.0), "1"),
    "θ = 0.6 in depth": (_one_solve(0.6), "1"),
    "Strang, Crank–Nicolson in depth": (_strang, "1, and four products"),
    "exponential (modal) depth, exchange split off": (_exponential, "1 dense product"),
    "two stages, linearly implicit in depth (ours)": (_two_stages, "2"),
}


def compare(quick: bool) -> list[dict[str, Any]]:
    """Error by the step at the surface and in the field, for each scheme and step."""
    snapshots = _SNAPSHOTS // 4 if quick else _SNAPSHOTS
    slab = problems.cb1_graded(_COLUMNS, _CELLS, _GROWTH)
    given, reference = _Discrete(slab), errors.same_grid_reference(slab, snapshots)
    told = []
    for name, (make, cost) in SCHEMES.items():
        for count in _STEPS:
            step_s = problems.SNAPSHOT_EVERY_s / count
            step = make(given, step_s, step_s * np.arange(count * snapshots + 1))
            T = np.repeat(slab.start_degC[:, None] - _BLOOD, slab.columns, axis=1)
            fields = []
            for n in range(count * snapshots):
                T = step(T, n)
                if (n + 1) % count == 0:
                    fields.append(T + _BLOOD)
            off = errors.error_of(slab, errors.see_slab(slab, np.stack(fields)), reference)
            told.append({"scheme": name, "cost": cost, "step_s": step_s, **off._asdict()})
    return told
