"""Twenty races of eight for one slot, every day; a thousand on both databases stand among the slow tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.unit, pytest.mark.sqlite]
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", ["book", pytest.param("blind", marks=pytest.mark.slow)])
def test_one_winner_each_and_nothing_left_over(kind: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path}/clinic.sqlite3",
        "CRYOMASSAGE_DATA": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.clinic.visits_races", kind, "20", "8"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.strip().splitlines()[-1])
    assert told == {"races": 20, "winners": 20, "losers": 140, "others": {}, "slots_right": True}
