"""`cryomassage validate`: are they the right equations? Published measurements, predicted and scored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cryomassage.errors import ExitCode

if TYPE_CHECKING:
    from rich.table import Table

    from cryomassage.records.validation import ObservationReport, Shares, ValidationReport


def command(
    case_file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Cases in JSON; without it those that the product ships."),
    ] = None,
    leave_one_study_out: Annotated[
        bool,
        typer.Option("--leave-one-study-out", help="Fit anew without each study, and predict it with that."),
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Predict published trials of cooling and hold the predictions against what was measured.

    Each exposure is built from site, agent, barrier and geometry alone; a measured value never changes its own
    prediction. With --leave-one-study-out the fitted numbers are found anew without the study that is predicted: that
    is the score to report. Exit 2 when a case cannot be read; the others run.

    Example: cryomassage validate --leave-one-study-out
    """
    from cryomassage.cli.compute import compilation_cache, working
    from cryomassage.interchange.case_file import read_cases, shipped_cases, shipped_discussion
    from cryomassage.knowledge.load import load

    knowledge = load()
    shipped = shipped_cases(knowledge)
    file = shipped if case_file is None else read_cases(case_file, knowledge)
    with working(f"Predicting {len(file.cases)} cases", quiet=json_output):
        compilation_cache()
        from cryomassage.validation.validate import validate

        report = validate(
            file.cases,
            file.unreadable,
            shipped.cases,
            knowledge,
            file=file.name,
            leave_one_study_out=leave_one_study_out,
            discussed=shipped_discussion().discussion,
        )
    if json_output:
        typer.echo(report.model_dump_json(indent=1, by_alias=True))
    else:
        _tell(report)
    raise typer.Exit(int(ExitCode.INPUT_WRONG if report.unreadable else ExitCode.DONE))


def _tell(report: ValidationReport) -> None:
    from rich.console import Console

    console = Console()
    if report.observations:
        console.print(_table(report))
        for one in report.observations:
            if one.reason is not None:
                console.print(f"{_mark(one)} {one.case}, {one.said}: {one.reason}", markup=False, highlight=False)
        console.print(f"\nAll scored: {_shares(report.summary)}", markup=False, highlight=False)
        console.print(
            f"Agent also in another study: {_shares(report.with_another_study)}", markup=False, highlight=False
        )
    for left in report.unreadable:
        console.print(f"Cannot be read: {left.case}: {left.reason}", markup=False, highlight=False)


def _shares(shares: Shares) -> str:
    if shares.inside_tolerance is None or shares.inside_interval is None:
        return "none"
    return (
        f"{shares.observations} observations, {100 * shares.inside_tolerance:.0f} % inside the tolerance, "
        f"{100 * shares.inside_interval:.0f} % inside the 90 % interval"
    )


def _mark(one: ObservationReport) -> str:
    if not one.scored:
        return "·"
    return "✓" if one.inside_tolerance else "✕"


_DIGITS = {"degC": 1, "K": 1, "s": 0, "kJ/m2": 0, "1": 2}
_SHOWN_UNIT = {"degC": " °C", "K": " K", "s": " s", "kJ/m2": " kJ/m²", "1": ""}


def _interval_of(report: ValidationReport) -> str:
    """What the intervals are those of."""
    further = "what a further study of the kind would report"
    if report.mode == "leave_one_study_out":
        return f"The interval: {further}."
    return f"The interval: {further}; narrower where the fit has seen the observation."


def _table(report: ValidationReport) -> Table:
    from rich.markup import escape
    from rich.table import Table

    how = (
        "each study predicted without itself"
        if report.mode == "leave_one_study_out"
        else "predicted from the knowledge as it is"
    )
    table = Table(
        title=escape(f"{report.file}: {how}"),
        caption=f"✓ inside the tolerance, ✕ outside, · not scored; ! beside the 90 % interval\n{_interval_of(report)}",
    )
    for heading in ("Case", "What", "Measured", "Predicted", "90 %", "Off by", ""):
        in_words = heading in ("Case", "What", "")
        table.add_column(
            heading, justify="left" if in_words else "right", overflow="fold", no_wrap=heading in ("Off by", "")
        )
    for one in report.observations:
        digits, unit = _DIGITS[one.unit], _SHOWN_UNIT[one.unit]

        def number(value: float | None, digits: int = digits) -> str:
            return "never" if value is None else f"{value:.{digits}f}"

        spread = "" if one.sd is None else f" ± {number(one.sd)}"
        interval = "" if one.low is None else f"{number(one.low)} to {number(one.high)}"
        difference = "" if one.difference is None else f"{one.difference:+.{digits}f}"
        table.add_row(
            escape(one.case),
            escape(one.said),
            f"{number(one.value)}{spread}{unit}",
            f"{number(one.predicted)}{unit if one.predicted is not None else ''}",
            interval,
            difference,
            f"{_mark(one)}{'' if one.inside_interval else ' !'}",
        )
    return table
