"""Cards and verdicts for the terminal: signs and words, with colour only to underline them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cryomassage.interchange import words
from cryomassage.interchange.words import Told
from cryomassage.knowledge.schema import Knowledge
from cryomassage.records.plan import Plan
from cryomassage.records.screening import FiredRule, Screening

_WIDTH = 80
_COLOURS = {"go": "green", "limit": "yellow", "stop": "red"}


def told(word: Told) -> Text:
    """A verdict with its sign."""
    return Text(f"{word.icon} {word.words}", style=f"bold {_COLOURS[word.tone]}")


def _listed(heading: str, lines: tuple[str, ...], sign: str, tone: str = "") -> list[RenderableType]:
    """A heading and its lines, or nothing where there are no lines."""
    if not lines:
        return []
    colour = _COLOURS.get(tone, "")
    block: list[RenderableType] = [Text(""), Text(heading, style=f"bold {colour}".strip())]
    for line in lines:
        row = Table.grid(padding=(0, 1))
        row.add_row(Text(sign), Text(words.readable(line)))
        block.append(Padding(row, (0, 0, 0, 1)))
    return block


def card_panel(plan: Plan) -> Panel:
    """The protocol card, or the reasons why there is none."""
    word = words.verdict(plan)
    body: list[RenderableType] = [told(word)]
    if plan.card is None:
        body += [Text(words.readable(plan.message)), Text(""), Text(f"Next: {plan.next_step}")]
        title = "No card"
    else:
        card = plan.card
        title = card.title
        body += [Text(words.readable(plan.message)), Text(card.today, style="bold")]
        body += _listed("Limits of today", words.instructions(plan), "!", "limit")
        waits = plan.status == "test_spot_first"
        heading = f"Not today. {words.later(plan)}" if waits else "What the hands do"
        body += _listed(heading, card.steps, "›", "limit" if waits else "")
        body += _listed("See and feel", card.expected, "✓", "go")
        body += _listed("Stop when", card.stop_signs, "✕", "stop")
        body += _listed("First aid", card.first_aid, "+", "stop")
        body += _listed("Notes", card.notes, "·")
    body += [Text(""), Text(plan.statement, style="dim")]
    return Panel(
        Group(*body),
        title=Text(title),
        subtitle=Text(f"{plan.client_code} · {words.day(plan.date)}"),
        border_style=_COLOURS[word.tone],
        width=_WIDTH,
        padding=(1, 2),
    )


def rules_table(rules: Sequence[FiredRule], knowledge: Knowledge) -> RenderableType:
    """Every rule that fired, with what follows from it and the titles of its sources."""
    if not rules:
        return Text("Every question was answered, and no rule speaks against it.")
    table = Table(width=_WIDTH, show_lines=True)
    table.add_column("Verdict", width=14)
    table.add_column("Where", width=13)
    table.add_column("Why", ratio=1)
    for rule in rules:
        why = Text(words.readable(rule.reason))
        if rule.urgent:
            why.append("\nSeek care now.", style="bold")
        if rule.restriction is not None:
            why.append(f"\nSo: {words.readable(rule.restriction.instruction)}", style="bold")
        if rule.until is not None:
            why.append(f"\nUntil {words.day(rule.until)}.")
        if rule.cleared_by is not None:
            why.append(f"\nCleared in writing by {rule.cleared_by}.")
        elif rule.clearable:
            why.append("\nA doctor may clear this in writing.")
        titles = "; ".join(knowledge.sources[key].title for key in rule.source if key in knowledge.sources)
        if titles:
            why.append(f"\n{titles}", style="dim")
        table.add_row(told(words.OUTCOME[rule.outcome]), Text(words.zone_name(rule.zone, knowledge)), why)
    return table


def screening_table(screening: Screening, knowledge: Knowledge) -> RenderableType:
    """The verdict of the screening, zone by zone, and every rule that fired for the chosen method."""
    verdict: list[RenderableType] = [told(words.OUTCOME[screening.verdict])]
    verdict.append(Text(f"Method: {knowledge.method[screening.method].name}"))
    if screening.until is not None:
        verdict.append(Text(f"From {words.day(screening.until)}, when the questions are asked again."))
    zones = Table.grid(padding=(0, 2))
    for finding in screening.chosen:
        zones.add_row(Text(knowledge.zone[finding.zone].name), told(words.OUTCOME[finding.outcome]))
    rules = [rule for rule in screening.rules if rule.method in (None, screening.method)]
    return Group(*verdict, Text(""), zones, Text(""), rules_table(rules, knowledge))
