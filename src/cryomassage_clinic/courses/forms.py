"""What a client comes for, asked one question after the other; each answer decides what is asked next."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.access import Actor, every
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.clients.names import has_control, tidy
from cryomassage_clinic.courses.days import today_of
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.courses.wish import Way, way_key, ways_of
from cryomassage_clinic.places.models import Device, Room
from cryomassage_clinic.places.selectors import air_of

STEPS = ("complaint", "zones", "way", "place")
FIELDS = {
    "complaint": ("indication", "purpose"),
    "zones": ("zones",),
    "way": ("way",),
    "place": ("device", "room", "professional_name", "professional_date"),
}
_PURPOSES = [("preventive", lazy("To prevent or to please")), ("therapeutic", lazy("To treat a complaint"))]


def values_of(course: Course) -> dict[str, Any]:
    """A course as its form shows it."""
    return {
        "indication": course.indication,
        "purpose": course.purpose,
        "zones": list(course.zones),
        "way": way_key(course.method, course.exposure_class) if course.method else "",
        "device": str(course.device_id or ""),
        "room": str(course.room_id or ""),
        "professional_name": course.professional_name,
        "professional_date": course.professional_date,
    }


class WishForm(forms.Form):
    """Complaint, zones, way, and what that way needs."""

    indication = forms.CharField(
        label=lazy("What do they come for?"), error_messages={"required": lazy("Choose what they come for.")}
    )
    purpose = forms.ChoiceField(label=lazy("What is it for?"), choices=_PURPOSES, required=False)
    zones = forms.TypedMultipleChoiceField(
        label=lazy("Where?"), choices=(), error_messages={"required": lazy("Choose at least one place.")}
    )
    way = forms.CharField(label=lazy("How?"), error_messages={"required": lazy("Choose how to treat it.")})
    device = forms.CharField(label=lazy("With which device?"), required=False)
    room = forms.CharField(label=lazy("In which room?"), required=False)
    professional_name = forms.CharField(label=lazy("Which professional was asked?"), max_length=160, required=False)
    professional_date = forms.DateField(
        label=lazy("When?"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": lazy("This is not a date. Write it as year-month-day, such as 2026-05-17.")},
    )

    def __init__(self, data: Any, *, actor: Actor) -> None:
        super().__init__(data)
        self.actor, self.today = actor, today_of(actor.clinic)
        devices = every(actor, Device, Can.SEE_PLACES).filter(active=True, site__active=True)
        rooms = every(actor, Room, Can.SEE_PLACES).filter(active=True, site__active=True)
        self.all_devices = list(devices.select_related("site").order_by("name", "pk"))
        self.all_rooms = list(rooms.select_related("site").prefetch_related("vessels").order_by("name", "pk"))
        self.fields["zones"].choices = [(key, zone.name) for key, zone in bridge.zones().items()]  # type: ignore[attr-defined]
        self.found: Way | None = None

    # --- what was chosen so far, sound or not -----------------------------------------------------------

    def chosen(self, name: str) -> Any:
        """What stands in a field now."""
        return self[name].value()

    @property
    def chosen_zones(self) -> list[str]:
        """Zones that are ticked."""
        return [str(zone) for zone in self.chosen("zones") or []]

    def ways(self) -> list[Way]:
        """Ways to treat what was chosen."""
        indication = self.chosen("indication")
        if indication not in bridge.indications():
            return []
        return ways_of(indication, self.chosen_zones, self.all_devices)

    def chosen_way(self) -> Way | None:
        """The way that is chosen."""
        return next((way for way in self.ways() if way.key == self.chosen("way")), None)

    def devices(self) -> list[Device]:
        """Devices for the way that is chosen."""
        way = self.chosen_way()
        return [one for one in self.all_devices if way is not None and one.cold_source in way.sources]

    # --- checks -----------------------------------------------------------------------------------------

    def clean_indication(self) -> str:
        """A complaint that is known, and treated at all."""
        key = str(self.cleaned_data["indication"])
        found = bridge.indications().get(key)
        if found is None:
            raise forms.ValidationError(_("Choose one from the list."))
        if not found.treatable:
            raise forms.ValidationError(_("This is not offered, for the reason that stands beside it."))
        return key

    def clean_professional_name(self) -> str:
        """A name that can be read."""
        name = str(self.cleaned_data["professional_name"])
        if has_control(name):
            raise forms.ValidationError(_("This holds characters that cannot be seen. Type it instead of pasting it."))
        return tidy(name)

    def clean_professional_date(self) -> datetime.date | None:
        """A day that has been."""
        day: datetime.date | None = self.cleaned_data["professional_date"]
        if day is not None and day > self.today:
            raise forms.ValidationError(_("This day lies in the future."))
        return day

    def clean(self) -> dict[str, Any]:
        """What belongs together."""
        data = super().clean() or {}
        if "indication" not in data:
            return data
        treated = {zone for route in bridge.indications()[data["indication"]].routes for zone in route.zones}
        if not set(data.get("zones", ())) <= treated:
            self.add_error("zones", _("This complaint is not treated at all of these places. Choose again."))
        if "zones" in data and "way" in data:
            self._check_way(data)
        return data

    def _check_way(self, data: dict[str, Any]) -> None:
        way = self.chosen_way()
        if way is None:
            self.add_error("way", _("Choose one from the list."))
            return
        if way.not_on:
            words = _("It is not used on: %(zones)s. Choose another way, or take these places out.")
            self.add_error("way", words % {"zones": ", ".join(way.not_on)})
            return
        self.found = way
        if way.home:
            self._check_professional(data)
            return
        device = self._device(way, data)
        if way.liquid_nitrogen:
            self._room(data, device)

    def _check_professional(self, data: dict[str, Any]) -> None:
        if len(data.get("professional_name", "")) < 2 and "professional_name" not in self.errors:
            self.add_error("professional_name", _("Write who was asked: a therapist or cosmetologist."))
        if data.get("professional_date") is None and "professional_date" not in self.errors:
            self.add_error("professional_date", _("Write on which day they were asked."))

    def _device(self, way: Way, data: dict[str, Any]) -> Device | None:
        wanted = str(data.get("device") or "")
        found = next((one for one in self.all_devices if str(one.pk) == wanted), None)
        if found is not None and found.cold_source not in way.sources:
            self.add_error("device", _("This device does something else. Choose one from the list."))
        elif found is None and wanted:
            self.add_error("device", _("Choose one from the list."))
        elif found is None and way.needs_device:
            self.add_error("device", _("Choose the device: how cold it works decides the dose."))
        data["device"] = found
        return found

    def _room(self, data: dict[str, Any], device: Device | None) -> None:
        found = next((one for one in self.all_rooms if str(one.pk) == str(data.get("room") or "")), None)
        if found is None:
            self.add_error("room", _("Choose the room: nitrogen takes the place of oxygen in the air."))
            return
        air = air_of(found, self.today)
        if not air.nitrogen_allowed:
            words = _("Refused: %(reasons)s Choose another room, or a way without nitrogen.")
            self.add_error("room", words % {"reasons": " ".join(air.reasons)})
        elif device is not None and device.site_id != found.site_id:
            self.add_error("room", _("The device stands at another site. Choose a room there."))
        data["room"] = found

    # --- what is kept -----------------------------------------------------------------------------------

    def wish(self) -> dict[str, Any]:
        """The fields of a course; what was not asked stays empty."""
        data, way = self.cleaned_data, self.found
        if way is None:
            raise ValueError("only a valid form has a wish")
        return {
            "indication": data["indication"],
            "purpose": data.get("purpose") or "preventive",
            "zones": sorted(set(data["zones"]), key=lambda zone: bridge.zones()[zone].order_of_work),
            "method": way.method,
            "exposure_class": way.exposure_class,
            "place": "home" if way.home else "salon",
            "device": None if way.home else data.get("device") or None,
            "room": data["room"] if way.liquid_nitrogen else None,
            "professional_name": data["professional_name"] if way.home else "",
            "professional_date": data["professional_date"] if way.home else None,
        }

    def failing_step(self, before: str | None = None) -> str | None:
        """The first step with an error, of those before a step; of all if none is named."""
        steps = STEPS if before is None else STEPS[: STEPS.index(before)]
        return next((step for step in steps if any(name in self.errors for name in FIELDS[step])), None)
