"""Charts of what the skin of one zone is predicted to feel, over time and over depth."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from cryomassage.interchange.chart import COLD, INK, LINE, MUTED, STOP, new_chart, spread, to_svg
from cryomassage.records.history import Band, History
from cryomassage.records.plan import ZonePlan

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STEP_degC = 5.0
_STYLES = ("-", (0, (5, 2)), (0, (5, 1.5, 1, 1.5)), (0, (1, 1.5)))  # surface first, then ever deeper
_PIXELS = (160, 260)  # depth and time of a map
_FLOORS = ("class floor", "zone floor", "thin fat")


@dataclass(frozen=True)
class TemperatureAxis:
    """The temperatures that every chart of a plan spans, so that pictures can be compared."""

    low_degC: float
    high_degC: float


def common_axis(zones: Iterable[ZonePlan], histories: dict[str, History]) -> TemperatureAxis:
    """The axis that holds all bands and floors of a plan, in steps of 5 °C."""
    lows, highs = [], []
    for zone in zones:
        bands = histories[zone.zone].bands
        lows += [zone.surface_floor_degC, *(float(band.low.min()) for band in bands)]
        highs += [float(band.high.max()) for band in bands]
    low = math.floor(min(lows) / _STEP_degC - 0.4) * _STEP_degC
    return TemperatureAxis(low, math.ceil(max(highs) / _STEP_degC) * _STEP_degC)


def touch_window_s(zone: ZonePlan, history: History) -> float:
    """How long to look at the first touches: they last tenths of a second, a session minutes."""
    period = zone.seconds_per_pass / max(1, zone.coverages_per_pass)
    several = 3.0 * period if zone.coverages_per_pass > 1 else math.inf
    return min(several, 15.0 * zone.dwell_time_s, float(history.time_s[-1]))


def is_pulsed(zone: ZonePlan, history: History) -> bool:
    """Whether touches are so short that a chart of the whole session cannot show them."""
    return touch_window_s(zone, history) < 0.5 * float(history.time_s[-1])


def _seconds(time_s: float) -> str:
    """A time in seconds with as many digits as a reader needs."""
    return f"{time_s:.2g} s" if time_s < 10.0 else f"{time_s:.0f} s"


def floor_reason(zone: ZonePlan) -> str:
    """The floor of a zone and what set it, in a few words."""
    named = [reason for reason in zone.reasons if reason.what in _FLOORS]
    binding = max(named, key=lambda reason: reason.value or 0.0, default=None)
    words = "limit" if binding is None else binding.what
    if any(reason.what.startswith("phototype") for reason in zone.reasons):
        words += " + phototype"
    return f"{zone.surface_floor_degC:g} °C  {words}"


def _clipped(history: History, until_s: float) -> History:
    """The part of a history up to a time, with the value at that very time interpolated."""
    inside = history.time_s < until_s
    time = np.append(history.time_s[inside], until_s)

    def cut(values: Float[np.ndarray, " times"]) -> Float[np.ndarray, " times"]:
        return np.append(values[inside], np.interp(until_s, history.time_s, values))

    bands = tuple(Band(band.label, cut(band.low), cut(band.median), cut(band.high)) for band in history.bands)
    field = np.stack([cut(row) for row in history.field_degC])
    return History(time, bands, history.depth_mm, field)


def _time_axis(frame: Axes, until_s: float) -> None:
    frame.set_xlim(0.0, until_s)
    frame.set_xlabel("time, s", labelpad=2)
    frame.tick_params(length=3, width=0.8)


def _touches(frame: Axes, zone: ZonePlan, axis: TemperatureAxis, until_s: float) -> None:
    """Bars along the time axis while something cold touches the skin."""
    height = axis.low_degC + 0.035 * (axis.high_degC - axis.low_degC)
    period = zone.seconds_per_pass / max(1, zone.coverages_per_pass)
    for number in range(zone.coverages_per_pass):
        begin = number * period
        if begin < until_s:
            end = min(begin + zone.dwell_time_s, until_s)
            frame.plot([begin, end], [height, height], color=COLD, linewidth=5, solid_capstyle="butt")
    frame.text(
        min(zone.dwell_time_s, until_s) + 0.015 * until_s,
        height,
        f"touch {_seconds(zone.dwell_time_s)}",
        color=COLD,
        va="center",
    )


def _labels(frame: Axes, history: History, axis: TemperatureAxis) -> None:
    """The name of each line at its right end, kept apart from the next."""
    span = axis.high_degC - axis.low_degC
    ends = [float(band.median[-1]) for band in history.bands]
    places = spread(ends, 0.074 * span, axis.low_degC, axis.high_degC - 0.02 * span)
    beside = frame.get_yaxis_transform()
    for index, (band, style, end, place) in enumerate(zip(history.bands, _STYLES, ends, places, strict=True)):
        colour = INK if index else COLD
        frame.plot(
            [1.0, 1.035, 1.085],
            [end, place, place],
            transform=beside,
            clip_on=False,
            color=colour,
            linestyle=style,
            linewidth=1.1,
        )
        frame.text(1.095, place, band.label, transform=beside, color=colour, va="center")


def _temperature(
    history: History, zone: ZonePlan, axis: TemperatureAxis, name: str, description: str, *, close: bool
) -> str:
    """Bands, medians and floor; `close` marks the touches, which a whole session hides."""
    figure, frame = new_chart(0.115, 0.755)
    until, span = float(history.time_s[-1]), axis.high_degC - axis.low_degC
    _time_axis(frame, until)
    frame.set_ylim(axis.low_degC, axis.high_degC)
    frame.set_yticks(np.arange(axis.low_degC, axis.high_degC + 0.1, _STEP_degC))
    frame.set_ylabel("°C", rotation=0, labelpad=8)
    frame.grid(axis="y", color=LINE, linewidth=0.6)
    frame.set_axisbelow(True)

    surface = history.bands[0]
    frame.fill_between(
        history.time_s,
        surface.low,
        surface.high,
        facecolor=COLD,
        alpha=0.22,
        edgecolor=COLD,
        linewidth=0.6,
    )
    for index, (band, style) in enumerate(zip(history.bands, _STYLES, strict=True)):
        colour, width = (INK, 1.1) if index else (COLD, 1.9)
        frame.plot(history.time_s, band.median, color=colour, linewidth=width, linestyle=style)
    floor = zone.surface_floor_degC
    frame.axhline(floor, color=STOP, linewidth=1.6)
    frame.text(0.99 * until, floor, floor_reason(zone), color=STOP, ha="right", va="bottom", fontweight="bold")
    _labels(frame, history, axis)
    if close:
        _touches(frame, zone, axis, until)
        coldest = int(np.argmin(surface.low))
        low, median = float(surface.low[coldest]), float(surface.median[coldest])
        frame.annotate(
            "surface: 90 % of skins",
            (float(history.time_s[coldest]), 0.5 * (low + median)),
            (0.22 * until, max(low, floor + 0.12 * span)),
            color=COLD,
            va="center",
            arrowprops={"arrowstyle": "-", "color": COLD, "linewidth": 0.8},
        )
    elif is_pulsed(zone, history):
        words = f"each fall: one touch of {_seconds(zone.dwell_time_s)}"
        frame.text(0.015 * until, floor + 0.10 * span, words, color=COLD, va="center")
    return to_svg(figure, name, description)


def temperature_chart(history: History, zone: ZonePlan, axis: TemperatureAxis) -> str:
    """Temperature over the whole session: 5-95 % of the surface, and medians ever deeper."""
    coldest = history.bands[0].median.min()
    description = (
        f"{zone.name}: temperature over {history.time_s[-1]:.0f} seconds. The surface of the median "
        f"virtual skin falls to {coldest:.0f} °C; the floor is {zone.surface_floor_degC:g} °C."
    )
    return _temperature(history, zone, axis, f"whole-{zone.zone}", description, close=False)


def touch_chart(history: History, zone: ZonePlan, axis: TemperatureAxis) -> str:
    """The same temperatures over the first touches only, which are too short to be seen in a session."""
    window = touch_window_s(zone, history)
    touch = _seconds(zone.dwell_time_s)
    description = f"{zone.name}: temperature in the first {_seconds(window)}; one touch lasts {touch}."
    return _temperature(_clipped(history, window), zone, axis, f"touch-{zone.zone}", description, close=True)


def _felt_depth_mm(history: History) -> float:
    """How deep a change of half a degree reaches in the median skin, with room to spare."""
    change = np.abs(history.field_degC - history.field_degC[:, :1]).max(axis=1)
    felt = history.depth_mm[change > 0.5]
    wanted = 1.5 * float(felt.max(initial=0.3))
    return next((depth for depth in (0.5, 1.0, 2.0, 3.0, 5.0, 10.0) if depth >= wanted), 20.0)


def _pixels(history: History, deepest_mm: float) -> Float[np.ndarray, "depths times"]:
    """The field on an even grid; a pixel shows the coldest moment inside it, so that no touch is lost."""
    depth = np.linspace(0.0, deepest_mm, _PIXELS[0])
    edges = np.linspace(0.0, float(history.time_s[-1]), _PIXELS[1] + 1)
    at_edge = np.stack([np.interp(edges, history.time_s, row) for row in history.field_degC])
    owner = np.clip(np.searchsorted(edges, history.time_s, side="right") - 1, 0, _PIXELS[1] - 1)
    coldest = np.minimum(at_edge[:, :-1], at_edge[:, 1:])
    np.minimum.at(coldest.T, owner, history.field_degC.T)
    columns = [np.interp(depth, history.depth_mm, column) for column in coldest.T]
    return np.stack(columns, axis=1)


def _map(history: History, zone: ZonePlan, axis: TemperatureAxis, name: str, description: str) -> str:
    figure, frame = new_chart(0.125, 0.80)
    until, deepest = float(history.time_s[-1]), _felt_depth_mm(history)
    field = _pixels(history, deepest)
    image = frame.imshow(
        field,
        extent=(0.0, until, deepest, 0.0),
        aspect="auto",
        cmap="viridis",
        vmin=axis.low_degC,
        vmax=axis.high_degC,
        interpolation="bilinear",
    )
    floor = zone.surface_floor_degC
    if field.min() < floor < field.max():
        grid = (np.linspace(0.0, until, _PIXELS[1]), np.linspace(0.0, deepest, _PIXELS[0]))
        frame.contour(*grid, field, levels=[floor], colors=[STOP], linewidths=1.8)
    else:
        frame.text(
            0.98,
            0.05,
            f"median skin: {field.min():.0f} °C or warmer, floor {floor:g} °C",
            transform=frame.transAxes,
            ha="right",
            color="black",
        )
    _time_axis(frame, until)
    frame.set_ylabel("depth, mm", labelpad=3)
    colours = figure.add_axes((0.83, 0.16, 0.03, 0.78))
    ticks = np.arange(axis.low_degC, axis.high_degC + 0.1, _STEP_degC)
    bar = figure.colorbar(image, cax=colours, ticks=ticks)
    bar.outline.set_visible(False)
    colours.tick_params(length=3, colors=MUTED)
    colours.axhline(floor, color=STOP, linewidth=2.2)
    colours.set_title("°C", color=MUTED, fontsize=10.5, pad=3)
    return to_svg(figure, name, description)


def depth_map(history: History, zone: ZonePlan, axis: TemperatureAxis) -> str:
    """Temperature of the median skin over depth and the whole session."""
    description = f"{zone.name}: temperature of the median virtual skin over depth and time, whole session."
    return _map(history, zone, axis, f"map-{zone.zone}", description)


def touch_map(history: History, zone: ZonePlan, axis: TemperatureAxis) -> str:
    """Temperature of the median skin over depth and the first touches."""
    description = f"{zone.name}: temperature of the median virtual skin over depth and time, first touches."
    window = touch_window_s(zone, history)
    return _map(_clipped(history, window), zone, axis, f"touchmap-{zone.zone}", description)
