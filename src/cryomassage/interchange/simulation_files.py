"""Writes a simulation: curves, the field over depth and time, pictures and the report; all or nothing."""

from __future__ import annotations

import csv
import shutil
import tempfile
from pathlib import Path

import numpy as np

from cryomassage.errors import InputError, Problem
from cryomassage.interchange.chart import spread
from cryomassage.interchange.whole_file import check_folder
from cryomassage.planning.simulate import Simulation

CURVES = "temperatures.csv"
FIELD = "field.npz"
REPORT = "simulation.json"
_SHARES = ("p05", "p50", "p95")
_LONGEST_IN_SECONDS = 600.0  # a longer time axis is told in minutes


def _write_curves(simulation: Simulation, path: Path) -> None:
    history = simulation.history
    names = ["time_s", *(f"{band.label}_{share}_degC" for band in history.bands for share in _SHARES)]
    columns = [
        history.time_s,
        *(curve for band in history.bands for curve in (band.low, band.median, band.high)),
    ]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(names)
        for row in zip(*columns, strict=True):
            writer.writerow([f"{value:.6g}" for value in row])


def _write_field(simulation: Simulation, path: Path) -> None:
    """Median temperature over the virtual skins, at each depth (rows) and time (columns)."""
    history = simulation.history
    np.savez_compressed(path, time_s=history.time_s, depth_mm=history.depth_mm, temperature_degC=history.field_degC)


def _write_pictures(simulation: Simulation, folder: Path) -> None:
    """Temperatures over time, and over depth and time, each as PNG and as SVG."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    history, report = simulation.history, simulation.report
    minutes = history.time_s[-1] > _LONGEST_IN_SECONDS
    time, unit = (history.time_s / 60.0, "min") if minutes else (history.time_s, "s")
    curves = Figure(figsize=(8, 4.5))
    axes = curves.add_axes((0.09, 0.13, 0.65, 0.77))
    colours = mpl.colormaps["viridis"](np.linspace(0.0, 0.85, len(history.bands)))
    for band, colour in zip(history.bands, colours, strict=True):
        axes.plot(time, band.median, color=colour, linewidth=1.6)
        axes.fill_between(time, band.low, band.high, color=colour, alpha=0.12, linewidth=0)
    axes.set(xlabel=f"time, {unit}", ylabel="°C", xlim=(0, time[-1]))
    axes.set_title(
        f"{report.name}\nmedian of {report.virtual_skins} virtual skins, bands 5–95 %", loc="left", fontsize=11
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    # Labels stand beside the coldest moment's order of curves, not in a legend that must be looked up.
    low, high = axes.get_ylim()
    ends = [float(band.median[-1]) for band in history.bands]
    places = spread(ends, gap=(high - low) / 18.0, low=low, high=high)
    for reading, end, place, colour in zip(report.readings, ends, places, colours, strict=True):
        axes.annotate(
            reading.place,
            xy=(time[-1], end),
            xytext=(1.03, (place - low) / (high - low)),
            textcoords="axes fraction",
            color=colour,
            va="center",
            fontsize=9,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 0.8,
                "shrinkA": 0,
                "shrinkB": 0,
                "relpos": (0, 0.5),
            },
        )

    field = Figure(figsize=(8, 4.5), layout="constrained")
    axes = field.add_subplot()
    mesh = axes.pcolormesh(
        time,
        history.depth_mm,
        history.field_degC,
        shading="gouraud",
        cmap="viridis",
        rasterized=True,
    )
    field.colorbar(mesh, ax=axes, label="°C")
    axes.set(xlabel=f"time, {unit}", ylabel="depth, mm")
    axes.set_title(f"{report.name}\nmedian over depth and time", loc="left", fontsize=11)
    axes.invert_yaxis()

    # Without dates and random names the same numbers give the same files.
    with mpl.rc_context({"svg.hashsalt": "cryomassage"}):
        for figure, stem in ((curves, "temperatures"), (field, "depth_time")):
            figure.savefig(folder / f"{stem}.png", dpi=120, metadata={"Software": None})
            figure.savefig(folder / f"{stem}.svg", metadata={"Date": None})


def write_simulation(simulation: Simulation, folder: Path) -> tuple[Path, ...]:
    """Write everything beside the folder first, then put it in place: nothing half written is ever left.

    Raises:
        InputError: the folder cannot be written.
    """
    check_folder(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as name:
            whole = Path(name) / "whole"
            whole.mkdir()
            _write_curves(simulation, whole / CURVES)
            _write_field(simulation, whole / FIELD)
            _write_pictures(simulation, whole)
            text = simulation.report.model_dump_json(indent=1, by_alias=True)
            (whole / REPORT).write_text(text + "\n", encoding="utf-8")
            names = sorted(path.name for path in whole.iterdir())
            if folder.exists():
                for file in names:
                    (whole / file).replace(folder / file)
            else:
                shutil.move(whole, folder)
    except OSError as error:
        raise InputError(
            "--out",
            [Problem("--out", str(folder), "a folder that can be written", f"The system says: {error}.")],
        ) from error
    return tuple(folder / file for file in names)
