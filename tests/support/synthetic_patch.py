"""Patches of skin made up of formulas, for what draws and writes them: no solver, the same numbers every time."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from cryomassage.records.patch import AreaShare, NamedPlace, PatchHistory, PatchSimulation, PatchSimulationReport

_REST_degC = 33.0
_THRESHOLDS_degC = (15.0, 10.0, 5.0, 0.0)


def _raster(width_mm: float, height_mm: float, pitch_mm: float) -> Float[np.ndarray, "corners 2"]:
    """Lines to and fro from the lower edge up, with one gap in the middle."""
    rows = np.arange(0.5 * pitch_mm, height_mm, pitch_mm)
    corners: list[tuple[float, float]] = []
    for number, y in enumerate(rows):
        if number == len(rows) // 2:
            corners.append((np.nan, np.nan))
            continue
        ends = (2.0, width_mm - 2.0)
        corners += [(x, float(y)) for x in (ends if number % 2 == 0 else ends[::-1])]
    return np.array(corners)


def _oval(x: Float[np.ndarray, " columns"], y: Float[np.ndarray, " rows"]) -> Bool[np.ndarray, "rows columns"]:
    across = (x - x.mean()) / (0.5 * np.ptp(x))
    along = (y - y.mean()) / (0.5 * np.ptp(y))
    return np.asarray((np.abs(across[None, :]) ** 3 + np.abs(along[:, None]) ** 3) <= 1.0)


def made_up(
    *,
    width_mm: float = 80.0,
    height_mm: float = 60.0,
    spacing_mm: float = 2.0,
    snapshots: int = 30,
    freezing: bool = False,
    floor_degC: float | None = 5.0,
    oval: bool = True,
) -> PatchSimulation:
    """A jet that sweeps a zone in lines, or one that stands in its middle and freezes a spot."""
    x = np.arange(0.5 * spacing_mm, width_mm, spacing_mm)
    y = np.arange(0.5 * spacing_mm, height_mm, spacing_mm)
    faces = np.concatenate([[0.0], 0.1 * np.cumsum(1.25 ** np.arange(18))])
    depth = 0.5 * (faces[1:] + faces[:-1])
    inside = _oval(x, y) if oval else np.ones((len(y), len(x)), dtype=bool)
    duration = 40.0
    time = np.linspace(0.0, duration, snapshots)
    if freezing:
        path = np.array([[width_mm / 2, height_mm / 2], [width_mm / 2, height_mm / 2]])
        path_time = np.array([0.0, 0.4 * duration])
    else:
        path = _raster(width_mm, height_mm, 8.0)
        lengths = np.hypot(*np.diff(np.nan_to_num(path), axis=0).T)
        path_time = 0.8 * duration * np.concatenate([[0.0], np.cumsum(lengths)]) / lengths.sum()
    strength = 22.0 if freezing else 13.0
    size = 7.0 if freezing else 5.0

    surface = np.full((snapshots, len(y), len(x)), _REST_degC)
    field = np.full((snapshots, len(depth), len(y), len(x)), _REST_degC)
    lowest = np.full((len(y), len(x)), _REST_degC)
    dwell = np.zeros((len(_THRESHOLDS_degC), len(y), len(x)))
    passes = np.zeros((len(y), len(x)))
    steps = np.linspace(0.0, duration, 401)
    cooling = np.zeros((len(y), len(x)))
    off = np.isnan(path[:, 0])
    on_until = path_time[-1]
    for step in steps:
        after = int(np.searchsorted(path_time, step, side="right"))
        hidden = step > on_until or off[min(after, len(off) - 1)] or off[max(0, after - 1)]
        cooling *= np.exp(-(steps[1] - steps[0]) / 20.0)
        if not hidden:
            at_x, at_y = (np.interp(step, path_time, path[:, axis]) for axis in (0, 1))
            squared = (x[None, :] - at_x) ** 2 + (y[:, None] - at_y) ** 2
            cooling += (0.05 * strength if freezing else 0.3 * strength) * np.exp(-squared / size**2)
        now = _REST_degC - cooling
        lowest = np.minimum(lowest, now)
        for number, threshold in enumerate(_THRESHOLDS_degC):
            dwell[number] += (now < threshold) * (steps[1] - steps[0])
        nearest = int(np.argmin(np.abs(time - step)))
        if step <= time[nearest] + 1e-9:
            surface[nearest] = now
            field[nearest] = _REST_degC - cooling[None] * np.exp(-depth / 2.5)[:, None, None]
    for y_line in {round(float(corner), 6) for corner in path[~off, 1]}:
        passes += (np.abs(y - y_line) < 4.0)[:, None] * ((x > 1.0) & (x < width_mm - 1.0))[None, :]
    surface[0], field[0] = _REST_degC, _REST_degC
    ice = np.clip(-field / 8.0, 0.0, 0.9) if freezing else None
    frozen = (ice >= 0.45).any(axis=0) if ice is not None else np.zeros(field.shape[1:], dtype=bool)
    deepest = (frozen * faces[1:, None, None]).max(axis=0)
    history = PatchHistory(
        x_mm=x,
        y_mm=y,
        depth_mm=depth,
        face_depth_mm=faces,
        inside=inside,
        time_s=time,
        surface_degC=surface,
        field_degC=field,
        ice=ice,
        lowest_surface_degC=lowest,
        lowest_basal_degC=field[:, 1].min(axis=0),
        thresholds_degC=_THRESHOLDS_degC,
        dwell_below_s=dwell,
        passes=passes,
        deepest_ice_mm=deepest,
        ice_probability=None,
        path_mm=path,
        path_time_s=path_time,
        floor_degC=floor_degC,
    )
    return PatchSimulation(_report(history, freezing=freezing), history)


def _report(history: PatchHistory, *, freezing: bool) -> PatchSimulationReport:
    cell_cm2 = 0.01 * float(history.x_mm[1] - history.x_mm[0]) * float(history.y_mm[1] - history.y_mm[0])
    lowest = history.lowest_surface_degC[history.inside]
    shares = [
        AreaShare(
            at_most_degC=float(level),
            share=float((lowest <= level).mean()),
            area_cm2=float((lowest <= level).sum()) * cell_cm2,
        )
        for level in np.linspace(lowest.min(), lowest.max(), 25)
    ]
    middle_x, middle_y = float(history.x_mm.mean()), float(history.y_mm.mean())
    places = (
        NamedPlace(kind="gap", place="middle", x_mm=middle_x, y_mm=middle_y, area_cm2=6.0, lowest_surface_degC=24.0),
        NamedPlace(
            kind="overlap",
            place="along the right edge",
            x_mm=float(history.x_mm[-4]),
            y_mm=middle_y - 14.0,
            area_cm2=2.5,
            lowest_surface_degC=4.2,
        ),
    )
    return PatchSimulationReport(
        name="Papilloma, held jet" if freezing else "Cheek, raster of a jet",
        site="Cheek",
        cold="liquid nitrogen jet",
        duration_s=float(history.time_s[-1]),
        seconds_on=30.0,
        stroke_length_mm=640.0,
        passes=1,
        lowest_surface_degC=float(lowest.min()),
        lowest_basal_degC=float(history.lowest_basal_degC[history.inside].min()),
        surface_below_floor_cm2=None
        if history.floor_degC is None
        else float((lowest < history.floor_degC).sum()) * cell_cm2,
        frozen_area_cm2=float((history.deepest_ice_mm[history.inside] > 0.0).sum()) * cell_cm2,
        deepest_ice_mm=float(history.deepest_ice_mm.max()),
        thawed_after_s=12.5 if freezing else None,
        dose_area=tuple(shares),
        places=() if freezing else places,
        energy_error=2.5e-5,
        notes=("The patch is flat.",),
        grid="40 × 30 places of 2 mm, 18 cells in depth to 22 mm",
        steps=1200,
        engine="numba",
        engine_version="0.1.0",
        knowledge_fingerprint="0123456789abcdef",
        scenario={"schema": "cryomassage/scenario/1", "name": "made up"},
    )
