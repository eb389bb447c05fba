"""Recomputes what the skins of one planned zone go through, over time and depth, for drawing.

The population is the one that confirmed the dose, so that a picture shows the skins that the numbers count.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from jaxtyping import Float

from cryomassage.errors import EngineError
from cryomassage.planning.dose import DoseFinder
from cryomassage.planning.ladder import Rung
from cryomassage.planning.population import Laboratory, Readings
from cryomassage.planning.route import route_for
from cryomassage.planning.screening import screen
from cryomassage.planning.work import make_work
from cryomassage.records.client import Client
from cryomassage.records.history import Band, History
from cryomassage.records.plan import Plan, ZonePlan

# The plan writes the dwell time down to a millisecond, always to the milder side.
_DWELL_STEP_s = 1e-3


def _changed(name: str) -> EngineError:
    return EngineError(
        f"{name}: the planned dose cannot be found again. The client file or the knowledge has changed since "
        "the plan was made; make the plan again."
    )


def _finder(zone: ZonePlan, client: Client, laboratory: Laboratory) -> DoseFinder:
    """The finder that found the dose of a planned zone."""
    knowledge = laboratory.knowledge
    screening = screen(client, knowledge)
    route = route_for(client, screening.method, knowledge)
    finding = next((found for found in screening.workable if found.zone == zone.zone), None)
    if route is None or finding is None or screening.method != zone.method:
        raise _changed(zone.name)
    return DoseFinder(make_work(client, screening, finding, route, knowledge), laboratory)


def _planned_rung(finder: DoseFinder, zone: ZonePlan) -> Rung:
    """The rung of the ladder that the plan stands on.

    Raises:
        EngineError: the ladder has no such rung, so the plan was made from something else.
    """
    for rung in finder.rungs:
        late = rung.dwell_time_s - zone.dwell_time_s
        if rung.speed_mm_s == zone.speed_mm_s and -1e-9 <= late < _DWELL_STEP_s:
            return rung
    raise _changed(zone.name)


def _with_rest(rest: Readings, readings: Readings) -> Readings:
    """Readings that begin with the skin at rest."""

    def both(name: str) -> Float[np.ndarray, ...]:
        return np.concatenate([getattr(rest, name), getattr(readings, name)])

    kept = [entry.name for entry in fields(Readings) if entry.name != "flow"]
    return Readings(**{name: both(name) for name in kept}, flow=readings.flow)


def _band(label: str, temperature_degC: Float[np.ndarray, "times skins"]) -> Band:
    low, median, high = np.quantile(temperature_degC, [0.05, 0.50, 0.95], axis=1)
    return Band(label, low, median, high)


def median_skin(readings: Readings) -> int:
    """The skin whose coldest moments, at all depths that are read, lie nearest to the medians of all."""
    lowest = np.stack(
        [
            depth.min(axis=0)
            for depth in (
                readings.surface_degC,
                readings.basal_degC,
                readings.millimetre_degC,
                readings.fat_degC,
            )
        ]
    )
    spread = np.maximum(lowest.std(axis=1, keepdims=True), 1e-6)
    distance = (((lowest - np.median(lowest, axis=1, keepdims=True)) / spread) ** 2).sum(axis=0)
    return int(np.argmin(distance))


def predict(zone: ZonePlan, client: Client, laboratory: Laboratory) -> History:
    """What the skins of one planned zone go through.

    Args:
        zone: as it stands in the plan.
        client: the same from whom the plan was made.
        laboratory: with the numerics of the plan; the populations that it remembers are used again.

    Raises:
        EngineError: the plan does not follow from this client and this knowledge.
    """
    finder = _finder(zone, client, laboratory)
    posed, held = finder.posed(individual=True), finder.work.held
    seed = finder.seed + 1
    dose = finder.dose(_planned_rung(finder, zone), zone.passes)
    readings = _with_rest(laboratory.resting(posed, seed), laboratory.readings(posed, seed, dose, held))
    field = laboratory.depth_field(posed, seed, dose, held, median_skin(readings))
    return History(
        time_s=readings.time_s,
        bands=(
            _band("surface", readings.surface_degC),
            _band("basal layer", readings.basal_degC),
            _band("1 mm", readings.millimetre_degC),
            _band("fat", readings.fat_degC),
        ),
        depth_mm=field.depth_m * 1e3,
        field_degC=field.temperature_degC,
    )


def predict_all(plan: Plan, client: Client, laboratory: Laboratory) -> dict[str, History]:
    """What the skins of every planned zone go through, by the key of the zone."""
    return {zone.zone: predict(zone, client, laboratory) for zone in plan.zones}
