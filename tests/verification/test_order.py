"""The kernel converges with second order in time, in space and in both."""

from __future__ import annotations

import pytest

from cryomassage.verification.order import orders_of_convergence
from cryomassage.verification.result import CaseResult

pytestmark = pytest.mark.verification


@pytest.fixture(scope="module")
def results() -> dict[str, CaseResult]:
    return {result.id: result for result in orders_of_convergence()}


@pytest.mark.parametrize("case", ["order-time", "order-space", "order-both"])
def test_observed_order_is_two(results: dict[str, CaseResult], case: str) -> None:
    rows = results[case].rows
    assert results[case].passed, rows
    assert {row.where.rsplit(", ")[-1] for row in rows} == {"skin", "surface"}
    assert all(1.9 <= row.computed < 2.6 for row in rows), rows
