"""Holds predictions against what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from cryomassage.records.validation import Mode, ObservationReport, Shares, Summary
from cryomassage.records.validation_case import AT_LEAST, AT_MOST, DROP, FLOW, HEAT, TEMPERATURE, Case, Observation
from cryomassage.validation.evaluate import Predicted, is_ratio
from cryomassage.validation.words import missed_by, said

_Z95 = 1.6448536269514722
_LEAST_K, _LEAST_TIME, _LEAST_HEAT, _LEAST_FLOW = 2.0, 0.25, 0.20, 0.10  # with one standard deviation: what is accepted


def tolerance_of(seen: Observation) -> float:
    """What is accepted, in the unit of the observation: one standard deviation, or a least for its kind."""
    if seen.quantity in (TEMPERATURE, DROP):
        least = _LEAST_K
    elif seen.quantity == HEAT:
        least = _LEAST_HEAT * abs(seen.value)
    elif seen.quantity == FLOW:
        least = _LEAST_FLOW
    else:
        least = _LEAST_TIME * seen.value
    return max(seen.sd or 0.0, least)


def _inside(seen: Observation, low: float, high: float, tolerance: float) -> bool:
    """Whether a range of predictions meets the observation, which may be a bound of what is true."""
    if seen.bound in AT_LEAST:
        return high >= seen.value - tolerance
    if seen.bound in AT_MOST:
        return low <= seen.value + tolerance
    return low - tolerance <= seen.value <= high + tolerance


def judged(
    case: Case, prediction: Predicted, which: int, spread: float, *, elsewhere: bool, discussed: str | None
) -> ObservationReport:
    """One observation, predicted with one of the sets.

    Args:
        case: that it belongs to.
        prediction: of it.
        which: number of the set.
        spread: standard deviation of what a study would report, on the scale of the prediction.
        elsewhere: whether another study used the same agent.
        discussed: why it is missed, if that is known.
    """
    seen = case.observations[prediction.observation]
    predicted: float | None = float(prediction.value[which])
    ends = prediction.scaled[which] + _Z95 * spread * np.array([-1.0, 1.0])
    low, high = (float(end) for end in (np.exp(ends) if is_ratio(seen) else ends))
    tolerance = tolerance_of(seen)
    reached = (
        bool(prediction.reached[which]) and predicted is not None and bool(np.isfinite([predicted, low, high]).all())
    )
    hit = reached and predicted is not None and _inside(seen, predicted, predicted, tolerance)
    if not reached:
        predicted = None
    difference = None if predicted is None else predicted - seen.value
    reason = None if hit else missed_by(seen, predicted)
    if not seen.scored:
        discussed = case.not_scored_because or discussed or "not scored"
    if discussed and (reason or not seen.scored):
        reason = f"{reason}: {discussed}" if reason else discussed
    return ObservationReport(
        case=case.id,
        quantity=seen.quantity,
        time_s=seen.time_s,
        depth_mm=seen.depth_mm or 0.0,
        below_fat=seen.depth_from == "below_fat",
        unit=seen.unit,
        predicted=predicted,
        low=low if reached else None,
        high=high if reached else None,
        value=seen.value,
        sd=seen.sd,
        tolerance=tolerance,
        difference=difference,
        difference_over_sd=None if difference is None or not seen.sd else difference / seen.sd,
        inside_tolerance=hit,
        inside_interval=reached and _inside(seen, low, high, 0.0),
        scored=seen.scored,
        with_another_study=elsewhere,
        agent=case.setup.agent,
        site=case.setup.site,
        barrier=case.setup.barrier,
        said=said(case, seen),
        reason=reason,
    )


def agents_elsewhere(cases: Sequence[Case], studies: Sequence[int]) -> dict[str, set[int]]:
    """For each agent the studies that have a scored observation of it, from which something can be learnt."""
    found: dict[str, set[int]] = {}
    for case, study in zip(cases, studies, strict=True):
        if any(seen.scored for seen in case.observations):
            found.setdefault(case.setup.agent, set()).add(study)
    return found


def _shares(observations: Sequence[ObservationReport]) -> Shares:
    count = len(observations)

    def share(held: Iterable[bool]) -> float | None:
        return sum(held) / count if count else None

    return Shares(
        observations=count,
        inside_tolerance=share(one.inside_tolerance for one in observations),
        inside_interval=share(one.inside_interval for one in observations),
    )


def summary_of(observations: Sequence[ObservationReport], mode: Mode) -> Summary:
    """Shares of the scored observations."""
    scored = [one for one in observations if one.scored]
    return Summary(
        **_shares(scored).model_dump(),
        with_another_study=_shares([one for one in scored if one.with_another_study]),
        mode=mode,
    )
