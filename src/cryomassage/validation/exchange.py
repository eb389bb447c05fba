"""What the surface meets in a case: coefficients and sinks of the agent, from the knowledge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cryomassage.knowledge.schema import Knowledge, TrialSource
from cryomassage.records.validation_case import Case, Setup
from cryomassage.units import convert
from cryomassage.validation.parameters import Values

Sets = Float[np.ndarray, " sets"]
_FULL_PRESSURE_mmhg = 24.0  # to which the gain of contact under pressure belongs


@dataclass(frozen=True)
class Contact:
    """Exchange while the cold is on, set by set. SI units, °C.

    The coefficient grows from `first_share` of itself with `settling_time`, in series with `barrier`; the sink goes
    from `first_sink` to `last_sink` with `warming_time`.
    """

    coefficient: Sets
    first_share: Sets
    settling_time: Sets
    barrier: Sets
    first_sink: Sets
    last_sink: Sets
    warming_time: Sets


def room_of(setup: Setup, knowledge: Knowledge) -> float:
    """Temperature of the room, degC."""
    return knowledge.trial["resting_room"].quantity.value if setup.room_degC is None else setup.room_degC


def camera_delay(setup: Setup, source: TrialSource, values: Values) -> Sets:
    """How long after the cold a camera saw the surface, s: not at all where it could look on."""
    infrared = setup.sensor is not None and setup.sensor.startswith("infrared")
    if infrared and source.body_cooled is not None:
        return values["camera_delay_body"]
    if infrared and source.exchange in ("pack", "water", "solid", "held"):
        return values["camera_delay"]
    return np.zeros(values.sets)


def contact_of(case: Case, values: Values, knowledge: Knowledge) -> Contact:
    """The exchange of a case."""
    setup, one = case.setup, np.ones(values.sets)
    source = knowledge.trial_source[setup.agent]
    coefficient, first, last, warming = _AGENTS[source.exchange](setup, source, values, knowledge)
    settles = source.settles
    return Contact(
        coefficient=coefficient,
        first_share=values["first_contact"] if settles else one,
        settling_time=values["settling_time"] if settles else one,
        barrier=0.0 * one if setup.barrier == "none" else values[f"barrier_{setup.barrier}"],
        first_sink=first * one,
        last_sink=last * one,
        warming_time=warming * one,
    )


_Agent = tuple[Sets, Sets | float, Sets | float, float]
_STEADY_s = 1.0


def _stated(setup: Setup, source: TrialSource, knowledge: Knowledge) -> float:
    """Temperature of the agent: as the trial states it, or as is usual."""
    if setup.agent_degC is not None:
        return setup.agent_degC
    if source.agent_temperature is not None:
        return source.agent_temperature.value
    return knowledge.cold_source[setup.agent].sink_temperature.value


def _pressed(coefficient: Sets, setup: Setup, values: Values) -> Sets:
    """A contact under pressure; the gain belongs to the first 24 mmHg, and more pressure adds ever less."""
    if not setup.pressure_mmhg:
        return coefficient
    return np.asarray(
        coefficient * (1.0 + values["pressure_gain"] * np.log2(1.0 + setup.pressure_mmhg / _FULL_PRESSURE_mmhg))
    )


def _pack(setup: Setup, source: TrialSource, values: Values, knowledge: Knowledge) -> _Agent:
    if None in (source.agent_temperature, source.first_surface, source.last_surface, source.warming_time):
        raise ValueError(f"trial_source.{setup.agent} lacks a temperature")
    usual, first = source.agent_temperature.value, source.first_surface.value  # type: ignore[union-attr]
    last, warming = source.last_surface.value, source.warming_time.value  # type: ignore[union-attr]
    coefficient = _pressed(values[setup.agent], setup, values)
    agent = _stated(setup, source, knowledge)
    if agent >= last:
        return coefficient, agent, agent, _STEADY_s
    # Melting ice has no colder store to measure others by: of a colder one a third of the cold reaches the surface.
    share = (first - last) / (usual - last) if usual < last else 0.3
    return coefficient, last + share * (agent - last), last, warming


def _plain(setup: Setup, source: TrialSource, values: Values, knowledge: Knowledge) -> _Agent:
    agent = _stated(setup, source, knowledge)
    return _pressed(values[setup.agent], setup, values), agent, agent, _STEADY_s


def _air(setup: Setup, source: TrialSource, values: Values, knowledge: Knowledge) -> _Agent:
    air = setup.air_degC if setup.air_degC is not None else _stated(setup, source, knowledge)
    coefficient = values[setup.agent]
    if setup.wind_m_s:
        # What is stated to blow adds to what blows there always.
        coefficient = np.maximum(coefficient, _wind_coefficient(setup.wind_m_s, values, knowledge))
    return coefficient, air, air, _STEADY_s


def _wind_coefficient(wind_m_s: float, values: Values, knowledge: Knowledge) -> Sets:
    exponent = knowledge.trial["wind_exponent"].quantity.value
    radiation = knowledge.trial["wind_radiation"].quantity.value
    return np.asarray(values["wind_coefficient"] * wind_m_s**exponent + radiation)


def _wind(setup: Setup, source: TrialSource, values: Values, knowledge: Knowledge) -> _Agent:
    air = _stated(setup, source, knowledge) if setup.air_degC is None else setup.air_degC
    return _wind_coefficient(setup.wind_m_s or 0.0, values, knowledge), air, air, _STEADY_s


def _held(setup: Setup, source: TrialSource, values: Values, knowledge: Knowledge) -> _Agent:
    agent = _stated(setup, source, knowledge)
    held = knowledge.cold_source[setup.agent].heat_transfer_coefficient.value
    return held * np.ones(values.sets), agent, agent, _STEADY_s


def swept_share(setup: Setup, values: Values, knowledge: Knowledge) -> Sets:
    """Share of the time that a jet which sweeps over an area spends on each point; 1 where it is held still."""
    if setup.pattern != "sweep_whole_zone" and not (
        setup.sensor == "infrared_area_mean" and setup.treated_area_cm2 is not None
    ):
        return np.ones(values.sets)
    area = setup.treated_area_cm2
    if area is None:
        zone = knowledge.zone[setup.site]
        area = convert(zone.area.value, zone.area.unit, "cm^2") / zone.sides
    footprint_cm2 = 0.25 * np.pi * (0.1 * values["jet_footprint"]) ** 2
    return np.asarray(np.minimum(footprint_cm2 / area, 1.0))


def _jet(setup: Setup, source: TrialSource, values: Values, knowledge: Knowledge) -> _Agent:
    room, outlet = room_of(setup, knowledge), _stated(setup, source, knowledge)
    nominal = knowledge.trial["jet_distance"].quantity.value
    distance = 1.0 if setup.distance_mm is None else setup.distance_mm / nominal
    # Coefficient and cold fall alike; only their product is told by a phantom. Nearer than that a jet has hardly begun
    # to mix with the room, and both change half as fast.
    fall = distance ** ((-0.5 if distance > 1.0 else -0.25) * values["jet_fall"])
    effectiveness = np.minimum(values[f"{setup.agent}_effectiveness"] * fall, 1.0)
    wall = room + effectiveness * (outlet - room)
    share = swept_share(setup, values, knowledge)
    return values[setup.agent] * fall * share, wall, wall, _STEADY_s


def _spray(setup: Setup, source: TrialSource, values: Values, knowledge: Knowledge) -> _Agent:
    agent = _stated(setup, source, knowledge)
    share = swept_share(setup, values, knowledge)
    return values[setup.agent] * share, agent, agent, _STEADY_s


_AGENTS = {
    "pack": _pack,
    "water": _plain,
    "solid": _plain,
    "spray": _spray,
    "jet": _jet,
    "air": _air,
    "wind": _wind,
    "held": _held,
}
