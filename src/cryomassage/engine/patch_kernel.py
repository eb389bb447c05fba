"""The patch kernel for the processor: a linearly implicit step of every column, row by row, in the caches.

One step of the two-stage Rosenbrock W-method with gamma = 1 - 1/sqrt(2). With R the net heat into the cells,
M = C/(gamma dt) - J, and J the exact derivative in depth (conduction, surface exchange, blood flow at rest):

    M d1 = R(T)                      S = T + d1
    M d2 = R(S) - (2 C / dt) d1      T' = S + d2 / (2 gamma^2)

It is second order whatever J leaves out (Steihaug and Wolfbrandt 1979, Math Comp 33:521), so the exchange between
columns stays explicit; for linear problems in depth it equals the two-stage SDIRK scheme of the columns.

What is stepped is the enthalpy temperature, so that latent heat is conserved. Rows know how deep ice may be: below,
every column shares one factorisation (eliminated from below, admittances in series and parallel) and the state is
the temperature itself; above, each column is factorised for itself.

Arrays lie as (rows, cells, columns), relative to the arterial temperature: all work on a row fits a core's cache,
and the loops over columns are vector instructions.
"""

from __future__ import annotations

import numba
import numpy as np

from cryomassage.engine.compiled import compiled, compiled_for_threads, compiled_inside
from cryomassage.engine.patch_arrays import (
    Again,
    Counts,
    Factor,
    Fields,
    Medium,
    Pieces,
    Readings,
    Row,
    Schedule,
    Stage,
    Watch,
)
from cryomassage.engine.patch_exchange import exchange_of_row
from cryomassage.engine.patch_readings import read, read_ice, vessels_answer
from cryomassage.engine.patch_schedule import GAMMA
from cryomassage.engine.patch_stages import first_stage, second_stage
from cryomassage.engine.patch_zones import find_ice, foresee_ice, ice_reaches

# The share of the heat of a step that each of the two stages carries.
_FIRST = GAMMA - 1.0
_SECOND = 1.0 / (2.0 * GAMMA)


@compiled_inside
def _stage_of(stages: Stage, block: int) -> Stage:
    """Work space of one block."""
    return Stage(
        stages.enthalpy[block],
        stages.temperature[block],
        stages.conductivity[block],
        stages.liquid[block],
        stages.inverse_pivot[block],
        stages.coupling[block],
        stages.admittance[block],
        stages.face[block],
        stages.swept[block],
        stages.capacity[block],
        stages.flux[block],
        stages.exchange[block],
        stages.reading[block],
    )


@compiled_inside
def _again_of(agains: Again, block: int) -> Again:
    """The same for columns that are solved again."""
    return Again(
        agains.place[block],
        agains.base[block],
        agains.theta[block],
        agains.temperature[block],
        agains.conductivity[block],
        agains.liquid[block],
        agains.capacity[block],
        agains.fixed[block],
        agains.swept[block],
        agains.face[block],
        agains.coupling[block],
        agains.inverse[block],
        agains.admittance[block],
        agains.drawn[block],
        agains.hold[block],
        agains.pull[block],
        agains.flow[block],
        agains.fixed_flux[block],
        agains.flux[block],
        agains.carry[block],
    )


@compiled_inside
def _step_rows(
    first_row: int,
    last_row: int,
    fields: Fields,
    after: Fields,
    stage: Stage,
    again: Again,
    zone: Counts,
    near: Counts,
    need: Counts,
    medium: Medium,
    factors: Factor,
    schedule: Schedule,
    pieces: Pieces,
    spacing: float,
    room: Row,
    readings: Readings,
    watch: Watch,
    begin: int,
    end: int,
) -> None:
    """Steps of a block of rows; the row before it and the row after are staged once more here."""
    rows = zone.shape[0]
    for step in range(begin, end):
        if (step - begin) % 2 == 0:
            old, new = fields, after
        else:
            old, new = after, fields
        time_step, kind = schedule.time_step[step], schedule.factor[step]
        factor = Factor(
            factors.weight[kind], factors.admittance[kind], factors.inverse_pivot[kind], factors.coupling[kind]
        )
        for j in range(max(first_row - 1, 0), last_row + 1):
            if j < rows:
                for part in range(2):
                    exchange = stage.exchange[j % 4, part]
                    exchange_of_row(
                        (j + 0.5) * spacing,
                        spacing,
                        pieces,
                        schedule.pieces_begin[step, part],
                        schedule.pieces_end[step, part],
                        room[0],
                        room[1],
                        exchange[0, 1:-1],
                        exchange[1, 1:-1],
                    )
                heat = first_stage(
                    j,
                    max(j - 1, 0),
                    min(j + 1, rows - 1),
                    old,
                    stage,
                    again,
                    medium,
                    factor,
                    readings.flow[j],
                    near[j],
                    need[j],
                )
                if first_row <= j < last_row:
                    for n in range(3):
                        readings.heat[j, n] += _FIRST * time_step * heat[n]
            m = j - 1
            if not first_row <= m < last_row:
                continue
            heat = second_stage(
                m,
                max(m - 1, 0),
                min(m + 1, rows - 1),
                old,
                new,
                stage,
                again,
                medium,
                factor,
                readings.flow[m],
                near[m],
                need[m],
            )
            for n in range(3):
                readings.heat[m, n] += _SECOND * time_step * heat[n]
            now = new.temperature[m] if near[m] > 0 else new.enthalpy[m]
            read(
                m,
                now,
                new.conductivity[m, 0],
                stage.exchange[m % 4, 1],
                medium,
                readings,
                watch,
                time_step,
                stage.reading,
            )
            if near[m] > 0:
                read_ice(m, new.liquid[m], near[m], medium, readings)
            if medium.knot.shape[0] > 0:
                zone[m] = ice_reaches(new.enthalpy[m], medium, near[m], time_step)


