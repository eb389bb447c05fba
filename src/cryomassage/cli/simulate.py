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
        typer.Argument(metavar="SCENARIO.toml", help="Site, cold and times; `cryomassage new scenario`."),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write curves, field, pictures and report here."),
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Expose virtual skins, or a gel phantom, to any cold and tell how cold they become.

    With --out: temperatures.csv, field.npz, pictures (PNG and SVG) and simulation.json. Nothing is written
    when something is wrong. A simulation is not a plan: it checks no person and no limit.

    Example: cryomassage simulate examples/scenarios/ice-pack-thigh.toml --out out/
    """
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
