"""The steps of a patch run: how long each is, and which pieces of stroke fall into it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from cryomassage.engine.patch import Footprint, Strokes
from cryomassage.errors import EngineError

GAMMA = 1.0 - 0.5**0.5  # of the two-stage scheme, see patch_kernel
# Once the cold is off, steps grow by this share of the time since then: what is left of a touch fades with its
# square root, so that the error of a step stays about the same.
_GROWTH = 0.1
# A pause shorter than so many stroke steps is stepped like the stroke.
_PAUSE_STEPS = 20


class PatchNumerics(NamedTuple):
    """How a patch is stepped: the longest step while a source acts, and the longest while none does, s."""

    stroke_step_s: float = 0.1
    rest_step_s: float = 0.5


class StrokePieces(NamedTuple):
    """Pieces of stroke cut at the stages of the steps, sorted by time.

    Attributes:
        table: share of the stage, start x and y (m), direction x and y, length (m), coefficient, sink temperature,
            footprint, along, across (m), touches.
        begin, end: of each stage, in the table.
    """

    table: Float[np.ndarray, "cut 12"]
    begin: Int[np.ndarray, "steps 2"]
    end: Int[np.ndarray, "steps 2"]


@dataclass(frozen=True)
class Steps:
    """Times at which steps end, and which of them are snapshots."""

    length_s: Float[np.ndarray, " steps"]
    end_s: Float[np.ndarray, " steps"]
    snapshot_step: Int[np.ndarray, " snapshots"]  # number of steps taken when the snapshot is due


def _active_spans(strokes: Strokes, pause_s: float) -> list[tuple[float, float]]:
    """Stretches of time in which a source acts, short pauses included."""
    spans: list[tuple[float, float]] = []
    for index in np.argsort(strokes.start_s):
        begin, end = float(strokes.start_s[index]), float(strokes.end_s[index])
        if spans and begin <= spans[-1][1] + pause_s:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((begin, end))
    return spans


def _even(begin: float, end: float, longest: float) -> list[float]:
    count = max(1, int(np.ceil((end - begin) / longest - 1e-9)))
    return [(end - begin) / count] * count


def _growing(begin: float, end: float, since: float, numerics: PatchNumerics) -> list[float]:
    """Steps of a rest that lie between two events; `since` is when the cold went off."""
    told = []
    now = begin
    while end - now > 1e-9:
        longest = min(numerics.rest_step_s, numerics.stroke_step_s + _GROWTH * (now - since))
        left = end - now
        step = left if left <= longest else (0.5 * left if left < 2.0 * longest else longest)
        told.append(step)
        now += step
    return told


def make_steps(strokes: Strokes, snapshot_s: Float[np.ndarray, " snapshots"], numerics: PatchNumerics) -> Steps:
    """Lay steps that end at every snapshot and at every beginning and end of the cold.

    Args:
        strokes: when sources act, on a clock that begins with the run.
        snapshot_s: rising, from above 0; the last one ends the run.
        numerics: longest steps.
    """
    last = float(snapshot_s[-1])
    spans = _active_spans(strokes, _PAUSE_STEPS * numerics.stroke_step_s)
    edges = [edge for span in spans for edge in span if 0.0 < edge < last]
    events = np.unique(np.concatenate([[0.0], snapshot_s, edges]))
    events = events[np.concatenate([[True], np.diff(events) > 1e-9])]
    lengths: list[float] = []
    taken = {0.0: 0}
    # A patch at rest needs no short steps; one that is taken up again may have been left by the cold just before.
    off = max((span[1] for span in spans if span[1] <= 0.0), default=-np.inf)
    for begin, end in pairwise(events):
        middle = 0.5 * (begin + end)
        active = any(span[0] <= middle <= span[1] for span in spans)
        lengths += (
            _even(begin, end, numerics.stroke_step_s) if active else _growing(float(begin), float(end), off, numerics)
        )
        off = float(end) if active else off
        taken[float(end)] = len(lengths)
    ends = np.array(list(taken))
    due = [taken[float(ends[np.argmin(abs(ends - time))])] for time in snapshot_s]
    return Steps(np.array(lengths), np.cumsum(lengths), np.array(due))


def _columns(strokes: Strokes, piece: Int[np.ndarray, " cut"]) -> list[Float[np.ndarray, " cut"]]:
    told = (
        strokes.coefficient,
        strokes.sink_temperature_degC,
        strokes.footprint,
        strokes.along,
        strokes.across,
        strokes.touches,
    )
    return [np.asarray(values, dtype=float)[piece] for values in told]


def _between(strokes: Strokes, piece: Int[np.ndarray, " cut"], time_s: Float[np.ndarray, " cut"]) -> np.ndarray:
    """Where the source of each piece is at a time, (cut, 2)."""
    share = (time_s - strokes.start_s[piece]) / (strokes.end_s[piece] - strokes.start_s[piece])
    start = np.stack([strokes.start_x[piece], strokes.start_y[piece]], axis=1)
    end = np.stack([strokes.end_x[piece], strokes.end_y[piece]], axis=1)
    return np.asarray(start + share[:, None] * (end - start))


def cut_pieces(strokes: Strokes, steps: Steps) -> StrokePieces:
    """Cut the strokes at the stages of the steps.

    The first stage of a step stands for its first 1 - gamma, the second for the rest and for what the step ends with.
    An ellipse, whose edge is sharp, is averaged exactly over each of the two. A Gaussian or a ring that moves straight
    on through the whole step is taken where it is at gamma and at the end of it: over many steps such samples of a
    smooth bell add up to the exact dose.
    """
    ends = np.stack([steps.end_s - GAMMA * steps.length_s, steps.end_s], axis=1).reshape(-1)
    starts = np.concatenate([[0.0], ends[:-1]])
    tiny = 1e-9
    first = np.searchsorted(ends, strokes.start_s + tiny, side="right")
    last = np.searchsorted(starts, strokes.end_s - tiny, side="left")
    count = np.maximum(last - first, 0)
    piece = np.repeat(np.arange(len(strokes.start_s)), count)
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    window = np.repeat(first, count) + offset
    order = np.argsort(window, kind="stable")
    piece, window = piece[order], window[order]
    begin_s = np.maximum(strokes.start_s[piece], starts[window])
    end_s = np.minimum(strokes.end_s[piece], ends[window])
    share = (end_s - begin_s) / (ends[window] - starts[window])

    step = window // 2
    step_start = steps.end_s[step] - steps.length_s[step]
    whole = (strokes.start_s[piece] <= step_start + tiny) & (strokes.end_s[piece] >= steps.end_s[step] - tiny)
    sampled = whole & (strokes.footprint[piece] != Footprint.ELLIPSE)
    at_s = np.where(window % 2 == 1, steps.end_s[step], step_start + GAMMA * steps.length_s[step])
    begin_s, end_s = np.where(sampled, at_s, begin_s), np.where(sampled, at_s, end_s)
    origin, target = _between(strokes, piece, begin_s), _between(strokes, piece, end_s)
    way = target - origin
    length = np.hypot(way[:, 0], way[:, 1])
    moving = length > 0
    direction = np.where(moving[:, None], way / np.where(moving, length, 1.0)[:, None], [1.0, 0.0])
    table = np.column_stack([share, origin, direction, length, *_columns(strokes, piece)])
    places = np.searchsorted(window, np.arange(len(ends) + 1))
    shape = (len(steps.end_s), 2)
    return StrokePieces(np.ascontiguousarray(table, dtype=float), places[:-1].reshape(shape), places[1:].reshape(shape))


def pieces_at(strokes: Strokes, time_s: float) -> Float[np.ndarray, "acting 12"]:
    """The sources that act at an instant, as holds where they are; rows as in `StrokePieces.table`."""
    piece = np.flatnonzero((strokes.start_s < time_s) & (time_s <= strokes.end_s))
    place = _between(strokes, piece, np.full(len(piece), time_s))
    one, nothing = np.ones(len(piece)), np.zeros(len(piece))
    way_x, way_y = strokes.end_x[piece] - strokes.start_x[piece], strokes.end_y[piece] - strokes.start_y[piece]
    length = np.hypot(way_x, way_y)
    moving = length > 0
    scale = np.where(moving, length, 1.0)
    direction_x, direction_y = np.where(moving, way_x / scale, 1.0), np.where(moving, way_y / scale, 0.0)
    return np.column_stack([one, place, direction_x, direction_y, nothing, *_columns(strokes, piece)])


def refuse_unresolved(strokes: Strokes, spacing: float, numerics: PatchNumerics) -> None:
    """A footprint finer than the grid, or a source that leaps over its own footprint in a step.

    Raises:
        EngineError: with the spacing or the step that would do.
    """
    if len(strokes.start_s) == 0:
        return
    duration = strokes.end_s - strokes.start_s
    if not np.all(duration > 0):
        raise EngineError("Every piece of a stroke must end after it began. Give each a speed above zero.")
    narrow = np.where(strokes.footprint == Footprint.ELLIPSE, np.minimum(strokes.along, strokes.across), strokes.along)
    finest = float(narrow.min())
    if finest < spacing:
        raise EngineError(
            f"The footprint reaches {finest * 1e3:.2f} mm from its centre, and the grid has {spacing * 1e3:.2f} mm: "
            f"too coarse to see it. Use a grid of {finest * 1e3:.2f} mm or less."
        )
    speed = np.hypot(strokes.end_x - strokes.start_x, strokes.end_y - strokes.start_y) / duration
    ratio = speed * numerics.stroke_step_s / strokes.along
    worst = int(np.argmax(ratio))
    if ratio[worst] > 1.0 + 1e-6:
        fitting = strokes.along[worst] / speed[worst]
        raise EngineError(
            f"A step of {numerics.stroke_step_s:g} s moves the source by {ratio[worst]:.1f} times the reach of its "
            f"footprint: the motion is not resolved. Use steps of {fitting:.2g} s or less."
        )
