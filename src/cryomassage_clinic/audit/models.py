"""The chain: one row for every change and every look at health data, each holding the hash of the one before."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditHead(models.Model):
    """Where the chain of a clinic ends; writers queue at this row."""

    clinic = models.OneToOneField("accounts.Clinic", on_delete=models.PROTECT, primary_key=True)
    sequence = models.BigIntegerField(default=0)
    row_hash = models.CharField(max_length=64)


class AuditRow(models.Model):
    """One link. It holds no personal data: of the details only a salted digest."""

    clinic = models.ForeignKey("accounts.Clinic", on_delete=models.PROTECT, related_name="+", db_index=False)
    sequence = models.BigIntegerField()
    time = models.DateTimeField()
    actor = models.CharField(max_length=64)  # id of the member of staff, or "system"
    action = models.CharField(max_length=64)  # such as client.created
    subject_type = models.CharField(max_length=64)
    subject_id = models.CharField(max_length=64)
    details_digest = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64)
    row_hash = models.CharField(max_length=64)

    class Meta:
        """A sequence without gaps and a chain without forks; an index for each way in which the log is read."""

        constraints = [
            models.UniqueConstraint(fields=["clinic", "sequence"], name="audit_one_row_per_number"),
            models.UniqueConstraint(fields=["clinic", "previous_hash"], name="audit_no_fork"),
        ]
        indexes = [
            models.Index(fields=["clinic", "actor", "sequence"], name="audit_by_person"),
            models.Index(fields=["clinic", "action", "sequence"], name="audit_by_action"),
            models.Index(fields=["clinic", "time"], name="audit_by_day"),
            models.Index(fields=["subject_id"], name="audit_by_subject"),
        ]


class AuditDetails(models.Model):
    """What changed, and the salt of its digest; erasing a client takes both, and the chain still verifies.

    The text is kept as it was digested, to the byte: a JSON column may give numbers back in another form, and the
    digest could never be reproduced.
    """

    row = models.OneToOneField(AuditRow, on_delete=models.PROTECT, primary_key=True, related_name="details")
    client_id = models.CharField(max_length=64, blank=True, db_index=True)  # whose data these are, for erasure
    salt = models.CharField(max_length=64)
    text = models.TextField()  # JSON

    @property
    def details(self) -> dict[str, Any]:
        """What changed."""
        found: dict[str, Any] = json.loads(self.text)
        return found


class AuditCheck(models.Model):
    """One verification of a clinic's chain that was asked for on the page of the log."""

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Being checked")
        SOUND = "sound", _("Nothing was changed")
        BROKEN = "broken", _("Something was changed")
        FAILED = "failed", _("Could not be checked")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey("accounts.Clinic", on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    rows = models.BigIntegerField(default=0)
    findings = models.JSONField(default=list)  # sentences
