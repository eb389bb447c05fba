"""Reads sites, rooms and devices: as people see them, and as the core wants them in a case."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.access import Actor, every
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.places.models import Device, Room, Site

WEEKDAYS = (
    lazy("Monday"),
    lazy("Tuesday"),
    lazy("Wednesday"),
    lazy("Thursday"),
    lazy("Friday"),
    lazy("Saturday"),
    lazy("Sunday"),
)

_EVENTS = {
    "total_loss": lazy("Everything spills just after filling"),
    "steady_use": lazy("While working"),
    "standing": lazy("Vessels standing"),
    "filling": lazy("While filling"),
}

# What the core needs to know of a room, and how people say it.
_FIGURES = {
    "air_changes_per_h": lazy("air changes an hour"),
    "extraction": lazy("whether a fan takes air out near the floor"),
    "monitor_valid_until": lazy("until when the oxygen monitor is calibrated"),
    "use_L_per_h": lazy("nitrogen used in work"),
}


def today_in(actor: Actor) -> datetime.date:
    """Today's date on the clinic's wall."""
    return timezone.localdate()


# --- in the core's form ---------------------------------------------------------------------------------


def room_for_case(room: Room) -> dict[str, Any]:
    """A room with its vessels as the core reads it; what is unknown is left out."""
    case: dict[str, Any] = {
        "schema": bridge.ROOM_SCHEMA,
        "name": room.name,
        "floor_area": f"{room.floor_area_m2!r} m^2",
        "height": f"{room.height_m!r} m",
    }
    if room.temperature_degC is not None:
        case["temperature"] = f"{room.temperature_degC!r} degC"
    if room.air_changes_per_h is not None:
        case["air_changes"] = f"{room.air_changes_per_h!r} 1/h"
    if room.extraction is not None:
        case["extraction"] = room.extraction
    if room.monitor_valid_until is not None:
        case["monitor"] = {"valid_until": room.monitor_valid_until.isoformat()}
    if room.use_L_per_h is not None:
        case["use"] = f"{room.use_L_per_h!r} L/h"
    vessels = []
    for vessel in sorted(room.vessels.all(), key=lambda one: (one.name, str(one.pk))):
        told: dict[str, Any] = {"name": vessel.name, "volume": f"{vessel.volume_L!r} L", "count": vessel.count}
        if vessel.evaporation_L_per_day is not None:
            told["evaporation_per_day"] = f"{vessel.evaporation_L_per_day!r} L/day"
        vessels.append(told)
    if vessels:
        case["vessels"] = vessels
    return case


def source_for_case(device: Device) -> dict[str, Any]:
    """A device as the core reads it: the kind, its distance, its calibration."""
    case: dict[str, Any] = {"cold_source": device.cold_source}
    if device.distance_mm is not None:
        case["distance"] = f"{device.distance_mm!r} mm"
    if device.calibration:
        case["calibration"] = dict(device.calibration)
    return case


# --- as people see them ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Air:
    """What a loss of the vessels would do to the air of a room on a day, in words."""

    state: str  # allowed, allowed_with_monitor, refused, no_nitrogen, wrong
    mark: str  # go, near, stop or info: colour and icon
    headline: str
    oxygen_percent: float | None  # after everything is spilled
    reasons: tuple[str, ...]
    findings: tuple[dict[str, Any], ...]
    unknown: tuple[str, ...]
    largest_total_L: float | None

    @property
    def nitrogen_allowed(self) -> bool:
        """Whether liquid nitrogen may be worked with in the room on that day."""
        return self.state in ("allowed", "allowed_with_monitor")


def air_of(room: Room, date: datetime.date) -> Air:
    """The core's verdict on the oxygen of a room on a date."""
    unknown = tuple(str(word) for name, word in _FIGURES.items() if getattr(room, name) is None)
    try:
        verdict = bridge.judge_room(room_for_case(room), date)
    except bridge.InputError as error:
        reasons = tuple(f"{problem.field}: {problem.bound}" for problem in error.problems)
        return Air("wrong", "stop", _("Figures of this room cannot be right"), None, reasons, (), unknown, None)
    findings = tuple(
        {
            "event": _EVENTS[finding.event],
            "oxygen_percent": finding.oxygen_percent,
            "mark": {"allowed": "go", "allowed_with_monitor": "near", "refused": "stop"}[finding.verdict],
            "reason": finding.reason,
        }
        for finding in verdict.findings
    )
    loss = verdict.findings[0].oxygen_percent
    if not room.vessels.all():
        return Air(
            "no_nitrogen",
            "info",
            _("No nitrogen vessel is written down"),
            None,
            (_("Ice and cool packs may be used. Work with nitrogen is refused until its vessel is added here."),),
            (),
            unknown,
            verdict.largest_allowed_total_L,
        )
    mark, headline = {
        "allowed": ("go", _("Nitrogen may be used")),
        "allowed_with_monitor": ("near", _("Nitrogen only with the oxygen monitor on and the fan running")),
        "refused": ("stop", _("No nitrogen in this room")),
    }[verdict.verdict]
    reasons = tuple(
        f"{_EVENTS[finding.event]}: {finding.reason}"
        for finding in verdict.findings
        if finding.verdict == verdict.verdict
    )
    return Air(
        verdict.verdict, mark, headline, loss, reasons, findings, unknown, round(verdict.largest_allowed_total_L, 1)
    )


