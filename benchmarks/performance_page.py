"""Writes docs/performance.md from measured values; what was not measured is said to be left out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.summary import headline

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
Results = dict[str, Any]
_NAMES = {
    "devito_cb1": "Devito",
    "fipy_cb1": "FiPy",
    "scikit_fem_cb1": "scikit-fem",
    "py_pde_cb1": "py-pde",
    "plain_numba_cb1": "plain Numba",
    "plain_jax_cb1": "plain JAX",
}
_BARS = {
    "session_realtime_factor": "≥ 200",
    "session_surface_error_K": "≤ 0.2",
    "session_basal_error_K": "≤ 0.2",
    "freezing_realtime_factor": "≥ 40",
    "cb3_60s_seconds": "≤ 3",
    "cb3_frozen_volume_error": "≤ 0.01",
    "cb1_time_over_devito_uniform": "≤ 0.2",
    "cb1_time_over_devito_graded": "< 0.8",
    "cb1_fipy_over_ours": "≥ 500",
    "cb1_skfem_over_ours": "≥ 500",
    "cb1_pypde_over_ours": "≥ 500",
    "column_plans_per_second": "≥ 3000",
    "gradient_over_primal": "≤ 4",
    "peak_memory_mb": "≤ 1500",
}


def _number(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float | int):
        return f"{value:.3g}" if abs(value) < 1e4 else f"{value:,.0f}".replace(",", "\u202f")
    return str(value)


def _table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    names = list(head)
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_number(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _error(error: Results) -> str:
    return f"{error['surface_rms_K']:.3f} / {error['surface_p99_K']:.3f}"


def _field(error: Results) -> str:
    return f"{error['field_rms_K']:.4f} / {error['field_p99_K']:.4f}"


def _ms(point: Results | None) -> str:
    return "–" if point is None else f"{point['seconds'] * 1e3:.3g}"


def peer_table(results: Results) -> str:
    """CB-1: every setting of every peer, and ours at no larger error."""
    rows = []
    for name, peer in results.get("cb1", {}).get("peers", {}).items():
        for row in peer["rows"]:
            theirs, mine = row["peer"], row["ours"]
            rows.append(
                (
                    f"{_NAMES[name]} {peer['version']}",
                    f"{theirs['grid']}, {1e3 * 1.25 / theirs['steps']:.3g} ms",
                    _error(theirs["step_error"]),
                    _error(theirs["error"]),
                    _field(theirs["error"]),
                    _ms(theirs),
                    "–" if mine is None else f"{mine['grid']}, {1e3 * 1.25 / mine['steps']:.3g} ms",
                    _ms(mine),
                    "–" if mine is None else f"{mine['call_s'] * 1e3:.3g}",
                    None if mine is None else mine["seconds"] / theirs["seconds"],
                    None if row["ours_on_its_grid"] is None else row["ours_on_its_grid"]["seconds"] / theirs["seconds"],
                )
            )
    head = (
        "solver",
        "grid, step",
        "surface error by the step (K)",
        "surface error (K)",
        "field error (K)",
        "ms",
        "ours at no larger error",
        "ms",
        "our whole call, ms",
        "ours / theirs",
        "the same on their grid",
    )
    return _table(head, rows)


def _left_out(part: Results) -> str:
    told = part.get("left_out", {})
    return "".join(f"\nLeft out: {name} – {why}\n" for name, why in told.items())


def _summary(results: Results) -> str:
    rows = ((f"`{key}`", value, _BARS.get(key, "")) for key, value in headline(results).items())
    return _table(("measured", "value", "asked for"), rows)


def _freezing(results: Results) -> str:
    part = results.get("cb3")
    if part is None:
        return "Not run.\n"
    rows = (
        (
            run["solver"],
            run["step_s"],
            run["steps"],
            run["seconds"],
            f"{100 * run['frozen_volume_error']:+.2f} %",
            f"{run['rms_K']:.3f} / {run['p99_K']:.3f}",
            run["cell_updates_per_s"] / 1e6,
        )
        for run in part["runs"]
    )
    head = ("solver", "longest step (s)", "steps", "seconds", "frozen volume", "error rms / p99 (K)", "Mcell/s")
    return (
        f"{part['seconds']} s of the session; frozen volume of the reference {part['frozen_mm3']:.4g} mm³.\n\n"
        + _table(head, rows)
        + "\n"
    )


def _gradients(results: Results) -> str:
    part = results.get("cb4")
    if part is None:
        return "Not run.\n"
    rows = (
        (
            run["solver"],
            run["mean_degC"],
            run["primal_s"],
            run["reverse_s"],
            run["reverse_over_primal"],
            ", ".join(f"{value:.3g}" for value in run["gradient"]),
            ", ".join(f"{value:.3g}" for value in run["by_differences"]),
        )
        for run in part["runs"]
    )
    head = ("solver", "mean (°C)", "primal (s)", "reverse (s)", "ratio", "gradient", "by differences of 2 %")
    return _table(head, rows) + "\n" + _left_out(part)


def _columns(results: Results) -> str:
    part = results.get("cb5")
    if part is None:
        return "Not run.\n"
    rows = (
        (run["solver"], run["steps"], run["seconds"], run["plans_per_s"], f"{run['rms_K']:.3g} / {run['p99_K']:.3g}")
        for run in part["runs"]
    )
    return _table(("solver", "steps", "seconds", "plans/s", "error rms / p99 (K)"), rows) + "\n" + _left_out(part)


def _session(results: Results) -> str:
    part = results.get("session")
    if part is None:
        return "Not run.\n"
    rows = (
        (
            name,
            run["steps"],
            run["seconds"],
            run["realtime_factor"],
            run.get("surface_error_max_K"),
            run.get("basal_error_max_K"),
            run["lowest_surface_degC"],
            f"{100 * run['frozen_share_of_area']:.0f} %",
            run["energy_error"],
        )
        for name, run in part.items()
        if name != "left_out"
    )
    head = (
        "session",
        "steps",
        "seconds",
        "× real time",
        "surface error, largest (K)",
        "basal error, largest (K)",
        "coldest (°C)",
        "area frozen",
        "energy error",
    )
    return _table(head, rows) + "\n" + _left_out(part)


def _schemes(results: Results) -> str:
    part = results.get("schemes")
    if part is None:
        return "Not run.\n"
    rows = ((run["scheme"], run["cost"], 1e3 * run["step_s"], _error(run), _field(run)) for run in part)
    return _table(("scheme", "solves per step", "step (ms)", "surface error (K)", "field error (K)"), rows) + "\n"


def _machine(results: Results) -> str:
    limits = results.get("limits")
    if limits is None:
        return "Not run.\n"
    linear = results.get("session", {}).get("linear", {})
    rows = [
        ("copy from memory, one thread (GB/s)", limits["copy_bandwidth_GB_per_s"]),
        ("multiply-adds in the first cache, single precision (Gflop/s)", limits["peak_Gflop_per_s"]),
        ("roofline: Mcell/s if arithmetic were all", limits["by_arithmetic_Mcell_per_s"]),
        ("roofline: Mcell/s if all came from memory", limits["by_copy_from_memory_Mcell_per_s"]),
    ]
    if linear:
        rows.append(("reference session (Mcell/s)", linear["cell_updates_per_s"] / 1e6))
    return _table(("limit", "value"), rows) + "\n"


def _scaling(results: Results) -> str:
    part = results.get("scaling")
    if part is None:
        return "Not run.\n"
    told = []
    for key, what in (("by_cells", "surface cells"), ("by_steps", "steps"), ("by_batch", "columns in a batch")):
        rows = (
            (
                run.get("columns", run["cells"]),
                run["steps"],
                run["seconds"],
                run["cell_updates_per_s"] / 1e6,
            )
            for run in part[key]
        )
        first = "columns" if key == "by_batch" else "cells"
        told.append(f"By {what}:\n\n" + _table((first, "steps", "seconds", "Mcell/s"), rows) + "\n")
    return "\n".join(told)


def _response(results: Results) -> str:
    part = results.get("response")
    if part is None:
        return "Not run.\n"
    rows = [
        ("temperatures alone (ms)", 1e3 * part["temperatures_s"]),
        ("with vessels that answer (ms)", 1e3 * part["with_vessels_s"]),
        ("ratio", part["ratio"]),
        ("the same, plus two hours watched and everything told, once for each plan (ms)", 1e3 * part["told_once_s"]),
    ]
    head = (f"{part['virtual_skins']:,} virtual skins, {part['passes']} passes, {part['steps']} steps", "median")
    return _table(head, rows) + f"\nThe ratio may be {part['limit']:g} at most.\n"


def page(results: Results) -> str:
    """The whole page."""
    machine, cb1 = results.get("machine", {}), results.get("cb1", {})
    versions = ", ".join(f"{name} {number}" for name, number in machine.get("versions", {}).items() if number)
    quick = [name for name, short in results.get("quick", {}).items() if short]
    hurried = f"\nThese parts come from a quick run: {', '.join(quick)}.\n" if quick else ""
    failed = results.get("failed", {})
    broken = f"\nThese parts failed: {', '.join(failed)}.\n" if failed else ""
    moved = cb1.get("reference_moved")
    uncertain = f"The reference itself is good to {_error(moved)} K at the surface.\n" if moved else ""
    return f"""# Performance

