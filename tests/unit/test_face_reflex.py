"""Cold on the face: the pulse falls within half a minute and comes back, the pressure goes on rising."""

from __future__ import annotations

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cryomassage.engine.face_reflex import FaceReflexHistory, FaceReflexLaw, face_reflex_history
from cryomassage.knowledge.load import load
from cryomassage.planning.face_reflex_skin import draw_face_reflex, face_reflex_response, zone_weight

pytestmark = pytest.mark.unit

K = load()


def one(key: str) -> np.ndarray:
    return np.array([K.face_reflex[key].quantity.value])


LAW = FaceReflexLaw(
    pulse_percent=one("pulse_change"),
    pulse_delay_s=one("pulse_delay"),
    pulse_rise_s=one("pulse_rise_time"),
    pulse_fade_s=one("pulse_rise_time") * one("pulse_fade_ratio"),
    pressure_mmHg=one("pressure_rise"),
    pressure_delay_s=one("pressure_delay"),
    pressure_fast_share=one("pressure_fast_share"),
    pressure_fast_s=one("pressure_fast_time"),
    pressure_slow_s=one("pressure_slow_time"),
    cooling_K=one("cooling"),
)
REST = np.array([34.1])
FOREHEAD = np.array([1.0])


def answer(skin_degC: np.ndarray, step_s: float, weight: np.ndarray = FOREHEAD) -> FaceReflexHistory:
    skin = np.asarray(skin_degC, float)[:, None]
    return face_reflex_history(LAW, np.full(skin.shape, step_s), skin, REST, weight)


def test_the_pulse_is_lowest_after_half_a_minute_and_comes_back() -> None:
    found = answer(np.full(2400, 12.9), 0.5)
    pulse, time_s = np.asarray(found.pulse_percent[:, 0]), np.asarray(found.pulse_time_s[:, 0])
    assert time_s[np.argmin(pulse)] == pytest.approx(35.8, abs=1.0)
    assert pulse.min() == pytest.approx(-15.0, rel=0.01)
    assert time_s[0] >= 5.6  # nothing before
    # The surge is one of the first two minutes; most of it has gone after three, though the face is still cold.
    assert np.interp(180.0, time_s, pulse) > 0.35 * pulse.min()


def test_steps_make_no_difference() -> None:
    fine, coarse = answer(np.full(600, 12.9), 0.5), answer(np.full(30, 12.9), 10.0)
    assert np.asarray(coarse.pulse_percent[:, 0]) == pytest.approx(
        np.asarray(fine.pulse_percent[19::20, 0]), rel=1e-4, abs=1e-3
    )
    assert np.asarray(coarse.pressure_mmHg[:, 0]) == pytest.approx(
        np.asarray(fine.pressure_mmHg[19::20, 0]), rel=1e-4, abs=1e-3
    )


def test_the_mean_pressure_rises_as_measured_in_a_quarter_of_an_hour() -> None:
    found = answer(np.full(1800, 12.9), 0.5)
    pressure, time_s = np.asarray(found.pressure_mmHg[:, 0]), np.asarray(found.pressure_time_s[:, 0])
    assert time_s[0] > 18.8
    assert np.interp(900.0, time_s, pressure) == pytest.approx(106.0 - 83.0, abs=0.5)
    assert (np.diff(pressure) > 0).all()
    # The fast part is nearly all there 39 s after the start.
    assert np.interp(38.7, time_s, pressure) > 0.3 * np.interp(900.0, time_s, pressure)


def test_the_forehead_answers_most_and_warm_skin_not_at_all() -> None:
    weights = {key: zone_weight(key, K) for key, zone in K.zone.items() if zone.region == "face"}
    assert max(weights, key=lambda key: weights[key]) in ("forehead", "upper_eyelid")
    assert weights["forehead"] == 1.0 > weights["cheek"]
    assert float(np.abs(answer(np.full(60, 36.0), 1.0).pulse_percent).max()) == 0.0
    less = answer(np.full(60, 12.9), 1.0, weight=np.array([0.5]))
    assert float(less.pulse_percent.min()) == pytest.approx(
        0.5 * float(answer(np.full(60, 12.9), 1.0).pulse_percent.min())
    )


@pytest.mark.parametrize("name", ["pulse_rise_s", "pulse_fade_s", "pressure_slow_s", "temperature"])
def test_gradients_through_the_reflex_are_exact(name: str) -> None:
    with jax.enable_x64(True):
        shape = jnp.linspace(1.0, 0.5, 40)[:, None]

        def number(change: jax.Array) -> jax.Array:
            law = LAW
            if name != "temperature":
                law = LAW._replace(**{name: jnp.asarray(getattr(LAW, name)) * (1.0 + change)})
            skin = 20.0 * shape * (1.0 + change if name == "temperature" else 1.0)
            found = face_reflex_history(law, jnp.full((40, 1), 3.0), skin, REST, FOREHEAD)
            return jnp.sum(found.pulse_percent) ** 2 + found.pressure_mmHg[-1, 0] ** 2

        both = jax.jit(jax.value_and_grad(number))
        at, slope = both(jnp.zeros(()))
        left = [float(abs(both(jnp.array(h))[0] - at - h * slope)) for h in (0.02, 0.01, 0.005)]
        assert left[0] > 1e-9
        for large, small in pairwise(left):
            assert large / small == pytest.approx(4.0, rel=0.1)


def test_it_is_told_on_the_face_alone_with_how_to_work() -> None:
    law = draw_face_reflex(128, K, 2)
    lengths = np.full((120, 128), 1.0)
    skin, rest = np.full((120, 128), 15.0), np.full(128, 34.0)
    assert face_reflex_response(lengths, skin, rest, "forearm", law, K) is None
    forehead = face_reflex_response(lengths, skin, rest, "forehead", law, K)
    cheek = face_reflex_response(lengths, skin, rest, "cheek", law, K)
    assert forehead is not None
    assert cheek is not None
    assert forehead.pulse_change_percent.p50 < cheek.pulse_change_percent.p50 < 0.0
    assert forehead.mean_pressure_change_mmHg.p50 > 0.0
    assert 20.0 < forehead.pulse_lowest_after_s.p50 < 60.0
    told = " ".join(forehead.guidance)
    assert "forehead last" in told
    assert "10 s" in told
    assert "60 s" in told
    assert "Keep breathing" in told
    assert "10 s" not in " ".join(cheek.guidance)
