"""How far what a study reports may lie from the model: between studies, and between the people of one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from cryomassage.knowledge.schema import Knowledge
from cryomassage.records.validation_case import FLOW, HEAT, TIMES, Case, Observation
from cryomassage.validation.evaluate import Predicted

Observations = Float[np.ndarray, " observations"]
_MOST = 1.5  # of the logarithm of a time, where the temperature hardly changes any more


def _number(key: str, knowledge: Knowledge) -> float:
    return knowledge.trial[key].quantity.value


def _of_kind(seen: Observation, steepness_K: float, temperature_K: float, heat: float, flow: float) -> float:
    """A spread on the scale of `scaled_value`; a time is as uncertain as the temperature at that time."""
    if seen.quantity in TIMES:
        return min(temperature_K / steepness_K, _MOST)
    if seen.quantity == HEAT:
        return heat
    return flow if seen.quantity == FLOW else temperature_K


def between_studies(case: Case, seen: Observation, fall_K: float, steepness_K: float, knowledge: Knowledge) -> float:
    """Standard deviation between studies before `fitted.discrepancy` scales it, on the scale of `scaled_value`."""
    temperature = float(
        np.hypot(_number("discrepancy_floor", knowledge), _number("discrepancy_share", knowledge) * fall_K)
    )
    human = case.setup.tissue == "human"
    factor = 1.0 if human else _number("discrepancy_bench", knowledge)
    if human and seen.depth_from == "below_fat":
        factor *= _number("discrepancy_deep", knowledge)
    heat, flow = _number("discrepancy_heat", knowledge), _number("discrepancy_flow", knowledge)
    return _of_kind(seen, steepness_K, factor * temperature, factor * heat, factor * flow)


def between_people(case: Case, seen: Observation, fall_K: float, steepness_K: float, knowledge: Knowledge) -> float:
    """Standard error of the mean of the people of a study; bench studies have none."""
    if case.setup.tissue != "human":
        return 0.0
    temperature, heat, flow = (_number(f"people_{kind}", knowledge) for kind in ("temperature", "heat", "flow"))
    people = case.subjects or _number("people_count", knowledge)
    return _of_kind(seen, steepness_K, temperature * fall_K, heat, flow) / float(np.sqrt(people))


def scatter_of(
    cases: Sequence[Case], predicted: Sequence[Predicted], which: int, knowledge: Knowledge
) -> tuple[Observations, Observations]:
    """Between studies and between people, for each prediction with one of the sets."""
    studies, people = [], []
    for one in predicted:
        case = cases[one.case]
        about = (float(one.fall_K[which]), float(one.steepness_K[which]), knowledge)
        studies.append(between_studies(case, case.observations[one.observation], *about))
        people.append(between_people(case, case.observations[one.observation], *about))
    return np.array(studies), np.array(people)
