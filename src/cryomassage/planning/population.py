"""What a dose does to a population of virtual skins."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from operator import itemgetter

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from cryomassage.engine.column import Layers
from cryomassage.engine.solver import Exposure, Trace, advance, locate_probes, surface_temperature
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.exposure_train import Dose, build_exposure
from cryomassage.planning.spot_run import FREEZE_STEP_s, freeze_and_thaw
from cryomassage.planning.spot_skin import spot_skins
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
class Readings:
    """Temperatures over time, for drawing."""

    time_s: Float[np.ndarray, " steps"]
    surface_degC: Float[np.ndarray, "steps skins"]
    basal_degC: Float[np.ndarray, "steps skins"]
    millimetre_degC: Float[np.ndarray, "steps skins"]
    fat_degC: Float[np.ndarray, "steps skins"]


@dataclass(frozen=True)
class DepthField:
    """One skin over depth and time, for drawing; the first column is the skin at rest."""

    depth_m: Float[np.ndarray, " cells"]
    temperature_degC: Float[np.ndarray, "cells times"]


def _march(skins: VirtualSkins, exposure: Exposure) -> list[tuple[Exposure, Trace]]:
    """Advance through an exposure in calls of one shape."""
    state, parts = skins.at_rest, []
    for begin in range(0, exposure.time_step_s.shape[0], _GROUPS_PER_CALL):
        part: Exposure = jax.tree.map(itemgetter(slice(begin, begin + _GROUPS_PER_CALL)), exposure)
        state, trace = advance(skins.column, state, part, skins.probes)
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
            skins = self.skins(posed, seed)
            exposure, _ = build_exposure(skins, dose, self.nominal_footprint(posed, held))
            surface = np.full(skins.count, np.inf)
            basal = np.full(skins.count, np.inf)
            cold_fat, below_0 = np.zeros(skins.count), np.zeros(skins.count)
            threshold = self.knowledge.limit["fat_cold_threshold"].quantity.value
            for part, trace in _march(skins, exposure):
                probe = np.asarray(trace.probe_degC)
                surface = np.minimum(surface, np.asarray(trace.surface_degC).min(axis=(0, 1)))
                basal = np.minimum(basal, probe[:, :, 0].min(axis=(0, 1)))
                cold = (probe[:, :, 2] < threshold).sum(axis=1)
                cold_fat += (cold * np.asarray(part.time_step_s)).sum(axis=0)
                frost = (np.asarray(trace.surface_degC) < self.numerics.margin_K).sum(axis=1)
                below_0 += (frost * np.asarray(part.time_step_s)).sum(axis=0)
            self._responses[key] = Response(surface, basal, cold_fat, below_0)
        return self._responses[key]

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

    def readings(self, posed: Posed, seed: int, dose: Dose, held: bool) -> Readings:
        """Expose a population to a dose and keep everything over time."""
        skins = self.skins(posed, seed)
        exposure, time = build_exposure(skins, dose, self.nominal_footprint(posed, held))
        traces = [trace for _, trace in _march(skins, exposure)]
        surface = np.concatenate([np.asarray(trace.surface_degC).reshape(-1, skins.count) for trace in traces])
        probe = np.concatenate([np.asarray(trace.probe_degC).reshape(-1, 3, skins.count) for trace in traces])
        return Readings(time, surface, probe[:, 0], probe[:, 1], probe[:, 2])

    def resting(self, posed: Posed, seed: int) -> Readings:
        """What a population feels at time zero, before anything cold comes near."""
        skins = self.skins(posed, seed)
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
        return Readings(np.zeros(1), np.asarray(surface)[None], probe[0:1], probe[1:2], probe[2:3])

    def depth_field(self, posed: Posed, seed: int, dose: Dose, held: bool, skin: int) -> DepthField:
        """Expose one skin of a population to a dose and read every cell over time, rest included.

        The skin is copied until the population is as large as ever, and each copy is read at other depths:
        the shapes stay those of a plan, so that nothing is compiled for a picture.
        """
        skins = _copies(self.skins(posed, seed), skin)
        exposure, _ = build_exposure(skins, dose, self.nominal_footprint(posed, held))
        width = np.asarray(skins.column.cell_width)[:, 0]
        depth = np.cumsum(width) - 0.5 * width
        read_at = np.resize(depth, skins.probes.weight.shape)
        probes = locate_probes(skins.column, jnp.asarray(read_at, jnp.float32))
        state = skins.at_rest
        columns = [np.asarray(state.temperature_degC)[:, :1]]
        for begin in range(0, exposure.time_step_s.shape[0], _GROUPS_PER_CALL):
            part: Exposure = jax.tree.map(itemgetter(slice(begin, begin + _GROUPS_PER_CALL)), exposure)
            state, trace = advance(skins.column, state, part, probes)
            columns.append(np.asarray(trace.probe_degC).reshape(-1, read_at.size)[:, : depth.size].T)
        return DepthField(depth, np.concatenate(columns, axis=1))


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
