"""`cryomassage colour`: has the skin paled or reddened, by a pair of photographs?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cryomassage.planning.colour_space import Colour
    from cryomassage.records.body_response import ColourResponse
    from cryomassage.records.colour_measurement import ColourMeasurement
    from cryomassage.records.interval import Interval

_AGREES = {
    "inside": "inside what was predicted",
    "outside": "OUTSIDE what was predicted",
    "cannot tell": "at the edge of what was predicted: the pictures cannot tell",
}


def command(
    before: Annotated[Path, typer.Argument(metavar="BEFORE.jpg", help="The skin before the cold.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER.jpg", help="The same skin later, in the same light.")],
    skin: Annotated[str, typer.Option("--skin", metavar="X,Y,W,H", help="Skin in the picture, in pixels.")],
    reference: Annotated[
        str,
        typer.Option("--reference", metavar="X,Y,W,H", help="Colour reference in the picture, such as a grey card."),
    ],
    skin_after: Annotated[
        str | None, typer.Option("--skin-after", metavar="X,Y,W,H", help="Skin in the second picture, if elsewhere.")
    ] = None,
    reference_after: Annotated[
        str | None, typer.Option("--reference-after", metavar="X,Y,W,H", help="Reference there, if elsewhere.")
    ] = None,
    reference_lab: Annotated[
        str | None, typer.Option("--reference-lab", metavar="L,A,B", help="Its colour (D65); else a grey card.")
    ] = None,
    phototype: Annotated[str | None, typer.Option("--phototype", help="Of the client: i to vi.")] = None,
    plan: Annotated[
        Path | None, typer.Option("--plan", metavar="plan.json", help="Compare with the prediction of this plan.")
    ] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="Which zone of the plan, such as cheek.")] = None,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", help="When AFTER was taken, after the first touch; else the palest moment."),
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Measure how the colour of skin changed between two photographs that show the same colour reference.

    The reference (a grey card, or a patch of known colour) lies beside the skin in both pictures; it mends exposure
    and tint. Give rectangles in the pixels of the upright picture. Exit 2 where something cannot be measured.

    Example: cryomassage colour before.jpg after.jpg --skin 820,640,80,80 --reference 300,900,60,60
    """
    from cryomassage.interchange.photo import Asked, read_lab, read_pair, read_rectangle
    from cryomassage.knowledge.load import load
    from cryomassage.planning.colour_measure import measure_colour

    knowledge = load()
    known_phototype = _phototype(phototype)
    first = Asked(
        before, read_rectangle(skin, "--skin"), read_rectangle(reference, "--reference"), "--skin", "--reference"
    )
    second = Asked(
        after,
        first.skin if skin_after is None else read_rectangle(skin_after, "--skin-after"),
        first.reference if reference_after is None else read_rectangle(reference_after, "--reference-after"),
        "--skin" if skin_after is None else "--skin-after",
        "--reference" if reference_after is None else "--reference-after",
    )
    colour: Colour | None = None if reference_lab is None else read_lab(reference_lab, "--reference-lab")
    predicted = _predicted(plan, zone)
    pictures = read_pair(first, second, colour, knowledge)
    result = measure_colour(*pictures, colour, knowledge, known_phototype, predicted, seconds)
    if json_output:
        typer.echo(result.model_dump_json(indent=1, by_alias=True))
    else:
        _print(result)


def _phototype(text: str | None) -> str | None:
    from typing import get_args

    from cryomassage.errors import InputError, Problem
    from cryomassage.records.client import Phototype

    if text is None or text in get_args(Phototype):
        return text
    known = ", ".join(get_args(Phototype))
    raise InputError("command line", [Problem("--phototype", text, f"must be one of {known}", "Or leave it out.")])


def _predicted(plan_file: Path | None, zone_key: str | None) -> tuple[str, str, ColourResponse] | None:
    """Key, name and predicted colour of the zone that was asked for."""
    from cryomassage.errors import InputError, Problem
    from cryomassage.interchange.plan_file import read_plan

    if plan_file is None and zone_key is None:
        return None
    if plan_file is None or zone_key is None:
        missing, given = ("--plan", "--zone") if plan_file is None else ("--zone", "--plan")
        problem = Problem(missing, "missing", f"must be given together with {given}", f"Add {missing}.")
        raise InputError("command line", [problem])
    zones = {told.zone: told for told in read_plan(plan_file).zones}
    if zone_key not in zones:
        known = ", ".join(zones) or "none"
        problem = Problem("--zone", zone_key, f"must be a zone of the plan: {known}", "Name one of them.")
        raise InputError(str(plan_file), [problem])
    response = zones[zone_key].response
    if response is None:
        problem = Problem(
            f"zones.{zone_key}.response",
            "missing",
            "the plan must tell what the body is predicted to do",
            "Make the plan anew with `cryomassage plan`; it was computed without.",
        )
        raise InputError(str(plan_file), [problem])
    return zone_key, zones[zone_key].name, response.colour


def _between(told: Interval) -> str:
    # Short enough for a table of four columns on a narrow terminal.
    return f"{told.p50:.1f} ({told.p05:.1f}–{told.p95:.1f})".replace("-", "−")


def _signed(middle: float, low: float, high: float) -> str:
    # A zero has no sign, whichever side it was rounded from.
    told = (f"{value:+.1f}" if abs(value) >= 0.05 else "0.0" for value in (middle, low, high))
    return "{} ({} to {})".format(*told).replace("-", "−")


def _print(result: ColourMeasurement) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title="Colour of the skin (5 to 95 % in brackets)")
    for heading in ("", "Before", "After", "Change"):
        table.add_column(heading, justify="left" if not heading else "right")
    rows = (
        ("Lightness L*", "lightness"),
        ("Redness a*", "a_star"),
        ("Yellowness b*", "b_star"),
        ("Erythema index", "erythema_index"),
    )
    for name, field in rows:
        then, now, change = (getattr(part, field) for part in (result.before, result.after, result.change))
        table.add_row(name, _between(then), _between(now), _signed(change.p50, change.p05, change.p95))
    console.print(table)

    def tell(text: str) -> None:
        console.print(text, markup=False, highlight=False)

    change = result.change
    tell(
        f"{change.told.capitalize()}: the colours differ by ΔE2000 {_between(change.difference_2000)}, ΔE*ab "
        f"{_between(change.difference_ab)}; from ΔE*ab {result.visible_difference:g} on the eye sees it."
    )
    if result.prediction is not None:
        told = result.prediction
        redness = change.a_star
        tell(
            f"{told.name}, {told.time_s:.3g} s after the first touch, predicted “{told.words}”: a* changes by "
            f"{_signed(told.a_star, told.a_star_low, told.a_star_high)}. Measured "
            f"{_signed(redness.p50, redness.p05, redness.p95)}: {_AGREES[told.agrees]}."
        )
    for note in result.notes:
        tell(note)
