"""An instance of the clinic in processes and a data folder of its own, as it runs in a house.

Where `DATABASE_URL` names a PostgreSQL server, each instance gets a database of its own there.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sys
import textwrap
import uuid
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.zygote import Ended, Zygote

ROOT = Path(__file__).parents[2]
_BEGIN = "import django; django.setup()\n"


def on_postgresql() -> bool:
    """Whether instances run on PostgreSQL."""
    return os.environ.get("DATABASE_URL", "").startswith("postgres")


@cache
def zygote() -> Zygote:
    """The process that commands run in forks of; started by the first that needs it."""
    made = Zygote()
    atexit.register(made.stop)
    return made


def _database(like: Instance | None) -> str:
    """A new database on the PostgreSQL server, empty or like another one; its address."""
    import psycopg

    url = os.environ["DATABASE_URL"]
    name = f"instance_{uuid.uuid4().hex[:12]}"
    template = "" if like is None else f' TEMPLATE "{like.environment["DATABASE_URL"].rpartition("/")[2]}"'
    with psycopg.connect(url.replace("postgres://", "postgresql://"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"{template}')
    return f"{url.rpartition('/')[0]}/{name}"


class Instance:
    """One clinic's computer."""

    def __init__(self, folder: Path, *, tables: bool = True, like: Instance | None = None, **environment: str) -> None:
        """A new one: without tables, with empty ones, or `like` another one that nothing is connected to."""
        if like is None:
            folder.mkdir(parents=True, exist_ok=True)
        else:
            shutil.copytree(like.folder, folder)
        self.folder = folder
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("CRYOMASSAGE_", "PYTEST"))},
            "DJANGO_SETTINGS_MODULE": "tests.clinic.settings",
            "CRYOMASSAGE_DATA": str(folder),
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        if on_postgresql():
            self.environment["DATABASE_URL"] = _database(like)
        if tables and like is None:
            self.command("migrate", "--run-syncdb", "--verbosity=0")

    def arguments(self, *arguments: str) -> list[str]:
        """A management command as a process starts it."""
        return [sys.executable, "-m", "django", *arguments]

    def command(self, *arguments: str, check: bool = True, typed: str | None = None, **more: Any) -> Ended:
        """Run a management command; `limit_kb`: no file may grow beyond it."""
        done = zygote().run(self.environment, self.folder, typed, command=list(arguments), **more)
        assert not check or done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done

    def script(self, code: str) -> list[str]:
        """Python inside the instance, as a process of its own starts it."""
        return [sys.executable, "-c", _BEGIN + textwrap.dedent(code)]

    def python(self, code: str, **more: Any) -> str:
        """Run Python inside the instance; what it printed. `limit_kb`: no file may grow beyond it."""
        done = zygote().run(self.environment, self.folder, code=textwrap.dedent(code), **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def told(self, code: str) -> Any:
        """Run Python inside the instance; the JSON in the last line that it printed."""
        return json.loads(self.python(code).strip().splitlines()[-1])

    def digests(self) -> dict[str, Any]:
        """Rows and digest of each table."""
        return dict(
            self.told("""
            import json
            from cryomassage_clinic.custody.digests import content_digests
            print(json.dumps(content_digests()))
            """)
        )

    def files(self) -> list[Path]:
        """Every file of the data folder."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())
