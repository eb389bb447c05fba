"""`cryomassage new`: forms to be filled in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cryomassage.interchange.template import Blank, Form

app = typer.Typer(
    help="Write a form to be filled in: a client, a room or a scenario.",
    epilog="Example: cryomassage new client me.toml --indication slight_swelling --place home",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_File = Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the form, in TOML.")]
_Ask = Annotated[bool, typer.Option("--ask", help="Ask field by field, when run in a terminal.")]
_Force = Annotated[bool, typer.Option("--force", help="Replace the file when it is there already.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("client")
def client(
    file: _File,
    indication: Annotated[
        str,
        typer.Option("--indication", metavar="KEY", help="What for; `cryomassage knowledge show indication`."),
    ] = "tone_prevention",
    place: Annotated[str, typer.Option("--place", metavar="salon|home", help="Where.")] = "salon",
    method: Annotated[
        str | None, typer.Option("--method", metavar="KEY", help="How; without it the first that suits.")
    ] = None,
    zone: Annotated[
        list[str] | None,
        typer.Option("--zone", metavar="KEY", help="Where on the body; give it once per zone."),
    ] = None,
    sex: Annotated[
        str | None, typer.Option("--sex", metavar="female|male", help="Leaves out what only women are asked.")
    ] = None,
    ask: _Ask = False,
    force: _Force = False,
    json_output: _Json = False,
) -> None:
    """Write the screening questions that apply to a wish, each with the reason why it is asked.

    Example: cryomassage new client me.toml --indication slight_swelling --place home --zone cheek
    """
    import datetime

    from cryomassage.interchange.forms import Wish, client_form
    from cryomassage.knowledge.load import load

    _refuse_existing(file, force)
    today = datetime.datetime.now().astimezone().date()
    wish = Wish(indication, place, method, tuple(zone or ()), sex, today)
    _write(client_form(wish, load()), file, ask, json_output)


@app.command("room")
def room(file: _File, ask: _Ask = False, force: _Force = False, json_output: _Json = False) -> None:
    """Write the form of a room with its nitrogen vessels.

    Example: cryomassage new room room.toml
    """
    from cryomassage.interchange.forms import room_form

    _refuse_existing(file, force)
    _write(room_form(), file, ask, json_output)


@app.command("scenario")
def scenario(file: _File, ask: _Ask = False, force: _Force = False, json_output: _Json = False) -> None:
    """Write the form of an exposure to be simulated.

    Example: cryomassage new scenario scenario.toml
    """
    from cryomassage.interchange.forms import scenario_form
    from cryomassage.knowledge.load import load

    _refuse_existing(file, force)
    _write(scenario_form(load()), file, ask, json_output)


def _refuse_existing(file: Path, force: bool) -> None:
    from cryomassage.errors import InputError, Problem

    if file.is_dir():
        raise InputError("new", [Problem("FILE", str(file), "is a folder", "Name a file in it.")])
    if file.exists() and not force:
        raise InputError("new", [Problem("FILE", str(file), "is there already", "Name another file, or add --force.")])


def _write(form: Form, file: Path, ask: bool, json_output: bool) -> None:
    import json
    import sys

    from cryomassage.errors import InputError, Problem
    from cryomassage.interchange.template import render, unanswered
    from cryomassage.interchange.whole_file import write_whole

    answers: dict[str, str] = {}
    if ask and sys.stdin.isatty():
        answers = _ask(form)
    elif ask:
        typer.echo("Not a terminal: nothing is asked, the form is written empty.", err=True)
    text = render(form, answers)
    try:
        write_whole(file, text)
    except OSError as error:
        raise InputError(
            "new", [Problem("FILE", str(file), "a file that can be written", f"The system says: {error}.")]
        ) from error
    count = unanswered(text)
    if json_output:
        typer.echo(json.dumps({"written": str(file), "unanswered": count}))
    else:
        typer.echo(f"Written: {file}")
        typer.echo(f"{form.title} {count} fields wait for an answer." if count else f"{form.title} Filled in.")


def _ask(form: Form) -> dict[str, str]:
    """Go through the form with the person at the terminal; an optional section is offered first."""
    answers: dict[str, str] = {}
    for section in form.sections:
        blanks = [blank for blank in section.blanks if not blank.given]
        if not blanks:
            continue
        if section.comment:
            typer.echo(f"\n{section.comment}")
        if section.optional and not typer.confirm(f"Fill in {section.header}?", default=False):
            continue
        for blank in blanks:
            literal = _ask_one(blank)
            if literal:
                answers[section.name(blank)] = literal
    return answers


def _ask_one(blank: Blank) -> str:
    """Ask until the answer fits; nothing typed leaves the field open."""
    from cryomassage.interchange.template import AnswerError

    while True:
        typer.echo(blank.ask + (f" ({blank.why})" if blank.why else ""))
        answer = typer.prompt(f"  {blank.hint}; nothing to leave it open", default="", show_default=False)
        if not answer.strip():
            return ""
        try:
            return blank.literal(answer)
        except AnswerError as error:
            typer.echo(f"  {error}", err=True)
