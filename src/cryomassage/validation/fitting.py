"""One fit to all cases: what each number became, and which cases tell something about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cryomassage.knowledge.schema import Knowledge
from cryomassage.records.validation_case import Case
from cryomassage.validation.evaluate import evaluate
from cryomassage.validation.fit import Scatter, fit, linear_of
from cryomassage.validation.parameters import parameters_of
from cryomassage.validation.studies import digest_of, studies_of

_TELLS = 0.1  # standard deviations of an observation by which a parameter, moved by one of its own, changes it


@dataclass(frozen=True)
class Informed:
    """One parameter after the fit: natural logarithm, its standard deviation, and the cases that tell about it."""

    name: str
    logarithm: float
    spread: float
    cases: tuple[str, ...]


@dataclass(frozen=True)
class Fitting:
    """A fit to cases."""

    parameters: tuple[Informed, ...]
    scatter: Scatter
    interval_scale: float
    cases: tuple[str, ...]
    digest: str


def fit_to(cases: Sequence[Case], knowledge: Knowledge) -> Fitting:
    """Fit the declared parameters to the scored observations of cases."""
    parameters = parameters_of(knowledge)
    studies = studies_of(cases)
    (found,) = fit(cases, studies, [None], parameters, knowledge)
    predicted = [
        one
        for one in evaluate(cases, parameters, found.logarithms[None], knowledge)
        if cases[one.case].observations[one.observation].scored
    ]
    linear = linear_of(cases, studies, predicted, 0, knowledge)
    error = np.hypot(found.scatter.discrepancy * linear.between_studies, linear.between_people)
    told = np.abs(linear.slope) * parameters.spread > _TELLS * error[:, None]
    informed = []
    for place, name in enumerate(parameters.names):
        by = dict.fromkeys(cases[one.case].id for one, tells in zip(predicted, told[:, place], strict=True) if tells)
        informed.append(
            Informed(name, float(found.logarithms[place]), float(np.sqrt(found.covariance[place, place])), tuple(by))
        )
    scored = tuple(case.id for case in cases if any(seen.scored for seen in case.observations))
    return Fitting(tuple(informed), found.scatter, found.interval_scale, scored, digest_of(cases))
