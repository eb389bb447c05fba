"""Runs one peer on CB-1 in a process of its own: `python -m benchmarks.peers.worker job.json fields.npz`.

The job names the peer and its runs; fields go into the archive, and times to standard output as JSON. It needs the
peer, NumPy, and for the plain solvers what they are written with; not the package that is measured.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import problems
from benchmarks.peers.slab_solver import solve


def slab_of(grid: dict[str, Any]) -> problems.Slab:
    """CB-1 on the grid that a job describes: cells and columns, and for a graded grid cells and growth by layer."""
    if "growth" in grid:
        return problems.cb1_graded(grid["columns"], tuple(grid["cells"]), tuple(grid["growth"]))
    return problems.cb1_uniform(grid["columns"], grid["cells"])


def peak_MiB() -> float | None:
    """Most memory that this process held, where the system tells it; what a parent held is not in it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return float(line.split()[1]) / 1024.0


def main() -> None:
    """Run the job and tell its times."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    begin = time.perf_counter()
    peer = importlib.import_module(f"benchmarks.peers.{job['peer']}")
    import_s = time.perf_counter() - begin
    fields, told = {}, []
    for number, run in enumerate(job["runs"]):
        slab = slab_of(run["grid"])
        begin = time.perf_counter()
        solver = peer.prepare(slab, run["steps_per_snapshot"], run["snapshots"], **run.get("options", {}))
        prepare_s = time.perf_counter() - begin
        begin = time.perf_counter()
        timed = solve(solver)
        first_s = time.perf_counter() - begin
        fields[f"field_{number}"] = timed.field_degC.astype(np.float32)
        told.append({"seconds": timed.seconds, "call_s": timed.call_s, "prepare_s": prepare_s, "all_s": first_s})
    np.savez(sys.argv[2], **fields)
    answer = {"version": version(peer.DISTRIBUTION), "import_s": import_s, "peak_MiB": peak_MiB(), "runs": told}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
