"""Eight at once for one slot: one winner each time, on SQLite and on PostgreSQL, and nothing left over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import running

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'clinic.sqlite3'}"
    else:
        with running() as server:
            yield server.url


def told(database: str, folder: Path, *arguments: str) -> dict[str, object]:
    environment = {**os.environ, "DATABASE_URL": database, "CRYOMASSAGE_DATA": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.clinic.visits_races", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


@pytest.mark.slow
def test_a_thousand_races_of_eight_for_one_slot_have_one_winner_each(database: str, tmp_path: Path) -> None:
    told_of = told(database, tmp_path, "book", "1000", "8")
    assert told_of == {"races": 1000, "winners": 1000, "losers": 7000, "others": {}, "slots_right": True}


@pytest.mark.slow
def test_without_looking_first_the_database_still_lets_one_win(database: str, tmp_path: Path) -> None:
    told_of = told(database, tmp_path, "blind", "200", "8")
    assert told_of == {"races": 200, "winners": 200, "losers": 1400, "others": {}, "slots_right": True}


@pytest.mark.slow
def test_moving_and_cancelling_under_race_leaves_no_orphan(database: str, tmp_path: Path) -> None:
    told_of = told(database, tmp_path, "churn", "200", "8")
    assert told_of["others"] == {}
    assert told_of["slots_right"] is True
    assert int(str(told_of["winners"])) > 200
    assert int(str(told_of["losers"])) > 200
