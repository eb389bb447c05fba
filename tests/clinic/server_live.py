"""A clinic of one's own, started as people start it."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CRYOMASSAGE_", "PYTEST"))}
    for name in ("DATABASE_URL", "DJANGO_ALLOW_ASYNC_UNSAFE"):
        kept.pop(name, None)
    settings = {"DJANGO_SETTINGS_MODULE": "tests.clinic.server_settings", "PYTHONPATH": str(ROOT)}
    return {**kept, **settings, "CRYOMASSAGE_DATA": str(folder), **more}


def python(folder: Path, code: str, **more: str) -> str:
    """What a piece of Python prints, with Django set up on a data folder."""
    done = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()\n" + textwrap.dedent(code)],
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def make_tables(folder: Path, **more: str) -> None:
    python(
        folder,
        'from django.core.management import call_command; call_command("migrate", run_syncdb=True, verbosity=0)',
        **more,
    )


def make_people(folder: Path) -> None:
    make_tables(folder)
    python(folder, "from tests.clinic.people import make_client, make_house; make_client(make_house('Acorn'))")


class Clinic:
    """`cryomassage-clinic run`, with what it writes."""

    def __init__(self, folder: Path, *options: str, **more: str) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self._arrived: queue.Queue[str | None] = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cryomassage_clinic", "run", "--data", str(folder), *options],
            env=environment(folder, **more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
        )
        threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True).start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self._arrived.put(line.rstrip("\n"))
        self._arrived.put(None)

    def wait_for(self, words: str, seconds: float = 60) -> str:
        """The next line that holds these words."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._arrived.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"{words!r} was not said within {seconds} s:\n{self.text}") from None
            if line is None:
                raise AssertionError(f"it ended before it said {words!r}:\n{self.text}")
            self.lines.append(line)
            if words in line:
                return line

    def address(self) -> str:
        """Wait until it is open."""
        found = re.search(r"https?://\S+", self.wait_for("The clinic is open"))
        assert found
        return found[0].rstrip("/")

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def children(self) -> dict[str, int]:
        """The processes below it: web and worker."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]
                    command = (entry / "cmdline").read_bytes().decode()
                except (OSError, IndexError):
                    continue
                if parent == str(self.process.pid):
                    found["web" if "server.web" in command else "worker"] = int(entry.name)
        return found

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop it as people do.

        Returns:
            Its exit code.
        """
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(30)
        while (line := self._arrived.get(timeout=5)) is not None:
            self.lines.append(line)
        self._arrived.put(None)
        return code

    def __enter__(self) -> Clinic:
        return self

    def __exit__(self, *_ignored: object) -> None:
        self.stop()
