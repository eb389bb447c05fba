"""Curves of temperature as SVG inside a page: drawn with the colours of the page, light, dark and on paper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

_WIDTH, _HEIGHT = 420.0, 240.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 38.0, 114.0, 12.0, 40.0  # room for numbers and for the names of the lines
_STEP_degC = 5.0
_IN_MINUTES_s = 300.0
_GAP = 16.0  # between two names, so that neither hides the other


class _Frame:
    """Where times and temperatures lie in the picture."""

    def __init__(self, until_s: float, low_degC: float, high_degC: float) -> None:
        self.until_s, self.low_degC, self.high_degC = until_s, low_degC, high_degC

    def x(self, time_s: float) -> float:
        """Across, from the start of the session."""
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * time_s / self.until_s

    def y(self, temperature_degC: float) -> float:
        """Down, from the warmest."""
        share = (self.high_degC - temperature_degC) / (self.high_degC - self.low_degC)
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * share

    def path(self, times: Sequence[float], values: Sequence[float]) -> str:
        """A line through points."""
        return " ".join(f"{self.x(time):.1f},{self.y(value):.1f}" for time, value in zip(times, values, strict=True))


def _round_step(span: float) -> float:
    """A round distance between marks, so that there are four to eight."""
    for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600):
        if span / step <= 8:
            return float(step)
    return 3600.0 * math.ceil(span / 3600.0 / 8)


def _grid(frame: _Frame) -> list[SafeString]:
    parts = []
    level = math.ceil(frame.low_degC / _STEP_degC) * _STEP_degC
    while level <= frame.high_degC + 1e-9:
        y = f"{frame.y(level):.1f}"
        parts.append(
            format_html(
                '<line class="curve-grid" x1="{}" x2="{}" y1="{}" y2="{}"/>'
                '<text class="curve-number" x="{}" y="{}" text-anchor="end" dominant-baseline="middle">{}</text>',
                _LEFT, f"{_WIDTH - _RIGHT:.1f}", y, y, _LEFT - 8, y, f"{level:g}".replace("-", "−"),
            )
        )  # fmt: skip
        level += _STEP_degC
    minutes = frame.until_s >= _IN_MINUTES_s
    unit = 60.0 if minutes else 1.0
    step = _round_step(frame.until_s / unit)
    for number in range(int(frame.until_s / unit / step + 1e-9) + 1):
        parts.append(
            format_html(
                '<text class="curve-number" x="{}" y="{}" text-anchor="middle">{}</text>',
                f"{frame.x(number * step * unit):.1f}", _HEIGHT - _BOTTOM + 15, f"{number * step:g}",
            )
        )  # fmt: skip
    words = _("minutes from the first touch") if minutes else _("seconds from the first touch")
    middle = f"{(_LEFT + _WIDTH - _RIGHT) / 2:.1f}"
    axis = '<text class="curve-number" x="{}" y="{}" text-anchor="middle">{}</text>'
    parts.append(format_html(axis, middle, _HEIGHT - 6, words))
    parts.append(format_html('<text class="curve-number" x="{}" y="{}">°C</text>', _LEFT + 4, _TOP + 2))
    return parts


def _names(frame: _Frame, ends: list[tuple[str, float, str]]) -> list[SafeString]:
    """The name of each line at its end, kept apart."""
    placed, parts = -math.inf, []
    for name, value, style in sorted(ends, key=lambda one: frame.y(one[1])):
        placed = max(frame.y(value), placed + _GAP)
        parts.append(
            format_html(
                '<text class="curve-name {}" x="{}" y="{}" dominant-baseline="middle">{}</text>',
                style, f"{_WIDTH - _RIGHT + 8:.1f}", f"{placed:.1f}", name,
            )
        )  # fmt: skip
    return parts


def curve_svg(
    span: dict[str, Any], *, floor_degC: float, axis_degC: Sequence[float], title: str, reason: str = ""
) -> SafeString:
    """Surface with its band, basal layer and floor over time.

    Args:
        span: `time_s`, and `surface` and `basal` with `p05`, `p50` and `p95`, as a plan keeps them.
        floor_degC: what the surface must not pass.
        axis_degC: coldest and warmest of all pictures of the plan, so that they can be compared.
        title: what is read out in place of the picture.
        reason: what set the floor, in a few words.
    """
    times, surface, basal = span["time_s"], span["surface"], span["basal"]
    frame = _Frame(max(times[-1], 1e-3), *axis_degC)
    outline = frame.path([*times, *reversed(times)], [*surface["p05"], *reversed(surface["p95"])])
    floor = _("floor %(floor)s °C") % {"floor": f"{floor_degC:g}".replace("-", "−")}
    line = '<line class="curve-floor" x1="{}" x2="{}" y1="{}" y2="{}"/>'
    y_floor = f"{frame.y(floor_degC):.1f}"
    parts = [
        *_grid(frame),
        format_html('<polygon class="curve-band" points="{}"/>', outline),
        format_html('<polyline class="curve-basal" points="{}"/>', frame.path(times, basal["p50"])),
        format_html('<polyline class="curve-surface" points="{}"/>', frame.path(times, surface["p50"])),
        format_html(line, _LEFT, f"{_WIDTH - _RIGHT:.1f}", y_floor, y_floor),
        *_names(
            frame,
            [
                (_("surface"), surface["p50"][-1], "curve-of-surface"),
                (_("deeper layer"), basal["p50"][-1], "curve-of-basal"),
                (floor, floor_degC, "curve-of-floor"),
            ],
        ),
    ]
    if reason:
        text = '<text class="curve-name curve-of-floor" x="{}" y="{}" text-anchor="end">{}</text>'
        parts.append(format_html(text, f"{_WIDTH - _RIGHT - 6:.1f}", f"{frame.y(floor_degC) - 6:.1f}", reason))
    inner = mark_safe("".join(parts))  # every part was escaped where it was made
    return format_html(
        '<svg class="curve" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        f"{_WIDTH:.0f}", f"{_HEIGHT:.0f}", title, inner,
    )  # fmt: skip
