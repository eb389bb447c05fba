"""Oxygen in a room with liquid nitrogen: after a total loss, in steady use, standing, and while filling.

Perfect mixing is assumed and furniture ignored; near the release the air is much poorer (Oxford S4/03).
"""

from __future__ import annotations

import datetime

from cryomassage.knowledge.schema import Knowledge
from cryomassage.records.room import OxygenFinding, Room, RoomVerdict, Verdict

_HOURS_PER_DAY = 24.0
_LITRES_PER_M3 = 1000.0
_RANK: dict[Verdict, int] = {"allowed": 0, "allowed_with_monitor": 1, "refused": 2}


def evaporation_rate_m3_per_h(litres_per_day: float, knowledge: Knowledge) -> float:
    """Gas from standing vessels, with the allowance for ageing insulation (Oxford case a)."""
    constants = knowledge.nitrogen
    ageing = constants["insulation_ageing_factor"].quantity.value
    expansion = constants["expansion_ratio"].quantity.value
    return ageing * expansion * litres_per_day / (_HOURS_PER_DAY * _LITRES_PER_M3)


def oxygen_fall_points(rate_m3_per_h: float, volume_m3: float, air_changes_per_h: float, knowledge: Knowledge) -> float:
    """Fall of oxygen in percentage points under a small steady release (Oxford case a)."""
    start = knowledge.nitrogen["oxygen_fraction_oxford"].quantity.value
    return start * rate_m3_per_h / (volume_m3 * air_changes_per_h)


def oxygen_after_total_loss(litres: float, volume_m3: float, knowledge: Knowledge) -> float:
    """Percent of oxygen after a vessel is lost just after filling: the stricter of the two formulas.

    Both displace air by 1.1 x litres x 700; Oxford starts from 21 %, our rule from 20.9 %.
    """
    constants = knowledge.nitrogen
    gas = (
        constants["fill_loss_factor"].quantity.value
        * litres
        * constants["expansion_ratio"].quantity.value
        / _LITRES_PER_M3
    )
    left = max(0.0, 1.0 - gas / volume_m3)
    starts = (constants["oxygen_normal"].quantity.value, constants["oxygen_fraction_oxford"].quantity.value)
    return min(start * left for start in starts)


def oxygen_after_filling(litres: float, volume_m3: float, knowledge: Knowledge) -> float:
    """Percent of oxygen after filling a vessel, of whose volume a tenth boils off (Oxford case b)."""
    constants = knowledge.nitrogen
    gas = (
        constants["filling_loss_share"].quantity.value
        * litres
        * constants["expansion_ratio"].quantity.value
        / _LITRES_PER_M3
    )
    return constants["oxygen_normal"].quantity.value * max(0.0, 1.0 - gas / volume_m3)


def oxygen_in_steady_use(
    litres_per_h: float, volume_m3: float, air_changes_per_h: float, knowledge: Knowledge
) -> float:
    """Percent of oxygen that a balanced, well-mixed room approaches: 20.9 Q / (Q + R)."""
    constants = knowledge.nitrogen
    release = litres_per_h * constants["expansion_ratio"].quantity.value / _LITRES_PER_M3
    fresh = volume_m3 * air_changes_per_h
    if fresh + release == 0.0:
        return constants["oxygen_normal"].quantity.value
    return constants["oxygen_normal"].quantity.value * fresh / (fresh + release)


def _judge(oxygen: float | None, room: Room, day: datetime.date, knowledge: Knowledge) -> tuple[Verdict, str]:
    """The room rule, for one oxygen level."""
    if oxygen is None:
        return "refused", "Cannot be worked out from what is known of the room; unknown means refused."
    allowed = knowledge.nitrogen["oxygen_allowed_from"].quantity.value
    monitored = knowledge.nitrogen["oxygen_monitor_from"].quantity.value
    if oxygen >= allowed:
        return "allowed", f"{oxygen:.1f} % oxygen, at or above {allowed:.1f} %."
    if oxygen < monitored:
        return "refused", f"{oxygen:.1f} % oxygen, below {monitored:.0f} %: not in this room."
    missing = []
    if room.monitor is None or room.monitor.valid_until < day:
        missing.append("an oxygen monitor in date")
    if room.extraction is not True:
        missing.append("extraction")
    if missing:
        return "refused", (
            f"{oxygen:.1f} % oxygen, between {monitored:.0f} and {allowed:.1f} %: only with an oxygen monitor in "
            f"date and extraction; missing: {' and '.join(missing)}."
        )
    return "allowed_with_monitor", f"{oxygen:.1f} % oxygen: the monitor stays on and the extraction runs."


