"""What a good engineer writes in an afternoon with Numba where tissue freezes: an explicit block, implicit columns.

In double precision and with small steps the block is the reference of CB-3 as well.
"""

from __future__ import annotations

import numba
import numpy as np

from benchmarks import problems

Array = np.ndarray
_BEGIN, _END = problems.FREEZING_BEGINS_degC, problems.FREEZING_ENDS_degC


@numba.njit(parallel=True, fastmath=True, cache=True)
def _block_steps(H, T, k, dz, spacing, material, step, share, glide, room, held, steps):
    """Explicit steps of (cells, rows, columns); H is the enthalpy above the beginning of freezing, J/m^3."""
    cells, rows, columns = H.shape
    ku, kf, cu, cf, to_freeze, perfusion = material
    h_cold, T_cold = glide
    h_room, T_room = room
    blood, bottom = held
    side = 1.0 / spacing**2
    for n in range(steps):
        for line in numba.prange(cells * rows):
            i, j = line // rows, line % rows
            enthalpy, t, conducts = H[i, j], T[i, j], k[i, j]
            mush, below, above = (_BEGIN - _END) / to_freeze[i], 1.0 / cf[i], 1.0 / cu[i]
            gain, full, unfrozen = (kf[i] - ku[i]) / to_freeze[i], to_freeze[i], ku[i]
            for x in range(columns):
                e = enthalpy[x]
                frozen = min(max(-e, 0.0), full)
                conducts[x] = unfrozen + gain * frozen
                t[x] = _BEGIN + above * max(e, 0.0) - mush * frozen + below * min(e + full, 0.0)
        for line in numba.prange(cells * rows):
            i, j = line // rows, line % rows
            low, high = max(j - 1, 0), min(j + 1, rows - 1)
            over, under = max(i - 1, 0), min(i + 1, cells - 1)
            t, c, out = T[i, j], k[i, j], H[i, j]
            t_over, c_over, t_under, c_under = T[over, j], k[over, j], T[under, j], k[under, j]
            t_low, c_low, t_high, c_high = T[i, low], k[i, low], T[i, high], k[i, high]
            loss, full = perfusion[i], to_freeze[i]
            for x in range(columns):
                v, own = t[x], c[x]
                liquid = 1.0 - min(max(-out[x], 0.0), full) / full
                left, right = max(x - 1, 0), min(x + 1, columns - 1)
                net = (
                    0.5
                    * side
                    * (
                        (own + c_low[x]) * (t_low[x] - v)
                        + (own + c_high[x]) * (t_high[x] - v)
                        + (own + c[left]) * (t[left] - v)
                        + (own + c[right]) * (t[right] - v)
                    )
                )
                net += 2.0 / dz**2 * own * c_over[x] / (own + c_over[x]) * (t_over[x] - v)
                net += 2.0 / dz**2 * own * c_under[x] / (own + c_under[x]) * (t_under[x] - v)
                net += loss * liquid * (blood - v)
                if i == cells - 1:
                    net += 2.0 / dz**2 * own * (bottom - v)
                if i == 0:
                    on, half = share[n, j, x], 0.5 * dz / own
                    net += on * (T_cold - v) / (1.0 / h_cold + half) / dz
                    net += (1.0 - on) * (T_room - v) / (1.0 / h_room + half) / dz
                out[x] += step * net
    return H


def temperature_of(H: Array, heat_capacity: Array, frozen_heat_capacity: Array, to_freeze: Array) -> Array:
    """Temperature, degC; everything after the first axis of H broadcasts."""
    frozen = np.clip(-H, 0.0, to_freeze)
    return np.asarray(
        _BEGIN
        + np.maximum(H, 0.0) / heat_capacity
        - (_BEGIN - _END) * frozen / to_freeze
        + np.minimum(H + to_freeze, 0.0) / frozen_heat_capacity
    )