@compiled_for_threads
def _step_all(
    old: Fields,
    new: Fields,
    stages: Stage,
    agains: Again,
    zone: Counts,
    near: Counts,
    need: Counts,
    medium: Medium,
    factors: Factor,
    schedule: Schedule,
    pieces: Pieces,
    spacing: float,
    room: Row,
    readings: Readings,
    watch: Watch,
    step: int,
) -> None:
    """One step of the patch, its blocks of rows side by side."""
    rows, blocks = zone.shape[0], stages.swept.shape[0]
    for block in numba.prange(blocks):
        _step_rows(
            np.int64(block) * rows // blocks,
            (np.int64(block) + 1) * rows // blocks,
            old,
            new,
            _stage_of(stages, np.int64(block)),
            _again_of(agains, np.int64(block)),
            zone,
            near,
            need,
            medium,
            factors,
            schedule,
            pieces,
            spacing,
            room,
            readings,
            watch,
            step,
            step + 1,
        )


@compiled
def step_patch(
    fields: Fields,
    after: Fields,
    stages: Stage,
    agains: Again,
    zone: Counts,
    need: Counts,
    medium: Medium,
    factors: Factor,
    schedule: Schedule,
    pieces: Pieces,
    spacing: float,
    room: Row,
    readings: Readings,
    watch: Watch,
    begin: int,
    end: int,
) -> bool:
    """Take the steps from `begin` to `end`. Returns True where the result lies in `after`.

    Args:
        fields: the state; overwritten, as is `after`.
        after: room for the state after a step.
        stages: work space; its first axis are the blocks of rows, one for each thread.
        agains: the same, for columns that are solved again.
        zone: (rows,), cells from the surface in which ice may be.
        need: (rows,), cells from the surface of which temperature, conductivity, liquid and capacity are known.
        medium: the discrete equation.
        factors: its first axis are the lengths of step.
        schedule: the steps.
        pieces: (pieces, 12) of strokes, see `exchange_of_row`.
        spacing: m.
        room: (2,), coefficient, and coefficient times temperature.
        readings: what is read.
        watch: what to read.
        begin, end: of the schedule.
    """
    rows = zone.shape[0]
    near = np.zeros(rows, np.int64)
    swapped = False
    first = rows - rows  # a literal would have everything compiled once more, just for it
    # To call other threads takes longer than a step of a small patch.
    alone, stage, again = stages.swept.shape[0] == 1, _stage_of(stages, first), _again_of(agains, first)
    # Where nothing happens between two steps, all are taken at once.
    at_once = end - begin if alone and medium.knot.shape[0] == 0 and watch.sense_cell < 0 else 1
    for step in range(begin, end, at_once):
        if swapped:
            old, new = after, fields
        else:
            old, new = fields, after
        if medium.knot.shape[0] > 0:
            foresee_ice(step, old, zone, medium, schedule, pieces, spacing)
            find_ice(old, new, zone, near, need, medium)
        if alone:
            _step_rows(
                first,
                rows,
                old,
                new,
                stage,
                again,
                zone,
                near,
                need,
                medium,
                factors,
                schedule,
                pieces,
                spacing,
                room,
                readings,
                watch,
                step,
                step + at_once,
            )
        else:
            _step_all(
                old,
                new,
                stages,
                agains,
                zone,
                near,
                need,
                medium,
                factors,
                schedule,
                pieces,
                spacing,
                room,
                readings,
                watch,
                step,
            )
        swapped = swapped == (at_once % 2 == 0)
        if watch.sense_cell < 0:
            continue
        # Only now: while the rows were worked, their neighbours still read the flow of this step.
        for j in range(rows):
            vessels_answer(
                new.enthalpy[j, watch.sense_cell],
                readings.flow[j],
                readings.memory[j],
                watch,
                schedule.constriction[step],
                schedule.ahead[step],
            )
    return swapped
