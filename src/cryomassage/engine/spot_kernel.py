"""The compiled step of a spot: columns in rings around an axis, each skin by itself.

A step goes first through the rings and then through the depth, implicitly in both, so that it is stable however long.
In depth, where the front of ice runs, temperature, conductivity and the blood that ice stops are those of the end of
the step, found by Newton's method on the enthalpy temperature; every face gives one cell what it takes from the other,
so that heat is kept whatever the iteration leaves. Temperatures are relative to the blood.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numba import prange

from cryomassage.engine.compiled import compiled, compiled_for_threads

_KNOT, _TEMPERATURE, _CONDUCTIVITY, _ICE = 0, 1, 2, 3
_ITERATIONS = 3
_CONVERGED_K = 0.1
_WARM_K = 1000.0  # warmer than anything


class SpotMedium(NamedTuple):
    """The discrete equation per unit of surface; skins first, so that each lies together in memory.

    Attributes:
        width: m, of the cells.
        capacity: J/(m^2 K), unfrozen.
        conductivity: W/(m K), unfrozen.
        loss: W/(m^2 K), to the blood; it stops in ice.
        source: W/m^2.
        deep: W/(m^2 K), from the lowest face to the deep temperature.
        deep_K: deep temperature.
        law: of each knot its place, and the gains of temperature, conductivity (W/(m K^2)) and ice, see `FreezingLaw`.
        outwards: 1/m^2, exchange of each ring but the last with the next, over the mean conductivity.
        inwards: 1/m^2, of the same faces for the ring that follows.
    """

    width: Float[np.ndarray, "skins cells"]
    capacity: Float[np.ndarray, "skins cells"]
    conductivity: Float[np.ndarray, "skins cells"]
    loss: Float[np.ndarray, "skins cells"]
    source: Float[np.ndarray, "skins cells"]
    deep: Float[np.ndarray, " skins"]
    deep_K: Float[np.ndarray, " skins"]
    law: Float[np.ndarray, "skins cells knots 4"]
    outwards: Float[np.ndarray, " faces"]
    inwards: Float[np.ndarray, " faces"]


class SpotExchange(NamedTuple):
    """What the surface meets: coefficients, W/(m^2 K), and temperatures; the source only until `on_s`."""

    coefficient: Float[np.ndarray, "skins rings"]
    sink_K: Float[np.ndarray, " skins"]
    on_s: Float[np.ndarray, " skins"]
    room: Float[np.ndarray, " skins"]
    room_K: Float[np.ndarray, " skins"]


class SpotReadings(NamedTuple):
    """What is read at the end of each step; see `SpotHistory`."""

    depth: Float[np.ndarray, "skins steps"]
    radius: Float[np.ndarray, "skins steps"]
    base_K: Float[np.ndarray, "skins steps"]
    surface_K: Float[np.ndarray, "skins steps"]


@compiled
def _tissue(theta: float, law: np.ndarray, conductivity: float) -> tuple[float, float, float, float]:
    """Temperature, conductivity, liquid share and slope dT/d(theta) of a cell; its knots fall."""
    temperature, k, ice, slope = theta, conductivity, 0.0, 1.0
    for knot in range(law.shape[0]):
        below = law[knot, _KNOT] - theta
        if below <= 0.0:
            break
        temperature += law[knot, _TEMPERATURE] * below
        slope -= law[knot, _TEMPERATURE]
        k += law[knot, _CONDUCTIVITY] * below
        ice += law[knot, _ICE] * below
    return temperature, k, 1.0 - ice, slope


@compiled
def _across(theta: np.ndarray, medium: SpotMedium, skin: int, length: float, work: np.ndarray) -> None:
    """Exchange between the rings of every depth; `theta` is (cells, rings)."""
    cells, rings = theta.shape
    temperature, k, slope, upper, change = work[0], work[1], work[2], work[3], work[4]
    for i in range(cells):
        for r in range(rings):
            temperature[r], k[r], _, slope[r] = _tissue(theta[i, r], medium.law[skin, i], medium.conductivity[skin, i])
        weight = medium.capacity[skin, i] / (length * medium.width[skin, i])
        flow, from_inside, over = 0.0, 0.0, 0.0
        for r in range(rings):
            diagonal, net = weight, -flow
            if r > 0:
                diagonal += slope[r] * from_inside
            if r < rings - 1:
                mean = 0.5 * (k[r] + k[r + 1])
                per_degree = mean * medium.outwards[r]
                net += per_degree * (temperature[r + 1] - temperature[r])
                diagonal += slope[r] * per_degree
            if r > 0:
                # Row above in the elimination: what the ring inside gives away with its own change.
                net += from_inside * slope[r - 1] * change[r - 1]
                diagonal -= from_inside * slope[r - 1] * over
            change[r] = net / diagonal
            if r < rings - 1:
                upper[r] = per_degree * slope[r + 1] / diagonal
                over = upper[r]
                from_inside = mean * medium.inwards[r]
                flow = from_inside * (temperature[r + 1] - temperature[r])
        for r in range(rings - 2, -1, -1):
            change[r] += upper[r] * change[r + 1]
        for r in range(rings):
            theta[i, r] += change[r]


@compiled
def _down(
    theta: np.ndarray,
    ring: int,
    medium: SpotMedium,
    skin: int,
    length: float,
    hold: float,
    pull: float,
    work: np.ndarray,
) -> None:
    """One ring in depth, with what its surface meets: coefficient `hold`, and that times the sink, `pull`."""
    cells = theta.shape[0]
    temperature, k, liquid, slope = work[0], work[1], work[2], work[3]
    begin, upper, change = work[4], work[5], work[6]
    law, conductivity = medium.law[skin], medium.conductivity[skin]
    for i in range(cells):
        begin[i] = theta[i, ring]
        temperature[i], k[i], liquid[i], slope[i] = _tissue(begin[i], law[i], conductivity[i])
    for _ in range(_ITERATIONS):
        damping = 1.0 / (1.0 + hold * 0.5 * medium.width[skin, 0] / k[0])
        # What comes through the upper face, and how it answers to the temperature below and above it.
        face, flow, over = hold * damping, (pull - hold * temperature[0]) * damping, 0.0
        for i in range(cells):
            weight = medium.capacity[skin, i] / length
            loss = medium.loss[skin, i] * liquid[i]
            net = flow + medium.source[skin, i] - loss * temperature[i] - weight * (theta[i, ring] - begin[i])
            diagonal = weight + slope[i] * (face + loss)
            if i > 0:
                net += face * slope[i - 1] * change[i - 1]
                diagonal -= face * slope[i - 1] * over
            half = 0.5 * medium.width[skin, i] / k[i]
            if i < cells - 1:
                face = 1.0 / (half + 0.5 * medium.width[skin, i + 1] / k[i + 1])
                flow = face * (temperature[i] - temperature[i + 1])
                upper[i] = face * slope[i + 1]
            else:
                face = medium.deep[skin] / (1.0 + medium.deep[skin] * half)
                flow = face * (temperature[i] - medium.deep_K[skin])
                upper[i] = 0.0
            net -= flow
            diagonal += slope[i] * face
            change[i] = net / diagonal
            upper[i] /= diagonal
            over = upper[i]
        for i in range(cells - 2, -1, -1):
            change[i] += upper[i] * change[i + 1]
        bent, largest = False, 0.0
        for i in range(cells):
            was = slope[i]
            theta[i, ring] += change[i]
            temperature[i], k[i], liquid[i], slope[i] = _tissue(theta[i, ring], law[i], conductivity[i])
            bent = bent or was != 1.0 or slope[i] != 1.0
            largest = max(largest, abs(change[i]))
        # Without ice the equation is linear, and the first iteration is the last.
        if not bent or largest < _CONVERGED_K:
            return


@compiled
def _edge(warmth: np.ndarray, place: np.ndarray) -> float:
    """Where the farthest frozen place gives way to the next; `warmth` is above the freezing point."""
    last = len(warmth) - 1
    while last >= 0 and warmth[last] >= 0.0:
        last -= 1
    if last < 0:
        return 0.0
    if last == len(warmth) - 1:
        return float(place[last])
    share = warmth[last] / (warmth[last] - warmth[last + 1])
    return float(place[last] + share * (place[last + 1] - place[last]))


@compiled
def _read(
    theta: np.ndarray,
    medium: SpotMedium,
    skin: int,
    ring_centre: np.ndarray,
    base_depth: float,
    hold: float,
    pull: float,
    readings: SpotReadings,
    step: int,
    work: np.ndarray,
) -> None:
    cells, rings = theta.shape
    warmth, place, widest = work[0, :cells], work[1, :cells], work[2, :rings]
    widest[:] = _WARM_K
    depth, base, before = 0.0, 0.0, 0.0
    for i in range(cells):
        law, conductivity = medium.law[skin, i], medium.conductivity[skin, i]
        centre = depth + 0.5 * medium.width[skin, i]
        depth += medium.width[skin, i]
        for r in range(rings):
            widest[r] = min(widest[r], _tissue(theta[i, r], law, conductivity)[0] - law[0, _KNOT])
        axis, k = _tissue(theta[i, 0], law, conductivity)[:2]
        warmth[i], place[i] = axis - law[0, _KNOT], centre
        if i == 0:
            resistance = 0.5 * medium.width[skin, 0] / k
            readings.surface_K[skin, step] = (axis + resistance * pull) / (1.0 + resistance * hold)
            base = axis
        elif place[i - 1] <= base_depth:
            base = before + (axis - before) * min((base_depth - place[i - 1]) / (centre - place[i - 1]), 1.0)
        before = axis
    readings.base_K[skin, step] = base
    readings.depth[skin, step] = _edge(warmth, place)
    readings.radius[skin, step] = _edge(widest, ring_centre)


@compiled_for_threads
def march_spots(
    theta: np.ndarray,
    medium: SpotMedium,
    exchange: SpotExchange,
    ring_centre: np.ndarray,
    base_depth: np.ndarray,
    length: float,
    steps: int,
    readings: SpotReadings,
) -> None:
    """Step all skins.

    Args:
        theta: (skins, cells, rings), enthalpy temperature; overwritten.
        medium: the discrete equation.
        exchange: what the surface meets.
        ring_centre: (rings,), m.
        base_depth: (skins,), m, where the base is read.
        length: s, of a step.
        steps: how many.
        readings: room for what is read.
    """
    skins, cells, rings = theta.shape
    for skin in prange(skins):
        work = np.empty((7, max(cells, rings)))
        field = theta[skin]
        for step in range(steps):
            share = min(max((exchange.on_s[skin] - step * length) / length, 0.0), 1.0)
            _across(field, medium, skin, length, work)
            room, room_pull = exchange.room[skin], exchange.room[skin] * exchange.room_K[skin]
            for r in range(rings):
                cold = share * exchange.coefficient[skin, r]
                _down(field, r, medium, skin, length, room + cold, room_pull + cold * exchange.sink_K[skin], work)
            cold = share * exchange.coefficient[skin, 0]
            _read(
                field,
                medium,
                skin,
                ring_centre,
                base_depth[skin],
                room + cold,
                room_pull + cold * exchange.sink_K[skin],
                readings,
                step,
                work,
            )
