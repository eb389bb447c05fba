"""The few numbers that stand for all: the headline of results.json."""

from __future__ import annotations

from typing import Any

Results = dict[str, Any]
# CB-3 within this error of the frozen volume counts.
_VOLUME_ERROR = 0.01


def _rows(results: Results, peer: str, kind: str = "") -> list[Results]:
    told = results.get("cb1", {}).get("peers", {}).get(peer, {}).get("rows", [])
    return [row for row in told if row["peer"]["grid"].startswith(kind)]


def _ratio(row: Results, key: str = "ours", *, call: bool = False) -> float | None:
    """Our time over the peer's."""
    mine = row[key]
    peer_s = row["peer"]["call_s"] if call and row["peer"]["call_s"] is not None else row["peer"]["seconds"]
    return None if mine is None else float(mine["seconds"] / peer_s)


def _worst(results: Results, peer: str, kind: str, key: str = "ours") -> float | None:
    """The largest ratio over those of the peer's settings that none of ours leaves unmatched."""
    ratios = [ratio for row in _rows(results, peer, kind) if (ratio := _ratio(row, key)) is not None]
    return max(ratios, default=None)


def _stated(results: Results, peer: str, key: str = "ours") -> float | None:
    """On the grid on which CB-1 is stated, at the peer's fastest setting."""
    rows = [row for row in _rows(results, peer) if row["peer"]["grid"] == "uniform 120 × 160"]
    if not rows:
        return None
    return _ratio(min(rows, key=lambda row: row["peer"]["seconds"]), key)


def _times_faster(results: Results, peer: str, *, call: bool = False) -> float | None:
    """How many times faster, where that is least."""
    ratios = [ratio for row in _rows(results, peer) if (ratio := _ratio(row, call=call)) is not None]
    return 1.0 / max(ratios) if ratios else None


def _best_cb3(results: Results) -> Results:
    runs = [run for run in results.get("cb3", {}).get("runs", []) if run["solver"] == "ours"]
    good = [run for run in runs if abs(run["frozen_volume_error"]) <= _VOLUME_ERROR]
    return min(good or runs, key=lambda run: run["seconds"], default={})


def _runs(results: Results, part: str, solver: str) -> list[Results]:
    return [run for run in results.get(part, {}).get("runs", []) if run["solver"] == solver]


def _column_plans(results: Results) -> Results:
    """Ours at no larger error than plain Numba with its six hundred steps; else at six hundred steps."""
    mine = _runs(results, "cb5", "ours")
    plain = [run for run in _runs(results, "cb5", "plain Numba") if run["steps"] == 600]
    good = [run for run in mine if plain and run["rms_K"] <= plain[0]["rms_K"]]
    same = [run for run in mine if run["steps"] == 600]
    return max(good or same, key=lambda run: run["plans_per_s"], default={})


def headline(results: Results) -> Results:
    """Keys that others read; None where a part was not run or left out."""
    session = results.get("session", {})
    linear, freezing = session.get("linear", {}), session.get("freezing", {})
    cb3, columns = _best_cb3(results), _column_plans(results)
    seconds = results.get("cb3", {}).get("seconds")
    gradient = _runs(results, "cb4", "ours")
    memory = [value for value in results.get("memory", {}).values() if value is not None]
    return {
        "session_realtime_factor": linear.get("realtime_factor"),
        "session_surface_error_K": linear.get("surface_error_max_K"),
        "session_basal_error_K": linear.get("basal_error_max_K"),
        "freezing_realtime_factor": freezing.get("realtime_factor"),
        "cb3_60s_seconds": cb3.get("seconds") if seconds == 60 else None,
        "cb3_frozen_volume_error": cb3.get("frozen_volume_error"),
        "cb1_time_over_devito_uniform": _stated(results, "devito_cb1"),
        "cb1_time_over_devito_uniform_worst": _worst(results, "devito_cb1", "uniform"),
        "cb1_time_over_devito_same_uniform_grid": _stated(results, "devito_cb1", "ours_on_its_grid"),
        "cb1_time_over_devito_graded": _worst(results, "devito_cb1", "graded"),
        "cb1_time_over_devito_same_graded_grid": _worst(results, "devito_cb1", "graded", "ours_on_its_grid"),
        "cb1_time_over_plain_jax_uniform": _stated(results, "plain_jax_cb1"),
        "cb1_time_over_plain_jax_graded": _worst(results, "plain_jax_cb1", "graded"),
        "cb1_fipy_over_ours": _times_faster(results, "fipy_cb1"),
        "cb1_skfem_over_ours": _times_faster(results, "scikit_fem_cb1"),
        "cb1_pypde_over_ours": _times_faster(results, "py_pde_cb1", call=True),
        "cb1_pypde_stepping_over_ours": _times_faster(results, "py_pde_cb1"),
        "column_plans_per_second": columns.get("plans_per_s"),
        "column_plans_error_rms_K": columns.get("rms_K"),
        "gradient_over_primal": gradient[0]["reverse_over_primal"] if gradient else None,
        "peak_memory_mb": max(memory, default=None),
        "copy_bandwidth": results.get("limits", {}).get("copy_bandwidth_GB_per_s"),
    }
