"""`cryomassage knowledge`: what is known, how well, and where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cryomassage.errors import ExitCode

if TYPE_CHECKING:
    from rich.table import Table

    from cryomassage.knowledge.explain import Fact, Found
    from cryomassage.knowledge.schema import CoverageRow

app = typer.Typer(
    help="What is known, how well, and where it comes from.",
    epilog="Example: cryomassage knowledge explain zone.cheek",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("check")
def check(
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="DIR", help="Check these files instead of those that ship."),
    ] = None,
    json_output: _Json = False,
) -> None:
    """Read all knowledge files and look for gaps and contradictions; exit 1 when there are any.

    Example: cryomassage knowledge check
    """
    import json

    from cryomassage.errors import KnowledgeError
    from cryomassage.knowledge.explain import kinds
    from cryomassage.knowledge.load import DATA, load_folder

    try:
        knowledge = load_folder(folder or DATA)
    except KnowledgeError as error:
        if not json_output:
            raise
        typer.echo(json.dumps({"consistent": False, "problems": str(error).splitlines()}, indent=1, ensure_ascii=False))
        raise typer.Exit(int(error.exit_code)) from error
    counts = {kind: len(entries) for kind, entries in kinds(knowledge).items()}
    if json_output:
        typer.echo(json.dumps({"consistent": True, "fingerprint": knowledge.fingerprint, "entries": counts}, indent=1))
        return
    sources = counts.pop("sources")
    typer.echo(f"Consistent: {sum(counts.values())} entries of {len(counts)} kinds, {sources} sources.")
    typer.echo(f"Fingerprint: {knowledge.fingerprint}")


@app.command("coverage")
def coverage(json_output: _Json = False) -> None:
    """Show what makes each statement of the source article real; exit 1 when a statement is left out.

    Example: cryomassage knowledge coverage
    """
    import json

    from cryomassage.knowledge.coverage import STATEMENTS, gaps, repository_root
    from cryomassage.knowledge.load import load

    knowledge = load()
    root = repository_root()
    problems = gaps(knowledge, root)
    rows = {key: knowledge.coverage[key] for key in STATEMENTS if key in knowledge.coverage}
    if json_output:
        content = {
            "complete": not problems,
            "files_and_tests_checked": root is not None,
            "rows": {key: row.model_dump(mode="json") for key, row in rows.items()},
            "problems": problems,
        }
        typer.echo(json.dumps(content, indent=1, ensure_ascii=False))
    else:
        from rich.console import Console

        console = Console()
        console.print(_coverage_table(rows, problems))
        if root is None:
            console.print("Example files and tests were not looked up: the repository is not at hand.")
        for key, told in problems.items():
            console.print(f"{key}: {'; '.join(told)}.", markup=False, highlight=False)
    raise typer.Exit(int(ExitCode.CHECK_FAILED if problems else ExitCode.DONE))


def _coverage_table(rows: dict[str, CoverageRow], problems: dict[str, list[str]]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title="What the article says, and what makes it real")
    for heading in ("", "Statement", "Entries", "Commands", "Tests", ""):
        table.add_column(heading, overflow="fold")
    for key, row in rows.items():
        table.add_row(
            key,
            escape(row.statement),
            str(len(row.entries)),
            escape("\n".join(row.commands)),
            str(len(row.tests)),
            "GAP" if key in problems else "covered",
        )
    return table


@app.command("show")
def show(
    kind: Annotated[str | None, typer.Argument(metavar="[KIND]", help="A kind of entry, such as zone.")] = None,
    json_output: _Json = False,
) -> None:
    """List the kinds of entries, or the entries of one kind.

    Example: cryomassage knowledge show zone
    """
    import json

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from cryomassage.errors import InputError, Problem
    from cryomassage.interchange.toml_file import suggestion
    from cryomassage.knowledge.explain import kinds
    from cryomassage.knowledge.load import load

    everything = kinds(load())
    if kind is None:
        rows = {name: str(len(entries)) for name, entries in everything.items()}
        headings = ("Kind", "Entries")
    elif kind in everything:
        rows = {key: _title(entry) for key, entry in everything[kind].items()}
        headings = (f"Key of {kind}", "What it is")
    else:
        raise InputError(
            "knowledge show",
            [Problem("KIND", repr(kind), "there is no such kind", suggestion(kind, everything))],
        )
    if json_output:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    table = Table(*headings)
    for key, text in rows.items():
        table.add_row(escape(key), escape(text))
    Console().print(table)


def _title(entry: object) -> str:
    """The field that says best what an entry is."""
    for name in ("name", "title", "ask", "statement", "reason", "seen_from"):
        text = getattr(entry, name, None)
        if isinstance(text, str):
            return text
    for name in ("meaning", "advice", "shape_reason"):
        statement = getattr(entry, name, None)
        if statement is not None:
            return str(statement.text)
    return ""


@app.command("explain")
def explain(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="A key, or kind and key, such as zone.cheek.")],
    json_output: _Json = False,
) -> None:
    """Show everything that an entry states: value, unit, range, source, how known, disagreement.

    Example: cryomassage knowledge explain limit.acceptance_skins
    """
    import json

    from cryomassage.errors import InputError, Problem
    from cryomassage.interchange.toml_file import suggestion
    from cryomassage.knowledge.explain import facts, find, identifiers
    from cryomassage.knowledge.load import load

    knowledge = load()
    found = find(identifier, knowledge)
    if not found:
        names = identifiers(knowledge)
        kind, _, _ = identifier.partition(".")
        same_kind = [name for name in names if "." in identifier and name.startswith(f"{kind}.")]
        raise InputError(
            "knowledge explain",
            [
                Problem(
                    "ID",
                    repr(identifier),
                    "there is no such entry",
                    suggestion(identifier, same_kind or names),
                )
            ],
        )
    told = [(one, facts(one.entry, knowledge)) for one in found]
    if json_output:
        content = {one.identifier: [_fact_content(fact) for fact in lines] for one, lines in told}
        typer.echo(json.dumps(content, indent=1, ensure_ascii=False))
        return
    from rich.console import Console

    console = Console()
    for one, lines in told:
        console.print(_fact_table(one, lines))


def _fact_content(fact: Fact) -> dict[str, object]:
    from dataclasses import asdict

    return {key: value for key, value in asdict(fact).items() if value not in ("", None, ())}


def _fact_table(found: Found, lines: tuple[Fact, ...]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    from cryomassage.knowledge.explain import KNOWN_MEANS

    table = Table(title=escape(f"{found.identifier}: {_title(found.entry)}"), show_lines=True)
    for heading in ("Field", "Value", "How known, and from where"):
        table.add_column(heading, overflow="fold")
    for fact in lines:
        value = f"{fact.value} {fact.unit}".strip()
        if fact.range is not None:
            value += f"\nrange {fact.range[0]:g} to {fact.range[1]:g}"
            if fact.spread and fact.spread != "fixed":
                value += f", {fact.spread}"
        if fact.note:
            value += f"\nNote: {fact.note}"
        grounds = [] if fact.known is None else [f"{fact.known}: {KNOWN_MEANS[fact.known]}"]
        grounds += [f"· {title}" for title in fact.sources]
        if fact.disagreement:
            grounds.append(f"Disagreement: {fact.disagreement}")
            grounds.append(f"The product: {fact.product_does}")
        table.add_row(escape(fact.field), escape(value), escape("\n".join(grounds)))
    return table
