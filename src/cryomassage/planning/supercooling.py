"""Dry skin that supercools: how probable it is that ice begins, when it does as drawn, and what then freezes.

The rates are those of a dry limb in cold air. The coldest place of each moment stands for such a limb, however small
it is. Once ice has begun it runs through supercooled tissue faster than the front of heat; it is taken to be in all
supercooled tissue of the patch at once, and from then on ice begins wherever it can. No plan counts on any of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Float

from cryomassage.engine.nucleation import NucleationLaw, hazard, moment_of_ice, nucleation_rate, probability_of_ice
from cryomassage.engine.patch import PatchResult
from cryomassage.engine.patch_schedule import make_steps
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.patch_run import PatchRun, end_of, joined
from cryomassage.records.patch import IceBound, IceChance, Supercooling
from cryomassage.records.patch_scenario import PatchScenario

_PART_STEPS = 200  # surfaces that are held at once


@dataclass(frozen=True)
class NucleationLaws:
    """The law by the stated values, and those at the corners of their ranges.

    Attributes:
        stated: by the values.
        corners: with each rate low or high, beginning as late as it may; the lowest of them is the lower bound.
        early_corners: with each rate low or high, beginning as early as it may; the highest is the upper bound.
    """

    stated: NucleationLaw
    corners: tuple[NucleationLaw, ...]
    early_corners: tuple[NucleationLaw, ...]

    def rates(self, temperature_degC: Float[np.ndarray, " times"]) -> Float[np.ndarray, "times 3"]:
        """Rate by the stated values, the lowest and the highest, 1/s."""
        low = np.min([nucleation_rate(law, temperature_degC) for law in self.corners], axis=0)
        high = np.max([nucleation_rate(law, temperature_degC) for law in self.early_corners], axis=0)
        return np.stack([nucleation_rate(self.stated, temperature_degC), low, high], axis=1)


def nucleation_laws(knowledge: Knowledge) -> NucleationLaws:
    """How ice begins in dry skin, from the knowledge."""
    warm, cold = sorted(knowledge.nucleation.values(), key=lambda point: -point.temperature_degC)
    begin = knowledge.freezing["nucleation_begin"].quantity
    known = (warm.temperature_degC, cold.temperature_degC)
    late, early = begin.range
    rates = list(product(warm.rate.range, cold.rate.range))
    return NucleationLaws(
        NucleationLaw(begin.value, known, (warm.rate.value, cold.rate.value)),
        tuple(NucleationLaw(late, known, pair) for pair in rates),
        tuple(NucleationLaw(early, known, pair) for pair in rates),
    )


def why_skin_is_not_dry(scenario: PatchScenario, knowledge: Knowledge) -> str | None:
    """Why skin under this cold has no chance to supercool; None where it has.

    Whoever gives the exchange in numbers states himself that the skin is dry.
    """
    source, barrier = knowledge.cold_source.get(scenario.cold_source or ""), knowledge.barrier[scenario.barrier]
    if source is None:
        return None
    shape = knowledge.footprint[scenario.cold_source or ""]
    if shape.leaves_skin != "dry":
        return f"“{source.name}” leaves the skin {shape.leaves_skin}: {shape.leaves_skin_reason.text.rstrip('.')}"
    return f"“{barrier.name}” may wet the skin" if barrier.damp else None


def dry_sources(knowledge: Knowledge) -> list[str]:
    """Keys of the sources that move and leave the skin dry."""
    return sorted(key for key, shape in knowledge.footprint.items() if shape.leaves_skin == "dry")


@dataclass(frozen=True)
class Risk:
    """What the strokes do while all water stays liquid.

    Attributes:
        time_s: of the hazard.
        hazard: by the stated values, at the least and at the most.
        probability: that ice has begun by the end, were each place a limb.
        bound: how cold it becomes.
    """

    time_s: Float[np.ndarray, " times"]
    hazard: Float[np.ndarray, "times 3"]
    probability: Float[np.ndarray, "rows columns"]
    bound: IceBound


def risk_of_ice(run: PatchRun, end_s: float, laws: NucleationLaws) -> Risk:
    """Run without ice, and sum up how probable it becomes."""
    liquid = run.freezing_by(None)
    steps_s = make_steps(run.strokes, np.array([end_s]), run.numerics).end_s
    steps_s[-1] = end_s
    times, coldest, begin = [np.zeros(1)], [], None
    place_hazard = np.zeros((run.patch.rows, run.patch.columns))
    lowest_surface, lowest_basal = np.inf, np.inf
    for first in range(0, len(steps_s), _PART_STEPS):
        part = liquid.advance(steps_s[first : first + _PART_STEPS], begin, keep_field=False)
        place_hazard += hazard(part.time_s, nucleation_rate(laws.stated, part.surface_degC))[-1]
        least = part.surface_degC.min(axis=(1, 2))
        coldest.append(least if begin is None else least[1:])
        times.append(part.time_s[1:])
        lowest_surface = min(lowest_surface, float(part.lowest_surface_degC.min()))
        lowest_basal = min(lowest_basal, float(part.lowest_basal_degC.min()))
        begin = end_of(part)
    time_s = np.concatenate(times)
    summed = hazard(time_s, laws.rates(np.concatenate(coldest).astype(float)))
    bound = IceBound(
        lowest_surface_degC=lowest_surface, lowest_basal_degC=lowest_basal, frozen_area_cm2=0.0, deepest_ice_mm=0.0
    )
    return Risk(time_s, summed, probability_of_ice(place_hazard), bound)


def drawn_moment(risk: Risk, seed: int) -> float | None:
    """When ice begins as chance has it, s; None where it does not within the run. The same for the same seed."""
    threshold = float(np.random.default_rng(seed).exponential())
    return moment_of_ice(risk.time_s, risk.hazard[:, 0], threshold)


def _until_and_after(run: PatchRun, snapshot_s: Float[np.ndarray, " snapshots"], moment_s: float | None) -> PatchResult:
    """Liquid until a moment and freezing from then on, with no heat made or lost in between."""
    liquid = run.freezing_by(None)
    if moment_s is None:
        return liquid.advance(snapshot_s)
    before = liquid.advance(np.append(snapshot_s[snapshot_s < moment_s - 1e-9], moment_s))
    later = snapshot_s[snapshot_s > moment_s + 1e-9]
    return joined([before, run.advance(later, end_of(before))]) if later.size else before


def _course(risk: Risk, time_s: Float[np.ndarray, " snapshots"]) -> tuple[IceChance, ...]:
    chance = probability_of_ice(risk.hazard)
    told = [np.interp(time_s, risk.time_s, column) for column in chance.T]
    return tuple(
        IceChance(time_s=float(time), probability=float(stated), low=float(low), high=float(high))
        for time, stated, low, high in zip(time_s, *told, strict=True)
    )


def run_supercooled(
    run: PatchRun, snapshot_s: Float[np.ndarray, " snapshots"], seed: int, knowledge: Knowledge
) -> tuple[PatchResult, Supercooling, Float[np.ndarray, "rows columns"]]:
    """Run dry skin that freezes when chance has it.

    Args:
        run: with a law of freezing.
        snapshot_s: rising, from above 0; the last one ends the run.
        seed: of the chance.
        knowledge: how ice begins.

    Returns:
        What the patch went through; what is to be told of the chance; and the probability of ice at each place.
    """
    risk = risk_of_ice(run, float(snapshot_s[-1]), nucleation_laws(knowledge))
    moment_s = drawn_moment(risk, seed)
    result = _until_and_after(run, snapshot_s, moment_s)
    at_once = run.advance(snapshot_s[-1:], keep_field=False)
    cell_cm2 = 1e4 * run.patch.spacing**2
    told = Supercooling(
        seed=seed,
        ice_begins_s=moment_s,
        course=_course(risk, result.time_s),
        ice_never=risk.bound,
        ice_at_once=IceBound(
            lowest_surface_degC=float(at_once.lowest_surface_degC.min()),
            lowest_basal_degC=float(at_once.lowest_basal_degC.min()),
            frozen_area_cm2=float((at_once.deepest_ice > 0.0).sum() * cell_cm2),
            deepest_ice_mm=float(at_once.deepest_ice.max() * 1e3),
        ),
    )
    return result, told, risk.probability
