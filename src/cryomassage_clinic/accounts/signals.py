"""What is noted when somebody logs in or out, or changes how they prove who they are."""

from __future__ import annotations

from typing import Any

from allauth.mfa import signals as mfa_signals
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest

from cryomassage_clinic.accounts import sessions
from cryomassage_clinic.accounts.log import note
from cryomassage_clinic.accounts.models import User


def _logged_in(sender: Any, request: HttpRequest, user: User, **more: Any) -> None:
    started_at = getattr(request, "full_login_at", None)
    request.staff_session = sessions.begin(request, user, started_at=started_at)  # type: ignore[attr-defined]


def _logged_out(sender: Any, request: HttpRequest | None, user: User | None, **more: Any) -> None:
    if request is not None:
        sessions.forget(request)


def _second_step(action: str) -> Any:
    def told(sender: Any, request: HttpRequest, user: User, authenticator: Any, **more: Any) -> None:
        note(request, user, action, {"type": authenticator.type})

    return told


_HEARD = (
    (mfa_signals.authenticator_added, _second_step("account.second_step_added")),
    (mfa_signals.authenticator_removed, _second_step("account.second_step_removed")),
    (mfa_signals.authenticator_reset, _second_step("account.recovery_codes_renewed")),
    (mfa_signals.authentication_failed, _second_step("login.second_step_failed")),
)


def connect() -> None:
    """Start listening."""
    user_logged_in.connect(_logged_in, dispatch_uid="accounts.logged_in")
    user_logged_out.connect(_logged_out, dispatch_uid="accounts.logged_out")
    for signal, receiver in _HEARD:
        signal.connect(receiver, weak=False, dispatch_uid=f"accounts.{id(signal)}")
