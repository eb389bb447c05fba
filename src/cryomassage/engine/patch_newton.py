"""Columns in which a stage of the patch kernel is solved again, by Newton's method, because ice formed or melted in it.

A stage takes its derivatives where it begins. Where ice comes or goes within it, heat capacity and conductivity change
several-fold, and a linear step would miss, in thin cells without bound. What tells is the temperature: that of the
enthalpy that was found against the one that was solved for. Those columns are gathered, and

    C/(gamma dt) (theta - base) = fixed + N(theta)

is solved with N, what depth, surface, blood and metabolism bring, and `fixed`, all that the stage leaves as it is. The
first stage fixes the exchange E with the neighbours; the second, with K = 1/(2 gamma^2) and S the first stage,
K E(S) + (K - 1) N(S) - C/(gamma^2 dt) (S - theta_0), which is what its linear form amounts to.

Heat is kept whatever the iteration leaves: every flux is linear in the last of its steps and counted as such.
"""

from __future__ import annotations

import numpy as np

from cryomassage.engine.compiled import compiled_inside
from cryomassage.engine.patch_arrays import Again, Factor, Medium, Plane, Row
from cryomassage.engine.patch_rows import beside, capacity_ratio, eliminate, face_conductance, freeze, ghosts

# Of the temperature that was solved for, when the stage counts as solved.
_TOLERANCE_K = np.float32(0.2)
_MOST_STEPS = 60  # nearly all columns take two; a long step over a sharp range of freezing many


@compiled_inside
def find_columns(before: Plane, rise: Plane, after: Plane, scale: float, kz: int, again: Again) -> int:
    """Gather the places of the columns that have to be solved again; how many."""
    columns = before.shape[1]
    worst = again.carry
    worst[:] = np.float32(0.0)
    for i in range(kz):
        t, d, now = before[i], rise[i], after[i]
        for x in range(1, columns - 1):
            worst[x] = max(worst[x], abs(now[x] - t[x] - scale * d[x]))
    count = 0
    for x in range(1, columns - 1):
        if worst[x] > _TOLERANCE_K:
            again.place[count] = x
            count += 1
    return count


@compiled_inside
def gather(
    count: int,
    kz: int,
    scale: float,
    twice: float,
    old: Plane,
    base: Plane,
    guess: Plane,
    t3: Plane,
    k3: Plane,
    w3: Plane,
    low_t: Plane,
    low_k: Plane,
    high_t: Plane,
    high_k: Plane,
    face: Plane,
    held: Row,
    pulled: Row,
    hold: Row,
    pull: Row,
    flow: Row,
    medium: Medium,
    factor: Factor,
    again: Again,
) -> None:
    """Lay the columns side by side, with what the stage leaves as it is.

    Temperature, conductivity and liquid are those of `base`, as are the neighbours'; `held` and `pulled` are the
    exchange of the first stage, `hold` and `pull` that of this one.
    """
    one, nothing = np.float32(1.0), np.float32(0.0)
    more = scale - one
    for n in range(count):
        x = again.place[n]
        again.hold[n], again.pull[n], again.flow[n] = hold[x], pull[x], flow[x]
        again.fixed_flux[n] = (
            more * (pulled[x] - held[x] * t3[0, x]) / (one + held[x] * medium.half[0] / k3[0, x])
            if more > nothing
            else nothing
        )
    for i in range(kz):
        half = np.float32(0.5) * medium.lateral[i]
        for n in range(count):
            x = again.place[n]
            again.base[i, n], again.theta[i, n] = base[i, x], guess[i, x]
            fixed = scale * beside(t3[i], k3[i], low_t[i], low_k[i], high_t[i], high_k[i], x, half)
            if more > nothing:
                net = medium.source[i] - medium.loss[i] * flow[x] * w3[i, x] * t3[i, x]
                net += face[i, x] * (t3[i + 1, x] - t3[i, x])
                if i > 0:
                    net += face[i - 1, x] * (t3[i - 1, x] - t3[i, x])
                fixed += more * net - scale * twice * factor.weight[i] * (base[i, x] - old[i, x])
            again.fixed[i, n] = fixed
    for i in range(kz, guess.shape[0]):
        for n in range(count):
            again.theta[i, n] = guess[i, again.place[n]]


@compiled_inside
def _down(i: int, count: int, again: Again) -> None:
    """Rise of one cell, and what follows from it; what was swept becomes the temperature that is solved for."""
    r, r_over, inv, c = again.swept[i], again.swept[i - 1], again.inverse[i], again.coupling[i]
    for n in range(count):
        r[n] = inv[n] * r[n] + c[n] * r_over[n]