Made by `make bench` from what it measured; nothing here is typed in.

Machine: {machine.get("processor", "?")}, {machine.get("cores", "?")} cores, load {_number(machine.get("load_before"))}
before the run, Python {machine.get("python", "?")}; {versions}.
{hurried}{broken}
{_summary(results)}

## CB-1: a cold applicator glides over a slab

{_number(cb1.get("end_s"))} s. Errors are RMS / 99th percentile over space and time. "By the step" is against the same
grid with the step taken to zero (two runs, extrapolated); the others are against the solution of the problem, from two
fine grids, extrapolated. {uncertain}
Times are the shortest of several, from the first temperature to the last field, for everybody without what is made
ready once: compilation, operators, tables of the moving exchange, factorisations. Our whole call stands beside it.
Each peer runs on the grid that is stated, 120 × 160 cells; Devito and the plain solvers also on coarser, finer and
graded ones. Beside each is our fastest run whose error is no larger in any of the four numbers.

{peer_table(results)}
{_left_out(cb1)}
Devito and the plain solvers step the same explicit scheme, each with the faster of one and two threads. FiPy (implicit
Euler) and scikit-fem (implicit midpoint) take the larger steps that they allow; their linear algebra runs on one
thread, which is the faster here. py-pde is timed twice: its `solve` call, which sets up for seconds each time
({", ".join(f"{row['peer']['call_s']:.3g} s" for row in cb1.get("peers", {}).get("py_pde_cb1", {}).get("rows", []))}),
and, in the table, the compiled stepping alone.

