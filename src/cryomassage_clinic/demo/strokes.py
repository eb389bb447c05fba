"""A signature that a program draws: waves, so that nobody takes it for a person's."""

from __future__ import annotations

import math

Stroke = list[list[float]]


def drawn_by_a_program() -> list[Stroke]:
    """Two strokes in shares of the pad: a wave and a line under it."""
    wave = [[0.1 + 0.7 * step / 60, 0.5 + 0.2 * math.sin(step / 4), float(16 * step)] for step in range(61)]
    line = [[0.15 + 0.6 * step / 20, 0.8, 1200.0 + 16 * step] for step in range(21)]
    return [[[round(value, 4) for value in point] for point in stroke] for stroke in (wave, line)]
