"""What is noted when somebody logs in or out, or changes how they prove who they are."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_delete, post_save
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


def _failed(sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **more: Any) -> None:
    note(request, user, "login.second_step_failed", {"type": authenticator.type})


def _by_oneself(authenticator: Authenticator) -> HttpRequest | None:
    """The request, where somebody changes their own second step; what an owner takes away has a row of its own."""
    request: HttpRequest | None = context.request
    mine = request is not None and getattr(request.user, "pk", None) == authenticator.user_id
    return request if mine else None


# The library tells of these changes only after they are committed; here the row stands in the same transaction.


def _added(sender: Any, instance: Authenticator, created: bool, raw: bool = False, **more: Any) -> None:
    request = _by_oneself(instance)
    if request is None or not created or raw:
        return
    codes = instance.type == Authenticator.Type.RECOVERY_CODES
    action = "account.recovery_codes_made" if codes else "account.second_step_added"
    note(request, instance.user, action, {"type": instance.type})


def _removed(sender: Any, instance: Authenticator, **more: Any) -> None:
    request = _by_oneself(instance)
    if request is not None and instance.type != Authenticator.Type.RECOVERY_CODES:
        note(request, instance.user, "account.second_step_removed", {"type": instance.type})


def connect() -> None:
    """Start listening."""
    user_logged_in.connect(_logged_in, dispatch_uid="accounts.logged_in")
    user_logged_out.connect(_logged_out, dispatch_uid="accounts.logged_out")
    authentication_failed.connect(_failed, dispatch_uid="accounts.second_step_failed")
    post_save.connect(_added, sender=Authenticator, dispatch_uid="accounts.second_step_added")
    post_delete.connect(_removed, sender=Authenticator, dispatch_uid="accounts.second_step_removed")
