"""How the colour of a zone should go, as swatches in the order of time.

Each swatch has the colour at rest right under it, since the eye tells small differences only side by side; the words
below say the same without colour. The places are even, not the times: they run from seconds to hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cryomassage.interchange.chart import COLD, INK, LINE, MUTED, STOP, to_svg
from cryomassage.interchange.picture import heading, style
from cryomassage.records.body_response import ColourResponse, Swatch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIZE_in = (9.8, 3.15)
_HALF = 0.43  # half the width of a swatch; their centres are 1 apart
_TOP, _SEAM, _BASE = 1.0, 0.26, 0.0  # a swatch, and the colour at rest under it
_LINE_AT = 1.34  # height of the line of time
_MOST = 6  # swatches that fit beside each other
_AT_ONCE_s = 0.1
_MINUS = "\u2212"


def told_moment(time_s: float) -> str:
    """A moment in the unit that suits it."""
    if time_s <= 0.0:
        return "before"
    if time_s < 120.0:
        return f"{time_s:.0f} s" if time_s >= 9.5 else f"{time_s:.1f} s"
    if time_s < 7200.0:
        return f"{time_s / 60.0:.0f} min"
    return f"{time_s / 3600.0:.2g} h"


def _chosen(response: ColourResponse) -> tuple[Swatch, ...]:
    return tuple(sorted(response.swatches, key=lambda swatch: swatch.time_s))[:_MOST]


def _redness(swatch: Swatch, rest: Swatch) -> str:
    """Change of a* of a swatch, with its range."""
    told = (value - rest.a_star for value in (swatch.a_star, swatch.a_star_low, swatch.a_star_high))
    middle, low, high = (f"{value:+.1f}".replace("+0.0", "0").replace("-0.0", "0") for value in told)
    return f"redness {middle}\n({low} to {high})".replace("-", _MINUS)


def _tile(frame: Axes, place: float, swatch: Swatch, rest: Swatch) -> None:
    """One swatch with the colour at rest under it, its time above and its words below."""
    from matplotlib.patches import Rectangle

    left, width = place - _HALF, 2.0 * _HALF
    frame.add_patch(Rectangle((left, _SEAM), width, _TOP - _SEAM, facecolor=swatch.srgb, linewidth=0))
    frame.add_patch(Rectangle((left, _BASE), width, _SEAM - _BASE, facecolor=rest.srgb, linewidth=0))
    frame.add_patch(Rectangle((left, _BASE), width, _TOP, fill=False, edgecolor=MUTED, linewidth=0.6))
    frame.text(place, 1.12, told_moment(swatch.time_s), ha="center", va="center", color=MUTED, fontsize=10.5)
    frame.text(place, -0.13, swatch.words, ha="center", va="top", color=INK, fontsize=11, fontweight="bold")
    told = f"redness a* {rest.a_star:.0f}" if swatch is rest else _redness(swatch, rest)
    frame.text(place, -0.40, told, ha="center", va="top", color=MUTED, fontsize=9, linespacing=1.3)


def _time_line(frame: Axes, swatches: Sequence[Swatch], pass_ends_s: Sequence[float]) -> None:
    """The line of time: blue while cold goes on, with a mark where each pass ends."""
    times, places = [swatch.time_s for swatch in swatches], np.arange(len(swatches), dtype=float)
    frame.plot([0.0, places[-1]], [_LINE_AT] * 2, color=LINE, linewidth=2, zorder=1)
    frame.scatter(places, [_LINE_AT] * len(places), s=26, color=MUTED, zorder=3)
    if not pass_ends_s:
        return
    ends = np.interp(pass_ends_s, times, places)
    frame.plot([0.0, ends[-1]], [_LINE_AT] * 2, color=COLD, linewidth=5, solid_capstyle="butt", zorder=2)
    for end in ends:
        frame.plot([end] * 2, [_LINE_AT - 0.07, _LINE_AT + 0.07], color=COLD, linewidth=1.4, zorder=4)
    count = len(pass_ends_s)
    words = f"cold: {count} passes, until {told_moment(pass_ends_s[-1])}" if count > 1 else "cold: one pass"
    if count == 1:
        words += f", until {told_moment(pass_ends_s[0])}"
    frame.text(0.06, _LINE_AT + 0.13, words, color=COLD, va="bottom", fontsize=10)


def _below(response: ColourResponse) -> str:
    """What the return of colour takes, and how to read the swatches."""
    first_s, last_s = response.colour_return_s.p05, response.colour_return_s.p95
    if last_s < _AT_ONCE_s:
        returned = "The blood stays, and so does the colour."
    elif first_s < _AT_ONCE_s:
        returned = f"Colour is back within {told_moment(last_s)} of a pass."
    else:
        returned = f"Colour is back {told_moment(first_s)} to {told_moment(last_s)} after a pass."
    return f"{returned} Upper part: predicted; lower part: at rest. In brackets: 90 of 100 skins."


def colour_timeline(zone_name: str, response: ColourResponse, pass_ends_s: Sequence[float]) -> Figure:
    """How the colour of a zone should go.

    Args:
        zone_name: as it is told to people.
        response: with its swatches.
        pass_ends_s: when each pass ends, after the first touch, in s.

    Returns:
        a figure for `picture.save_png` or, as text for a page, `colour_timeline_svg`.
    """
    from matplotlib.figure import Figure

    swatches = _chosen(response)
    rest = swatches[0]
    with style():
        figure = Figure(figsize=_SIZE_in)
        frame = figure.add_axes((0.012, 0.02, 0.976, 0.80))
        frame.set_axis_off()
        # Few swatches are not drawn wider than many.
        frame.set_xlim(-0.5, max(len(swatches), 5) - 0.5)
        frame.set_ylim(-1.02, 1.72)
        for place, swatch in enumerate(swatches):
            _tile(frame, float(place), swatch, rest)
        _time_line(frame, swatches, list(pass_ends_s))
        title = "what you should see" if response.seen else "colour, which is no guide here"
        heading(figure, f"{zone_name}: {title}", _below(response))
        if not response.seen:
            frame.text(
                0.0 - _HALF,
                -0.92,
                "On this skin colour does not show reliably: go by time, touch, feeling and infrared temperature.",
                color=STOP,
                va="center",
                fontsize=10,
                fontweight="bold",
            )
    return figure


def colour_timeline_svg(zone_name: str, response: ColourResponse, pass_ends_s: Sequence[float], name: str) -> str:
    """The same as SVG that stands inside a page; `name` keeps its identifiers apart from other pictures."""
    told = ", ".join(f"{swatch.words} ({told_moment(swatch.time_s)})" for swatch in _chosen(response))
    figure = colour_timeline(zone_name, response, pass_ends_s)
    return to_svg(figure, name, f"{zone_name}, colour of the skin: {told}.")
