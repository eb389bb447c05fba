"""A time-lapse of the surface as GIF: how the cold moves, where the source is, and the clock."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, UInt8

from cryomassage.interchange.chart import INK, MUTED
from cryomassage.interchange.patch_plots import draw_outline, extent_mm
from cryomassage.interchange.picture import HALO, clock, halo, heading, style
from cryomassage.records.patch import PatchHistory, PatchSimulation

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_FRAMES = 80
LIMIT_bytes = 1_500_000  # a page with a few of these still opens at once
_PLAYED_s = (6.0, 12.0)  # shorter is too hasty for the eye, longer tires it
_LAST_s = 1.5  # the end stands a while before the film begins anew
_LARGEST_in = (4.6, 4.0)  # of the map
_DOTS_PER_INCH = 100
# Frames and colours of the temperatures; the next pair where the file would be too large.
_ATTEMPTS = ((MOST_FRAMES, 96), (MOST_FRAMES, 48), (50, 40), (30, 32), (16, 24))
_TICK_s = 0.01  # in which GIF counts


def frame_times_s(history: PatchHistory, most: int = MOST_FRAMES) -> Float[np.ndarray, " frames"]:
    """Times of the frames: even over the run, and no more than there are snapshots or the film may have."""
    count = min(most, len(history.time_s))
    return np.linspace(float(history.time_s[0]), float(history.time_s[-1]), count)


def frame_durations_ms(history: PatchHistory, most: int = MOST_FRAMES) -> list[int]:
    """How long each frame stands, in whole hundredths of a second, as GIF wants it.

    Runs of 6 to 12 s play in real time; shorter ones are slowed down, longer ones sped up.
    """
    count = len(frame_times_s(history, most))
    run_s = float(history.time_s[-1] - history.time_s[0])
    each_s = float(np.clip(run_s, *_PLAYED_s)) / max(1, count - 1)
    each = 10 * max(2, round(each_s / _TICK_s))  # browsers slow down anything faster than 20 ms
    return [each] * (count - 1) + [round(1000.0 * _LAST_s)]


def source_place_mm(history: PatchHistory, time_s: float) -> tuple[float, float] | None:
    """Where the source is at a time, in mm, or None while the cold is off."""
    times, corners = history.path_time_s, history.path_mm
    if len(times) == 0 or not times[0] <= time_s <= times[-1]:
        return None
    after = int(np.clip(np.searchsorted(times, time_s, side="right"), 1, len(times) - 1)) if len(times) > 1 else 0
    before = max(0, after - 1)
    if np.isnan(corners[[before, after]]).any():
        return None
    span = float(times[after] - times[before])
    part = (time_s - float(times[before])) / span if span > 0.0 else 1.0
    x, y = (1.0 - part) * corners[before] + part * corners[after]
    return float(x), float(y)


def _surface_at(history: PatchHistory, time_s: float) -> Float[np.ndarray, "rows columns"]:
    """The snapshot nearest to a time: between snapshots nothing is made up."""
    return np.asarray(history.surface_degC[int(np.argmin(np.abs(history.time_s - time_s)))])


class _Film:
    """The still parts of the picture, drawn once, and the few things that move."""

    def __init__(self, simulation: PatchSimulation, speed: str) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.history, report = simulation.history, simulation.report
        left, right, lower, upper = extent_mm(self.history)
        scale = min(_LARGEST_in[0] / (right - left), _LARGEST_in[1] / (upper - lower))
        map_in = (scale * (right - left), scale * (upper - lower))
        size_in = (max(map_in[0], 3.4) + 1.4, map_in[1] + 1.55)
        figure = Figure(figsize=size_in, dpi=_DOTS_PER_INCH)
        canvas: Any = FigureCanvasAgg(figure)  # its methods carry no types
        self.canvas = canvas
        box = (0.6 / size_in[0], 0.55 / size_in[1], map_in[0] / size_in[0], map_in[1] / size_in[1])
        frame = figure.add_axes(box)
        low, high = float(self.history.surface_degC.min()), float(self.history.surface_degC.max())
        self.image = frame.imshow(
            self.history.surface_degC[0],
            extent=(left, right, lower, upper),
            origin="lower",
            cmap="viridis",
            vmin=low,
            vmax=max(high, low + 1.0),
            interpolation="nearest",
            animated=True,
        )
        frame.set(xlabel="x, mm", xlim=(left, right), ylim=(lower, upper))
        frame.set_ylabel("y, mm", labelpad=2)
        beside = figure.add_axes(((0.6 + map_in[0] + 0.12) / size_in[0], box[1], 0.14 / size_in[0], box[3]))
        figure.colorbar(self.image, cax=beside).outline.set_visible(False)
        beside.set_title("°C", fontsize=9, color=MUTED, loc="left")
        heading(figure, report.name, f"surface temperature · {speed}")
        (self.source,) = frame.plot(
            [], [], "o", markersize=11, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=1.8, animated=True
        )
        self.source.set_path_effects(halo(4.0))
        clock_y = box[1] + box[3] + 0.09 / size_in[1]
        self.clock: Any = figure.text(box[0], clock_y, "", fontweight="bold", va="bottom", animated=True)
        self.figure, self.frame = figure, frame
        draw_outline(frame, self.history)
        for artist in (*frame.images[1:], *frame.collections):
            artist.set_animated(True)
        canvas.draw()
        self.still = canvas.copy_from_bbox(figure.bbox)

    def picture(self, time_s: float) -> UInt8[np.ndarray, "height width 3"]:
        """One frame: red, green, blue."""
        place = source_place_mm(self.history, time_s)
        self.image.set_data(_surface_at(self.history, time_s))
        self.source.set_data(*([], []) if place is None else ([place[0]], [place[1]]))
        self.clock.set_text(clock(time_s) if place is not None else f"{clock(time_s)} · cold off")
        self.canvas.restore_region(self.still)
        for artist in (self.image, *self.frame.images[1:], *self.frame.collections, self.source):
            self.frame.draw_artist(artist)
        self.figure.draw_artist(self.clock)
        return np.asarray(self.canvas.buffer_rgba())[..., :3].copy()


def _palette(colours: int, veiled: bool) -> Image:
    """Temperatures in so many colours, paled once more for outside the zone, and greys for lines and words."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgb
    from PIL import Image as Pillow

    scale = colormaps["viridis"](np.linspace(0.0, 1.0, colours))[:, :3]
    ink = np.array([to_rgb(INK), to_rgb(MUTED)])
    greys = np.concatenate([ink[:1] + (1.0 - ink[:1]) * part for part in np.linspace(0.0, 1.0, 24)])
    muted = np.concatenate([ink[1:] + (1.0 - ink[1:]) * part for part in np.linspace(0.0, 0.9, 10)])
    parts = [scale, greys, muted, np.array([to_rgb(HALO)])]
    if veiled:
        parts.append(0.45 * scale + 0.55)
    table = np.round(255.0 * np.concatenate(parts)).astype(np.uint8)
    table = np.concatenate([table, np.repeat(table[-1:], 256 - len(table), axis=0)])
    palette = Pillow.new("P", (1, 1))
    palette.putpalette(table.tobytes())
    return palette


