"""`cryomassage verify`: are the equations solved right?"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated

import typer

from cryomassage import __version__
from cryomassage.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from cryomassage.records.verification import CaseReport, VerificationReport
    from cryomassage.verification.result import CaseResult


def command(
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Hold the solvers of columns and patches against exact mathematics, case by case.

    Exit 1 when a case fails.

    Example: cryomassage verify --json
    """
    from cryomassage.cli.compute import compilation_cache, working

    with working("Solving the verification cases", quiet=json_output):
        compilation_cache()
        from cryomassage.verification import run_verification

        report = _report(run_verification())
    if json_output:
        typer.echo(report.model_dump_json(indent=1, by_alias=True))
    else:
        from rich.console import Console

        console = Console()
        for case in report.cases:
            console.print(f"{case.id}  {case.title}: {case.quantity}", markup=False, highlight=False)
            console.print(_table(case))
            console.print(_verdict(case), markup=False, highlight=False)
        failed = [case.id for case in report.cases if not case.passed]
        told = "All cases pass." if not failed else f"Failed: {', '.join(failed)}."
        console.print(told, markup=False, highlight=False)
    raise typer.Exit(int(ExitCode.DONE if report.passed else ExitCode.CHECK_FAILED))


def _report(results: Iterable[CaseResult]) -> VerificationReport:
    """Results as a record; what is not a number has no place in JSON and becomes null."""
    import math

    from cryomassage.records.verification import CaseReport, ComparedNumber, VerificationReport

    def number(value: float) -> float | None:
        return float(value) if math.isfinite(value) else None

    cases = tuple(
        CaseReport(
            id=case.id,
            title=case.title,
            quantity=case.quantity,
            unit=case.unit,
            error_unit=case.error_unit,
            rows=tuple(
                ComparedNumber(
                    where=row.where,
                    expected=number(row.expected),
                    computed=number(row.computed),
                    error=number(row.error),
                )
                for row in case.rows
            ),
            max_error=number(case.max_error),
            tolerance=case.tolerance,
            passed=case.passed,
        )
        for case in results
    )
    return VerificationReport(
        passed=all(case.passed for case in cases),
        cases=cases,
        engine_version=__version__,
        jax_version=version("jax"),
    )


def _number(value: float | None) -> str:
    return "not a number" if value is None else f"{value:.4g}"


def _with(unit: str) -> str:
    return "" if unit == "1" else f" {unit}"


def _table(case: CaseReport) -> Table:
    from rich.markup import escape
    from rich.table import Table

    unit, error_unit = escape(_with(case.unit)), escape(_with(case.error_unit))
    table = Table()
    table.add_column("Where")
    for heading in (f"Expected{unit}", f"Computed{unit}", f"Error{error_unit}"):
        table.add_column(heading, justify="right")
    for row in case.rows:
        table.add_row(escape(row.where), _number(row.expected), _number(row.computed), _number(row.error))
    return table


def _verdict(case: CaseReport) -> str:
    unit = _with(case.error_unit)
    return (
        f"{'passed' if case.passed else 'FAILED'}: largest error {_number(case.max_error)}{unit}, "
        f"accepted {case.tolerance:g}{unit}\n"
    )
