"""Maps of what each place of a zone went through, and how much of the zone became how cold, as PNG."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from cryomassage.interchange.chart import COLD, INK, MUTED, STOP
from cryomassage.interchange.picture import HALO, bare, clock, halo, heading, save_png, style
from cryomassage.records.patch import PatchHistory, PatchSimulation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LARGEST_in = (3.9, 4.4)  # of a map
_NARROWEST_in = 2.4  # the title of a map must fit
_BESIDE_in, _BELOW_in = 1.28, 0.9  # room of a map for its axes, colours and title
_CROSSED = "red line"
_HEAD_in, _LINE_in = 0.62, 0.19
_MOST_LEVELS = 12  # more whole numbers than these make a continuous scale
_LABEL_WIDTH = 0.2  # of the curve of dose and area, about
_NAMED_PLACES = 4  # more numbers than these on one map hide it


@dataclass(frozen=True)
class Shown:
    """One map: what it shows, and in which unit.

    `levels` is how many whole numbers the colours stand for, from 0 up, or None for a continuous scale.
    """

    title: str
    values: Float[np.ndarray, "rows columns"]
    unit: str
    levels: int | None = None
    floor_degC: float | None = None


def extent_mm(history: PatchHistory) -> tuple[float, float, float, float]:
    """Left, right, lower and upper edge of the patch, half a cell beyond the outer centres."""
    edges: list[float] = []
    for centres in (history.x_mm, history.y_mm):
        half = 0.5 * float(centres[1] - centres[0]) if len(centres) > 1 else 0.5
        edges += [float(centres[0]) - half, float(centres[-1]) + half]
    return edges[0], edges[1], edges[2], edges[3]


def telling_thresholds(history: PatchHistory, count: int) -> tuple[int, ...]:
    """Which dwell maps say most; warmest first.

    Where ice was computed, the nearest to 0 °C of those that the zone fell below; else those that the cold part of the
    zone fell below, and nearest to half of it.
    """
    share = [float((each[history.inside] > 0.0).mean()) for each in history.dwell_below_s]
    reached = [index for index, part in enumerate(share) if part > 0.0]
    if history.ice is not None:
        chosen = sorted(reached, key=lambda index: abs(history.thresholds_degC[index]))[:count]
    else:
        chosen = sorted(reached, key=lambda index: abs(share[index] - 0.5))[:count]
    return tuple(sorted(chosen, key=lambda index: -history.thresholds_degC[index]))


def _dwell(history: PatchHistory, index: int) -> Shown:
    threshold = history.thresholds_degC[index]
    return Shown(f"Time of the surface below {threshold:g} °C", history.dwell_below_s[index], "s")


def shown_maps(history: PatchHistory) -> tuple[Shown, ...]:
    """The maps of a patch, four where thresholds were asked for.

    Lowest temperature, dwell, passes, and ice where freezing was computed. Where the skin may supercool, the
    probability of ice takes the place of the dwell; where the source stands, passes tell nothing and the basal layer
    takes their place.
    """
    coldest = Shown("Lowest surface temperature", history.lowest_surface_degC, "°C", floor_degC=history.floor_degC)
    basal = Shown("Lowest basal temperature", history.lowest_basal_degC, "°C")
    most = int(np.ceil(float(history.passes.max(initial=0.0))))
    passes = Shown("Passes of the source", history.passes, "passes", levels=most if most < _MOST_LEVELS else None)
    last = [] if history.ice is None else [Shown("Deepest ice", history.deepest_ice_mm, "mm")]
    middle = [_dwell(history, index) for index in telling_thresholds(history, 2 - len(last))]
    if history.ice_probability is not None:
        middle = [Shown("Probability that ice begins", 100.0 * history.ice_probability, "%"), *middle][: 2 - len(last)]
    third = basal if _stands(history) else passes
    if len(middle) + len(last) < 2 and third is passes:
        middle.insert(0, basal)
    if len(middle) + len(last) < 2 and history.thresholds_degC:
        middle.append(_dwell(history, int(np.argmax(history.thresholds_degC))))
    return (coldest, *middle, third, *last)


def draw_outline(frame: Axes, history: PatchHistory) -> None:
    """The edge of the zone, along the sides of the cells; what lies beyond is paled."""
    left, right, lower, upper = extent_mm(history)
    if not history.inside.all():
        veil = np.zeros((*history.inside.shape, 4))
        veil[~history.inside] = (1.0, 1.0, 1.0, 0.55)
        frame.imshow(veil, extent=(left, right, lower, upper), origin="lower", interpolation="nearest", zorder=1.5)
    rows, columns = history.inside.shape
    x, y = np.linspace(left, right, columns + 1), np.linspace(lower, upper, rows + 1)
    padded = np.pad(history.inside, 1)
    segments: list[list[tuple[float, float]]] = []
    for row, column in np.argwhere(padded[1:-1, :-1] != padded[1:-1, 1:]):
        segments.append([(x[column], y[row]), (x[column], y[row + 1])])
    for row, column in np.argwhere(padded[:-1, 1:-1] != padded[1:, 1:-1]):
        segments.append([(x[column], y[row]), (x[column + 1], y[row])])
    from matplotlib.collections import LineCollection

    lines = LineCollection(segments, colors=INK, linewidths=1.1, antialiaseds=False, zorder=3, clip_on=False)
    frame.add_collection(lines)


def _stands(history: PatchHistory) -> bool:
    """Whether the source stands in one place all the time."""
    on = history.path_mm[~np.isnan(history.path_mm[:, 0])]
    return len(on) > 0 and float(np.ptp(on, axis=0).max()) < 1e-9


def draw_path(frame: Axes, history: PatchHistory) -> None:
    """The path of the source, thin and readable on any colour; a dot where it begins, a cross where it only stands."""
    on = history.path_mm[~np.isnan(history.path_mm[:, 0])]
    if len(on) == 0:
        return
    frame.plot(*history.path_mm.T, color=HALO, linewidth=1.5, alpha=0.55, zorder=2)
    frame.plot(*history.path_mm.T, color=INK, linewidth=0.5, zorder=2)
    mark, size = ("+", 8.0) if _stands(history) else ("o", 3.5)
    frame.plot(*on[0], mark, color=INK, markersize=size, path_effects=halo(), zorder=2.5)


def _colours(shown: Shown, inside: Bool[np.ndarray, "rows columns"]) -> tuple[Any, Any]:
    """Colour map and scale of a map."""
    from matplotlib import colormaps
    from matplotlib.colors import BoundaryNorm, Normalize

    colours = colormaps["viridis" if shown.unit == "°C" else "cividis"]
    if shown.levels is not None:
        steps = np.arange(-0.5, shown.levels + 1.0)
        return colours, BoundaryNorm(steps, colours.N)
    values = shown.values[inside]
    low = float(values.min()) if shown.unit == "°C" else 0.0
    high = float(values.max())
    return colours, Normalize(low, high if high > low else low + 1.0)


def _one_map(frame: Axes, colour_frame: Axes, shown: Shown, history: PatchHistory) -> None:
    colours, scale = _colours(shown, history.inside)
    left, right, lower, upper = extent_mm(history)
    image = frame.imshow(
        shown.values,
        extent=(left, right, lower, upper),
        origin="lower",
        cmap=colours,
        norm=scale,
        interpolation="nearest",
    )
    frame.set_title(shown.title)
    frame.set(xlabel="x, mm", xlim=(left, right), ylim=(lower, upper))
    frame.set_ylabel("y, mm", labelpad=2)
    bar = frame.figure.colorbar(image, cax=colour_frame)
    bar.outline.set_visible(False)
    colour_frame.set_title(shown.unit, fontsize=9, color=MUTED, loc="left")
    if shown.levels is not None:
        bar.set_ticks(list(range(shown.levels + 1)))
        bar.ax.minorticks_off()
    draw_outline(frame, history)
    draw_path(frame, history)
    if shown.unit != "°C" and not shown.values[history.inside].any():
        frame.text(0.5, 0.5, "none", transform=frame.transAxes, ha="center", va="center", path_effects=halo(), zorder=4)
    if shown.floor_degC is not None and floor_is_crossed(history):
        _draw_floor(frame, colour_frame, history, shown.floor_degC)


def floor_is_crossed(history: PatchHistory) -> bool:
    """Whether one part of the zone became colder than the floor of its class, and another did not."""
    lowest = history.lowest_surface_degC[history.inside]
    return history.floor_degC is not None and bool(lowest.min() < history.floor_degC < lowest.max())


def _draw_floor(frame: Axes, colour_frame: Axes, history: PatchHistory, floor_degC: float) -> None:
    """The contour of the class floor, and its place beside the colours."""
    reached = np.where(history.inside, history.lowest_surface_degC, np.nan)
    for colour, width in ((HALO, 3.2), (STOP, 1.6)):
        frame.contour(
            history.x_mm, history.y_mm, reached, levels=[floor_degC], colors=[colour], linewidths=width, zorder=2.7
        )
        colour_frame.axhline(floor_degC, color=colour, linewidth=1.2 * width)


def _floor_words(history: PatchHistory) -> list[str]:
    """What became of the class floor, in a line."""
    floor = history.floor_degC
    if floor is None:
        return []
    if floor_is_crossed(history):
        return [f"{_CROSSED}: surface floor of the class, {floor:g} °C"]
    colder = float(history.lowest_surface_degC[history.inside].min()) < floor
    side = "becomes colder" if colder else "stays warmer"
    return [f"the whole zone {side} than the surface floor of the class, {floor:g} °C"]


def _chance_words(simulation: PatchSimulation) -> list[str]:
    """When ice began in skin that may supercool, in a line."""
    told = simulation.report.supercooling
    if told is None:
        return []
    begins = "does not begin" if told.ice_begins_s is None else f"begins at {clock(told.ice_begins_s)}"
    return [f"ice {begins} as drawn with seed {told.seed}; by the end it has begun with the probability shown"]


def _name_places(frame: Axes, simulation: PatchSimulation) -> list[str]:
    """Numbers on a map where something is unlike its surroundings, largest first; returns what they stand for."""
    places = sorted(simulation.report.places, key=lambda place: -place.area_cm2)[:_NAMED_PLACES]
    told = []
    for number, place in enumerate(places, start=1):
        frame.text(
            place.x_mm,
            place.y_mm,
            str(number),
            ha="center",
            va="center",
            fontsize=8.5,
            fontweight="bold",
            color=INK,
            zorder=5,
            bbox={"boxstyle": "circle,pad=0.25", "facecolor": HALO, "edgecolor": INK, "linewidth": 0.8},
        )
        told.append(
            f"{number}  {place.kind}, {place.place}: {place.area_cm2:.1f} cm², "
            f"lowest {place.lowest_surface_degC:.1f} °C"
        )
    left_out = len(simulation.report.places) - len(places)
    return [*told, f"and {left_out} smaller"] if left_out else told


def draw_maps(simulation: PatchSimulation, path: Path) -> None:
    """Write the four maps of a patch, with the zone, the path of the source and the places that stand out."""
    from matplotlib.figure import Figure

    history, report = simulation.history, simulation.report
    left, right, lower, upper = extent_mm(history)
    scale = min(_LARGEST_in[0] / (right - left), _LARGEST_in[1] / (upper - lower))
    map_in = (scale * (right - left), scale * (upper - lower))
    panel_in = (max(map_in[0], _NARROWEST_in) + _BESIDE_in, map_in[1] + _BELOW_in)
    path_words = (
        "cross: where the source stands" if _stands(history) else "thin line: path of the source, from the dot on"
    )
    notes = [path_words, *_floor_words(history), *_chance_words(simulation)]
    rows = len(notes) + min(len(report.places), _NAMED_PLACES + 1)
    foot_in = 0.12 + _LINE_in * rows
    size_in = (2.0 * panel_in[0] + 0.15, _HEAD_in + 2.0 * panel_in[1] + foot_in)
    with style():
        figure = Figure(figsize=size_in)
        places: list[str] = []
        shown_here = shown_maps(history)
        named = next((number for number, shown in enumerate(shown_here) if shown.unit == "passes"), 0)
        for number, shown in enumerate(shown_here):
            x_in = 0.58 + (number % 2) * panel_in[0]
            y_in = foot_in + 0.55 + (1 - number // 2) * panel_in[1]
            box = (x_in / size_in[0], y_in / size_in[1], map_in[0] / size_in[0], map_in[1] / size_in[1])
            frame = figure.add_axes(box)
            beside = ((x_in + map_in[0] + 0.12) / size_in[0], box[1], 0.14 / size_in[0], box[3])
            _one_map(frame, figure.add_axes(beside), shown, history)
            if number == named:
                places = _name_places(frame, simulation)
        heading(figure, report.name, f"{report.site} · {report.cold} · {clock(report.duration_s)}")
        for row, line in enumerate([*notes, *places]):
            place = (foot_in - _LINE_in * row) / size_in[1]
            colour = STOP if line.startswith(_CROSSED) else INK
            figure.text(0.12 / size_in[0], place, line, va="top", fontsize=8.5, color=colour)
        save_png(figure, path)


def dose_area(history: PatchHistory) -> tuple[Float[np.ndarray, " levels"], Float[np.ndarray, " levels"]]:
    """Share of the zone (0 to 1) whose lowest surface temperature was at most each of its own temperatures, °C."""
    lowest = np.sort(history.lowest_surface_degC[history.inside])
    return lowest, np.arange(1, len(lowest) + 1) / len(lowest)


def draw_dose_area(simulation: PatchSimulation, path: Path) -> None:
    """Write how much of the zone became at least how cold."""
    from matplotlib.figure import Figure

    history, report = simulation.history, simulation.report
    temperature, share = dose_area(history)
    low, high = float(temperature[0]), float(temperature[-1])
    room = max(0.04 * (high - low), 0.5)
    with style():
        figure = Figure(figsize=(7.0, 4.3))
        frame = figure.add_axes((0.095, 0.125, 0.84, 0.70))
        frame.fill_between(temperature, 100.0 * share, step="post", color=COLD, alpha=0.15, linewidth=0)
        frame.step(temperature, 100.0 * share, where="post", color=COLD, linewidth=1.8)
        floor = history.floor_degC
        left = low - room if floor is None else min(low, floor) - room
        frame.set(xlim=(left, high + room), ylim=(0.0, 102.0))
        frame.set(xlabel="lowest surface temperature, °C", ylabel="share of the zone this cold or colder, %")
        frame.grid(visible=True)
        bare(frame)
        if floor is not None:
            below = 100.0 * float((temperature < floor).mean())
            frame.axvline(floor, color=STOP, linewidth=1.5)
            frame.text(
                floor,
                1.015,
                f"class floor {floor:g} °C: {below:.1f} % of the zone below",
                transform=frame.get_xaxis_transform(),
                ha="right" if floor > 0.5 * (left + high) else "left",
                color=STOP,
            )
        marks = [float(np.interp(part, share, temperature)) for part in (0.1, 0.5, 0.9)]
        frame.plot(marks, [10.0, 50.0, 90.0], "o", color=INK, markersize=4)
        for part, place in zip((10, 50, 90), marks, strict=True):
            # To the right below the curve, or to the left above it; never across the floor.
            crossed = floor is not None and floor <= place < floor + _LABEL_WIDTH * (high - left)
            right = crossed or place < 0.5 * (left + high)
            frame.annotate(
                f"{part} %: {place:.1f} °C",
                (place, part),
                xytext=(7, -4) if right else (-7, 4),
                textcoords="offset points",
                ha="left" if right else "right",
                va="top" if right else "bottom",
                path_effects=halo(),
            )
        edges = extent_mm(history)
        patch_cm2 = 0.01 * (edges[1] - edges[0]) * (edges[3] - edges[2])
        zone = f" · zone {patch_cm2 * float(history.inside.mean()):.3g} cm²"
        heading(figure, f"{report.name}: dose and area", f"{report.site} · {report.cold}{zone}")
        save_png(figure, path)
