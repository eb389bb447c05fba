"""A process in which the clinic's program is loaded; each task runs in a fork of it, as if newly started.

Starting an interpreter and loading the program takes a second and more; a fork takes a hundredth of that. The fork
reads the settings anew, from the environment that the task names, and opens connections of its own; nothing but
loaded modules is shared. Tasks come as lines of JSON on the standard input, one answer for each goes out.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """How a task ended."""

    returncode: int
    stdout: str
    stderr: str


class Zygote:
    """The process, as seen by tests."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="zygote-")
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("CRYOMASSAGE_", "PYTEST"))},
            "DJANGO_SETTINGS_MODULE": "tests.clinic.settings",
            "CRYOMASSAGE_DATA": self._folder.name,
            "PYTHONPATH": str(ROOT),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.zygote"],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, environment: dict[str, str], cwd: Path, typed: str | None = None, **task: Any) -> Ended:
        """Run a task: `command=[...]` of the program, or `code="..."`; `limit_kb`: no file may grow beyond it."""
        work = Path(self._folder.name)
        (work / "in").write_text(typed or "", "utf-8")
        line = json.dumps({**task, "environment": environment, "cwd": str(cwd), "files": str(work)})
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the process ended"
        out, err = ((work / name).read_text("utf-8", errors="replace") for name in ("out", "err"))
        return Ended(int(answer), out, err)

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._folder.cleanup()


def _settings_anew() -> None:
    """Let the settings be read again, and everything that was made of them."""
    from django.conf import empty, settings
    from django.core.cache import caches
    from django.db import connections

    for name in ("tests.clinic.settings", "cryomassage_clinic.settings"):
        sys.modules.pop(name, None)
    settings._wrapped = empty
    for key in [key for key in settings.__dict__ if key != "_wrapped"]:
        del settings.__dict__[key]  # looked up once, then kept
    for handler in (connections, caches):
        for alias in handler:
            if hasattr(handler._connections, alias):
                made = handler[alias]
                assert getattr(made, "connection", None) is None, "a connection must not be shared with a fork"
                del handler[alias]
        handler.__dict__.pop("settings", None)
        handler._settings = None


def _carry_out(task: dict[str, Any]) -> None:
    import django
    from django.db import connections

    from cryomassage_clinic.__main__ import main

    _settings_anew()
    django.setup()
    try:
        if "command" in task:
            main(task["command"])
        else:
            exec(compile(task["code"], "task", "exec"), {"__name__": "task"})
    finally:
        connections.close_all()


def _in_fork(task: dict[str, Any]) -> int:
    """Whatever a new process would find: its standard streams, folder, environment and limits."""
    files = Path(task["files"])
    for descriptor, name, flags in (
        (0, "in", os.O_RDONLY),
        (1, "out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, "err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        opened = os.open(files / name, flags, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(task["environment"])
    os.chdir(task["cwd"])
    if task.get("limit_kb") is not None:
        size = int(task["limit_kb"]) * 1024
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    code = _code_of(lambda: _carry_out(task))
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _code_of(work: Callable[[], None]) -> int:
    try:
        work()
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
            return 1
        return int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    """Load the program, then carry out one task after the other."""
    import django

    django.setup()
    from django.core.management import get_commands, load_command_class

    # What most tasks load: their commands, and the pages, which the checks before each command look through.
    for name in ("migrate", "backup", "restore", "export_all", "import_all", "erase_client", "audit_verify"):
        load_command_class(get_commands()[name], name)
    import cryomassage_clinic.urls  # noqa: F401
    import tests.support.records  # noqa: F401

    for line in sys.stdin:
        task = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(_in_fork(task))
        _pid, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
