"""`cryomassage screen`: may this person be treated today?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    client_file: Annotated[Path, typer.Argument(metavar="CLIENT.toml", help="The client's answers.")],
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Hold a client's answers against every rule: clear, limit, defer, refer or stop, with reasons.

    Example: cryomassage screen examples/acne-ln2-swab.toml
    """
    from cryomassage.interchange.client_file import read_client
    from cryomassage.knowledge.load import load
    from cryomassage.planning.screening import screen

    knowledge = load()
    screening = screen(read_client(client_file, knowledge), knowledge)
    if json_output:
        typer.echo(screening.model_dump_json(indent=1, by_alias=True))
        return
    from rich.console import Console

    from cryomassage.interchange.terminal import screening_table

    Console().print(screening_table(screening, knowledge))
