"""Makes the page on published measurements: predicts all shipped cases in both ways and writes tables and pictures.

    python docs/make_validation.py

The pictures land in `docs/images/validation/`, the page is `docs/validation.md`. Takes about two minutes.
"""

from __future__ import annotations

from pathlib import Path

from cryomassage.cli.compute import compilation_cache
from cryomassage.interchange.case_file import CaseFile, shipped_cases, shipped_discussion
from cryomassage.interchange.validation_plots import parameters_picture, scores_picture
from cryomassage.knowledge.load import load
from cryomassage.knowledge.schema import Knowledge
from cryomassage.records.validation import ObservationReport, Shares, ValidationReport
from cryomassage.validation.validate import validate

DOCS = Path(__file__).resolve().parent
IMAGES = DOCS / "images" / "validation"
TEXT = DOCS / "validation.template.md"
_DIGITS = {"degC": 1, "K": 1, "s": 0, "kJ/m2": 0, "1": 2}
_UNIT = {"degC": "°C", "K": "K", "s": "s", "kJ/m2": "kJ/m²", "1": ""}
# What the score hangs on: numbers that are assumed, each moved by itself.
_VARIANTS: tuple[tuple[str, dict[str, float], dict[str, float]], ...] = (
    ("as shipped", {}, {}),
    ("between studies: floor 1.2 K instead of 0.8 K", {"discrepancy_floor": 1.2}, {}),
    ("between studies: share 0.07 instead of 0.1", {"discrepancy_share": 0.07}, {}),
    ("below the fat: factor 3 instead of 2", {"discrepancy_deep": 3.0}, {}),
    ("prior of all packs × 0.8", {}, dict.fromkeys(("pack",), 0.8)),
    ("prior of all packs × 1.25", {}, dict.fromkeys(("pack",), 1.25)),
    ("prior of the blood flow × 0.7", {}, {"volunteer_perfusion": 0.7}),
    ("prior of the fat × 1.25", {}, {"volunteer_fat": 1.25}),
    ("prior of the first contact × 0.85", {}, {"first_contact": 0.85}),
    ("prior of the spot of a jet × 0.8", {}, {"jet_footprint": 0.8}),
)


def predicted(file: CaseFile, knowledge: Knowledge, *, leave_one_study_out: bool) -> ValidationReport:
    """All shipped cases."""
    return validate(
        file.cases,
        file.unreadable,
        file.cases,
        knowledge,
        file=file.name,
        leave_one_study_out=leave_one_study_out,
        discussed=shipped_discussion().discussion,
    )


def varied(knowledge: Knowledge, trial: dict[str, float], prior: dict[str, float]) -> Knowledge:
    """Knowledge with some assumed numbers set, and some priors multiplied."""
    trials, priors = dict(knowledge.trial), dict(knowledge.fit_prior)
    for key, value in trial.items():
        quantity = trials[key].quantity.model_copy(update={"value": value})
        trials[key] = trials[key].model_copy(update={"quantity": quantity})
    for key, entry in priors.items():
        factor = prior.get(key, prior.get(entry.alike or "", 1.0))
        low, high = entry.quantity.range
        update = {"value": entry.quantity.value * factor, "range": (low * factor, high * factor)}
        priors[key] = entry.model_copy(update={"quantity": entry.quantity.model_copy(update=update)})
    return knowledge.model_copy(update={"trial": trials, "fit_prior": priors})


def percent(share: float | None) -> str:
    """A share in words."""
    return "–" if share is None else f"{share:.0%}"


def shares_row(name: str, shares: Shares) -> str:
    """One row of the table of scores."""
    held = shares.inside_tolerance or 0.0
    return (
        f"| {name} | {shares.observations} | {round(held * shares.observations)} ({percent(held)}) | "
        f"{percent(shares.inside_interval)} |"
    )


def told(one: ObservationReport, value: float | None) -> str:
    """A number of an observation with its digits."""
    return "never" if value is None else f"{value:.{_DIGITS[one.unit]}f}"


