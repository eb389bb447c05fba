"""CB-1: error first, then the time to reach that error. Peers run one after the other, each in its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks import errors, ours, problems
from benchmarks.errors import Error, Seen
from benchmarks.machine import best_of, shortest
from benchmarks.peers.worker import slab_of

ROOT = Path(__file__).resolve().parents[1]
Grid = dict[str, Any]
Array = np.ndarray

STATED: Grid = {"columns": 120, "cells": 160}
COARSE: Grid = {"columns": 60, "cells": 80}
FINE: Grid = {"columns": 240, "cells": 320}
# Our own grids, graded in depth: cells and growth by layer.
GRADED: tuple[Grid, ...] = (
    {"columns": 60, "cells": [2, 5, 6, 4], "growth": [1.0, 1.1, 1.1, 1.1]},
    {"columns": 60, "cells": [2, 6, 12, 6], "growth": [1.0, 1.1, 1.08, 1.1]},
    {"columns": 60, "cells": [3, 12, 12, 6], "growth": [1.1, 1.05, 1.1, 1.1]},
    {"columns": 120, "cells": [6, 16, 16, 10], "growth": [1.2, 1.05, 1.1, 1.1]},
)
# Between two of them, for ourselves alone.
BETWEEN: Grid = {"columns": 80, "cells": [3, 12, 12, 6], "growth": [1.1, 1.05, 1.1, 1.1]}
OUR_STEPS = (3, 4, 5, 6, 8, 10, 13, 16, 20, 26, 32, 40, 52)
FULL_SNAPSHOTS, QUICK_SNAPSHOTS = 48, 8
_REPEATS = 9
PEER_PYTHON = "CRYOMASSAGE_PEER_PYTHON"


class Point(NamedTuple):
    """One solver with one setting."""

    solver: str
    grid: Grid
    steps: int
    options: dict[str, Any]
    seconds: float
    call_s: float | None
    prepare_s: float
    step_error: Error
    error: Error


class PeerRun(NamedTuple):
    """All settings of one peer."""

    name: str
    version: str
    peak_MiB: float
    points: list[Point]


def name_of(grid: Grid) -> str:
    """How tables call a grid."""
    if "growth" in grid:
        return f"graded {grid['columns']} × {sum(grid['cells'])}"
    return f"uniform {grid['columns']} × {grid['cells']}"


class References:
    """The references of all grids, each made once."""

    def __init__(self, snapshots: int):
        self.snapshots = snapshots
        self.refined = errors.Refined(snapshots)
        self._made: dict[str, tuple[Seen, Seen]] = {}

    def errors(self, grid: Grid, field: Array) -> tuple[Error, Error]:
        """Against the same grid with the step taken to zero, and against the solution of the problem."""
        slab, key = slab_of(grid), json.dumps(grid)
        if key not in self._made:
            self._made[key] = errors.same_grid_reference(slab, self.snapshots), self.refined.at(slab)
        seen = errors.see_slab(slab, field)
        by_step, true = (errors.error_of(slab, seen, reference) for reference in self._made[key])
        return by_step, true


def _run(grid: Grid, steps: int, snapshots: int, **options: Any) -> dict[str, Any]:
    return {"grid": grid, "steps_per_snapshot": steps, "snapshots": snapshots, "options": options}


def _explicit(grid: Grid, snapshots: int, refine: tuple[int, ...] = (1, 2), **options: Any) -> list[dict[str, Any]]:
    stable = errors.stable_steps(slab_of(grid))
    return [_run(grid, stable * times, snapshots, **options) for times in refine]


def peer_runs(name: str, snapshots: int, quick: bool) -> list[dict[str, Any]]:
    """The settings of each peer."""
    uniform = (STATED,) if quick else (COARSE, STATED, FINE)
    refine = (1,) if quick else (1, 2)
    if name in ("devito_cb1", "plain_numba_cb1"):
        return [
            run
            for grid in (*uniform, *GRADED)
            for threads in (1, 2)
            for run in _explicit(grid, snapshots, refine, threads=threads)
        ]
    if name == "plain_jax_cb1":
        return [run for grid in (*uniform, *GRADED) for run in _explicit(grid, snapshots, refine)]
    if name == "py_pde_cb1":
        return _explicit(STATED, snapshots, (1,))
    steps = (5,) if quick else (5, 10)
    return [_run(STATED, count, snapshots) for count in steps]


PEERS = ("devito_cb1", "fipy_cb1", "scikit_fem_cb1", "py_pde_cb1", "plain_numba_cb1", "plain_jax_cb1")
NEEDS = {
    "devito_cb1": "devito",
    "fipy_cb1": "fipy",
    "scikit_fem_cb1": "skfem",
    "py_pde_cb1": "pde",
    "plain_numba_cb1": "numba",
    "plain_jax_cb1": "jax",
}


def peer_python(name: str) -> str:
    """The interpreter that runs a peer: the plain solvers need nothing that this one lacks, others `make peers`."""
    theirs = ROOT / ".venv-peers" / "bin" / "python"
    if name.startswith("plain_"):
        return sys.executable
    return os.environ.get(PEER_PYTHON, str(theirs) if theirs.exists() else sys.executable)


def installed(name: str) -> bool:
    """Whether a peer's interpreter knows its module."""
    found = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({NEEDS[name]!r}) is None)"
    return subprocess.run([peer_python(name), "-c", found], check=False).returncode == 0


