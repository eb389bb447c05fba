"""Cold injury: none without ice by freezing, more in longer, colder and repeated cold, and limits that can be kept."""

from __future__ import annotations

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryomassage.engine.injury import ChillLaw, FreezeLaw, chill_dose, freeze_dose, freezes, probability
from cryomassage.knowledge.load import load
from cryomassage.planning.injury_flags import injury_flags
from cryomassage.planning.injury_skin import draw_injury, injuries, injury_limits, injury_probability
from cryomassage.planning.virtual_skin import Posed, draw
from cryomassage.records.body_response import InjuryPrediction

pytestmark = pytest.mark.unit

K = load()
SKINS = 512
POPULATION = draw(Posed("cheek", "female", "ln2_swab"), K, SKINS, 4)
DRAWS = draw_injury("cheek", POPULATION, K, 4)


def law(cell: str) -> FreezeLaw:
    known = K.cell[cell]
    return FreezeLaw(
        np.array([K.limit["freezing_point"].quantity.value]),
        np.array([known.frozen_half_temperature.value]),
        np.array([known.frozen_spread.value]),
        np.array([K.injury["reference_freeze_time"].quantity.value]),
        np.array([K.injury["repeat_factor"].quantity.value]),
    )


compiled = jax.jit(freeze_dose)


def by_freezing(cell: str, temperature_degC: list[float], step_s: float = 1.0) -> float:
    history = np.full((32, 1), 20.0, np.float32)  # one shape, so one compilation
    history[: len(temperature_degC), 0] = temperature_degC
    return float(probability(compiled(law(cell), np.full(history.shape, step_s, np.float32), history))[0])


def over_all(temperature_degC: float, seconds: int, cell: str) -> float:
    """Expected injury of a population whose skin is all at one temperature."""
    history = np.full((seconds, SKINS), temperature_degC)
    return float(np.mean(injury_probability(np.ones(history.shape), history, history, history, DRAWS)[cell]))


def test_the_epidermis_dies_at_minus_20_and_lives_at_minus_15() -> None:
    assert by_freezing("keratinocyte", [-20.0] * 30) == pytest.approx(0.5, abs=0.01)
    assert by_freezing("keratinocyte", [-15.0] * 30) < 0.02
    assert by_freezing("keratinocyte", [-25.0] * 30) > 0.95
    # With all that is uncertain the order still holds.
    assert over_all(-15.0, 30, "keratinocyte") < 0.15
    assert over_all(-20.0, 30, "keratinocyte") > 0.35


def test_cells_die_in_the_order_that_the_texts_give() -> None:
    at = {cell: by_freezing(cell, [-12.0] * 30) for cell in ("melanocyte", "keratinocyte", "fibroblast")}
    assert at["melanocyte"] > 0.95
    assert 0.05 > at["keratinocyte"] > at["fibroblast"]
    assert over_all(-10.0, 180, "fibroblast") < 0.01  # dog skin was alive after 3 min at -10 °C
    assert over_all(-60.0, 180, "fibroblast") > 0.99  # and dead below -50 °C


ALL = FreezeLaw(*(np.concatenate(values) for values in zip(*(law(cell) for cell in K.cell), strict=True)))
jitted = jax.jit(lambda lengths, history: probability(freeze_dose(ALL, lengths, history)))


def of_all_cells(temperature_degC: list[float], step_s: float) -> np.ndarray:
    history = np.repeat(np.array(temperature_degC, np.float32)[:, None], len(K.cell), axis=1)
    return np.asarray(jitted(np.full(history.shape, step_s, np.float32), history))


def histories(low_degC: float, high_degC: float) -> st.SearchStrategy[list[float]]:
    return st.lists(st.floats(low_degC, high_degC), min_size=12, max_size=12)


@given(histories(-0.59, 40.0))
def test_nothing_frozen_is_exactly_nothing_by_freezing(temperature: list[float]) -> None:
    assert (of_all_cells(temperature, 1000.0) == 0.0).all()
    assert (of_all_cells([*temperature[:-1], -0.7], 1000.0) > 0.0).any()


