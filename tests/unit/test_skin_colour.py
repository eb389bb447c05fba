"""From the volume of blood to the colour of skin: the model, its gradient, and the order of what is seen."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from coloraide import Color
from jaxtyping import Float

from cryomassage.engine.skin_colour import (
    Lab,
    Reflectance,
    SkinOptics,
    decoded,
    erythema_index,
    skin_colour,
    skin_reflectance,
    to_lab,
    to_reflectance,
)
from cryomassage.interchange.colour_timeline import colour_timeline, colour_timeline_svg, told_moment
from cryomassage.interchange.picture import save_png
from cryomassage.knowledge.load import load
from cryomassage.planning.colour_skin import colour_response, colour_return_s, draw_colour, is_seen, pause_s, volume_at
from cryomassage.records.body_response import ColourResponse

pytestmark = pytest.mark.unit

SKINS = 512
STEP_s = np.concatenate([np.full(80, 0.5), np.geomspace(0.5, 120.0, 150)])
TIME_s = np.cumsum(STEP_s)
TYPES = ("i", "ii", "iii", "iv", "v", "vi")


def volume_of_a_pass(reddens: bool = True) -> Float[np.ndarray, "steps skins"]:
    """Pales within a second, is back in half a minute after the 5 s of cold, then reddens for an hour."""
    time_s = TIME_s[:, None]
    depth, back_s = np.linspace(0.3, 0.8, SKINS), np.geomspace(2.0, 12.0, SKINS)[::-1]
    cold, after = np.clip(time_s, 0.0, 5.0), np.clip(time_s - 5.0, 0.0, None)
    pallor = depth * -np.expm1(-cold) * np.exp(-after / back_s)
    redness = 0.6 * -np.expm1(-after / 200.0) * np.exp(-after / 1500.0)
    return (1.0 - pallor) * (1.0 + redness * reddens)


def steps() -> Float[np.ndarray, "steps skins"]:
    return np.repeat(STEP_s[:, None], SKINS, axis=1)


def told(phototype: str | None, volume: Float[np.ndarray, "steps skins"] | None = None) -> ColourResponse:
    optics = draw_colour(load(), phototype, SKINS, 3)
    shown = volume_of_a_pass() if volume is None else volume
    return colour_response(steps(), shown, np.full((1, SKINS), 5.0), optics, load(), phototype)


# --- colours ---


def test_colours_are_those_of_the_library() -> None:
    values = np.random.default_rng(5).uniform([20, -10, -10], [95, 30, 35], (40, 3))
    light = np.stack(to_reflectance(Lab(*values.T)), axis=1)
    back = np.stack(to_lab(Reflectance(*light.T)), axis=1)
    for lab, ours, again in zip(values, light, back, strict=True):
        assert ours == pytest.approx(Color("lab-d65", lab.tolist()).convert("srgb-linear").coords(), abs=1e-6)
        assert again == pytest.approx(lab, abs=1e-9)
    encoded = np.linspace(0.0, 1.0, 11)
    for value, ours in zip(encoded, np.asarray(decoded(encoded)), strict=True):
        assert ours == pytest.approx(Color("srgb", [value] * 3).convert("srgb-linear")["r"], abs=1e-9)


def test_the_index_is_the_logarithm_of_red_over_green_whatever_the_light() -> None:
    light = Reflectance(np.array([0.5]), np.array([0.25]), np.array([0.2]))
    dimmer = Reflectance(*(0.3 * part for part in light))
    assert np.asarray(erythema_index(light)) == pytest.approx([100.0 * math.log10(2.0)])
    assert np.asarray(erythema_index(dimmer)) == pytest.approx(np.asarray(erythema_index(light)))


# --- blood ---


def test_light_skin_has_the_sensitivity_that_was_drawn() -> None:
    optics = draw_colour(load(), "ii", SKINS, 3)
    light = load().skin_colour["ii"]
    rest = Lab(*(np.full(SKINS, part.value) for part in (light.lightness, light.a_star, light.b_star)))
    optics = optics._replace(rest=rest)
    fraction = np.asarray(optics.blood_fraction)
    more = np.asarray(skin_colour(optics, 1.0 + 1e-3 / fraction).a_star) - rest.a_star
    assert 250.0 < np.median(more) / 1e-3 < 400.0
    assert np.quantile(more / 1e-3, [0.05, 0.95]) == pytest.approx([250, 500], rel=0.12)


def test_less_blood_is_paler_and_lighter_and_more_is_redder_and_darker() -> None:
    optics = draw_colour(load(), "ii", SKINS, 3)
    volume = np.linspace(0.2, 2.0, 10)[:, None] * np.ones(SKINS)
    colour, index = skin_colour(optics, volume), np.asarray(erythema_index(skin_reflectance(optics, volume)))
    assert (np.diff(np.asarray(colour.a_star), axis=0) > 0).all()
    assert (np.diff(index, axis=0) > 0).all()
    assert (np.diff(np.asarray(colour.lightness), axis=0) < 0).all()
    rest = skin_colour(optics, np.ones(SKINS))
    for now, then in zip(rest, optics.rest, strict=True):
        assert np.asarray(now) == pytest.approx(np.asarray(then), abs=1e-9)
    # b* hardly goes along.
    moved = [np.ptp(np.median(np.asarray(part), axis=1)) for part in (colour.a_star, colour.b_star)]
    assert moved[1] < 0.25 * moved[0]


def test_the_darker_the_skin_the_less_of_its_blood_is_seen() -> None:
    half = np.full(SKINS, 0.5)
    falls = []
    for phototype in TYPES:
        optics = draw_colour(load(), phototype, SKINS, 3)
        falls.append(float(np.median(np.asarray(optics.rest.a_star) - np.asarray(skin_colour(optics, half).a_star))))
    assert falls == sorted(falls, reverse=True)
    assert falls[-1] < 0.75 * falls[0]


def test_the_gradient_of_colour_and_index_passes_the_taylor_test() -> None:
    with jax.enable_x64(True):
        base = draw_colour(load(), "iii", 8, 3)
        volume = jnp.linspace(0.4, 1.6, 8)

        def seen(parameters: tuple[SkinOptics, jax.Array]) -> jax.Array:
            optics, blood = parameters
            light = skin_reflectance(optics, blood)
            return sum(jnp.sum(part**2) for part in to_lab(light)) + jnp.sum(jnp.asarray(erythema_index(light)))

        point = jax.tree.map(jnp.asarray, (base, volume))
        ahead = jax.tree.map(lambda value: 0.02 * value, point)
        here, slope = jax.jvp(seen, (point,), (ahead,))

        def remainder(share: float) -> float:
            there = jax.tree.map(lambda value, step: value + share * step, point, ahead)
            return abs(float(seen(there) - here - share * slope))

        errors = [remainder(0.5**power) for power in range(5)]
        assert errors[0] > 1e-6
        for large, small in itertools.pairwise(errors):
            assert large / small == pytest.approx(4.0, rel=0.1)


# --- knowledge ---


def test_resting_colours_lie_in_their_classes_of_typology_angle() -> None:
    floors = dict(zip(TYPES, (55.0, 41.0, 28.0, 10.0, -30.0, -90.0), strict=True))
    above = 90.0
    for phototype in TYPES:
        colour = load().skin_colour[phototype]
        angle = math.degrees(math.atan((colour.lightness.value - 50.0) / colour.b_star.value))
        assert floors[phototype] < angle <= above
        above = floors[phototype]
    assert [is_seen(phototype, load()) for phototype in TYPES] == [True] * 4 + [False] * 2
    assert not is_seen(None, load())


# --- what is told ---


def test_skin_pales_then_its_colour_is_back_then_it_reddens() -> None:
    response = told("ii")
    words = [swatch.words for swatch in response.swatches]
    times = [swatch.time_s for swatch in response.swatches]
    assert times == sorted(times)
    assert words[0] == "at rest"
    assert words[1].startswith("pale")
    assert words[2] == "colour back"
    assert words[3].startswith("pink")
    rest, palest, back, pink = (swatch.a_star for swatch in response.swatches[:4])
    assert palest < back - 1.0
    assert back == pytest.approx(rest, abs=1.0)
    assert pink > rest + 2.0
    assert response.seen
    assert response.pallor.share_of_skins > 0.8
    assert response.pallor.begins_s is not None
    assert response.pallor.begins_s.p50 < 3.0
    assert response.redness_peak_s is not None
    assert 300.0 < response.redness_peak_s.p50 < 800.0
    assert response.redness.ends_s is not None
    assert response.redness.ends_s.p50 > response.redness_peak_s.p50
    assert response.erythema_index_change.p95 < 0.0


def test_dark_skin_says_that_colour_is_not_seen() -> None:
    dark, light = told("vi"), told("ii")
    assert not dark.seen
    assert dark.pallor.share_of_skins < 0.7 * light.pallor.share_of_skins
    # What the blood does is the same; only the eye is worse off.
    assert dark.colour_return_s == light.colour_return_s
    assert not told(None).seen


def test_without_blood_moving_nothing_is_told() -> None:
    response = told("i", np.ones((len(STEP_s), SKINS)))
    assert (response.pallor.share_of_skins, response.redness.share_of_skins) == (0.0, 0.0)
    assert response.pallor.begins_s is None
    assert response.redness_peak_s is None
    assert response.colour_return_s.p95 == 0.0
    assert {swatch.srgb for swatch in response.swatches} == {response.swatches[0].srgb}
    assert "no change to see" in [swatch.words for swatch in response.swatches]


def test_the_same_seed_gives_the_same_colours_and_an_unknown_phototype_the_widest() -> None:
    one, again, other = (draw_colour(load(), "iii", SKINS, seed) for seed in (3, 3, 4))
    assert np.array_equal(np.asarray(one.rest.a_star), np.asarray(again.rest.a_star))
    assert not np.array_equal(np.asarray(one.rest.a_star), np.asarray(other.rest.a_star))
    unknown = np.asarray(draw_colour(load(), None, SKINS, 3).rest.lightness)
    assert np.ptp(unknown) > 1.5 * np.ptp(np.asarray(one.rest.lightness))


# --- the pause ---


def test_colour_return_is_that_of_an_exponential() -> None:
    back_s, depth = np.array([2.0, 5.0, 10.0]), 0.5
    step = np.full((400, 3), 0.1)
    after = np.clip(np.cumsum(step, axis=0) - 5.0, 0.0, None)
    cold = np.cumsum(step, axis=0) <= 5.0
    volume = 1.0 - depth * np.where(cold, 1.0, np.exp(-after / back_s))
    returned = colour_return_s(step, volume, np.full(3, 5.0), 1.0, 0.9)
    assert returned == pytest.approx(back_s * math.log(depth / 0.1), abs=0.02)
    # Against a lower value before the pass it is back earlier.
    assert (colour_return_s(step, volume, np.full(3, 5.0), np.full(3, 0.8), 0.9) < returned).all()
    # In a window that ends too soon it is not back, and where it never left it is back at once.
    cut = colour_return_s(step, volume, np.full(3, 5.0), 1.0, 0.9, np.full(3, 10.0))
    assert np.isinf(cut).tolist() == [False, True, True]
    assert colour_return_s(step, np.ones_like(step), np.full(3, 5.0), 1.0, 0.9).tolist() == [0.0] * 3
    assert volume_at(step, volume, np.full(3, 0.0)).tolist() == [1.0] * 3
    assert volume_at(step, volume, np.full(3, 4.0)) == pytest.approx([0.5] * 3)


def test_a_second_loss_of_colour_is_waited_for() -> None:
    step = np.ones((60, 1))
    volume = np.ones((60, 1))
    volume[5:10] = 0.5
    volume[20:25] = 0.7
    assert colour_return_s(step, volume, np.full(1, 5.0), 1.0, 0.9)[0] == pytest.approx(20.0, abs=1.0)


def test_redness_that_fades_is_not_waited_for() -> None:
    # Before the second pass the skin is redder than at rest; afterwards it goes back to rest and no further.
    steps, skins = 200, 40
    volume = np.ones((steps, skins))
    volume[20:60] = 1.5
    passes = np.array([[2.0], [42.0]]) * np.ones(skins)
    response = colour_response(
        np.ones((steps, skins)), volume, passes, draw_colour(load(), "ii", skins, 3), load(), "ii"
    )
    assert response.colour_return_s.p95 == 0.0


def test_pauses_are_told_in_steps_rounded_up() -> None:
    assert pause_s(np.linspace(0.0, 10.0, 101), load()) == 10.0
    assert pause_s(np.full(10, 5.0), load()) == 5.0
    assert pause_s(np.full(10, 5.1), load()) == 10.0
    assert pause_s(np.zeros(10), load()) == 0.0
    assert pause_s(np.array([1.0] * 9 + [7.0]), load()) == 5.0
    assert pause_s(np.array([1.0] * 8 + [7.0] * 2), load()) == 10.0
    many = np.ones(100)
    many[:5] = np.inf
    assert pause_s(many, load()) == 5.0
    many[:20] = np.inf
    assert pause_s(many, load()) == math.inf


# --- the picture ---


def test_the_timeline_has_words_under_every_swatch(tmp_path: Path) -> None:
    response = told("ii")
    svg = colour_timeline_svg("Cheek", response, [5.0], "colour-cheek")
    for swatch in response.swatches:
        assert swatch.words in svg
        assert swatch.srgb in svg
    assert "no guide" not in svg
    still = told("ii", np.ones((len(STEP_s), SKINS)))
    assert "The blood stays" in colour_timeline_svg("Cheek", still, [5.0], "colour-cheek")
    assert "infrared" in colour_timeline_svg("Cheek", told("vi"), [5.0], "colour-cheek")
    save_png(colour_timeline("Cheek", response, [5.0]), tmp_path / "colour.png")
    assert (tmp_path / "colour.png").stat().st_size > 5_000
    assert [told_moment(value) for value in (0.0, 2.34, 35.2, 300.0, 7200.0)] == [
        "before",
        "2.3 s",
        "35 s",
        "5 min",
        "2 h",
    ]
