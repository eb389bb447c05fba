"""What the body of a population does that goes through a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cryomassage.engine.column import SKIN_GRID
from cryomassage.engine.solver import Exposure, Trace
from cryomassage.engine.vasomotion import Vasomotion
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.body_response import Treated, Watched, body_response
from cryomassage.planning.injury_skin import draw_injury
from cryomassage.planning.population import Flow, Readings, at_rest_readings
from cryomassage.planning.vessel_skin import draw_vessels, governed_cells
from cryomassage.planning.virtual_skin import VirtualSkins
from cryomassage.records.body_response import BodyResponse
from cryomassage.records.scenario import PHANTOM, Scenario
from cryomassage.units import convert

# Skins times stretches of which everything is kept: about 0.3 GB.
_MOST_KEPT = 200_000
_NO_CLASS = 4  # a simulation belongs to no exposure class, so that no limit of injury stands beside it


@dataclass(frozen=True)
class StretchRead:
    """What was read of every skin during one stretch."""

    time_step_s: Float[np.ndarray, "steps skins"]
    surface_degC: Float[np.ndarray, "steps skins"]
    basal_degC: Float[np.ndarray, "steps skins"]
    millimetre_degC: Float[np.ndarray, "steps skins"]
    fat_degC: Float[np.ndarray, "steps skins"]
    flow: Flow


def stretch_read(exposure: Exposure, trace: Trace, values_degC: Float[np.ndarray, "steps places skins"]) -> StretchRead:
    """Sort what was read; the first four places are surface, basal layer, 1 mm and the top of the fat."""
    steps = np.shape(trace.surface_degC)[1]
    group_s = np.asarray(exposure.time_step_s)
    surface, basal, millimetre, fat = (values_degC[:, place] for place in range(4))
    flow = Flow(group_s * steps, np.asarray(trace.blood_flow), np.asarray(trace.blood_volume))
    return StretchRead(np.repeat(group_s, steps, axis=0), surface, basal, millimetre, fat, flow)


@dataclass(frozen=True)
class AnsweringBody:
    """How the vessels of a population answer, and how long it is watched when the scenario is over."""

    scenario: Scenario
    skins: VirtualSkins
    vasomotion: Vasomotion
    watch_s: float
    knowledge: Knowledge

    def response(self, read: Sequence[StretchRead]) -> BodyResponse:
        """What the body does during the scenario and the watch after it."""

        def joined(name: str) -> Float[np.ndarray, ...]:
            return np.concatenate([getattr(part, name) for part in read])

        flow = Flow(*(np.concatenate([getattr(part.flow, name) for part in read]) for name in Flow.__annotations__))
        steps = joined("time_step_s")
        told = Readings(
            time_s=np.cumsum(steps[:, 0]),
            time_step_s=steps,
            surface_degC=joined("surface_degC"),
            basal_degC=joined("basal_degC"),
            millimetre_degC=joined("millimetre_degC"),
            fat_degC=joined("fat_degC"),
            flow=flow,
        )
        cold_ends_s, now_s = 0.0, 0.0
        for interval in self.scenario.intervals():
            now_s += interval.duration_s
            cold_ends_s = now_s if interval.on else cold_ends_s
        watched = Watched(
            skins=self.skins,
            told=told,
            rest=at_rest_readings(self.skins),
            pass_ends_s=np.full((1, self.skins.count), cold_ends_s),
            injury_draws=draw_injury(self.scenario.site, self.skins, self.knowledge, self.scenario.seed),
            seed=self.scenario.seed,
        )
        return body_response(watched, Treated(self.scenario.site, _NO_CLASS, None, True), self.knowledge)


def answering_body(scenario: Scenario, skins: VirtualSkins, knowledge: Knowledge) -> AnsweringBody | None:
    """How the body of a population answers a scenario; None for a phantom, or where nobody asks."""
    if scenario.site == PHANTOM or not scenario.body_response or _too_much(scenario):
        return None
    tissues = tuple(layer.tissue for layer in knowledge.zone[scenario.site].layers)
    vasomotion = draw_vessels(
        scenario.site,
        skins.column,
        np.asarray(skins.at_rest.temperature_degC),
        governed_cells(tissues, SKIN_GRID[len(tissues)][0]),
        knowledge,
        scenario.seed,
        _body_cooled(scenario, knowledge),
    )
    hours = knowledge.limit["body_watch"].quantity
    return AnsweringBody(scenario, skins, vasomotion, hours.value * convert(1.0, hours.unit, "s"), knowledge)


def _body_cooled(scenario: Scenario, knowledge: Knowledge) -> float:
    """Share of the whole body that the source cools besides the site, which brings about its reflex."""
    source = knowledge.trial_source.get(scenario.cold_source or "")
    return 0.0 if source is None or source.body_cooled is None else source.body_cooled.value


def _too_much(scenario: Scenario) -> bool:
    return len(scenario.intervals()) * scenario.virtual_skins > _MOST_KEPT


def body_notes(scenario: Scenario, answering: AnsweringBody | None) -> tuple[str, ...]:
    """What the reader must know of the body in this simulation."""
    if answering is not None:
        hours = answering.watch_s / 3600.0
        return (f"The body is watched for {hours:g} h in the room after the scenario; the phototype is not known.",)
    if scenario.site == PHANTOM:
        return ()
    if scenario.body_response and _too_much(scenario):
        return (
            "Blood flow is held constant and the body's response is left out: stretches times virtual skins are more "
            f"than {_MOST_KEPT:,}.",
        )
    return ("Blood flow is held constant.",)
