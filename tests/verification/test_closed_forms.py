"""The kernel against closed forms, and the closed forms against published or hand-computed digits."""

from __future__ import annotations

import numpy as np
import pytest

from cryomassage.verification import CaseResult, exact
from cryomassage.verification.cases import BLOOD_HEAT_CAPACITY, SKIN, TOUCHED, closed_form_cases
from cryomassage.verification.result import Row, judge

pytestmark = pytest.mark.verification

CASES = ("G1", "G2", "G3", "G4", "G4-flux", "G5", "G5-flux", "G6", "G11", "G11-flux", "G12")
PERFUSION = exact.Perfusion(1e-3 * BLOOD_HEAT_CAPACITY, 37.0)
METABOLIC = PERFUSION._replace(metabolic_heat_production=1000.0)


@pytest.fixture(scope="module")
def results() -> dict[str, CaseResult]:
    return {result.id: result for result in closed_form_cases()}


def test_every_case_is_run(results: dict[str, CaseResult]) -> None:
    assert tuple(results) == CASES


@pytest.mark.parametrize("case", CASES)
def test_kernel_meets_the_closed_form(results: dict[str, CaseResult], case: str) -> None:
    result = results[case]
    worst = max(result.rows, key=lambda row: row.error)
    assert result.passed, f"{result.title}: {worst}"


@pytest.mark.parametrize("error", [0.06, float("nan")])
def test_a_result_out_of_tolerance_or_not_a_number_fails(error: float) -> None:
    rows = [Row("here", 0.0, 0.0, 0.0), Row("there", 0.0, error, error)]
    assert not judge("X", "title", "temperature", "degC", rows, 0.05, "K").passed


def test_a_case_that_compares_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="compares nothing"):
        judge("X", "title", "temperature", "degC", [], 0.05)


@pytest.mark.parametrize(
    ("depth_mm", "expected_degC"),
    [
        (0.5, [9.1901, 3.8180, 1.7123]),
        (1.0, [17.2946, 7.5561, 3.4173]),
        (2.0, [27.9200, 14.5026, 6.7773]),
        (5.0, [32.9880, 28.1943, 15.9984]),
    ],
)
def test_given_surface_temperature(depth_mm: float, expected_degC: list[float]) -> None:
    times = np.array([10.0, 60.0, 300.0])
    computed = exact.given_surface_temperature(SKIN, depth_mm * 1e-3, times, 33.0, 0.0)
    assert np.allclose(computed, expected_degC, atol=6e-5)


@pytest.mark.parametrize(
    ("depth_mm", "exchange", "times", "expected_degC"),
    [
        (0.0, (500.0, 0.0), [1, 10, 60, 300], [21.6778, 11.5427, 5.4376, 2.5130]),
        (1.0, (500.0, 0.0), [1, 10, 60, 300], [32.8613, 24.2840, 12.4825, 5.8788]),
        (2.0, (500.0, 0.0), [1, 10, 60, 300], [33.0000, 30.5792, 18.6152, 9.1482]),
        (0.0, (30.0, -100.0), [1, 10, 60, 180], [29.2676, 21.7411, 7.9215, -5.9513]),
        (2.0, (30.0, -100.0), [1, 10, 60, 180], [33.0000, 31.9976, 21.7723, 7.5795]),
    ],
)
def test_given_exchange(
    depth_mm: float, exchange: tuple[float, float], times: list[float], expected_degC: list[float]
) -> None:
    computed = exact.given_exchange(SKIN, depth_mm * 1e-3, np.array(times, float), 33.0, *exchange)
    assert np.allclose(computed, expected_degC, atol=6e-5)


def test_strong_exchange_becomes_a_given_surface_temperature() -> None:
    place = (SKIN, 1e-3, 300.0, 33.0)
    assert np.isclose(exact.given_exchange(*place, 1e12, 0.0), exact.given_surface_temperature(*place, 0.0), atol=1e-6)


