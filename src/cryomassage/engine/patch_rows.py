"""The inner loops of the patch kernel: one cell of a row of columns, one function each, so that each is vectorised."""

from __future__ import annotations

import numpy as np

from cryomassage.engine.compiled import compiled_inside
from cryomassage.engine.patch_arrays import Medium, Pair, Plane, Row
from cryomassage.engine.patch_schedule import GAMMA

_WEIGHT = np.float32(1.0 / (2.0 * GAMMA**2))


@compiled_inside
def ghosts(row: Row) -> None:
    """Insulated sides: the ghost columns repeat their neighbours."""
    row[0] = row[1]
    row[-1] = row[-2]


@compiled_inside
def freeze(
    theta: Plane, i: int, medium: Medium, temperature: Plane, conductivity: Plane, liquid: Plane, count: int
) -> None:
    """Temperature, conductivity and liquid share of one cell of `count` columns, from its enthalpy temperature."""
    source, t, k, w = theta[i], temperature[i], conductivity[i], liquid[i]
    unfrozen, coldest = medium.conductivity[i], source[0]
    for x in range(count):
        coldest = min(coldest, source[x])
        t[x] = source[x]
        k[x] = unfrozen
        w[x] = np.float32(1.0)
    for n in range(medium.knot.shape[0]):
        knot, rise = medium.knot[n, i], medium.temperature_gain[n, i]
        if coldest >= knot:  # and so for the knots that follow
            return
        gain, ice = medium.conductivity_gain[n, i], medium.ice_gain[n, i]
        for x in range(count):
            below = max(np.float32(0.0), knot - source[x])
            t[x] += rise * below
            k[x] += gain * below
            w[x] -= ice * below


@compiled_inside
def capacity_ratio(theta: Plane, i: int, medium: Medium, capacity: Plane, count: int) -> None:
    """dH/dT of one cell of `count` columns as a multiple of the unfrozen one."""
    source, c = theta[i], capacity[i]
    coldest = source[0]
    for x in range(count):
        coldest = min(coldest, source[x])
        c[x] = np.float32(1.0)
    for n in range(medium.knot.shape[0]):
        knot, gain = medium.knot[n, i], medium.capacity_gain[n, i]
        if coldest >= knot:
            return
        for x in range(count):
            c[x] += gain if source[x] < knot else np.float32(0.0)


@compiled_inside
def up_plain(
    theta: Plane,
    low: Plane,
    high: Plane,
    flow: Row,
    swept: Plane,
    begin: int,
    sideways: Row,
    conductance: Row,
    loss: Row,
    source: Row,
    coupling: Row,
) -> None:
    """Net heat of the unfrozen cells from the last up to `begin`, swept up: swept[i] = R + coupling * swept[i + 1]."""
    four = np.float32(4.0)
    for i in range(theta.shape[0] - 2, begin - 1, -1):
        over = max(i - 1, 0)
        t, t_over, t_under, t_low, t_high = theta[i], theta[over], theta[i + 1], low[i], high[i]
        r, r_below = swept[i], swept[i + 1]
        lateral, above, below = sideways[i], conductance[over], conductance[i]
        lost, made, share = loss[i], source[i], coupling[i + 1]
        for x in range(1, t.shape[0] - 1):
            v = t[x]
            r[x] = (
                lateral * (t_low[x] + t_high[x] + t[x - 1] + t[x + 1] - four * v)
                + above * (t_over[x] - v)
                + below * (t_under[x] - v)
                - lost * flow[x] * v
                + made
                + share * r_below[x]
            )


@compiled_inside
def up_plain_again(
    theta: Plane,
    old: Plane,
    low: Plane,
    high: Plane,
    flow: Row,
    swept: Plane,
    begin: int,
    sideways: Row,
    conductance: Row,
    loss: Row,
    source: Row,
    coupling: Row,
    weight: Row,
    twice: float,
) -> None:
    """The same for the second stage, less what the first has moved."""
    four = np.float32(4.0)
    for i in range(theta.shape[0] - 2, begin - 1, -1):
        over = max(i - 1, 0)
        t, t_over, t_under, t_low, t_high, before = theta[i], theta[over], theta[i + 1], low[i], high[i], old[i]
        r, r_below = swept[i], swept[i + 1]
        lateral, above, below = sideways[i], conductance[over], conductance[i]
        lost, made, share, less = loss[i], source[i], coupling[i + 1], twice * weight[i]
        for x in range(1, t.shape[0] - 1):
            v = t[x]
            r[x] = (
                lateral * (t_low[x] + t_high[x] + t[x - 1] + t[x + 1] - four * v)
                + above * (t_over[x] - v)
                + below * (t_under[x] - v)
                - lost * flow[x] * v
                + made
                + share * r_below[x]
                - less * (v - before[x])
            )


