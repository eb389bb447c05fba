"""Drafts of half-filled forms, and the marks by which a form is written once only."""

from __future__ import annotations

import uuid

from django.db import models

from cryomassage_clinic.accounts.owned import ClinicOwned


class Draft(models.Model):
    """What somebody has typed and not yet saved. It is not a record; nothing checks it."""

    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    form = models.CharField(max_length=120)  # which form, such as client:<id>:body
    client_id = models.CharField(max_length=64, blank=True, db_index=True)  # for erasure
    content = models.JSONField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """One draft of a form for each person."""

        constraints = [models.UniqueConstraint(fields=["user", "form"], name="draft_once")]


class Submission(ClinicOwned):
    """A form that has been written: a second press of Save leads to what the first one made."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    leads_to = models.CharField(max_length=300)
