"""Links that work once: who gets one chooses their own password."""

from __future__ import annotations

import datetime
import hashlib
import secrets

from django.db import transaction
from django.utils import timezone

from cryomassage_clinic.accounts.models import Invitation, User

FIRST_OWNER = "first-owner"  # the user name of who begins a clinic, until one is chosen
VALID = datetime.timedelta(days=3)


class LinkDeadError(Exception):
    """The link was used, has run out, or never was one."""


def digest_of(token: str) -> str:
    """What is kept of a link: from it nobody can make the link again."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def make(user: User) -> str:
    """A fresh link for somebody; earlier ones of theirs die.

    Returns:
        The secret part of the link, which is not kept.
    """
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        Invitation.objects.filter(user=user, used_at=None).delete()
        Invitation.objects.create(token_digest=digest_of(token), user=user, expires_at=timezone.now() + VALID)
    return token


def find(token: str) -> Invitation:
    """The invitation behind a link that still works.

    Raises:
        LinkDeadError: it does not.
    """
    found = Invitation.objects.select_related("user", "user__clinic").filter(token_digest=digest_of(token)).first()
    if found is None or found.used_at is not None or found.expires_at <= timezone.now() or not found.user.is_active:
        raise LinkDeadError
    return found


def use(token: str) -> User:
    """Use a link up, inside the transaction of what it allows: of two who come at once, one is refused.

    Raises:
        LinkDeadError: it was used, has run out, or never was one.
    """
    row = Invitation.objects.select_for_update().filter(token_digest=digest_of(token)).first()
    if row is None:
        raise LinkDeadError
    invitation = find(token)
    taken = Invitation.objects.filter(pk=row.pk, used_at=None).update(used_at=timezone.now())
    if not taken:
        raise LinkDeadError
    return User.objects.select_for_update().get(pk=invitation.user_id)


def waiting_for(user: User) -> Invitation | None:
    """The link that somebody has not used yet."""
    return Invitation.objects.filter(user=user, used_at=None, expires_at__gt=timezone.now()).first()
