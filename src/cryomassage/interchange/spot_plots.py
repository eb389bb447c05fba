"""Charts of a lesion that is frozen: how far the ice goes, and how cold the base of the lesion becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cryomassage.interchange.chart import COLD, INK, STOP, new_chart, spread, to_svg
from cryomassage.records.interval import Interval
from cryomassage.records.plan import SpotPlan

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _band(frame: Axes, time_s: list[float], told: list[Interval], colour: str, style: str) -> float:
    """Median and the range of 90 of 100; returns the highest median."""
    median = [one.p50 for one in told]
    frame.fill_between(time_s, [one.p05 for one in told], [one.p95 for one in told], color=colour, alpha=0.18, lw=0)
    frame.plot(time_s, median, color=colour, linestyle=style, linewidth=2)
    return float(np.max(median))


def _time(frame: Axes, spot: SpotPlan) -> list[float]:
    """The time axis, with a bar while the cold is on."""
    time_s = [0.0, *(moment.time_s for moment in spot.over_time)]
    frame.set_xlim(0.0, time_s[-1])
    frame.set_xlabel("time, s", labelpad=2)
    frame.tick_params(length=3, width=0.8)
    begin = 0.0
    for _ in range(spot.freezes):
        frame.axvspan(begin, begin + spot.freeze_s, color=COLD, alpha=0.08, lw=0)
        begin += spot.freeze_s + spot.thaw_pause_s
    return time_s


def _limit(frame: Axes, value: float, words: str) -> None:
    frame.axhline(value, color=STOP, linewidth=1.2)
    frame.text(0.985, value, words, transform=frame.get_yaxis_transform(), ha="right", va="bottom", color=STOP)


def ice_chart(spot: SpotPlan, name: str) -> str:
    """Depth of the ice from the top of the lesion, and its spread beyond the edge, as SVG."""
    figure, frame = new_chart(0.11, 0.77)
    time_s = _time(frame, spot)
    radius_mm = 0.5 * spot.lesion_diameter_mm
    nothing = Interval(p05=0.0, p50=0.0, p95=0.0)

    def beyond(told: Interval) -> Interval:
        return Interval(**{key: max(value - radius_mm, 0.0) for key, value in told.model_dump().items()})

    depth = [nothing, *(moment.ice_depth_mm for moment in spot.over_time)]
    margin = [nothing, *(beyond(moment.ice_radius_mm) for moment in spot.over_time)]
    tops = [_band(frame, time_s, depth, COLD, "-"), _band(frame, time_s, margin, INK, "--")]
    highest = 1.25 * max(spot.depth_limit_mm, spot.most_margin_mm)
    frame.set_ylim(0.0, highest)
    frame.set_ylabel("mm", labelpad=2)
    _limit(frame, spot.depth_limit_mm, f"deepest allowed {spot.depth_limit_mm:g} mm")
    places = spread(tops, 0.08 * highest, 0.0, highest)
    for place, words, colour in zip(places, ("depth", "beyond edge"), (COLD, INK), strict=True):
        frame.text(1.02, place, words, transform=frame.get_yaxis_transform(), color=colour, va="center", fontsize=9.5)
    return to_svg(
        figure,
        name,
        f"Ice over time: median depth up to {tops[0]:.1f} mm of {spot.depth_limit_mm:g} mm allowed, and up to "
        f"{tops[1]:.1f} mm beyond the edge of the lesion.",
    )


def base_chart(spot: SpotPlan, name: str) -> str:
    """Temperature at the base of the lesion over time, as SVG."""
    figure, frame = new_chart(0.14, 0.97)
    time_s = _time(frame, spot)[1:]
    told = [moment.base_degC for moment in spot.over_time]
    _band(frame, time_s, told, COLD, "-")
    frame.set_ylabel("°C", labelpad=0)
    _limit(frame, spot.base_goal_degC, f"goal {spot.base_goal_degC:g} °C".replace("-", "−"))
    lowest = min(one.p50 for one in told)
    return to_svg(
        figure,
        name,
        f"Temperature at the base of the lesion over time: the median falls to {lowest:.0f} °C, the goal is "
        f"{spot.base_goal_degC:g} °C.",
    )
