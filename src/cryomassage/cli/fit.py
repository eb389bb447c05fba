"""`cryomassage fit`: what published trials say about the declared numbers, as a file of the knowledge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cryomassage.errors import ExitCode


def command(
    case_file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Cases to fit to; without it those that the product ships."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE.toml", help="Write here instead of to the screen.")
    ] = None,
) -> None:
    """Fit the declared numbers to published trials and write them with ranges, sources and the prior of each.

    The shipped file `fitted.toml` of the knowledge is what this writes. Exit 2 when a case cannot be read; nothing is
    written then.

    Example: cryomassage fit --out fitted.toml
    """
    from cryomassage.cli.compute import compilation_cache, working
    from cryomassage.interchange.case_file import read_cases, shipped_cases, shipped_discussion
    from cryomassage.knowledge.load import load

    knowledge = load()
    file = shipped_cases(knowledge) if case_file is None else read_cases(case_file, knowledge)
    if file.unreadable:
        for left in file.unreadable:
            typer.echo(f"{left.case}: cannot be read: {left.reason}", err=True)
        raise typer.Exit(int(ExitCode.INPUT_WRONG))
    with working(f"Fitting to {len(file.cases)} cases", quiet=False):
        compilation_cache()
        from cryomassage.interchange.fitted_file import fitted_text
        from cryomassage.interchange.whole_file import write_whole
        from cryomassage.validation.fitting import fit_to

        text = fitted_text(fit_to(file.cases, knowledge), shipped_discussion().source, knowledge)
        if out is not None:
            write_whole(out, text)
            out.chmod(0o644)  # knowledge is for everybody to read
    typer.echo(text if out is None else f"Written: {out}")