def judge_room(room: Room, day: datetime.date, knowledge: Knowledge) -> RoomVerdict:
    """Whether the vessels may stand in the room, and what use and filling do to its air."""
    volume = room.floor_area * room.height
    litres = sum(vessel.volume * vessel.count for vessel in room.vessels)
    expansion = knowledge.nitrogen["expansion_ratio"].quantity.value
    lost_gas = knowledge.nitrogen["fill_loss_factor"].quantity.value * litres * expansion / _LITRES_PER_M3
    oxford = ("oxford_oxygen_depletion",)
    findings: list[OxygenFinding] = []

    def add(
        event: str,
        oxygen: float | None,
        fall: float | None,
        gas: float | None,
        rate: float | None,
        formula: str,
        source: tuple[str, ...],
    ) -> None:
        verdict, reason = _judge(oxygen, room, day, knowledge)
        findings.append(
            OxygenFinding.model_validate(
                {
                    "event": event,
                    "oxygen_percent": oxygen,
                    "fall_percentage_points": fall,
                    "gas_m3": gas,
                    "rate_m3_per_h": rate,
                    "formula": formula,
                    "source": source,
                    "verdict": verdict,
                    "reason": reason,
                }
            )
        )

    normal = knowledge.nitrogen["oxygen_normal"].quantity.value
    total = oxygen_after_total_loss(litres, volume, knowledge) if room.vessels else None
    add(
        "total_loss",
        total,
        None if total is None else normal - total,
        lost_gas,
        None,
        "start x (V - 1.1 x litres x 0.7) / V, the lower of start 21 % and 20.9 %",
        (*oxford, "cryomassage_limits"),
    )
    steady = (
        None
        if room.use is None or room.air_changes is None
        else oxygen_in_steady_use(room.use, volume, room.air_changes, knowledge)
    )
    rate = None if room.use is None else room.use * expansion / _LITRES_PER_M3
    add(
        "steady_use",
        steady,
        None if steady is None else normal - steady,
        None,
        rate,
        "20.9 Q / (Q + R)",
        ("bnl", "cryomassage_derivations"),
    )
    losses = [None if v.evaporation_per_day is None else v.evaporation_per_day * v.count for v in room.vessels]
    standing_rate = (
        None
        if not losses or any(loss is None for loss in losses)
        else evaporation_rate_m3_per_h(sum(loss for loss in losses if loss is not None), knowledge)
    )
    standing_fall = (
        None
        if standing_rate is None or not room.air_changes
        else oxygen_fall_points(standing_rate, volume, room.air_changes, knowledge)
    )
    add(
        "standing",
        None if standing_fall is None else normal - standing_fall,
        standing_fall,
        None,
        standing_rate,
        "21 x 2 x 700 x litres per day / (24 x 1000) / (V N)",
        oxford,
    )
    largest = max((vessel.volume for vessel in room.vessels), default=None)
    filling = None if largest is None else oxygen_after_filling(largest, volume, knowledge)
    add(
        "filling",
        filling,
        None if filling is None else normal - filling,
        None,
        None,
        "20.9 x (V - 0.1 x litres x 0.7) / V",
        ("scribd_depletion", *oxford),
    )
    verdict = max((finding.verdict for finding in findings), key=_RANK.__getitem__)
    allowed = knowledge.nitrogen["oxygen_allowed_from"].quantity.value
    per_litre = (
        lost_gas / litres
        if litres
        else expansion * knowledge.nitrogen["fill_loss_factor"].quantity.value / _LITRES_PER_M3
    )
    return RoomVerdict(
        name=room.name,
        volume_m3=volume,
        verdict=verdict,
        reasons=tuple(f"{f.event.replace('_', ' ')}: {f.reason}" for f in findings if f.verdict == verdict),
        findings=tuple(findings),
        largest_allowed_total_L=volume * (1.0 - allowed / normal) / per_litre,
        alarm_levels=tuple(
            f"{level.oxygen.value:.1f} %: {level.meaning.text}"
            for level in sorted(knowledge.oxygen_level.values(), key=lambda level: -level.oxygen.value)
        ),
    )
