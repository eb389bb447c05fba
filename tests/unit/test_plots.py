"""Charts: the same bytes every time, nothing from outside, and touches that can be seen."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from cryomassage.interchange import plots
from cryomassage.interchange.chart import spread
from cryomassage.records.history import Band, History
from cryomassage.records.plan import ZonePlan

pytestmark = pytest.mark.unit


def zone(dwell_time_s: float = 0.05, floor_degC: float = 5.0) -> ZonePlan:
    percentiles = {"p01": 9.0, "p05": 12.0, "p50": 20.0, "p95": 28.0}
    return ZonePlan.model_validate(
        {
            "zone": "cheek",
            "name": "Cheeks <b>&",
            "method": "ln2_swab",
            "cold_source": "ln2_swab",
            "class": 1,
            "order": 1,
            "sides": 2,
            "parts": 1,
            "area_cm2": 190.0,
            "massage_lines": ("mouth → ear",),
            "distance_mm": None,
            "speed_mm_s": 110.0,
            "dwell_time_s": dwell_time_s,
            "contact_seconds": dwell_time_s,
            "coverages_per_pass": 1,
            "passes": 2,
            "passes_full": 2,
            "seconds_per_pass": 6.4,
            "pause_s": 25.0,
            "response": None,
            "total_s": 40.0,
            "surface_floor_degC": floor_degC,
            "basal_floor_degC": 5.0,
            "surface_min_degC": percentiles,
            "basal_min_degC": percentiles,
            "fat_seconds_below_10_degC_p95": 0.0,
            "surface_seconds_below_0_degC_p95": 0.0,
            "acceptance": {
                "virtual_skins": 1024,
                "below_floor": 1,
                "frozen_basal": 0,
                "over_fat_time": 0,
                "over_time_below_zero": 0,
                "allowed_below_floor": 4,
            },
            "binding": "surface floor",
            "reasons": ({"what": "class floor", "value": 5.0, "unit": "degC", "reason": "class 1", "source": ("a",)},),
            "cautions": (),
        }
    )


def history(coldest_degC: float = 12.0) -> History:
    """Two short touches 30 s apart, and the warmth that returns after each."""
    time = np.array([0.0, 0.02, 0.05, 0.1, 0.5, 5.0, 30.0, 30.02, 30.05, 30.1, 31.0, 60.0])
    surface = np.array([34.0, 25, coldest_degC, 28, 31, 33, 33.8, 25, coldest_degC, 28, 32, 33.5])
    bands = tuple(
        Band(label, 34.0 - (34.0 - surface) * share - 2.0, 34.0 - (34.0 - surface) * share, surface * 0 + 35.0)
        for label, share in (("surface", 1.0), ("basal layer", 0.3), ("1 mm", 0.1), ("fat", 0.05))
    )
    depth = np.array([0.01, 0.1, 0.5, 1.0, 3.0, 8.0])
    field = 34.0 - np.exp(-depth / 0.2)[:, None] * (34.0 - surface)[None]
    return History(time, bands, depth, field)


CHARTS = (plots.temperature_chart, plots.touch_chart, plots.depth_map, plots.touch_map)


@pytest.mark.parametrize("draw", CHARTS)
def test_the_same_numbers_give_the_same_bytes_and_nothing_comes_from_outside(draw: object) -> None:
    assert callable(draw)
    axis = plots.common_axis([zone()], {"cheek": history()})
    text = draw(history(), zone(), axis)
    assert text == draw(history(), zone(), axis)
    assert text.startswith("<svg ")
    assert "http" not in text
    assert "<metadata" not in text
    assert 'role="img"' in text
    HTMLParser().feed(text)


@pytest.mark.parametrize("draw", CHARTS)
def test_names_are_escaped_and_identifiers_are_not_shared_between_charts(draw: object) -> None:
    assert callable(draw)
    axis = plots.common_axis([zone()], {"cheek": history()})
    text = draw(history(), zone(), axis)
    assert "<b>" not in text
    identifiers = set(re.findall(r'\bid="([^"]+)"', text))
    others = {
        one
        for other in CHARTS
        if other is not draw
        for one in re.findall(r'\bid="([^"]+)"', other(history(), zone(), axis))
    }
    assert identifiers
    assert not identifiers & others
    for named in re.findall(r'(?:url\(|href=")#([^")]+)', text):
        assert named in identifiers


def test_labels_and_the_reason_of_the_floor_stand_in_the_chart() -> None:
    axis = plots.common_axis([zone()], {"cheek": history()})
    text = plots.temperature_chart(history(), zone(), axis)
    for word in ("surface", "basal layer", "1 mm", "fat", "5 °C", "class floor"):
        assert word in text
    assert "legend" not in text


def test_the_first_touch_fills_a_good_part_of_its_window() -> None:
    window = plots.touch_window_s(zone(), history())
    assert 0.05 * window < zone().dwell_time_s < 0.5 * window
    assert plots.is_pulsed(zone(), history())
    assert not plots.is_pulsed(zone(dwell_time_s=30.0), history())


def test_all_charts_of_a_plan_span_the_same_temperatures() -> None:
    other = zone(floor_degC=-4.0).model_copy(update={"zone": "chin"})
    axis = plots.common_axis([zone(), other], {"cheek": history(), "chin": history(2.0)})
    assert axis.low_degC <= -5.0
    assert axis.high_degC >= 35.0


def test_a_floor_that_the_median_skin_reaches_is_a_line_in_the_map() -> None:
    cold = history(coldest_degC=1.0)
    axis = plots.common_axis([zone()], {"cheek": cold})
    assert "or warmer" not in plots.touch_map(cold, zone(), axis)
    assert "or warmer" in plots.touch_map(history(), zone(), axis)


def test_no_touch_is_lost_between_the_pixels_of_a_map() -> None:
    told = plots.depth_map(history(), zone(), plots.TemperatureAxis(0.0, 40.0))
    assert "median skin: 13 °C or warmer" in told


def test_labels_keep_their_distance_and_stay_inside() -> None:
    placed = spread([34.0, 34.1, 33.9, 20.0], 2.0, 0.0, 38.0)
    ordered = sorted(placed)
    assert all(high - low >= 2.0 - 1e-9 for low, high in pairwise(ordered))
    assert 0.0 <= ordered[0] <= ordered[-1] <= 38.0
    assert placed[3] == 20.0
