"""A treatment room with its nitrogen vessels, and what a loss would do to its air."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from cryomassage.records.base import Record, measured

SCHEMA = "cryomassage/room/1"
_ROOMS = "rooms that people work in"

Verdict = Literal["allowed", "allowed_with_monitor", "refused"]


class Vessel(Record):
    """A nitrogen vessel that stands in the room or is carried into it."""

    name: Annotated[str, StringConstraints(min_length=1)]
    volume: measured("L", 0.05, 300.0, "hand flasks to supply vessels")  # type: ignore[valid-type]
    count: int = Field(default=1, ge=1, le=20)
    evaporation_per_day: measured("L/day", 0.0, 20.0, "static loss of vessels in the trade") | None = None  # type: ignore[valid-type]


class OxygenMonitor(Record):
    """An oxygen monitor and until when its calibration holds."""

    valid_until: datetime.date


class Room(Record):
    """A room; what is unknown is left out, and counts against it."""

    schema_: Literal["cryomassage/room/1"] | None = Field(default=None, alias="schema")
    name: Annotated[str, StringConstraints(min_length=1)]
    floor_area: measured("m^2", 2.0, 500.0, _ROOMS)  # type: ignore[valid-type]
    height: measured("m", 1.9, 8.0, _ROOMS)  # type: ignore[valid-type]
    temperature: measured("degC", 10.0, 35.0, _ROOMS) | None = None  # type: ignore[valid-type]
    air_changes: measured("1/h", 0.0, 60.0, "closed basement to operating theatre") | None = None  # type: ignore[valid-type]
    extraction: bool | None = None
    monitor: OxygenMonitor | None = None
    vessels: tuple[Vessel, ...] = ()
    use: measured("L/h", 0.0, 20.0, "hand work with swab or spray") | None = None  # type: ignore[valid-type]


class OxygenFinding(Record):
    """Oxygen after one event."""

    event: Literal["total_loss", "steady_use", "standing", "filling"]
    oxygen_percent: float | None
    fall_percentage_points: float | None
    gas_m3: float | None
    rate_m3_per_h: float | None
    formula: str
    source: tuple[str, ...]
    verdict: Verdict
    reason: str


class RoomVerdict(Record):
    """Whether this vessel may stand in this room, and why."""

    name: str
    volume_m3: float
    verdict: Verdict
    reasons: tuple[str, ...]
    findings: tuple[OxygenFinding, ...]
    largest_allowed_total_L: float
    alarm_levels: tuple[str, ...]
