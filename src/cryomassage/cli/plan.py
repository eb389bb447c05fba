"""`cryomassage plan`: from a client's answers to a session plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cryomassage.errors import ExitCode

if TYPE_CHECKING:
    from cryomassage.knowledge.schema import Knowledge
    from cryomassage.planning.population import Laboratory
    from cryomassage.records.client import Client
    from cryomassage.records.plan import Plan

_EXIT = {
    "planned": ExitCode.DONE,
    "test_spot_first": ExitCode.DONE,
    "refused": ExitCode.REFUSED,
    "no_safe_dose": ExitCode.NO_SAFE_DOSE,
}


def command(
    client_file: Annotated[Path, typer.Argument(metavar="CLIENT.toml", help="Who, what, where and with what.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write plan.json and report.html here.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Screen the person, check the room, compute the dose, and lay out the course.

    The protocol card is printed; with --out an HTML report with plots and plan.json are written. A refused
    person is told why, and nothing is written (exit 3); exit 4 when no dose is safe and useful with this source.

    Example: cryomassage plan examples/acne-ln2-swab.toml --out out/
    """
    from cryomassage.cli.compute import compilation_cache, working
    from cryomassage.interchange.client_file import read_client
    from cryomassage.interchange.whole_file import check_folder
    from cryomassage.knowledge.load import load

    knowledge = load()
    client = read_client(client_file, knowledge)
    if out is not None:
        check_folder(out)
    with working("Planning on 1,024 virtual skins", quiet=json_output):
        compilation_cache()
        from cryomassage.planning.make_plan import make_plan
        from cryomassage.planning.numerics import default_numerics
        from cryomassage.planning.population import Laboratory

        laboratory = Laboratory(knowledge, default_numerics(knowledge))
        plan = make_plan(client, knowledge, laboratory)
        written = _write(plan, client, out, laboratory, knowledge) if out is not None and plan.card is not None else ()
    if json_output:
        typer.echo(plan.model_dump_json(indent=1, by_alias=True))
    else:
        from rich.console import Console

        from cryomassage.interchange.terminal import card_panel

        console = Console()
        console.print(card_panel(plan))
        for path in written:
            console.print(f"Written: {path}", soft_wrap=True)
    raise typer.Exit(int(_EXIT[plan.status]))


def _write(plan: Plan, client: Client, out: Path, laboratory: Laboratory, knowledge: Knowledge) -> tuple[Path, ...]:
    """Report first, plan last: a `plan.json` is only ever there when its report is."""
    from cryomassage.interchange.plan_file import write_plan
    from cryomassage.interchange.report import write_report
    from cryomassage.planning.predict import predict_all

    report = write_report(plan, predict_all(plan, client, laboratory), knowledge, out)
    plan_path = out / "plan.json"
    write_plan(plan, plan_path)
    return report, plan_path
