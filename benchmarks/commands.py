"""The commands as a person meets them: wall time and memory of processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
COMMAND = Path(sys.executable).with_name("cryomassage")
ONE_ZONE = ROOT / "examples" / "scalp-hair-loss.toml"
THREE_ZONES = ROOT / "examples" / "acne-ln2-swab.toml"


class Ran(NamedTuple):
    """One run of the command: wall time and peak resident memory."""

    seconds: float
    peak_MiB: float


def run_process(command: list[str], environment: dict[str, str]) -> Ran:
    """Run a process to its end.

    Raises:
        RuntimeError: it did not end well; its last words are told.
    """
    with tempfile.TemporaryFile() as told:
        begin = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=told, stderr=told)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            told.seek(0)
            last_words = told.read().decode(errors="replace")[-1000:]
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {last_words}")
    units_per_KiB = 1024.0 if sys.platform == "darwin" else 1.0
    return Ran(seconds, usage.ru_maxrss / units_per_KiB / 1024.0)


def run_command(*words: str, cache: Path) -> Ran:
    """Run the installed command with the given cache folder."""
    return run_process([str(COMMAND), *words], {**os.environ, "XDG_CACHE_HOME": str(cache)})


def commands() -> dict[str, float]:
    """Help, plan and verify."""
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
