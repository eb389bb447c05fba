"""The one way to step a patch: checks, numerics, kernel, and what is read on the way."""

from __future__ import annotations

import threading
from typing import NamedTuple

import numba
import numpy as np
from jaxtyping import Float

from cryomassage.engine import patch_arrays as arrays
from cryomassage.engine.freezing import enthalpy_temperature_of, ice_of, temperature_of
from cryomassage.engine.patch import Patch, PatchResult, PatchStart, Strokes, Surroundings, Vessels
from cryomassage.engine.patch_exchange import exchange_of_row
from cryomassage.engine.patch_kernel import step_patch
from cryomassage.engine.patch_schedule import (
    PatchNumerics,
    Steps,
    cut_pieces,
    make_steps,
    pieces_at,
    refuse_unresolved,
)
from cryomassage.engine.patch_set_up import (
    fastest_diffusivity,
    make_again,
    make_factors,
    make_fields,
    make_medium,
    make_readings,
    make_schedule,
    make_stages,
    make_watch,
    stable_step,
)
from cryomassage.errors import EngineError

COLDEST_degC, WARMEST_degC = -196.0, 60.0
_ROUNDING_K = 0.05  # float32, and the small undershoot of a step after a jump
# Steps between two looks for what cannot be: after so many cell steps, but within these bounds.
_CHECK_CELL_STEPS, _LEAST_CHECK, _MOST_CHECK = 1_000_000, 50, 200
# Numba's threads serve one caller at a time.
_one_caller = threading.Lock()


