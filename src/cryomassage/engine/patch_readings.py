"""What the patch kernel reads after a step: temperatures, dwell times, ice, blood flow."""

from __future__ import annotations

import numpy as np

from cryomassage.engine.compiled import compiled_inside
from cryomassage.engine.patch_arrays import Medium, Pair, Plane, Readings, Row, Watch


@compiled_inside
def _time_below(threshold: float, before: Row, now: Row, time_step: float, dwell: Row) -> None:
    """Time of a step spent below a threshold, the temperature taken as linear in between."""
    tiny, one, nothing = np.float32(1e-6), np.float32(1.0), np.float32(0.0)
    for x in range(1, now.shape[0] - 1):
        low, high = min(before[x], now[x]), max(before[x], now[x])
        share = (threshold - low) / max(high - low, tiny)  # a sum with `tiny` would be rounded away
        dwell[x] += time_step * min(max(share, nothing), one)


@compiled_inside
def read(
    j: int,
    t3: Plane,
    k: Row,
    exchange: Pair,
    medium: Medium,
    readings: Readings,
    watch: Watch,
    time_step: float,
    room: Pair,
) -> None:
    """Surface and basal temperature of a row after a step: lowest, and time below the thresholds."""
    h, q, half = exchange[0], exchange[1], medium.half[0]
    t, upper, lower = t3[0], t3[watch.basal_cell], t3[watch.basal_cell + 1]
    surface, basal = readings.surface[j], readings.basal[j]
    lowest_surface, lowest_basal = readings.lowest_surface[j], readings.lowest_basal[j]
    now, deep, weight = room[0], room[1], watch.basal_weight
    for x in range(1, t.shape[0] - 1):
        now[x] = (t[x] * k[x] + half * q[x]) / (k[x] + half * h[x])
        deep[x] = upper[x] + weight * (lower[x] - upper[x])
    for n in range(watch.thresholds.shape[0]):
        _time_below(watch.thresholds[n], surface, now, time_step, readings.dwell[n, j])
        _time_below(watch.thresholds[n], basal, deep, time_step, readings.basal_dwell[n, j])
    for x in range(1, t.shape[0] - 1):
        surface[x] = now[x]
        lowest_surface[x] = min(lowest_surface[x], now[x])
        basal[x] = deep[x]
        lowest_basal[x] = min(lowest_basal[x], deep[x])


@compiled_inside
def read_ice(j: int, liquid: Plane, kz: int, medium: Medium, readings: Readings) -> None:
    """Depth of the deepest half-frozen place of each column of a row."""
    deepest = readings.deepest[j]
    half = np.float32(0.5)
    depth = np.float32(0.0)
    for i in range(kz):
        centre = depth + medium.half[i]
        step = medium.half[i] + medium.half[i + 1]
        w, w_below = liquid[i], liquid[i + 1]
        for x in range(1, w.shape[0] - 1):
            if w[x] < half <= w_below[x]:
                deepest[x] = max(deepest[x], centre + step * (half - w[x]) / (w_below[x] - w[x]))
        depth += np.float32(2.0) * medium.half[i]


@compiled_inside
def vessels_answer(sense: Row, flow: Row, memory: Row, watch: Watch, constriction: float, length: float) -> None:
    """Let the blood flow of a row follow the temperature below it by one step of `length` seconds."""
    one = np.float32(1.0)
    shut = one - watch.least
    most_narrow = one - watch.least / watch.rest_flow
    remembered = one - np.exp(-np.float32(length) / watch.memory_time)
    for x in range(flow.shape[0]):
        cooled = max(watch.reference - sense[x], watch.warmest)
        target = (watch.least + shut * np.exp(-watch.sensitivity * cooled)) / watch.rest_flow
        before = flow[x]
        rate = np.float32(constriction)
        if target > before:
            # The release slows down geometrically with the memory of the time spent narrow.
            release_time = watch.release_time_short * np.exp(watch.release_growth * memory[x])
            rate = one - np.exp(-np.float32(length) / release_time)
        flow[x] += rate * (target - before)
        narrow = max(one - np.float32(0.5) * (before + flow[x]), np.float32(0.0)) / most_narrow
        memory[x] += remembered * (narrow - memory[x])
