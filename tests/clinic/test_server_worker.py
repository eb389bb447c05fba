"""A worker that is killed in the middle of a task: nothing lost, each computed once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clinic.server_live import environment, make_tables, python

pytestmark = [pytest.mark.unit, pytest.mark.sqlite]


def worker(folder: Path, **more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "cryomassage_clinic.server.worker"], env=environment(folder, **more))


def wait_until(met: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def enqueue(folder: Path, log: Path, seconds: float, count: int) -> None:
    python(
        folder,
        f"""
        from tests.clinic.server_tasks import slow
        for number in range({count}):
            slow.enqueue({str(log)!r}, {seconds}, number)
        """,
    )


def states(folder: Path) -> list[str]:
    code = (
        "from django_tasks_db.models import DBTaskResult; print(*DBTaskResult.objects.values_list('status', flat=True))"
    )
    return python(folder, code).split()


def lines(log: Path) -> list[str]:
    return log.read_text("ascii").splitlines() if log.exists() else []


def test_a_task_whose_worker_was_killed_runs_again_and_ends_once(tmp_path: Path) -> None:
    make_tables(tmp_path)
    log = tmp_path / "log"
    enqueue(tmp_path, log, 1.5, 3)
    first = worker(tmp_path)
    wait_until(lambda: lines(log)[-1:] == ["begin 1"])
    first.kill()
    first.wait(10)
    assert sorted(states(tmp_path)) == ["READY", "RUNNING", "SUCCESSFUL"]
    second = worker(tmp_path)
    wait_until(lambda: sum(line.startswith("end") for line in lines(log)) == 3)
    wait_until(lambda: states(tmp_path) == ["SUCCESSFUL"] * 3)
    second.send_signal(signal.SIGTERM)
    assert second.wait(10) == 0
    assert sorted(lines(log)) == ["begin 0", "begin 1", "begin 1", "begin 2", *(f"end {n} jax=False" for n in range(3))]


@pytest.mark.slow
def test_a_worker_that_is_told_to_stop_ends_the_task_at_hand(tmp_path: Path) -> None:
    make_tables(tmp_path)
    log = tmp_path / "log"
    enqueue(tmp_path, log, 1.0, 2)
    one = worker(tmp_path)
    wait_until(lambda: lines(log) == ["begin 0"])
    one.send_signal(signal.SIGTERM)
    assert one.wait(10) == 0
    assert lines(log) == ["begin 0", "end 0 jax=False"]
    assert sorted(states(tmp_path)) == ["READY", "SUCCESSFUL"]


@pytest.mark.slow
def test_told_twice_it_leaves_at_once_and_the_task_waits_for_the_next(tmp_path: Path) -> None:
    make_tables(tmp_path)
    log = tmp_path / "log"
    enqueue(tmp_path, log, 30.0, 1)
    one = worker(tmp_path)
    wait_until(lambda: lines(log) == ["begin 0"])
    one.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    one.send_signal(signal.SIGTERM)
    one.wait(10)
    assert states(tmp_path) == ["RUNNING"]


@pytest.mark.slow
def test_there_is_one_worker_for_a_folder(tmp_path: Path) -> None:
    make_tables(tmp_path)
    log = tmp_path / "log"
    enqueue(tmp_path, log, 2.0, 1)
    first = worker(tmp_path)
    wait_until(lambda: lines(log) == ["begin 0"])
    second = worker(tmp_path)  # it must not take the running task for one that was cut off
    time.sleep(2.5)
    wait_until(lambda: states(tmp_path) == ["SUCCESSFUL"])
    assert lines(log) == ["begin 0", "end 0 jax=False"]
    for one in (first, second):
        one.terminate()
        one.wait(10)


@pytest.mark.slow
def test_an_idle_worker_is_light(tmp_path: Path) -> None:
    make_tables(tmp_path)
    one = worker(tmp_path)
    wait_until(lambda: (tmp_path / "worker.lock").exists() and (tmp_path / "worker.lock").stat().st_size > 0)
    time.sleep(1.0)

    def spent_s() -> float:
        fields = Path(f"/proc/{one.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before = spent_s()
    time.sleep(4.0)
    assert spent_s() - before < 0.2  # 5 % of one core
    kept = Path(f"/proc/{one.pid}/smaps_rollup").read_text()
    assert int(kept.split("Pss:")[1].split()[0]) < 150_000  # kB
    assert "libjax" not in Path(f"/proc/{one.pid}/maps").read_text()
    one.terminate()
    one.wait(10)