class BlockMarch:
    """CB-3 by explicit steps, a second at a time; how long each step was under the applicator is exact."""

    def __init__(self, block: problems.Block, steps_per_second: int, precision: type = np.float32):
        self.block, self.each, self.precision = block, steps_per_second, precision
        to_freeze = (_BEGIN - _END) * block.heat_capacity + block.latent_heat
        self.to_freeze = to_freeze
        self.material = tuple(
            part.astype(precision)
            for part in (
                block.conductivity,
                block.frozen_conductivity,
                block.heat_capacity,
                block.frozen_heat_capacity,
                to_freeze,
                block.perfusion,
            )
        )

    def solve(self, seconds: int) -> Array:
        """Temperatures (cells, rows, columns) after whole seconds."""
        block, real = self.block, self.precision
        shape = (len(block.cell_width), block.rows, block.columns)
        start = (block.heat_capacity * (block.start_degC - _BEGIN))[:, None, None]
        H = np.broadcast_to(start, shape).astype(real)
        T, k = np.empty_like(H), np.empty_like(H)
        glide = block.glide
        for second in range(seconds):
            edges = second + np.arange(self.each + 1) / self.each
            x = np.broadcast_to(block.x, (block.rows, block.columns))
            chord = np.broadcast_to(block.half_chord[:, None], x.shape)
            share = glide.coverage(x, chord, edges)
            _block_steps(
                H,
                T,
                k,
                real(block.cell_width[0]),
                real(block.spacing),
                self.material,
                real(1.0 / self.each),
                share.astype(real),
                (real(glide.coefficient), real(glide.temperature_degC)),
                (real(problems.ROOM_W_PER_M2_K), real(problems.ROOM_degC)),
                (real(problems.BLOOD_degC), real(block.bottom_degC)),
                self.each,
            )
        each = [part[:, None, None] for part in (block.heat_capacity, block.frozen_heat_capacity, self.to_freeze)]
        return temperature_of(H.astype(float), *each)


@numba.njit(parallel=True, fastmath=True, cache=True, error_model="numpy")
def _columns_steps(H, T, dz, k_unfrozen, ratio, cu, cf, to_freeze, h, T_cold, perfusion, blood, bottom, step, steps):
    """Linearised implicit Euler steps of (columns, cells): the temperature by a tridiagonal solve, then the heat."""
    count, cells = H.shape
    for column in numba.prange(count):
        e, t = H[column], T[column]
        face = np.empty(cells + 1)
        pivot, right = np.empty(cells), np.empty(cells)
        kept = np.empty(cells)
        mush = (_BEGIN - _END) / to_freeze
        ku = k_unfrozen[column]
        for _ in range(steps):
            last = 0.0
            for i in range(cells):
                frozen = min(max(-e[i], 0.0), to_freeze)
                t[i] = _BEGIN + max(e[i], 0.0) / cu - mush * frozen + min(e[i] + to_freeze, 0.0) / cf
                own = ku * (1.0 + (ratio - 1.0) * frozen / to_freeze)
                kept[i] = (1.0 - frozen / to_freeze) * perfusion[column] * dz
                if i == 0:
                    face[0] = 1.0 / (1.0 / h[column] + 0.5 * dz / own)
                else:
                    face[i] = 2.0 * own * last / (own + last) / dz
                last = own
            face[cells] = 2.0 * last / dz
            for i in range(cells):
                capacity = cu if e[i] > 0.0 else (1.0 / mush if e[i] > -to_freeze else cf)
                own = capacity * dz / step + face[i] + face[i + 1] + kept[i]
                net = kept[i] * (blood - t[i])
                net += face[i] * ((T_cold[column] if i == 0 else t[i - 1]) - t[i])
                net += face[i + 1] * ((bottom if i == cells - 1 else t[i + 1]) - t[i])
                if i > 0:
                    own -= face[i] * face[i] / pivot[i - 1]
                    net += face[i] * right[i - 1] / pivot[i - 1]
                pivot[i], right[i] = own, net
            rise = 0.0
            for i in range(cells - 1, -1, -1):
                rise = (right[i] + (face[i + 1] * rise if i < cells - 1 else 0.0)) / pivot[i]
                capacity = cu if e[i] > 0.0 else (1.0 / mush if e[i] > -to_freeze else cf)
                e[i] += capacity * rise
    return H


def cb5(given: problems.Columns, steps: int) -> Array:
    """CB-5, end temperatures (columns, cells)."""
    to_freeze = (_BEGIN - _END) * given.heat_capacity + given.latent_heat
    count = len(given.coefficient)
    H = np.repeat(given.heat_capacity * (given.start_degC - _BEGIN)[None], count, axis=0)
    T = np.empty_like(H)
    _columns_steps(
        H,
        T,
        given.cell_width,
        given.conductivity,
        given.frozen_over_unfrozen_conductivity,
        given.heat_capacity,
        given.frozen_heat_capacity,
        to_freeze,
        given.coefficient,
        given.temperature_degC,
        given.perfusion,
        problems.BLOOD_degC,
        given.bottom_degC,
        problems.CB5_END_s / steps,
        steps,
    )
    return temperature_of(H, given.heat_capacity, given.frozen_heat_capacity, to_freeze)
