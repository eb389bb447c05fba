"""The outcome of one verification case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Row(NamedTuple):
    """One compared number: where, what mathematics says, what the solver says, and the error."""

    where: str
    expected: float
    computed: float
    error: float


@dataclass(frozen=True)
class CaseResult:
    """One case of verification, judged.

    Attributes:
        id: short name, such as "G1".
        title: the problem in words.
        quantity: what is compared.
        unit: of the expected and computed numbers.
        error_unit: of the errors and the tolerance; "%" where errors are relative.
        rows: the compared numbers.
        max_error: the largest error of the rows.
        tolerance: the largest error accepted.
        passed: whether no error exceeds the tolerance; an error that is not a number fails.
    """

    id: str
    title: str
    quantity: str
    unit: str
    error_unit: str
    rows: tuple[Row, ...]
    max_error: float
    tolerance: float
    passed: bool


def judge(
    case_id: str,
    title: str,
    quantity: str,
    unit: str,
    rows: Iterable[Row],
    tolerance: float,
    error_unit: str | None = None,
) -> CaseResult:
    """Compare the largest error of the rows with the tolerance.

    Raises:
        ValueError: there is nothing to judge.
    """
    told = tuple(rows)
    if not told:
        raise ValueError(f"case {case_id} compares nothing")
    within = all(row.error <= tolerance for row in told)
    return CaseResult(
        id=case_id,
        title=title,
        quantity=quantity,
        unit=unit,
        error_unit=error_unit or unit,
        rows=told,
        max_error=max(row.error for row in told),
        tolerance=tolerance,
        passed=within,
    )


def temperature_row(where: str, expected_degC: float, computed_degC: float) -> Row:
    """Compare two temperatures; the error is their distance in K."""
    return Row(where, expected_degC, computed_degC, abs(computed_degC - expected_degC))


def relative_row(where: str, expected: float, computed: float) -> Row:
    """Compare two numbers; the error is in percent of the expected one."""
    return Row(where, expected, computed, 100.0 * abs(computed - expected) / abs(expected))


def change_row(where: str, expected: float, computed: float, change: float) -> Row:
    """Compare two numbers; the error is in percent of what the temperature has changed by, K."""
    return Row(where, expected, computed, 100.0 * abs(computed - expected) / abs(change))
