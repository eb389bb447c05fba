"""What a row of columns exchanges heat with while sources move over it: exact means over stretches of their way."""

from __future__ import annotations

import math

from cryomassage.engine.compiled import compiled
from cryomassage.engine.patch_arrays import Pieces, Row

_ROOT_PI = math.sqrt(math.pi)
_GAUSSIAN, _RING, _ELLIPSE = 0, 1, 2
# Beyond so many radii a Gaussian has fallen below 1e-5 of its centre, and a ring below 1e-4 of its crest.
_REACH = 3.5


@compiled
def _share_within(s: float, chord: float, length: float) -> float:
    """Share of the way on which a source with this half chord covers a place `s` ahead of its start."""
    if length > 0.0:
        return max(min(s + chord, length) - max(s - chord, 0.0), 0.0) / length
    return 1.0 if abs(s) <= chord else 0.0


@compiled
def _half_chord(d: float, along: float, across: float) -> float:
    """Half the length of an ellipse on a line `d` beside its centre; 0 where it does not reach."""
    return along * math.sqrt(max(1.0 - (d / across) ** 2, 0.0))


@compiled
def _mean_of_bell(a: float, beside: float, length: float, kind: int) -> float:
    """Mean of a Gaussian or a ring over the way, all in radii; `beside` is squared."""
    if length == 0.0:
        near = beside + a * a
        return math.exp(-near) if kind == _GAUSSIAN else near * math.exp(1.0 - near)
    b = a - length
    even = 0.5 * _ROOT_PI * (math.erf(a) - math.erf(b))
    if kind == _GAUSSIAN:
        return math.exp(-beside) * even / length
    second = 0.5 * even - 0.5 * (a * math.exp(-a * a) - b * math.exp(-b * b))
    return math.e * math.exp(-beside) * (beside * even + second) / length


@compiled
def exchange_of_row(
    y: float, spacing: float, pieces: Pieces, begin: int, end: int, room_h: float, room_q: float, h_out: Row, q_out: Row
) -> None:
    """Coefficient, and coefficient times sink temperature, that a row of columns meets on average over a step."""
    columns = h_out.shape[0]
    for i in range(columns):
        h_out[i] = room_h
        q_out[i] = room_q
    for p in range(begin, end):
        share, x0, y0 = pieces[p, 0], pieces[p, 1], pieces[p, 2]
        ux, uy, length = pieces[p, 3], pieces[p, 4], pieces[p, 5]
        coefficient, sink = pieces[p, 6], pieces[p, 7]
        kind, along, across, touches = int(pieces[p, 8]), pieces[p, 9], pieces[p, 10], pieces[p, 11]
        reach = max(along, across) if kind == _ELLIPSE else _REACH * along
        y_end = y0 + uy * length
        if y < min(y0, y_end) - reach or y > max(y0, y_end) + reach:
            continue
        x_end = x0 + ux * length
        first = max(int((min(x0, x_end) - reach) / spacing), 0)
        last = min(int((max(x0, x_end) + reach) / spacing) + 2, columns)
        level = kind == _ELLIPSE and uy == 0.0  # along the row the chord is the same everywhere
        chord = _half_chord(y - y0, along, across) if level else 0.0
        if level and chord == 0.0:
            continue
        for i in range(first, last):
            dx = (i + 0.5) * spacing - x0
            dy = y - y0
            s = dx * ux + dy * uy
            d = dy * ux - dx * uy
            if kind != _ELLIPSE:
                mean = _mean_of_bell(s / along, (d / along) ** 2, length / along, kind)
            else:
                half = chord if level else _half_chord(d, along, across)
                mean = _share_within(s, half, length) if half > 0.0 else 0.0
            mean *= share
            h_out[i] += mean * (coefficient - touches * room_h)
            q_out[i] += mean * (coefficient * sink - touches * room_q)
