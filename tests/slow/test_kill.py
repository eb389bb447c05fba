"""`plan --out` killed at any moment, or on a full disk, leaves whole files or none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from cryomassage.interchange.plan_file import read_plan

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
COMMAND = [
    str(Path(sys.executable).parent / "cryomassage"),
    "plan",
    str(ROOT / "examples" / "home-ice.toml"),
    "--out",
]
KILLS = 25


def whole(folder: Path) -> None:
    """Whatever lies in the folder under its final name can be read to the end."""
    for path in folder.glob("*") if folder.exists() else ():
        if path.name == "plan.json":
            read_plan(path)
            assert (folder / "report.html").exists(), "a plan never stands without its report"
        elif path.name == "report.html":
            assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
        else:
            assert path.name.startswith("."), f"{path.name} is neither a result nor a temporary file"


def test_a_kill_leaves_whole_files_or_none(tmp_path: Path) -> None:
    # The first run may compile; how long a run usually takes is what the second takes.
    for _ in range(2):
        begun = time.monotonic()
        subprocess.run([*COMMAND, str(tmp_path / "warm")], check=True, capture_output=True)
        usual = time.monotonic() - begun
    # Most kills fall into the last part of the run, where files are written.
    moments = np.concatenate([np.linspace(0.1, 0.7, 5), np.linspace(0.7, 1.05, KILLS - 5)]) * usual
    killed = 0
    for number, moment in enumerate(moments):
        folder = tmp_path / f"run{number}"
        process = subprocess.Popen([*COMMAND, str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(float(moment))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.wait()
        whole(folder)
    assert killed >= 5


def test_a_full_disk_leaves_no_half_file(tmp_path: Path) -> None:
    """A limit on file size stands in for a full disk: the write fails in the middle."""

    folder = tmp_path / "out"
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    # The shell sets the limit: forking this process, in which JAX may run threads, could deadlock.
    limited = ["bash", "-c", "trap '' XFSZ; ulimit -f 20; exec \"$@\"", "limited", *COMMAND, str(folder)]
    done = subprocess.run(limited, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr, done.stderr
    assert not (folder / "plan.json").exists()
    assert not (folder / "report.html").exists()


def test_two_runs_at_once_into_one_folder_leave_one_whole_plan(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    processes = [
        subprocess.Popen([*COMMAND, str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(3)
    ]
    assert [process.wait() for process in processes] == [0, 0, 0]
    whole(folder)
    assert json.loads((folder / "plan.json").read_text())["status"] == "planned"
