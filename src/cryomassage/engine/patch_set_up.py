"""From a patch of skin to the arrays that its kernel works on."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from cryomassage.engine import patch_arrays as arrays
from cryomassage.engine.freezing import (
    capacity_ratio_of,
    conductivity_of,
    enthalpy_temperature_of,
    ice_of,
    temperature_of,
)
from cryomassage.engine.patch import Patch, Vessels
from cryomassage.engine.patch_schedule import Steps
from cryomassage.engine.vasomotion import WARMEST_K

# The explicit exchange between columns is stable up to 2 over its fastest rate; a little less is used.
_STABLE = 1.8
_AGAIN_ROWS = ("hold", "pull", "flow", "fixed_flux", "flux", "carry")
_AGAIN_PLANES = tuple(name for name in arrays.Again._fields if name not in (*_AGAIN_ROWS, "place"))


def fastest_diffusivity(patch: Patch, coldest_degC: float) -> float:
    """Of any cell, m^2/s, ice included."""
    rate = patch.thermal_conductivity / patch.volumetric_heat_capacity
    if patch.freezing is not None:
        law = patch.freezing
        theta = enthalpy_temperature_of(law, np.full((len(rate), 1), coldest_degC))[:, 0]
        below = np.maximum(law.knot_degC - theta, 0.0)
        conductivity = 1.0 + np.sum(law.conductivity_gain * below, axis=0)
        slope = 1.0 - np.sum(np.where(theta < law.knot_degC, law.temperature_gain, 0.0), axis=0)
        rate = np.maximum(rate, rate * conductivity * slope)
    return float(rate.max())


def stable_step(patch: Patch, diffusivity: float) -> float:
    """Longest step, s, at which the explicit exchange between columns is stable."""
    neighbours = 2.0 * (patch.rows > 1) + 2.0 * (patch.columns > 1)
    if neighbours == 0.0:
        return float("inf")
    return float(_STABLE / (2.0 * neighbours * diffusivity / patch.spacing**2))


def make_medium(patch: Patch, diffusivity: float) -> arrays.Medium:
    """The discrete equation, relative to the blood; `diffusivity` of the fastest cell."""
    single = np.float32
    half = 0.5 * patch.cell_width
    resistance = half / patch.thermal_conductivity
    deep = patch.deep_conductance / (1.0 + patch.deep_conductance * resistance[-1])
    conductance = np.append(1.0 / (resistance[:-1] + resistance[1:]), deep)
    cells = len(half)
    law = patch.freezing
    nothing = np.zeros((0, cells))
    knot = temperature_gain = conductivity_gain = ice_gain = capacity_gain = nothing
    if law is not None:
        knot = law.knot_degC - patch.arterial_temperature_degC
        temperature_gain = law.temperature_gain
        conductivity_gain = law.conductivity_gain * patch.thermal_conductivity
        ice_gain = law.ice_gain
        slope = 1.0 - np.cumsum(temperature_gain, axis=0)
        capacity_gain = np.diff(1.0 / slope, axis=0, prepend=np.ones((1, cells)))

    def row(values: Float[np.ndarray, ...]) -> np.ndarray:
        return np.ascontiguousarray(values, dtype=single)

    return arrays.Medium(
        capacity=row(patch.volumetric_heat_capacity * patch.cell_width),
        half=row(half),
        conductivity=row(patch.thermal_conductivity),
        conductance=row(conductance),
        lateral=row(patch.cell_width / patch.spacing**2),
        sideways=row(patch.thermal_conductivity * patch.cell_width / patch.spacing**2),
        loss=row(patch.perfusion_conductance * patch.cell_width),
        source=row(patch.metabolic_heat_production * patch.cell_width),
        knot=row(knot),
        temperature_gain=row(temperature_gain),
        conductivity_gain=row(conductivity_gain),
        ice_gain=row(ice_gain),
        capacity_gain=row(capacity_gain),
        front=single(np.sqrt(diffusivity)),
    )


def make_factors(medium: arrays.Medium, lengths: Float[np.ndarray, " steps"]) -> tuple[arrays.Factor, np.ndarray]:
    """One factorisation for each length of step, and which of them every step uses."""
    rounded = np.round(lengths, 9)
    kinds, which = np.unique(rounded, return_inverse=True)
    factors = [arrays.make_factor(medium, float(length)) for length in kinds]
    return arrays.Factor(*(np.stack(parts) for parts in zip(*factors, strict=True))), which


def make_schedule(
    steps: Steps, which: np.ndarray, begin: np.ndarray, end: np.ndarray, vessels: Vessels | None
) -> arrays.Schedule:
    """Blood flow is known half a step ahead of the temperature, which makes its coupling second order."""
    lengths = steps.length_s
    middle = 0.5 * (lengths + np.append(lengths[1:], lengths[-1:]))
    constriction = np.zeros(len(lengths))
    if vessels is not None:
        constriction = -np.expm1(-middle / vessels.constriction_time)
    return arrays.Schedule(
        lengths.astype(np.float32),
        which.astype(np.int64),
        begin.astype(np.int64),
        end.astype(np.int64),
        constriction.astype(np.float32),
        middle.astype(np.float32),
    )


def make_watch(
    patch: Patch, basal_depth: float, thresholds: tuple[float, ...], vessels: Vessels | None
) -> arrays.Watch:
    """Where to read: the basal depth between two cells, and the cell in which the vessels feel the cold."""
    centre, blood = patch.centre_depth, patch.arterial_temperature_degC
    cell = int(np.clip(np.searchsorted(centre, basal_depth, side="right") - 1, 0, len(centre) - 2))
    # Between two centres the weight follows the thermal resistance, as in the columns.
    face = centre[cell] + 0.5 * patch.cell_width[cell]
    k_above, k_below = patch.thermal_conductivity[cell], patch.thermal_conductivity[cell + 1]
    crossed = (min(basal_depth, face) - centre[cell]) / k_above + max(basal_depth - face, 0.0) / k_below
    whole = (face - centre[cell]) / k_above + (centre[cell + 1] - face) / k_below
    sense, answer = -1, (0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0)
    if vessels is not None:
        sense = int(np.argmin(abs(centre - vessels.depth)))
        answer = (
            vessels.reference_degC - blood,
            -WARMEST_K,
            vessels.sensitivity,
            vessels.least,
            vessels.rest_flow,
            vessels.release_time_short,
            float(np.log(vessels.release_time_long / vessels.release_time_short)),
            vessels.memory_time,
        )
    single = np.float32
    return arrays.Watch(
        (np.array(thresholds) - blood).astype(single),
        cell,
        single(np.clip(crossed / whole, 0.0, 1.0)),
        sense,
        *(single(value) for value in answer),
    )


def make_fields(patch: Patch, theta: Float[np.ndarray, "cells rows columns"]) -> arrays.Fields:
    """The state with its ghosts; `theta` is relative to the blood."""
    cells, blood = len(patch.cell_width), patch.arterial_temperature_degC
    shape = (patch.rows, cells + 1, patch.columns + 2)
    fields = arrays.Fields(*(np.ones(shape, np.float32) for _ in arrays.Fields._fields))
    fields.conductivity[:, :-1] = patch.thermal_conductivity[:, None]
    fields.conductivity[:, -1] = patch.thermal_conductivity[-1]
    for part in (fields.enthalpy, fields.temperature):
        part[:, :cells, 1:-1] = theta.swapaxes(0, 1)
        part[:, :cells, 0], part[:, :cells, -1] = part[:, :cells, 1], part[:, :cells, -2]
        part[:, cells] = patch.deep_temperature_degC - blood
    law = patch.freezing
    if law is not None:
        cells_first = fields.enthalpy[:, :cells].swapaxes(0, 1).astype(float) + blood
        for part, values in (
            (fields.temperature, temperature_of(law, cells_first) - blood),
            (fields.conductivity, conductivity_of(law, patch.thermal_conductivity, cells_first)),
            (fields.liquid, 1.0 - ice_of(law, cells_first)),
            (fields.capacity, capacity_ratio_of(law, cells_first)),
        ):
            part[:, :cells] = values.swapaxes(0, 1)
    return fields


def make_stages(patch: Patch, blocks: int) -> arrays.Stage:
    """Work space for as many threads as there are blocks."""
    cells, width = len(patch.cell_width) + 1, patch.columns + 2
    deep = patch.deep_temperature_degC - patch.arterial_temperature_degC
    ring, one = (blocks, 4, cells, width), (blocks, cells, width)

    def room(shape: tuple[int, ...], value: float) -> np.ndarray:
        return np.full(shape, value, np.float32)

    return arrays.Stage(
        enthalpy=room(ring, deep),
        temperature=room(ring, deep),
        conductivity=room(ring, 1.0),
        liquid=room(ring, 1.0),
        inverse_pivot=room(ring, 1.0),
        coupling=room(ring, 1.0),
        admittance=room(ring, 1.0),
        face=room(one, 1.0),
        swept=room(one, 0.0),
        capacity=room(ring, 1.0),
        flux=room((blocks, width), 0.0),
        exchange=np.ones((blocks, 4, 2, 2, width), np.float32),
        reading=np.ones((blocks, 2, width), np.float32),
    )


def make_again(patch: Patch, blocks: int) -> arrays.Again:
    """Work space for the columns that are solved again, for as many threads as there are blocks."""
    plane = (blocks, len(patch.cell_width) + 1, patch.columns + 2)
    row = (blocks, patch.columns + 2)
    return arrays.Again(
        place=np.zeros(row, np.int64),
        **{name: np.zeros(plane, np.float32) for name in _AGAIN_PLANES},
        **{name: np.zeros(row, np.float32) for name in _AGAIN_ROWS},
    )


def make_readings(patch: Patch, thresholds: int) -> arrays.Readings:
    """Nothing read yet, and blood flowing as at rest."""
    shape = (patch.rows, patch.columns + 2)

    def room(value: float, *leading: int) -> np.ndarray:
        return np.full((*leading, *shape), value, np.float32)

    return arrays.Readings(
        flow=room(1.0),
        memory=room(0.0),
        surface=room(0.0),
        lowest_surface=room(np.inf),
        lowest_basal=room(np.inf),
        dwell=room(0.0, thresholds),
        basal_dwell=room(0.0, thresholds),
        basal=room(0.0),
        deepest=room(0.0),
        heat=np.zeros((patch.rows, 3)),
    )