@pytest.mark.parametrize(
    ("solid", "expected_degC"),
    [("aluminium", -7.7), ("steel", -4.0), ("stone", 5.5), ("nylon", 15.9), ("wood", 19.8), ("ice", 5.8)],
)
def test_contact_temperature(solid: str, expected_degC: float) -> None:
    computed = exact.contact_temperature(TOUCHED[solid], -10.0, SKIN, 33.0)
    assert round(computed, 1) == expected_degC


def test_perfused_slab() -> None:
    depths = np.array([1.0, 2.0, 5.0, 10.0, 15.0]) * 1e-3
    computed = exact.perfused_slab(SKIN, METABOLIC, 0.02, depths, 10.0, 36.0)
    assert np.allclose(computed, [12.6903, 15.1282, 21.1660, 28.1123, 32.6596], atol=6e-5)
    assert np.isclose(exact.perfused_slab_flux(SKIN, METABOLIC, 0.02, 10.0, 36.0), -1045.436, atol=6e-4)
    resting = exact.perfused_slab_surface(SKIN, METABOLIC, 0.02, 36.0, 10.0, 22.0)
    assert np.isclose(resting, 33.8760, atol=6e-5)


@pytest.mark.parametrize(
    ("depth_mm", "expected_degC"),
    [
        (1.0, [24.2043, 16.4361, 13.4746, 12.6917]),
        (2.0, [32.8705, 22.1912, 16.6728, 15.1319]),
        (5.0, [36.9902, 33.2192, 24.6124, 21.1655]),
    ],
)
def test_perfused_half_space(depth_mm: float, expected_degC: list[float]) -> None:
    times = np.array([10.0, 60.0, 300.0, 1200.0])
    computed = exact.perfused_half_space(SKIN, PERFUSION, depth_mm * 1e-3, times, 10.0)
    assert np.allclose(computed, expected_degC, atol=6e-5)
    flux = exact.perfused_half_space_flux(SKIN, PERFUSION, times, 10.0)
    assert np.allclose(flux, [-5739.53, -2458.92, -1336.78, -1045.56], atol=6e-3)


@pytest.mark.parametrize(
    ("depth_mm", "expected_degC"),
    [
        (0.0, [25.7400, 15.2167, 2.1985]),
        (1.0, [30.4561, 20.9554, 8.2512]),
        (2.0, [32.3697, 25.2595, 13.4484]),
        (5.0, [32.9992, 31.5541, 24.3577]),
    ],
)
def test_given_flux(depth_mm: float, expected_degC: list[float]) -> None:
    computed = exact.given_flux(SKIN, depth_mm * 1e-3, np.array([10.0, 60.0, 180.0]), 33.0, -2400.0)
    assert np.allclose(computed, expected_degC, atol=6e-5)


def test_layers_in_series() -> None:
    thickness = np.array([0.1, 1.5, 5.0, 13.5]) * 1e-3
    flux, faces = exact.layers_in_series(thickness, np.array([0.21, 0.37, 0.21, 0.49]), 500.0, 0.0, 37.0)
    assert np.isclose(flux, -639.1345, atol=6e-5)
    assert np.allclose(faces, [1.27827, 1.58262, 4.17370, 19.39119, 37.0], atol=6e-6)


@pytest.mark.parametrize(
    ("depth_mm", "expected_degC"),
    [
        (0.5, [12.6285, 4.0231, 1.6455, 0.6972]),
        (1.0, [22.2613, 7.8036, 3.2712, 1.3929]),
        (1.5, [27.5088, 11.1350, 4.8580, 2.0856]),
        (3.0, [32.8957, 24.0365, 12.7288, 5.7045]),
        (5.0, [33.0000, 31.3511, 21.3236, 10.3501]),
    ],
)
def test_coated_half_space(depth_mm: float, expected_degC: list[float]) -> None:
    fat = exact.Medium(0.21, 911.0 * 2348.0)
    times = np.array([5.0, 30.0, 120.0, 600.0])
    computed = exact.coated_half_space(SKIN, fat, 1.5e-3, depth_mm * 1e-3, times, 33.0, 0.0)
    assert np.allclose(computed, expected_degC, atol=6e-5)
