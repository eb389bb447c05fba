"""Fixtures of the clinic's tests: Acorn with its five people, and Birch, whose people are outsiders."""

from __future__ import annotations

import pytest

from tests.clinic.people import House, make_house


@pytest.fixture
def acorn(db: None) -> House:
    return make_house("Acorn")


@pytest.fixture
def birch(db: None) -> House:
    return make_house("Birch")
