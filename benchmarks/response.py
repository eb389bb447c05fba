"""What the body's response costs on top of the temperatures: of a plan's population, and of an hour of many skins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from benchmarks.machine import times_of
from cryomassage.engine.solver import advance, start
from cryomassage.knowledge.load import load
from cryomassage.planning.body_response import Treated, pass_ends, predict_body
from cryomassage.planning.exposure_train import Dose, build_exposure
from cryomassage.planning.numerics import default_numerics
from cryomassage.planning.population import Laboratory
from cryomassage.planning.virtual_skin import Posed

LIMIT = 1.4
_REPEATS = 15
_POSED = Posed(zone="cheek", sex="female", cold_source="ln2_swab")
_DOSE = Dose(dwell_time_s=0.12, coverages=1, coverage_period_s=6.4, passes=4, pause_s=20.0, after_s=60.0)


def compare(quick: bool) -> dict[str, Any]:
    """Times in turns, in one run, so that a busy machine troubles both alike; the medians are compared."""
    laboratory = Laboratory(load(), default_numerics(load()))
    seed = laboratory.numerics.seed
    skins, vasomotion = laboratory.skins(_POSED, seed), laboratory.vasomotion(_POSED, seed)
    exposure, _ = build_exposure(skins, _DOSE, laboratory.nominal_footprint(_POSED, False))
    constant, answering = skins.at_rest, start(skins.column, skins.at_rest.temperature_degC, vasomotion)

    def temperatures() -> object:
        return jax.block_until_ready(advance(skins.column, constant, exposure, skins.probes))

    def with_vessels() -> object:
        return jax.block_until_ready(advance(skins.column, answering, exposure, skins.probes, vasomotion=vasomotion))

    def whole() -> object:
        laboratory.remembered.clear()
        return predict_body(laboratory, _POSED, seed, _DOSE, Treated("cheek", 1, "ii", False))

    found = _in_turns({"temperatures": temperatures, "with_vessels": with_vessels, "told_once": whole}, quick)
    return {
        "virtual_skins": skins.count,
        "steps": int(np.prod(exposure.sink_temperature_degC.shape[:2])),
        "passes": len(pass_ends(_DOSE, np.zeros(1))),
        **{f"{name}_s": seconds for name, seconds in found.items()},
        "ratio": found["with_vessels"] / found["temperatures"],
        "limit": LIMIT,
    }


def _in_turns(works: dict[str, Callable[[], object]], quick: bool) -> dict[str, float]:
    for work in works.values():
        work()
    repeats = 3 if quick else _REPEATS
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            times[name] += times_of(1, work)
    return {name: float(np.median(seconds)) for name, seconds in times.items()}
