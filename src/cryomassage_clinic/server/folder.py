"""The data folder: can be written to, and belongs to one running clinic at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from cryomassage_clinic.server.problems import StartError


def data_folder(given: str | None = None) -> Path:
    """Where everything lies that the clinic owns; the same rule as in the settings."""
    named = given or os.environ.get("CRYOMASSAGE_DATA")
    return Path(named).absolute() if named else Path.home() / ".local/share/cryomassage"


def make_usable(folder: Path) -> None:
    """Make the folder where it is missing, and write into it once.

    Raises:
        StartError: nothing can be written there.
    """
    trial = folder / f".trial-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with trial.open("wb") as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
        trial.unlink()
    except OSError as error:
        trial.unlink(missing_ok=True) if os.access(folder, os.W_OK) else None
        raise StartError(
            f"The data folder {folder} cannot be written to ({error.strerror}). Nothing was started.\n"
            "Give this user the right to write there, free some space, or name another folder with --data."
        ) from error


class Hold:
    """A file that is locked as long as this process lives; the system frees it however the process ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def take(self) -> bool:
        """Try to take it.

        Returns:
            False where another process has it.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._file = descriptor
        return True

    def holder(self) -> str:
        """The number of the process that has it, as far as the file tells."""
        try:
            return self._path.read_text("ascii").strip() or "unknown"
        except OSError:
            return "unknown"

    def leave(self) -> None:
        """Give it back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def hold_clinic(folder: Path) -> Hold:
    """Take the data folder for this process.

    Raises:
        StartError: a clinic is running on it.
    """
    hold = Hold(folder / "run.lock")
    if not hold.take():
        raise StartError(
            f"This clinic is running already (process {hold.holder()}, data folder {folder}).\n"
            "Open it in the browser, stop it first, or name another folder with --data."
        )
    return hold
