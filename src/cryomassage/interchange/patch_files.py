"""Writes a simulation on a patch: maps, time-lapse, cut, curves, fields and the report; each whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import tempfile
from pathlib import Path

from cryomassage.errors import InputError, Problem
from cryomassage.interchange.patch_animation import draw_time_lapse
from cryomassage.interchange.patch_depth import draw_depth_cut
from cryomassage.interchange.patch_plots import draw_dose_area, draw_maps
from cryomassage.interchange.patch_zarr import write_zarr
from cryomassage.interchange.picture import clock
from cryomassage.interchange.whole_file import check_folder
from cryomassage.records.patch import IceBound, NamedPlace, PatchSimulation, PatchSimulationReport, Supercooling

MAPS = "maps.png"
TIME_LAPSE = "time-lapse.gif"
DEPTH_CUT = "depth-cut.png"
DOSE_AREA = "dose-area.csv"
DOSE_AREA_PICTURE = "dose-area.png"
FIELD = "field.zarr"
REPORT = "report.json"
_PLACES_TOLD = 6


def _write_report(simulation: PatchSimulation, path: Path) -> None:
    path.write_text(simulation.report.model_dump_json(indent=1, by_alias=True) + "\n", encoding="utf-8")


def _write_dose_area(simulation: PatchSimulation, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["lowest_surface_at_most_degC", "share_of_zone", "area_cm2"])
        for row in simulation.report.dose_area:
            writer.writerow([f"{value:.6g}" for value in (row.at_most_degC, row.share, row.area_cm2)])


_WRITERS = {
    MAPS: draw_maps,
    TIME_LAPSE: draw_time_lapse,
    DEPTH_CUT: draw_depth_cut,
    DOSE_AREA: _write_dose_area,
    DOSE_AREA_PICTURE: draw_dose_area,
    FIELD: write_zarr,
    REPORT: _write_report,
}


def _put(made: Path, place: Path, old: Path) -> None:
    """Move a finished file or folder to its place; a folder cannot take the place of another, so that goes first."""
    if place.is_dir() and not place.is_symlink():
        place.rename(old)
    made.replace(place)


def write_patch_files(simulation: PatchSimulation, folder: Path) -> list[Path]:
    """Write everything into a hidden folder first, then put it in place: nothing half written is ever left.

    Writes `maps.png`, `time-lapse.gif`, `depth-cut.png`, `dose-area.csv`, `dose-area.png`, `field.zarr` and
    `report.json`, and returns their paths. The same numbers give the same bytes.

    Raises:
        InputError: the folder cannot be written.
    """
    check_folder(folder)
    try:
        there = folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with tempfile.TemporaryDirectory(dir=folder, prefix=".unfinished.") as name:
                unfinished = Path(name)
                for file, write in _WRITERS.items():
                    write(simulation, unfinished / file)
                for file in _WRITERS:
                    _put(unfinished / file, folder / file, unfinished / f"old {file}")
        except BaseException:
            if not there:
                with contextlib.suppress(OSError):  # some files are whole and stay
                    folder.rmdir()
            raise
    except OSError as error:
        raise InputError(
            "--out",
            [Problem("--out", str(folder), "a folder that can be written", f"The system says: {error}.")],
        ) from error
    return [folder / file for file in _WRITERS]


def _told_place(place: NamedPlace) -> str:
    area, lowest = f"{place.area_cm2:.1f} cm²", f"{place.lowest_surface_degC:.1f} °C"
    where = f"x {place.x_mm:.0f} mm, y {place.y_mm:.0f} mm"
    return f"{place.kind.capitalize()}, {place.place} ({where}): {area}, lowest {lowest}"


def _told_bound(bound: IceBound) -> str:
    cold = f"surface {bound.lowest_surface_degC:.1f} °C, basal layer {bound.lowest_basal_degC:.1f} °C"
    ice = f", ice {bound.frozen_area_cm2:.1f} cm² and {bound.deepest_ice_mm:.1f} mm deep"
    return cold + ice if bound.deepest_ice_mm > 0.0 else cold


def _percent(share: float) -> str:
    """A probability that is never told as certain."""
    percent = 100.0 * share
    if percent > 99.0:
        return "over 99 %"
    return "0 %" if percent == 0.0 else "under 1 %" if percent < 1.0 else f"{percent:.0f} %"


def _supercooling_lines(told: Supercooling) -> list[str]:
    """How probable ice is, when it began as drawn, and the two bounds."""
    end = told.course[-1]
    drawn = "it does not" if told.ice_begins_s is None else f"it begins at {clock(told.ice_begins_s)}"
    return [
        f"Supercooled: ice begins with a probability of {_percent(end.probability)} "
        f"({_percent(end.low)} to {_percent(end.high)}); as drawn with seed {told.seed}, {drawn}",
        f"If ice never began: {_told_bound(told.ice_never)}",
        f"If ice began as soon as it can: {_told_bound(told.ice_at_once)}",
    ]


def patch_lines(report: PatchSimulationReport) -> list[str]:
    """What came out, in lines for the terminal: the cold, the coldest, ice, the places that stand out, notes."""
    lines = [
        f"{report.name} · {report.site}",
        f"{report.cold}: on for {clock(report.seconds_on)} of {clock(report.duration_s)}, "
        f"path {0.001 * report.stroke_length_mm:.2f} m, {report.passes} {'pass' if report.passes == 1 else 'passes'}",
        f"Coldest: surface {report.lowest_surface_degC:.1f} °C, basal layer {report.lowest_basal_degC:.1f} °C",
    ]
    if report.surface_below_floor_cm2 is not None:
        lines.append(f"Below the surface floor of the class: {report.surface_below_floor_cm2:.1f} cm²")
    if report.deepest_ice_mm > 0.0:
        thawed = (
            "ice is left at the end"
            if report.thawed_after_s is None
            else f"thawed {clock(report.thawed_after_s)} after the cold"
            if report.thawed_after_s > 0.0
            else "thawed before the cold ended"
        )
        lines.append(
            f"Ice: {report.frozen_area_cm2:.1f} cm² at the surface, down to {report.deepest_ice_mm:.1f} mm, {thawed}"
        )
    if report.supercooling is not None:
        lines += _supercooling_lines(report.supercooling)
    places = sorted(report.places, key=lambda place: -place.area_cm2)
    lines += [_told_place(place) for place in places[:_PLACES_TOLD]]
    if len(places) > _PLACES_TOLD:
        lines.append(f"and {len(places) - _PLACES_TOLD} smaller places, see {REPORT}")
    lines += [f"· {note}" for note in report.notes]
    lines.append(f"{report.grid} · {report.steps} steps · energy error {100.0 * report.energy_error:.2g} %")
    return lines