def run_peer(name: str, references: References, quick: bool) -> PeerRun:
    """Run all settings of a peer.

    Raises:
        RuntimeError: the peer failed; its last words are told.
    """
    runs = peer_runs(name, references.snapshots, quick)
    # Its linear algebra is small: one thread is the faster for it. Devito and Numba have theirs by their own settings.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        job, archive = Path(folder) / "job.json", Path(folder) / "fields.npz"
        job.write_text(json.dumps({"peer": name, "runs": runs}), encoding="utf-8")
        command = [peer_python(name), "-m", "benchmarks.peers.worker", str(job), str(archive)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            words = done.stderr.strip().splitlines()
            raise RuntimeError(f"it failed: {words[-1] if words else done.returncode}")
        answer = json.loads(done.stdout.strip().splitlines()[-1])
        points = []
        with np.load(archive) as fields:
            for number, (run, told) in enumerate(zip(runs, answer["runs"], strict=True)):
                step_error, error = references.errors(run["grid"], fields[f"field_{number}"])
                points.append(
                    Point(
                        name,
                        run["grid"],
                        run["steps_per_snapshot"],
                        run["options"],
                        told["seconds"],
                        told["call_s"],
                        told["prepare_s"],
                        step_error,
                        error,
                    )
                )
    return PeerRun(name, answer["version"], answer["peak_MiB"], points)


def our_points(
    references: References, grids: tuple[Grid, ...] = (*GRADED, BETWEEN, STATED), settings: tuple[int, ...] = OUR_STEPS
) -> list[Point]:
    """Our solver with all its settings, made ready like the peers; the whole call is timed beside it."""
    times = errors.snapshot_times(references.snapshots)
    points = []
    for grid in grids:
        slab = slab_of(grid)
        run = ours.cb1(slab, float(times[-1]))
        for steps in settings:
            step_s = problems.SNAPSHOT_EVERY_s / steps
            field = run.solve(step_s, times, keep_field=True).field_degC
            assert field is not None
            step_error, error = references.errors(grid, field[1:, :, 0])
            job = run.ready(step_s, times[-1:], keep_field=False)
            seconds = shortest(job.march, job.begin)
            call_s = best_of(_REPEATS, lambda run=run, step_s=step_s: run.solve(step_s, times[-1:], keep_field=False))
            points.append(Point("ours", grid, steps, {}, seconds, call_s, call_s - seconds, step_error, error))
    return points


class Match(NamedTuple):
    """A peer's setting, and ours that is as good in the least time."""

    peer: Point
    ours: Point | None

    @property
    def time_over_peer(self) -> float | None:
        return None if self.ours is None else self.ours.seconds / self.peer.seconds


def fastest(points: list[Point], target: Error, *, by_step: bool = False) -> Point | None:
    """The fastest whose error is no larger."""
    good = [point for point in points if (point.step_error if by_step else point.error).no_larger_than(target)]
    return min(good, key=lambda point: point.seconds, default=None)


def fastest_threads(points: list[Point]) -> list[Point]:
    """Of the settings that differ by threads only, the faster."""
    best: dict[str, Point] = {}
    for point in points:
        key = json.dumps([point.grid, point.steps])
        if key not in best or point.seconds < best[key].seconds:
            best[key] = point
    return list(best.values())


def _told(point: Point | None) -> dict[str, Any] | None:
    if point is None:
        return None
    told = {**point._asdict(), "grid": name_of(point.grid)}
    told["step_error"], told["error"] = point.step_error._asdict(), point.error._asdict()
    slab = slab_of(point.grid)
    told["cells"] = slab.columns * len(slab.cell_width)
    return told


def compare(quick: bool) -> dict[str, Any]:
    """All peers that are installed, and ours at no larger error beside each of their settings."""
    references = References(QUICK_SNAPSHOTS if quick else FULL_SNAPSHOTS)
    mine = our_points(references, settings=OUR_STEPS[::2] if quick else OUR_STEPS)
    peers, left_out = {}, {}
    for name in PEERS:
        if not installed(name):
            left_out[name] = f"{NEEDS[name]} is not installed; `make peers` does it"
            continue
        try:
            done = run_peer(name, references, quick)
        except RuntimeError as problem:
            left_out[name] = str(problem)
            continue
        rows = []
        for point in fastest_threads(done.points):
            same_grid = [each for each in mine if each.grid == point.grid]
            rows.append(
                {
                    "peer": _told(point),
                    "ours": _told(fastest(mine, point.error)),
                    "ours_on_its_grid": _told(fastest(same_grid, point.error)),
                    "ours_on_its_grid_by_step": _told(fastest(same_grid, point.step_error, by_step=True)),
                }
            )
        peers[name] = {"version": done.version, "peak_MiB": done.peak_MiB, "rows": rows}
    return {
        "end_s": references.snapshots * problems.SNAPSHOT_EVERY_s,
        "reference_moved": references.refined.moved(slab_of(STATED))._asdict(),
        "peers": peers,
        "ours": [_told(point) for point in mine],
        "left_out": left_out,
    }