def verdict(one: ObservationReport) -> str:
    """A mark for the tolerance and one for the interval."""
    if not one.scored:
        return "·"
    return ("✓" if one.inside_tolerance else "✕") + ("" if one.inside_interval else " !")


def with_interval(one: ObservationReport) -> str:
    """A prediction and its interval."""
    ends = "" if one.low is None else f" ({told(one, one.low)} to {told(one, one.high)})"
    return f"{told(one, one.predicted)}{ends}"


def case_rows(knowledge: ValidationReport, left_out: ValidationReport) -> str:
    """The table of all observations."""
    rows = [
        "| case | what | measured | from the knowledge | | without the study | |",
        "|---|---|---|---|---|---|---|",
    ]
    for one, other in zip(knowledge.observations, left_out.observations, strict=True):
        spread = "" if one.sd is None else f" ± {told(one, one.sd)}"
        measured = f"{told(one, one.value)}{spread} {_UNIT[one.unit]}".strip()
        rows.append(
            f"| {one.case} | {one.said} | {measured} | {with_interval(one)} | {verdict(one)} | "
            f"{with_interval(other)} | {verdict(other)} |"
        )
    return "\n".join(rows)


def parameter_rows(knowledge: Knowledge) -> str:
    """The table of fitted numbers."""
    rows = ["| number | unit | before | fitted | cases that tell about it |", "|---|---|---|---|---|"]
    for key, prior in knowledge.fit_prior.items():
        found = knowledge.fitted[key]
        cells = [f"{q.value:.3g} ({q.range[0]:.3g} to {q.range[1]:.3g})" for q in (prior.quantity, found.quantity)]
        cases = ", ".join(found.cases) if len(found.cases) <= 4 else f"{len(found.cases)} cases"
        rows.append(f"| {prior.name} | {prior.quantity.unit} | {cells[0]} | {cells[1]} | {cases or 'none'} |")
    return "\n".join(rows)


def variant_rows(file: CaseFile, knowledge: Knowledge) -> str:
    """The table of what the score hangs on."""
    rows = ["| assumption | inside, agent elsewhere | inside, all | within the interval |", "|---|---|---|---|"]
    for name, trial, prior in _VARIANTS:
        summary = predicted(file, varied(knowledge, trial, prior), leave_one_study_out=True).summary
        print(name, flush=True)
        rows.append(
            f"| {name} | {percent(summary.with_another_study.inside_tolerance)} | "
            f"{percent(summary.inside_tolerance)} | {percent(summary.inside_interval)} |"
        )
    return "\n".join(rows)


def main() -> None:
    """Predict, draw, write."""
    compilation_cache()
    knowledge = load()
    file = shipped_cases(knowledge)
    shipped = predicted(file, knowledge, leave_one_study_out=False)
    left_out = predicted(file, knowledge, leave_one_study_out=True)
    IMAGES.mkdir(parents=True, exist_ok=True)
    scores_picture(shipped, left_out, IMAGES / "scores.png")
    parameters_picture(knowledge, IMAGES / "parameters.png")
    common = {key: knowledge.fitted[key].quantity.value for key in ("discrepancy", "shared", "alike", "interval_scale")}
    scores = "\n".join(
        [
            "| | observations | inside the tolerance | within the 90 % interval |",
            "|---|---|---|---|",
            shares_row("from the knowledge, all scored", shipped.summary),
            shares_row("from the knowledge, agent also in another study", shipped.with_another_study),
            shares_row("without the study, all scored", left_out.summary),
            shares_row("without the study, agent also in another study", left_out.with_another_study),
        ]
    )
    page = TEXT.read_text(encoding="utf-8")
    for mark, text in {
        "SCORES": scores,
        "CASES": case_rows(shipped, left_out),
        "PARAMETERS": parameter_rows(knowledge),
        "VARIANTS": variant_rows(file, knowledge),
        **{key.upper(): f"{value:.2f}" for key, value in common.items()},
    }.items():
        page = page.replace(f"@{mark}@", text)
    (DOCS / "validation.md").write_text(page, encoding="utf-8")
    print(f"Written: {DOCS / 'validation.md'}")


if __name__ == "__main__":
    main()
