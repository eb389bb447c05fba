"""What pages about people ask the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.utils import timezone

from cryomassage_clinic.accounts import sessions
from cryomassage_clinic.accounts.access import Actor, every
from cryomassage_clinic.accounts.models import Invitation, StaffSession, User
from cryomassage_clinic.accounts.permissions import Can


@dataclass(frozen=True)
class Member:
    """One line of the list of staff."""

    user: User
    invited: bool  # a link waits, and no password was chosen yet
    stuck: bool  # no password, and the link has run out
    second_step: bool
    sites: list[str]


def staff(actor: Actor) -> list[Member]:
    """Everybody of the clinic: who works here first, by name."""
    people = every(actor, User, Can.MANAGE_STAFF).prefetch_related("sites").order_by("-is_active", "full_name")
    waiting = set(
        Invitation.objects.filter(user__clinic=actor.clinic, used_at=None, expires_at__gt=timezone.now()).values_list(
            "user_id", flat=True
        )
    )
    strong = set(Authenticator.objects.filter(user__clinic=actor.clinic).values_list("user_id", flat=True))
    return [
        Member(
            user,
            invited=not user.has_usable_password() and user.pk in waiting,
            stuck=not user.has_usable_password() and user.pk not in waiting,
            second_step=user.pk in strong,
            sites=[site.name for site in user.sites.all()],
        )
        for user in people
    ]


def open_sessions(actor: Actor, user: User) -> Iterable[StaffSession]:
    """In which browsers somebody is logged in: oneself, or any member of staff for the owner."""
    if user.pk != actor.user.pk:
        actor.require(Can.MANAGE_STAFF)
    return sessions.open_of(user)


def second_steps(user: User) -> dict[str, int]:
    """How many passkeys, and whether there is an authenticator app and recovery codes."""
    kinds = list(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    return {
        "app": kinds.count(Authenticator.Type.TOTP),
        "passkeys": kinds.count(Authenticator.Type.WEBAUTHN),
        "codes": kinds.count(Authenticator.Type.RECOVERY_CODES),
    }
