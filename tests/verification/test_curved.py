"""Curved columns against exact mathematics, and that mathematics against itself."""

from __future__ import annotations

import numpy as np
import pytest

from cryomassage.verification import exact_curved
from cryomassage.verification.curved import LINE, SKIN, curved_cases

pytestmark = pytest.mark.verification


def test_every_case_of_curved_columns_passes() -> None:
    cases = curved_cases()
    assert {case.id for case in cases} == {"R1", "R2", "R3", "R3-flux", "R4", "R4-flux", "R5", "R5-front"}
    for case in cases:
        assert case.passed, (case.id, case.max_error, case.tolerance)


@pytest.mark.parametrize(
    ("solution", "power"), [(exact_curved.cooled_cylinder, 1), (exact_curved.cooled_sphere, 2)], ids=["limb", "drop"]
)
def test_series_solve_the_heat_equation_and_its_boundary(solution: object, power: int) -> None:
    radius, coefficient, sink, begin = 8e-3, 300.0, -10.0, 34.0

    def at(r: float, time: float) -> float:
        return float(solution(SKIN, radius, np.array([r]), time, begin, coefficient, sink)[0])  # type: ignore[operator]

    r, time, dr, dt = 5e-3, 30.0, 1e-5, 1e-2
    outer, inner = (at(r + dr, time) - at(r, time)) / dr, (at(r, time) - at(r - dr, time)) / dr
    diverges = (outer * (r + dr / 2) ** power - inner * (r - dr / 2) ** power) / dr / r**power
    rate = (at(r, time + dt) - at(r, time - dt)) / (2.0 * dt)
    assert rate == pytest.approx(SKIN.diffusivity * diverges, rel=1e-4)
    flux = SKIN.thermal_conductivity * (3 * at(radius, time) - 4 * at(radius - dr, time) + at(radius - 2 * dr, time))
    assert flux / (2 * dr) == pytest.approx(coefficient * (sink - at(radius, time)), rel=1e-4)
    assert at(1e-6, 1.0) == pytest.approx(begin, abs=1e-3)


def test_the_front_of_the_line_sink_keeps_heat() -> None:
    time, dr, dt = 30.0, 1e-7, 1e-3
    front = float(LINE.front(time))
    assert float(LINE.temperature(front * (1 - 1e-9), time)) == pytest.approx(LINE.freezing_degC, abs=1e-5)
    assert float(LINE.temperature(front * (1 + 1e-9), time)) == pytest.approx(LINE.freezing_degC, abs=1e-5)
    ice = (LINE.freezing_degC - float(LINE.temperature(front - dr, time))) / dr * LINE.ice.thermal_conductivity
    water = (float(LINE.temperature(front + dr, time)) - LINE.freezing_degC) / dr * LINE.water.thermal_conductivity
    speed = float(LINE.front(time + dt) - LINE.front(time - dt)) / (2.0 * dt)
    assert ice - water == pytest.approx(LINE.latent_heat * speed, rel=1e-3)
