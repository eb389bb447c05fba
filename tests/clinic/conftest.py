"""Fixtures of the clinic's tests: Acorn with its five people, and Birch, whose people are outsiders."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation

from tests.clinic.people import House, make_house


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """Answers leave their language active in the thread."""
    yield
    translation.deactivate()


@pytest.fixture
def acorn(db: None) -> House:
    return make_house("Acorn")


@pytest.fixture
def birch(db: None) -> House:
    return make_house("Birch")
