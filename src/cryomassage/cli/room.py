"""`cryomassage room`: may this vessel stand in this room?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cryomassage.errors import ExitCode

if TYPE_CHECKING:
    from rich.table import Table

    from cryomassage.records.room import OxygenFinding, RoomVerdict

_EVENTS = {
    "total_loss": "all vessels lost just after filling",
    "steady_use": "steady use",
    "standing": "vessels standing",
    "filling": "filling the largest vessel",
}
_VERDICTS = {
    "allowed": "allowed",
    "allowed_with_monitor": "allowed with monitor and extraction",
    "refused": "REFUSED",
}


def command(
    room_file: Annotated[
        Path, typer.Argument(metavar="ROOM.toml", help="The room and its vessels; `cryomassage new room`.")
    ],
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Work out the oxygen that is left when liquid nitrogen is lost, used, stored or filled in a room.

    Exit 3 when the room is refused; what is unknown is refused.

    Example: cryomassage room examples/rooms/treatment-room.toml
    """
    import datetime

    from cryomassage.interchange.client_file import read_room
    from cryomassage.knowledge.load import load
    from cryomassage.planning.room import judge_room

    room = read_room(room_file)
    verdict = judge_room(room, datetime.datetime.now().astimezone().date(), load())
    if json_output:
        typer.echo(verdict.model_dump_json(indent=1, by_alias=True))
    else:
        _print(verdict)
    raise typer.Exit(int(ExitCode.REFUSED if verdict.verdict == "refused" else ExitCode.DONE))


def _figures(value: float | None, unit: str) -> str:
    """Three figures, halves rounded up as by hand; more would claim more than is known of a room."""
    from decimal import ROUND_HALF_UP, Decimal

    if value is None:
        return "unknown"
    # Twelve digits drop the noise of binary fractions, which would turn 0.04375 into 0.0437.
    number = Decimal(f"{value:.12g}")
    step = Decimal(1).scaleb(min(number.adjusted() - 2, 0) if number else -2)
    return f"{number.quantize(step, ROUND_HALF_UP):f} {unit}"


def _released(finding: OxygenFinding) -> str:
    if finding.rate_m3_per_h is not None:
        return _figures(finding.rate_m3_per_h, "m³/h")
    return "" if finding.gas_m3 is None else _figures(finding.gas_m3, "m³")


def _table(verdict: RoomVerdict) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(f"{verdict.name}, {_figures(verdict.volume_m3, 'm³')}"))
    for heading in ("Event", "Nitrogen gas", "Oxygen", "Fall", "Verdict"):
        table.add_column(heading, justify="left" if heading in ("Event", "Verdict") else "right")
    for finding in verdict.findings:
        table.add_row(
            f"{_EVENTS[finding.event]}\n[dim]{escape(finding.formula)}[/dim]",
            _released(finding),
            _figures(finding.oxygen_percent, "%"),
            _figures(finding.fall_percentage_points, "points"),
            _VERDICTS[finding.verdict],
        )
    return table


def _print(verdict: RoomVerdict) -> None:
    from rich.console import Console

    def tell(text: str) -> None:
        console.print(text, markup=False, highlight=False)

    console = Console()
    console.print(_table(verdict))
    tell(f"{_VERDICTS[verdict.verdict].capitalize()}: {' '.join(verdict.reasons)}")
    tell(
        "Largest volume of liquid, over all vessels, that this room bears without monitor and extraction: "
        f"{_figures(verdict.largest_allowed_total_L, 'L')}."
    )
    tell("Mixed air is assumed; near the release there is far less oxygen. What the levels mean:")
    for level in verdict.alarm_levels:
        tell(f"  {level}")
