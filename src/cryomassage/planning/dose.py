"""Finds the strongest dose that keeps the skin safe on one zone, or says what stands in the way."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cryomassage.planning.body_response import Treated, pause_until_colour, predict_body
from cryomassage.planning.exposure_train import Dose
from cryomassage.planning.ladder import CM2_PER_DM2, Rung, Work, coverages_per_pass, ladder, passes_within
from cryomassage.planning.limits import (
    Floors,
    TimeLimits,
    dose_factors,
    floors,
    reasoned,
    source_reasons,
    standard_floors,
    time_limits,
)
from cryomassage.planning.population import Laboratory, Response
from cryomassage.planning.virtual_skin import Posed
from cryomassage.records.body_response import BodyResponse
from cryomassage.records.plan import Acceptance, NoDose, Percentiles, ZonePlan
from cryomassage.records.prescription import Reasoned


@dataclass(frozen=True)
class Judged:
    """What a population says about a dose."""

    response: Response
    acceptance: Acceptance
    accepted: bool
    binding: str


class DoseFinder:
    """Climbs the ladder for one zone of one person.

    First the standard climb: the class floor alone, nothing about the person, as many passes as the method
    knows. It fixes the number of passes and the time that the zone takes of the session. The person's own limits
    then only ever step down from there, so that a tighter limit, which quickens the hand, never buys a pass.
    """

    def __init__(self, work: Work, laboratory: Laboratory) -> None:
        self.work, self.laboratory, self.knowledge = work, laboratory, laboratory.knowledge
        self.floors: Floors = floors(work.person, work.zone, work.level, self.knowledge)
        self.times: TimeLimits = time_limits(work.zone, work.method, work.area_cm2 / CM2_PER_DM2, self.knowledge)
        self.factors = dose_factors(work.person, work.zone_key, work.zone, self.knowledge)
        self.coverages = coverages_per_pass(work, self.times.pass_s)
        self.rungs = ladder(work, self.coverages, self.times.pass_s, self.knowledge)
        self.seed = laboratory.numerics.seed
        most = int(work.method.passes_limit.value)
        self._pauses: dict[float, float] = {}
        standard = standard_floors(work.zone, work.standard_level, self.knowledge)
        self.standard_index, self.standard_binding = self._climb(len(self.rungs), most, standard)
        self.passes_full = 0
        if self.standard_index >= 0:
            rung = self.rungs[self.standard_index]
            pause_s = self.pause_s(rung)
            if pause_s >= self.knowledge.limit["colour_watch"].quantity.value and not self.work.freezes:
                most = 1  # colour is not back however long one watches
            self.passes_full = passes_within(rung.coverage_s, self.coverages, pause_s, self.times.ceiling_s, most)

    @property
    def _at_least(self) -> str:
        return "however short the freeze" if self.work.freezes else "even at the fastest hand"

    def posed(self, individual: bool) -> Posed:
        """The case that populations are drawn for; with what was measured on this person, or without."""
        measured = self.work.person.measured_dermis.get(self.work.zone_key) if individual else None
        return Posed(
            zone=self.work.zone_key,
            sex=self.work.person.sex,
            cold_source=self.work.source_key,
            calibration=self.work.calibration,
            measured_dermis_mm=measured,
            room_degC=self.work.room_degC,
        )

    def pause_s(self, rung: Rung) -> float:
        """Time from the end of a pass until the next may begin: colour is predicted to be back in nearly every skin.

        It is that of the population, whoever lies there; a milder rung never waits longer than a stronger one.
        """
        # A place that was frozen waits until it has thawed, not for its colour.
        if not self.laboratory.numerics.body_response or self.work.freezes:
            return self.times.usual_pause_s
        if rung.dwell_time_s not in self._pauses:
            returned_s = pause_until_colour(
                self.laboratory, self.posed(individual=False), self.dose(rung, 1), self.work.held
            )
            self._pauses[rung.dwell_time_s] = max(returned_s, self.times.least_pause_s)
        return self._pauses[rung.dwell_time_s]

    def dose(self, rung: Rung, passes: int, *, hurried: bool = False) -> Dose:
        """The dose that a rung means for a number of passes; hurried, with the shortest pause that may ever be."""
        least = self.times.usual_pause_s if self.work.freezes else self.times.least_pause_s
        if passes > 1 and not (hurried and self.laboratory.numerics.body_response):
            least = self.pause_s(rung)
        return Dose(
            dwell_time_s=rung.dwell_time_s,
            coverages=self.coverages,
            coverage_period_s=max(rung.coverage_s, rung.dwell_time_s),
            passes=passes,
            pause_s=least,
            after_s=self.knowledge.limit["observation_after_session"].quantity.value,
            late=self.work.freezes,
        )

    def judge(self, rung: Rung, passes: int, seed: int, limits: Floors, *, individual: bool) -> Judged:
        """Hold a rung, with its own pause, against the acceptance limits in one population."""
        return self._judge(self.dose(rung, passes), seed, limits, individual=individual)

    def _judge(self, dose: Dose, seed: int, limits: Floors, *, individual: bool) -> Judged:
        limit = self.knowledge.limit
        margin = self.laboratory.numerics.margin_K
        response = self.laboratory.response(self.posed(individual), seed, dose, self.work.held)
        skins = response.lowest_surface_degC.size
        allowed = math.floor(
            limit["acceptance_below_floor"].quantity.value * skins / limit["acceptance_skins"].quantity.value
        )
        surface = response.lowest_surface_degC - margin
        basal = response.lowest_basal_degC - margin
        below = int(np.sum((surface < limits.surface_degC) | (basal < limits.basal_degC)))
        freezing = limit["freezing_point"].quantity.value
        # In classes that may not freeze, the basal layer stays above zero: water on the skin ends supercooling.
        frozen = int(np.sum(basal <= (freezing if limits.basal_may_freeze else max(freezing, 0.0))))
        fat_limit = self.work.zone.sub10_time_limit
        over_fat = 0 if fat_limit is None else int(np.sum(response.fat_below_10_s > fat_limit.value))
        time_limit = self.work.level.time_below_zero_limit
        frost = self._frost_s(response, dose, seed, individual=individual)
        over_time = 0 if time_limit is None else int(np.sum(frost > time_limit.value))
        binding = ""
        if not limits.basal_may_freeze and frozen > limit["acceptance_frozen_basal"].quantity.value:
            binding = "the basal layer may not freeze"
        elif below > allowed:
            binding = f"surface floor {limits.surface_degC:g} °C ({limits.surface_reason})"
        elif over_fat > allowed:
            binding = "time of the fat below 10 °C"
        elif time_limit is not None and over_time > allowed:
            binding = f"time of the surface below 0 °C ({time_limit.value:g} s)"
        else:
            binding = self._injury(dose, seed, limits, individual=individual)
        acceptance = Acceptance(
            virtual_skins=skins,
            below_floor=below,
            frozen_basal=frozen,
            over_fat_time=over_fat,
            over_time_below_zero=over_time,
            allowed_below_floor=allowed,
        )
        return Judged(response, acceptance, not binding, binding)

    def _injury(self, dose: Dose, seed: int, limits: Floors, *, individual: bool) -> str:
        """The kind of cell of which more are expected to be injured than may be, in words; empty if none is."""
        if not self.laboratory.numerics.body_response:
            return ""
        expected = self.laboratory.injury(self.posed(individual), seed, dose, self.work.held)
        for cell, limit in limits.injury.items():
            if cell in expected and float(np.mean(expected[cell])) > limit.quantity.value:
                name = self.knowledge.cell[cell].name.lower()
                return f"expected injury of {name} (at most {limit.quantity.value:g})"
        return ""

    def _frost_s(self, response: Response, dose: Dose, seed: int, *, individual: bool) -> Float[np.ndarray, " skins"]:
        """Time of the surface below zero: the longer of water that freezes when it can, and of water that does not."""
        if not self.work.freezes:
            return response.surface_below_0_s
        frozen = self.laboratory.frost_s(self.posed(individual), seed, dose)
        return np.asarray(np.maximum(response.surface_below_0_s, frozen))

    def _climb(self, count: int, passes: int, limits: Floors) -> tuple[int, str]:
        """Strongest of the first `count` rungs that the searching population accepts, and what stopped there.

        Every rung is tried with the shortest pause, which leaves the skin coldest: how long colour needs is then
        worked out for the rungs alone that a plan may stand on.
        """
        low, high, binding = -1, count, ""
        while high - low > 1:
            middle = (low + high) // 2
            dose = self.dose(self.rungs[middle], passes, hurried=True)
            judged = self._judge(dose, self.seed, limits, individual=False)
            if judged.accepted:
                low = middle
            else:
                high, binding = middle, judged.binding
        return low, binding or f"{self.times.pass_reason} ({self.times.pass_s:g} s)"

    def passes_wanted(self, share: float) -> int:
        """Passes of a session in the build-up: its share of the full number, rounded down, but at least one."""
        return max(1, math.floor(self.passes_full * share + 1e-9)) if self.passes_full else 0

    def standard_total_s(self, passes: int) -> float:
        """Time that the zone takes of the session, whoever lies there."""
        return self.total_s(self.rungs[self.standard_index], passes) if passes else 0.0

    def find(self, passes: int) -> ZonePlan | NoDose:
        """The strongest useful dose for so many passes today, or what stands in its way."""
        if not self.rungs:
            return self._none(f"{self.times.pass_reason} ({self.times.pass_s:g} s) is shorter than the fastest pass")
        if self.standard_index < 0:
            return self._none(f"{self.standard_binding}, {self._at_least}")
        if self.passes_full == 0:
            return self._none("the ceiling of exposure plus pauses leaves no time for one pass")
        if passes == 0:
            return self._none("the time of the session is used up by the zones before it; book it for another day")
        index, binding = self.standard_index, self.standard_binding
        own, own_binding = self._climb(self.standard_index + 1, self.passes_full, self.floors)
        if own < index:
            index, binding = own, own_binding
        if self.factors.ratio < 1.0 and index >= 0:
            wanted = self.rungs[index].dwell_time_s * self.factors.ratio
            index = max((i for i, rung in enumerate(self.rungs) if rung.dwell_time_s <= wanted), default=-1)
            binding = f"{binding}, then {' and '.join(reason.what.lower() for reason in self.factors.reasons)}"
        while index >= 0:
            # Found on one population, confirmed on a fresh one: the search must not flatter itself.
            judged = [
                self.judge(self.rungs[index], self.passes_full, seed, self.floors, individual=True)
                for seed in (self.seed, self.seed + 1)
            ]
            if all(one.accepted for one in judged):
                return self._useful(self.rungs[index], passes, binding, judged[-1])
            binding = next(one.binding for one in judged if not one.accepted)
            index -= 1
        return self._none(f"{binding}, {self._at_least}")

    def _useful(self, rung: Rung, passes: int, binding: str, judged: Judged) -> ZonePlan | NoDose:
        useful = self.work.level.useful_surface
        median = float(np.median(judged.response.lowest_surface_degC))
        if useful is not None and median > useful.value:
            return self._none(
                f"{binding}; at that dose the median skin only reaches {median:.1f} °C, and {useful.value:g} °C or "
                "less is needed to be of use"
            )
        return self._written(rung, passes, binding, judged)

    def total_s(self, rung: Rung, passes: int) -> float:
        """Exposure plus pauses on all sides and parts of the zone."""
        one = passes * rung.coverage_s * self.coverages
        if passes > 1:
            one += (passes - 1) * self.pause_s(rung)
        sides = self.work.zone.sides
        between = self.knowledge.limit["left_right_pause"].quantity.value if self.work.zone.region == "face" else 0.0
        return sides * self.work.parts * one + (sides - 1) * between

    def _reasons(self) -> tuple[Reasoned, ...]:
        """Everything that bounds the dose on this zone."""
        useful = self.work.level.useful_surface
        least = "the median skin must become at least this cold for the dose to be of use"
        return (
            *self.floors.reasons,
            *self.times.reasons,
            *self.factors.reasons,
            *([] if useful is None else [reasoned("useful from", useful, least)]),
            *source_reasons(self.work.source, self.work.calibration),
        )

    def _choices(self, rung: Rung, passes: int, binding: str) -> tuple[Reasoned, ...]:
        """Why the hand moves as it does, and why so often."""
        told = []
        speed = self.work.source.hand_speed
        if rung.speed_mm_s is not None and speed is not None:
            told.append(
                Reasoned(
                    what="speed of the hand",
                    value=rung.speed_mm_s,
                    unit="mm/s",
                    source=speed.source,
                    reason=f"the slowest that the limits allow, in steps a hand can follow; what binds: {binding}",
                )
            )
        most = self.work.method.passes_limit
        fewer = (
            ""
            if passes == self.passes_full
            else (f" Today {passes}: the build-up of the course and the time of the session take the rest.")
        )
        told.append(self._pause_reason(rung))
        told.append(
            Reasoned(
                what="passes",
                value=float(passes),
                unit="1",
                source=most.source,
                reason=f"at most {most.value:g} by this method; {self.passes_full} fit under the ceiling.{fewer}",
            )
        )
        return tuple(told)

    def _response(self, rung: Rung, passes: int) -> BodyResponse | None:
        """What the body is predicted to do, in the population that confirmed the dose."""
        if not self.laboratory.numerics.body_response:
            return None
        treated = Treated(
            zone_key=self.work.zone_key,
            level=self.work.level.level,
            phototype=self.work.person.phototype,
            held=self.work.held,
        )
        posed = self.posed(individual=True)
        return predict_body(self.laboratory, posed, self.seed + 1, self.dose(rung, passes), treated)

    def _pause_reason(self, rung: Rung) -> Reasoned:
        """Why the hand waits as long as it does."""
        pause = self.work.method.pause
        least = self.times.least_pause_s
        if self.work.freezes:
            return reasoned("pause", pause, "until the place has thawed")
        if not self.laboratory.numerics.body_response:
            return reasoned("pause", pause, "until colour returns; its time is not predicted here")
        share = self.knowledge.colour["return_share_of_skins"].quantity.value
        predicted = self.pause_s(rung)
        why = f"colour is predicted to be back in {share:.0%} of the skins by then"
        if predicted <= least:
            why = f"the shortest pause of this method; {why}"
        return Reasoned(what="pause", value=predicted, unit="s", source=pause.source, reason=why)

    def _none(self, binding: str) -> NoDose:
        measure = self.work.source.measure
        return NoDose(
            zone=self.work.zone_key,
            cold_source=self.work.source_key,
            binding=binding,
            measure=measure.text if measure else "Nothing to measure is known; choose another source.",
            reasons=self._reasons(),
        )

    def _written(self, rung: Rung, passes: int, binding: str, judged: Judged) -> ZonePlan:
        work = self.work
        response = self.judge(rung, passes, self.seed + 1, self.floors, individual=True).response
        frost = self._frost_s(response, self.dose(rung, passes), self.seed + 1, individual=True)
        return ZonePlan.model_validate(
            {
                "zone": work.zone_key,
                "name": work.zone.name,
                "method": work.method_key,
                "cold_source": work.source_key,
                "class": work.level.level,
                "order": work.zone.order_of_work,
                "sides": work.zone.sides,
                "parts": work.parts,
                "area_cm2": work.zone.area.value,
                "massage_lines": tuple(f"{line.start} → {line.end}" for line in work.zone.massage_lines),
                "distance_mm": work.distance_mm,
                "speed_mm_s": rung.speed_mm_s,
                "dwell_time_s": _round_down(rung.dwell_time_s, 3),
                "contact_seconds": _round_down(rung.dwell_time_s * self.coverages * passes, 2),
                "coverages_per_pass": self.coverages,
                "passes": passes,
                "passes_full": self.passes_full,
                "seconds_per_pass": _round_down(rung.coverage_s * self.coverages, 1),
                "pause_s": self.pause_s(rung),
                "total_s": math.ceil(self.total_s(rung, passes)),
                "surface_floor_degC": self.floors.surface_degC,
                "basal_floor_degC": self.floors.basal_degC,
                "surface_min_degC": percentiles(response.lowest_surface_degC),
                "basal_min_degC": percentiles(response.lowest_basal_degC),
                "fat_seconds_below_10_degC_p95": float(np.ceil(np.quantile(response.fat_below_10_s, 0.95))),
                "surface_seconds_below_0_degC_p95": math.ceil(10.0 * float(np.quantile(frost, 0.95)) - 1e-6) / 10.0,
                "acceptance": judged.acceptance,
                "binding": binding,
                "reasons": (*self._choices(rung, passes, binding), *self._reasons()),
                "response": self._response(rung, passes),
                "cautions": tuple(caution.text for caution in work.zone.cautions),
            }
        )


def _round_down(value: float, digits: int) -> float:
    """Round towards the milder side; a hair is added first so that 0.3 stays 0.3."""
    scale = 10.0**digits
    return math.floor(value * scale + 1e-6) / scale


def percentiles(values: np.ndarray) -> Percentiles:
    """1, 5, 50 and 95 % of a population's lowest temperatures, rounded down to 0.1 °C (colder, so cautious)."""
    p01, p05, p50, p95 = (_round_down(float(q), 1) for q in np.quantile(values, [0.01, 0.05, 0.50, 0.95]))
    return Percentiles(p01=p01, p05=p05, p50=p50, p95=p95)
