"""The reference session: times faster than real, error against a run refined twofold, cost by cells and steps."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import ours, problems
from benchmarks.machine import times_of
from benchmarks.peers.worker import peak_MiB
from cryomassage.engine.patch import PatchResult
from cryomassage.engine.patch_solver import PatchNumerics
from cryomassage.errors import EngineError

ROOT = Path(__file__).resolve().parents[1]
Array = np.ndarray
NUMERICS = PatchNumerics(0.1, 0.5)
REPEATS = 5


def _coarse(fine: Array) -> Array:
    """Means over two by two places."""
    shape = (fine.shape[0], fine.shape[1] // 2, 2, fine.shape[2] // 2, 2)
    return np.asarray(fine.reshape(shape).mean(axis=(2, 4)))


def _errors(result: PatchResult, refined: PatchResult) -> dict[str, float]:
    told = {}
    for name in ("surface", "basal"):
        off = np.abs(getattr(result, f"{name}_degC") - _coarse(getattr(refined, f"{name}_degC")))[1:]
        told[f"{name}_error_max_K"] = float(off.max())
        told[f"{name}_error_rms_K"] = float(np.sqrt(np.mean(off**2)))
        told[f"{name}_error_p99_K"] = float(np.quantile(off, 0.99))
    return told


def _measure(*, freezing: bool, refined: bool, numerics: PatchNumerics = NUMERICS) -> dict[str, Any]:
    given = problems.session(freezing=freezing)
    run = ours.session(given, freezing=freezing)
    result = run.solve(numerics)
    seconds = float(np.median(times_of(REPEATS, lambda: run.solve(numerics))))
    cells = result.end_degC.size
    total = result.heat_absorbed + result.heat_from_below + result.heat_from_blood
    told: dict[str, Any] = {
        "cells": cells,
        "steps": result.steps,
        "seconds": seconds,
        "realtime_factor": problems.SESSION_END_s / seconds,
        "cell_updates_per_s": cells * result.steps / seconds,
        "lowest_surface_degC": float(result.lowest_surface_degC.min()),
        "frozen_share_of_area": float(np.mean(result.deepest_ice > 0.0)),
        "deepest_ice_mm": float(result.deepest_ice.max()) * 1e3,
        "energy_error": abs(total - result.heat_stored) / abs(result.heat_absorbed),
    }
    if refined:
        half = PatchNumerics(0.5 * numerics.stroke_step_s, 0.5 * numerics.rest_step_s)
        finer = ours.session(problems.session(freezing=freezing, refined=2), freezing=freezing).solve(half)
        told |= _errors(result, finer)
    return told


def reference_session(quick: bool) -> dict[str, Any]:
    """Without and with freezing; a run that the engine stops is told as left out."""
    told: dict[str, Any] = {"left_out": {}}
    for name, freezing in (("linear", False), ("freezing", True)):
        try:
            told[name] = _measure(freezing=freezing, refined=not quick)
        except EngineError as problem:
            told["left_out"][name] = str(problem)
    return told


def scaling(quick: bool) -> dict[str, Any]:
    """Cost as cells and steps grow."""
    spacings = (4e-3, 2e-3, 1e-3) if quick else (4e-3, 2e-3, 1e-3, 0.5e-3)
    steps = ((0.2, 1.0), (0.1, 0.5)) if quick else ((0.2, 1.0), (0.1, 0.5), (0.05, 0.25))
    by_cells, by_steps = [], []
    for spacing in spacings:
        given = problems.session(spacing=spacing)
        run = ours.session(given, freezing=False)
        taken, result = _timed(run, NUMERICS)
        by_cells.append(_row(taken, result))
    run = ours.session(problems.session(), freezing=False)
    for pair in steps:
        taken, result = _timed(run, PatchNumerics(*pair))
        by_steps.append({"step_s": pair[0], **_row(taken, result)})
    return {"by_cells": by_cells, "by_steps": by_steps}


def _timed(run: ours.SessionRun, numerics: PatchNumerics) -> tuple[float, PatchResult]:
    result = run.solve(numerics)
    return min(times_of(2, lambda: run.solve(numerics))), result


def _row(seconds: float, result: PatchResult) -> dict[str, float]:
    cells = result.end_degC.size
    rate = cells * result.steps / seconds
    return {"cells": cells, "steps": result.steps, "seconds": seconds, "cell_updates_per_s": rate}


def peak_memory_mb(quick: bool) -> dict[str, float | None]:
    """Of processes of their own, in MB: the reference session, and CB-3."""
    told: dict[str, float | None] = {}
    for name in ("session", "cb3"):
        command = [sys.executable, "-m", "benchmarks.sessions", name, json.dumps(quick)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        peak: float | None = json.loads(done.stdout)
        told[name] = None if peak is None else peak * 1.048576
    return told


def main() -> None:
    """Run one problem, so that its memory can be measured from outside."""
    name, quick = sys.argv[1], json.loads(sys.argv[2])
    if name == "session":
        ours.session(problems.session(), freezing=False).solve(NUMERICS)
    else:
        seconds = 5.0 if quick else problems.CB3_END_s
        ours.cb3(problems.cb3(), seconds).solve(0.1, seconds)
    print(json.dumps(peak_MiB()))


if __name__ == "__main__":
    main()
