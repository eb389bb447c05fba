"""House rules of all tests.

Shapes and types of the engine are checked wherever a test calls or traces it. Hypothesis draws the same
examples in every run, so that a red test stays red.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

from tests.support import tools

ENGINE = Path(__file__).parents[1] / "src/cryomassage/engine"
# Numba compiles its functions itself and cannot look into a wrapped one; all that calls them is checked.
CHECKED = [path.stem for path in sorted(ENGINE.glob("*.py")) if "import compiled" not in path.read_text("utf-8")]

install_import_hook([f"cryomassage.engine.{name}" for name in CHECKED], "beartype.beartype")

settings.register_profile(
    "house", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")

# What JAX compiles is kept where the product keeps it, so that of two processes one compiles.
os.environ.setdefault(
    "JAX_COMPILATION_CACHE_DIR",
    str(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cryomassage" / "compiled"),
)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "0")


# Two processes take whole files in this order: what takes longest first. Kernels are compiled by the first file that
# needs them and kept on disk, so the others that need them come last.
FIRST = (
    "test_patch_scenario",
    "test_every_page",
    "test_safe_form",
    "test_the_whole_way",
    "test_roles_and_refusals",
    "test_spot_freeze",
    "test_cli",
)
LAST = (
    "test_report",
    "test_curved",
    "test_supercooling",
    "test_patch_freeze",
    "test_patch_files",
    "test_patch_cases",
    "test_patch_second_solvers",
    "test_patch_solver",
    "test_strokes",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files in the order above."""
    order = {name: place - len(FIRST) for place, name in enumerate(FIRST)} | dict.fromkeys(LAST, 1)
    items.sort(key=lambda item: order.get(item.path.stem, 0))


@pytest.fixture(scope="session")
def one_playwright() -> Iterator[Any]:
    """Playwright, which a process can start only once."""
    from playwright.sync_api import sync_playwright

    # Its loop runs in this thread, and tests ask the database beside the browser.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(one_playwright: Any) -> Iterator[Any]:
    """One Chromium for all tests of a process; each opens contexts of its own."""
    browser = one_playwright.chromium.launch(executable_path=tools.chromium(), args=tools.CHROMIUM)
    yield browser
    browser.close()
