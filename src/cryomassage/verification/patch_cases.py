"""All cases of the patch, in the order of their names."""

from __future__ import annotations

from collections.abc import Iterator

from cryomassage.verification.fronts import freezing_front
from cryomassage.verification.gaussians import moving_gaussian, moving_point, static_gaussian
from cryomassage.verification.patch_energy import energy_balance
from cryomassage.verification.patch_layers import coated_half_space, layers_in_series
from cryomassage.verification.patch_order import patch_orders
from cryomassage.verification.result import CaseResult


def patch_cases() -> Iterator[CaseResult]:
    """Fronts of ice, moving fluxes, layers, energy balance and orders of convergence, in float32 as in use."""
    yield from freezing_front()
    yield static_gaussian()
    yield moving_gaussian()
    yield moving_point()
    yield from layers_in_series()
    yield coated_half_space()
    yield energy_balance()
    yield from patch_orders()
