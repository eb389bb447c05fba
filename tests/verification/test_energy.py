"""The account of heat closes, and would not if heat went missing."""

from __future__ import annotations

import pytest

from cryomassage.verification.energy import TOLERANCE_PERCENT, energy_balance

pytestmark = pytest.mark.verification


def test_heat_drawn_is_heat_lost() -> None:
    result = energy_balance()
    assert result.passed, result.rows
    assert result.max_error < TOLERANCE_PERCENT <= 0.1


def test_the_skin_was_cooled_hard_enough_to_tell() -> None:
    row = energy_balance().rows[0]
    assert row.expected < -1e5
