"""Forms of sites, rooms, vessels and devices. What may be unknown may stay empty; bounds are the core's."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cryomassage_clinic import bridge
from cryomassage_clinic.places.selectors import WEEKDAYS
from cryomassage_clinic.web.core_words import told

UNKNOWN_YES_NO = [("", lazy("Unknown")), ("yes", lazy("Yes")), ("no", lazy("No"))]


class NumberField(forms.FloatField):
    """A number with a point or a comma, as people type it."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def __init__(self, **more: Any) -> None:
        super().__init__(**{"error_messages": {"invalid": lazy("Write a number, such as 2.7.")}, **more})

    def to_python(self, value: Any) -> float | None:  # type: ignore[override]
        """The number.

        Raises:
            ValidationError: it is none.
        """
        return super().to_python(value.strip().replace(",", ".") if isinstance(value, str) else value)


class YesNoUnknownField(forms.ChoiceField):
    """Yes, no, or not known; what is not known is not taken for either."""

    widget = forms.RadioSelect

    def __init__(self, **more: Any) -> None:
        super().__init__(choices=UNKNOWN_YES_NO, required=False, **more)

    def clean(self, value: Any) -> bool | None:
        """True, False or None.

        Raises:
            ValidationError: none of the choices.
        """
        return {"yes": True, "no": False, "": None}[super().clean(value)]


def shown_yes_no(value: bool | None) -> str:
    """The choice that stands for a stored answer."""
    return "" if value is None else ("yes" if value else "no")


class TimeInput(forms.TimeInput):
    """The time picker of the device."""

    input_type = "time"

    def __init__(self, **more: Any) -> None:
        super().__init__(format="%H:%M", **more)


class DateInput(forms.DateInput):
    """The date picker of the device."""

    input_type = "date"

    def __init__(self, **more: Any) -> None:
        super().__init__(format="%Y-%m-%d", **more)


class SiteForm(forms.Form):
    """A site, and when it is open."""

    name = forms.CharField(label=lazy("Name"), max_length=120)
    address = forms.CharField(label=lazy("Address"), max_length=300, required=False)
    active = forms.BooleanField(label=lazy("In use"), required=False, initial=True)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for number, name in enumerate(WEEKDAYS):
            opens = forms.TimeField(label=_("%(day)s, opens") % {"day": name}, required=False, widget=TimeInput())
            closes = forms.TimeField(label=_("%(day)s, closes") % {"day": name}, required=False, widget=TimeInput())
            self.fields[f"opens_{number}"], self.fields[f"closes_{number}"] = opens, closes

    def hours(self) -> list[dict[str, Any]]:
        """The rows of the opening hours, for the page."""
        return [
            {"name": name, "opens": self[f"opens_{number}"], "closes": self[f"closes_{number}"]}
            for number, name in enumerate(WEEKDAYS)
        ]

    def clean(self) -> dict[str, Any]:
        """Opening hours as they are stored."""
        cleaned: dict[str, Any] = dict(super().clean() or {})
        hours: dict[str, list[str]] = {}
        for number in range(7):
            opens, closes = cleaned.pop(f"opens_{number}", None), cleaned.pop(f"closes_{number}", None)
            if (opens is None) != (closes is None):
                self.add_error(
                    f"closes_{number}" if closes is None else f"opens_{number}",
                    _("Give both times, or neither: a day without times is closed."),
                )
            elif opens is not None and closes is not None:
                if opens >= closes:
                    self.add_error(f"closes_{number}", _("Closing comes after opening."))
                hours[str(number)] = [f"{opens:%H:%M}", f"{closes:%H:%M}"]
        cleaned["opening_hours"] = hours or None
        return cleaned