@given(histories(-60.0, -0.7), st.floats(0.0, 20.0), st.floats(0.1, 10.0))
def test_colder_and_longer_never_injures_less(temperature: list[float], colder: float, longer: float) -> None:
    base = of_all_cells(temperature, 1.0)
    assert (of_all_cells([value - colder for value in temperature], 1.0) >= base - 1e-6).all()
    assert (of_all_cells(temperature, 1.0 + longer) >= base - 1e-6).all()


def test_a_second_freeze_counts_more_than_a_longer_one() -> None:
    once, long = by_freezing("melanocyte", [-4.0] * 5), by_freezing("melanocyte", [-4.0] * 10)
    twice = by_freezing("melanocyte", [-4.0] * 5 + [5.0] * 5 + [-4.0] * 5)
    assert 0.0 < once < long < twice
    factor = K.injury["repeat_factor"].quantity.value
    assert np.log1p(-twice) == pytest.approx((1.0 + factor) * np.log1p(-once), rel=1e-4)
    history = np.array([-4.0, -4.0, 5.0, -0.3, -4.0, 1.0, -1.0])[:, None]
    assert np.asarray(freezes(np.array([-0.6]), history))[:, 0].tolist() == [1, 1, 1, 1, 2, 2, 3]


def test_chilled_fat_is_injured_by_ten_minutes_at_3_degrees_and_not_above_10() -> None:
    known = K.cell["fat"]
    assert known.chilled_half_temperature is not None
    assert known.chilled_spread is not None
    chill = ChillLaw(
        np.array([10.0]),
        np.array([known.chilled_half_temperature.value]),
        np.array([known.chilled_spread.value]),
        np.array([600.0]),
    )

    def harmed(temperature: float, seconds: int) -> float:
        history = np.full((seconds, 1), temperature)
        return float(probability(chill_dose(chill, np.array([-0.6]), np.ones(history.shape), history))[0])

    assert harmed(3.0, 600) == pytest.approx(0.5, abs=0.02)
    assert harmed(10.0, 3600) == 0.0
    assert 0.0 < harmed(9.0, 600) < harmed(6.0, 600) < harmed(6.0, 1200)
    assert harmed(-5.0, 600) == 0.0  # that is ice, and counted there


@pytest.mark.parametrize("name", ["temperature", "half_degC", "spread_K", "chilled temperature"])
def test_gradients_through_injury_are_exact(name: str) -> None:
    with jax.enable_x64(True):
        shape = jnp.linspace(1.0, 0.5, 20)[:, None]
        lengths = jnp.full((20, 1), 1.5)
        chill = ChillLaw(*(np.array([value]) for value in (10.0, 3.0, 2.5, 600.0)))

        def number(change: jax.Array) -> jax.Array:
            scale = 1.0 + change
            if name == "chilled temperature":
                return 1e3 * probability(chill_dose(chill, np.array([-0.6]), lengths, 8.0 * shape * scale))[0]
            own = law("melanocyte")
            if name != "temperature":
                own = own._replace(**{name: jnp.asarray(getattr(own, name)) * scale})
            frozen = -8.0 * shape * (scale if name == "temperature" else 1.0)
            return probability(freeze_dose(own, lengths, frozen))[0]

        both = jax.jit(jax.value_and_grad(number))
        at, slope = both(jnp.zeros(()))
        left = [float(abs(both(jnp.array(h))[0] - at - h * slope)) for h in (0.02, 0.01, 0.005)]
        assert left[0] > 1e-9
        for large, small in pairwise(left):
            assert large / small == pytest.approx(4.0, rel=0.15)


def test_cells_lie_where_they_belong_and_read_what_is_there() -> None:
    for drawn in DRAWS.values():
        assert drawn.weights.sum(axis=0) == pytest.approx(1.0)
        assert (drawn.weights >= 0.0).all()
        # A profile that is linear in depth is read exactly.
        depths = np.stack([POPULATION.basal_depth, np.full(SKINS, 1e-3), POPULATION.fat_depth])
        assert (drawn.weights * depths).sum(axis=0) == pytest.approx(drawn.depth_m, rel=1e-9)
    assert (DRAWS["sebocyte"].depth_m > DRAWS["melanocyte"].depth_m).all()
    assert (DRAWS["fat"].depth_m == POPULATION.fat_depth).all()


