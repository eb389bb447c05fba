"""The two stages of a step of one row of columns."""

from __future__ import annotations

import numpy as np

from cryomassage.engine.compiled import compiled_inside
from cryomassage.engine.patch_arrays import Again, Factor, Fields, Medium, Row, Stage
from cryomassage.engine.patch_newton import find_columns, gather, iterate, scatter
from cryomassage.engine.patch_rows import (
    blood_heat,
    capacity_ratio,
    close_surface,
    deep_heat,
    down_ice,
    down_plain,
    eliminate,
    face_conductance,
    freeze,
    less_first,
    sum_of,
    up_ice,
    up_plain,
    up_plain_again,
)
from cryomassage.engine.patch_schedule import GAMMA

_TWO_GAMMA = np.float32(2.0 * GAMMA)
_WEIGHT = np.float32(1.0 / (2.0 * GAMMA**2))


@compiled_inside
def first_stage(
    j: int,
    low: int,
    high: int,
    fields: Fields,
    stage: Stage,
    again: Again,
    medium: Medium,
    factor: Factor,
    flow: Row,
    kz: int,
    need: int,
) -> tuple[float, float, float]:
    """First stage of a row, and its factors where ice may be. Returns the heat from surface, deep and blood."""
    cells, ring = medium.capacity.shape[0], j % 4
    theta, first = fields.enthalpy[j], stage.enthalpy[ring]
    swept, face = stage.swept, stage.face
    coupling, inverse, admittance = stage.coupling[ring], stage.inverse_pivot[ring], stage.admittance[ring]
    capacity, temperature, conductivity = stage.capacity[ring], fields.temperature[j], fields.conductivity[j]
    width, one = theta.shape[1], np.float32(1.0)
    up_plain(
        theta,
        fields.enthalpy[low],
        fields.enthalpy[high],
        flow,
        swept,
        kz,
        medium.sideways,
        medium.conductance,
        medium.loss,
        medium.source,
        factor.coupling,
    )
    for i in range(kz - 1):
        face_conductance(conductivity, i, medium.half[i], medium.half[i + 1], face, width)
    if kz > 0:
        # The cell below is unfrozen: its pivot is the shared one, and so is the face between.
        face[kz - 1, :] = medium.conductance[kz - 1]
        admittance[kz, :] = factor.admittance[kz]
        coupling[kz, :] = factor.coupling[kz]
    else:
        admittance[0, :] = factor.admittance[0]
    for i in range(kz - 1, -1, -1):
        over = max(i - 1, 0)
        capacity[i, :] = fields.capacity[j, i]
        eliminate(i, face, over, admittance, inverse, coupling, capacity, factor.weight[i], medium.loss[i], width)
        up_ice(
            temperature,
            conductivity,
            fields.liquid[j],
            fields.temperature[low],
            fields.conductivity[low],
            fields.temperature[high],
            fields.conductivity[high],
            i,
            over,
            flow,
            swept,
            face,
            coupling,
            medium.lateral[i],
            medium.loss[i],
            medium.source[i],
        )
    now = temperature if kz > 0 else theta
    first_capacity = capacity if kz > 0 else fields.capacity[j]
    close_surface(
        swept,
        now[0],
        conductivity[0],
        stage.exchange[ring, 0],
        stage.exchange[ring, 0],
        medium.half[0],
        admittance[0],
        first_capacity[0],
        theta[0],
        first[0],
        one,
        stage.flux,
    )
    for i in range(1, kz):
        down_ice(swept, i, theta, first, inverse, coupling, capacity, one)
    count, plain = 0, max(kz, 1)
    blood = down_plain(
        swept,
        plain,
        theta,
        first,
        flow,
        factor.inverse_pivot,
        factor.coupling,
        medium.loss,
        medium.source,
        one,
    )
    for i in range(need):
        freeze(first, i, medium, stage.temperature[ring], stage.conductivity[ring], stage.liquid[ring], width)
    if kz > 0:
        count = find_columns(temperature, swept, stage.temperature[ring], one, kz, again)
    if count > 0:
        gather(
            count,
            kz,
            one,
            np.float32(0.0),
            theta,
            theta,
            first,
            temperature,
            conductivity,
            fields.liquid[j],
            fields.temperature[low],
            fields.conductivity[low],
            fields.temperature[high],
            fields.conductivity[high],
            face,
            stage.exchange[ring, 0, 0],
            stage.exchange[ring, 0, 1],
            stage.exchange[ring, 0, 0],
            stage.exchange[ring, 0, 1],
            flow,
            medium,
            factor,
            again,
        )
        iterate(count, kz, medium, factor, again)
        scatter(
            count,
            kz,
            need,
            one,
            temperature,
            fields.liquid[j],
            swept,
            stage.flux,
            inverse,
            coupling,
            admittance,
            capacity,
            first,
            stage.temperature[ring],
            stage.conductivity[ring],
            stage.liquid[ring],
            again,
        )
        # What was solved again has changed below the ice as well.
        blood, plain = 0.0, cells
    blood += blood_heat(theta, temperature, swept, fields.liquid[j], kz, plain, flow, medium.loss, medium.source)
    deep = deep_heat(theta, swept, cells, medium.conductance[cells - 1])
    return sum_of(stage.flux), np.float64(deep), blood