def _encoded(
    pictures: list[UInt8[np.ndarray, "height width 3"]], durations_ms: list[int], colours: int, veiled: bool
) -> bytes:
    from PIL import Image as Pillow

    palette = _palette(colours, veiled)
    frames = [Pillow.fromarray(each).quantize(palette=palette, dither=Pillow.Dither.NONE) for each in pictures]
    target = io.BytesIO()
    frames[0].save(
        target, format="GIF", save_all=True, append_images=frames[1:], duration=durations_ms, loop=0, optimize=False
    )
    return target.getvalue()


def speed_words(history: PatchHistory, most: int = MOST_FRAMES) -> str:
    """How fast the film runs."""
    durations, run_s = frame_durations_ms(history, most), float(history.time_s[-1] - history.time_s[0])
    factor = run_s / (0.001 * sum(durations[:-1])) if len(durations) > 1 else 1.0
    if abs(factor - 1.0) < 0.05:
        return "real time"
    return f"{factor:.2g} × as fast as real time" if factor < 10.0 else f"{factor:.0f} × as fast as real time"


def draw_time_lapse(simulation: PatchSimulation, path: Path) -> None:
    """Write the film: at most 80 frames and 1.5 MB, the same bytes for the same numbers."""
    history = simulation.history
    encoded = b""
    for most, colours in _ATTEMPTS:
        with style():
            film = _Film(simulation, speed_words(history, most))
            pictures = [film.picture(float(time_s)) for time_s in frame_times_s(history, most)]
        encoded = _encoded(pictures, frame_durations_ms(history, most), colours, not history.inside.all())
        if len(encoded) <= LIMIT_bytes:
            break
    path.write_bytes(encoded)
