"""Forms of a client: contact, and the body."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cryomassage_clinic import bridge
from cryomassage_clinic.clients.models import PHOTOTYPES, Client
from cryomassage_clinic.clients.names import digits_of, has_control, tidy, with_plain_digits
from cryomassage_clinic.clients.selectors import age_on

_PHONE_LETTERS = frozenset("0123456789 +-()./")
_FEWEST_DIGITS = 5
YES_NO_UNKNOWN = [("yes", lazy("Yes")), ("no", lazy("No")), ("", lazy("Don't know"))]


def _readable(text: str) -> str:
    """The text.

    Raises:
        ValidationError: it holds characters that cannot be seen and turn or break what stands after them.
    """
    if has_control(text):
        raise forms.ValidationError(_("This holds characters that cannot be seen. Type it instead of pasting it."))
    return text


class ContactForm(forms.Form):
    """Who it is, and how to reach them."""

    full_name = forms.CharField(
        label=lazy("Full name"),
        max_length=160,
        error_messages={
            "required": lazy("Write the name."),
            "max_length": lazy("A name has at most %(limit_value)d letters; this has %(show_value)d."),
        },
    )
    birth_date = forms.DateField(
        label=lazy("Date of birth"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "bday"}),
        error_messages={
            "required": lazy("Give the date of birth: limits depend on age."),
            "invalid": lazy("This is not a date. Write it as year-month-day, such as 1990-05-17."),
        },
    )
    phone = forms.CharField(label=lazy("Phone"), max_length=40, required=False)
    email = forms.EmailField(
        label=lazy("E-mail"),
        required=False,
        error_messages={"invalid": lazy("An e-mail address looks like name@example.org.")},
    )
    language = forms.ChoiceField(label=lazy("Language"), choices=settings.LANGUAGES)
    emergency_contact = forms.CharField(label=lazy("Whom to call in an emergency"), max_length=160, required=False)

    def __init__(self, *args: Any, today: datetime.date, **more: Any) -> None:
        super().__init__(*args, **more)
        self.today = today
        for name, kind in (("phone", "tel"), ("email", "email")):
            self.fields[name].widget.input_type = kind
        for name in ("full_name", "phone", "email", "emergency_contact"):
            self.fields[name].widget.attrs["autocomplete"] = "off"  # never the tablet's owner
        self.fields["birth_date"].widget.attrs["max"] = today.isoformat()

    def clean_full_name(self) -> str:
        """The name, tidied."""
        name = tidy(_readable(self.cleaned_data["full_name"]))
        if len(name) > 160:
            raise forms.ValidationError(_("A name has at most 160 letters."))
        if not any(letter.isalpha() for letter in name):
            raise forms.ValidationError(_("A name has at least one letter."))
        return name

    def clean_birth_date(self) -> datetime.date:
        """A day on which somebody who lives today can be born."""
        born: datetime.date = self.cleaned_data["birth_date"]
        oldest = 120
        if bridge.knowledge().question["age"].range is not None:
            oldest = int(bridge.knowledge().question["age"].range[1])  # type: ignore[index]
        if born > self.today:
            raise forms.ValidationError(_("This day lies in the future. Check the year."))
        if age_on(born, self.today) > oldest:
            raise forms.ValidationError(
                _("This would make an age of more than %(oldest)d years. Check the year.") % {"oldest": oldest}
            )
        return born

    def clean_phone(self) -> str:
        """A number that can be dialled, or nothing."""
        phone = with_plain_digits(tidy(self.cleaned_data["phone"]))
        if phone and (not set(phone) <= _PHONE_LETTERS or len(digits_of(phone)) < _FEWEST_DIGITS):
            raise forms.ValidationError(
                _("A phone number has digits, spaces and + - ( ) only, and at least five digits.")
            )
        return phone

    def clean_emergency_contact(self) -> str:
        """A name and a number, in one line."""
        return tidy(_readable(self.cleaned_data["emergency_contact"]))


class BodyForm(forms.Form):
    """What the dose depends on. What is not known may stay empty; then no plan is made."""

    sex = forms.ChoiceField(
        label=lazy("Sex"),
        choices=Client._meta.get_field("sex").choices or (),
        required=False,
        widget=forms.RadioSelect,
    )
    phototype = forms.ChoiceField(label=lazy("Skin type"), choices=PHOTOTYPES, required=False, widget=forms.RadioSelect)
    thin_cheeks = forms.ChoiceField(
        label=lazy("Thin cheeks"), choices=YES_NO_UNKNOWN, required=False, widget=forms.RadioSelect
    )
    history = forms.CharField(
        label=lazy("History"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": lazy("At most %(limit_value)d letters; this has %(show_value)d.")},
    )

    def clean_thin_cheeks(self) -> bool | None:
        """True, False, or None where it is not known."""
        return {"yes": True, "no": False, "": None}[self.cleaned_data["thin_cheeks"]]

    def clean_history(self) -> str:
        """The text as it was written."""
        return _readable(self.cleaned_data["history"])


def contact_values(client: Client) -> dict[str, Any]:
    """What the form of the contact shows."""
    return {name: getattr(client, name) for name in ContactForm.base_fields}


def body_values(client: Client) -> dict[str, Any]:
    """What the form of the body shows."""
    return {
        "sex": client.sex,
        "phototype": client.phototype,
        "thin_cheeks": {True: "yes", False: "no", None: ""}[client.thin_cheeks],
        "history": client.history,
    }
