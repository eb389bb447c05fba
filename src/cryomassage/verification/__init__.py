"""Equations solved right: the kernel against exact mathematics."""

from __future__ import annotations

from cryomassage.verification.cases import closed_form_cases
from cryomassage.verification.energy import energy_balance
from cryomassage.verification.order import orders_of_convergence
from cryomassage.verification.result import CaseResult, Row

__all__ = ["CaseResult", "Row", "run_verification"]


def run_verification() -> tuple[CaseResult, ...]:
    """Run every case: closed forms, energy balance and orders of convergence."""
    return (*closed_form_cases(), energy_balance(), *orders_of_convergence())
