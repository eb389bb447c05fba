"""The form of a mark."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cryomassage_clinic.charting.drawing import spot_of
from cryomassage_clinic.charting.models import Mark, MarkKind
from cryomassage_clinic.charting.pictures import Picture, Shape
from cryomassage_clinic.clients.names import has_control, with_plain_digits

PLACE_CHOICES = [
    ("tapped", lazy("Where the sign stands on the picture")),
    ("middle", lazy("In the middle of the zone")),
    ("upper", lazy("In its upper part")),
    ("lower", lazy("In its lower part")),
    ("left", lazy("To the left, as you look at it")),
    ("right", lazy("To the right, as you look at it")),
]
_YES_NO = [("yes", lazy("Yes")), ("no", lazy("No"))]


class LengthField(forms.FloatField):
    """A length in millimetres, with a point or a comma."""

    def to_python(self, value: Any) -> float | None:  # type: ignore[override]
        """The number.

        Raises:
            ValidationError: it is none.
        """
        return super().to_python(with_plain_digits(value).replace(",", ".") if isinstance(value, str) else value)


class MarkForm(forms.Form):
    """What it is, where it is, and what belongs to its kind."""

    kind = forms.ChoiceField(
        choices=MarkKind.choices,
        error_messages={
            "required": lazy("Say what the mark means."),
            "invalid_choice": lazy("Choose one of the three."),
        },
    )
    place = forms.ChoiceField(label=lazy("Where in the zone"), choices=PLACE_CHOICES)
    x = forms.FloatField(required=False, min_value=0.0, max_value=1.0, widget=forms.HiddenInput)
    y = forms.FloatField(required=False, min_value=0.0, max_value=1.0, widget=forms.HiddenInput)
    note = forms.CharField(label=lazy("Note"), max_length=300, required=False)
    diameter_mm = LengthField(
        label=lazy("Diameter, mm"),
        required=False,
        min_value=0.5,
        max_value=20.0,
        error_messages={
            "invalid": lazy("Write the diameter in millimetres, such as 4 or 4.5."),
            "min_value": lazy("Lesions that are frozen measure at least %(limit_value)s mm."),
            "max_value": lazy("Lesions that are frozen in one piece measure at most %(limit_value)s mm across."),
        },
    )
    thickness_mm = LengthField(
        label=lazy("Thickness, mm"),
        required=False,
        min_value=0.1,
        max_value=5.0,
        error_messages={
            "invalid": lazy("Write the thickness in millimetres, such as 0.6."),
            "min_value": lazy("The least thickness that counts is %(limit_value)s mm."),
            "max_value": lazy("Lesions that are frozen are at most %(limit_value)s mm thick."),
        },
    )
    before = forms.ChoiceField(
        label=lazy("Was this zone treated with cold before?"),
        choices=[("never", lazy("Never")), ("once", lazy("Yes, the last time on"))],
        required=False,
    )
    done_on = forms.DateField(
        label=lazy("Day of the last session"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": lazy("Give the day as year-month-day.")},
    )
    exposure_class = forms.TypedChoiceField(
        label=lazy("How cold it was"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[
            ("", lazy("Choose")),
            (0, lazy("Class 0: comfort, ice")),
            (1, lazy("Class 1: light")),
            (2, lazy("Class 2: medium")),
            (3, lazy("Class 3: deep")),
            (4, lazy("Class 4: a spot was frozen")),
        ],
    )
    redness_gone = forms.ChoiceField(label=lazy("Is its redness gone?"), choices=_YES_NO, required=False)

    def __init__(self, *args: Any, picture: Picture, shape: Shape, today: datetime.date, **more: Any) -> None:
        super().__init__(*args, **more)
        self.picture, self.shape, self.today = picture, shape, today
        self.fields["done_on"].widget.attrs["max"] = today.isoformat()

    def clean_note(self) -> str:
        """The note, without characters that cannot be seen."""
        note: str = self.cleaned_data["note"].strip()
        if has_control(note):
            raise forms.ValidationError(_("This holds characters that cannot be seen. Type it instead of pasting it."))
        return note

    def clean(self) -> dict[str, Any]:
        """What belongs together: a session that took place has its day, class and redness."""
        data = super().clean() or {}
        if data.get("kind") == MarkKind.DONE_BEFORE:
            self._before(data)
        if data.get("place") == "tapped" and (data.get("x") is None or data.get("y") is None):
            data["place"] = "middle"
        return data

    def _before(self, data: dict[str, Any]) -> None:
        if not data.get("before"):
            self.add_error("before", _("Say never, or when."))
        elif data["before"] == "once":
            if data.get("done_on") is None and "done_on" not in self.errors:
                self.add_error("done_on", _("Give the day: gaps count from it."))
            elif data.get("done_on") and data["done_on"] > self.today:
                self.add_error("done_on", _("This day lies in the future."))
            if data.get("exposure_class") is None and "exposure_class" not in self.errors:
                self.add_error(
                    "exposure_class", _("Choose the class; if nobody knows, take the coldest that it can have been.")
                )
            if not data.get("redness_gone"):
                self.add_error("redness_gone", _("Look at the skin and say yes or no."))

    def mark_data(self) -> dict[str, Any]:
        """What the service keeps."""
        data = self.cleaned_data
        x, y = (data["x"], data["y"]) if data["place"] == "tapped" else spot_of(self.picture, self.shape, data["place"])
        kind = data["kind"]
        lesion, once = kind == MarkKind.LESION, kind == MarkKind.DONE_BEFORE and data["before"] == "once"
        return {
            "kind": kind,
            "picture": self.picture.key,
            "zone": self.shape.zone,
            "side": self.shape.side,
            "x": x,
            "y": y,
            "note": data["note"],
            "diameter_mm": data["diameter_mm"] if lesion else None,
            "thickness_mm": data["thickness_mm"] if lesion else None,
            "done_on": data["done_on"] if once else None,
            "exposure_class": data["exposure_class"] if once else None,
            "redness_gone": data["redness_gone"] == "yes" if once else None,
        }


def values_of(mark: Mark) -> dict[str, Any]:
    """A mark as its form shows it."""
    return {
        "kind": mark.kind,
        "place": "tapped",
        "x": mark.x,
        "y": mark.y,
        "note": mark.note,
        "diameter_mm": mark.diameter_mm,
        "thickness_mm": mark.thickness_mm,
        "before": "never" if mark.done_on is None else "once",
        "done_on": mark.done_on,
        "exposure_class": mark.exposure_class,
        "redness_gone": {True: "yes", False: "no"}.get(mark.redness_gone, ""),  # type: ignore[arg-type]
    }
