"""Audit rows about accounts: who logged in, who could not. Strangers are told to the log of the program only."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpRequest

from cryomassage_clinic.accounts.models import User

_LOGGER = logging.getLogger("cryomassage.login")


def note(request: HttpRequest, user: User, action: str, details: Mapping[str, Any] | None = None) -> None:
    """Write one row in the name of the person it is about; nothing for somebody without a clinic."""
    from cryomassage_clinic.audit.services import write  # the audit app imports this one

    if user.clinic is None:
        return
    with transaction.atomic():
        write(
            user.clinic, str(user.pk), action, user, {"address": request.META.get("REMOTE_ADDR", ""), **(details or {})}
        )


def stranger(request: HttpRequest, what: str) -> None:
    """Tell of a try with a name that nobody has; the name itself may be a password typed into the wrong field."""
    _LOGGER.warning("%s from %s", what, request.META.get("REMOTE_ADDR", ""))
