"""What the patch kernel works on: arrays as (rows, cells, columns), relative to the temperature of the blood."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from cryomassage.engine.patch_schedule import GAMMA

# Of one row of the patch, with its ghost columns.
Row = Float[np.ndarray, " columns"]
Plane = Float[np.ndarray, "cells columns"]
Pair = Float[np.ndarray, "2 columns"]
Pieces = Float[np.ndarray, "cut 12"]
Counts = Int[np.ndarray, " rows"]


class Medium(NamedTuple):
    """The discrete equation, per unit of surface; temperatures relative to the blood."""

    capacity: np.ndarray  # J/(m^2 K), of each cell
    half: np.ndarray  # m, half the width of each cell
    conductivity: np.ndarray  # W/(m K), unfrozen
    conductance: np.ndarray  # W/(m^2 K), through the face below each cell, unfrozen; the last to the deep temperature
    lateral: np.ndarray  # width / spacing^2, 1/m: times a conductivity gives the conductance to a neighbour
    sideways: np.ndarray  # W/(m^2 K), that with the unfrozen conductivity
    loss: np.ndarray  # W/(m^2 K), to the blood at rest
    source: np.ndarray  # W/m^2, of metabolism
    knot: np.ndarray  # (knots, cells), enthalpy temperature
    temperature_gain: np.ndarray  # (knots, cells)
    conductivity_gain: np.ndarray  # (knots, cells), W/(m K^2)
    ice_gain: np.ndarray  # (knots, cells), 1/K
    capacity_gain: np.ndarray  # (knots, cells), of dH/dT as a multiple of the unfrozen one
    front: np.float32  # m/sqrt(s), farther than a front of ice can run


class Factor(NamedTuple):
    """The factorisation that all unfrozen columns share, for one length of step; surface exchange left out."""

    weight: np.ndarray  # capacity / (gamma dt)
    admittance: np.ndarray  # of each cell and all below
    inverse_pivot: np.ndarray
    coupling: np.ndarray  # (cells + 1), conductance to the cell above / pivot


class Fields(NamedTuple):
    """The state, (rows, cells + 1, columns + 2): one ghost column at each side, the deep temperature below.

    All but the enthalpy temperature are kept only where ice may be near, see `Zones`.
    """

    enthalpy: np.ndarray
    temperature: np.ndarray
    conductivity: np.ndarray
    liquid: np.ndarray
    capacity: np.ndarray  # dH/dT as a multiple of the unfrozen one


class Again(NamedTuple):
    """Columns that are solved again, side by side, see `patch_newton`: (cells + 1, columns + 2) or rows of them."""

    place: np.ndarray  # of each column in its row
    base: np.ndarray  # enthalpy temperature at which the stage begins
    theta: np.ndarray  # enthalpy temperature, the unknown
    temperature: np.ndarray
    conductivity: np.ndarray
    liquid: np.ndarray
    capacity: np.ndarray
    fixed: np.ndarray  # W/m^2, what the stage leaves as it is
    swept: np.ndarray
    face: np.ndarray
    coupling: np.ndarray
    inverse: np.ndarray
    admittance: np.ndarray
    drawn: np.ndarray  # flow times liquid times temperature, and the rise: per loss what the blood gives
    hold: np.ndarray  # row, coefficient
    pull: np.ndarray  # row, that times sink
    flow: np.ndarray  # row
    fixed_flux: np.ndarray  # row, through the surface
    flux: np.ndarray  # row, through the surface, by the last step
    carry: np.ndarray  # row


class Stage(NamedTuple):
    """Work space of one thread: the last four rows at the first stage, and their factors where ice may be."""

    enthalpy: np.ndarray  # (4, cells + 1, columns + 2)
    temperature: np.ndarray
    conductivity: np.ndarray
    liquid: np.ndarray
    inverse_pivot: np.ndarray
    coupling: np.ndarray
    admittance: np.ndarray  # (4, cells + 1, columns + 2)
    face: np.ndarray  # (cells + 1, columns + 2), conductance below each cell
    swept: np.ndarray  # (cells + 1, columns + 2)
    capacity: np.ndarray  # (4, cells + 1, columns + 2), dH/dT that the factors were made with
    flux: np.ndarray  # (columns + 2), through the surface
    exchange: np.ndarray  # (4, 2, 2, columns + 2), of each row: in both stages, coefficient and that times sink
    reading: np.ndarray  # (2, columns + 2)


class Readings(NamedTuple):
    """What is read after each step."""

    flow: np.ndarray  # (rows, columns + 2), share of the blood flow at rest
    memory: np.ndarray  # (rows, columns + 2), how long vessels have been narrow
    surface: np.ndarray  # (rows, columns + 2)
    lowest_surface: np.ndarray
    lowest_basal: np.ndarray
    dwell: np.ndarray  # (thresholds, rows, columns + 2), s
    basal_dwell: np.ndarray
    basal: np.ndarray  # (rows, columns + 2)
    deepest: np.ndarray  # (rows, columns + 2), m
    heat: np.ndarray  # (rows, 3), J/m^2 summed over columns: surface, deep, blood


class Watch(NamedTuple):
    """What to read, and how the vessels answer; temperatures relative to the blood."""

    thresholds: np.ndarray
    basal_cell: int
    basal_weight: np.float32
    sense_cell: int  # -1 without an answer of the vessels
    reference: np.float32
    warmest: np.float32  # K below the reference, negative: vessels of warmer skin open no further
    sensitivity: np.float32
    least: np.float32
    rest_flow: np.float32
    release_time_short: np.float32  # s
    release_growth: np.float32  # logarithm of the long release time over the short one
    memory_time: np.float32  # s


class Schedule(NamedTuple):
    """The steps: their length, which factor is theirs, their pieces of stroke, and how fast the vessels follow."""

    time_step: np.ndarray
    factor: np.ndarray
    pieces_begin: np.ndarray  # (steps, 2), of the two stages
    pieces_end: np.ndarray
    constriction: np.ndarray  # share of the way to the target in a step
    ahead: np.ndarray  # s, by which the blood flow goes on after a step: from its middle to that of the next


def make_factor(medium: Medium, time_step: float) -> Factor:
    """Eliminate from below, in double precision, for steps of `time_step` seconds."""
    weight = medium.capacity.astype(float) / (GAMMA * time_step)
    own, above = (weight + medium.loss).tolist(), [0.0, *medium.conductance[:-1].tolist()]
    cells = len(own)
    admittance, inverse, coupling = [1.0] * cells, [1.0] * cells, [1.0] * (cells + 1)
    below = float(medium.conductance[-1])  # what the deep temperature adds to the last cell
    for i in range(cells - 1, -1, -1):
        admittance[i] = own[i] + below
        inverse[i] = 1.0 / (admittance[i] + above[i])
        coupling[i] = above[i] * inverse[i]
        below = coupling[i] * admittance[i]
    return Factor(*(np.array(part, np.float32) for part in (weight, admittance, inverse, coupling)))
