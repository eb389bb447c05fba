"""Fits the declared numbers to published trials: the most probable values, and what is still not known of them.

Gauss-Newton steps in the logarithms, each from the prior: with few trials and many numbers the step is taken in the
space of the observations. How far studies differ is found along the way as the value that makes the observations most
probable; how wide intervals must be is then found from how each study is missed by a fit to the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from cryomassage.knowledge.schema import Knowledge
from cryomassage.records.validation_case import Case
from cryomassage.validation.evaluate import Predicted, evaluate, scaled_value
from cryomassage.validation.parameters import Parameters
from cryomassage.validation.scatter import scatter_of

_ROUNDS = 7
_LONGEST_STEP = 0.7  # of a logarithm in one round
_COVERED = 0.90  # of the observations of a further study, by an interval
_Z95 = 1.6448536269514722

Matrix = Float[np.ndarray, "rows columns"]


@dataclass(frozen=True)
class Linear:
    """Observations of one set near its values: what was seen, what is predicted, and the slopes."""

    seen: Float[np.ndarray, " observations"]
    predicted: Float[np.ndarray, " observations"]
    slope: Float[np.ndarray, "observations parameters"]
    between_studies: Float[np.ndarray, " observations"]
    between_people: Float[np.ndarray, " observations"]
    study: np.ndarray

    def some(self, chosen: Bool[np.ndarray, " observations"]) -> Linear:
        """Some of the observations."""
        return Linear(
            self.seen[chosen],
            self.predicted[chosen],
            self.slope[chosen],
            self.between_studies[chosen],
            self.between_people[chosen],
            self.study[chosen],
        )


class Scatter(NamedTuple):
    """How errors hang together; found along with the parameters.

    Attributes:
        discrepancy: by which the declared spread between studies is multiplied.
        shared: part of this variance that all observations of a study share.
        alike: correlation of parameters that are alike.
    """

    discrepancy: float
    shared: float
    alike: float


# What each of them may be, and where it is declared.
_GRIDS: dict[str, Float[np.ndarray, " points"]] = {
    "discrepancy": np.exp(np.linspace(np.log(0.3), np.log(3.0), 40)),
    "shared": np.linspace(0.0, 0.95, 20),
    "alike": np.linspace(0.0, 0.95, 20),
}
_DECLARED = {"discrepancy": "discrepancy", "shared": "discrepancy_shared", "alike": "alike_correlation"}


@dataclass(frozen=True)
class Fit:
    """What was found without the studies left out.

    Attributes:
        logarithms: of the parameters.
        covariance: of the logarithms, afterwards.
        scatter: how errors hang together.
        interval_scale: by which the predicted standard deviations are multiplied.
    """

    logarithms: Float[np.ndarray, " parameters"]
    covariance: Float[np.ndarray, "parameters parameters"]
    scatter: Scatter
    interval_scale: float


def linear_of(
    cases: Sequence[Case], studies: Sequence[int], predicted: Sequence[Predicted], which: int, knowledge: Knowledge
) -> Linear:
    """The observations of one set."""
    between_studies, between_people = scatter_of(cases, predicted, which, knowledge)
    seen = [cases[one.case].observations[one.observation] for one in predicted]
    return Linear(
        seen=np.array([float(scaled_value(what, what.value)) for what in seen]),
        predicted=np.array([one.scaled[which] for one in predicted]),
        slope=np.stack([one.slope[which] for one in predicted]),
        between_studies=between_studies,
        between_people=between_people,
        study=np.array([studies[one.case] for one in predicted]),
    )


def _errors(linear: Linear, scatter: Scatter) -> Matrix:
    """Covariance of what studies report about the truth of the model."""
    between = scatter.discrepancy**2 * np.outer(linear.between_studies, linear.between_studies)
    same = np.equal.outer(linear.study, linear.study)
    own = (1.0 - scatter.shared) * np.diag(between) + linear.between_people**2
    return np.asarray(np.where(same, scatter.shared * between, 0.0) + np.diag(own))


def _total(linear: Linear, parameters: Parameters, scatter: Scatter) -> Matrix:
    """Covariance of the observations before any of them is known."""
    spread = linear.slope @ parameters.covariance(scatter.alike) @ linear.slope.T
    return np.asarray(spread + _errors(linear, scatter))


def _offset(linear: Linear, parameters: Parameters, logarithms: np.ndarray) -> np.ndarray:
    """By how much the observations differ from a prediction with the prior values."""
    return np.asarray(linear.seen - linear.predicted + linear.slope @ (logarithms - parameters.mean))


def declared_scatter(knowledge: Knowledge) -> Scatter:
    """Before any trial."""
    return Scatter(**{name: knowledge.trial[key].quantity.value for name, key in _DECLARED.items()})


def _improbable(name: str, value: float, knowledge: Knowledge) -> float:
    """By how much a value is less probable than the declared one, before any trial."""
    quantity = knowledge.trial[_DECLARED[name]].quantity
    low, high = quantity.range
    if name == "discrepancy":
        away = np.log(value / quantity.value) / (np.log(high / low) / (2.0 * _Z95))
    else:
        away = (value - quantity.value) / ((high - low) / (2.0 * _Z95))
    return float(0.5 * away**2)


def most_probable_scatter(
    linear: Linear, parameters: Parameters, logarithms: np.ndarray, scatter: Scatter, knowledge: Knowledge
) -> Scatter:
    """One round towards the scatter that makes the observations most probable, whatever the parameters are."""
    offset = _offset(linear, parameters, logarithms)
    for name, grid in _GRIDS.items():
        found = []
        for value in grid:
            total = _total(linear, parameters, scatter._replace(**{name: float(value)}))
            _, size = np.linalg.slogdet(total)
            likelihood = -0.5 * (size + offset @ np.linalg.solve(total, offset))
            found.append(likelihood - _improbable(name, float(value), knowledge))
        scatter = scatter._replace(**{name: float(grid[int(np.argmax(found))])})
    return scatter


def interval_scale_of(linear: Linear, parameters: Parameters, logarithms: np.ndarray, scatter: Scatter) -> float:
    """Width of intervals, as a multiple of what the spreads add up to, with which they hold what they say they hold.

    In the linear model what a fit to all other studies predicts follows from the covariance of all. Of the
    observations, each predicted without its study, 90 % then lie within the 90 % intervals.
    """
    offset = _offset(linear, parameters, logarithms)
    inverse = np.linalg.inv(_total(linear, parameters, scatter))
    weighted = inverse @ offset
    missed: list[float] = []
    for study in np.unique(linear.study):
        own = np.flatnonzero(linear.study == study)
        covariance = np.linalg.inv(inverse[np.ix_(own, own)])
        missed.extend(np.abs(covariance @ weighted[own]) / np.sqrt(np.diag(covariance)))
    # With few observations the share that is to be held is raised so that it is held on average.
    count = len(missed)
    return float(np.quantile(missed, min(_COVERED * (count + 1) / count, 1.0)) / _Z95)


def _update(
    linear: Linear, parameters: Parameters, logarithms: np.ndarray, scatter: Scatter
) -> tuple[np.ndarray, Matrix]:
    prior = parameters.covariance(scatter.alike)
    gain = np.linalg.solve(_total(linear, parameters, scatter), linear.slope @ prior).T
    wanted = parameters.mean + gain @ _offset(linear, parameters, logarithms)
    step = np.clip(wanted - logarithms, -_LONGEST_STEP, _LONGEST_STEP)
    return logarithms + step, prior - gain @ linear.slope @ prior


def fit(
    cases: Sequence[Case],
    studies: Sequence[int],
    left_out: Sequence[int | None],
    parameters: Parameters,
    knowledge: Knowledge,
) -> list[Fit]:
    """Fit once for each study left out; None leaves none out. Only scored observations teach.

    Every fit begins with the prior and knows nothing of the study that it leaves out.

    Args:
        cases: to learn from.
        studies: number of the study of each case.
        left_out: numbers of studies, one for each fit.
        parameters: what is fitted.
        knowledge: everything else.
    """
    logarithms = np.repeat(parameters.mean[None], len(left_out), axis=0)
    scatters = [declared_scatter(knowledge)] * len(left_out)
    found: list[Fit] = []
    for _ in range(_ROUNDS):
        predicted = evaluate(cases, parameters, logarithms, knowledge)
        scored = np.array([cases[one.case].observations[one.observation].scored for one in predicted])
        found = []
        for which, missing in enumerate(left_out):
            every = linear_of(cases, studies, predicted, which, knowledge)
            linear = every.some(scored & (every.study != (-1 if missing is None else missing)))
            scatter = most_probable_scatter(linear, parameters, logarithms[which], scatters[which], knowledge)
            scale = interval_scale_of(linear, parameters, logarithms[which], scatter)
            values, covariance = _update(linear, parameters, logarithms[which], scatter)
            found.append(Fit(values, covariance, scatter, scale))
        logarithms = np.stack([one.logarithms for one in found])
        scatters = [one.scatter for one in found]
    return found


def covariance_of(
    cases: Sequence[Case],
    studies: Sequence[int],
    predicted: Sequence[Predicted],
    scatter: Scatter,
    parameters: Parameters,
    knowledge: Knowledge,
) -> Matrix:
    """What is not known of fitted parameters; what was observed plays no part, only how and where."""
    scored = np.array([cases[one.case].observations[one.observation].scored for one in predicted])
    linear = linear_of(cases, studies, predicted, 0, knowledge).some(scored)
    _, covariance = _update(linear, parameters, parameters.mean, scatter)
    return covariance
