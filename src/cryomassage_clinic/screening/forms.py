"""Small forms for what doctors have said and for test spots."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cryomassage_clinic import bridge
from cryomassage_clinic.clients.names import has_control, tidy, with_plain_digits
from cryomassage_clinic.screening.models import TestSpot
from cryomassage_clinic.web.core_words import told

_CHOOSE = ("", lazy("Choose"))


class DayField(forms.DateField):
    """A day, by the picker of the device."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            error_messages={"required": lazy("Give the day."), "invalid": lazy("Give the day as year-month-day.")},
            **more,
        )


class MinutesField(forms.FloatField):
    """Minutes, with a point or a comma."""

    def to_python(self, value: Any) -> Any:
        """The number.

        Raises:
            ValidationError: it is none.
        """
        return super().to_python(with_plain_digits(value).replace(",", ".") if isinstance(value, str) else value)


class NoteForm(forms.Form):
    """A diagnosis, or a written clearance."""

    about = forms.ChoiceField(error_messages={"required": lazy("Choose one."), "invalid_choice": lazy("Choose one.")})
    doctor = forms.CharField(
        label=lazy("Name of the doctor"),
        max_length=160,
        error_messages={"required": lazy("Write the name of the doctor.")},
    )
    date = DayField(label=lazy("Written on"))

    def __init__(self, *args: Any, kind: str, only: list[str] | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        about: forms.ChoiceField = self.fields["about"]  # type: ignore[assignment]
        about.choices = [_CHOOSE, *(diagnoses() if kind == "diagnosis" else clearances(only))]
        about.label = _("What was diagnosed") if kind == "diagnosis" else _("What the doctor agrees to")
        self.fields["doctor"].widget.attrs["autocomplete"] = "off"

    def clean_doctor(self) -> str:
        """The name, tidied."""
        name = self.cleaned_data["doctor"]
        if has_control(name):
            raise forms.ValidationError(_("This holds characters that cannot be seen. Type it instead of pasting it."))
        if len(tidy(name)) < 2:
            raise forms.ValidationError(_("Write the name of the doctor."))
        return tidy(name)


def diagnoses() -> list[tuple[str, str]]:
    """What can be diagnosed."""
    return [(key, told(one.name)) for key, one in bridge.indications().items() if one.needs_diagnosis]


def clearances(only: list[str] | None = None) -> list[tuple[str, str]]:
    """What a doctor can clear; those that have been asked for first, where some have."""
    rules = bridge.knowledge().rule
    keys = [key for key, rule in rules.items() if rule.clearable]
    if only:
        keys = [key for key in keys if key in only]
    return [(key, told(rules[key].reason)) for key in keys]


class TestSpotForm(forms.Form):
    """What was read of a test spot."""

    __test__ = False

    date = DayField(label=lazy("Made on"))
    method = forms.ChoiceField(label=lazy("Method"), error_messages={"required": lazy("Choose the method.")})
    read_after_min = MinutesField(
        label=lazy("Read after"),
        min_value=1,
        max_value=60,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages={
            "required": lazy("Give the minutes."),
            "invalid": lazy("Write a number of minutes, such as 15."),
            "min_value": lazy("Between 1 and 60 minutes; a test spot is read after 15."),
            "max_value": lazy("Between 1 and 60 minutes; a test spot is read after 15."),
        },
    )
    result = forms.ChoiceField(
        label=lazy("What was seen"),
        choices=TestSpot._meta.get_field("result").choices or (),
        widget=forms.RadioSelect,
        error_messages={"required": lazy("Choose what was seen.")},
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        method: forms.ChoiceField = self.fields["method"]  # type: ignore[assignment]
        methods = bridge.methods().items()
        method.choices = [_CHOOSE, *((key, told(one.name)) for key, one in methods if one.liquid_nitrogen)]