@dataclass(frozen=True)
class DeviceState:
    """Whether a device has been measured, in words."""

    mark: str
    words: str
    problems: tuple[str, ...]


def state_of(device: Device, date: datetime.date) -> DeviceState:
    """Calibration of a device on a date."""
    problems = bridge.source_problems(source_for_case(device), date)
    told = tuple(f"{problem.value}: {problem.bound}. {problem.next_step}" for problem in problems)
    if problems:
        return DeviceState("stop", _("Cannot be planned with"), told)
    if device.calibration:
        return DeviceState("go", _("Measured on %(date)s") % {"date": device.calibration["date"]}, ())
    return DeviceState(
        "info",
        _("Not measured: plans allow for all that is unknown of this kind, so doses are smaller, or none"),
        (),
    )


def source_name(device: Device) -> str:
    """The kind of a device, as the core names it."""
    entry = bridge.knowledge().cold_source.get(device.cold_source)
    return entry.name if entry is not None else device.cold_source


def sites_of(actor: Actor) -> list[Site]:
    """Sites in use, by name."""
    return list(every(actor, Site, Can.SEE_CALENDAR).filter(active=True).order_by("name", "pk"))


def overview(actor: Actor) -> list[dict[str, Any]]:
    """All sites with their rooms and devices, each with its state today."""
    today = today_in(actor)
    sites = (
        every(actor, Site, Can.SEE_PLACES)
        .prefetch_related("rooms__vessels", "devices")
        .order_by("-active", "name", "pk")
    )
    return [
        {
            "site": site,
            "hours": opening_words(site),
            "rooms": [
                {"room": room, "air": air_of(room, today), "vessels": sorted(room.vessels.all(), key=lambda v: v.name)}
                for room in sorted(site.rooms.all(), key=lambda one: (not one.active, one.name))
            ],
            "devices": [
                {"device": device, "kind": source_name(device), "state": state_of(device, today)}
                for device in sorted(site.devices.all(), key=lambda one: (not one.active, one.name))
            ],
        }
        for site in sites
    ]


def opening_words(site: Site) -> list[tuple[str, str]]:
    """Opening hours, day by day; empty where the site is always open."""
    if not site.opening_hours:
        return []
    return [
        (str(name), "–".join(site.opening_hours[str(number)]) if str(number) in site.opening_hours else _("closed"))
        for number, name in enumerate(WEEKDAYS)
    ]
