"""Rooms and devices as the core reads them: what is unknown is left out, and counts against the room."""

from __future__ import annotations

from typing import Any

from cryomassage_clinic.places.models import Device, Room


def _measured(value: float | None, unit: str) -> str | None:
    return None if value is None else f"{value!r} {unit}"


def _known(table: dict[str, Any]) -> dict[str, Any]:
    """A table without what is unknown."""
    return {key: value for key, value in table.items() if value is not None}


def room_for_case(room: Room) -> dict[str, Any]:
    """A room with its vessels as the core's room table."""
    vessels = [
        _known(
            {
                "name": vessel.name,
                "volume": _measured(vessel.volume_L, "L"),
                "count": vessel.count,
                "evaporation_per_day": _measured(vessel.evaporation_L_per_day, "L/day"),
            }
        )
        for vessel in room.vessels.order_by("created_at", "pk")
    ]
    until = room.monitor_valid_until
    return _known(
        {
            "name": room.name,
            "floor_area": _measured(room.floor_area_m2, "m^2"),
            "height": _measured(room.height_m, "m"),
            "temperature": _measured(room.temperature_degC, "degC"),
            "air_changes": _measured(room.air_changes_per_h, "1/h"),
            "extraction": room.extraction,
            "monitor": None if until is None else {"valid_until": until.isoformat()},
            "use": _measured(room.use_L_per_h, "L/h"),
            "vessels": vessels,
        }
    )


def source_for_case(device: Device) -> dict[str, Any]:
    """A device as the core's source table, with its distance and calibration where they are known."""
    return _known(
        {
            "cold_source": device.cold_source,
            "distance": _measured(device.distance_mm, "mm"),
            "calibration": device.calibration or None,
        }
    )
