"""Oxygen in cooled skin: need falls by Q10, supply with the vessels, and what is missing between them adds up."""

from __future__ import annotations

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cryomassage.engine.oxygen import OxygenLaw, need_share, oxygen_history, oxygen_need, share_given_up
from cryomassage.knowledge.load import load
from cryomassage.planning.oxygen_skin import draw_oxygen, oxygen_response
from cryomassage.planning.virtual_skin import Posed, draw

pytestmark = pytest.mark.unit

K = load()
SKINS = 256


def law(**changes: float) -> OxygenLaw:
    """One skin whose blood brings four times what it needs; every number can be changed."""
    stated = {
        "need_at_rest": 7e-5,
        "supply_at_rest": 2.8e-4,
        "rest_degC": 33.5,
        "q10": 1.7,
        "half_pressure": 26.6,
        "steepness": 2.7,
        "affinity_shift": 0.024,
        "least_pressure": 5.0,
    }
    return OxygenLaw(**{key: np.array([value]) for key, value in {**stated, **changes}.items()})


def history(temperature: list[float], flow: list[float], **changes: float):
    rows = [np.array(values, float)[:, None] for values in (np.full(len(flow), 10.0), temperature, flow)]
    return oxygen_history(law(**changes), *rows)


def test_need_of_the_forearm_falls_as_measured() -> None:
    forearm = law(rest_degC=39.3, q10=K.oxygen["q10"].quantity.value)
    assert float(need_share(forearm, np.array([26.8]))[0]) == pytest.approx(0.41 / 0.80, rel=0.02)


def test_the_heat_of_the_dermis_is_made_of_a_usual_uptake() -> None:
    uptake = oxygen_need(np.array([1400.0]), K.oxygen["heat_of_oxygen"].quantity.value)
    assert 60.0 * 100.0 * float(uptake[0]) == pytest.approx(0.42, rel=0.02)  # mL/(100 mL min)


def test_blood_gives_up_less_when_it_is_cold() -> None:
    warm, cold, colder = (float(share_given_up(law(), np.array([t]))[0]) for t in (37.0, 20.0, 5.0))
    assert 0.95 < warm < 1.0
    assert warm > cold > colder > 0.2


def test_supply_outlasts_need_while_vessels_are_open() -> None:
    open_vessels = history([28.0], [0.95])
    assert float(open_vessels.supply_over_need[0, 0]) > 1.1
    assert float(open_vessels.venous_saturation[0, 0]) > float(history([33.5], [1.0]).venous_saturation[0, 0])
    assert float(open_vessels.supply[0, 0]) < 1.0


def test_closed_vessels_cut_supply_several_fold() -> None:
    closed = history([15.0], [0.1])
    assert 1.0 / float(closed.supply[0, 0]) > 8.0
    assert 2.0 < 1.0 / float(closed.need[0, 0]) < 4.0
    assert float(closed.supply_over_need[0, 0]) < 0.5


def test_debt_is_made_when_the_skin_is_warm_again_and_its_vessels_are_not() -> None:
    cold = history([8.0] * 30, [0.2] * 30)
    assert float(cold.debt[-1, 0]) == 0.0
    warm = history([33.5] * 30, [0.2] * 30)
    expected = 300.0 * (7e-5 - 0.2 * 2.8e-4)
    assert float(warm.debt[-1, 0]) == pytest.approx(expected, rel=1e-3)
    assert float(history([33.5] * 30, [1.0] * 30).debt[-1, 0]) == 0.0


@pytest.mark.parametrize("name", ["temperature", "flow", "q10", "least_pressure"])
def test_gradients_through_oxygen_are_exact(name: str) -> None:
    with jax.enable_x64(True):
        lengths = jnp.full((6, 1), 10.0)
        shape = jnp.linspace(1.0, 0.6, 6)[:, None]

        def number(change: jax.Array) -> jax.Array:
            changed = {"temperature": 20.0, "flow": 0.15, "q10": 1.8, "least_pressure": 6.0}
            changed[name] = changed[name] * (1.0 + change)
            own = law()._replace(
                q10=jnp.ones(1) * changed["q10"], least_pressure=jnp.ones(1) * changed["least_pressure"]
            )
            found = oxygen_history(own, lengths, changed["temperature"] * shape, changed["flow"] * shape)
            return 1e4 * found.debt[-1, 0] + jnp.sum(found.supply_over_need) + jnp.sum(found.venous_saturation)

        both = jax.jit(jax.value_and_grad(number))
        at, slope = both(jnp.zeros(()))
        left = [float(abs(both(jnp.array(h))[0] - at - h * slope)) for h in (0.02, 0.01, 0.005)]
        assert left[0] > 1e-9
        for large, small in pairwise(left):
            assert large / small == pytest.approx(4.0, rel=0.1)


def test_a_session_is_told_for_dermis_and_fat() -> None:
    skins = draw(Posed("cheek", "female", "ln2_swab"), K, SKINS, 3)
    rest = np.full(SKINS, 34.0)
    draws = draw_oxygen("cheek", skins, rest, rest, K, 3)
    assert [drawn.layer for drawn in draws] == ["dermis", "fat"]
    for drawn in draws:
        assert (drawn.law.supply_at_rest >= 1.19 * drawn.law.need_at_rest).all()  # nobody starves at rest
    steps = np.full((300, SKINS), 10.0)
    cold = np.where(np.arange(300)[:, None] < 30, 20.0, 34.0) * np.ones((1, SKINS))
    flow = np.where(np.arange(300)[:, None] < 100, 0.2, 1.0) * np.ones((1, SKINS))
    dermis, fat = oxygen_response(steps, cold, cold, flow, draws, K, cold_ends_s=300.0)
    assert dermis.supply_lowest.p50 < 0.2 < dermis.need_lowest.p50 < 0.6
    assert fat.supply_lowest.p50 > dermis.supply_lowest.p50  # its vessels close less
    assert dermis.debt_mL_per_100mL.p95 > dermis.debt_mL_per_100mL.p50 >= 0.0
    assert dermis.recovery_s.p50 == pytest.approx(710.0, abs=11.0)  # vessels open 700 s after the cold


def test_a_zone_without_fat_has_one_layer() -> None:
    lean = next(key for key, zone in K.zone.items() if "fat" not in [layer.tissue for layer in zone.layers])
    skins = draw(Posed(lean, "female", "ice_cloth"), K, 8, 3)
    rest = np.full(8, 33.0)
    assert [drawn.layer for drawn in draw_oxygen(lean, skins, rest, rest, K, 3)] == ["dermis"]
