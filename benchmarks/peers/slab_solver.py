"""What every peer offers for CB-1, and how it is run and timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from benchmarks import problems

Array = np.ndarray
# A run shorter than this is timed again and again, and the shortest time counts.
_SHORT_s = 2.0
_LEAST_REPEATS, _MOST_REPEATS, _LONG_ENOUGH_s = 7, 50, 0.3


def whole_steps(steps_per_snapshot: int, snapshots: int) -> Array:
    """Times at which the steps begin and end, s."""
    return problems.SNAPSHOT_EVERY_s / steps_per_snapshot * np.arange(steps_per_snapshot * snapshots + 1)


class SlabSolver(NamedTuple):
    """A peer made ready for one grid and step.

    Attributes:
        start: sets the first temperature.
        march: steps from one number of steps done to another.
        field: temperatures (cells, columns) after so many steps.
        steps_per_snapshot: steps from one snapshot to the next.
        snapshots: how many there are.
        call: the documented call for the whole run, where that does more than to start and to march.
    """

    start: Callable[[], None]
    march: Callable[[int, int], None]
    field: Callable[[int], Array]
    steps_per_snapshot: int
    snapshots: int
    call: Callable[[], None] | None = None


class Timed(NamedTuple):
    """A run: all snapshots, and the shortest wall time from the start to the end."""

    field_degC: Array
    seconds: float
    call_s: float | None  # of the documented call, the second time in a process


def solve(solver: SlabSolver) -> Timed:
    """Run once for the snapshots, and then for the time, unless the first run was long enough to count."""
    each = solver.steps_per_snapshot
    told = []
    begin = time.perf_counter()
    solver.start()
    for done in range(0, solver.snapshots * each, each):
        solver.march(done, done + each)
        told.append(solver.field(done + each))
    seconds = time.perf_counter() - begin
    if seconds < _SHORT_s:
        times: list[float] = []
        while len(times) < _LEAST_REPEATS or (sum(times) < _LONG_ENOUGH_s and len(times) < _MOST_REPEATS):
            times.append(_time_once(solver))
        seconds = min(times)
    return Timed(np.stack(told), seconds, None if solver.call is None else _time_call(solver.call))


def _time_call(call: Callable[[], None]) -> float:
    seconds = 0.0
    for _ in range(2):
        begin = time.perf_counter()
        call()
        seconds = time.perf_counter() - begin
    return seconds


def _time_once(solver: SlabSolver) -> float:
    solver.start()
    begin = time.perf_counter()
    solver.march(0, solver.snapshots * solver.steps_per_snapshot)
    return time.perf_counter() - begin
