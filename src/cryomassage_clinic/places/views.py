"""Pages of sites, rooms, vessels and devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from cryomassage_clinic.accounts.access import get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.accounts.reauthentication import ask_again
from cryomassage_clinic.places import services
from cryomassage_clinic.places.forms import DeviceForm, RoomForm, SiteForm, VesselForm, shown_yes_no
from cryomassage_clinic.places.models import Device, Room, Site, Vessel
from cryomassage_clinic.places.selectors import air_of, overview, state_of, today_in
from cryomassage_clinic.web.once import StaleFormError, write_once
from cryomassage_clinic.web.pages import StaffRequest, page

_BOTH = ("GET", "POST")
_CALIBRATION = (
    "date",
    "how",
    "heat_transfer_coefficient",
    "heat_transfer_coefficient_low",
    "heat_transfer_coefficient_high",
    "sink_temperature",
)


def _site_values(site: Site) -> dict[str, Any]:
    values: dict[str, Any] = {"name": site.name, "address": site.address, "active": site.active}
    for number, (opens, closes) in (site.opening_hours or {}).items():
        values[f"opens_{number}"], values[f"closes_{number}"] = opens, closes
    return values


def _room_values(room: Room) -> dict[str, Any]:
    names = (
        "name",
        "floor_area_m2",
        "height_m",
        "temperature_degC",
        "air_changes_per_h",
        "monitor_valid_until",
        "use_L_per_h",
        "airing_min",
        "active",
    )
    return {**{name: getattr(room, name) for name in names}, "extraction": shown_yes_no(room.extraction)}


def _vessel_values(vessel: Vessel) -> dict[str, Any]:
    return {name: getattr(vessel, name) for name in ("name", "volume_L", "count", "evaporation_L_per_day")}


def _device_values(device: Device) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(device, name) for name in ("name", "cold_source", "distance_mm", "active")}
    calibration = device.calibration or {}
    values["calibrated"] = bool(calibration)
    for name in _CALIBRATION:
        written = calibration.get(name)
        if written is not None:
            values[name] = written if name in ("date", "how") else written.split(" ")[0]
    return values


def _meanwhile(form: forms.BaseForm, now: dict[str, Any]) -> list[tuple[str, str]]:
    """Fields whose value was changed by somebody else to something other than what is typed here."""
    told = []
    for bound in form:
        value = now.get(bound.name)
        typed = bound.value()
        shown = "" if value is None else str(value)
        if shown != ("" if typed is None else str(typed)) and not isinstance(
            form.fields[bound.name], forms.BooleanField
        ):
            told.append((str(bound.label), shown or _("empty")))
    return told


def _filled_in(
    request: StaffRequest,
    form: forms.Form,
    write: Callable[[dict[str, Any]], Any],
    saved: str,
    context: dict[str, Any],
    values: Callable[[Any], dict[str, Any]],
    template: str = "places/form.html",
) -> HttpResponse:
    """Show a form, or write it and go back to the list; whatever is typed stays when it cannot be written.

    What is known of a room and a device sets the limits of air and dose, so who writes it says once more who it is.
    """
    status = 200
    if request.method == "POST":
        question = ask_again(request)
        if question is not None:
            return question
        status = 422
        if form.is_valid():

            def once() -> str:
                write(form.cleaned_data)
                return reverse("place_list")

            try:
                to = write_once(request, request.actor, once)
            except services.FiguresError as error:
                for field, words in error.problems.items():
                    form.add_error(field if field in form.fields else None, words)
            except StaleFormError as error:
                status = 409
                context |= {"stale": _meanwhile(form, values(error.record)), "version": error.record.version}
            else:
                messages.success(request, saved)
                return redirect(to)
    return render(request, template, {"form": form, **context}, status=status)


@page(Can.SEE_PLACES)
def place_list(request: StaffRequest) -> HttpResponse:
    """Sites, rooms with their air, devices with their calibration."""
    return render(request, "places/place_list.html", {"sites": overview(request.actor)})


@page(Can.MANAGE_PLACES, methods=_BOTH)
def site_new(request: StaffRequest) -> HttpResponse:
    """A new site."""
    form = SiteForm(request.POST or None)
    return _filled_in(
        request,
        form,
        lambda data: services.add_site(request.actor, data),
        _("The site is added."),
        {"title": _("New site"), "key": "place:site:new"},
        _site_values,
        "places/site_form.html",
    )


@page(Can.MANAGE_PLACES, methods=_BOTH)
def site_edit(request: StaffRequest, pk: str) -> HttpResponse:
    """Change a site."""
    site = get(request.actor, Site, pk, Can.MANAGE_PLACES)
    form = SiteForm(request.POST or None, initial=_site_values(site))
    return _filled_in(
        request,
        form,
        lambda data: services.edit_site(request.actor, site, data, request.POST.get("version")),
        _("The site is saved."),
        {"title": site.name, "version": request.POST.get("version", site.version), "key": f"place:{site.pk}"},
        _site_values,
        "places/site_form.html",
    )


@page(Can.MANAGE_PLACES, methods=_BOTH)
def room_new(request: StaffRequest, site_pk: str) -> HttpResponse:
    """A new room of a site."""
    site = get(request.actor, Site, site_pk, Can.MANAGE_PLACES)
    form = RoomForm(request.POST or None, initial={"airing_min": 10})
    return _filled_in(
        request,
        form,
        lambda data: services.add_room(request.actor, site, data),
        _("The room is added. Now add the nitrogen vessels that stand in it."),
        {"title": _("New room"), "under": site.name, "key": f"place:room:new:{site.pk}"},
        _room_values,
        "places/room_form.html",
    )


@page(Can.MANAGE_PLACES, methods=_BOTH)
def room_edit(request: StaffRequest, pk: str) -> HttpResponse:
    """Change a room."""
    room = get(request.actor, Room, pk, Can.MANAGE_PLACES)
    form = RoomForm(request.POST or None, initial=_room_values(room))
    context = {
        "title": room.name,
        "under": room.site.name,
        "room": room,
        "air": air_of(room, today_in(request.actor)),
        "version": request.POST.get("version", room.version),
        "key": f"place:{room.pk}",
    }
    return _filled_in(
        request,
        form,
        lambda data: services.edit_room(request.actor, room, data, request.POST.get("version")),
        _("The room is saved."),
        context,
        _room_values,
        "places/room_form.html",
    )


@page(Can.MANAGE_PLACES, methods=_BOTH)
def vessel_new(request: StaffRequest, room_pk: str) -> HttpResponse:
    """Put a nitrogen vessel into a room."""
    room = get(request.actor, Room, room_pk, Can.MANAGE_PLACES)
    form = VesselForm(request.POST or None)
    return _filled_in(
        request,
        form,
        lambda data: services.add_vessel(request.actor, room, data, request.POST.get("version")),
        _("The vessel is added. See what it does to the air of the room."),
        {
            "title": _("New vessel"),
            "under": room.name,
            "version": request.POST.get("version", room.version),
            "air": air_of(room, today_in(request.actor)),
            "key": f"place:vessel:new:{room.pk}",
        },
        _room_values,
        "places/vessel_form.html",
    )


@page(Can.MANAGE_PLACES, methods=_BOTH)
def vessel_edit(request: StaffRequest, pk: str) -> HttpResponse:
    """Change a vessel, or take it out of its room."""
    vessel = get(request.actor, Vessel, pk, Can.MANAGE_PLACES)
    form = VesselForm(request.POST or None, initial=_vessel_values(vessel))
    context = {
        "title": vessel.name,
        "under": vessel.room.name,
        "vessel": vessel,
        "version": request.POST.get("version", vessel.room.version),
        "key": f"place:{vessel.pk}",
    }
    return _filled_in(
        request,
        form,
        lambda data: services.edit_vessel(request.actor, vessel, data, request.POST.get("version")),
        _("The vessel is saved."),
        context,
        _room_values,
        "places/vessel_form.html",
    )


@page(Can.MANAGE_PLACES, methods=("POST",))
def vessel_remove(request: StaffRequest, pk: str) -> HttpResponse:
    """Take a vessel out of its room."""
    vessel = get(request.actor, Vessel, pk, Can.MANAGE_PLACES)
    question = ask_again(request)
    if question is not None:
        return question

    def write() -> str:
        services.remove_vessel(request.actor, vessel, request.POST.get("version"))
        return reverse("place_list")

    try:
        to = write_once(request, request.actor, write)
    except StaleFormError:
        messages.error(request, _("The room was changed meanwhile. Look at it again, then take the vessel out."))
        return redirect("place_vessel_edit", pk=vessel.pk)
    messages.success(request, _("The vessel is taken out of the room."))
    return redirect(to)


@page(Can.MANAGE_PLACES, methods=_BOTH)
def device_new(request: StaffRequest, site_pk: str) -> HttpResponse:
    """A new device of a site."""
    site = get(request.actor, Site, site_pk, Can.MANAGE_PLACES)
    form = DeviceForm(request.POST or None)
    return _filled_in(
        request,
        form,
        lambda data: services.add_device(request.actor, site, data),
        _("The device is added."),
        {"title": _("New device"), "under": site.name, "key": f"place:device:new:{site.pk}"},
        _device_values,
        "places/device_form.html",
    )


@page(Can.MANAGE_PLACES, methods=_BOTH)
def device_edit(request: StaffRequest, pk: str) -> HttpResponse:
    """Change a device or its calibration."""
    device = get(request.actor, Device, pk, Can.MANAGE_PLACES)
    form = DeviceForm(request.POST or None, initial=_device_values(device))
    context = {
        "title": device.name,
        "under": device.site.name,
        "device_state": state_of(device, today_in(request.actor)),
        "version": request.POST.get("version", device.version),
        "key": f"place:{device.pk}",
    }
    return _filled_in(
        request,
        form,
        lambda data: services.edit_device(request.actor, device, data, request.POST.get("version")),
        _("The device is saved."),
        context,
        _device_values,
        "places/device_form.html",
    )