@compiled_inside
def beside(t: Row, k: Row, t_low: Row, k_low: Row, t_high: Row, k_high: Row, x: int, half: float) -> float:
    """Heat from the four neighbours beside a cell."""
    v, own = t[x], k[x]
    heat: float = half * (
        (own + k_low[x]) * (t_low[x] - v)
        + (own + k_high[x]) * (t_high[x] - v)
        + (own + k[x - 1]) * (t[x - 1] - v)
        + (own + k[x + 1]) * (t[x + 1] - v)
    )
    return heat


@compiled_inside
def up_ice(
    t3: Plane,
    k3: Plane,
    w3: Plane,
    low_t: Plane,
    low_k: Plane,
    high_t: Plane,
    high_k: Plane,
    i: int,
    over: int,
    flow: Row,
    swept: Plane,
    face: Plane,
    coupling: Plane,
    lateral: float,
    loss: float,
    source: float,
) -> None:
    """Net heat of a cell where ice may be, swept up."""
    t, t_over, t_under, t_low, t_high = t3[i], t3[over], t3[i + 1], low_t[i], high_t[i]
    k, k_low, k_high, liquid = k3[i], low_k[i], high_k[i], w3[i]
    r, r_below, c_below = swept[i], swept[i + 1], coupling[i + 1]
    above, below = face[over], face[i]
    half = np.float32(0.5) * lateral
    if over == i:  # nothing above the first cell
        for x in range(1, t.shape[0] - 1):
            r[x] = source + below[x] * (t_under[x] - t[x]) + c_below[x] * r_below[x]
    else:
        for x in range(1, t.shape[0] - 1):
            v = t[x]
            r[x] = source + below[x] * (t_under[x] - v) + above[x] * (t_over[x] - v) + c_below[x] * r_below[x]
    for x in range(1, t.shape[0] - 1):
        r[x] += beside(t, k, t_low, k_low, t_high, k_high, x, half) - loss * flow[x] * liquid[x] * t[x]


@compiled_inside
def face_conductance(k3: Plane, i: int, half: float, half_below: float, face: Plane, count: int) -> None:
    """Conductance through the face below a cell: the two halves in series."""
    k, k_below, g = k3[i], k3[i + 1], face[i]
    for x in range(count):
        g[x] = k[x] * k_below[x] / (half * k_below[x] + half_below * k[x])


@compiled_inside
def eliminate(
    i: int,
    face: Plane,
    over: int,
    admittance: Plane,
    inverse: Plane,
    coupling: Plane,
    capacity: Plane,
    weight: float,
    loss: float,
    count: int,
) -> None:
    """Pivot of a cell where ice may be, from that of the cell below."""
    a, a_below, c, c_below = admittance[i], admittance[i + 1], coupling[i], coupling[i + 1]
    inv, h = inverse[i], capacity[i]
    above = face[over]
    if over == i:
        for x in range(count):
            a[x] = weight * h[x] + loss + c_below[x] * a_below[x]
    else:
        for x in range(count):
            own = weight * h[x] + loss + c_below[x] * a_below[x]
            one = np.float32(1.0) / (own + above[x])
            a[x] = own
            inv[x] = one
            c[x] = above[x] * one


@compiled_inside
def less_first(first: Plane, old: Plane, i: int, swept: Plane, twice: float) -> None:
    """Second stage: take off what the first stage has moved."""
    s, o, r = first[i], old[i], swept[i]
    for x in range(1, s.shape[0] - 1):
        r[x] -= twice * (s[x] - o[x])


