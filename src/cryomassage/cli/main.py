"""The door: `cryomassage COMMAND`. Errors are told once, in one message, with the exit code that they mean."""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from cryomassage import __version__
from cryomassage.cli import colour, fit, knowledge, new, plan, replay, room, screen, simulate, validate, verify
from cryomassage.errors import CryomassageError, ExitCode

app = typer.Typer(
    name="cryomassage",
    help="Plans cold massage of the skin: who may be treated today, how cold, how long, and why. "
    "Decision support for trained people; it makes no diagnosis.",
    epilog="Begin: cryomassage new client me.toml, then cryomassage screen me.toml. "
    "Exit codes: 0 done, 1 a check failed, 2 input is wrong, 3 refused, 4 no safe dose with this source.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)

app.command("screen")(screen.command)
app.command("plan")(plan.command)
app.command("replay")(replay.command)
app.command("room")(room.command)
app.command("colour")(colour.command)
app.command("simulate")(simulate.command)
app.command("verify")(verify.command)
app.command("validate")(validate.command)
app.command("fit")(fit.command)
app.add_typer(new.app, name="new")
app.add_typer(knowledge.app, name="knowledge")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cryomassage {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def run() -> None:
    """Run the command line and turn errors into one message and an exit code."""
    # A command lives for seconds. Searching its hundreds of thousands of objects for cycles, while it imports and
    # once more when it ends, took a third of the time of a plan.
    gc.disable()
    try:
        app()
    except CryomassageError as error:
        typer.echo(str(error), err=True)
        sys.exit(int(error.exit_code))
    except OSError as error:
        typer.echo(
            f"The system refused: {error}. What was being written is not there; nothing is half written.", err=True
        )
        sys.exit(int(ExitCode.CHECK_FAILED))
    finally:
        gc.freeze()
