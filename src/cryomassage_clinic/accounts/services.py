"""What the owner does with staff: invite, change, deactivate, give a new link. Each leaves a row of audit."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import IntegrityError, transaction

from cryomassage_clinic.accounts import invitations, sessions
from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.models import Clinic, User
from cryomassage_clinic.accounts.permissions import Can, Role
from cryomassage_clinic.audit.services import record
from cryomassage_clinic.places.models import Site
from cryomassage_clinic.web.once import must_be_fresh


class LastOwnerError(Exception):
    """Nobody would be left who may manage the clinic."""


class NameTakenError(Exception):
    """Somebody has this user name already."""


def username_free(username: str, but: User | None = None) -> bool:
    """Whether nobody has this name, in capitals or not."""
    found = User.objects.filter(username__iexact=username)
    return not (found.exclude(pk=but.pk) if but is not None else found).exists()


def other_owners(clinic: Clinic, user: User) -> bool:
    """Whether somebody else can still manage the clinic: an active owner who has chosen a password."""
    return (
        User.objects.filter(clinic=clinic, role=Role.OWNER, is_active=True)
        .exclude(pk=user.pk)
        .exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
        .exists()
    )


def invite(actor: Actor, full_name: str, username: str, role: Role, sites: Iterable[Site]) -> tuple[User, str]:
    """Take somebody on; they choose their own password.

    Returns:
        The person, and the secret part of their link, shown once.

    Raises:
        NameTakenError: somebody has this user name.
    """
    actor.require(Can.MANAGE_STAFF)
    with transaction.atomic():
        Clinic.objects.select_for_update().get(pk=actor.clinic.pk)
        if username.casefold() == invitations.FIRST_OWNER or not username_free(username):
            raise NameTakenError
        user = User(
            username=User.normalize_username(username),
            full_name=full_name,
            role=role,
            clinic=actor.clinic,
            language=actor.clinic.language,
        )
        user.set_unusable_password()
        try:
            with transaction.atomic():
                user.save()
        except IntegrityError as error:
            raise NameTakenError from error  # by another clinic, in this moment
        user.sites.set(_own(actor, sites))
        token = invitations.make(user)
        record(actor, "staff.invited", user, {"name": full_name, "username": username, "role": str(role)})
    return user, token


def change(
    actor: Actor,
    user: User,
    *,
    seen_version: str | int | None,
    full_name: str,
    role: Role,
    sites: Iterable[Site],
    active: bool,
) -> User:
    """Change what somebody is; leaving ends all their sessions in the same transaction.

    Raises:
        LastOwnerError: nobody would be left to manage the clinic.
        StaleFormError: somebody changed this person meanwhile.
    """
    actor.require(Can.MANAGE_STAFF)
    with transaction.atomic():
        # Two owners who demote each other at once queue here.
        Clinic.objects.select_for_update().get(pk=actor.clinic.pk)
        now = User.objects.select_for_update().get(pk=user.pk, clinic=actor.clinic)
        must_be_fresh(now, seen_version)
        losing = now.role == Role.OWNER and now.is_active and (role != Role.OWNER or not active)
        if losing and not other_owners(actor.clinic, now):
            raise LastOwnerError
        before = {"name": now.full_name, "role": now.role, "active": now.is_active, "sites": _names(now.sites.all())}
        now.full_name, now.role, now.is_active, now.version = full_name, role, active, now.version + 1
        now.save(update_fields=["full_name", "role", "is_active", "version"])
        now.sites.set(_own(actor, sites))
        after = {"name": full_name, "role": str(role), "active": active, "sites": _names(now.sites.all())}
        if before["role"] != after["role"]:
            record(actor, "staff.role_changed", now, {"from": before["role"], "to": after["role"]})
        if before["active"] and not active:
            sessions.end(now)
            record(actor, "staff.deactivated", now, {"name": full_name})
        if not before["active"] and active:
            record(actor, "staff.activated", now, {"name": full_name})
        rest = {key: [before[key], after[key]] for key in ("name", "sites") if before[key] != after[key]}
        if rest:
            record(actor, "staff.changed", now, rest)
    return now


def new_link(actor: Actor, user: User, *, without_second_step: bool) -> str:
    """A link by which somebody chooses a new password; until it is used the old one works on.

    Args:
        actor: who gives it.
        user: who gets it.
        without_second_step: their phone or key is lost: authenticator app, passkeys and recovery codes are removed.

    Returns:
        The secret part of the link, shown once.
    """
    actor.require(Can.MANAGE_STAFF)
    with transaction.atomic():
        now = User.objects.select_for_update().get(pk=user.pk, clinic=actor.clinic)
        removed = Authenticator.objects.filter(user=now).delete()[0] if without_second_step else 0
        token = invitations.make(now)
        record(actor, "staff.link_given", now, {"second_steps_removed": removed})
    return token


def accept(token: str, password: str, address: str = "") -> User:
    """Use an invitation or a new link: the person's own password is kept, and earlier sessions end.

    Raises:
        LinkDeadError: the link was used, has run out, or never was one.
    """
    with transaction.atomic():
        user = invitations.use(token)
        if user.clinic is None or user.username == invitations.FIRST_OWNER:
            raise invitations.LinkDeadError
        user.set_password(password)
        user.save(update_fields=["password"])
        sessions.end(user)
        record(Actor(user, user.clinic, address), "account.password_chosen", user)
    return user


def end_sessions(actor: Actor, user: User) -> int:
    """Log somebody out everywhere.

    Returns:
        In how many browsers they were logged in.
    """
    actor.require(Can.MANAGE_STAFF)
    with transaction.atomic():
        ended = sessions.end(User.objects.get(pk=user.pk, clinic=actor.clinic))
        record(actor, "staff.sessions_ended", user, {"sessions": ended})
    return ended


def _own(actor: Actor, sites: Iterable[Site]) -> list[Site]:
    return [site for site in sites if site.clinic_id == actor.clinic.pk]


def _names(sites: Iterable[Site]) -> list[str]:
    return sorted(site.name for site in sites)