def test_few_cold_skins_are_the_same_as_when_all_are_computed() -> None:
    history = np.full((40, SKINS), 12.0)
    history[5:10, ::37] = -7.0
    few = injury_probability(np.ones(history.shape), history, history, history, DRAWS)
    history[5:10] = -7.0
    every = injury_probability(np.ones(history.shape), history, history, history, DRAWS)
    for cell in DRAWS:
        assert few[cell][::37] == pytest.approx(every[cell][::37], rel=1e-5, abs=1e-12)
        assert (few[cell][1::37] == 0.0).all()


def test_limits_bind_by_class_and_colour() -> None:
    massage, dark, deep = (injury_limits(*case, K) for case in ((2, False), (2, True), (3, False)))
    assert set(massage) == set(K.cell) == set(deep)
    assert dark["melanocyte"].quantity.value < massage["melanocyte"].quantity.value < deep["melanocyte"].quantity.value
    assert dark["fat"] == massage["fat"]
    assert injury_limits(4, False, K) == {}


def test_classes_stay_possible_within_the_limits() -> None:
    def expected(basal: float, seconds: int) -> dict[str, float]:
        history = np.full((seconds, SKINS), basal)
        warm = np.full((seconds, SKINS), 25.0)
        return {
            key: float(np.mean(value))
            for key, value in injury_probability(np.ones(history.shape), history, warm, warm, DRAWS).items()
        }

    for level, basal, seconds in ((2, 0.0, 60), (3, -3.0, 5)):
        limits = injury_limits(level, False, K)
        for cell, value in expected(basal, seconds).items():
            assert value <= limits[cell].quantity.value, (level, cell)
    assert over_all(-4.0, 15, "melanocyte") > injury_limits(3, False, K)["melanocyte"].quantity.value
    assert over_all(4.0, 600, "fat") > injury_limits(1, False, K)["fat"].quantity.value


def predictions(temperature_degC: float, level: int = 3, dark: bool = False) -> tuple[InjuryPrediction, ...]:
    history = np.full((10, SKINS), temperature_degC)
    return injuries(np.ones(history.shape), history, history, history, DRAWS, K, level, dark)


def test_predictions_are_labelled_as_priors_with_sources_and_limits() -> None:
    for told in predictions(-6.0):
        assert told.prior
        assert told.source
        assert told.limit is not None
        assert told.depth_mm.p05 <= told.depth_mm.p95
    melanocyte = predictions(-6.0)[0]
    assert melanocyte.cell == "melanocyte"
    assert melanocyte.frozen.p05 < melanocyte.probability < melanocyte.frozen.p95
    assert all(told.frozen.p95 == 0.0 for told in predictions(4.0))


def flags(
    zone: str, surface: float, cold_fat_s: float, told: tuple[InjuryPrediction, ...], dark: bool = False
) -> dict[str, str]:
    found = injury_flags(zone, np.full(SKINS, surface), np.full(SKINS, cold_fat_s), told, K, dark)
    assert all(flag.reason and flag.source for flag in found)
    return {flag.kind: flag.level for flag in found}


def test_flags_name_what_to_look_out_for_at_the_site() -> None:
    warm, frozen = predictions(20.0, 1), predictions(-6.0)
    assert flags("cheek", 20.0, 0.0, warm) == {"frostbite": "none", "panniculitis": "none", "pigment": "none"}
    assert flags("cheek", 7.0, 60.0, warm)["frostbite"] == "watch"
    assert flags("cheek", 7.0, 60.0, warm)["panniculitis"] == "watch"
    assert flags("cheek", -1.0, 200.0, frozen) == {"frostbite": "high", "panniculitis": "high", "pigment": "high"}
    assert flags("abdomen", 9.0, 0.0, warm)["frostbite"] == "none"
    assert flags("nose", 9.0, 0.0, warm)["frostbite"] == "watch"
    assert flags("nose", 9.0, 0.0, warm)["chilblain"] == "watch"
    assert flags("nose", 25.0, 0.0, warm)["chilblain"] == "none"
    assert flags("cheek", 20.0, 0.0, warm, dark=True)["pigment"] == "watch"
