"""Predicts published trials and scores the predictions, from the knowledge or without the study itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version

import numpy as np

from cryomassage import __version__
from cryomassage.knowledge.schema import Knowledge
from cryomassage.records.validation import Mode, ObservationReport, UnreadableCase, ValidationReport
from cryomassage.records.validation_case import Case
from cryomassage.validation.evaluate import Predicted, evaluate
from cryomassage.validation.fit import Fit, Scatter, covariance_of, fit
from cryomassage.validation.parameters import Parameters, fitted_logarithms, parameters_of
from cryomassage.validation.scatter import scatter_of
from cryomassage.validation.score import agents_elsewhere, judged, summary_of
from cryomassage.validation.studies import learnt_from, replaced_by, studies_of

_LEAST_SHARE = 0.01  # of the variance of a study, where it alone has set what predicts it


def _spread(
    cases: Sequence[Case], prediction: Predicted, which: int, found: Fit, knowledge: Knowledge, *, learnt: bool
) -> float:
    """Standard deviation of what a study reports about the prediction, on its scale.

    Of a further study, errors of the parameters add to those of the study. Of one that the fit has learnt from they
    have drawn the prediction towards it, and it lies nearer by as much.
    """
    between_studies, between_people = scatter_of(cases, [prediction], which, knowledge)
    slope = prediction.slope[which]
    parameters = float(slope @ found.covariance @ slope)
    own = float((found.scatter.discrepancy * between_studies[0]) ** 2 + between_people[0] ** 2)
    variance = max(own - parameters, _LEAST_SHARE * own) if learnt else own + parameters
    return float(found.interval_scale * np.sqrt(variance))


def _from_knowledge(
    cases: Sequence[Case], shipped: Sequence[Case], parameters: Parameters, knowledge: Knowledge
) -> tuple[list[Predicted], list[Fit], list[int]]:
    """Predictions with the fitted numbers that the knowledge holds; nothing is fitted.

    What is still not known of them follows from how the shipped cases were set up.
    """
    own = list(cases) == list(shipped)
    every = tuple(cases) if own else (*cases, *shipped)
    logarithms = fitted_logarithms(parameters, knowledge)
    predicted = evaluate(every, parameters, logarithms[None], knowledge)
    first = 0 if own else len(cases)
    learnt = [replace(one, case=one.case - first) for one in predicted if one.case >= first]
    scatter = Scatter(*(knowledge.fitted[name].quantity.value for name in Scatter._fields))
    covariance = covariance_of(shipped, studies_of(shipped), learnt, scatter, parameters, knowledge)
    found = Fit(logarithms, covariance, scatter, knowledge.fitted["interval_scale"].quantity.value)
    return [one for one in predicted if one.case < len(cases)], [found], [0] * len(cases)


def _without_the_study(
    cases: Sequence[Case], shipped: Sequence[Case], parameters: Parameters, knowledge: Knowledge
) -> tuple[list[Predicted], list[Fit], list[int]]:
    """Predictions of each study with what is fitted to all others."""
    training = replaced_by(shipped, cases)
    studies = studies_of(training)
    left_out = sorted(set(studies[: len(cases)]))
    found = fit(training, studies, left_out, parameters, knowledge)
    predicted = evaluate(cases, parameters, np.stack([one.logarithms for one in found]), knowledge)
    return predicted, found, [left_out.index(study) for study in studies[: len(cases)]]


def validate(
    cases: Sequence[Case],
    unreadable: Sequence[UnreadableCase],
    shipped: Sequence[Case],
    knowledge: Knowledge,
    *,
    file: str,
    leave_one_study_out: bool = False,
    discussed: Mapping[str, str] | None = None,
) -> ValidationReport:
    """Predict and score cases.

    Args:
        cases: that could be read.
        unreadable: those that could not.
        shipped: the cases of the product.
        knowledge: with the fitted numbers.
        file: where the cases are from, as told.
        leave_one_study_out: fit anew for each study, without it; else predict from the knowledge as it is.
        discussed: for some cases, why the model misses them.
    """
    parameters = parameters_of(knowledge)
    mode: Mode = "leave_one_study_out" if leave_one_study_out else "knowledge"
    told: list[ObservationReport] = []
    if cases:
        predict = _without_the_study if leave_one_study_out else _from_knowledge
        predicted, found, sets = predict(cases, shipped, parameters, knowledge)
        training = replaced_by(shipped, cases)
        studies = studies_of(training)
        elsewhere = agents_elsewhere(training, studies)
        learnt = set() if leave_one_study_out else learnt_from(cases, shipped)
        for one in predicted:
            case, which = cases[one.case], sets[one.case]
            told.append(
                judged(
                    case,
                    one,
                    which,
                    _spread(cases, one, which, found[which], knowledge, learnt=(one.case, one.observation) in learnt),
                    elsewhere=bool(elsewhere.get(case.setup.agent, set()) - {studies[one.case]}),
                    discussed=(discussed or {}).get(case.id),
                )
            )
    summary = summary_of(told, mode)
    return ValidationReport(
        mode=mode,
        file=file,
        observations=tuple(told),
        summary=summary,
        with_another_study=summary.with_another_study,
        unreadable=tuple(unreadable),
        engine_version=__version__,
        knowledge_fingerprint=knowledge.fingerprint,
        fitted_to_sha256=knowledge.fit_record["shipped"].cases_sha256,
        jax_version=version("jax"),
    )
