"""What a dose does to a population of virtual skins."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, fields
from operator import itemgetter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from cryomassage.engine.column import SKIN_GRID, Layers
from cryomassage.engine.solver import AnyArray, Exposure, Probes, Trace, advance, locate_probes, surface_temperature
from cryomassage.engine.vasomotion import Vasomotion, at_rest
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.exposure_train import STEPS_PER_GROUP, Dose, build_exposure, build_watch, dwell_of
from cryomassage.planning.injury_skin import CellDraws, draw_injury, injury_probability
from cryomassage.planning.spot_run import FREEZE_STEP_s, freeze_and_thaw
from cryomassage.planning.spot_skin import spot_skins
from cryomassage.planning.vessel_skin import draw_vessels, governed_cells
from cryomassage.planning.virtual_skin import Posed, VirtualSkins, draw
from cryomassage.records.plan import Numerics
from cryomassage.units import convert

_surface_temperature = jax.jit(surface_temperature)  # one compilation instead of one for each sum
_AXIS = 1.0e-5  # m, so near to the axis of a held source that it is all one
_GROUPS_PER_CALL = 8  # one pulse and its rest: one shape, so one compilation


@dataclass(frozen=True)
class Response:
    """The lowest temperatures of every skin, and how long it was cold."""

    lowest_surface_degC: Float[np.ndarray, " skins"]
    lowest_basal_degC: Float[np.ndarray, " skins"]
    fat_below_10_s: Float[np.ndarray, " skins"]
    surface_below_0_s: Float[np.ndarray, " skins"]


@dataclass(frozen=True)
class Flow:
    """How the vessels answered, at the end of each group of steps, as shares of what is at rest."""

    group_s: Float[np.ndarray, "groups skins"]  # length of each group
    blood_flow: Float[np.ndarray, "groups skins"]
    blood_volume: Float[np.ndarray, "groups skins"]


@dataclass(frozen=True)
class Readings:
    """Temperatures over time, and how the vessels answered where they do."""

    time_s: Float[np.ndarray, " steps"]  # for a hand at the planned speed
    time_step_s: Float[np.ndarray, "steps skins"]  # of each skin
    surface_degC: Float[np.ndarray, "steps skins"]
    basal_degC: Float[np.ndarray, "steps skins"]
    millimetre_degC: Float[np.ndarray, "steps skins"]
    fat_degC: Float[np.ndarray, "steps skins"]
    flow: Flow | None


@dataclass(frozen=True)
class DepthField:
    """One skin over depth and time, for drawing; the first column is the skin at rest."""

    depth_m: Float[np.ndarray, " cells"]
    temperature_degC: Float[np.ndarray, "cells times"]


def _march(
    skins: VirtualSkins, exposures: Sequence[Exposure], probes: Probes, vasomotion: Vasomotion | None
) -> list[tuple[Exposure, Trace]]:
    """Advance through exposures one after the other, in calls of one shape."""
    state, parts = skins.at_rest, []
    if vasomotion is not None:
        state = state._replace(vessels=at_rest(vasomotion))
    for exposure in exposures:
        for begin in range(0, exposure.time_step_s.shape[0], _GROUPS_PER_CALL):
            part: Exposure = jax.tree.map(itemgetter(slice(begin, begin + _GROUPS_PER_CALL)), exposure)
            state, trace = advance(skins.column, state, part, probes, vasomotion=vasomotion)
            parts.append((part, trace))
    return parts


@dataclass
class Laboratory:
    """Draws populations and exposes them; remembers both, since plans of many people share them."""

    knowledge: Knowledge
    numerics: Numerics
    _skins: dict[tuple[Posed, int], VirtualSkins] = field(default_factory=dict)
    _responses: dict[tuple[Posed, int, Dose], Response] = field(default_factory=dict)
    _frost: dict[tuple[Posed, int, Dose], Float[np.ndarray, " skins"]] = field(default_factory=dict)
    _injuries: dict[tuple[Posed, int, Dose], dict[str, Float[np.ndarray, " skins"]]] = field(default_factory=dict)
    _vessels: dict[tuple[Posed, int], Vasomotion] = field(default_factory=dict)
    _cells: dict[tuple[Posed, int], dict[str, CellDraws]] = field(default_factory=dict)
    _last: tuple[tuple[Posed, int, Dose], Readings] | None = None
    remembered: dict[Hashable, Any] = field(default_factory=dict)  # of those who ask a population for more

    def skins(self, posed: Posed, seed: int) -> VirtualSkins:
        """The population drawn for a case with a seed."""
        key = (posed, seed)
        if key not in self._skins:
            self._skins[key] = draw(posed, self.knowledge, self.numerics.virtual_skins, seed)
        return self._skins[key]

    def nominal_footprint(self, posed: Posed, held: bool) -> float | None:
        """Footprint along the stroke in m, or None for a compress that is held."""
        length = self.knowledge.cold_source[posed.cold_source].footprint_length
        return None if held or length is None else length.value * convert(1.0, length.unit, "m")

    def response(self, posed: Posed, seed: int, dose: Dose, held: bool) -> Response:
        """Expose a population to a dose and keep the extremes."""
        key = (posed, seed, dose)
        if key not in self._responses:
            told = self._latest(posed, seed, dose, held)
            threshold = self.knowledge.limit["fat_cold_threshold"].quantity.value
            self._responses[key] = Response(
                lowest_surface_degC=told.surface_degC.min(axis=0),
                lowest_basal_degC=told.basal_degC.min(axis=0),
                fat_below_10_s=(told.time_step_s * (told.fat_degC < threshold)).sum(axis=0),
                surface_below_0_s=(told.time_step_s * (told.surface_degC < self.numerics.margin_K)).sum(axis=0),
            )
        return self._responses[key]

    def injury(self, posed: Posed, seed: int, dose: Dose, held: bool) -> dict[str, Float[np.ndarray, " skins"]]:
        """Probability that cells of each kind are injured in each skin; each depth counts as colder by the margin."""
        key = (posed, seed, dose)
        if key not in self._injuries:
            told, margin = self._latest(posed, seed, dose, held), self.numerics.margin_K
            self._injuries[key] = injury_probability(
                told.time_step_s,
                told.basal_degC - margin,
                told.millimetre_degC - margin,
                told.fat_degC - margin,
                self.injury_draws(posed, seed),
            )
        return self._injuries[key]

    def injury_draws(self, posed: Posed, seed: int) -> dict[str, CellDraws]:
        """What kills which cells in each skin of a population."""
        key = (posed, seed)
        if key not in self._cells:
            self._cells[key] = draw_injury(posed.zone, self.skins(posed, seed), self.knowledge, seed)
        return self._cells[key]

    def frost_s(self, posed: Posed, seed: int, dose: Dose) -> Float[np.ndarray, " skins"]:
        """How long the surface of each skin is below zero under a held source if its water freezes when it can.

        Ice keeps the surface warmer than water that does not freeze, but where much of it has formed it holds the
        surface below zero for longer.
        """
        key = (posed, seed, dose)
        if key not in self._frost:
            skins = spot_skins(
                self.skins(posed, seed), posed.zone, posed.cold_source, np.array([0.0, _AXIS]), self.knowledge
            )
            response = freeze_and_thaw(
                skins, dose.dwell_time_s, dose.passes, dose.pause_s, 0.0, until_thawed=True, thaw_step_s=FREEZE_STEP_s
            )
            length = np.diff(response.time_s, prepend=0.0)
            self._frost[key] = length @ (response.surface_degC < self.numerics.margin_K)
        return self._frost[key]

    def dwell(self, posed: Posed, seed: int, dose: Dose, held: bool) -> Float[np.ndarray, " skins"]:
        """How long one touch lasts at the point of each skin."""
        return dwell_of(self.skins(posed, seed), dose, self.nominal_footprint(posed, held))

    def vasomotion(self, posed: Posed, seed: int) -> Vasomotion | None:
        """How the vessels of a population answer; None where the numerics hold the blood flow constant."""
        if not self.numerics.body_response:
            return None
        key = (posed, seed)
        if key not in self._vessels:
            skins = self.skins(posed, seed)
            tissues = tuple(layer.tissue for layer in self.knowledge.zone[posed.zone].layers)
            drawn = draw_vessels(
                posed.zone,
                skins.column,
                np.asarray(skins.at_rest.temperature_degC),
                governed_cells(tissues, SKIN_GRID[len(tissues)][0]),
                self.knowledge,
                seed,
            )
            # Handed over once: thirty arrays take longer to hand over than a march of small steps takes.
            self._vessels[key] = jax.device_put(drawn)
        return self._vessels[key]

    def _latest(self, posed: Posed, seed: int, dose: Dose, held: bool) -> Readings:
        """Readings of a dose, kept until those of another one are asked for: temperatures and injury both read them."""
        key = (posed, seed, dose)
        if self._last is None or self._last[0] != key:
            self._last = (key, self.readings(posed, seed, dose, held))
        return self._last[1]

    def readings(
        self, posed: Posed, seed: int, dose: Dose, held: bool, watch_s: Float[np.ndarray, " edges"] | None = None
    ) -> Readings:
        """Expose a population to a dose and keep everything over time.

        Args:
            posed: what the population is drawn for.
            seed: of its draws.
            dose: what the hand does.
            held: whether the source is held still.
            watch_s: further times until which the skin is watched in the room, rising from the end of the dose.
        """
        skins = self.skins(posed, seed)
        exposure, time = build_exposure(skins, dose, self.nominal_footprint(posed, held))
        exposures = [exposure]
        if watch_s is not None:
            exposures.append(build_watch(skins, watch_s))
            steps = np.repeat(np.diff(watch_s) / STEPS_PER_GROUP, STEPS_PER_GROUP)
            time = np.concatenate([time, time[-1] + np.cumsum(steps)])
        parts = _march(skins, exposures, skins.probes, self.vasomotion(posed, seed))
        traces = [trace for _, trace in parts]
        probe = np.concatenate([_flat(trace.probe_degC) for trace in traces])
        group_s = np.concatenate([np.asarray(part.time_step_s) for part, _ in parts])
        flow = None
        if traces[0].blood_flow is not None:
            flow = Flow(
                group_s * STEPS_PER_GROUP,
                np.concatenate([np.asarray(trace.blood_flow) for trace in traces]),
                np.concatenate([np.asarray(trace.blood_volume) for trace in traces]),
            )
        return Readings(
            time_s=time,
            time_step_s=np.repeat(group_s, STEPS_PER_GROUP, axis=0),
            surface_degC=np.concatenate([_flat(trace.surface_degC) for trace in traces]),
            basal_degC=probe[:, 0],
            millimetre_degC=probe[:, 1],
            fat_degC=probe[:, 2],
            flow=flow,
        )

    def resting(self, posed: Posed, seed: int) -> Readings:
        """What a population feels at time zero, before anything cold comes near."""
        return at_rest_readings(self.skins(posed, seed))

    def depth_field(self, posed: Posed, seed: int, dose: Dose, held: bool, skin: int) -> DepthField:
        """Expose one skin of a population to a dose and read every cell over time, rest included.

        The skin is copied until the population is as large as ever, and each copy is read at other depths:
        the shapes stay those of a plan, so that nothing is compiled for a picture.
        """
        vasomotion = self.vasomotion(posed, seed)
        if vasomotion is not None:
            same = np.full(self.skins(posed, seed).count, skin)
            vasomotion = Vasomotion(*(np.asarray(values)[..., same] for values in vasomotion))
        skins = _copies(self.skins(posed, seed), skin)
        exposure, _ = build_exposure(skins, dose, self.nominal_footprint(posed, held))
        width = np.asarray(skins.column.cell_width)[:, 0]
        depth = np.cumsum(width) - 0.5 * width
        read_at = np.resize(depth, skins.probes.weight.shape)
        probes = locate_probes(skins.column, jnp.asarray(read_at, jnp.float32))
        columns = [np.asarray(skins.at_rest.temperature_degC)[:, :1]]
        for _, trace in _march(skins, [exposure], probes, vasomotion):
            columns.append(np.asarray(trace.probe_degC).reshape(-1, read_at.size)[:, : depth.size].T)
        return DepthField(depth, np.concatenate(columns, axis=1))


def at_rest_readings(skins: VirtualSkins) -> Readings:
    """What a population feels at time zero, before anything cold comes near."""
    rest = np.asarray(skins.at_rest.temperature_degC)
    surface = _surface_temperature(
        skins.column,
        rest,
        np.asarray(skins.room_coefficient, np.float32),
        np.asarray(skins.room_temperature_degC, np.float32),
        np.zeros(skins.count, np.float32),
    )
    above = np.asarray(skins.probes.upper_cell)
    upper, lower = np.take_along_axis(rest, above, axis=0), np.take_along_axis(rest, above + 1, axis=0)
    probe = upper + np.asarray(skins.probes.weight) * (lower - upper)
    return Readings(
        time_s=np.zeros(1),
        time_step_s=np.zeros((1, skins.count)),
        surface_degC=np.asarray(surface)[None],
        basal_degC=probe[0:1],
        millimetre_degC=probe[1:2],
        fat_degC=probe[2:3],
        flow=None,
    )


def _flat(values: AnyArray) -> Float[np.ndarray, ...]:
    """Groups and steps as one axis."""
    told = np.asarray(values)
    return told.reshape(-1, *told.shape[2:])


def _copies(skins: VirtualSkins, skin: int) -> VirtualSkins:
    """A population as large as the given one in which every skin is the same."""
    same = np.full(skins.count, skin)
    single = {
        entry.name: getattr(skins, entry.name)[..., same]
        for entry in fields(skins)
        if entry.name not in {"layers", "column"}
    }
    return VirtualSkins(
        layers=Layers(*(values[..., same] for values in skins.layers)),
        column=jax.tree.map(lambda values: np.asarray(values)[..., same], skins.column),
        **single,
    )
