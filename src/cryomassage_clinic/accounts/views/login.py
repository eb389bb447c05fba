"""The login library's pages, answering as all our pages do: 422 for a form with errors, 429 for too many tries."""

from __future__ import annotations

from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect

from cryomassage_clinic.accounts import limits
from cryomassage_clinic.accounts.first_owner import owner_exists
from cryomassage_clinic.web.pages import wants_fragment


def status_of(form: Any) -> int:
    """200, 422 for errors, 429 where there were too many tries."""
    codes = {error.code for errors in form.errors.as_data().values() for error in errors}
    return 429 if "too_many" in codes else 422 if codes else 200


class _Told:
    """Answers a form with errors by a status that says so."""

    def form_invalid(self, form: Any) -> HttpResponse:
        """The form again, with what is wrong."""
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        if response.status_code == 200:
            response.status_code = status_of(form)
        return response


@method_decorator(csrf_protect, name="dispatch")
class Login(_Told, account.LoginView):
    """User name and password, or a passkey."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A clinic without an owner says where the first link is."""
        return {**super().get_context_data(**kwargs), "owner_exists": owner_exists()}


class Reauthenticate(_Told, account.ReauthenticateView):
    """Is it you? By password."""

    def get_form(self, form_class: Any = None) -> Any:
        """The label says it all."""
        form = super().get_form(form_class)
        form.fields["password"].help_text = ""
        form.fields["password"].widget.attrs.pop("placeholder", None)
        return form


class SecondStep(_Told, mfa.AuthenticateView):
    """The second step of a login."""


class ReauthenticateByCode(_Told, mfa.ReauthenticateView):
    """Is it you? By code."""


class ActivateApp(_Told, totp.ActivateTOTPView):
    """An authenticator app."""

    def get_form(self, form_class: Any = None) -> Any:
        """The label says it all."""
        form = super().get_form(form_class)
        code = form.fields["code"]
        code.label = _("Code")
        code.widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric"}
        return form


class AddPasskey(_Told, webauthn.AddWebAuthnView):
    """A new passkey."""


class RenamePasskey(_Told, webauthn.EditWebAuthnView):
    """What a passkey is called."""


class PasskeyLogin(webauthn.LoginWebAuthnView):
    """A login by passkey alone; tries of one address are counted."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Count what is sent; thirty in a minute from one address and no more."""
        if request.method == "POST":
            address = str(request.META.get("REMOTE_ADDR", ""))
            if limits.take((limits.ADDRESS, f"passkey {address}")) is None:
                return HttpResponse("Too many tries. Wait a minute.", status=429, content_type="text/plain")
        if request.method == "GET" and wants_fragment(request) and request.user.is_authenticated:
            return HttpResponse(status=204)
        return super().dispatch(request, *args, **kwargs)
