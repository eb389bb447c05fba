"""Eight threads at once, on a database in a file: no more tries than one after the other, and each link once.

    python -m tests.clinic.test_accounts_races guesses|links

Prints one line of JSON; tests start it, since threads with connections of their own need a database of their own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[2]
THREADS, ROUNDS = 8, 6


def at_once(work: Callable[[int], str]) -> Counter[str]:
    """What came of it in each thread."""
    came: Counter[str] = Counter()
    lock, start = threading.Lock(), threading.Barrier(THREADS)

    def one(number: int) -> None:
        from django.db import connection

        start.wait()
        try:
            what = work(number)
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
        with lock:
            came[what] += 1
        connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


def guesses() -> dict[str, int]:
    """Wrong passwords for one account: how many were looked at, and how many were refused unseen."""
    from django.test import Client

    from cryomassage_clinic.accounts.models import Attempts
    from tests.clinic.people import make_house

    make_house("Acorn")
    came: Counter[str] = Counter()
    for _round in range(ROUNDS):
        Attempts.objects.all().delete()
        came += at_once(
            lambda number: str(
                Client(REMOTE_ADDR=f"10.0.0.{number}")
                .post("/account/login/", {"login": "acorn-operator", "password": "wrong"})
                .status_code
            )
        )
    return dict(came)


def links() -> dict[str, int]:
    """One link, used by eight: how many got in, how many are told that it works no more, and whose password counts."""
    from django.test import Client

    from cryomassage_clinic.accounts import services
    from cryomassage_clinic.accounts.models import User
    from cryomassage_clinic.accounts.permissions import Role
    from cryomassage_clinic.audit.models import AuditRow
    from tests.clinic.people import make_house

    house = make_house("Acorn")
    came: Counter[str] = Counter()
    for number in range(ROUNDS):
        user, token = services.invite(house.actor("owner"), "Mia", f"mia-{number}", Role.OPERATOR, [])
        won: list[int] = []

        def use(thread: int, token: str = token, won: list[int] = won) -> str:
            password = f"four unrelated words {thread}"
            answer = Client().post(f"/staff/invitation/{token}/", {"password": password})
            if answer.status_code == 302:
                won.append(thread)
            return str(answer.status_code)

        came += at_once(use)
        kept = User.objects.get(pk=user.pk)
        came["the winner's password"] += sum(kept.check_password(f"four unrelated words {one}") for one in won)
    came["rows"] = AuditRow.objects.filter(action="account.password_chosen").count()
    return dict(came)


def run(kind: str, folder: Path) -> dict[str, int]:
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{folder}/clinic.sqlite3",
        "CRYOMASSAGE_DATA": str(folder),
        "CRYOMASSAGE_LOG": "CRITICAL",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.clinic.test_accounts_races", kind],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    counted: dict[str, int] = json.loads(done.stdout.strip().splitlines()[-1])
    return counted


def test_threads_get_no_more_guesses_than_one_after_the_other(tmp_path: Path) -> None:
    assert run("guesses", tmp_path) == {"422": 5 * ROUNDS, "429": 3 * ROUNDS}


def test_a_link_is_used_once_however_many_come(tmp_path: Path) -> None:
    expected = {"302": ROUNDS, "410": (THREADS - 1) * ROUNDS, "the winner's password": ROUNDS, "rows": ROUNDS}
    assert run("links", tmp_path) == expected


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.clinic.settings"
    import django
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    django.setup()
    setup_test_environment()
    call_command("migrate", run_syncdb=True, verbosity=0)
    sys.stdout.write(json.dumps({"guesses": guesses, "links": links}[sys.argv[1]]()) + "\n")


if __name__ == "__main__":
    main()
