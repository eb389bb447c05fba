"""Times the package and its peers on this machine, prints the figures, and writes results.json and the page.

Run as `python -m benchmarks.run [--quick] [--only NAME ...]` from the environment that holds the package. Peers live in
one of their own, `.venv-peers` (`make peers`), or that of the interpreter named in CRYOMASSAGE_PEER_PYTHON. Those that
are not installed are left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import blocks, cb1, columns, commands, machine, performance_page, response, schemes, sessions
from benchmarks.summary import headline

RESULTS = Path(__file__).with_name("results.json")
_FULL_BATCHES, _QUICK_BATCHES = (100, 1_000, 10_000), (100, 1_000)


def _limits() -> dict[str, float]:
    bandwidth, peak = machine.copy_bandwidth_GB_per_s(), machine.peak_Gflop_per_s()
    roofline = machine.roofline_Mcell_per_s(bandwidth, peak)
    return {"copy_bandwidth_GB_per_s": bandwidth, "peak_Gflop_per_s": peak, **roofline}


def _scaling(quick: bool) -> dict[str, Any]:
    return {**sessions.scaling(quick), "by_batch": columns.by_batch(_QUICK_BATCHES if quick else _FULL_BATCHES)}


def parts(quick: bool) -> dict[str, Callable[[], Any]]:
    """What can be run, in this order: commands first, for later they would share the machine's memory."""
    return {
        "commands": commands.commands,
        "limits": _limits,
        "session": lambda: sessions.reference_session(quick),
        "memory": lambda: sessions.peak_memory_mb(quick),
        "schemes": lambda: schemes.compare(quick),
        "cb1": lambda: cb1.compare(quick),
        "cb3": lambda: blocks.cb3(quick),
        "cb4": lambda: blocks.cb4(quick),
        "cb5": lambda: blocks.cb5(quick),
        "scaling": lambda: _scaling(quick),
        "kernel": columns.kernel,
        "response": lambda: response.compare(quick),
    }


def main() -> None:
    """Measure, tell and store; parts that are not run keep what results.json held."""
    known = parts(quick=False)
    words = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Measure speed, memory and errors.")
    words.add_argument("--quick", action="store_true", help="shorter problems and fewer settings, about two minutes")
    words.add_argument("--only", action="append", choices=list(known), help="run only this part; may be repeated")
    words.add_argument("--page", action="store_true", help="write the page from results.json, and run nothing")
    given = words.parse_args()
    results: dict[str, Any] = {}
    if RESULTS.exists() and (given.only or given.page):
        results = json.loads(RESULTS.read_text(encoding="utf-8"))
    if not given.page:
        results["machine"] = machine.describe()
        for name, work in parts(given.quick).items():
            if given.only and name not in given.only:
                continue
            begin = time.perf_counter()
            results.setdefault("failed", {}).pop(name, None)
            try:
                results[name] = work()
            except Exception as problem:  # one part that breaks must not lose the others
                traceback.print_exc()
                results.pop(name, None)
                results["failed"][name] = f"{type(problem).__name__}: {problem}"
            results.setdefault("took_s", {})[name] = time.perf_counter() - begin
            results.setdefault("quick", {})[name] = given.quick
            print(f"{name}: {results['took_s'][name]:.0f} s", flush=True)
            results |= headline(results)
            RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(performance_page.peer_table(results))
    print(json.dumps(headline(results), indent=2))
    performance_page.PAGE.write_text(performance_page.page(results), encoding="utf-8")
    if results.get("failed"):
        sys.exit(f"failed: {', '.join(results['failed'])}")


if __name__ == "__main__":
    main()