@compiled_inside
def _sweep(i: int, count: int, medium: Medium, factor: Factor, again: Again) -> None:
    """Net heat of a cell, swept up."""
    t, t_under, w, r, r_below = (
        again.temperature[i],
        again.temperature[i + 1],
        again.liquid[i],
        again.swept[i],
        again.swept[i + 1],
    )
    theta, base, fixed, flow = again.theta[i], again.base[i], again.fixed[i], again.flow
    below, c_below = again.face[i], again.coupling[i + 1]
    loss, source, weight = medium.loss[i], medium.source[i], factor.weight[i]
    for n in range(count):
        r[n] = (
            fixed[n]
            + source
            - loss * flow[n] * w[n] * t[n]
            - weight * (theta[n] - base[n])
            + below[n] * (t_under[n] - t[n])
            + c_below[n] * r_below[n]
        )
    if i > 0:
        above, t_over = again.face[i - 1], again.temperature[i - 1]
        for n in range(count):
            r[n] += above[n] * (t_over[n] - t[n])


@compiled_inside
def iterate(count: int, kz: int, medium: Medium, factor: Factor, again: Again) -> None:
    """Solve the gathered columns."""
    cells, one = medium.capacity.shape[0], np.float32(1.0)
    t, k, r = again.temperature[0], again.conductivity[0], again.swept[0]
    for i in range(kz):
        freeze(again.theta, i, medium, again.temperature, again.conductivity, again.liquid, count)
    again.face[kz - 1, :count] = medium.conductance[kz - 1]
    again.admittance[kz, :count] = factor.admittance[kz]
    again.coupling[kz, :count] = factor.coupling[kz]
    again.swept[kz, :count] = np.float32(0.0)
    for _ in range(_MOST_STEPS):
        again.temperature[kz, :count] = again.theta[kz, :count]
        for i in range(kz - 1):
            face_conductance(again.conductivity, i, medium.half[i], medium.half[i + 1], again.face, count)
        for i in range(kz - 1, -1, -1):
            capacity_ratio(again.theta, i, medium, again.capacity, count)
            eliminate(
                i,
                again.face,
                max(i - 1, 0),
                again.admittance,
                again.inverse,
                again.coupling,
                again.capacity,
                factor.weight[i],
                medium.loss[i],
                count,
            )
            _sweep(i, count, medium, factor, again)
        for n in range(count):
            damping = one / (one + again.hold[n] * medium.half[0] / k[n])
            conductance = again.hold[n] * damping
            flux = (again.pull[n] - again.hold[n] * t[n]) * damping
            r[n] = (r[n] + flux + again.fixed_flux[n]) / (again.admittance[0, n] + conductance)
            again.flux[n] = flux - conductance * r[n]
        for i in range(1, kz):
            _down(i, count, again)
        again.carry[:count] = again.swept[kz - 1, :count]
        for i in range(kz, cells):
            for n in range(count):
                again.carry[n] *= factor.coupling[i]
                again.theta[i, n] += again.carry[n]
        worst = np.float32(0.0)
        for i in range(kz):
            temperature, rise, drawn = again.temperature[i], again.swept[i], again.drawn[i]
            theta, liquid, ratio = again.theta[i], again.liquid[i], again.capacity[i]
            for n in range(count):
                drawn[n] = again.flow[n] * liquid[n] * temperature[n] + rise[n]
                theta[n] += ratio[n] * rise[n]
                rise[n] += temperature[n]
            freeze(again.theta, i, medium, again.temperature, again.conductivity, again.liquid, count)
            for n in range(count):
                worst = max(worst, abs(temperature[n] - rise[n]))
        if worst < _TOLERANCE_K:
            return


@compiled_inside
def scatter(
    count: int,
    kz: int,
    need: int,
    scale: float,
    t3: Plane,
    w3: Plane,
    swept: Plane,
    flux: Row,
    inverse: Plane,
    coupling: Plane,
    admittance: Plane,
    capacity: Plane,
    theta: Plane,
    temperature: Plane,
    conductivity: Plane,
    liquid: Plane,
    again: Again,
) -> None:
    """Put the columns back: state, factors, heat, and in `swept` the rise that stands for the heat of the blood."""
    one = np.float32(1.0)
    for n in range(count):
        flux[again.place[n]] = (again.fixed_flux[n] + again.flux[n]) / scale
    for i in range(kz):
        for n in range(count):
            x = again.place[n]
            theta[i, x] = again.theta[i, n]
            temperature[i, x], conductivity[i, x] = again.temperature[i, n], again.conductivity[i, n]
            liquid[i, x], capacity[i, x] = again.liquid[i, n], again.capacity[i, n]
            inverse[i, x], coupling[i, x] = again.inverse[i, n], again.coupling[i, n]
            admittance[i, x] = again.admittance[i, n]
            swept[i, x] = (again.drawn[i, n] - again.flow[n] * w3[i, x] * t3[i, x]) / scale
    for i in range(kz, theta.shape[0] - 1):
        for n in range(count):
            x = again.place[n]
            swept[i, x] += (again.theta[i, n] - theta[i, x]) * (one / scale)
            theta[i, x] = again.theta[i, n]
    for i in range(kz, need):
        for n in range(count):
            temperature[i, again.place[n]] = again.theta[i, n]
    for i in range(theta.shape[0] - 1):
        ghosts(theta[i])
    for i in range(need):
        ghosts(temperature[i])
        ghosts(conductivity[i])
        ghosts(liquid[i])
