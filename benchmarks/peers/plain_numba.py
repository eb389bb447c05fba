"""What a good engineer writes in an afternoon with Numba: explicit steps of slabs and blocks, implicit ones of columns.

Also the reference of the error tables: in double precision, with small steps, and independent of the package.
"""

from __future__ import annotations

import numba
import numpy as np

from benchmarks import problems
from benchmarks.peers.slab_solver import whole_steps

Array = np.ndarray


@numba.njit(parallel=True, fastmath=True, cache=True)
def _slab_steps(old, new, rate_above, rate_below, rate_side, rate_blood, blood, bottom, surface_rate, surface_source):
    """Explicit steps of a slab; rates in 1/step, (cells,); the two of the surface (steps, columns)."""
    cells, columns = old.shape
    for step in range(surface_rate.shape[0]):
        for i in numba.prange(cells):
            up, here, out = old[max(i - 1, 0)], old[i], new[i]
            above, below, side, loss = rate_above[i], rate_below[i], rate_side[i], rate_blood[i]
            if i < cells - 1:
                down = old[i + 1]
                for x in range(1, columns - 1):
                    t = here[x]
                    out[x] = (
                        t
                        + above * (up[x] - t)
                        + below * (down[x] - t)
                        + side * (here[x - 1] + here[x + 1] - 2.0 * t)
                        + loss * (blood - t)
                    )
            else:
                for x in range(1, columns - 1):
                    t = here[x]
                    out[x] = (
                        t
                        + above * (up[x] - t)
                        + below * (bottom - t)
                        + side * (here[x - 1] + here[x + 1] - 2.0 * t)
                        + loss * (blood - t)
                    )
            for x in (0, columns - 1):
                t = here[x]
                beside = here[1] if x == 0 else here[columns - 2]
                under = old[i + 1, x] if i < cells - 1 else bottom
                out[x] = t + above * (up[x] - t) + below * (under - t) + side * (beside - t) + loss * (blood - t)
            if i == 0:
                for x in range(columns):
                    out[x] += surface_source[step, x] - surface_rate[step, x] * here[x]
        old, new = new, old
    return old, new


class SlabMarch:
    """CB-1 by explicit Euler; how long each step was under the applicator is exact."""

    def __init__(self, slab: problems.Slab, steps_per_snapshot: int, snapshots: int, precision: type):
        step = problems.SNAPSHOT_EVERY_s / steps_per_snapshot
        storage, face, glide = slab.heat_capacity * slab.cell_width, slab.face_conductance, slab.glide
        rates = (
            np.append(0.0, face[:-1]) / storage,
            face / storage,
            slab.conductivity / slab.heat_capacity / slab.spacing**2,
            slab.perfusion / slab.heat_capacity,
        )
        self.rates = [(step * values).astype(precision) for values in rates]
        self.held = precision(problems.BLOOD_degC), precision(slab.bottom_degC)
        edges = whole_steps(steps_per_snapshot, snapshots)
        share = glide.coverage(slab.x, np.full(slab.columns, glide.radius), edges)
        cold, room = (
            float(slab.surface_conductance(h)) * step / storage[0]
            for h in (glide.coefficient, problems.ROOM_W_PER_M2_K)
        )
        self.surface_rate = (share * cold + (1.0 - share) * room).astype(precision)
        self.surface_source = (
            share * cold * glide.temperature_degC + (1.0 - share) * room * problems.ROOM_degC
        ).astype(precision)
        self.begin = np.repeat(slab.start_degC[:, None], slab.columns, axis=1).astype(precision)
        self.start()

    def start(self) -> None:
        """Set the first temperature."""
        self.now, self.next = self.begin.copy(), np.empty_like(self.begin)

    def march(self, first: int, last: int) -> None:
        """Step from one number of steps done to another."""
        exchange = self.surface_rate[first:last], self.surface_source[first:last]
        self.now, self.next = _slab_steps(self.now, self.next, *self.rates, *self.held, *exchange)

    def field(self, _steps_done: int) -> Array:
        """Temperatures (cells, columns)."""
        return self.now.copy()


def cb1(slab: problems.Slab, steps_per_snapshot: int, snapshots: int) -> Array:
    """CB-1 in double precision, (snapshots, cells, columns)."""
    marching = SlabMarch(slab, steps_per_snapshot, snapshots, np.float64)
    told = []
    for done in range(0, snapshots * steps_per_snapshot, steps_per_snapshot):
        marching.march(done, done + steps_per_snapshot)
        told.append(marching.field(done))
    return np.stack(told)
