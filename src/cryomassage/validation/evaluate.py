"""Predictions of many cases for many sets of the fitted numbers, and how they change with each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from cryomassage.knowledge.schema import Knowledge
from cryomassage.records.validation_case import HEAT, TIMES, Case, Observation
from cryomassage.validation.ice import freeze
from cryomassage.validation.march import Batch, Columns, Curves, batch_of, march
from cryomassage.validation.parameters import Parameters, Values
from cryomassage.validation.pose import Posed, WATCHED_s, pose
from cryomassage.validation.readings import Reading, interpolated, read

_STEP = 0.08  # of a logarithm: far above the rounding of the solver, and small beside what is not known
_SHOTS = 4
_LONGEST_SHIFT_K = 200.0
_FIRST_SHIFT_K = -5.0
_LONGER = 1.5  # ice holds the fall of temperature up


@dataclass(frozen=True)
class Predicted:
    """One observation as predicted with many sets, on the scale on which errors are even.

    Attributes:
        case, observation: numbers of the case and of the observation in it.
        value: in the unit of the observation.
        scaled: `value` on the scale of `scaled_value`.
        slope: of `scaled` with the logarithm of each parameter.
        fall_K, steepness_K: of `Reading`.
        reached: whether what was waited for happens.
    """

    case: int
    observation: int
    value: Float[np.ndarray, " sets"]
    scaled: Float[np.ndarray, " sets"]
    slope: Float[np.ndarray, "sets parameters"]
    fall_K: Float[np.ndarray, " sets"]
    steepness_K: Float[np.ndarray, " sets"]
    reached: np.ndarray


def is_ratio(seen: Observation) -> bool:
    """Whether errors of a quantity are shares of it."""
    return seen.quantity in TIMES or seen.quantity == HEAT


def scaled_value(seen: Observation, value: np.ndarray | float) -> np.ndarray:
    """On the scale on which errors are even: logarithms of times and heat, temperatures as they are."""
    return np.log(np.maximum(value, 1e-3)) if is_ratio(seen) else np.asarray(value, np.float64)


def _final_curves(
    cases: Sequence[Case], posed: Sequence[Posed], batch: Batch, where: Sequence[slice], knowledge: Knowledge
) -> Curves:
    """The curves of all columns; a surface that is told for the end of cooling is met by shifting the sink."""
    shift = np.zeros(batch.on_s.size)
    told = [place for place, case in enumerate(cases) if case.setup.surface_end_degC is not None]
    if told:
        some = [posed[place] for place in told]
        ends = np.concatenate([np.full(posed[place].sets, cases[place].setup.surface_end_degC) for place in told])
        chosen = np.concatenate([np.arange(where[place].start, where[place].stop) for place in told])
        shift[chosen] = _shift_that_ends_at(ends, [cases[place] for place in told], some, knowledge)
    return _curves(cases, posed, batch, where, shift, knowledge)


def _shift_that_ends_at(
    ends_degC: Columns, cases: Sequence[Case], posed: Sequence[Posed], knowledge: Knowledge
) -> Columns:
    """Shift of the sink, K, with which the surface is as warm as told when cooling ends; by secants."""
    batch, where = batch_of(posed), _places(posed)

    def missed(shift: Columns) -> Columns:
        curves = _curves(cases, posed, batch, where, shift, knowledge)
        return np.asarray(interpolated(curves.time_s, curves.surface_degC, batch.on_s) - ends_degC)

    before, shift = np.zeros(ends_degC.size), np.full(ends_degC.size, _FIRST_SHIFT_K)
    error_before = missed(before)
    for _ in range(_SHOTS):
        error = missed(shift)
        change = np.where(np.abs(error - error_before) > 1e-6, error - error_before, np.inf)
        step = np.clip(-error * (shift - before) / change, -_LONGEST_SHIFT_K, _LONGEST_SHIFT_K)
        before, error_before, shift = shift, error, shift + step
    return shift


def _places(posed: Sequence[Posed]) -> list[slice]:
    """Where the columns of each case stand in a batch."""
    ends = np.cumsum([part.sets for part in posed])
    return [slice(int(end) - part.sets, int(end)) for end, part in zip(ends, posed, strict=True)]


def _curves(
    cases: Sequence[Case],
    posed: Sequence[Posed],
    batch: Batch,
    where: Sequence[slice],
    shift: Columns,
    knowledge: Knowledge,
) -> Curves:
    """All columns without ice, and again with it where skin that is wet falls below its freezing point."""
    curves = march(batch, shift, knowledge)
    on_s = batch.on_s.copy()
    frozen = []
    for place, (case, part) in enumerate(zip(cases, posed, strict=True)):
        own = curves.of(where[place])
        looked_s = _looked_at(case, part, own, knowledge)
        cold = own.surface_degC < _freezing_point(part, knowledge)
        if part.wets and bool((cold & (own.time_s <= looked_s)).any()):
            frozen.append(place)
            on_s[where[place]] = min(part.on_s, looked_s)
    if not frozen:
        return curves
    chosen = np.concatenate([np.arange(where[place].start, where[place].stop) for place in frozen])
    tissues = [posed[place].tissues for place in frozen for _ in range(posed[place].sets)]
    some = Curves(*(part[..., chosen] for part in curves))
    with_ice = freeze(replace(batch, on_s=on_s).some(chosen), tissues, some, shift[chosen], knowledge)
    for values, changed in zip(curves, with_ice, strict=True):
        values[..., chosen] = changed
    return curves


def _looked_at(case: Case, posed: Posed, curves: Curves, knowledge: Knowledge) -> float:
    """Up to when a case is looked at, s; of an open exposure, somewhat longer than the columns without ice need."""
    if posed.on_s < WATCHED_s:
        return posed.on_s + posed.after_s
    latest = max((seen.time_s or 0.0) for seen in case.observations)
    for index, seen in enumerate(case.observations):
        if seen.quantity in TIMES:
            latest = max(latest, float(read(case, index, posed, curves, knowledge).value.max()) * _LONGER)
    return min(latest, posed.on_s)


def _freezing_point(posed: Posed, knowledge: Knowledge) -> float:
    return min(knowledge.tissue[tissue].freezing_point.value for tissue in posed.tissues)


def evaluate(
    cases: Sequence[Case],
    parameters: Parameters,
    logarithms: Float[np.ndarray, "sets parameters"],
    knowledge: Knowledge,
) -> list[Predicted]:
    """Predict every observation of every case for every set, with slopes, in one march.

    Args:
        cases: readable ones.
        parameters: what is fitted.
        logarithms: of the parameters, set by set.
        knowledge: everything else.
    """
    sets = logarithms.shape[0]
    posed, asked = [], []
    for case in cases:
        values = Values(parameters, logarithms)
        pose(case, values, knowledge)
        asked.append(sorted(values.asked))
        posed.append(pose(case, Values(parameters, values.stepped(asked[-1], _STEP)), knowledge))
    batch, where = batch_of(posed), _places(posed)
    curves = _final_curves(cases, posed, batch, where, knowledge)
    told = []
    for number, (case, part, place) in enumerate(zip(cases, posed, where, strict=True)):
        own = curves.of(place)
        for index in range(len(case.observations)):
            reading = read(case, index, part, own, knowledge)
            told.append(
                _predicted(number, index, case.observations[index], reading, asked[number], sets, len(parameters.names))
            )
    return told


def _predicted(
    number: int, index: int, seen: Observation, reading: Reading, asked: Sequence[int], sets: int, parameters: int
) -> Predicted:
    scaled = scaled_value(seen, reading.value).reshape(-1, sets)
    slope = np.zeros((sets, parameters))
    for row, place in enumerate(asked, start=1):
        slope[:, place] = (scaled[row] - scaled[0]) / _STEP
    return Predicted(
        number,
        index,
        reading.value[:sets],
        scaled[0],
        slope,
        reading.fall_K[:sets],
        reading.steepness_K[:sets],
        reading.reached[:sets],
    )
