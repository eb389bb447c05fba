"""Errors of a field against references: the same grid with the step taken to zero, and the grid refined as well.

Every field is compared at its own cell centres, weighted by the size of the cells, and at the surface. The surface
follows from the first cell and from what touches it at that instant. The references are read there as linear in the
thermal resistance; they are fine enough for it. That reading is the same for every engine.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmarks import problems
from benchmarks.peers import plain_numba

Array = np.ndarray


class Error(NamedTuple):
    """Of temperature over space and time, K."""

    surface_rms_K: float
    surface_p99_K: float
    surface_max_K: float
    field_rms_K: float
    field_p99_K: float
    field_max_K: float

    def no_larger_than(self, other: Error) -> bool:
        """By root mean square and 99th percentile, of the surface and of the field."""
        return all(
            getattr(self, name) <= getattr(other, name)
            for name in ("surface_rms_K", "surface_p99_K", "field_rms_K", "field_p99_K")
        )


class Seen(NamedTuple):
    """What is compared: surface (snapshots, columns) and field (snapshots, cells, columns)."""

    surface_degC: Array
    field_degC: Array


def error_of(slab: problems.Slab, seen: Seen, reference: Seen) -> Error:
    """Over all snapshots, columns and cells."""
    surface = np.abs(seen.surface_degC - reference.surface_degC)
    field = np.abs(seen.field_degC - reference.field_degC)
    weight = slab.cell_width / slab.cell_width.sum()
    mean_square = np.sum(weight * np.mean(field**2, axis=(0, 2)))
    # The 99th percentile by volume: cells in falling order of error, until one percent of the volume is used up.
    share = np.repeat(weight / (field.shape[0] * field.shape[2]), field.shape[0] * field.shape[2])
    off = np.moveaxis(field, 1, 0).reshape(-1)
    order = np.argsort(-off)
    used = np.searchsorted(np.cumsum(share[order]), 0.01)
    return Error(
        float(np.sqrt(np.mean(surface**2))),
        float(np.quantile(surface, 0.99)),
        float(surface.max()),
        float(np.sqrt(mean_square)),
        float(off[order[used]]),
        float(field.max()),
    )


def snapshot_times(snapshots: int) -> Array:
    """Of CB-1, s."""
    return problems.SNAPSHOT_EVERY_s * np.arange(1, snapshots + 1)


def _surface(slab: problems.Slab, field: Array) -> Array:
    """Surface temperature (snapshots, columns) from the first cell and what touches it at the snapshots."""
    times = snapshot_times(len(field))
    under = np.abs(slab.x - slab.glide.centre(times)[:, None]) <= slab.glide.radius
    coefficient = np.where(under, slab.glide.coefficient, problems.ROOM_W_PER_M2_K)
    outside = np.where(under, slab.glide.temperature_degC, problems.ROOM_degC)
    half = slab.conductivity[0] / (0.5 * slab.cell_width[0])
    return np.asarray((half * field[:, 0] + coefficient * outside) / (half + coefficient))


def _resistance(slab: problems.Slab, depth: Array) -> Array:
    """Thermal resistance from the surface down to a depth, m^2 K/W."""
    faces = np.append(0.0, np.cumsum(slab.cell_width))
    to_face = np.append(0.0, np.cumsum(slab.cell_width / slab.conductivity))
    return np.interp(depth, faces, to_face)


def see_slab(slab: problems.Slab, field: Array) -> Seen:
    """What a run tells at its own cells."""
    field = np.asarray(field, float)
    return Seen(_surface(slab, field), field)


def _read(slab: problems.Slab, field: Array, at: problems.Slab) -> Seen:
    """A field of one grid at the cells of another."""
    seen = see_slab(slab, field)
    bottom = np.full((len(field), 1, slab.columns), slab.bottom_degC)
    column = np.concatenate([seen.surface_degC[:, None], seen.field_degC, bottom], axis=1)
    known = _resistance(slab, np.concatenate([[0.0], slab.z, [problems.CB1_DEPTH]]))
    at_depth = _linear(known, _resistance(slab, at.z), column, axis=1)
    return Seen(_linear(slab.x, at.x, seen.surface_degC, axis=1), _linear(slab.x, at.x, at_depth, axis=2))


def _linear(known: Array, wanted: Array, values: Array, axis: int) -> Array:
    """Piecewise linear along an axis, constant beyond the ends."""
    right = np.clip(np.searchsorted(known, wanted), 1, len(known) - 1)
    share = np.clip((wanted - known[right - 1]) / (known[right] - known[right - 1]), 0.0, 1.0)
    shape = [1] * values.ndim
    shape[axis] = -1
    share = share.reshape(shape)
    return np.take(values, right - 1, axis) * (1.0 - share) + np.take(values, right, axis) * share


def stable_steps(slab: problems.Slab, share: float = 0.95) -> int:
    """Explicit steps between two snapshots."""
    return int(np.ceil(problems.SNAPSHOT_EVERY_s / (share * slab.stable_step_s())))


def same_grid_reference(slab: problems.Slab, snapshots: int) -> Seen:
    """The grid's own solution: explicit Euler with steps of half and a quarter of the stable one, extrapolated."""
    steps = 2 * stable_steps(slab)
    coarse, fine = (plain_numba.cb1(slab, count, snapshots) for count in (steps, 2 * steps))
    return see_slab(slab, 2.0 * fine - coarse)


class Refined:
    """The solution of the problem itself: two uniform grids, extrapolated.

    The second is `finest` times as fine as stated both ways. The explicit step goes with the square of the cells, so
    that errors of step and of grid shrink together.
    """

    def __init__(self, snapshots: int, finest: int = 4):
        half = finest // 2
        self.coarse, self.fine = (problems.cb1_uniform(120 * times, 160 * times) for times in (half, finest))
        steps = stable_steps(self.coarse)
        self._lower = plain_numba.cb1(self.coarse, steps, snapshots).astype(np.float32)
        self._upper = plain_numba.cb1(self.fine, 4 * steps, snapshots).astype(np.float32)

    def at(self, slab: problems.Slab) -> Seen:
        """The solution at the cells of a grid."""
        lower, upper = _read(self.coarse, self._lower, slab), _read(self.fine, self._upper, slab)
        return Seen(*(high + (high - low) / 3.0 for high, low in zip(upper, lower, strict=True)))

    def moved(self, slab: problems.Slab) -> Error:
        """How far the extrapolation moved the finer of the two grids."""
        return error_of(slab, _read(self.fine, self._upper, slab), self.at(slab))
