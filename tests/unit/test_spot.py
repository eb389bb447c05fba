"""The axisymmetric spot: heat is kept through ice, a wide source is a column, and the front is where theory puts it."""

from __future__ import annotations

import numpy as np
import pytest

from cryomassage.engine.freezing import enthalpy_temperature_of, mushy_law
from cryomassage.engine.spot import Chill, Spot, SpotHistory, advance_spot
from cryomassage.verification import exact

pytestmark = pytest.mark.unit

CAPACITY, CONDUCTIVITY, LATENT = 3.7e6, 0.5, 2.0e8
FROZEN_CAPACITY, FROZEN_CONDUCTIVITY = 1.9e6, 1.8
FREEZING_degC = -1.0


def spot(width: np.ndarray, faces: np.ndarray, skins: int, mushy_K: float = 7.0, perfusion: float = 0.0) -> Spot:
    """Uniform tissue that freezes, insulated below."""
    shape = (len(width), skins)
    capacity, conductivity = np.full(shape, CAPACITY), np.full(shape, CONDUCTIVITY)
    law = mushy_law(
        capacity,
        conductivity,
        np.full(shape, LATENT),
        np.full(shape, FROZEN_CAPACITY),
        np.full(shape, FROZEN_CONDUCTIVITY),
        FREEZING_degC,
        FREEZING_degC - mushy_K,
    )
    return Spot(
        cell_width=np.broadcast_to(width[:, None], shape),
        ring_face=faces,
        thermal_conductivity=conductivity,
        volumetric_heat_capacity=capacity,
        perfusion_conductance=np.full(shape, perfusion),
        metabolic_heat_production=np.zeros(shape),
        arterial_temperature_degC=np.full(skins, 37.0),
        deep_conductance=np.zeros(skins),
        deep_temperature_degC=np.full(skins, 37.0),
        freezing=law,
    )


def chill(coefficient: np.ndarray, on_s: float, room: float = 0.0) -> Chill:
    """The same cold on every skin; `coefficient` is (rings, skins)."""
    skins = coefficient.shape[1]
    return Chill(coefficient, np.full(skins, -150.0), np.full(skins, on_s), np.full(skins, room), np.full(skins, 20.0))


def frozen_spot(duration_s: float, step_s: float, rings: int = 12) -> SpotHistory:
    faces = np.linspace(0.0, 12.0e-3, rings + 1)
    medium = spot(np.full(40, 0.1e-3), faces, 1, perfusion=3000.0)
    centre = 0.5 * (faces[1:] + faces[:-1])
    cold = chill(600.0 * np.exp(-((centre / 3e-3) ** 2))[:, None], 8.0, 10.0)
    rest = np.full((40, 1), 34.0)
    _, history = advance_spot(medium, rest, cold, duration_s, step_s, np.array([1.0e-3]))
    return history


def test_heat_is_kept_while_ice_spreads_and_melts() -> None:
    rng = np.random.default_rng(3)
    faces = np.concatenate([[0.0], np.cumsum(rng.uniform(0.3e-3, 1e-3, 8))])
    width = rng.uniform(0.05e-3, 0.3e-3, 12)
    medium = spot(width, faces, 3)
    temperature = np.where(rng.random((12, 8, 3)) < 0.5, -60.0, 30.0)
    law = type(medium.freezing)(*(part[:, :, None] for part in medium.freezing))
    begin = enthalpy_temperature_of(law, temperature)
    end, _ = advance_spot(medium, begin, chill(np.zeros((8, 3)), 0.0), 5.0, 0.1, np.full(3, 1e-3))
    weight = width[:, None, None] * np.diff(faces**2)[:, None]
    moved = np.abs(end - begin).max()
    assert moved > 10.0
    assert np.sum(weight * (end - begin), axis=(0, 1)) == pytest.approx(0.0, abs=1e-9 * np.sum(weight) * moved)


