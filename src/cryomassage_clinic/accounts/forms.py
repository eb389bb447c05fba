"""Forms about people: staff, passwords, PIN, the first owner."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.forms import ValidationError
from django.utils.translation import gettext_lazy as _

from cryomassage_clinic.accounts import limits
from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.adapter import TooManyTriesError
from cryomassage_clinic.accounts.models import User
from cryomassage_clinic.accounts.own import pin_weakness
from cryomassage_clinic.accounts.permissions import Role
from cryomassage_clinic.places.models import Site

_ROLE_HELP = {
    Role.OWNER: _("Everything, and the staff. Approves classes 0 and 1."),
    Role.DOCTOR: _("Treats, plans, approves class 2 and deeper."),
    Role.OPERATOR: _("Treats and plans; approves classes 0 and 1."),
    Role.RECEPTION: _("Calendar and contacts; no health data."),
    Role.INSPECTOR: _("Reads everything, changes nothing."),
}


def _zones() -> list[tuple[str, str]]:
    named = (zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
    return [(zone, zone.replace("_", " ")) for zone in ["UTC", *sorted(named)]]


def _name_field(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


def username_field() -> forms.CharField:
    """A name to log in with."""
    return forms.CharField(
        label=_("User name"),
        help_text=_("For logging in. Letters, digits and . + - _ @ only; the same in capitals."),
        max_length=60,
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )


def new_password_field() -> forms.CharField:
    """A new password; paste is allowed, and it can be looked at."""
    return forms.CharField(
        label=_("Password"),
        help_text=_("Ten characters or more. Four unrelated words are easy to keep in mind and hard to guess."),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class RoleChoices(forms.RadioSelect):
    """Roles with what each may do beside it."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add to each role what it may do."""
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        option["says"] = _ROLE_HELP.get(Role(value), "") if value else ""
        return option


class MemberForm(forms.Form):
    """What the owner says of a member of staff."""

    full_name = _name_field(_("Name"), _("As colleagues know it; it stands on plans and in the log."))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, widget=RoleChoices)
    sites = forms.ModelMultipleChoiceField(
        label=_("Works at"),
        help_text=_("None chosen means: everywhere."),
        queryset=Site.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = self.fields["sites"]
        assert isinstance(sites, forms.ModelMultipleChoiceField)
        sites.queryset = Site.objects.filter(clinic=actor.clinic).order_by("name")
        if sites.queryset.count() < 2:
            del self.fields["sites"]

    def sites_chosen(self) -> list[Site]:
        """None chosen: all."""
        return list(self.cleaned_data.get("sites") or [])


class InviteForm(MemberForm):
    """A new member of staff. Whether the name is free is asked while writing: a form sent twice is no second try."""

    username = username_field()
    field_order = ("full_name", "username", "role", "sites")


class ChangeForm(MemberForm):
    """Somebody who works here, or did."""

    active = forms.BooleanField(
        label=_("Works here"),
        help_text=_(
            "Without the tick this person can no longer log in and is logged out at once. "
            "The name stays in the records."
        ),
        required=False,
    )


class LinkForm(forms.Form):
    """A new link."""

    without_second_step = forms.BooleanField(
        label=_("The phone or key is lost, too"),
        help_text=_("Removes authenticator app, passkeys and recovery codes of this person."),
        required=False,
    )


class PasswordChoice(forms.Form):
    """A password of one's own, for the person that a link belongs to."""

    password = new_password_field()

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        """Refuse what is easy to guess.

        Raises:
            ValidationError: it is.
        """
        password = str(self.cleaned_data["password"])
        password_validation.validate_password(password, self.user)
        return password


class PasswordChange(PasswordChoice):
    """A new password in place of the old one."""

    old = forms.CharField(
        label=_("Your password until now"),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("old", "password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("New password")

    def clean_old(self) -> str:
        """Ask for the old one; tries are counted.

        Raises:
            ValidationError: it is wrong, or too many were.
        """
        old = str(self.cleaned_data["old"])
        taken = limits.take((limits.ACCOUNT, self.user.username))
        if taken is None:
            raise TooManyTriesError
        if not self.user.check_password(old):
            raise ValidationError(_("This is not your password. Look at capital letters and the keyboard's alphabet."))
        limits.give_back(taken)
        return old


class BeginForm(forms.Form):
    """What the first owner says."""

    clinic_name = forms.CharField(
        label=_("Name of the clinic"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=_zones, widget=forms.Select(attrs={"data-guess-zone": ""})
    )
    full_name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    username = username_field()
    password = new_password_field()
    demo = forms.BooleanField(
        label=_("Fill the clinic with demo data"),
        help_text=_("Invented clients and bookings to try everything with. Begin anew for real work."),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs["autocomplete"] = "username"

    def clean(self) -> dict[str, Any]:
        """Refuse a password that is easy to guess from the names given."""
        said: dict[str, Any] = super().clean() or {}
        password = said.get("password")
        if password:
            try:
                password_validation.validate_password(
                    password, User(username=said.get("username", ""), full_name=said.get("full_name", ""))
                )
            except ValidationError as error:
                self.add_error("password", error)
        return said


class SettingsForm(forms.ModelForm):
    """What people choose for themselves."""

    class Meta:
        """Fields and words."""

        model = User
        fields = ("full_name", "language", "theme")
        labels = {"full_name": _("Name"), "theme": _("Light or dark")}  # noqa: RUF012
        widgets = {"full_name": forms.TextInput(attrs={"autocomplete": "name"}), "theme": forms.RadioSelect}  # noqa: RUF012

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES, widget=forms.RadioSelect)


_WEAK = {
    "short": _("Four to eight digits."),
    "same": _("All digits are the same; that is the first thing people try."),
    "row": _("Digits in a row are the first thing people try."),
    "year": _("This looks like a year of birth. Take something that nobody knows of you."),
}


class PinForm(forms.Form):
    """A PIN for the lock."""

    pin = forms.CharField(
        label=_("New PIN"),
        help_text=_("Four to eight digits. It opens the lock on a tablet on which you have logged in that day."),
        max_length=20,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "inputmode": "numeric", "class": "pin"}),
    )

    def clean_pin(self) -> str:
        """Refuse what is easy to guess.

        Raises:
            ValidationError: it is.
        """
        pin = str(self.cleaned_data["pin"]).strip()
        weakness = pin_weakness(pin)
        if weakness is not None:
            raise ValidationError(_WEAK[weakness])
        return pin
