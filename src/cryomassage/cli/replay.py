"""`cryomassage replay`: the same numbers again, or which version differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cryomassage.errors import ExitCode


def command(
    plan_file: Annotated[Path, typer.Argument(metavar="plan.json", help="A plan made by `cryomassage plan`.")],
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compute a stored plan again with this version, and compare every number.

    Exit 0: the same numbers. Exit 1: they differ, and the versions that differ are named. Exit 2: the file is
    not a plan, or was edited.

    Example: cryomassage replay out/plan.json
    """
    from cryomassage.cli.compute import compilation_cache, working
    from cryomassage.interchange.plan_file import read_plan
    from cryomassage.knowledge.load import load

    stored = read_plan(plan_file)
    with working("Computing the plan again", quiet=json_output):
        compilation_cache()
        from cryomassage.planning.replay import replay

        result = replay(stored, load())
    if json_output:
        typer.echo(
            json.dumps(
                {
                    "same": result.same,
                    "differing_versions": list(result.differing_versions),
                    "differing_numbers": list(result.differing_numbers),
                },
                indent=1,
            )
        )
    else:
        typer.echo("The same numbers again." if result.same else "The numbers differ:")
        for line in (
            *result.differing_numbers[:20],
            *(f"version {text}" for text in result.differing_versions),
        ):
            typer.echo(f"  {line}")
    raise typer.Exit(int(ExitCode.DONE if result.same else ExitCode.CHECK_FAILED))
