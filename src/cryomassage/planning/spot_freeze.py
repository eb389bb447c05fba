"""Finds the longest freeze of a lesion that keeps depth, margin and time of the ice, or says what stands in the way."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from cryomassage.planning.ladder import Work
from cryomassage.planning.limits import dose_factors, source_reasons
from cryomassage.planning.population import Laboratory
from cryomassage.planning.spot_injury import spot_injuries
from cryomassage.planning.spot_limits import SpotLimits, spot_limits
from cryomassage.planning.spot_run import FREEZE_STEP_s, SpotResponse, freeze_and_thaw, grow
from cryomassage.planning.spot_skin import SpotSkins, ring_faces, spot_skins
from cryomassage.planning.spot_told import interval, over_time, told_mm
from cryomassage.planning.virtual_skin import Posed, VirtualSkins
from cryomassage.records.client import Lesion
from cryomassage.records.plan import NoDose, SpotAcceptance, SpotPlan
from cryomassage.records.prescription import Reasoned

_MM = 1e-3
_FOREMOST = 64  # many more than may pass a limit
_LOOKED_BEYOND_mm = 1.0  # rings stay narrow so far beyond the widest ice that is allowed


@dataclass(frozen=True)
class SpotJudged:
    """What a population says about a freeze."""

    response: SpotResponse
    acceptance: SpotAcceptance
    binding: str  # the limit that was passed; empty when all were kept

    @property
    def accepted(self) -> bool:
        """Whether every limit was kept."""
        return not self.binding


class SpotFinder:
    """Seeks the time of the freeze for one lesion of one person.

    While the cold stays on, the ice only grows: one run says how long it may at most. Ice goes on growing when the
    cold has gone, so that each time from there down is held against the limits with what follows it, first in the
    searching population, then in a fresh one.
    """

    def __init__(self, work: Work, lesion: Lesion, laboratory: Laboratory) -> None:
        self.work, self.lesion, self.laboratory = work, lesion, laboratory
        self.knowledge = laboratory.knowledge
        self.limits: SpotLimits = spot_limits(work, lesion, self.knowledge)
        self.factors = dose_factors(work.person, work.zone_key, work.zone, self.knowledge)
        self.seed = laboratory.numerics.seed
        skins = laboratory.numerics.virtual_skins
        limit = self.knowledge.limit
        self.allowed = math.floor(
            limit["acceptance_below_floor"].quantity.value * skins / limit["acceptance_skins"].quantity.value
        )

    def skins(self, seed: int) -> VirtualSkins:
        """Skins of this person."""
        work = self.work
        posed = Posed(
            zone=work.zone_key,
            sex=work.person.sex,
            cold_source=work.source_key,
            calibration=work.calibration,
            measured_dermis_mm=work.person.measured_dermis.get(work.zone_key),
            room_degC=work.room_degC,
        )
        return self.laboratory.skins(posed, seed)

    def population(self, seed: int) -> SpotSkins:
        """The same around the axis of the source."""
        work, opening = self.work, self.limits.shield_opening_mm
        return spot_skins(
            self.skins(seed),
            work.zone_key,
            work.source_key,
            ring_faces((0.5 * self.lesion.diameter + self.limits.most_margin_mm + _LOOKED_BEYOND_mm) * _MM),
            self.knowledge,
            None if opening is None else 0.5 * opening * _MM,
        )

    def margin_mm(self, ice_radius: Float[np.ndarray, " ..."]) -> Float[np.ndarray, " ..."]:
        """Ice beyond the edge of the lesion."""
        return np.asarray(ice_radius / _MM - 0.5 * self.lesion.diameter)

    def _over_depth(self, ice_depth: Float[np.ndarray, " ..."]) -> Bool[np.ndarray, " ..."]:
        return np.asarray(ice_depth / _MM + self.limits.error_mm > self.limits.depth_mm)

    def _over_margin(self, ice_radius: Float[np.ndarray, " ..."]) -> Bool[np.ndarray, " ..."]:
        # Without ice nothing lies beyond the edge, however small the lesion.
        return np.asarray(self.margin_mm(ice_radius) + self.limits.error_mm > self.limits.most_margin_mm)

    def judge(self, skins: SpotSkins, freeze_s: float, *, until_thawed: bool) -> SpotJudged:
        """Hold a freeze against the limits in one population."""
        limits = self.limits
        response = freeze_and_thaw(
            skins, freeze_s, limits.freezes, limits.thaw_pause_s, self.lesion.thickness * _MM, until_thawed
        )
        margin = self.margin_mm(response.widest) - limits.error_mm
        acceptance = SpotAcceptance(
            virtual_skins=skins.count,
            over_depth=int(np.sum(self._over_depth(response.deepest))),
            over_margin=int(np.sum(self._over_margin(response.widest))),
            allowed_over=self.allowed,
            least_margin_share=_share(margin >= limits.least_margin_mm),
            cold_base_share=_share(response.coldest_base <= limits.base_degC),
        )
        binding = ""
        if acceptance.over_depth > self.allowed:
            binding = limits.depth_reason
        elif acceptance.over_margin > self.allowed:
            binding = limits.margin_reason
        return SpotJudged(response, acceptance, binding)

    def _longest(self, skins: SpotSkins) -> tuple[float, str, Int[np.ndarray, " foremost"]]:
        """Longest time whose ice keeps the limits while the cold is on; what follows is not seen.

        Returns:
            The time, what binds there, and the skins whose ice is then the deepest or the widest.
        """
        limits, late = self.limits, skins.late_s
        foremost = np.arange(skins.count)
        for grown in grow(skins, self.lesion.thickness * _MM, limits.time_s):
            index = np.arange(len(grown.time_s))[:, None] + np.round(late / FREEZE_STEP_s).astype(int)
            index = np.minimum(index, len(grown.time_s) - 1)
            depth = np.sum(self._over_depth(np.take_along_axis(grown.ice_depth, index, axis=0)), axis=1)
            margin = np.sum(self._over_margin(np.take_along_axis(grown.ice_radius, index, axis=0)), axis=1)
            over = (depth > self.allowed) | (margin > self.allowed)
            done = (self.margin_mm(grown.ice_radius) - limits.error_mm >= limits.least_margin_mm) & (
                grown.base_degC <= limits.base_degC
            )
            enough = np.mean(done, axis=1) >= limits.full_share
            foremost = np.unique(
                [np.argsort(ice[-1], kind="stable")[-_FOREMOST:] for ice in (grown.ice_depth, grown.ice_radius)]
            )
            if np.any(over) or np.any(enough):
                first_over = int(np.argmax(over)) if np.any(over) else len(over)
                first_enough = int(np.argmax(enough)) + 1 if np.any(enough) else len(over) + 1
                if first_enough <= first_over:
                    return self._stepped(grown.time_s[first_enough - 1], up=True), limits.enough_reason, foremost
                reason = limits.depth_reason if depth[first_over] > self.allowed else limits.margin_reason
                return self._stepped(grown.time_s[first_over]), reason, foremost
        return self._stepped(limits.time_s), limits.time_reason, foremost

    def _stepped(self, time_s: float, *, up: bool = False) -> float:
        """A time that can be counted."""
        step = self.limits.step_s
        count = math.ceil(time_s / step - 1e-6) if up else math.floor(time_s / step + 1e-6)
        return min(count * step, self._stepped(self.limits.time_s) if up else math.inf)

    def find(self) -> SpotPlan | NoDose:
        """The longest useful freeze, or what stands in its way."""
        limits, lesion = self.limits, self.lesion
        if lesion.thickness >= limits.depth_mm - limits.error_mm:
            return self._none(
                f"the lesion is {told_mm(lesion.thickness)} thick, and the ice may go {told_mm(limits.depth_mm)} deep "
                "from its top"
            )
        searched, fresh = (self.population(seed) for seed in (self.seed, self.seed + 1))
        freeze_s, binding, foremost = self._longest(searched)
        shorter = self.factors.ratio < 1.0
        # Found on one population, of which only the foremost can pass a limit, and confirmed on all of a fresh one: the
        # search must not flatter itself.
        for population, to_the_end in ((searched.some(foremost), False), (fresh, not shorter)):
            freeze_s, binding, judged = self._kept(population, freeze_s, binding, until_thawed=to_the_end)
        if shorter:
            freeze_s = self._stepped(freeze_s * self.factors.ratio)
            binding = f"{binding}, then {' and '.join(reason.what.lower() for reason in self.factors.reasons)}"
            freeze_s, binding, judged = self._kept(fresh, freeze_s, binding, until_thawed=True)
        if judged is None:
            return self._none(f"{binding}, however short the freeze")
        return self._useful(freeze_s, binding, judged)

    def _kept(
        self, skins: SpotSkins, freeze_s: float, binding: str, *, until_thawed: bool
    ) -> tuple[float, str, SpotJudged | None]:
        """The longest time, from this one down, that a population accepts, what binds there, and what it says."""
        while freeze_s > 0.0:
            judged = self.judge(skins, freeze_s, until_thawed=until_thawed)
            if judged.accepted:
                return freeze_s, binding, judged
            freeze_s, binding = self._stepped(freeze_s - self.limits.step_s), judged.binding
        return 0.0, binding, None

    def _useful(self, freeze_s: float, binding: str, judged: SpotJudged) -> SpotPlan | NoDose:
        limits, counted = self.limits, judged.acceptance
        if counted.least_margin_share < limits.useful_share:
            return self._none(
                f"{binding}; after {freeze_s:g} s the ice reaches {told_mm(limits.least_margin_mm)} beyond the edge in "
                f"only {counted.least_margin_share:.0%} of the skins"
            )
        if counted.cold_base_share < limits.useful_share:
            return self._none(
                f"{binding}; after {freeze_s:g} s the base of the lesion falls to {limits.base_degC:g} °C in only "
                f"{counted.cold_base_share:.0%} of the skins"
            )
        return self._written(freeze_s, binding, judged)

    def _reasons(self) -> tuple[Reasoned, ...]:
        return (
            *self.limits.reasons,
            *self.factors.reasons,
            *source_reasons(self.work.source, self.work.calibration),
        )

    def _none(self, binding: str) -> NoDose:
        measure = self.work.source.measure
        return NoDose(
            zone=self.work.zone_key,
            cold_source=self.work.source_key,
            binding=binding,
            measure=measure.text if measure else "Nothing to measure is known; choose another source.",
            reasons=self._reasons(),
        )

    def _written(self, freeze_s: float, binding: str, judged: SpotJudged) -> SpotPlan:
        work, lesion, limits, response = self.work, self.lesion, self.limits, judged.response
        return SpotPlan.model_validate(
            {
                "zone": work.zone_key,
                "name": work.zone.name,
                "method": work.method_key,
                "cold_source": work.source_key,
                "class": work.level.level,
                "lesion_diameter_mm": lesion.diameter,
                "lesion_thickness_mm": lesion.thickness,
                "distance_mm": work.distance_mm,
                "shield_opening_mm": limits.shield_opening_mm,
                "freeze_s": freeze_s,
                "freezes": limits.freezes,
                "thaw_pause_s": limits.thaw_pause_s,
                "total_s": math.ceil(limits.total_s(freeze_s)),
                "depth_limit_mm": limits.depth_mm,
                "least_margin_mm": limits.least_margin_mm,
                "most_margin_mm": limits.most_margin_mm,
                "base_goal_degC": limits.base_degC,
                "ice_depth_mm": interval(response.deepest / _MM, 2),
                "ice_radius_mm": interval(response.widest / _MM, 2),
                "margin_mm": interval(self.margin_mm(response.widest), 2),
                "base_min_degC": interval(response.coldest_base, 1),
                "thaw_s": interval(response.thaw_s, 0),
                "over_time": over_time(response),
                "acceptance": judged.acceptance,
                "binding": binding,
                "reasons": self._reasons(),
                "cautions": tuple(caution.text for caution in work.zone.cautions),
                "injury": spot_injuries(
                    response,
                    lesion.thickness * _MM,
                    self.skins(self.seed + 1),
                    work.zone_key,
                    self.knowledge,
                    self.seed + 1,
                ),
            }
        )


def _share(reached: Bool[np.ndarray, " skins"]) -> float:
    """Share of the skins, rounded down to a thousandth."""
    return math.floor(1000.0 * float(np.mean(reached)) + 1e-9) / 1000.0
