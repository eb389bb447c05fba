"""Starts the product as its users do, in a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

_START_S = 90


@dataclass
class Product:
    """A running `cryomassage-clinic run`."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = 0
    address: str = ""
    setup: str = ""
    said: list[str] = field(default_factory=list)
    _process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, and wait until its pages are there."""
        program = Path(sys.executable).parent / "cryomassage-clinic"
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("CRYOMASSAGE", "DJANGO"))}
        environment.pop("DATABASE_URL", None)
        self._process = subprocess.Popen(
            [str(program), "run", "--port", str(self.port), "--data", str(self.folder), *self.options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        assert self._process.stdout is not None
        begun = time.monotonic()
        for line in self._process.stdout:
            self.said.append(line.rstrip())
            found = re.search(r"https?://\S+", line)
            if found and "open" in line:
                self.address = found.group().rstrip("/")
                self.port = int(self.address.rsplit(":", 1)[1])
            elif found and "/staff/setup/" in line:
                self.setup = found.group()
            if "Stop it with" in line:
                return
            assert time.monotonic() - begun < _START_S, "\n".join(self.said)
        raise AssertionError("\n".join(self.said))

    def stop(self, how: int = signal.SIGINT) -> None:
        """Stop it, and wait until it is gone."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None
