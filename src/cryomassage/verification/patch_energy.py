"""Energy balance of the patch: what leaves through the surface is what the skin loses, ice included."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from cryomassage.engine.freezing import mushy_law
from cryomassage.engine.patch import Patch, PatchResult, Surroundings
from cryomassage.engine.patch_schedule import PatchNumerics
from cryomassage.engine.patch_solver import advance_patch
from cryomassage.verification.patches import jet
from cryomassage.verification.result import CaseResult, Row, judge, relative_row

TOLERANCE_PERCENT = 0.1

_SIDE, _SPACING = 24, 1e-3
_ARTERIAL_DEGC, _START_DEGC, _DEEP_CONDUCTANCE = 37.0, 33.0, 20.0
# Epidermis, dermis and fat.
_CELLS = np.array([0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8]) * 1e-3
_LAYER = np.array([0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2])
_CONDUCTIVITY = np.array([0.21, 0.37, 0.21])[_LAYER]
_CAPACITY = np.array([4.1e6, 3.76e6, 2.14e6])[_LAYER]
_PERFUSION = np.array([0.0, 7500.0, 1900.0])[_LAYER]
_METABOLISM = np.array([0.0, 1800.0, 460.0])[_LAYER]
_LATENT = np.array([2.0e8, 2.0e8, 0.5e8])[_LAYER]
_FROZEN_CAPACITY = np.array([2.2e6, 2.0e6, 1.6e6])[_LAYER]
_FROZEN_CONDUCTIVITY = np.array([1.2, 1.5, 0.4])[_LAYER]
_BEGIN_DEGC, _END_DEGC = -0.6, -8.0

# A jet that crosses the patch, slowly enough to freeze it.
_JET = jet(0.0, 5.0, (4e-3, 9e-3), (20e-3, 14e-3), 800.0, -150.0, 4e-3)
_ROOM = Surroundings(10.0, 22.0)
_STEP_S, _FROZEN_S, _THAWED_S = 0.05, 5.0, 60.0


def _patch() -> Patch:
    law = mushy_law(_CAPACITY, _CONDUCTIVITY, _LATENT, _FROZEN_CAPACITY, _FROZEN_CONDUCTIVITY, _BEGIN_DEGC, _END_DEGC)
    return Patch(
        cell_width=_CELLS,
        thermal_conductivity=_CONDUCTIVITY,
        volumetric_heat_capacity=_CAPACITY,
        perfusion_conductance=_PERFUSION,
        metabolic_heat_production=_METABOLISM,
        arterial_temperature_degC=_ARTERIAL_DEGC,
        deep_conductance=_DEEP_CONDUCTANCE,
        deep_temperature_degC=36.5,
        rows=_SIDE,
        columns=_SIDE,
        spacing=_SPACING,
        freezing=law,
    )


def _enthalpy(temperature_degC: Float[np.ndarray, "cells rows columns"]) -> float:
    """Heat in the patch above the start of freezing, J, from temperatures alone: sensible, latent, and of the ice."""
    capacity, frozen, latent = (values[:, None, None] for values in (_CAPACITY, _FROZEN_CAPACITY, _LATENT))
    range_K = _BEGIN_DEGC - _END_DEGC
    within_K = np.clip(_BEGIN_DEGC - temperature_degC.astype(float), 0.0, range_K)
    held = capacity * np.maximum(temperature_degC.astype(float) - _BEGIN_DEGC, 0.0)
    held -= (capacity + latent / range_K) * within_K
    held -= frozen * np.maximum(_END_DEGC - temperature_degC.astype(float), 0.0)
    return float(np.sum(held * _CELLS[:, None, None]) * _SPACING**2)


def _brought_by_blood(result: PatchResult) -> float:
    """By the trapezoidal rule, J; what is ice is not perfused."""
    perfusion, metabolism, width = (values[:, None, None] for values in (_PERFUSION, _METABOLISM, _CELLS))
    rate = [
        np.sum((perfusion * (1.0 - ice) * (_ARTERIAL_DEGC - field.astype(float)) + metabolism) * width)
        for field, ice in zip(np.asarray(result.field_degC), np.asarray(result.ice), strict=True)
    ]
    return float(np.trapezoid(rate, result.time_s) * _SPACING**2)


def energy_balance() -> CaseResult:
    """Freeze perfused layered skin with a moving jet, let it thaw, and close its account of heat.

    The heat of ice, tissue and blood is worked out here from the recorded temperatures, not taken from the solver.
    The error is in percent of the heat drawn through the surface.
    """

    def rows() -> Iterator[Row]:
        for where, until in (("ice, 5 s", _FROZEN_S), ("thawed, 60 s", _THAWED_S)):
            times = np.arange(2 * _STEP_S, until + _STEP_S, 2 * _STEP_S)
            start = np.full(len(_CELLS), _START_DEGC)
            numerics = PatchNumerics(_STEP_S, 2 * _STEP_S)
            result = advance_patch(_patch(), start, _JET, _ROOM, times, 1e-4, numerics=numerics)
            stored = _enthalpy(result.end_degC) - _enthalpy(np.asarray(result.field_degC)[0])
            expected = stored - _brought_by_blood(result) - result.heat_from_below
            yield relative_row(where, expected, result.heat_absorbed)

    title = "Account of heat of perfused skin that freezes and thaws, patch"
    return judge("G13-patch", title, "heat through the surface", "J", rows(), TOLERANCE_PERCENT, "%")
