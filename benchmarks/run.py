"""Times the kernel and the commands on this machine, prints the figures and writes them to results.json.

Run as `python -m benchmarks.run` or `python benchmarks/run.py` from the environment that holds the package.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cryomassage.engine.batch import advance_in_parts
from cryomassage.engine.column import Layers, layered_column
from cryomassage.engine.solver import Exposure, locate_probes, start

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).with_name("results.json")
COMMAND = Path(sys.executable).with_name("cryomassage")
ONE_ZONE = ROOT / "examples" / "scalp-hair-loss.toml"
THREE_ZONES = ROOT / "examples" / "acne-ln2-swab.toml"

COLUMNS, GROUPS, STEPS = 10_000, 36, 100
CELLS, GROWTH = (2, 4, 11, 8, 7), (1.0, 1.05, 1.28, 1.25, 1.2)
KERNEL_TARGET_S = 8.0


class Ran(NamedTuple):
    """One run of the command: wall time and peak resident memory."""

    seconds: float
    peak_MiB: float


def best_of(repeats: int, work: Callable[[], object]) -> float:
    """Shortest wall time; the others were disturbed."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def copy_bandwidth_GB_per_s() -> float:
    """Bytes read and written per second by a copy that no cache holds."""
    source = np.ones(64 * 2**20)
    target = np.empty_like(source)
    seconds = best_of(3, lambda: np.copyto(target, source))
    return 2 * source.nbytes / seconds / 1e9


def kernel() -> dict[str, float]:
    """Ten thousand skins through an hour of steps of one second."""
    per_layer = (
        [0.015e-3, 0.08e-3, 1.5e-3, 5e-3, 13e-3],
        [0.20, 0.21, 0.37, 0.21, 0.49],
        [4.9e6, 4.1e6, 3.76e6, 2.14e6, 3.73e6],
        [0.0, 0.0, 7500.0, 1900.0, 2500.0],
        [0.0, 0.0, 1800.0, 460.0, 990.0],
    )
    spread = np.random.default_rng(1).uniform(0.8, 1.2, (5, 5, COLUMNS))
    layers = Layers(*(np.array(values)[:, None] * factor for values, factor in zip(per_layer, spread, strict=True)))
    one = np.ones(COLUMNS)
    column = layered_column(layers, CELLS, GROWTH, 37.0 * one, 20.0 * one, 36.5 * one)
    shape = (GROUPS, STEPS, 1, COLUMNS)
    cold = [jnp.full(shape, value, jnp.float32) for value in (100.0, 5.0, 0.0)]
    exposure = Exposure(jnp.ones((GROUPS, COLUMNS), jnp.float32), *cold)
    state = start(column, jnp.full_like(column.cell_width, 33.0))
    probes = locate_probes(column, jnp.full((1, COLUMNS), 1e-4, jnp.float32))

    def work() -> object:
        return advance_in_parts(column, state, exposure, probes)

    first = best_of(1, work)
    seconds = best_of(3, work)
    return {
        "columns": COLUMNS,
        "cells": sum(CELLS),
        "steps": GROUPS * STEPS,
        "first_run_s": first,
        "seconds": seconds,
        "target_s": KERNEL_TARGET_S,
        "cell_updates_per_s": sum(CELLS) * COLUMNS * GROUPS * STEPS / seconds,
    }


def run_command(*words: str, cache: Path) -> Ran:
    """Run the installed command in a process of its own with the given cache folder.

    Raises:
        RuntimeError: the command did not end well; its last words are told.
    """
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    with tempfile.TemporaryFile() as told:
        begin = time.perf_counter()
        process = subprocess.Popen([COMMAND, *words], cwd=ROOT, env=environment, stdout=told, stderr=told)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            told.seek(0)
            last_words = told.read().decode(errors="replace")[-1000:]
            raise RuntimeError(f"cryomassage {' '.join(words)} ended with {process.returncode}: {last_words}")
    units_per_KiB = 1024.0 if sys.platform == "darwin" else 1.0
    return Ran(seconds, usage.ru_maxrss / units_per_KiB / 1024.0)


def commands() -> dict[str, float]:
    """Help, plan and verify, as a person meets them."""
    with tempfile.TemporaryDirectory() as folder:
        cache, out = Path(folder) / "cache", Path(folder) / "out"
        plan, report = ("plan", str(ONE_ZONE)), ("plan", str(THREE_ZONES), "--out", str(out))
        help_s = min(run_command("--help", cache=cache).seconds for _ in range(3))
        cold = run_command(*plan, cache=cache)
        warm = min((run_command(*plan, cache=cache) for _ in range(3)), key=lambda ran: ran.seconds)
        reported = min((run_command(*report, cache=cache) for _ in range(3)), key=lambda ran: ran.seconds)
        verify_cold = run_command("verify", cache=cache)
        verify_warm = run_command("verify", cache=cache)
    return {
        "help_s": help_s,
        "plan_one_zone_first_ever_s": cold.seconds,
        "plan_one_zone_warm_s": warm.seconds,
        "plan_three_zones_with_report_warm_s": reported.seconds,
        "plan_peak_MiB": max(cold.peak_MiB, warm.peak_MiB, reported.peak_MiB),
        "verify_cold_cache_s": verify_cold.seconds,
        "verify_warm_cache_s": verify_warm.seconds,
    }


def main() -> None:
    """Measure everything, tell it and store it."""
    # The commands go first: later they would share the machine with the memory of this process.
    results: dict[str, Any] = {
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "load_before": os.getloadavg()[0],
            "python": platform.python_version(),
            "jax": jax.__version__,
        },
        "commands": commands(),
        "copy_bandwidth_GB_per_s": copy_bandwidth_GB_per_s(),
        "kernel": kernel(),
    }
    told = json.dumps(results, indent=2)
    RESULTS.write_text(told + "\n", encoding="utf-8")
    print(told)


if __name__ == "__main__":
    main()