@compiled_inside
def second_stage(
    j: int,
    low: int,
    high: int,
    fields: Fields,
    after: Fields,
    stage: Stage,
    again: Again,
    medium: Medium,
    factor: Factor,
    flow: Row,
    kz: int,
    need: int,
) -> tuple[float, float, float]:
    """Second stage of a row: writes its state after the step. Returns the heat from surface, deep and blood."""
    cells, ring, ring_low, ring_high = medium.capacity.shape[0], j % 4, low % 4, high % 4
    old, theta, new = fields.enthalpy[j], stage.enthalpy[ring], after.enthalpy[j]
    swept, face = stage.swept, stage.face
    coupling, inverse, admittance = stage.coupling[ring], stage.inverse_pivot[ring], stage.admittance[ring]
    temperature, conductivity, liquid = stage.temperature[ring], stage.conductivity[ring], stage.liquid[ring]
    capacity, width = stage.capacity[ring], theta.shape[1]
    up_plain_again(
        theta,
        old,
        stage.enthalpy[ring_low],
        stage.enthalpy[ring_high],
        flow,
        swept,
        kz,
        medium.sideways,
        medium.conductance,
        medium.loss,
        medium.source,
        factor.coupling,
        factor.weight,
        _TWO_GAMMA,
    )
    for i in range(kz - 1):
        face_conductance(conductivity, i, medium.half[i], medium.half[i + 1], face, width)
    if kz > 0:
        face[kz - 1, :] = medium.conductance[kz - 1]
    for i in range(kz - 1, -1, -1):
        over = max(i - 1, 0)
        up_ice(
            temperature,
            conductivity,
            liquid,
            stage.temperature[ring_low],
            stage.conductivity[ring_low],
            stage.temperature[ring_high],
            stage.conductivity[ring_high],
            i,
            over,
            flow,
            swept,
            face,
            coupling,
            medium.lateral[i],
            medium.loss[i],
            medium.source[i],
        )
        less_first(theta, old, i, swept, _TWO_GAMMA * factor.weight[i])
    now = temperature if kz > 0 else theta
    surface_k = conductivity if kz > 0 else fields.conductivity[j]
    first_capacity = capacity if kz > 0 else fields.capacity[j]
    close_surface(
        swept,
        now[0],
        surface_k[0],
        stage.exchange[ring, 0],
        stage.exchange[ring, 1],
        medium.half[0],
        admittance[0],
        first_capacity[0],
        theta[0],
        new[0],
        _WEIGHT,
        stage.flux,
    )
    for i in range(1, kz):
        down_ice(swept, i, theta, new, inverse, coupling, capacity, _WEIGHT)
    count, plain = 0, max(kz, 1)
    blood = down_plain(
        swept,
        plain,
        theta,
        new,
        flow,
        factor.inverse_pivot,
        factor.coupling,
        medium.loss,
        medium.source,
        _WEIGHT,
    )
    for i in range(need):
        freeze(new, i, medium, after.temperature[j], after.conductivity[j], after.liquid[j], width)
    if kz > 0:
        count = find_columns(temperature, swept, after.temperature[j], _WEIGHT, kz, again)
    if count > 0:
        gather(
            count,
            kz,
            _WEIGHT,
            _TWO_GAMMA,
            old,
            theta,
            new,
            temperature,
            conductivity,
            liquid,
            stage.temperature[ring_low],
            stage.conductivity[ring_low],
            stage.temperature[ring_high],
            stage.conductivity[ring_high],
            face,
            stage.exchange[ring, 0, 0],
            stage.exchange[ring, 0, 1],
            stage.exchange[ring, 1, 0],
            stage.exchange[ring, 1, 1],
            flow,
            medium,
            factor,
            again,
        )
        iterate(count, kz, medium, factor, again)
        scatter(
            count,
            kz,
            need,
            _WEIGHT,
            temperature,
            liquid,
            swept,
            stage.flux,
            inverse,
            coupling,
            admittance,
            capacity,
            new,
            after.temperature[j],
            after.conductivity[j],
            after.liquid[j],
            again,
        )
        blood, plain = 0.0, cells
    for i in range(need):
        capacity_ratio(new, i, medium, after.capacity[j], width)
    blood += blood_heat(theta, temperature, swept, liquid, kz, plain, flow, medium.loss, medium.source)
    deep = deep_heat(theta, swept, cells, medium.conductance[cells - 1])
    return sum_of(stage.flux), np.float64(deep), blood
