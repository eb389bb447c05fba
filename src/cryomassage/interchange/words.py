"""Numbers, verdicts and findings in the words of the reader, for paper and for the terminal alike."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from cryomassage.knowledge.questionnaire import Outcome
from cryomassage.knowledge.schema import Knowledge
from cryomassage.records.interval import Interval
from cryomassage.records.plan import Plan, SpotPlan, ZonePlan
from cryomassage.records.room import Verdict
from cryomassage.records.screening import FiredRule


@dataclass(frozen=True)
class Told:
    """A verdict as it is shown: a sign and words, and a tone that only underlines them."""

    icon: str
    words: str
    tone: str  # go, limit or stop


OUTCOME = {
    Outcome.CLEAR: Told("✓", "May be treated", "go"),
    Outcome.LIMIT: Told("!", "May be treated, with limits", "limit"),
    Outcome.DEFER: Told("◷", "Not today: later", "stop"),
    Outcome.REFER: Told("?", "Ask a doctor first", "stop"),
    Outcome.STOP: Told("✕", "Do not treat", "stop"),
}
ROOM: dict[Verdict, Told] = {
    "allowed": Told("✓", "Allowed", "go"),
    "allowed_with_monitor": Told("!", "Only with an oxygen monitor", "limit"),
    "refused": Told("✕", "Refused", "stop"),
}
EVENT = {
    "total_loss": "All vessels lost at once",
    "steady_use": "While working",
    "standing": "Vessels standing",
    "filling": "While filling",
}
_STATUS = {
    "test_spot_first": Told("!", "Today: test spot only", "limit"),
    "no_safe_dose": Told("✕", "No safe dose with this source", "stop"),
}
_UNITS = {
    "degC": "°C",
    "1": "",
    "K": "K",
    "s/dm^2": "s/dm²",
    "W/(m^2*K)": "W/(m²·K)",
    "day": "days",
    "percent": "%",
}


def verdict(plan: Plan) -> Told:
    """The verdict of a plan: what screening said, unless something after it says less."""
    return _STATUS.get(plan.status, OUTCOME[plan.verdict])


def quantity(value: float | None, unit: str) -> str:
    """A number with its unit as people write it."""
    if value is None:
        return ""
    return f"{value:,.6g} {_UNITS.get(unit, unit)}".strip().replace("-", "−")


def readable(text: str) -> str:
    """A text of the knowledge with its units as people write them."""
    for unit in ("degC", "s/dm^2", "W/(m^2*K)"):
        text = text.replace(unit, _UNITS[unit])
    return text


def day(date: datetime.date) -> str:
    """A date with its weekday."""
    return f"{date:%a} {date.day} {date:%b %Y}"


def one_touch(time_s: float) -> str:
    """How long something cold stays on one point."""
    return f"{time_s:.2g} s" if time_s < 10 else f"{time_s:.0f} s"


def _count(number: int) -> str:
    return "none" if number == 0 else f"{number:,}"


def acceptance(zone: ZonePlan) -> str:
    """The counts of the confirming population as a sentence."""
    counted = zone.acceptance
    return (
        f"Of {counted.virtual_skins:,} virtual skins, {_count(counted.below_floor)} "
        f"{'gets' if counted.below_floor == 1 else 'get'} colder than the floor "
        f"(at most {counted.allowed_below_floor:,} may); the basal layer freezes in "
        f"{_count(counted.frozen_basal)}; "
        f"the fat stays too long below 10 °C in {_count(counted.over_fat_time)}."
        f"{_frost(zone)}"
    )


def _frost(zone: ZonePlan) -> str:
    """What is told besides of a class that may go below zero."""
    if zone.surface_floor_degC >= 0.0:
        return ""
    return (
        f" The surface stays below 0 °C too long in {_count(zone.acceptance.over_time_below_zero)}, and for "
        f"{zone.surface_seconds_below_0_degC_p95:g} s in 1 of 20; whether its water freezes or not, the worse counts."
    )


def spot_acceptance(spot: SpotPlan) -> str:
    """The counts of the confirming population as a sentence."""
    counted = spot.acceptance
    return (
        f"Of {counted.virtual_skins:,} virtual skins, the ice goes deeper than {spot.depth_limit_mm:g} mm in "
        f"{_count(counted.over_depth)} and farther than {spot.most_margin_mm:g} mm beyond the edge in "
        f"{_count(counted.over_margin)} (at most {counted.allowed_over:,} may). It reaches {spot.least_margin_mm:g} mm "
        f"beyond the edge in {counted.least_margin_share:.0%}, and the base of the lesion falls to "
        f"{_degrees(spot.base_goal_degC)} in {counted.cold_base_share:.0%}."
    )


def spot_course(spot: SpotPlan) -> str:
    """How far the ice is predicted to go, and when it is gone, as a sentence."""
    return (
        f"Ice {_between(spot.ice_depth_mm, 'mm')} deep from the top of the lesion, {_between(spot.margin_mm, 'mm')} "
        f"beyond its edge; its base falls to {_between(spot.base_min_degC, '°C')}; all ice is gone "
        f"{_between(spot.thaw_s, 's')} after the count ends. Each range holds 90 of 100 virtual skins."
    )


def _between(told: Interval, unit: str) -> str:
    text = f"{told.p05:g} to {told.p95:g}\u00a0{unit}, half of them {told.p50:g} or less"
    return text.replace("-", "−")


def feeling(zone: ZonePlan) -> str:
    """How cold the skin is predicted to become, as a sentence."""
    surface, basal = zone.surface_min_degC, zone.basal_min_degC
    return (
        f"At the surface, half of the virtual skins fall to {_degrees(surface.p50)} or lower, 1 in 20 to "
        f"{_degrees(surface.p05)} and 1 in 100 to {_degrees(surface.p01)}; the floor is "
        f"{_degrees(zone.surface_floor_degC)}. At the basal layer, under the epidermis, half fall to "
        f"{_degrees(basal.p50)} and 1 in 100 to {_degrees(basal.p01)}."
    )


def _degrees(value: float) -> str:
    return f"{value:g}\u00a0°C".replace("-", "−")


def own_rules(plan: Plan) -> tuple[FiredRule, ...]:
    """The rules that speak about what was asked for, not about other methods."""
    method = method_of(plan)
    return tuple(rule for rule in plan.rules if rule.method in (None, method))


def method_of(plan: Plan) -> str | None:
    """The method of a plan; screening lists the one asked for or chosen first."""
    if plan.prescription is not None:
        return plan.prescription.method
    return plan.screening[0].method if plan.screening else None


def zone_name(key: str | None, knowledge: Knowledge) -> str:
    """The name of a zone, or what stands for all of them."""
    return "everywhere" if key is None else knowledge.zone[key].name


def later(plan: Plan) -> str:
    """When the session on a card begins that waits for its test spot."""
    sessions = () if plan.course is None else plan.course.sessions
    first = next((session.date for session in sessions if session.kind == "session"), None)
    return f"From {'a later day' if first is None else day(first)}, once the test spot has been read as clear"


def instructions(plan: Plan) -> tuple[str, ...]:
    """What the limits of today ask of the hands."""
    asked = (rule.restriction.instruction for rule in own_rules(plan) if rule.restriction is not None)
    return tuple(dict.fromkeys(asked))
