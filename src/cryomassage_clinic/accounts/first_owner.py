"""The first owner of a new clinic: a link that works once, and the page behind it."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.urls import reverse

from cryomassage_clinic.accounts import invitations
from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.models import Clinic, User
from cryomassage_clinic.accounts.permissions import Role
from cryomassage_clinic.accounts.services import NameTakenError, username_free
from cryomassage_clinic.audit.services import record, write


@dataclass(frozen=True)
class Beginning:
    """What the first owner says of the clinic and of themselves."""

    clinic_name: str
    time_zone: str
    language: str
    full_name: str
    username: str
    password: str


def owner_exists() -> bool:
    """Whether somebody can log in and manage a clinic."""
    return bool(owners())


def owners() -> list[User]:
    """Who can log in and manage a clinic, by user name."""
    return list(
        User.objects.filter(role=Role.OWNER, is_active=True, clinic__isnull=False)
        .exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
        .select_related("clinic")
        .order_by("username")
    )


def owner_link(owner: User, *, without_second_step: bool) -> str:
    """A new link for an owner, made by whoever sits at the clinic's computer; the log says that it was not a member.

    Returns:
        The secret part of the link.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=owner.pk)
        assert user.clinic is not None
        removed = Authenticator.objects.filter(user=user).delete()[0] if without_second_step else 0
        token = invitations.make(user)
        write(user.clinic, "system", "staff.link_given", user, {"by": "owner_link", "second_steps_removed": removed})
    return token


def make_first_owner(
    clinic_name: str = "", time_zone: str = "Europe/London", language: str = "en", *, noted: bool = False
) -> str:
    """Make clinic and owner as far as they are missing, and a fresh link; earlier links die.

    Args:
        clinic_name: shown in the setup page, and changed there.
        time_zone: the same.
        language: the same; also the language of that page.
        noted: the log tells of the link; the one that each start prints is not worth a row.

    Returns:
        The path of the setup page, such as `/staff/setup/…`; it works once, for three days.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().filter(username=invitations.FIRST_OWNER, role=Role.OWNER).first()
        if user is None:
            clinic = Clinic.objects.create(name=clinic_name, time_zone=time_zone, language=language)
            user = User(
                username=invitations.FIRST_OWNER, full_name="", role=Role.OWNER, clinic=clinic, language=language
            )
            user.set_unusable_password()
            user.save()
        assert user.clinic is not None
        if noted:
            write(user.clinic, "system", "staff.link_given", user, {"by": "owner_link"})
        return reverse("setup", args=[invitations.make(user)])


def first_owner_link(*, noted: bool = False) -> str | None:
    """A fresh one-time path to the setup page, for the program that starts the server; nothing once an owner exists."""
    return None if owner_exists() else make_first_owner(noted=noted)


def begin(token: str, said: Beginning, address: str = "") -> Actor:
    """Use the link: the clinic gets its name, the owner theirs, in one transaction.

    Raises:
        LinkDeadError: the link was used, has run out, or never was one.
        NameTakenError: somebody has this user name.
    """
    with transaction.atomic():
        user = invitations.use(token)
        if user.username != invitations.FIRST_OWNER or user.clinic is None:
            raise invitations.LinkDeadError
        if not username_free(said.username, user):
            raise NameTakenError
        clinic = user.clinic
        clinic.name, clinic.time_zone, clinic.language = said.clinic_name, said.time_zone, said.language
        clinic.save()
        user.username = User.normalize_username(said.username)
        user.full_name, user.language = said.full_name, said.language
        user.set_password(said.password)
        user.save()
        actor = Actor(user, clinic, address)
        record(actor, "clinic.begun", clinic, {"name": said.clinic_name, "owner": said.full_name})
    return actor