def test_under_an_even_source_every_ring_is_a_column() -> None:
    width, faces = np.full(25, 0.1e-3), np.linspace(0.0, 6.0e-3, 7)
    many, one = spot(width, faces, 2, perfusion=4000.0), spot(width, faces[:2], 2, perfusion=4000.0)
    rest = np.full((25, 2), 34.0)
    base = np.full(2, 0.8e-3)
    rings, wide = advance_spot(many, rest, chill(np.full((6, 2), 500.0), 4.0, 10.0), 8.0, 0.1, base)
    column, narrow = advance_spot(one, rest, chill(np.full((1, 2), 500.0), 4.0, 10.0), 8.0, 0.1, base)
    assert np.abs(rings - column).max() < 1e-9
    assert narrow.ice_depth.max() > 0.5e-3
    for name in ("ice_depth", "base_degC", "surface_degC"):
        assert getattr(wide, name) == pytest.approx(getattr(narrow, name), abs=1e-9), name


def test_a_front_runs_where_neumann_puts_it() -> None:
    # Two-phase solution for a surface held at one temperature, with an all but sharp freezing point.
    cold_degC, warm_degC = -80.0, 20.0
    tissue = exact.Freezing(
        exact.Medium(FROZEN_CONDUCTIVITY, FROZEN_CAPACITY), exact.Medium(CONDUCTIVITY, CAPACITY), LATENT, FREEZING_degC
    )
    width = np.concatenate([np.full(120, 0.05e-3), 0.05e-3 * 1.15 ** np.arange(1, 30)])
    medium = spot(width, np.array([0.0, 1.0e-3]), 1, mushy_K=0.05)
    cold = chill(np.full((1, 1), 1.0e6), 100.0)._replace(sink_temperature_degC=np.array([cold_degC]))
    _, history = advance_spot(medium, np.full((149, 1), warm_degC), cold, 10.0, 0.02, np.array([1e-3]))
    for time_s in (2.0, 5.0, 10.0):
        index = round(time_s / 0.02) - 1
        expected = float(exact.freezing_front(tissue, time_s, warm_degC, cold_degC))
        assert history.ice_depth[index, 0] == pytest.approx(expected, rel=0.02), time_s


def test_steps_of_a_plan_find_the_ice_of_finer_ones() -> None:
    plan, fine = frozen_spot(20.0, 0.1), frozen_spot(20.0, 0.0125)
    assert 0.5e-3 < fine.ice_depth.max() < 3.0e-3
    assert plan.ice_depth.max() == pytest.approx(fine.ice_depth.max(), abs=0.02e-3)
    assert plan.ice_radius.max() == pytest.approx(fine.ice_radius.max(), abs=0.05e-3)
    assert plan.base_degC.min() == pytest.approx(fine.base_degC.min(), abs=0.5)
    thawed = [history.time_s[history.ice_depth[:, 0] > 0.0].max() for history in (plan, fine)]
    assert thawed[0] == pytest.approx(thawed[1], abs=0.3)


def test_ice_only_grows_while_the_cold_is_on_and_goes_on_when_it_is_off() -> None:
    history = frozen_spot(40.0, 0.1)
    cold = history.time_s <= 8.0
    assert np.all(np.diff(history.ice_depth[cold, 0]) >= 0.0)
    assert history.ice_depth.max() > history.ice_depth[cold].max()
    assert history.ice_depth[-1, 0] == history.ice_radius[-1, 0] == 0.0


def test_a_run_in_parts_is_the_run_in_one() -> None:
    faces, width = np.linspace(0.0, 4.0e-3, 6), np.full(20, 0.1e-3)
    medium, rest, base = spot(width, faces, 1), np.full((20, 1), 34.0), np.array([1.0e-3])
    cold = np.full((5, 1), 400.0)
    whole, _ = advance_spot(medium, rest, chill(cold, 2.55), 6.0, 0.1, base)
    half, _ = advance_spot(medium, rest, chill(cold, 2.55), 3.0, 0.1, base)
    again, _ = advance_spot(medium, half, chill(cold, 0.0), 3.0, 0.1, base)
    assert again == pytest.approx(whole, abs=1e-9)
