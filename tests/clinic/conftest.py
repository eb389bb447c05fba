"""Fixtures of the clinic's tests: Acorn with its five people, and Birch, whose people are outsiders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation

from tests.clinic.at_rest import wait_for_rest
from tests.clinic.people import House, make_house


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """Answers leave their language active in the thread."""
    yield
    translation.deactivate()


@pytest.fixture
def chromium(chromium: Any) -> Iterator[Any]:
    """The browser of this process; what a test opens in it is closed, and answered, before the tables are emptied."""
    yield chromium
    for one in chromium.contexts:
        one.close()
    wait_for_rest()


@pytest.fixture
def acorn(db: None) -> House:
    return make_house("Acorn")


@pytest.fixture
def birch(db: None) -> House:
    return make_house("Birch")
