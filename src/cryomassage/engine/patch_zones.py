"""How deep ice may act on each row of a patch: below, the shared factorisation holds and nothing has to be kept."""

from __future__ import annotations

import math

import numpy as np

from cryomassage.engine.compiled import compiled_inside
from cryomassage.engine.patch_arrays import Counts, Fields, Medium, Pieces, Plane, Schedule
from cryomassage.engine.patch_rows import capacity_ratio, freeze

# A cell counts as near ice when it is within so many kelvin of freezing.
_NEAR_ICE_K = np.float32(4.0)
# As in the exchange: where a bell has faded to nothing, in radii.
_REACH = 3.5
_ELLIPSE = 2


@compiled_inside
def _cells_within(depth: float, begin: int, medium: Medium) -> int:
    """Cells from the surface to `depth` below the upper face of cell `begin`, and two more; never the last."""
    cells = medium.capacity.shape[0]
    found = begin
    while found < cells and depth > 0.0:
        depth -= 2.0 * medium.half[found]
        found += 1
    return int(min(found + 2, cells - 1))


@compiled_inside
def ice_reaches(theta: Plane, medium: Medium, zone: int, time_step: float) -> int:
    """Cells from the surface down to where ice may be at the end of the next step."""
    cells = medium.capacity.shape[0]
    depth = medium.front * math.sqrt(time_step)
    for i in range(_cells_within(depth, min(zone, cells - 1), medium), -1, -1):
        least = theta[i, 1]
        for x in range(1, theta.shape[1] - 1):
            least = min(least, theta[i, x])
        if least < medium.knot[0, i] + _NEAR_ICE_K:
            return int(_cells_within(depth, i, medium))
    return 0


@compiled_inside
def foresee_ice(
    step: int, old: Fields, zone: Counts, medium: Medium, schedule: Schedule, pieces: Pieces, spacing: float
) -> None:
    """Rows that a source may freeze in this step: how far its first cells could fall, were there nothing but it."""
    rows, time_step = zone.shape[0], schedule.time_step[step]
    deep = _cells_within(medium.front * math.sqrt(time_step), 0, medium)
    freezing = medium.knot[0, 0] + _NEAR_ICE_K
    for p in range(schedule.pieces_begin[step, 0], schedule.pieces_end[step, 1]):
        coefficient, sink = pieces[p, 6], pieces[p, 7]
        if sink >= freezing:
            continue
        conductance = coefficient / (1.0 + coefficient * medium.half[0] / medium.conductivity[0])
        share = -math.expm1(-conductance * time_step / medium.capacity[0])
        warmest = (freezing - share * sink) / max(1.0 - share, 1e-6)
        along, across = pieces[p, 9], pieces[p, 10]
        reach = max(along, across) if int(pieces[p, 8]) == _ELLIPSE else _REACH * along
        begin, end = pieces[p, 2], pieces[p, 2] + pieces[p, 4] * pieces[p, 5]
        first = max(int((min(begin, end) - reach) / spacing - 0.5), 0)
        last = min(int((max(begin, end) + reach) / spacing + 0.5) + 1, rows)
        for j in range(first, last):
            if zone[j] < deep:
                least = old.enthalpy[j, 0, 1]
                for x in range(1, old.enthalpy.shape[2] - 1):
                    least = min(least, old.enthalpy[j, 0, x])
                if least < warmest:
                    zone[j] = deep


@compiled_inside
def find_ice(old: Fields, new: Fields, zone: Counts, near: Counts, need: Counts, medium: Medium) -> None:
    """Cells in which ice may act on each row, and cells that its neighbours will ask it for.

    Of cells that were not asked for in the last step nothing is known but their enthalpy. The first cell of a row
    without ice is unfrozen in both states, whatever they held when its last ice was melting.
    """
    rows, cells, width = zone.shape[0], old.enthalpy.shape[1] - 1, old.enthalpy.shape[2]
    for j in range(rows):
        near[j] = max(zone[max(j - 1, 0)], zone[j], zone[min(j + 1, rows - 1)])
    for j in range(rows):
        known = need[j]
        wanted = max(near[max(j - 1, 0)], near[j], near[min(j + 1, rows - 1)])
        need[j] = min(wanted + 1, cells) if wanted > 0 else 0
        if near[j] == 0:
            for fields in (old, new):
                fields.conductivity[j, 0, :] = medium.conductivity[0]
                fields.capacity[j, 0, :] = np.float32(1.0)
        for i in range(known, need[j]):
            freeze(old.enthalpy[j], i, medium, old.temperature[j], old.conductivity[j], old.liquid[j], width)
            capacity_ratio(old.enthalpy[j], i, medium, old.capacity[j], width)