class RoomForm(forms.Form):
    """A room. Every empty figure counts against it where nitrogen is worked with."""

    name = forms.CharField(label=lazy("Name"), max_length=120)
    floor_area_m2 = NumberField(label=lazy("Floor area"))
    height_m = NumberField(label=lazy("Height of the ceiling"))
    temperature_degC = NumberField(label=lazy("Temperature of the air"), required=False)
    air_changes_per_h = NumberField(label=lazy("Air changes an hour"), required=False)
    extraction = YesNoUnknownField(label=lazy("Does a fan take air out near the floor?"))
    monitor_valid_until = forms.DateField(
        label=lazy("Oxygen monitor calibrated until"), required=False, widget=DateInput()
    )
    use_L_per_h = NumberField(label=lazy("Nitrogen used in work"), required=False)
    airing_min = forms.IntegerField(
        label=lazy("Airing after each session"),
        min_value=0,
        max_value=240,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    active = forms.BooleanField(label=lazy("In use"), required=False, initial=True)

    def clean_airing_min(self) -> int:
        """Airing in whole slots of five minutes.

        Raises:
            ValidationError: the calendar cannot hold it.
        """
        value: int = self.cleaned_data["airing_min"]
        if value % 5:
            raise forms.ValidationError(_("Choose whole steps of 5 minutes: the calendar is made of them."))
        return value


class VesselForm(forms.Form):
    """A nitrogen vessel."""

    name = forms.CharField(label=lazy("Name"), max_length=120)
    volume_L = NumberField(label=lazy("Volume"))
    count = forms.IntegerField(
        label=lazy("How many of them"), initial=1, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    evaporation_L_per_day = NumberField(label=lazy("Loss while standing"), required=False)


class DeviceForm(forms.Form):
    """A cold source in the hand, and what it was measured to do."""

    name = forms.CharField(label=lazy("Name"), max_length=120)
    cold_source = forms.ChoiceField(label=lazy("Kind"))
    distance_mm = NumberField(label=lazy("Working distance"), required=False)
    calibrated = forms.BooleanField(label=lazy("This very device has been measured"), required=False)
    date = forms.DateField(label=lazy("Measured on"), required=False, widget=DateInput())
    how = forms.CharField(
        label=lazy("How it was measured"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    heat_transfer_coefficient = NumberField(label=lazy("Heat transfer, best estimate"), required=False)
    heat_transfer_coefficient_low = NumberField(label=lazy("Heat transfer, lowest"), required=False)
    heat_transfer_coefficient_high = NumberField(label=lazy("Heat transfer, highest"), required=False)
    sink_temperature = NumberField(label=lazy("Temperature of the cold end"), required=False)
    active = forms.BooleanField(label=lazy("In use"), required=False, initial=True)

    _MEASURED = (
        "date",
        "how",
        "heat_transfer_coefficient",
        "heat_transfer_coefficient_low",
        "heat_transfer_coefficient_high",
        "sink_temperature",
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        kind = self.fields["cold_source"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [("", _("Choose")), *((key, told(name)) for key, name in bridge.salon_sources().items())]

    def clean(self) -> dict[str, Any]:
        """The calibration as the core reads it, or none."""
        cleaned: dict[str, Any] = dict(super().clean() or {})
        measured = {name: cleaned.pop(name, None) for name in self._MEASURED}
        given = any(value not in (None, "") for value in measured.values())
        if not cleaned.pop("calibrated", False):
            if given:
                self.add_error("calibrated", _("Figures are filled in: tick this to keep them, or empty them."))
            cleaned["calibration"] = None
            return cleaned
        for name, value in measured.items():
            if value in (None, "") and name not in self.errors:
                self.add_error(name, _("A calibration needs this figure; without it the device counts as unmeasured."))
        if not self.errors:
            day: datetime.date = measured["date"]
            exchange = "heat_transfer_coefficient"
            cleaned["calibration"] = {
                "date": day.isoformat(),
                "how": measured["how"],
                **{name: f"{measured[name]!r} W/(m^2*K)" for name in (exchange, f"{exchange}_low", f"{exchange}_high")},
                "sink_temperature": f"{measured['sink_temperature']!r} degC",
            }
        return cleaned
