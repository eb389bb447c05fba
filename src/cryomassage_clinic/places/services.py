"""Writes of sites, rooms, vessels and devices. Figures are held against the core's bounds before they are kept."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import transaction

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.services import record
from cryomassage_clinic.places.models import Device, Room, Site, Vessel
from cryomassage_clinic.places.selectors import room_for_case, source_for_case, today_in
from cryomassage_clinic.web.once import must_be_fresh

Place = TypeVar("Place", Site, Room, Device)


class FiguresError(Exception):
    """The core does not believe some figures."""

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems  # by field of the form; "" for what belongs to none
        super().__init__("; ".join(problems.values()))


_ROOM_FIELDS = {
    "name": "name",
    "floor_area": "floor_area_m2",
    "height": "height_m",
    "temperature": "temperature_degC",
    "air_changes": "air_changes_per_h",
    "extraction": "extraction",
    "monitor": "monitor_valid_until",
    "use": "use_L_per_h",
}
_VESSEL_FIELDS = {
    "name": "name",
    "volume": "volume_L",
    "count": "count",
    "evaporation_per_day": "evaporation_L_per_day",
}


def _told(problem: bridge.Problem) -> str:
    return f"{problem.bound[:1].upper()}{problem.bound[1:]}. {problem.next_step}"


def _check_room(actor: Actor, room: Room, fields: dict[str, str], *, vessel: int | None = None) -> None:
    """Hold a room, as it would be, against the core's bounds."""
    try:
        bridge.judge_room(room_for_case(room), today_in(actor))
    except bridge.InputError as error:
        found: dict[str, str] = {}
        for problem in error.problems:
            parts = problem.field.split(".")
            key = parts[-1] if vessel is not None and parts[0] == "vessels" else parts[0]
            found[fields.get(key, "")] = _told(problem)
        raise FiguresError(found) from error


def _check_device(actor: Actor, device: Device) -> None:
    found: dict[str, str] = {}
    for problem in bridge.source_problems(source_for_case(device), today_in(actor)):
        name = problem.field.split(".")[-1]
        field = {"source": "cold_source", "distance": "distance_mm", "calibration": "calibrated"}.get(name, name)
        found.setdefault(field, _told(problem))
    if found:
        raise FiguresError(found)


def _changed(before: dict[str, Any], thing: Any) -> dict[str, Any]:
    """Old and new value of each field that differs."""
    return {
        name: {"was": value, "is": getattr(thing, name)}
        for name, value in before.items()
        if value != getattr(thing, name)
    }


def _again(model: type[Place], thing: Place, seen_version: str | int | None) -> Place:
    """The row as it is now, held until the transaction ends, if the form was filled in from this very version."""
    held = model._default_manager.select_for_update().get(pk=thing.pk, clinic=thing.clinic)
    must_be_fresh(held, seen_version)
    return held


def _write(actor: Actor, thing: Site | Room | Device, data: dict[str, Any], action: str) -> None:
    before = {name: getattr(thing, name) for name in data}
    for name, value in data.items():
        setattr(thing, name, value)
    if isinstance(thing, Room):
        _check_room(actor, thing, _ROOM_FIELDS)
    elif isinstance(thing, Device):
        _check_device(actor, thing)
    changes = _changed(before, thing)
    if not changes:
        return
    thing.version += 1
    thing.save()
    record(actor, action, thing, changes)


@transaction.atomic
def add_site(actor: Actor, data: dict[str, Any]) -> Site:
    """A new site.

    Raises:
        PermissionDenied: the role may not.
    """
    actor.require(Can.MANAGE_PLACES)
    site = Site.objects.create(clinic=actor.clinic, **data)
    record(actor, "site.created", site, data)
    return site


@transaction.atomic
def edit_site(actor: Actor, site: Site, data: dict[str, Any], seen_version: str | int | None) -> Site:
    """Change a site.

    Raises:
        PermissionDenied: the role may not.
        StaleFormError: it has changed since.
    """
    actor.require(Can.MANAGE_PLACES)
    held = _again(Site, site, seen_version)
    _write(actor, held, data, "site.changed")
    return held


