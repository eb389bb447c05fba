"""The law by which tissue freezes: its heat, its ice, its conductivity, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from cryomassage.engine.freezing import (
    IceProperties,
    KNOTS_degC,
    conductivity_of,
    enthalpy_temperature_of,
    freezing_law,
    ice_of,
    ice_share,
    mushy_law,
    temperature_of,
)
from cryomassage.engine.patch import FreezingLaw

pytestmark = pytest.mark.unit

FREEZING_POINT_degC = -0.55
ICE = IceProperties(
    temperature_degC=np.array([-190.0, -100.0, -50.0, 0.0]),
    specific_heat_capacity=np.array([880.0, 1390.0, 1730.0, 2050.0]),
    thermal_conductivity=np.array([6.0, 3.5, 2.8, 2.22]),
    density=917.0,
    heat_of_fusion=334e3,
    water_heat_capacity=4180.0,
    water_conductivity=0.56,
)
# Dermis, fat, muscle, and horny layer without water that freezes.
CAPACITY = np.array([3.784e6, 2.139e6, 3.729e6, 5.04e6])
CONDUCTIVITY = np.array([0.37, 0.2112, 0.49, 0.2])
LATENT = np.array([210e6, 40e6, 250e6, 0.0])


def tissue() -> tuple[np.ndarray, FreezingLaw]:
    law = freezing_law(CAPACITY, CONDUCTIVITY, LATENT, FREEZING_POINT_degC, ICE)
    return np.linspace(20.0, -195.0, 4001), law


def test_ice_follows_the_freezing_point_of_what_is_left() -> None:
    assert ice_share(np.array([-1.0, -5.0, -10.0]), FREEZING_POINT_degC) == pytest.approx([0.45, 0.89, 0.945])
    _, law = tissue()
    temperature = np.broadcast_to(np.array([-1.0, -5.0, -10.0]), (4, 3))
    ice = ice_of(law, enthalpy_temperature_of(law, temperature))
    assert ice[0] == pytest.approx([0.45, 0.89, 0.945], abs=0.02)
    assert np.all(ice[3] == 0.0)


def test_enthalpy_is_latent_and_sensible_heat() -> None:
    _, law = tissue()
    theta = enthalpy_temperature_of(law, np.full((4, 1), -196.0))[:, 0]
    for cell in range(4):

        def sensible(temperature: float, cell: int = cell) -> float:
            ice = LATENT[cell] / ICE.heat_of_fusion * (1.0 - FREEZING_POINT_degC / temperature)
            capacity = np.interp(temperature, ICE.temperature_degC, ICE.specific_heat_capacity)
            return float(CAPACITY[cell] + ice * (capacity - ICE.water_heat_capacity))

        heat, _ = quad(sensible, -196.0, FREEZING_POINT_degC, limit=200)
        heat += LATENT[cell] * (1.0 - FREEZING_POINT_degC / -196.0)
        assert CAPACITY[cell] * (FREEZING_POINT_degC - theta[cell]) == pytest.approx(heat, rel=1e-3)


def test_everything_rises_and_falls_one_way() -> None:
    temperature, law = tissue()
    theta = enthalpy_temperature_of(law, np.broadcast_to(temperature, (4, temperature.size)))
    assert np.all(np.diff(theta, axis=1) < 0.0)
    assert np.all(np.diff(ice_of(law, theta), axis=1) >= -1e-12)
    assert np.all(np.diff(conductivity_of(law, CONDUCTIVITY, theta), axis=1) >= -1e-9)
    assert np.all(ice_of(law, theta) <= 1.0)


def test_temperature_and_enthalpy_temperature_are_each_others_inverse() -> None:
    temperature, law = tissue()
    every = np.broadcast_to(temperature, (4, temperature.size))
    assert temperature_of(law, enthalpy_temperature_of(law, every)) == pytest.approx(every, abs=1e-9)
    warm = every > FREEZING_POINT_degC
    assert np.array_equal(enthalpy_temperature_of(law, every)[warm], every[warm])


def test_knots_are_exact_and_frozen_dermis_conducts_like_measurements() -> None:
    _, law = tissue()
    knots = np.broadcast_to(np.array(KNOTS_degC), (4, len(KNOTS_degC)))
    theta = enthalpy_temperature_of(law, knots)
    assert ice_of(law, theta)[0] == pytest.approx(ice_share(knots[0], FREEZING_POINT_degC), abs=1e-12)
    cold = enthalpy_temperature_of(law, np.full((4, 1), -60.0))
    dermis, fat, muscle, horny = conductivity_of(law, CONDUCTIVITY, cold)[:, 0]
    assert 1.6 < dermis < 2.2
    assert 0.3 < fat < 0.7
    assert dermis < muscle
    assert horny == pytest.approx(0.2)


def test_every_skin_may_have_its_own_properties() -> None:
    capacity, conductivity, latent = (
        np.array([[0.9, 1.1]]) * values[:, None] for values in (CAPACITY, CONDUCTIVITY, 0.9 * LATENT)
    )
    batch = freezing_law(capacity, conductivity, latent, FREEZING_POINT_degC, ICE)
    alone = freezing_law(1.1 * CAPACITY, 1.1 * CONDUCTIVITY, 0.99 * LATENT, FREEZING_POINT_degC, ICE)
    assert batch.knot_degC.shape == (len(KNOTS_degC), 4, 2)
    assert batch.knot_degC[..., 1] == pytest.approx(alone.knot_degC)
    assert batch.conductivity_gain[..., 1] == pytest.approx(alone.conductivity_gain)
    theta = np.full((4, 2, 3), -40.0)
    assert temperature_of(batch, theta)[:, 1, 2] == pytest.approx(temperature_of(alone, np.full(4, -40.0)))


def test_mushy_range_holds_its_heat() -> None:
    law = mushy_law(CAPACITY[:2], CONDUCTIVITY[:2], LATENT[:2], np.full(2, 1.9e6), np.full(2, 1.6), -1.0, -8.0)
    assert law.knot_degC.shape == (2, 2)
    theta = enthalpy_temperature_of(law, np.broadcast_to(np.array([-1.0, -4.5, -8.0, -100.0]), (2, 4)))
    heat = CAPACITY[:2, None] * (-1.0 - theta)
    whole = LATENT[:2] + 7.0 * CAPACITY[:2]
    assert heat[:, 1] == pytest.approx(0.5 * whole)
    assert heat[:, 2] == pytest.approx(whole)
    assert heat[:, 3] == pytest.approx(whole + 92.0 * 1.9e6)
    assert ice_of(law, theta) == pytest.approx(np.broadcast_to([0.0, 0.5, 1.0, 1.0], (2, 4)))
    half = 0.5 * (CONDUCTIVITY[:2] + 1.6)
    assert conductivity_of(law, CONDUCTIVITY[:2], theta)[:, 1] == pytest.approx(half)
    assert conductivity_of(law, CONDUCTIVITY[:2], theta)[:, 3] == pytest.approx([1.6, 1.6])


@pytest.mark.parametrize(
    ("latent", "freezing_point_degC", "told"),
    [(-1.0, -0.55, "negative"), (500e6, -0.55, "more water"), (200e6, -1.0, "begins"), (200e6, 0.0, "begins")],
)
def test_a_law_of_no_tissue_is_refused(latent: float, freezing_point_degC: float, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        freezing_law(CAPACITY[:1], CONDUCTIVITY[:1], np.array([latent]), freezing_point_degC, ICE)
    with pytest.raises(ValueError, match="below"):
        mushy_law(CAPACITY, CONDUCTIVITY, LATENT, CAPACITY, CONDUCTIVITY, -8.0, -1.0)
