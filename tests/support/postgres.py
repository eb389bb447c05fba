"""A PostgreSQL server of one's own, for as long as the tests run.

    python -m tests.support.postgres -- COMMAND …

starts one, sets `DATABASE_URL`, runs the command and stops it. It listens on a socket in a temporary folder only, so
any number of them may run, and no password is needed.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

_MISSING = (
    "PostgreSQL's server programs (initdb, postgres) are not on this computer. Install them, on Debian:\n"
    "    sudo apt-get install postgresql"
)


class PostgresMissingError(RuntimeError):
    """There are no server programs, and they cannot be installed."""


def _candidates() -> Iterator[Path]:
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        said = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True)
        yield Path(said.stdout.strip())
    yield from sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: int(folder.parent.name) if folder.parent.name.isdigit() else 0,
        reverse=True,
    )
    found = shutil.which("postgres")
    if found:
        yield Path(found).resolve().parent


def _found() -> Path | None:
    return next((one for one in _candidates() if (one / "initdb").exists() and (one / "postgres").exists()), None)


def binaries() -> Path:
    """The folder of the server programs; installs them where that may be done.

    Raises:
        PostgresMissingError: there are none.
    """
    found = _found()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print("PostgreSQL is not here; installing it: apt-get install postgresql", file=sys.stderr)
        quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update", "--quiet"], check=False, **quiet)  # type: ignore[call-overload]
        subprocess.run(["apt-get", "install", "--yes", "--quiet", "postgresql"], check=False, **quiet)  # type: ignore[call-overload]
        found = _found()
    if found is None:
        raise PostgresMissingError(_MISSING)
    return found


def _account() -> pwd.struct_passwd | None:
    """Whom to run the server as: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise PostgresMissingError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody.")


@dataclass
class Server:
    """One that is running."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]


def _as(account: pwd.struct_passwd | None) -> dict[str, object]:
    return {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Start a server, wait until it answers, and stop it at the end.

    Raises:
        PostgresMissingError: there are no server programs.
        RuntimeError: it does not start; with what it said.
    """
    programs, account = binaries(), _account()
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": name}
        data, said = folder / "data", folder / "log"
        made = subprocess.run(
            [str(programs / "initdb"), "-D", str(data), "-U", "clinic", "-A", "trust", "-E", "UTF8", "--no-sync"],
            cwd=folder, env=environment, capture_output=True, text=True, check=False, **_as(account),
        )  # fmt: skip
        if made.returncode:
            raise RuntimeError(f"initdb: {made.stderr}")
        # No network, and no waiting for the disk: what is in it is thrown away.
        options = {
            "listen_addresses": "", "unix_socket_directories": name, "fsync": "off", "full_page_writes": "off",
            "shared_buffers": "64MB", "max_connections": "200", "timezone": "UTC",
        }  # fmt: skip
        command = [str(programs / "postgres"), "-D", str(data)]
        command += [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        with said.open("wb") as log:
            process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, **_as(account))  # type: ignore[call-overload]
        try:
            _create_database(programs, folder, environment, process, said, account)
            yield Server(f"postgres://clinic@{quote(name, safe='')}/clinic", folder, process)
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nothing in it is kept
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _create_database(
    programs: Path,
    folder: Path,
    environment: dict[str, str],
    process: subprocess.Popen[bytes],
    said: Path,
    account: pwd.struct_passwd | None,
) -> None:
    deadline = time.monotonic() + 30
    while True:
        done = subprocess.run(
            [str(programs / "createdb"), "-h", str(folder), "-U", "clinic", "clinic"],
            cwd=folder, env=environment, capture_output=True, text=True, check=False, **_as(account),
        )  # fmt: skip
        if done.returncode == 0 or "already exists" in done.stderr:
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL does not answer: {done.stderr}\n{said.read_text(errors='replace')}")
        time.sleep(0.1)


def main(arguments: list[str]) -> int:
    """Run a command beside a server."""
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command:
        print("usage: python -m tests.support.postgres -- COMMAND …", file=sys.stderr)
        return 2
    try:
        with running() as server:
            done = subprocess.run(command, env={**os.environ, "DATABASE_URL": server.url}, check=False)
            return done.returncode
    except PostgresMissingError as error:
        print(error, file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
