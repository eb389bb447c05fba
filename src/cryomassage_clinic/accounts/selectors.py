"""What pages about people ask the database."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.utils import timezone
from django.utils.translation import gettext as _

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


# Marks in what a browser says of itself, the more telling ones first: all claim to be Safari, and Android Linux.
_BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
_SYSTEMS = {
    "iPad": "iPad",
    "iPhone": "iPhone",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}


def browser_words(says: str) -> str:
    """A browser as people call it; what is not known is told as it says itself."""
    browser = next((name for mark, name in _BROWSERS.items() if mark in says), None)
    system = next((name for mark, name in _SYSTEMS.items() if mark in says), None)
    if browser is None or system is None:
        return says[:60] or _("A browser that does not say what it is")
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}


@dataclass(frozen=True)
class Place:
    """A browser in which somebody is logged in."""

    pk: UUID
    words: str
    address: str
    seen_at: datetime.datetime


def places(actor: Actor, user: User) -> list[Place]:
    """Where somebody is logged in, as a list to read."""
    return [Place(one.pk, browser_words(one.browser), one.address, one.seen_at) for one in open_sessions(actor, user)]


def second_steps(user: User) -> dict[str, int]:
    """How many passkeys, and whether there is an authenticator app and recovery codes."""
    kinds = list(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    return {
        "app": kinds.count(Authenticator.Type.TOTP),
        "passkeys": kinds.count(Authenticator.Type.WEBAUTHN),
        "codes": kinds.count(Authenticator.Type.RECOVERY_CODES),
    }
