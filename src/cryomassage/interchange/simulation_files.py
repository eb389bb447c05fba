"""Writes a simulation: curves, the field over depth and time, pictures and the report; all or nothing."""

from __future__ import annotations

import csv
import shutil
import tempfile
from pathlib import Path

import numpy as np

from cryomassage.errors import InputError, Problem
from cryomassage.planning.simulate import Simulation

CURVES = "temperatures.csv"
FIELD = "field.npz"
REPORT = "simulation.json"
_SHARES = ("p05", "p50", "p95")


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
    curves = Figure(figsize=(8, 4.5), layout="constrained")
    axes = curves.add_subplot()
    for band, reading in zip(history.bands, report.readings, strict=True):
        (line,) = axes.plot(history.time_s, band.median, label=reading.place)
        axes.fill_between(history.time_s, band.low, band.high, color=line.get_color(), alpha=0.15, linewidth=0)
    axes.set(
        xlabel="time (s)",
        ylabel="temperature (°C)",
        title=f"{report.name}: median of {report.virtual_skins} virtual skins, bands 5–95 %",
    )
    axes.grid(alpha=0.3)
    axes.legend()

    field = Figure(figsize=(8, 4.5), layout="constrained")
    axes = field.add_subplot()
    mesh = axes.pcolormesh(
        history.time_s,
        history.depth_mm,
        history.field_degC,
        shading="gouraud",
        cmap="viridis",
        rasterized=True,
    )
    field.colorbar(mesh, ax=axes, label="temperature (°C)")
    axes.set(xlabel="time (s)", ylabel="depth (mm)", title=f"{report.name}: median over depth and time")
    axes.invert_yaxis()

    # Without dates and random names the same numbers give the same files.
    with mpl.rc_context({"svg.hashsalt": "cryomassage"}):
        for figure, stem in ((curves, "temperatures"), (field, "depth_time")):
            figure.savefig(folder / f"{stem}.png", dpi=120, metadata={"Software": None})
            figure.savefig(folder / f"{stem}.svg", metadata={"Date": None})


def refuse_bad_folder(folder: Path) -> None:
    """Say that a folder cannot be written before anything is computed.

    Raises:
        InputError: a file stands in the way.
    """
    standing = next((path for path in (folder, *folder.parents) if path.exists()), None)
    if standing is not None and not standing.is_dir():
        raise InputError(
            "--out",
            [Problem("--out", str(folder), f"{standing} is a file, not a folder", "Name another folder.")],
        )


def write_simulation(simulation: Simulation, folder: Path) -> tuple[Path, ...]:
    """Write everything beside the folder first, then put it in place: nothing half written is ever left.

    Raises:
        InputError: the folder cannot be written.
    """
    refuse_bad_folder(folder)
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
