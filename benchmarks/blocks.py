"""CB-3, CB-4 and CB-5: freezing. Ours beside plain Numba and plain JAX, with errors against small steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import ours, problems
from benchmarks.machine import best_of, times_of
from benchmarks.peers import plain_numba_ice

Array = np.ndarray
CB3_STEPS_s = (0.1, 0.05, 0.025)
# Steps per second of the explicit block: the first is about the longest stable one.
_EXPLICIT = 150
_COLUMN_STEPS = (300, 600, 1200)
# Ours grow from the jump on and are second order: fewer do for the same error.
_OUR_COLUMN_STEPS = (75, 150, 300, 600)


def _compared(field: Array, reference: Array) -> dict[str, float]:
    off = np.abs(field - reference)
    return {"rms_K": float(np.sqrt(np.mean(off**2))), "p99_K": float(np.quantile(off, 0.99)), "max_K": float(off.max())}


def cb3(quick: bool) -> dict[str, Any]:
    """Frozen volume after the whole minute, or after five seconds; the reference is explicit, in double precision."""
    seconds = 5 if quick else int(problems.CB3_END_s)
    block = problems.cb3()
    small, smaller = (
        plain_numba_ice.BlockMarch(block, count, np.float64).solve(seconds) for count in (_EXPLICIT, 2 * _EXPLICIT)
    )
    reference = 2.0 * smaller - small
    volumes = [ours.frozen_mm3(block, field) for field in (small, smaller)]
    true_mm3 = 2.0 * volumes[1] - volumes[0]
    run = ours.cb3(block, float(seconds))
    run.solve(CB3_STEPS_s[0], 1.0)
    told: list[dict[str, Any]] = []
    for step_s in CB3_STEPS_s:
        taken = times_of(3, lambda step_s=step_s: run.solve(step_s, float(seconds)))
        result = run.solve(step_s, float(seconds))
        volume = ours.frozen_mm3(block, result.end_degC)
        told.append(
            {
                "solver": "ours",
                "step_s": step_s,
                "steps": result.steps,
                "seconds": float(np.median(taken)),
                "frozen_mm3": volume,
                "frozen_volume_error": volume / true_mm3 - 1.0,
                "cell_updates_per_s": result.steps * result.end_degC.size / float(np.median(taken)),
                **_compared(result.end_degC, reference),
            }
        )
    plain = plain_numba_ice.BlockMarch(block, _EXPLICIT)
    plain.solve(1)
    begin = time.perf_counter()
    field = plain.solve(seconds)
    taken_s = time.perf_counter() - begin
    volume = ours.frozen_mm3(block, field)
    told.append(
        {
            "solver": "plain Numba",
            "step_s": 1.0 / _EXPLICIT,
            "steps": _EXPLICIT * seconds,
            "seconds": taken_s,
            "frozen_mm3": volume,
            "frozen_volume_error": volume / true_mm3 - 1.0,
            "cell_updates_per_s": _EXPLICIT * seconds * field.size / taken_s,
            **_compared(field, reference),
        }
    )
    return {"seconds": seconds, "frozen_mm3": true_mm3, "reference_volumes_mm3": volumes, "runs": told}


def cb4(quick: bool) -> dict[str, Any]:
    """The gradient in reverse over the primal. Plain JAX takes half a minute and is left out when quick."""
    import jax
    import jax.numpy as jnp

    from benchmarks.peers import plain_jax_ice

    makers: dict[str, Callable[..., Any]] = {}
    left_out = {}
    try:
        from benchmarks import ours_fields

        makers["ours"] = ours_fields.cb4
    except ImportError as problem:
        left_out["ours"] = str(problem)
    if quick:
        left_out["plain JAX"] = "takes half a minute: not in the quick run"
    else:
        makers["plain JAX"] = plain_jax_ice.cb4
    block = problems.cb3(60, 40, 80)
    glide = block.glide
    exposure = jnp.array([glide.coefficient, glide.temperature_degC, glide.speed], jnp.float32)
    told = []
    for name, maker in makers.items():
        number = maker(block)
        primal, reverse = jax.jit(number), jax.jit(jax.value_and_grad(number))
        value, gradient = (np.asarray(part) for part in reverse(exposure))
        jax.block_until_ready(primal(exposure))
        repeats = 3 if name == "ours" else 1
        primal_s = best_of(repeats, lambda primal=primal: jax.block_until_ready(primal(exposure)))
        reverse_s = best_of(repeats, lambda reverse=reverse: jax.block_until_ready(reverse(exposure)))
        change = 0.02
        difference = [
            float(primal(exposure.at[i].mul(1 + change)) - primal(exposure.at[i].mul(1 - change)))
            / float(2 * change * exposure[i])
            for i in range(3)
        ]
        told.append(
            {
                "solver": name,
                "mean_degC": float(value),
                "gradient": [float(part) for part in gradient],
                "by_differences": difference,
                "primal_s": primal_s,
                "reverse_s": reverse_s,
                "reverse_over_primal": reverse_s / primal_s,
            }
        )
    return {"runs": told, "left_out": left_out}


def cb5(quick: bool) -> dict[str, Any]:
    """Two thousand freezing columns; the reference has small steps and is extrapolated."""
    given = problems.cb5()
    solvers: dict[str, Callable[[int], Array]] = {"plain Numba": lambda steps: plain_numba_ice.cb5(given, steps)}
    left_out = {}
    try:
        from benchmarks import ours_fields

        solvers["ours"] = lambda steps: ours_fields.cb5(given, steps)
    except ImportError as problem:
        left_out["ours"] = str(problem)
    fine = 4 * max(_COLUMN_STEPS)
    reference = 2.0 * plain_numba_ice.cb5(given, 2 * fine) - plain_numba_ice.cb5(given, fine)
    told = []
    for name, solve in solvers.items():
        theirs = (problems.CB5_STEPS,) if quick else _COLUMN_STEPS
        for steps in _OUR_COLUMN_STEPS if name == "ours" else theirs:
            field = solve(steps)
            seconds = best_of(3, lambda solve=solve, steps=steps: solve(steps))
            told.append(
                {
                    "solver": name,
                    "steps": steps,
                    "seconds": seconds,
                    "plans_per_s": len(given.coefficient) / seconds,
                    "cell_updates_per_s": reference.size * steps / seconds,
                    **_compared(field, reference),
                }
            )
    return {"runs": told, "left_out": left_out}
