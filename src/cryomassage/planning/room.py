"""Oxygen in a room with liquid nitrogen: after a total loss, in steady use, standing, and while filling.

Perfect mixing is assumed and furniture ignored; near the release the air is much poorer (Oxford S4/03).
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

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


_OXFORD = ("oxford_oxygen_depletion",)


@dataclass(frozen=True)
class _Air:
    """A room on a day: its findings, event by event."""

    room: Room
    day: datetime.date
    knowledge: Knowledge

    @property
    def volume_m3(self) -> float:
        return float(self.room.floor_area * self.room.height)

    @property
    def litres(self) -> float:
        return float(sum(vessel.volume * vessel.count for vessel in self.room.vessels))

    def constant(self, key: str) -> float:
        return self.knowledge.nitrogen[key].quantity.value

    @property
    def lost_gas_m3_per_litre(self) -> float:
        return self.constant("fill_loss_factor") * self.constant("expansion_ratio") / _LITRES_PER_M3

    def finding(self, oxygen: float | None, **told: Any) -> OxygenFinding:
        """One event judged; its fall follows from the oxygen unless it is told."""
        verdict, reason = _judge(oxygen, self.room, self.day, self.knowledge)
        fall = None if oxygen is None else self.constant("oxygen_normal") - oxygen
        content = {"fall_percentage_points": fall, "gas_m3": None, "rate_m3_per_h": None, **told}
        return OxygenFinding.model_validate({"oxygen_percent": oxygen, "verdict": verdict, "reason": reason, **content})

    def total_loss(self) -> OxygenFinding:
        known = bool(self.room.vessels)
        return self.finding(
            oxygen_after_total_loss(self.litres, self.volume_m3, self.knowledge) if known else None,
            event="total_loss",
            gas_m3=self.litres * self.lost_gas_m3_per_litre,
            formula="start x (V - 1.1 x litres x 0.7) / V, the lower of start 21 % and 20.9 %",
            source=(*_OXFORD, "cryomassage_limits"),
        )

    def steady_use(self) -> OxygenFinding:
        use, changes = self.room.use, self.room.air_changes
        oxygen = None
        if use is not None and changes is not None:
            oxygen = oxygen_in_steady_use(use, self.volume_m3, changes, self.knowledge)
        return self.finding(
            oxygen,
            event="steady_use",
            rate_m3_per_h=None if use is None else use * self.constant("expansion_ratio") / _LITRES_PER_M3,
            formula="20.9 Q / (Q + R)",
            source=("bnl", "cryomassage_derivations"),
        )

    def standing(self) -> OxygenFinding:
        vessels, changes = self.room.vessels, self.room.air_changes
        per_day = [v.evaporation_per_day * v.count for v in vessels if v.evaporation_per_day is not None]
        known = bool(vessels) and len(per_day) == len(vessels)
        rate = evaporation_rate_m3_per_h(sum(per_day), self.knowledge) if known else None
        fall = None
        if rate is not None and changes:
            fall = oxygen_fall_points(rate, self.volume_m3, changes, self.knowledge)
        return self.finding(
            None if fall is None else self.constant("oxygen_normal") - fall,
            event="standing",
            fall_percentage_points=fall,
            rate_m3_per_h=rate,
            formula="21 x 2 x 700 x litres per day / (24 x 1000) / (V N)",
            source=_OXFORD,
        )

    def filling(self) -> OxygenFinding:
        largest = max((vessel.volume for vessel in self.room.vessels), default=None)
        return self.finding(
            None if largest is None else oxygen_after_filling(largest, self.volume_m3, self.knowledge),
            event="filling",
            formula="20.9 x (V - 0.1 x litres x 0.7) / V",
            source=("scribd_depletion", *_OXFORD),
        )


def judge_room(room: Room, day: datetime.date, knowledge: Knowledge) -> RoomVerdict:
    """Whether the vessels may stand in the room, and what use and filling do to its air."""
    air = _Air(room, day, knowledge)
    findings = (air.total_loss(), air.steady_use(), air.standing(), air.filling())
    verdict = max((finding.verdict for finding in findings), key=_RANK.__getitem__)
    share = 1.0 - air.constant("oxygen_allowed_from") / air.constant("oxygen_normal")
    return RoomVerdict(
        name=room.name,
        volume_m3=air.volume_m3,
        verdict=verdict,
        reasons=tuple(f"{f.event.replace('_', ' ')}: {f.reason}" for f in findings if f.verdict == verdict),
        findings=findings,
        largest_allowed_total_L=air.volume_m3 * share / air.lost_gas_m3_per_litre,
        alarm_levels=tuple(
            f"{level.oxygen.value:.1f} %: {level.meaning.text}"
            for level in sorted(knowledge.oxygen_level.values(), key=lambda level: -level.oxygen.value)
        ),
    )
