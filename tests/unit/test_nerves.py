"""What is felt: slower conduction, pain after seconds, numbness after minutes, feeling again after minutes."""

from __future__ import annotations

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cryomassage.engine.nerves import NerveHistory, NerveLaw, conduction_share, nerve_history
from cryomassage.knowledge.load import load
from cryomassage.planning.nerve_skin import draw_nerves, nerve_response

pytestmark = pytest.mark.unit

K = load()
KEYS = {
    "slowing": "slowing",
    "pain_degC": "pain_threshold",
    "pain_lag_s": "pain_lag",
    "numb_degC": "numb_threshold",
    "numb_dose": "numb_dose",
    "return_s": "return_time",
}
LAW = NerveLaw(
    rest_degC=np.array([33.0]), **{name: np.array([K.nerve[key].quantity.value]) for name, key in KEYS.items()}
)


def felt(temperature_degC: np.ndarray, step_s: float) -> NerveHistory:
    temperature = np.asarray(temperature_degC, float)[:, None]
    return nerve_history(LAW, np.full(temperature.shape, step_s), temperature, temperature)


def first_s(now: np.ndarray, step_s: float) -> float:
    return step_s * (int(np.argmax(np.asarray(now))) + 1)


def test_the_ankle_conducts_a_third_more_slowly_at_10_degrees() -> None:
    ankle = LAW._replace(rest_degC=np.array([29.5]))
    assert float(conduction_share(ankle, np.array([10.0]))[0]) == pytest.approx(1.0 - 0.328, abs=0.01)
    low, high = K.nerve["slowing"].quantity.range
    # Sensory nerves of the calf: 20.4 of some 45 m/s lost over 18.2 K; motor nerves hardly any.
    assert low < -np.log(1.0 - 20.4 / 45.0) / 18.2 <= high * 1.01


def test_pain_comes_after_seconds_and_not_from_a_flick() -> None:
    held = felt(np.full(200, 5.0), 0.1)
    onset = first_s(held.below_pain_K[:, 0] > 0.0, 0.1)
    assert 1.0 < onset < 6.0
    flick = felt(np.r_[np.full(3, 5.0), np.full(300, 30.0)], 0.1)
    assert float(flick.below_pain_K.max()) < 0.0
    assert float(flick.pain_exposure_K_s[-1, 0]) == pytest.approx(0.3 * 10.0, rel=1e-5)
    assert float(felt(np.full(200, 16.0), 0.1).below_pain_K.max()) < 0.0


def test_ice_massage_numbs_in_6_to_12_minutes_and_feeling_returns_in_3() -> None:
    cooling = 9.0 + 24.0 * np.exp(-np.arange(1.0, 721.0) / 120.0)
    warm = np.full(600, 20.0)
    numb = np.asarray(felt(np.r_[cooling, warm], 1.0).numbness[:, 0]) >= 1.0
    onset = first_s(numb, 1.0)
    assert 6.0 < onset / 60.0 < 12.0
    lasts = int(numb.sum()) - (720 - onset)  # after the ice
    assert 60 < lasts <= 200
    # Feeling comes back as fast after long cold.
    hour = np.asarray(felt(np.r_[np.full(360, 5.0), np.full(60, 20.0)], 10.0).numbness[:, 0]) >= 1.0
    assert 17 <= int(hour[360:].sum()) <= 18


def test_colder_numbs_sooner_and_touches_do_not_numb() -> None:
    onsets = [first_s(felt(np.full(3000, t), 1.0).numbness[:, 0] >= 1.0, 1.0) for t in (10.0, 5.0, 0.0)]
    assert onsets == sorted(onsets, reverse=True)
    assert float(felt(np.full(3000, 14.0), 1.0).numbness.max()) == 0.0
    strokes = np.tile(np.r_[np.full(5, 0.0), np.full(295, 30.0)], 20)
    assert float(felt(strokes, 0.1).numbness.max()) < 0.1


@pytest.mark.parametrize("name", ["temperature", "pain_lag_s", "slowing", "numb_dose"])
def test_gradients_through_nerves_are_exact(name: str) -> None:
    with jax.enable_x64(True):
        shape = jnp.linspace(1.2, 0.8, 40)[:, None]
        lengths = jnp.full((40, 1), 4.0)

        def number(change: jax.Array) -> jax.Array:
            own = LAW._replace(rest_degC=jnp.array([33.0]))
            scale = 1.0 + change
            if name != "temperature":
                own = own._replace(**{name: jnp.asarray(getattr(own, name)) * scale})
            temperature = 8.0 * shape * (scale if name == "temperature" else 1.0)
            found = nerve_history(own, lengths, temperature, temperature)
            parts = (found.numbness[-1], found.below_pain_K[3], 1e-3 * found.pain_exposure_K_s[-1], found.conduction[5])
            return sum(jnp.sum(part) ** 2 for part in parts)

        both = jax.jit(jax.value_and_grad(number))
        at, slope = both(jnp.zeros(()))
        left = [float(abs(both(jnp.array(h))[0] - at - h * slope)) for h in (0.02, 0.01, 0.005)]
        assert left[0] > 1e-9
        for large, small in pairwise(left):
            assert large / small == pytest.approx(4.0, rel=0.1)


def test_people_differ_and_a_session_is_told() -> None:
    law = draw_nerves(np.full(1024, 33.0), K, 5)
    again = draw_nerves(np.full(1024, 33.0), K, 5)
    assert (law.pain_degC == again.pain_degC).all()
    assert np.quantile(law.pain_degC, 0.05) < 2.0
    assert np.quantile(law.pain_degC, 0.95) > 20.0
    cold = np.repeat(np.r_[np.full(60, 8.0), np.full(100, 30.0)][:, None], 1024, axis=1)
    told = nerve_response(np.full(cold.shape, 2.0), cold, law)
    assert 0.7 < told.pain.share_of_skins < 0.95  # many feel none however cold
    assert told.pain.begins_s is not None
    assert told.pain.begins_s.p50 < 20.0
    assert told.pain.ends_s is not None
    assert told.pain.ends_s.p50 >= 120.0
    assert 0.01 < told.numbness.share_of_skins < 0.6
    assert told.conduction_velocity_lowest.p05 < told.conduction_velocity_lowest.p50 < 0.75
    mild = nerve_response(np.full(cold.shape, 2.0), np.full(cold.shape, 25.0), law)
    assert mild.numbness.share_of_skins == 0.0
    assert mild.numbness.begins_s is None
