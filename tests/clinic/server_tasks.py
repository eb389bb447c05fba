"""A task that takes a while, and tells a file of its beginning and its end."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from django_tasks import task


@task()
def slow(path: str, seconds: float, number: int) -> int:
    with Path(path).open("a", encoding="ascii") as file:
        file.write(f"begin {number}\n")
        file.flush()
        time.sleep(seconds)
        file.write(f"end {number} jax={'jax' in sys.modules}\n")
    return number