@transaction.atomic
def add_room(actor: Actor, site: Site, data: dict[str, Any]) -> Room:
    """A new room of a site.

    Raises:
        PermissionDenied: the role may not.
        FiguresError: the core does not believe a figure.
    """
    actor.require(Can.MANAGE_PLACES)
    room = Room.objects.create(clinic=actor.clinic, site=site, **data)
    _check_room(actor, room, _ROOM_FIELDS)
    record(actor, "room.created", room, data)
    return room


@transaction.atomic
def edit_room(actor: Actor, room: Room, data: dict[str, Any], seen_version: str | int | None) -> Room:
    """Change a room; plans made for it go stale by its version.

    Raises:
        PermissionDenied: the role may not.
        StaleFormError: it has changed since.
        FiguresError: the core does not believe a figure.
    """
    actor.require(Can.MANAGE_PLACES)
    held = _again(Room, room, seen_version)
    _write(actor, held, data, "room.changed")
    return held


def _vessels_changed(actor: Actor, room: Room, action: str, details: dict[str, Any]) -> None:
    """A room with other vessels is another room: its version grows, so that plans made for it go stale."""
    room.version += 1
    room.save(update_fields=["version"])
    record(actor, action, room, details)


@transaction.atomic
def add_vessel(actor: Actor, room: Room, data: dict[str, Any], seen_version: str | int | None) -> Vessel:
    """Put a nitrogen vessel into a room. What it does to the room is told, not forbidden: it stands there.

    Raises:
        PermissionDenied: the role may not.
        StaleFormError: the room has changed since.
        FiguresError: the core does not believe a figure.
    """
    actor.require(Can.MANAGE_PLACES)
    held = _again(Room, room, seen_version)
    vessel = Vessel.objects.create(clinic=actor.clinic, room=held, **data)
    _check_room(actor, held, _VESSEL_FIELDS, vessel=0)
    _vessels_changed(actor, held, "vessel.added", {"vessel": str(vessel.pk), **data})
    return vessel


@transaction.atomic
def edit_vessel(actor: Actor, vessel: Vessel, data: dict[str, Any], seen_version: str | int | None) -> Vessel:
    """Change a vessel; the version that counts is that of its room.

    Raises:
        PermissionDenied: the role may not.
        StaleFormError: the room has changed since.
        FiguresError: the core does not believe a figure.
    """
    actor.require(Can.MANAGE_PLACES)
    held = _again(Room, vessel.room, seen_version)
    vessel = Vessel.objects.select_for_update().get(pk=vessel.pk, room=held)
    before = {name: getattr(vessel, name) for name in data}
    for name, value in data.items():
        setattr(vessel, name, value)
    vessel.save()
    _check_room(actor, held, _VESSEL_FIELDS, vessel=0)
    _vessels_changed(actor, held, "vessel.changed", {"vessel": str(vessel.pk), **_changed(before, vessel)})
    return vessel


@transaction.atomic
def remove_vessel(actor: Actor, vessel: Vessel, seen_version: str | int | None) -> None:
    """Take a vessel out of its room; what it was stays in the audit trail.

    Raises:
        PermissionDenied: the role may not.
        StaleFormError: the room has changed since.
    """
    actor.require(Can.MANAGE_PLACES)
    held = _again(Room, vessel.room, seen_version)
    gone = Vessel.objects.select_for_update().get(pk=vessel.pk, room=held)
    details = {"vessel": str(gone.pk), "name": gone.name, "volume_L": gone.volume_L, "count": gone.count}
    gone.delete()
    _vessels_changed(actor, held, "vessel.removed", details)


@transaction.atomic
def add_device(actor: Actor, site: Site, data: dict[str, Any]) -> Device:
    """A new device of a site.

    Raises:
        PermissionDenied: the role may not.
        FiguresError: the core does not believe a figure.
    """
    actor.require(Can.MANAGE_PLACES)
    device = Device(clinic=actor.clinic, site=site, **data)
    _check_device(actor, device)
    device.save(force_insert=True)
    record(actor, "device.created", device, data)
    return device


@transaction.atomic
def edit_device(actor: Actor, device: Device, data: dict[str, Any], seen_version: str | int | None) -> Device:
    """Change a device or its calibration; plans made with it go stale by its version.

    Raises:
        PermissionDenied: the role may not.
        StaleFormError: it has changed since.
        FiguresError: the core does not believe a figure.
    """
    actor.require(Can.MANAGE_PLACES)
    held = _again(Device, device, seen_version)
    _write(actor, held, data, "device.changed")
    return held
