"""What a study would have read on the curves of its columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cryomassage.knowledge.schema import Knowledge
from cryomassage.records.validation_case import (
    DROP,
    FLOW,
    HEAT,
    TEMPERATURE,
    TIME_TO_DROP,
    TIME_TO_FREEZING,
    TIMES,
    Case,
    Observation,
)
from cryomassage.validation.march import Curves, phase_edges
from cryomassage.validation.pose import Posed, WATCHED_s

Sets = Float[np.ndarray, " sets"]
_ABOUT = 1.15  # factor of the time to either side over which the curve is taken to be straight


class Reading(NamedTuple):
    """One observation as predicted, set by set.

    Attributes:
        value: in the unit of the observation; of a time that never comes, the time that is watched.
        fall_K: fall of temperature that it is read from, which says how far studies may differ.
        steepness_K: of a time, change of temperature with its natural logarithm: how much a kelvin moves it.
        reached: whether what was waited for has happened.
    """

    value: Sets
    fall_K: Sets
    steepness_K: Sets
    reached: np.ndarray


def interpolated(time_s: Float[np.ndarray, "times sets"], values: Float[np.ndarray, "times sets"], at_s: Sets) -> Sets:
    """Each curve at its own time, linear between the steps."""
    # A time that is an edge but for rounding belongs to the step before it: the next one may be another phase.
    upper = np.clip((time_s < at_s * (1.0 - 1e-9)).sum(axis=0), 1, len(time_s) - 1)
    sets = np.arange(time_s.shape[1])
    before, after = time_s[upper - 1, sets], time_s[upper, sets]
    share = np.clip((at_s - before) / (after - before), 0.0, 1.0)
    low, high = values[upper - 1, sets], values[upper, sets]
    return np.asarray(low + share * (high - low))


def first_time(
    time_s: Float[np.ndarray, "times sets"], values: Float[np.ndarray, "times sets"], target: Sets, *, falling: bool
) -> tuple[Sets, np.ndarray]:
    """When each curve first reaches its target, and whether it does."""
    past = values <= target if falling else values >= target
    reached = past.any(axis=0)
    upper = np.maximum(past.argmax(axis=0), 1)
    sets = np.arange(time_s.shape[1])
    before, after = values[upper - 1, sets], values[upper, sets]
    step = np.where(after == before, 1.0, after - before)
    share = np.clip((target - before) / step, 0.0, 1.0)
    found = time_s[upper - 1, sets] + share * (time_s[upper, sets] - time_s[upper - 1, sets])
    return np.where(reached, np.maximum(found, time_s[1]), time_s[-1]), np.asarray(reached)


def _curve(case: Case, index: int, posed: Posed, curves: Curves) -> Float[np.ndarray, "times sets"]:
    """The temperature that was looked at."""
    if not case.observations[index].at_surface:
        return np.asarray(curves.probe_degC[:, index])
    # A probe between skin and pack feels both, as long as the pack is there.
    share = np.where(curves.time_s <= posed.on_s * (1.0 + 1e-9), posed.probe_share, 0.0)
    share[0] = 0.0
    return np.asarray(curves.surface_degC + share * (curves.sink_degC - curves.surface_degC))


def read(case: Case, index: int, posed: Posed, curves: Curves, knowledge: Knowledge) -> Reading:
    """Predict one observation of a case."""
    seen = case.observations[index]
    curve = _curve(case, index, posed, curves)
    rest = curve[0]
    if seen.quantity in TIMES:
        return _time(case, seen, posed, curves, curve, knowledge)
    at = _read_at(case, seen, posed)
    one, always = np.ones(posed.sets), np.ones(posed.sets, bool)
    temperature = interpolated(curves.time_s, curve, at)
    fall = np.abs(rest - temperature)
    if seen.quantity == HEAT:
        return Reading(interpolated(curves.time_s, curves.heat, at) / 1e3, fall, one, always)
    if seen.quantity == FLOW:
        return Reading(interpolated(curves.flow_time_s, curves.flow, at), fall, one, always)
    if case.setup.statistic == "minimum" and seen.at_surface:
        temperature = temperature - knowledge.trial["field_minimum"].quantity.value
    return Reading(temperature if seen.quantity == TEMPERATURE else rest - temperature, fall, one, always)


def _read_at(case: Case, seen: Observation, posed: Posed) -> Sets:
    """When it was read, s; a camera waits where the end of cooling is meant."""
    time_s = seen.time_s or 0.0
    at_end = case.setup.exposure_s is not None and time_s == case.setup.exposure_s and seen.at_surface
    late = posed.camera_delay_s if at_end and seen.quantity in (TEMPERATURE, DROP) else 0.0
    return np.asarray(time_s + late * np.ones(posed.sets))


def _time(
    case: Case,
    seen: Observation,
    posed: Posed,
    curves: Curves,
    curve: Float[np.ndarray, "times sets"],
    knowledge: Knowledge,
) -> Reading:
    """When something happened, from the start of cooling."""
    rest = curve[0]
    if seen.quantity == TIME_TO_FREEZING:
        target = np.full(posed.sets, knowledge.trial["freezing_seen"].quantity.value)
    elif seen.quantity == TIME_TO_DROP:
        target = rest - (seen.drop_K or 0.0)
    else:
        target = np.full(posed.sets, seen.target_degC or 0.0)
    on = len(phase_edges())
    part = slice(on - 1, None) if seen.rewarming else slice(0, on)
    falling = not seen.rewarming
    if falling and seen.target_degC is not None and float(target[0]) > float(rest[0]):
        falling = False
    found, reached = first_time(curves.time_s[part], curve[part], target, falling=falling)
    begin = posed.on_s if seen.rewarming else 0.0
    sooner, later = (
        interpolated(curves.time_s, curve, begin + np.maximum(found - begin, 0.0) * factor)
        for factor in (1.0 / _ABOUT, _ABOUT)
    )
    # Of the time since the phase began; seen from the start of cooling it is a smaller share.
    share = np.maximum(found - begin, 1e-3) / np.maximum(found, 1e-3)
    steepness = np.abs(later - sooner) / (2.0 * np.log(_ABOUT)) / share
    return Reading(np.where(reached, found, WATCHED_s), np.abs(rest - target), np.maximum(steepness, 1e-3), reached)
