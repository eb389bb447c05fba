"""What every record of a clinic has: an address that cannot be guessed, its clinic, and a version."""

from __future__ import annotations

import uuid

from django.db import models


class ClinicOwned(models.Model):
    """Belongs to one clinic; reached through `accounts.access` and no other way."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey("accounts.Clinic", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """No table of its own."""

        abstract = True


class Versioned(models.Model):
    """Counts its changes, so that a page that has gone stale can be told."""

    version = models.PositiveIntegerField(default=1)

    class Meta:
        """No table of its own."""

        abstract = True
