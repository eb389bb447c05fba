"""Clinics and their staff."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from cryomassage_clinic.accounts.permissions import Can, Role, allows


class Clinic(models.Model):
    """One salon or clinic; its records are never seen from another."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/London")
    language = models.CharField(_("language"), max_length=8, default="en")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A member of staff. Leaving is `is_active = False`; the name stays in the records."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="staff", null=True)
    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.RECEPTION)
    full_name = models.CharField(_("full name"), max_length=120)
    pin_hash = models.CharField(max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=8, default="en")
    theme = models.CharField(
        _("theme"),
        max_length=8,
        choices=[("system", _("As the device")), ("light", _("Light")), ("dark", _("Dark"))],
        default="system",
    )
    sites = models.ManyToManyField("places.Site", blank=True, related_name="staff")  # none: all sites
    version = models.PositiveIntegerField(default=1)  # counts the owner's changes, so that a stale page can be told

    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    def __str__(self) -> str:
        return self.full_name or self.username

    def can(self, what: Can) -> bool:
        """Whether this person may do something."""
        return self.is_active and self.clinic_id is not None and allows(self.role, what)

    def set_pin(self, pin: str) -> None:
        """Keep a short number for unlocking the shared tablet; only its hash is kept."""
        self.pin_hash = make_password(pin)

    def check_pin(self, pin: str) -> bool:
        """Whether this is the short number."""
        return bool(self.pin_hash) and check_password(pin, self.pin_hash)


class Invitation(models.Model):
    """A link that works once: the first owner, and each new colleague, choose their own password."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token_digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class StaffSession(models.Model):
    """One browser in which somebody is logged in. Whether it is locked stands here and not in the session's
    data: those are written back whole, so a request that began before the lock could undo it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="staff_sessions")
    started_at = models.DateTimeField()  # the full login; twelve hours later it ends, whatever happens between
    seen_at = models.DateTimeField()  # the last request that a person made
    locked_at = models.DateTimeField(null=True)
    address = models.CharField(max_length=64, blank=True)
    browser = models.CharField(max_length=200, blank=True)
    waiting = models.JSONField(null=True)  # a form that was sent into the lock, to be sent again after it


class TabletLogin(models.Model):
    """Somebody has logged in fully on this tablet today, so that a PIN is enough to take it over."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tablet = models.CharField(max_length=64, db_index=True)  # digest of a random number in a cookie
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        """One full login counts for each person on a tablet."""

        constraints = [models.UniqueConstraint(fields=["tablet", "user"], name="tablet_login_once")]


class Attempts(models.Model):
    """The latest attempts at one thing that is limited, such as wrong passwords of one account."""

    key = models.CharField(max_length=64, primary_key=True)  # digest: no names of strangers are kept
    times = models.JSONField(default=list)  # seconds since 1970
    updated_at = models.DateTimeField(auto_now=True, db_index=True)
