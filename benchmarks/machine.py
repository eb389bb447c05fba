"""What the machine can do at best, and what runs on it."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numba
import numpy as np

# Of the patch kernel, counted in its inner loops where nothing freezes: two stages, each with the net heat of a cell
# swept up (22 operations) and the substitution down (6).
FLOPS_PER_CELL_STEP = 56.0
# Had every field to come from memory: temperatures of the cells read and written once in single precision.
BYTES_PER_CELL_STEP = 8.0
# How often a short work is timed, as the peers are.
_LEAST_REPEATS, _MOST_REPEATS, _LONG_ENOUGH_s = 7, 50, 0.3
_DISTRIBUTIONS = ("cryomassage", "numpy", "scipy", "numba", "jax", "jaxlib")


def best_of(repeats: int, work: Callable[[], object]) -> float:
    """Shortest wall time; the others were disturbed."""
    return min(times_of(repeats, work))


def shortest(work: Callable[[Any], object], prepare: Callable[[], Any]) -> float:
    """Shortest wall time of something that is prepared anew each time, which is not timed; short works more often."""
    seconds: list[float] = []
    while len(seconds) < _LEAST_REPEATS or (sum(seconds) < _LONG_ENOUGH_s and len(seconds) < _MOST_REPEATS):
        given = prepare()
        begin = time.perf_counter()
        work(given)
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


def times_of(repeats: int, work: Callable[[], object]) -> list[float]:
    """Wall times."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return times


def copy_bandwidth_GB_per_s() -> float:
    """Bytes read and written per second by a copy that no cache holds, by one thread."""
    source = np.ones(64 * 2**20)
    target = np.empty_like(source)
    seconds = best_of(3, lambda: np.copyto(target, source))
    return 2 * source.nbytes / seconds / 1e9


@numba.njit(parallel=True, fastmath=True)
def _multiply_and_add(threads, length, times):
    told = np.empty(threads, np.float32)
    for n in numba.prange(threads):
        a, b = np.ones(length, np.float32), np.full(length, np.float32(0.999))
        c, d = np.ones(length, np.float32), np.full(length, np.float32(0.5))
        for _ in range(times):
            for i in range(length):
                x = a[i] * b[i] + c[i]
                x = x * b[i] + d[i]
                x = x * b[i] + c[i]
                x = x * b[i] + d[i]
                x = x * b[i] + c[i]
                x = x * b[i] + d[i]
                x = x * b[i] + c[i]
                a[i] = x * b[i] + d[i]
        told[n] = a[0]
    return told


def peak_Gflop_per_s() -> float:
    """Multiply-adds in single precision on arrays in the first cache, all cores."""
    threads, length, times = numba.get_num_threads(), 1024, 20_000
    _multiply_and_add(threads, length, 1)
    seconds = best_of(3, lambda: _multiply_and_add(threads, length, times))
    return 16.0 * threads * length * times / seconds / 1e9


def roofline_Mcell_per_s(bandwidth_GB_per_s: float, peak: float) -> dict[str, float]:
    """Cell steps per second if arithmetic, or the memory, were all that counts."""
    return {
        "by_arithmetic_Mcell_per_s": 1e3 * peak / FLOPS_PER_CELL_STEP,
        "by_copy_from_memory_Mcell_per_s": 1e3 * bandwidth_GB_per_s / BYTES_PER_CELL_STEP,
    }


def processor() -> str:
    """Its name where the system tells it."""
    known = Path("/proc/cpuinfo")
    if known.exists():
        for line in known.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def describe() -> dict[str, Any]:
    """Processor, cores, load and versions."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _DISTRIBUTIONS},
    }
