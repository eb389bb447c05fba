"""Equations solved right: the kernels of columns and patches against exact mathematics."""

from __future__ import annotations

from cryomassage.verification.cases import closed_form_cases
from cryomassage.verification.curved import curved_cases
from cryomassage.verification.energy import energy_balance
from cryomassage.verification.order import orders_of_convergence
from cryomassage.verification.patch_cases import patch_cases
from cryomassage.verification.result import CaseResult, Row

__all__ = ["CaseResult", "Row", "run_verification"]


def run_verification() -> tuple[CaseResult, ...]:
    """Every case, of columns, patches and curved columns: closed forms, energy balance, orders of convergence."""
    return (*closed_form_cases(), energy_balance(), *orders_of_convergence(), *patch_cases(), *curved_cases())
