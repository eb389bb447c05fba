"""Columns of many cases through their exposures, all in one batch, with vessels that answer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float

from cryomassage.engine.column import Column, Layers, layered_column
from cryomassage.engine.solver import Exposure, Probes, advance, locate_probes, start, steady_state, surface_temperature
from cryomassage.engine.vasomotion import Vasomotion, rest_flow_of
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.vessel_skin import draw_vessels, governed_cells, sensitivity_of
from cryomassage.validation.pose import Posed

CELLS, GROWTH = (2, 4, 10, 10, 14), (1.0, 1.1, 1.2, 1.2, 1.25)
_PART = 512  # columns at once: one compiled shape for few cases and for many, and the arrays stay in a core's cache
_PROBES = 4  # depths of one case, rounded up to a multiple of these
_GROUPS, _STEPS = 40, 3
_POWER = 2.5  # of the grid in time: short steps after the jump that begins a phase
_DEEP_COUPLING = 1.0e4  # W/(m^2 K), as in the columns of plans
_HELD = 1.0e4  # W/(m^2 K), of a surface that is held at a temperature
_SURE_K = 1.0  # shift of the blood by which its effect on the surface is found; the equation is linear

Columns = Float[np.ndarray, " columns"]


@dataclass(frozen=True)
class Batch:
    """Columns side by side; the fields are those of `Posed` and `Contact`, spread over the columns."""

    thickness: Float[np.ndarray, "layers columns"]
    thermal_conductivity: Float[np.ndarray, "layers columns"]
    volumetric_heat_capacity: Float[np.ndarray, "layers columns"]
    perfusion_conductance: Float[np.ndarray, "layers columns"]
    metabolic_heat_production: Float[np.ndarray, "layers columns"]
    governed: Float[np.ndarray, "cells columns"]
    zone: np.ndarray  # keys, one per column; empty where no vessels answer
    flow_at_28: Columns
    body_cooled: Columns
    blood_degC: Columns
    resting_degC: Columns
    resting_room_degC: Columns
    room_degC: Columns
    phantom: Bool[np.ndarray, " columns"]
    coefficient: Columns
    first_share: Columns
    settling_time: Columns
    barrier: Columns
    first_sink: Columns
    last_sink: Columns
    warming_time: Columns
    on_s: Columns
    after_s: Columns
    depth: Float[np.ndarray, "probes columns"]

    def some(self, chosen: np.ndarray) -> Batch:
        """Some of the columns."""
        return Batch(**{field.name: getattr(self, field.name)[..., chosen] for field in fields(self)})

    @property
    def layers(self) -> Layers:
        """The layers of the columns."""
        return Layers(
            self.thickness,
            self.thermal_conductivity,
            self.volumetric_heat_capacity,
            self.perfusion_conductance,
            self.metabolic_heat_production,
        )


class Curves(NamedTuple):
    """What the columns went through, from the first moment of cold; SI units, °C.

    Attributes:
        time_s: with 0 first.
        surface_degC: of the skin.
        probe_degC: at the depths.
        heat: J/m^2 that left through the surface since the start.
        sink_degC: of what the surface meets.
        flow_time_s: times of the flow.
        flow: of blood, as a share of that at rest.
        resting_degC: surface at rest.
        start_degC: cells at the start, for the solver with ice.
        blood_degC: that the resting surface asks for.
    """

    time_s: Float[np.ndarray, "times columns"]
    surface_degC: Float[np.ndarray, "times columns"]
    probe_degC: Float[np.ndarray, "times probes columns"]
    heat: Float[np.ndarray, "times columns"]
    sink_degC: Float[np.ndarray, "times columns"]
    flow_time_s: Float[np.ndarray, "flow_times columns"]
    flow: Float[np.ndarray, "flow_times columns"]
    resting_degC: Columns
    blood_degC: Columns

    def of(self, where: slice) -> Curves:
        """Some of the columns."""
        return Curves(*(part[..., where] for part in self))


def phase_edges() -> Float[np.ndarray, " edges"]:
    """Ends of the steps of a phase as shares of it, with 0 first: each group is cut into even steps."""
    groups = (np.arange(_GROUPS + 1) / _GROUPS) ** _POWER
    inner = np.arange(1, _STEPS + 1) / _STEPS
    steps = groups[:-1, None] + np.diff(groups)[:, None] * inner
    return np.concatenate([[0.0], steps.ravel()])


def batch_of(posed: Sequence[Posed]) -> Batch:
    """Cases side by side."""

    def joined(of: str, inner: str = "") -> np.ndarray:
        parts = []
        for case in posed:
            value = getattr(getattr(case, inner) if inner else case, of)
            parts.append(
                np.broadcast_to(value, (*np.shape(value)[:-1], case.sets))
                if np.ndim(value)
                else np.full(case.sets, value)
            )
        return np.concatenate(parts, axis=-1)

    probes = -(-max(len(case.depth) for case in posed) // _PROBES) * _PROBES
    depth = [np.pad(case.depth, ((0, probes - len(case.depth)), (0, 0))) for case in posed]
    governed = [np.repeat(governed_cells(case.tissues, CELLS)[:, None], case.sets, axis=1) for case in posed]
    layers = {name: joined(name, "layers") for name in Layers._fields}
    contact = ("coefficient", "first_share", "settling_time", "barrier", "first_sink", "last_sink", "warming_time")
    single = ("flow_at_28", "body_cooled", "blood_degC", "resting_degC", "resting_room_degC", "room_degC", "phantom")
    return Batch(
        **layers,
        governed=np.concatenate(governed, axis=1),
        zone=np.concatenate([np.full(case.sets, case.zone or "", object) for case in posed]),
        **{name: joined(name) for name in (*single, "on_s", "after_s")},
        **{name: joined(name, "contact") for name in contact},
        depth=np.concatenate(depth, axis=1),
    )


def march(batch: Batch, sink_shift_K: Columns, knowledge: Knowledge) -> Curves:
    """Take all columns through the cold and what follows.

    Args:
        batch: the columns.
        sink_shift_K: added to the sink while the cold is on.
        knowledge: room, vessels.
    """
    count = batch.on_s.size
    vessels = {zone: _nominal(zone, batch, knowledge) for zone in sorted(set(batch.zone))}

    def part(begin: int) -> Curves:
        chosen = np.minimum(np.arange(begin, begin + _PART), count - 1)
        return _march_part(batch.some(chosen), sink_shift_K[chosen], vessels, knowledge)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        parts = list(pool.map(part, range(0, count, _PART)))
    return Curves(*(np.concatenate(same, axis=-1)[..., :count] for same in zip(*parts, strict=True)))


def _single(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.float32)


def column_of(batch: Batch, blood_degC: Columns, cells: tuple[int, ...], growth: tuple[float, ...]) -> Column:
    """The medium of the columns, with the blood at a temperature."""
    deep = np.where(batch.phantom, 0.0, _DEEP_COUPLING)
    return layered_column(batch.layers, cells, growth, blood_degC, deep, blood_degC)


def room_coefficient(knowledge: Knowledge) -> float:
    """Exchange of skin with a still room, W/(m^2 K)."""
    return knowledge.limit["exchange_room_still"].quantity.value


def blood_for_rest(batch: Batch, knowledge: Knowledge) -> Columns:
    """Temperature of the blood with which the surface at rest is as warm as stated, within what blood can be."""
    size = batch.on_s.size
    room = _single(np.full(size, room_coefficient(knowledge)))
    none = np.zeros(size, np.float32)

    def surface(blood_degC: Columns) -> Columns:
        column = column_of(batch, blood_degC, CELLS, GROWTH)
        sink = _single(batch.resting_room_degC)
        steady = steady_state(column, room, sink, none)
        return np.asarray(surface_temperature(column, steady, room, sink, none), np.float64)

    first = surface(batch.blood_degC)
    slope = surface(batch.blood_degC + _SURE_K) - first
    wanted = batch.blood_degC + _SURE_K * (batch.resting_degC - first) / np.where(batch.phantom, 1.0, slope)
    coldest, warmest = (knowledge.trial[name].quantity.value for name in ("coldest_blood", "warmest_blood"))
    return np.where(batch.phantom, batch.resting_degC, np.clip(wanted, coldest, warmest))


def _held_at_first(blood_degC: Columns, knowledge: Knowledge) -> Bool[np.ndarray, " columns"]:
    """Where the blood alone cannot make the surface as warm, or as cold, as it is stated to be."""
    coldest, warmest = (knowledge.trial[name].quantity.value for name in ("coldest_blood", "warmest_blood"))
    return np.asarray((blood_degC >= warmest) | (blood_degC <= coldest))


def at_rest(
    batch: Batch, column: Column, blood_degC: Columns, knowledge: Knowledge
) -> Float[np.ndarray, "cells columns"]:
    """Cells at the start: at rest in the room, or below a surface that was held where blood alone cannot bring it."""
    size = batch.on_s.size
    held = _held_at_first(blood_degC, knowledge)
    coefficient = np.where(held, _HELD, room_coefficient(knowledge))
    sink = np.where(held, batch.resting_degC, batch.room_degC)
    steady = np.asarray(steady_state(column, _single(coefficient), _single(sink), np.zeros(size, np.float32)))
    return np.where(batch.phantom, _single(batch.resting_degC), steady)


def contact_over_time(
    batch: Batch, time_s: Float[np.ndarray, "times columns"], sink_shift_K: Columns
) -> tuple[Float[np.ndarray, "times columns"], Float[np.ndarray, "times columns"]]:
    """Coefficient and sink while the cold is on."""
    settling = 1.0 - (1.0 - batch.first_share) * np.exp(-time_s / batch.settling_time)
    coefficient = 1.0 / (1.0 / (batch.coefficient * settling) + batch.barrier)
    sink = batch.last_sink + (batch.first_sink - batch.last_sink) * np.exp(-time_s / batch.warming_time)
    return coefficient, sink + sink_shift_K


def _nominal(zone: str, batch: Batch, knowledge: Knowledge) -> Vasomotion:
    """The vessels of a zone as the knowledge states them, for one column; what hangs on the column is set later."""
    first = batch.some(np.array([0]))
    column = column_of(first, first.blood_degC, CELLS, GROWTH)
    rest = np.full((sum(CELLS), 1), float(first.resting_degC[0]))
    known = zone or next(iter(knowledge.zone))
    return draw_vessels(known, column, rest, np.ones(sum(CELLS)), knowledge, seed=0, body_cooled=1.0, nominal=True)


def _vessels(
    batch: Batch,
    column: Column,
    start_degC: Float[np.ndarray, "cells columns"],
    nominal: dict[str, Vasomotion],
    knowledge: Knowledge,
) -> Vasomotion:
    zones = list(nominal)
    place = np.array([zones.index(zone) for zone in batch.zone])
    stacked = Vasomotion(
        *(
            np.concatenate([np.asarray(part) for part in same], axis=-1)[..., place]
            for same in zip(*nominal.values(), strict=True)
        )
    )
    depth = np.full((1, batch.on_s.size), knowledge.vessels["depth"].quantity.value * 1e-3)
    probes = locate_probes(column, _single(depth))
    upper, weight = np.asarray(probes.upper_cell)[0], np.asarray(probes.weight)[0]
    above = np.take_along_axis(start_degC, upper[None], axis=0)[0]
    below = np.take_along_axis(start_degC, upper[None] + 1, axis=0)[0]
    answers = batch.zone != ""
    step_K = knowledge.vessels["cooling_step"].quantity.value
    found = sensitivity_of(batch.flow_at_28, np.asarray(stacked.least_flow, np.float64), step_K)
    rest, sensitivity = _single(above + weight * (below - above)), _single(np.where(answers, found, 0.0))
    return stacked._replace(
        upper_cell=upper,
        weight=weight,
        rest_degC=rest,
        rest_flow=rest_flow_of(rest, stacked.reference_degC, sensitivity, stacked.least_flow),
        sensitivity=sensitivity,
        answers=_single(batch.governed * answers),
        reflex=_single(np.asarray(stacked.reflex) * batch.body_cooled),
        reflex_cooled=_single(np.asarray(stacked.reflex_cooled) * batch.body_cooled),
    )


def _read_start(values: Float[np.ndarray, "cells columns"], probes: Probes) -> Float[np.ndarray, "probes columns"]:
    upper, weight = np.asarray(probes.upper_cell), np.asarray(probes.weight)
    above, below = np.take_along_axis(values, upper, axis=0), np.take_along_axis(values, upper + 1, axis=0)
    return np.asarray(above + weight * (below - above))


def _march_part(batch: Batch, sink_shift_K: Columns, nominal: dict[str, Vasomotion], knowledge: Knowledge) -> Curves:
    size = batch.on_s.size
    blood = blood_for_rest(batch, knowledge)
    column = column_of(batch, blood, CELLS, GROWTH)
    begin = at_rest(batch, column, blood, knowledge)
    vessels = _vessels(batch, column, begin, nominal, knowledge)
    probes = locate_probes(column, _single(batch.depth))

    edges = phase_edges()
    on, after = edges[:, None] * batch.on_s, edges[1:, None] * batch.after_s
    time_s = np.concatenate([on, batch.on_s + after])
    middle = 0.5 * (on[1:] + on[:-1])
    coefficient, sink = contact_over_time(batch, middle, sink_shift_K)
    room = room_coefficient(knowledge)
    coefficient = np.concatenate([coefficient, np.full_like(after, room)])
    sink = np.concatenate([sink, np.broadcast_to(batch.room_degC, after.shape)])
    shape = (2 * _GROUPS, _STEPS, 1, size)
    exposure = Exposure(
        time_step_s=_single(np.diff(time_s, axis=0)[::_STEPS]),
        heat_transfer_coefficient=_single(coefficient).reshape(shape),
        sink_temperature_degC=_single(sink).reshape(shape),
        heat_flux=np.zeros(shape, np.float32),
    )
    _, trace = advance(
        column, start(column, jnp.asarray(begin, jnp.float32), vessels), exposure, probes, vasomotion=vessels
    )
    surface = np.asarray(trace.surface_degC, np.float64).reshape(-1, size)
    probe = np.asarray(trace.probe_degC, np.float64).reshape(len(surface), -1, size)
    heat = -np.cumsum(np.asarray(trace.heat_absorbed, np.float64).reshape(-1, size), axis=0)
    none = np.zeros(size, np.float32)
    resting = np.asarray(
        surface_temperature(column, jnp.asarray(begin), none + np.float32(room), _single(batch.room_degC), none)
    )
    resting = np.where(batch.phantom | _held_at_first(blood, knowledge), batch.resting_degC, resting)
    flow = np.asarray(trace.blood_flow, np.float64).reshape(-1, size)
    return Curves(
        time_s=time_s,
        surface_degC=np.concatenate([resting[None], surface]),
        probe_degC=np.concatenate([_read_start(begin, probes)[None], probe]),
        heat=np.concatenate([np.zeros((1, size)), heat]),
        sink_degC=np.concatenate([sink[:1], sink]),
        flow_time_s=time_s[::_STEPS],
        flow=np.concatenate([np.ones((1, size)), flow]),
        resting_degC=resting,
        blood_degC=blood,
    )