@compiled_inside
def down_plain(
    swept: Plane,
    begin: int,
    old: Plane,
    new: Plane,
    flow: Row,
    inverse: Row,
    coupling: Row,
    loss: Row,
    source: Row,
    scale: float,
) -> float:
    """Substitute down the unfrozen cells from `begin` on; what was swept becomes the rise of temperature.

    Returns what blood and metabolism bring them, summed over the columns: it costs least where all is at hand.
    """
    total = 0.0
    for i in range(begin, loss.shape[0]):
        r, r_over, o, n = swept[i], swept[i - 1], old[i], new[i]
        own, share, brought = inverse[i], coupling[i], np.float32(0.0)
        for x in range(1, r.shape[0] - 1):
            rise = own * r[x] + share * r_over[x]
            r[x] = rise
            n[x] = o[x] + scale * rise
            brought -= flow[x] * o[x] + rise
        n[0], n[-1] = n[1], n[-2]
        total += loss[i] * brought + source[i] * (r.shape[0] - 2)
    return total


@compiled_inside
def down_ice(
    swept: Plane, i: int, old: Plane, new: Plane, inverse: Plane, coupling: Plane, capacity: Plane, scale: float
) -> None:
    """Substitute down one cell where ice may be."""
    r, r_over, o, n = swept[i], swept[i - 1], old[i], new[i]
    inv, c, h = inverse[i], coupling[i], capacity[i]
    for x in range(1, r.shape[0] - 1):
        rise = inv[x] * r[x] + c[x] * r_over[x]
        r[x] = rise
        n[x] = o[x] + scale * (h[x] * rise)
    ghosts(n)


@compiled_inside
def close_surface(
    swept: Plane,
    t: Row,
    k: Row,
    first: Pair,
    second: Pair,
    half: float,
    admittance: Row,
    capacity: Row,
    old: Row,
    new: Row,
    scale: float,
    heat: Row,
) -> None:
    """Solve the first cell with the surface exchange; writes the heat through the surface.

    The flux is that of the exchange of the first stage, to which the second stage adds its difference by its weight:
    then the step ends in the exchange of its end, and the heat is that of both.
    """
    r, h, q, h_now, q_now = swept[0], first[0], first[1], second[0], second[1]
    one, share = np.float32(1.0), np.float32(1.0) / _WEIGHT
    for x in range(1, r.shape[0] - 1):
        resistance = half / k[x]
        damping = one / (one + h[x] * resistance)
        damping_now = one / (one + h_now[x] * resistance)
        conductance = h_now[x] * damping_now
        flux = (q[x] - h[x] * t[x]) * damping
        flux += share * ((q_now[x] - h_now[x] * t[x]) * damping_now - flux)
        rise = (r[x] + flux) / (admittance[x] + conductance)
        r[x] = rise
        heat[x] = flux - conductance * rise
        new[x] = old[x] + scale * rise * capacity[x]
    ghosts(new)


@compiled_inside
def sum_of(row: Row) -> float:
    """Sum of a row, its ghosts left out."""
    total = np.float32(0.0)
    for x in range(1, row.shape[0] - 1):
        total += row[x]
    return np.float64(total)


@compiled_inside
def blood_heat(
    theta: Plane, temperature: Plane, swept: Plane, liquid: Plane, kz: int, end: int, flow: Row, loss: Row, source: Row
) -> float:
    """Heat that blood and metabolism bring to the cells above `end` of a row in one stage, summed over columns."""
    total = 0.0
    for i in range(end):
        part = np.float32(0.0)
        t, r = theta[i], swept[i]
        if i < kz:
            t, w = temperature[i], liquid[i]
            for x in range(1, t.shape[0] - 1):
                part -= flow[x] * w[x] * t[x] + r[x]
        else:
            for x in range(1, t.shape[0] - 1):
                part -= flow[x] * t[x] + r[x]
        total += loss[i] * part + source[i] * (t.shape[0] - 2)
    return total


@compiled_inside
def deep_heat(t3: Plane, swept: Plane, cells: int, conductance: float) -> float:
    """Heat that enters a row from below in one stage, summed over columns."""
    part = np.float32(0.0)
    t, deep, r = t3[cells - 1], t3[cells], swept[cells - 1]
    for x in range(1, t.shape[0] - 1):
        part += deep[x] - t[x] - r[x]
    return np.float64(part * conductance)
