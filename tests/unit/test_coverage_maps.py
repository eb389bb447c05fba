from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryomassage.engine.patch import Footprint
from cryomassage.planning.strokes import generators
from cryomassage.planning.strokes.coverage import dose_area, named_places, passes_seen, place_in_words
from cryomassage.planning.strokes.footprints import MovingSource, Part
from cryomassage.planning.strokes.path import timeline
from cryomassage.planning.strokes.shapes import rectangle
from cryomassage.records.patch import NamedPlace
from cryomassage.records.stroke_plan import Stroke, StrokePlan

pytestmark = pytest.mark.unit

X_mm, Y_mm = np.arange(0.5, 100.0), np.arange(0.5, 60.0)
INSIDE = np.ones((60, 100), dtype=bool)
WARM = np.full((60, 100), 30.0)
NOTHING = np.zeros((60, 100), dtype=bool)


def source(half_width: float = 10e-3) -> MovingSource:
    part = Part(Footprint.GAUSSIAN, 200.0, half_width, half_width)
    return MovingSource("test", (part,), -50.0, False, half_width, 23.0)


def seen(strokes: tuple[Stroke, ...], half_width: float = 10e-3, passes: int = 1) -> np.ndarray:
    plan = StrokePlan(zone="cheek", pattern="given", strokes=strokes, speed_mm_s=50.0, passes=passes)
    return passes_seen(timeline(plan, source(half_width)), source(half_width), X_mm, Y_mm)


def line(*corners: tuple[float, float]) -> Stroke:
    return Stroke(path_mm=corners)


def told(passes: np.ndarray, frozen: np.ndarray = NOTHING, whole_zone: bool = True) -> tuple[NamedPlace, ...]:
    return named_places(passes, WARM, frozen, INSIDE, X_mm, Y_mm, whole_zone=whole_zone)


def test_one_stroke_is_seen_once_within_half_its_width() -> None:
    passes = seen((line((20.0, 30.0), (80.0, 30.0)),))
    # A strip of 60 x 20 mm with a half disc of radius 10 mm at each end.
    assert passes.sum() == pytest.approx(60 * 20 + np.pi * 100.0, rel=0.02)
    assert set(np.unique(passes)) == {0.0, 1.0}
    assert passes[30, 50] == 1.0
    assert passes[41, 50] == 0.0


def test_corners_of_one_path_are_one_visit_and_a_return_is_another() -> None:
    bent = seen((line((20.0, 30.0), (50.0, 30.0), (80.0, 30.0)),))
    assert bent.max() == 1.0
    there_and_back = seen((line((20.0, 30.0), (80.0, 30.0), (20.0, 30.0)),))
    assert there_and_back[30, 30] == 2.0
    assert there_and_back[30, 78] == 1.0  # at the turn the source has not left
    assert seen((line((20.0, 30.0), (80.0, 30.0)),), passes=3)[30, 50] == 3.0


def test_neighbouring_strips_are_seen_twice_where_they_overlap() -> None:
    passes = seen((line((20.0, 20.0), (80.0, 20.0)), line((20.0, 35.0), (80.0, 35.0))))
    assert passes[27, 50] == 2.0
    assert passes[12, 50] == 1.0
    assert passes[43, 50] == 1.0


def test_a_hold_is_one_visit() -> None:
    passes = seen((Stroke(path_mm=((50.0, 30.0),), hold_s=4.0),))
    assert passes.max() == 1.0
    assert passes.sum() == pytest.approx(np.pi * 100.0, rel=0.02)


def test_too_little_overlap_leaves_gaps_between_the_strips() -> None:
    outline = rectangle(100.0, 60.0)
    good = seen(generators.raster(outline, 13.0, 10.0))
    assert not [place for place in told(good) if place.kind == "gap"]
    # Strips 6 mm wide and 20 mm apart.
    gaps = [place for place in told(seen(generators.raster(outline, 20.0, 3.0), 3e-3)) if place.kind == "gap"]
    assert [gap.place for gap in sorted(gaps, key=lambda gap: gap.y_mm)] == [
        "along the lower edge",
        "across the middle",
        "along the upper edge",
    ]
    for gap in gaps:
        # 12 mm of the 18 mm between two strips, and the whole width less the turn on one side.
        assert gap.area_cm2 == pytest.approx(1.2 * (10.0 - 0.6), rel=0.05)


def test_a_forgotten_corner_is_named() -> None:
    passes = np.ones((60, 100))
    passes[45:, :20] = 0.0
    (gap,) = told(passes)
    assert (gap.kind, gap.place) == ("gap", "upper left")
    assert gap.area_cm2 == pytest.approx(3.0)
    assert (gap.x_mm, gap.y_mm) == (10.0, 52.5)
    assert told(passes, whole_zone=False) == ()


def test_a_place_gone_over_far_too_often_is_an_overlap() -> None:
    passes = np.full((60, 100), 2.0)
    passes[:10, 80:] = 5.0
    (overlap,) = told(passes)
    assert (overlap.kind, overlap.place) == ("overlap", "lower right")
    passes[:10, 80:] = 4.0  # twice the usual is what two strips make where they overlap
    assert told(passes) == ()


def test_a_frozen_stripe_is_named_with_its_temperature() -> None:
    frozen = NOTHING.copy()
    frozen[28:32, 10:90] = True
    (stripe,) = told(np.ones((60, 100)), frozen, whole_zone=False)
    assert (stripe.kind, stripe.place) == ("frozen", "across the middle")
    assert stripe.lowest_surface_degC == 30.0


def test_a_speck_is_not_told() -> None:
    passes = np.ones((60, 100))
    passes[0, 0] = 0.0
    assert told(passes) == ()


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ((0.0, 10.0), (50.0, 60.0), "upper left"),
        ((45.0, 55.0), (0.0, 10.0), "lower middle"),
        ((45.0, 55.0), (25.0, 35.0), "middle"),
        ((90.0, 100.0), (25.0, 35.0), "middle right"),
        ((45.0, 55.0), (0.0, 60.0), "down the middle"),
        ((0.0, 10.0), (0.0, 60.0), "along the left edge"),
        ((0.0, 100.0), (0.0, 60.0), "all over"),
    ],
)
def test_places_have_names(x: tuple[float, float], y: tuple[float, float], words: str) -> None:
    assert place_in_words(np.array(x), np.array(y), (0.0, 0.0), (100.0, 60.0)) == words


@given(st.integers(0, 2**32 - 1), st.floats(-100.0, 20.0), st.floats(0.1, 60.0))
@settings(max_examples=40, deadline=None)
def test_the_dose_area_curve_rises_to_the_whole_zone(seed: int, coldest: float, span: float) -> None:
    random = np.random.default_rng(seed)
    lowest = coldest + span * random.random((30, 40))
    inside = random.random((30, 40)) < 0.7
    rows = dose_area(lowest, inside, 0.01)
    shares = [row.share for row in rows]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(rows) <= 45
    assert rows[-1].area_cm2 == pytest.approx(0.01 * inside.sum())
    for row in rows:
        assert row.share == pytest.approx(float((lowest[inside] <= row.at_most_degC).mean()))
    # The steps between the rows add up to the zone: no place is counted twice or lost.
    steps = np.diff([0.0, *(row.area_cm2 for row in rows)])
    assert (steps >= 0).all()
    assert float(steps.sum()) == pytest.approx(0.01 * inside.sum())
