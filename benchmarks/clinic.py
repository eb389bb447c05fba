"""Times the clinic's pages and writes: ten thousand clients, a hundred thousand visits, twenty requests a second.

The product is started as its users start it. Requests leave at their time whether or not earlier ones were answered,
so that a page that waits shows in the figures. The load comes from the same two cores.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

RATE_PER_S = 20.0
SECONDS = 60.0
WRITE_SHARE = 0.2

_FILL = """
import json
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("createcachetable", verbosity=0)
from benchmarks.clinic_crowd import fill, key_for, sample
name = fill({clients}, {sessions}, {rows})
print(json.dumps({{"key": key_for(name), **sample()}}))
"""


def _percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _private_mb(pid: int) -> float:
    """Proportional memory of a process and its children, MB."""
    total = 0.0
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    for child in listed.stdout.split():
        total += _private_mb(int(child))
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += float(line.split()[1]) / 1024.0
    except OSError:
        return total
    return total


class _Clinic:
    """The running product, and one logged-in tablet per thread."""

    def __init__(self, port: int, key: str) -> None:
        self.port, self.key, self.local = port, key, threading.local()

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes, float]:
        """Status, answer, and seconds of one request."""
        connection = getattr(self.local, "connection", None)
        if connection is None:
            connection = self.local.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Cookie": f"sessionid={self.key}; csrftoken={'a' * 32}", "Accept-Encoding": "identity"}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": "a" * 32}
            headers |= {"Referer": f"http://127.0.0.1:{self.port}/"}
        begun = time.perf_counter()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (http.client.HTTPException, OSError):
            self.local.connection = None
            raise
        return answer.status, content, time.perf_counter() - begun


def _reads(sample: dict[str, Any], draw: random.Random) -> str:
    client, course, booking = (
        draw.choice(sample["clients"]),
        draw.choice(sample["courses"]),
        draw.choice(sample["bookings"]),
    )
    return draw.choice(
        [
            "/", "/clients/", f"/clients/?q={draw.choice(('ann', 'olga', 'petr', '79', 'K00'))}", f"/clients/{client}/",
            f"/clients/{client}/", f"/chart/client/{client}/", f"/consents/client/{client}/", f"/courses/{course}/",
            f"/screening/course/{course}/", f"/screening/course/{course}/verdict/", "/courses/plans/", "/calendar/",
            "/calendar/?view=week", f"/calendar/bookings/{booking}/", "/places/", "/more/",
        ]
    )  # fmt: skip


def _write(sample: dict[str, Any], draw: random.Random) -> tuple[str, dict[str, str]]:
    mark = {"submission": str(uuid.uuid4())}
    if draw.random() < 0.5:
        client = draw.choice(sample["clients"])
        data = {"kind": "lesion", "place": "middle", "note": "timed", **mark}
        return f"/chart/client/{client}/?picture=face&zone=chin", data
    number = draw.randrange(10**7)
    data = {"full_name": f"Timed {number}", "birth_date": "1990-01-02", "phone": f"+44 {number}", "language": "en",
            "confirmed": "1", **mark}  # fmt: skip
    return "/clients/new/", data


def load(quick: bool = False) -> dict[str, Any]:
    """Percentiles of pages and writes, memory, start, and weight of pages."""
    clients, sessions, rows = (1_000, 10_000, 5_000) if quick else (10_000, 100_000, 200_000)
    seconds = 15.0 if quick else SECONDS
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "CRYOMASSAGE_DATA": folder,
            "DJANGO_SETTINGS_MODULE": "cryomassage_clinic.settings",
        }
        script = _FILL.format(clients=clients, sessions=sessions, rows=rows)
        filled = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        sample = json.loads(filled.stdout.strip().splitlines()[-1])
        program = str(Path(sys.executable).parent / "cryomassage-clinic")
        command = [program, "run", "--port", "0", "--data", folder]
        begun = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            port, first_page_s = 0, 0.0
            for line in running.stdout:
                found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
                if found and not port:
                    port, first_page_s = int(found.group(1)), time.perf_counter() - begun
                if "Stop it with" in line:
                    break
            try:
                return {
                    "clients": clients,
                    "sessions": sessions,
                    "rate_per_s": RATE_PER_S,
                    "start_to_first_page_s": round(first_page_s, 2),
                    **_measure(_Clinic(port, sample["key"]), sample, seconds, running.pid),
                }
            finally:
                running.terminate()
                running.wait(30)


def _measure(clinic: _Clinic, sample: dict[str, Any], seconds: float, pid: int) -> dict[str, Any]:
    draw = random.Random(7)
    for path in ("/", "/clients/", f"/clients/{sample['clients'][0]}/", "/calendar/"):  # nothing is compiled yet
        clinic.ask("GET", path)
    idle = _private_mb(pid)
    reads: list[tuple[float, str]] = []
    writes: list[float] = []
    wrong: list[str] = []

    def one(due: float, is_write: bool, path: str, data: dict[str, str] | None) -> None:
        time.sleep(max(0.0, due - time.perf_counter()))
        try:
            body = None if data is None else urllib.parse.urlencode({**data, "csrfmiddlewaretoken": "a" * 32})
            status, _content, took = clinic.ask("POST" if is_write else "GET", path, body)
        except (http.client.HTTPException, OSError) as error:
            wrong.append(f"{path}: {error}")
            return
        if status != (302 if is_write else 200):
            wrong.append(f"{path}: {status}")
        elif is_write:
            writes.append(took)
        else:
            reads.append((took, re.sub(r"[0-9a-f-]{36}", "…", path.partition("?q=")[0])))

    begun = time.perf_counter() + 0.5
    with ThreadPoolExecutor(max_workers=24) as pool:
        for number in range(int(seconds * RATE_PER_S)):
            is_write = draw.random() < WRITE_SHARE
            path, data = _write(sample, draw) if is_write else (_reads(sample, draw), None)
            pool.submit(one, begun + number / RATE_PER_S, is_write, path, data)
    by_page: dict[str, list[float]] = {}
    for took, path in reads:
        by_page.setdefault(path, []).append(took)
    return {
        "requests": len(reads) + len(writes),
        "wrong": wrong[:5],
        "page_p50_ms": round(1e3 * _percentile([took for took, _path in reads], 0.50), 1),
        "page_p95_ms": round(1e3 * _percentile([took for took, _path in reads], 0.95), 1),
        "write_p50_ms": round(1e3 * _percentile(writes, 0.50), 1),
        "write_p95_ms": round(1e3 * _percentile(writes, 0.95), 1),
        "page_p95_ms_by_page": {
            path: round(1e3 * _percentile(times, 0.95), 1) for path, times in sorted(by_page.items())
        },
        "idle_web_and_worker_mb": round(idle, 1),
        "after_load_mb": round(_private_mb(pid), 1),
    }


if __name__ == "__main__":
    json.dump(load("--quick" in sys.argv), sys.stdout, indent=1)