class _Run:
    """One run on the processor: its state, and what is read of it."""

    def __init__(self, patch: Patch, start: PatchStart, surroundings: Surroundings):
        blood = patch.arterial_temperature_degC
        self.patch, self.blood, self.begin_s = patch, blood, start.time_s
        self.fields = make_fields(patch, start.enthalpy_degC - blood)
        self.after = arrays.Fields(*(part.copy() for part in self.fields))
        self.blocks = max(1, min(numba.get_num_threads(), patch.rows // 4))
        self.stages = make_stages(patch, self.blocks)
        self.agains = make_again(patch, self.blocks)
        room = surroundings.heat_transfer_coefficient
        self.room = np.array([room, room * (surroundings.temperature_degC - blood)], np.float32)
        cells = len(patch.cell_width)
        freezes = patch.freezing is not None
        self.zone = np.full(patch.rows, cells - 1 if freezes else 0, np.int64)
        self.need = np.full(patch.rows, cells if freezes else 0, np.int64)
        law = patch.freezing
        if law is None:
            self.lowest = np.full(cells, COLDEST_degC - _ROUNDING_K - blood)
        else:
            coldest = enthalpy_temperature_of(law, np.full((cells, 1), COLDEST_degC - _ROUNDING_K))
            self.lowest = coldest[:, 0] - blood

    def theta(self) -> Float[np.ndarray, "cells rows columns"]:
        """Enthalpy temperature of every cell, relative to the blood."""
        return np.asarray(np.moveaxis(self.fields.enthalpy[:, :-1, 1:-1], 1, 0))

    def temperature(self) -> Float[np.ndarray, "cells rows columns"]:
        """Temperature of every cell, degC."""
        theta = self.theta() + np.float32(self.blood)
        law = self.patch.freezing
        return np.asarray(theta if law is None else temperature_of(law, theta), np.float32)

    def ice(self) -> Float[np.ndarray, "cells rows columns"] | None:
        """Share of the freezable water that is ice."""
        if self.patch.freezing is None:
            return None
        return ice_of(self.patch.freezing, self.theta() + self.blood).astype(np.float32)

    def surface(self, acting: Float[np.ndarray, "acting 12"]) -> Float[np.ndarray, "rows columns"]:
        """Surface temperature under the sources that act now, degC."""
        patch = self.patch
        first: np.ndarray = self.temperature()[0]
        conductivity = self.fields.conductivity[:, 0, 1:-1]
        half = 0.5 * float(patch.cell_width[0])
        told = np.empty((patch.rows, patch.columns), np.float32)
        h, q = np.empty(patch.columns, np.float32), np.empty(patch.columns, np.float32)
        for j in range(patch.rows):
            place = (j + 0.5) * patch.spacing
            exchange_of_row(place, patch.spacing, acting, 0, len(acting), self.room[0], self.room[1], h, q)
            k = conductivity[j]
            told[j] = (k * (first[j] - self.blood) + half * q) / (k + half * h) + self.blood
        return told

    def refuse_impossible(self, time_s: float) -> None:
        """Stop where temperatures cannot be; told is the worst place.

        Raises:
            EngineError: with place and time.
        """
        seen = self.fields.enthalpy[:, :-1]
        # Nearly always this is all; a number that is none fails it too.
        if (seen.min(axis=(0, 2)) >= self.lowest).all() and seen.max() <= WARMEST_degC - self.blood:
            return
        theta = self.theta()
        excess = np.maximum(self.lowest[:, None, None] - theta, theta - (WARMEST_degC - self.blood))
        worst = int(np.argmax(np.where(np.isnan(excess), np.inf, excess)))
        cell, row, column = (int(index) for index in np.unravel_index(worst, excess.shape))
        if excess[cell, row, column] <= 0.0:  # in a ghost only
            return
        value = float(self.temperature()[cell, row, column])
        what = "the result is not a number" if np.isnan(value) else f"{value:.1f} degC"
        patch = self.patch
        raise EngineError(
            f"Stopped at x = {(column + 0.5) * patch.spacing * 1e3:.1f} mm, "
            f"y = {(row + 0.5) * patch.spacing * 1e3:.1f} mm, {patch.centre_depth[cell] * 1e3:.2f} mm below the "
            f"surface, at {self.begin_s + time_s:.3g} s: {what}, and temperatures lie within {COLDEST_degC:g} and "
            f"{WARMEST_degC:g} degC. Check the cold source and the start."
        )


def _start(
    patch: Patch, start: Float[np.ndarray, " cells"] | Float[np.ndarray, "cells rows columns"] | PatchStart
) -> PatchStart:
    """Where a run begins; from temperatures it begins at 0, with blood that flows as at rest."""
    if isinstance(start, PatchStart):
        return start
    degC = np.asarray(start, dtype=float)
    full = degC[:, None, None] if degC.ndim == 1 else degC
    theta = full if patch.freezing is None else enthalpy_temperature_of(patch.freezing, full)
    grid = (patch.rows, patch.columns)
    return PatchStart(np.broadcast_to(theta, (len(patch.cell_width), *grid)), np.ones(grid), np.zeros(grid), 0.0)


def _coldest(patch: Patch, start: PatchStart) -> float:
    """Lowest temperature at the start, degC."""
    theta = start.enthalpy_degC.reshape(len(patch.cell_width), -1).min(axis=1)[:, None]
    return float(np.min(theta if patch.freezing is None else temperature_of(patch.freezing, theta)))


def _relative(strokes: Strokes, blood: float, begin_s: float) -> Strokes:
    """Strokes against the temperature of the blood, on a clock that begins with the run."""
    return strokes._replace(
        sink_temperature_degC=strokes.sink_temperature_degC - blood,
        start_s=strokes.start_s - begin_s,
        end_s=strokes.end_s - begin_s,
    )


class PatchJob(NamedTuple):
    """A run made ready: the strokes cut at the steps, the equation factorised. It may be marched again and again."""

    patch: Patch
    start: PatchStart
    surroundings: Surroundings
    strokes: Strokes  # relative to the blood and to the start
    steps: Steps
    times_s: Float[np.ndarray, " snapshots"]
    table: Float[np.ndarray, "cut 12"]
    medium: arrays.Medium
    factors: arrays.Factor
    schedule: arrays.Schedule
    watch: arrays.Watch
    keep_field: bool

    def begin(self) -> _Run:
        """The state at the start, to be marched once."""
        return _Run(self.patch, self.start, self.surroundings)

    def march(self, run: _Run | None = None) -> PatchResult:
        """Step from the start to the last snapshot; raises what `advance_patch` raises on the way."""
        return _march(self, run or self.begin())


def prepare_patch(
    patch: Patch,
    start_degC: Float[np.ndarray, " cells"] | Float[np.ndarray, "cells rows columns"] | PatchStart,
    strokes: Strokes,
    surroundings: Surroundings,
    snapshot_s: Float[np.ndarray, " snapshots"],
    basal_depth: float,
    thresholds_degC: tuple[float, ...] = (),
    vessels: Vessels | None = None,
    numerics: PatchNumerics | None = None,
    keep_field: bool = True,
) -> PatchJob:
    """Make a run ready; arguments and errors of `advance_patch`."""
    numerics = numerics or PatchNumerics()
    refuse_unresolved(strokes, patch.spacing, numerics)
    start = _start(patch, start_degC)
    coldest = min(np.min(strokes.sink_temperature_degC, initial=surroundings.temperature_degC), _coldest(patch, start))
    diffusivity = fastest_diffusivity(patch, max(float(coldest), COLDEST_degC))
    limit = stable_step(patch, diffusivity)
    stepped = PatchNumerics(min(numerics.stroke_step_s, limit), min(numerics.rest_step_s, limit))
    times = np.asarray(snapshot_s, dtype=float) - start.time_s
    times = times[times > 0.0]
    relative = _relative(strokes, patch.arterial_temperature_degC, start.time_s)
    steps = make_steps(relative, times, stepped)
    pieces = cut_pieces(relative, steps)
    medium = make_medium(patch, diffusivity)
    factors, which = make_factors(medium, steps.length_s)
    schedule = make_schedule(steps, which, pieces.begin, pieces.end, vessels)
    return PatchJob(
        patch,
        start,
        surroundings,
        relative,
        steps,
        times,
        pieces.table,
        medium,
        factors,
        schedule,
        make_watch(patch, basal_depth, thresholds_degC, vessels),
        keep_field,
    )


def advance_patch(
    patch: Patch,
    start_degC: Float[np.ndarray, " cells"] | Float[np.ndarray, "cells rows columns"] | PatchStart,
    strokes: Strokes,
    surroundings: Surroundings,
    snapshot_s: Float[np.ndarray, " snapshots"],
    basal_depth: float,
    thresholds_degC: tuple[float, ...] = (),
    vessels: Vessels | None = None,
    numerics: PatchNumerics | None = None,
    keep_field: bool = True,
) -> PatchResult:
    """Step a patch through strokes, to the last snapshot.

    A step that would be too long for the exchange between columns to stay stable is cut.

    Args:
        patch: the medium.
        start_degC: temperatures at the start, of the cells or of every cell everywhere; or the end of another run.
        strokes: what the cold does; may be empty.
        surroundings: what the skin meets otherwise.
        snapshot_s: times of the snapshots, rising; the start is added in front if it is not there.
        basal_depth: m, where the basal layer is read.
        thresholds_degC: of the dwell maps.
        vessels: how the blood flow answers, or None for a constant flow.
        numerics: longest steps; those of `PatchNumerics` if None.
        keep_field: also keep all cells at the snapshots.

    Raises:
        EngineError: NaN or a temperature outside -196 to 60 degC, with place and time; a step that cannot resolve
            the motion; a footprint finer than the grid; ice at the bottom of the patch.
    """
    return prepare_patch(
        patch,
        start_degC,
        strokes,
        surroundings,
        snapshot_s,
        basal_depth,
        thresholds_degC,
        vessels,
        numerics,
        keep_field,
    ).march()


def _march(job: PatchJob, run: _Run) -> PatchResult:
    """Step from check to check and from snapshot to snapshot."""
    patch, watch, steps, times = job.patch, job.watch, job.steps, job.times_s
    blood = patch.arterial_temperature_degC
    readings = make_readings(patch, len(watch.thresholds))
    readings.flow[:, 1:-1] = job.start.flow
    readings.memory[:, 1:-1] = job.start.memory
    first = run.theta().astype(float).copy()
    surface, basal, field, ice = [], [], [], []

    def look(time_s: float) -> None:
        now = run.temperature()
        surface.append(run.surface(pieces_at(job.strokes, time_s)))
        upper, lower = now[watch.basal_cell], now[watch.basal_cell + 1]
        basal.append(upper + watch.basal_weight * (lower - upper))
        if job.keep_field:
            field.append(now.copy())
            frozen = run.ice()
            if frozen is not None:
                ice.append(frozen)

    look(0.0)
    readings.surface[:, 1:-1] = surface[0] - np.float32(blood)
    readings.basal[:, 1:-1] = basal[0] - np.float32(blood)
    readings.lowest_surface[:] = readings.surface
    readings.lowest_basal[:] = readings.basal
    each = int(np.clip(_CHECK_CELL_STEPS // run.fields.enthalpy.size, _LEAST_CHECK, _MOST_CHECK))
    done = 0
    for time_s, due in zip(times, steps.snapshot_step, strict=True):
        while done < due:
            until = min(done + each, int(due))
            with _one_caller:
                swapped = step_patch(
                    run.fields,
                    run.after,
                    run.stages,
                    run.agains,
                    run.zone,
                    run.need,
                    job.medium,
                    job.factors,
                    job.schedule,
                    job.table,
                    patch.spacing,
                    run.room,
                    readings,
                    watch,
                    done,
                    until,
                )
            if swapped:
                run.fields, run.after = run.after, run.fields
            run.refuse_impossible(float(steps.end_s[until - 1]))
            done = until
        look(float(time_s))
    capacity = (patch.volumetric_heat_capacity * patch.cell_width)[:, None, None]
    area = patch.spacing**2
    stored = float(np.sum(capacity * (run.theta() - first)) * area)
    absorbed, below, brought = (float(part) * area for part in readings.heat.sum(axis=0))
    inner = (slice(None), slice(1, -1))
    if patch.freezing is not None and float((run.theta()[-1] + blood - patch.freezing.knot_degC[0, -1]).min()) < 0:
        raise EngineError("Ice has reached the bottom of the patch. Make it deeper.")
    return PatchResult(
        time_s=run.begin_s + np.concatenate([[0.0], times]),
        surface_degC=np.stack(surface),
        basal_degC=np.stack(basal),
        field_degC=np.stack(field) if field else None,
        ice=np.stack(ice) if ice else None,
        end_degC=run.temperature().copy(),
        end_enthalpy_degC=run.theta() + np.float32(blood),
        flow=readings.flow[inner].copy(),
        memory=readings.memory[inner].copy(),
        lowest_surface_degC=readings.lowest_surface[inner] + np.float32(blood),
        lowest_basal_degC=readings.lowest_basal[inner] + np.float32(blood),
        dwell_below_s=readings.dwell[:, :, 1:-1].copy(),
        basal_below_s=readings.basal_dwell[:, :, 1:-1].copy(),
        deepest_ice=readings.deepest[inner].copy(),
        heat_absorbed=absorbed,
        heat_from_below=below,
        heat_from_blood=brought,
        heat_stored=stored,
        steps=len(steps.length_s),
    )
