"""A cut through the coldest place of a patch, in depth, and how the temperature there went, as PNG."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from cryomassage.interchange.chart import COLD, INK, LINE, MUTED, STOP, spread
from cryomassage.interchange.patch_plots import extent_mm
from cryomassage.interchange.picture import HALO, bare, clock, halo, heading, save_png, style, told_time
from cryomassage.records.patch import PatchHistory, PatchSimulation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HALF_ICE = 0.5
_DEPTHS_mm = (0.1, 1.0, 3.0)  # below the surface, of the curves
_STYLES = ("-", (0, (5, 2)), (0, (5, 1.5, 1, 1.5)), (0, (1, 1.5)))
_FELT_K = 1.0
_SHALLOWEST_mm = 1.0
_SHORTEST = 1e-3  # an axis needs some length, even where there is one moment only
_ISOTHERMS = 7  # about so many
_ASIDE = 0.08  # of the width: the names of the isotherms stand this far from the coldest place
_LABEL_GAP = 0.055  # of the depth shown


@dataclass(frozen=True)
class Cut:
    """Where and when a patch is cut open.

    Attributes:
        row, column: of the place that is coldest then, as far as snapshots show.
        snapshot: when there was most ice along the row whose surface became coldest; without ice, when the surface of
            the zone was coldest.
    """

    row: int
    column: int
    snapshot: int


def coldest_cut(history: PatchHistory) -> Cut:
    """The cut that shows most."""
    lowest = np.where(history.inside, history.lowest_surface_degC, np.inf)
    seen = np.where(history.inside, history.surface_degC, np.inf)
    if history.ice is not None:
        row = int(np.argmin(lowest.min(axis=1)))
        widths = np.diff(history.face_depth_mm)[None, :, None]
        frozen = ((history.ice[:, :, row, :] >= _HALF_ICE) * widths).sum(axis=(1, 2))
        if frozen.max() > 0.0:
            snapshot = int(np.argmax(frozen))
            return Cut(row, int(np.argmin(seen[snapshot, row])), snapshot)
    snapshot, row, column = (int(index) for index in np.unravel_index(np.argmin(seen), seen.shape))
    return Cut(row, column, snapshot)


def _whole_field(history: PatchHistory, cut: Cut) -> tuple[Float[np.ndarray, " depths"], Float[np.ndarray, "depths x"]]:
    """Depths from the surface down in mm, and the temperatures of the cut there."""
    depth = np.concatenate([[0.0], history.depth_mm])
    field = np.concatenate(
        [history.surface_degC[cut.snapshot, None, cut.row, :], history.field_degC[cut.snapshot, :, cut.row, :]]
    )
    return depth, field


def _deepest_shown_mm(depth: Float[np.ndarray, " depths"], change: Float[np.ndarray, "depths x"]) -> float:
    felt = depth[np.abs(change).max(axis=1) > _FELT_K]
    deepest = max(_SHALLOWEST_mm, 1.3 * float(felt.max(initial=0.0)))
    return min(deepest, float(depth[-1]))


def _isotherms(low: float, high: float) -> Float[np.ndarray, " levels"]:
    """Round temperatures between two."""
    step = next((each for each in (1.0, 2.0, 5.0, 10.0, 20.0) if (high - low) / each <= _ISOTHERMS), 50.0)
    levels = np.arange(np.ceil(low / step) * step, high, step)
    return np.asarray(levels[(levels > low) & (levels < high)]) + 0.0  # no minus before a zero


def _name_isotherms(
    frame: Axes,
    history: PatchHistory,
    cut: Cut,
    fine: Float[np.ndarray, " depths"],
    even: Float[np.ndarray, "depths x"],
    levels: Float[np.ndarray, " levels"],
) -> None:
    """Names of the lines, one under the other beside the coldest place; those that would overlap are left out."""
    columns = len(history.x_mm)
    aside = max(1, round(_ASIDE * columns))
    column = cut.column + (aside if cut.column < columns // 2 else -aside)
    gap, above = _LABEL_GAP * float(fine[-1]), 0.0
    for level in levels:
        colder = even[:, column] < level
        if not colder[0] or colder.all():
            continue
        depth = float(fine[np.argmin(colder)])
        if depth - above >= gap and depth < float(fine[-1]) - 0.5 * gap:
            frame.text(
                history.x_mm[column], depth, f"{level:g} °C", fontsize=8, ha="center", va="center", path_effects=halo()
            )
            above = depth


def _draw_cut(frame: Axes, colour_frame: Axes, history: PatchHistory, cut: Cut) -> list[str]:
    """The temperatures of the cut; returns what its lines mean."""
    depth, field = _whole_field(history, cut)
    start = np.concatenate([history.surface_degC[0, None, cut.row, :], history.field_degC[0, :, cut.row, :]])
    deepest = _deepest_shown_mm(depth, field - start)
    fine = np.linspace(0.0, deepest, 300)
    even = np.stack([np.interp(fine, depth, column) for column in field.T], axis=1)
    left, right, _, _ = extent_mm(history)
    image = frame.imshow(
        even, extent=(left, right, deepest, 0.0), aspect="auto", cmap="viridis", interpolation="nearest"
    )
    levels = _isotherms(float(even.min()), float(even.max()))
    frame.contour(history.x_mm, fine, even, levels=levels, colors=[INK], linewidths=0.7, linestyles="solid")
    _name_isotherms(frame, history, cut, fine, even, levels)
    told = ["thin: equal temperature", "dotted: the place of the curves below"]
    if history.ice is not None:
        ice = history.ice[cut.snapshot, :, cut.row, :]
        share = np.stack([np.interp(fine, history.depth_mm, column) for column in ice.T], axis=1)
        if share.max() > _HALF_ICE > share.min():
            for colour, width in ((INK, 4.2), (HALO, 2.4)):
                frame.contour(history.x_mm, fine, share, levels=[_HALF_ICE], colors=[colour], linewidths=width)
            told.insert(0, "white: half of the water frozen")
    place = float(history.x_mm[cut.column])
    frame.axvline(place, color=HALO, linewidth=2.0, alpha=0.7)
    frame.axvline(place, color=INK, linewidth=1.0, linestyle=(0, (1, 1.5)))
    frame.set(ylabel="depth, mm", xlim=(left, right), ylim=(deepest, 0.0))
    frame.set_xlabel("x, mm", loc="left")
    bar = frame.figure.colorbar(image, cax=colour_frame)
    bar.outline.set_visible(False)
    colour_frame.set_title("°C", fontsize=9, color=MUTED, loc="left")
    return told


def _at_depth(history: PatchHistory, row: int, column: int, depth_mm: float) -> Float[np.ndarray, " snapshots"]:
    """Temperature under a place over time, between the two cells that lie around a depth."""
    depth = np.concatenate([[0.0], history.depth_mm])
    cell = int(np.searchsorted(depth, depth_mm)) - 1
    part = (depth_mm - depth[cell]) / (depth[cell + 1] - depth[cell])
    above = history.surface_degC[:, row, column] if cell == 0 else history.field_degC[:, cell - 1, row, column]
    return np.asarray((1.0 - part) * above + part * history.field_degC[:, cell, row, column])


def _draw_curves(frame: Axes, history: PatchHistory, cut: Cut) -> None:
    """Temperature over time at the surface of the place of a cut and ever deeper."""
    row, column = cut.row, cut.column
    time, unit = told_time(history.time_s)
    curves: list[tuple[str, Any]] = [("surface", history.surface_degC[:, row, column])]
    curves += [
        (f"{depth:g} mm", _at_depth(history, row, column, depth))
        for depth in _DEPTHS_mm
        if depth <= history.depth_mm[-1]
    ]
    colours = (COLD, INK, INK, INK)
    frame.axvline(float(time[cut.snapshot]), color=LINE, linewidth=3.0)
    for (_, values), line_style, colour in zip(curves, _STYLES, colours, strict=False):
        frame.plot(time, values, color=colour, linestyle=line_style, linewidth=1.8 if colour == COLD else 1.2)
    lowest = float(history.lowest_surface_degC[row, column])
    if lowest < float(curves[0][1].min()) - 0.5:
        frame.axhline(lowest, color=COLD, linewidth=0.8, linestyle=(0, (1, 2)))
        words = f" lowest between snapshots: {lowest:.1f} °C"
        frame.text(float(time[0]), lowest, words, color=COLD, va="bottom", fontsize=8.5, path_effects=halo())
    if history.floor_degC is not None:
        frame.axhline(history.floor_degC, color=STOP, linewidth=1.3)
        words = f"class floor {history.floor_degC:g} °C"
        frame.text(float(time[-1]), history.floor_degC, words, color=STOP, ha="right", va="bottom", fontsize=8.5)
    frame.set(
        xlabel=f"time, {unit}", ylabel="°C", xlim=(float(time[0]), max(float(time[-1]), float(time[0]) + _SHORTEST))
    )
    frame.margins(y=0.08)
    frame.grid(axis="y")
    bare(frame)
    low, high = frame.get_ylim()
    ends = [float(values[-1]) for _, values in curves]
    beside = frame.get_yaxis_transform()
    places = spread(ends, 0.10 * (high - low), low, high)
    for (words, _), line_style, colour, end, place in zip(curves, _STYLES, colours, ends, places, strict=False):
        frame.plot(
            [1.0, 1.02, 1.06],
            [end, place, place],
            transform=beside,
            clip_on=False,
            color=colour,
            linestyle=line_style,
            linewidth=1.1,
        )
        frame.text(1.07, place, words, transform=beside, color=colour, va="center")


def draw_depth_cut(simulation: PatchSimulation, path: Path) -> None:
    """Write the cut and the curves below it."""
    from matplotlib.figure import Figure

    history, report = simulation.history, simulation.report
    cut = coldest_cut(history)
    x, y, time_s = history.x_mm[cut.column], history.y_mm[cut.row], float(history.time_s[cut.snapshot])
    with style():
        figure = Figure(figsize=(8.0, 7.4))
        upper = figure.add_axes((0.085, 0.515, 0.755, 0.355))
        told = _draw_cut(upper, figure.add_axes((0.86, 0.515, 0.018, 0.355)), history, cut)
        lower = figure.add_axes((0.085, 0.075, 0.755, 0.325))
        _draw_curves(lower, history, cut)
        upper.set_title(f"Cut along y = {y:.1f} mm at {clock(time_s)}, through the coldest place")
        lower.set_title(f"Temperature over time at x = {x:.1f} mm, y = {y:.1f} mm")
        upper.text(
            1.0, -0.1, " · ".join(told), transform=upper.transAxes, fontsize=8, color=MUTED, ha="right", va="top"
        )
        heading(figure, f"{report.name}: in depth", f"{report.site} · {report.cold}")
        save_png(figure, path)
