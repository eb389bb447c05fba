"""Forms of the login library whose tries are counted by our own limits: codes and passkeys."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, EditWebAuthnForm
from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from cryomassage_clinic.accounts import limits
from cryomassage_clinic.accounts.adapter import TooManyTriesError


class StaffLoginForm(LoginForm):
    """User name and password, in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = self.fields["login"]
        name.label = _("User name")
        name.widget.attrs = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        self.fields["password"].help_text = ""
        self.fields["password"].widget.attrs.pop("placeholder", None)


class _CountedCode(forms.Form):
    """A code: five wrong ones in five minutes, and no more are looked at."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.fields["code"]
        code.label = _("Code")
        code.help_text = _("Six digits from your authenticator app, or one of your recovery codes.")
        code.widget.attrs = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}

    def clean_code(self) -> str:
        """Count the try before the code is looked at.

        Raises:
            TooManyTriesError: five were wrong.
        """
        taken = limits.take((limits.ACCOUNT, f"code of {self.user.pk}"))  # type: ignore[attr-defined]
        if taken is None:
            raise TooManyTriesError
        code: str = super().clean_code()  # type: ignore[misc]
        limits.give_back(taken)
        return code


class CodeForm(_CountedCode, AuthenticateForm):
    """The second step of a login."""


class CodeAgainForm(_CountedCode, ReauthenticateForm):
    """A code to confirm that it is still you."""


class PasskeyForm(AuthenticateWebAuthnForm):
    """A passkey as the second step of a login, or to open the lock."""


class NewPasskeyForm(AddWebAuthnForm):
    """A new passkey: one that can log in by itself, so that there is no password to remember."""

    passwordless = forms.BooleanField(
        label=_("Log in with it alone, without a password"),
        help_text=_("The device then asks for your finger, face or its own PIN."),
        required=False,
        initial=True,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = self.fields["name"]
        name.label = _("What you call it")
        name.help_text = _("Such as the device it lives on.")
        name.widget.attrs |= {"autocomplete": "off", "maxlength": "80"}
        name.validators.append(MaxLengthValidator(80))
        number = Authenticator.objects.filter(user=self.user, type=Authenticator.Type.WEBAUTHN).count() + 1
        self.initial["name"] = _("Passkey %(number)d") % {"number": number}


class PasskeyNameForm(EditWebAuthnForm):
    """What a passkey is called."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("What you call it")
        self.fields["name"].widget.attrs |= {"autocomplete": "off", "maxlength": "80"}
        self.fields["name"].validators.append(MaxLengthValidator(80))