## CB-3: freezing under a moving applicator at −150 °C

Every engine takes the same law: between −1 and −8 °C the medium gives up its unfrozen sensible heat and, evenly on top
of it, its latent heat; conductivity goes over in proportion to the ice. Sideways the mean of two conductivities counts,
in depth the two halves in series. The reference steps explicitly in double precision, two steps, extrapolated; volume
is that of cells below −1 °C.

{_freezing(results)}
## CB-4: gradients

Mean temperature at 0.56 mm after 6 s, differentiated by coefficient (K per W/m²K), temperature (K/K) and speed (K per
m/s) of the applicator.

{_gradients(results)}
## CB-5: freezing columns

{_columns(results)}
## The reference session

100 × 100 mm, 32 layers, a jet in raster for 180 s, then 120 s of rewarming, with blood flow that answers the cold. With
freezing the jet is colder (−170 °C), stronger (900 W/m²K) and half as fast, so that much of the skin freezes. Errors
are the largest over nine snapshots, against a run with half the cells' size and half the step.

{_session(results)}
## The body's response

{_response(results)}
## Schemes

Ways to step CB-1 on one grid (60 × 33, graded), all written plainly in double precision; errors by the step alone,
RMS / 99th percentile. The reasons for ours stand in [decision 6](decisions/0006-patch-solver.md).

{_schemes(results)}
## Limits of the machine

{_machine(results)}
## How the cost grows

{_scaling(results)}
"""
