"""Installs what the tests need beside Python: a browser, its certificate tool, and PostgreSQL.

Run as `python -m tests.support.tools`. Nothing is done where everything is there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# No word to another host, and nothing that a container lacks.
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
CHROMIUM += ["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """The browser, or None."""
    return next((found for name in _BROWSERS if (found := shutil.which(name))), None)


def postgres_folder() -> Path | None:
    """Where the programs of a PostgreSQL server lie, or None."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


def missing() -> list[str]:
    """The Debian packages that are not there."""
    packages = []
    if chromium() is None:
        packages.append("chromium")
    if shutil.which("certutil") is None:
        packages.append("libnss3-tools")
    if postgres_folder() is None:
        packages.append("postgresql")
    return packages


def install() -> int:
    """Install them, as root or by `sudo` where it asks for no password.

    Returns:
        0, or 1 where they cannot be installed; what to do is then printed.
    """
    packages = missing()
    if not packages:
        return 0
    if os.geteuid() == 0:
        prefix = []
    elif (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        prefix = ["sudo", "-n"]
    else:
        print(f"The tests need: sudo apt-get install {' '.join(packages)}", file=sys.stderr)
        return 1
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = [*prefix, "apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages]
    print(f"Installing for the tests: {' '.join(packages)}", file=sys.stderr)
    if subprocess.run(command, env=environment, capture_output=True, check=False).returncode != 0:
        subprocess.run([*prefix, "apt-get", "update", "--quiet"], env=environment, capture_output=True, check=False)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(done.stderr[-2000:], file=sys.stderr)
            print(f"The tests need: sudo apt-get install {' '.join(packages)}", file=sys.stderr)
            return 1
    return 1 if missing() else 0


if __name__ == "__main__":
    sys.exit(install())
