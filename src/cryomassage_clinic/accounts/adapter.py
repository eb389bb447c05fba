"""How the login library behaves here: nobody signs up by themselves, and tries are counted by our own limits."""

from __future__ import annotations

import time
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.forms import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cryomassage_clinic.accounts import limits, sessions
from cryomassage_clinic.accounts.log import note, stranger
from cryomassage_clinic.accounts.models import User

_QUIET = {"account/messages/logged_in.txt", "account/messages/logged_out.txt"}


class TooManyTriesError(ValidationError):
    """The limit of tries is reached; right or wrong is not even looked at."""

    def __init__(self) -> None:
        super().__init__(
            _("Too many tries. Wait five minutes and try again, or ask the owner for a new link."), code="too_many"
        )


def recently_confirmed(request: HttpRequest) -> bool:
    """Whether the person gave a password, a code or a passkey within the last five minutes. A PIN does not count."""
    if not isinstance(request.user, User):
        return False
    records = get_authentication_records(request, request.user)
    return any(time.time() - record.get("at", 0) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT for record in records)


class StaffAdapter(DefaultAccountAdapter):
    """Staff are invited by the owner."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _(
            "User name and password do not match. Look whether the keyboard writes capital letters or another alphabet."
        ),
        "incorrect_password": _("This is not your password. Look at capital letters and the keyboard's alphabet."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether strangers may make an account: no."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try, before the password is looked at.

        Raises:
            TooManyTriesError: of this account or from this address.
        """
        name, address = str(credentials.get("username", "")), str(request.META.get("REMOTE_ADDR", ""))
        self._taken = limits.take((limits.ACCOUNT, name), (limits.ADDRESS, address))
        if self._taken is None:
            raise TooManyTriesError

    def _rollback_login_failed_rl_usage(self) -> None:
        if self._taken is not None:
            limits.give_back(self._taken)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """A known person's failure stands in the audit log; a stranger's in the log of the program."""
        name = str(credentials.get("username", ""))
        user = User.objects.filter(username__iexact=name).first()
        if user is None:
            stranger(request, "login failed: nobody has this name")
            return
        note(request, user, "login.failed")
        if limits.reached(limits.ACCOUNT, name):
            note(request, user, "login.locked", {"minutes": limits.ACCOUNT.within_s // 60})

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **more: Any) -> HttpResponse:
        """After a full login: on this tablet a PIN is enough for the rest of the day."""
        assert isinstance(user, User)
        finish_full_login(request, user, [str(one.get("method")) for one in get_authentication_records(request, user)])
        response: HttpResponse = super().post_login(request, user, **more)
        return HttpResponseRedirect(reverse("waiting")) if sessions.has_waiting(request) else response

    def logout(self, request: HttpRequest) -> None:
        """Whoever logs out leaves the tablet: the next time the password is asked for."""
        user = request.user
        if isinstance(user, User):
            sessions.forget_tablet(request, user)
            note(request, user, "logout")
        super().logout(request)

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *a: Any, **k: Any
    ) -> None:
        """The person sees that they are logged in; that needs no message."""
        if message_template not in _QUIET:
            super().add_message(request, level, message_template, *a, **k)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A login of a moment ago is proof enough."""
        return not recently_confirmed(self.request)

    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, Any]]:
        """The ways to confirm, in our words."""
        words = {
            "reauthenticate": _("Use your password"),
            "mfa_reauthenticate": _("Use a code of your authenticator app"),
            "mfa_reauthenticate:webauthn": _("Use a passkey"),
        }
        return [{**way, "description": words[way["id"]]} for way in super().get_reauthentication_methods(user)]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to where it began."""
        return reverse("own_settings")

    def send_notification_mail(self, *a: Any, **k: Any) -> None:
        """No mail is sent from here: a clinic's computer may have no internet."""


def finish_full_login(request: HttpRequest, user: User, methods: list[str]) -> None:
    """What every full login leaves behind: a row of audit, and a tablet that knows the person for today."""
    sessions.remember_tablet(request, user)
    limits.clear(limits.PIN, str(user.pk))
    limits.clear(limits.PIN_DAY, str(user.pk))
    note(request, user, "login.ok", {"by": methods})
