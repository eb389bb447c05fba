"""What of a zone the strokes reached: passes seen, how cold how much of it became, gaps and overlaps by name."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from cryomassage.planning.strokes.footprints import MovingSource
from cryomassage.planning.strokes.path import Leg, Timeline
from cryomassage.records.patch import AreaShare, NamedPlace

Kind = Literal["gap", "overlap", "frozen"]
_MOST_ROWS = 40  # of the dose-area histogram
# Less is a corner that no hand aims at: an area, and a share of the zone.
_SMALLEST_cm2, _SMALLEST_SHARE = 0.2, 0.005
_LONG = 0.6  # share of the zone over which something runs that is called an edge or a stripe
_NARROW = 0.45
_JOIN_s = 1e-3  # two legs that meet are one visit


def _covered(
    leg: Leg, half_width_mm: float, x: Float[np.ndarray, " columns"], y: Float[np.ndarray, " rows"]
) -> tuple[Float[np.ndarray, "rows columns"], Float[np.ndarray, "rows columns"]]:
    """When the disc around the source comes over each place and when it leaves it, s; inf and -inf where never."""
    (x0, y0), length = leg.start_mm, leg.length_mm
    dx, dy = x[None, :] - x0, y[:, None] - y0
    if length == 0.0:
        near = np.hypot(dx, dy) <= half_width_mm
        return np.where(near, leg.start_s, np.inf), np.where(near, leg.end_s, -np.inf)
    ux, uy = (leg.end_mm[0] - x0) / length, (leg.end_mm[1] - y0) / length
    along, beside = dx * ux + dy * uy, dy * ux - dx * uy
    chord = np.sqrt(np.maximum(half_width_mm**2 - beside**2, 0.0))
    begin, end = np.maximum(along - chord, 0.0), np.minimum(along + chord, length)
    seen = (np.abs(beside) <= half_width_mm) & (begin <= end)
    speed = length / (leg.end_s - leg.start_s)
    return np.where(seen, leg.start_s + begin / speed, np.inf), np.where(seen, leg.start_s + end / speed, -np.inf)


def passes_seen(
    line: Timeline, source: MovingSource, x_mm: Float[np.ndarray, " columns"], y_mm: Float[np.ndarray, " rows"]
) -> Float[np.ndarray, "rows columns"]:
    """How often the source came over each place: half its width away or nearer, without a break.

    Args:
        line: the strokes in time.
        source: its width at any distance.
        x_mm: of the places, rising, from the corner of the zone.
        y_mm: likewise.
    """
    visits = np.zeros((len(y_mm), len(x_mm)))
    left_s = np.full(visits.shape, -np.inf)
    for leg in line.legs:
        half = 1e3 * source.at(leg.distance_mm).half_width
        low_x, high_x = sorted((leg.start_mm[0], leg.end_mm[0]))
        low_y, high_y = sorted((leg.start_mm[1], leg.end_mm[1]))
        columns = slice(np.searchsorted(x_mm, low_x - half), np.searchsorted(x_mm, high_x + half, side="right"))
        rows = slice(np.searchsorted(y_mm, low_y - half), np.searchsorted(y_mm, high_y + half, side="right"))
        came, went = _covered(leg, half, x_mm[columns], y_mm[rows])
        seen = np.isfinite(came)
        visits[rows, columns] += seen & (came > left_s[rows, columns] + _JOIN_s)
        left_s[rows, columns] = np.where(seen, went, left_s[rows, columns])
    return visits


def dose_area(
    lowest_degC: Float[np.ndarray, "rows columns"], inside: Bool[np.ndarray, "rows columns"], cell_cm2: float
) -> tuple[AreaShare, ...]:
    """What share of the zone became at least so cold, from the coldest place to all of it."""
    values = np.sort(lowest_degC[inside])
    span = values[-1] - values[0]
    step = next(step for step in (1.0, 2.0, 5.0, 10.0) if span / step <= _MOST_ROWS - 2 or step == 10.0)
    first, last = step * math.floor(values[0] / step), step * math.ceil(values[-1] / step)
    levels = np.arange(first, last + 0.5 * step, step)
    counts = np.searchsorted(values, levels, side="right")
    return tuple(
        AreaShare(at_most_degC=float(level), share=float(count / len(values)), area_cm2=float(count * cell_cm2))
        for level, count in zip(levels, counts, strict=True)
    )


def place_in_words(
    x_mm: Float[np.ndarray, " cells"],
    y_mm: Float[np.ndarray, " cells"],
    low_mm: tuple[float, float],
    high_mm: tuple[float, float],
) -> str:
    """Where a group of places lies between the lower left and the upper right corner, left and right as drawn."""
    width_mm, height_mm = high_mm[0] - low_mm[0], high_mm[1] - low_mm[1]
    across = (float(np.ptp(x_mm)) / width_mm, float(np.ptp(y_mm)) / height_mm)
    middle = ((float(x_mm.mean()) - low_mm[0]) / width_mm, (float(y_mm.mean()) - low_mm[1]) / height_mm)
    row = "upper" if middle[1] > 2.0 / 3.0 else "lower" if middle[1] < 1.0 / 3.0 else "middle"
    column = "right" if middle[0] > 2.0 / 3.0 else "left" if middle[0] < 1.0 / 3.0 else "middle"
    if across[0] > _LONG and across[1] > _LONG:
        return "all over"
    if across[0] > _LONG and across[1] < _NARROW:
        return "across the middle" if row == "middle" else f"along the {row} edge"
    if across[1] > _LONG and across[0] < _NARROW:
        return "down the middle" if column == "middle" else f"along the {column} edge"
    if row == column:
        return "middle"
    return f"{row} {column}"


def _named(
    kind: Kind,
    where: Bool[np.ndarray, "rows columns"],
    x_mm: Float[np.ndarray, " columns"],
    y_mm: Float[np.ndarray, " rows"],
    inside: Bool[np.ndarray, "rows columns"],
    lowest_degC: Float[np.ndarray, "rows columns"],
) -> list[NamedPlace]:
    """One place for each connected group that is large enough, the largest first."""
    width_mm, height_mm = float(x_mm[1] - x_mm[0]), float(y_mm[1] - y_mm[0])
    cell_cm2 = width_mm * height_mm / 100.0
    smallest_cm2 = max(_SMALLEST_cm2, _SMALLEST_SHARE * float(inside.sum()) * cell_cm2)
    zone_y, zone_x = np.nonzero(inside)
    low = (float(x_mm[zone_x.min()]) - 0.5 * width_mm, float(y_mm[zone_y.min()]) - 0.5 * height_mm)
    high = (float(x_mm[zone_x.max()]) + 0.5 * width_mm, float(y_mm[zone_y.max()]) + 0.5 * height_mm)
    groups, count = ndimage.label(where & inside, structure=np.ones((3, 3)))
    told = []
    for number in range(1, count + 1):
        rows, columns = np.nonzero(groups == number)
        area = len(rows) * cell_cm2
        if area < smallest_cm2:
            continue
        x, y = x_mm[columns], y_mm[rows]
        told.append(
            NamedPlace(
                kind=kind,
                place=place_in_words(x, y, low, high),
                x_mm=float(x.mean()),
                y_mm=float(y.mean()),
                area_cm2=area,
                lowest_surface_degC=float(lowest_degC[rows, columns].min()),
            )
        )
    return sorted(told, key=lambda place: -place.area_cm2)


def named_places(
    passes: Float[np.ndarray, "rows columns"],
    lowest_degC: Float[np.ndarray, "rows columns"],
    frozen: Bool[np.ndarray, "rows columns"],
    inside: Bool[np.ndarray, "rows columns"],
    x_mm: Float[np.ndarray, " columns"],
    y_mm: Float[np.ndarray, " rows"],
    *,
    whole_zone: bool,
) -> tuple[NamedPlace, ...]:
    """Gaps, overlaps and frozen places of a zone.

    A gap saw no pass at all. An overlap saw more than twice the passes of the usual place, which is more than the
    overlap of neighbouring strips gives. Where a pattern is meant for one spot, nothing is called a gap.

    Args:
        passes: of `passes_seen`.
        lowest_degC: lowest surface temperature.
        frozen: where ice was.
        inside: what belongs to the zone.
        x_mm: of the columns, from the corner of the zone.
        y_mm: of the rows.
        whole_zone: the pattern is meant to reach all of it.
    """
    told = _named("frozen", frozen, x_mm, y_mm, inside, lowest_degC)
    if whole_zone:
        told += _named("gap", passes == 0, x_mm, y_mm, inside, lowest_degC)
        reached = passes[inside & (passes > 0)]
        if reached.size:
            usual = float(np.median(reached))
            told += _named("overlap", passes > 2.0 * usual, x_mm, y_mm, inside, lowest_degC)
    return tuple(told)
