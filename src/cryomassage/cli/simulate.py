"""`cryomassage simulate`: any exposure on any site."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from cryomassage.records.scenario import SimulationReport


def command(
    scenario_file: Annotated[
        Path,
        typer.Argument(metavar="SCENARIO.toml", help="Site, cold and times, or strokes; `cryomassage new scenario`."),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write curves, field, pictures and report here."),
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Expose virtual skins, a gel phantom or a zone laid flat to any cold and tell how cold they become.

    A scenario of one point goes through a population of skins; with --out: temperatures.csv, field.npz, pictures
    (PNG and SVG) and simulation.json. A patch scenario moves strokes over a zone; with --out: maps, time-lapse,
    depth cut, dose and area, fields (Zarr) and report.json. Nothing is written when something is wrong. A simulation
    is not a plan: it checks no person and no limit.

    Example: cryomassage simulate examples/scenarios/ice-pack-thigh.toml --out out/
    """
    from cryomassage.interchange.toml_file import read_toml
    from cryomassage.records.patch_scenario import SCHEMA as PATCH

    # Another version of a patch scenario is told from its own reader, not taken for a scenario of one point.
    if str(read_toml(scenario_file).get("schema")).startswith(PATCH.rsplit("/", 1)[0]):
        _patch(scenario_file, out, json_output)
    else:
        _column(scenario_file, out, json_output)


def _patch(scenario_file: Path, out: Path | None, json_output: bool) -> None:
    """Strokes over a zone laid flat."""
    from cryomassage.cli.compute import compilation_cache, working
    from cryomassage.interchange.patch_scenario_file import read_patch_scenario
    from cryomassage.knowledge.load import load

    knowledge = load()
    scenario = read_patch_scenario(scenario_file, knowledge)
    with working(f"Moving the cold over {knowledge.zone[scenario.zone].name.lower()}", quiet=json_output):
        compilation_cache()
        from cryomassage.interchange.patch_files import patch_lines, write_patch_files
        from cryomassage.interchange.whole_file import check_folder
        from cryomassage.planning.simulate_patch import simulate_patch

        if out is not None:
            check_folder(out)
        simulation = simulate_patch(scenario, knowledge)
        written = [] if out is None else write_patch_files(simulation, out)
    if json_output:
        typer.echo(simulation.report.model_dump_json(indent=1, by_alias=True))
        return
    for line in patch_lines(simulation.report):
        typer.echo(line)
    for path in written:
        typer.echo(f"Written: {path}")


def _column(scenario_file: Path, out: Path | None, json_output: bool) -> None:
    """One point that the cold touches and leaves, on a population of skins."""
    from cryomassage.cli.compute import compilation_cache, working
    from cryomassage.interchange.scenario_file import read_scenario
    from cryomassage.knowledge.load import load

    knowledge = load()
    scenario = read_scenario(scenario_file, knowledge)
    with working(f"Simulating {scenario.virtual_skins} virtual skins", quiet=json_output):
        compilation_cache()
        from cryomassage.interchange.simulation_files import write_simulation
        from cryomassage.interchange.whole_file import check_folder
        from cryomassage.planning.simulate import simulate

        if out is not None:
            check_folder(out)
        simulation = simulate(scenario, knowledge)
        written = () if out is None else write_simulation(simulation, out)
    if json_output:
        typer.echo(simulation.report.model_dump_json(indent=1, by_alias=True))
        return
    from rich.console import Console

    console = Console()
    console.print(_table(simulation.report))
    if simulation.report.body_response is not None:
        from cryomassage.planning.body_words import body_lines

        for line in body_lines(simulation.report.body_response):
            console.print(line, markup=False, highlight=False)
    for note in simulation.report.notes:
        console.print(f"· {note}", markup=False, highlight=False)
    for path in written:
        console.print(f"Written: {path}", soft_wrap=True, markup=False, highlight=False)


def _seconds(time_s: float) -> str:
    return f"{time_s:.0f} s" if time_s >= 100.0 else f"{time_s:.3g} s"


def _table(report: SimulationReport) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(
        title=escape(f"{report.name} · {report.site}\n{report.cold}"),
        caption=f"median and 5 to 95 % of {report.virtual_skins} virtual skins; "
        f"cold on for {report.seconds_on:g} s of {report.duration_s:g} s",
    )
    for heading in ("Place", "Depth", "Minimum", "5 to 95 %", "At", "End"):
        table.add_column(heading, justify="left" if heading == "Place" else "right")
    for reading in report.readings:
        lowest = reading.minimum_degC
        table.add_row(
            escape(reading.place),
            f"{reading.depth_mm:.2f} mm",
            f"{lowest.p50:.1f} °C",
            f"{lowest.p05:.1f} to {lowest.p95:.1f} °C",
            _seconds(reading.time_of_minimum_s),
            f"{reading.end_degC.p50:.1f} °C",
        )
    return table
