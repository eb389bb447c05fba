"""Strokes over a zone: how cold every place of it becomes, what freezes, and what the hand has missed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from cryomassage.engine.column import SKIN_GRID
from cryomassage.engine.patch import PatchResult, Strokes
from cryomassage.engine.patch_schedule import PatchNumerics
from cryomassage.errors import InputError, Problem
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.patch_report import patch_report
from cryomassage.planning.patch_run import PatchRun
from cryomassage.planning.patch_skin import PatchSkin, patch_skin, vessels_of
from cryomassage.planning.strokes.coverage import passes_seen
from cryomassage.planning.strokes.path import Timeline, drawn_path, engine_strokes, timeline
from cryomassage.planning.strokes.plan import Laid, lay, room_degC
from cryomassage.planning.supercooling import run_supercooled
from cryomassage.records.patch import PatchHistory, PatchSimulation
from cryomassage.records.patch_scenario import PatchScenario

_MOST_CELLS = 6_000_000
_MOST_KEPT = 50_000_000  # values of the snapshots: 0.2 GB, held twice while they are stacked, and as much again of ice
_LEAST_MARGIN_mm = 8.0
_LONGEST_s = 7_200.0
_STEPS_OF_REACH = 2.0  # a source moves by at most half of its reach in a step
_LONGEST_STEP_s, _LONGEST_REST_s = 0.1, 0.5


@dataclass(frozen=True)
class Sheet:
    """The grid under a zone, with a margin of skin around it.

    Attributes:
        x_mm, y_mm: cell centres, from the corner of the zone.
        corner_mm: where that corner lies on the patch.
        inside: cells that belong to the zone, or to the window on it.
        spacing_mm: of the grid.
    """

    x_mm: Float[np.ndarray, " columns"]
    y_mm: Float[np.ndarray, " rows"]
    corner_mm: tuple[float, float]
    inside: Bool[np.ndarray, "rows columns"]
    spacing_mm: float


def _sheet(name: str, laid: Laid, spacing_mm: float, distance_mm: float | None) -> Sheet:
    """The zone in the middle of its grid, so that a mirrored zone lies on a mirrored grid.

    Raises:
        InputError: a window that no place of the grid lies in.
    """
    margin = max(_LEAST_MARGIN_mm, 1.5e3 * laid.source.at(distance_mm).half_width)
    axes = []
    for low, extent in zip(laid.outline.low_mm, laid.outline.size_mm, strict=True):
        count = math.ceil((extent + 2.0 * margin) / spacing_mm)
        begin = low + 0.5 * extent - 0.5 * count * spacing_mm
        axes.append((begin, begin + spacing_mm * (np.arange(count) + 0.5)))
    (left, x), (lower, y) = axes
    places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    inside = laid.outline.contains(places).reshape(len(y), len(x))
    if not inside.any():
        narrow = min(laid.outline.size_mm)
        raise InputError(
            name,
            [
                Problem(
                    "grid",
                    f"{spacing_mm:g} mm",
                    f"has no place within what is looked at, which is {narrow:.3g} mm at its narrowest",
                    f"Write {max(0.1, math.floor(5.0 * narrow) / 10.0):g} mm or less, or a larger window_mm.",
                )
            ],
        )
    return Sheet(x, y, (-left, -lower), inside, spacing_mm)


def _refuse_too_large(scenario: PatchScenario, sheet: Sheet, cells: int) -> None:
    """More cells or snapshots than a desk computer should hold."""
    total = cells * sheet.inside.size
    problems = []
    if total > _MOST_CELLS:
        fitting = sheet.spacing_mm * math.sqrt(total / _MOST_CELLS)
        problems.append(
            Problem(
                "grid",
                f"{sheet.spacing_mm:g} mm",
                f"makes {total:,} cells, more than {_MOST_CELLS:,}",
                f"Write {math.ceil(10.0 * fitting) / 10.0:g} mm, or look at a part of the zone with window_mm.",
            )
        )
    elif total * (scenario.snapshots + 2) > _MOST_KEPT:
        problems.append(
            Problem(
                "snapshots",
                str(scenario.snapshots),
                "are more than the memory should hold",
                f"Write at most {_MOST_KEPT // total - 2}.",
            )
        )
    if problems:
        raise InputError(scenario.name, problems)


def _numerics(scenario: PatchScenario, laid: Laid, strokes: Strokes, spacing_mm: float) -> PatchNumerics:
    """Steps that resolve the motion.

    Raises:
        InputError: a footprint finer than the grid, or a step in which the source leaps; with what would do.
    """
    finest_mm = 1e3 * min(
        laid.source.at(stroke.distance_mm or scenario.distance).narrowest for stroke in laid.plan.strokes
    )
    problems = []
    if finest_mm < spacing_mm:
        problems.append(
            Problem(
                "grid",
                f"{spacing_mm:g} mm",
                f"is too coarse to see the footprint, which reaches {finest_mm:.2f} mm from its centre",
                f"Write {math.floor(20.0 * finest_mm) / 20.0:g} mm or less.",
            )
        )
    way = np.hypot(strokes.end_x - strokes.start_x, strokes.end_y - strokes.start_y)
    speed = way / (strokes.end_s - strokes.start_s)
    fitting_s = float(np.min(strokes.along / np.maximum(speed, 1e-12), initial=np.inf))
    asked = scenario.step
    if asked is not None and asked > fitting_s:
        problems.append(
            Problem(
                "step",
                f"{asked:g} s",
                f"moves the source by {asked / fitting_s:.1f} times the reach of its footprint, which does not "
                "resolve the motion",
                f"Write {fitting_s:.2g} s or less, or leave it out.",
            )
        )
    if problems:
        raise InputError(scenario.name, problems)
    step_s = min(_LONGEST_STEP_s, fitting_s / _STEPS_OF_REACH) if asked is None else float(asked)
    return PatchNumerics(step_s, max(step_s, _LONGEST_REST_s))


def _snapshots(line: Timeline, watch_s: float, count: int) -> Float[np.ndarray, " snapshots"]:
    """Evenly over the run, and the moment when the hand is done."""
    end = line.end_s + watch_s
    times = np.append(np.linspace(0.0, end, count + 1)[1:], line.end_s)
    times = np.unique(np.round(times, 9))
    return np.asarray(times[(np.diff(times, prepend=0.0) > 1e-6)])


def _refuse_too_long(scenario: PatchScenario, line: Timeline) -> None:
    if line.end_s + scenario.watch > _LONGEST_s:
        raise InputError(
            scenario.name,
            [
                Problem(
                    "passes",
                    str(scenario.passes),
                    f"take {line.end_s:.0f} s, with watch {line.end_s + scenario.watch:.0f} s; at most "
                    f"{_LONGEST_s:g} s are computed",
                    f"Write {max(1, int(scenario.passes * (_LONGEST_s - scenario.watch) / line.end_s))} passes or "
                    "fewer, a higher speed, or shorter pauses.",
                )
            ],
        )


def _history(
    scenario: PatchScenario,
    sheet: Sheet,
    line: Timeline,
    laid: Laid,
    skin: PatchSkin,
    result: PatchResult,
    ice_probability: Float[np.ndarray, "rows columns"] | None,
    floor: float | None,
) -> PatchHistory:
    if result.field_degC is None:
        raise ValueError("the history of a patch needs the field at the snapshots")
    width = skin.patch.cell_width * 1e3
    path, path_time = drawn_path(line)
    return PatchHistory(
        x_mm=sheet.x_mm,
        y_mm=sheet.y_mm,
        depth_mm=skin.patch.centre_depth * 1e3,
        face_depth_mm=np.concatenate([[0.0], np.cumsum(width)]),
        inside=sheet.inside,
        time_s=result.time_s,
        surface_degC=result.surface_degC,
        field_degC=result.field_degC,
        ice=result.ice,
        lowest_surface_degC=result.lowest_surface_degC,
        lowest_basal_degC=result.lowest_basal_degC,
        thresholds_degC=tuple(scenario.thresholds),
        dwell_below_s=result.dwell_below_s,
        passes=passes_seen(line, laid.source, sheet.x_mm, sheet.y_mm),
        deepest_ice_mm=result.deepest_ice * 1e3,
        ice_probability=ice_probability,
        path_mm=path,
        path_time_s=path_time,
        floor_degC=floor,
    )


def simulate_patch(scenario: PatchScenario, knowledge: Knowledge) -> PatchSimulation:
    """Make the strokes of a scenario on the middle skin of its zone.

    Args:
        scenario: already held against the knowledge.
        knowledge: zones, their shapes, sources and their footprints.

    Raises:
        InputError: strokes that leave the zone, a speed of zero or less, a footprint finer than the grid, a step
            that cannot resolve the motion, too many cells; each with the number that would work.
        EngineError: a result that is no possible temperature, with place and time; ice at the bottom of the patch.
    """
    laid = lay(scenario, knowledge)
    line = timeline(laid.plan, laid.source)
    _refuse_too_long(scenario, line)
    sheet = _sheet(scenario.name, laid, scenario.grid, scenario.distance)
    strokes = engine_strokes(line, laid.source, sheet.corner_mm)
    numerics = _numerics(scenario, laid, strokes, sheet.spacing_mm)
    _refuse_too_large(scenario, sheet, sum(SKIN_GRID[len(knowledge.zone[scenario.zone].layers)][0]))
    rows, columns = sheet.inside.shape
    room = room_degC(scenario, knowledge)
    skin = patch_skin(
        scenario.zone, scenario.sex, room, rows, columns, sheet.spacing_mm * 1e-3, scenario.freezing, knowledge
    )
    run = PatchRun(
        skin.patch,
        skin.rest_degC,
        strokes,
        skin.room,
        skin.basal_depth,
        tuple(scenario.thresholds),
        vessels_of(skin, knowledge) if scenario.vessels else None,
        numerics,
    )
    times = _snapshots(line, scenario.watch, scenario.snapshots)
    supercooling, probability = None, None
    if scenario.supercooling:
        result, supercooling, probability = run_supercooled(run, times, scenario.seed, knowledge)
    else:
        result = run.advance(times)
    floor = None
    if scenario.exposure_class is not None:
        stated = knowledge.exposure_class[f"class_{scenario.exposure_class}"].surface_floor
        floor = None if stated is None else stated.value
    history = _history(scenario, sheet, line, laid, skin, result, probability, floor)
    report = patch_report(scenario, laid, line, skin, result, history, supercooling, knowledge)
    return PatchSimulation(report, history)
