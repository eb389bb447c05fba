"""The processes that the starter keeps alive."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

_PR_SET_PDEATHSIG = 1
_LONGEST_PAUSE_S = 30.0
_LIVED_WELL_S = 60.0


def stop_with_parent() -> None:
    """Called in a child: ask the system to stop it when the starter is gone, however that ended (Linux)."""
    parent = os.getppid()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it went between the two calls
        sys.exit(0)


def _ended(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


class Child:
    """One process that is started again when it dies, with growing pauses."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        tell: Callable[[str], None],
        *,
        keep_open: Sequence[int] = (),
        first_pause_s: float = 0.5,
    ) -> None:
        self.name = name
        self._command = list(command)
        self._tell = tell
        self._keep_open = tuple(keep_open)
        self._first_pause_s = first_pause_s
        self._pause_s = first_pause_s
        self._started_at = 0.0
        self._start_again_at: float | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The number of its process."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start it; in a session of its own, so that Ctrl+C reaches the starter alone, which stops all in order."""
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, pass_fds=self._keep_open, start_new_session=True
        )
        self._started_at = time.monotonic()
        self._start_again_at = None

    def ended(self) -> str | None:
        """How it ended, or None while it runs."""
        code = self._process.poll() if self._process is not None else None
        return None if code is None else _ended(code)

    def look_after(self) -> None:
        """Start it again where it has died and its pause is over."""
        now = time.monotonic()
        if self._start_again_at is not None:
            if now >= self._start_again_at:
                self.start()
            return
        how = self.ended()
        if how is None:
            return
        if now - self._started_at > _LIVED_WELL_S:
            self._pause_s = self._first_pause_s
        self._tell(f"The {self.name} stopped ({how}). It is started again in {self._pause_s:g} s.")
        self._start_again_at = now + self._pause_s
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    def ask_to_stop(self) -> None:
        """Ask it to finish what it is doing and stop."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait_until(self, deadline: float) -> None:
        """Wait for its end; end it by force where it takes longer. What it was computing is run again next time."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
