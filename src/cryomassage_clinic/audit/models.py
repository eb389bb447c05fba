"""The chain: one row for every change and every look at health data, each holding the hash of the one before."""

from __future__ import annotations

from django.db import models


class AuditHead(models.Model):
    """Where the chain of a clinic ends; writers queue at this row."""

    clinic = models.OneToOneField("accounts.Clinic", on_delete=models.PROTECT, primary_key=True)
    sequence = models.BigIntegerField(default=0)
    row_hash = models.CharField(max_length=64)


class AuditRow(models.Model):
    """One link. It holds no personal data: of the details only a salted digest."""

    clinic = models.ForeignKey("accounts.Clinic", on_delete=models.PROTECT, related_name="+")
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
        """A sequence without gaps and a chain without forks."""

        constraints = [
            models.UniqueConstraint(fields=["clinic", "sequence"], name="audit_one_row_per_number"),
            models.UniqueConstraint(fields=["clinic", "previous_hash"], name="audit_no_fork"),
        ]
        indexes = [models.Index(fields=["clinic", "subject_type", "subject_id"])]


class AuditDetails(models.Model):
    """What changed, and the salt of its digest; erasing a client takes both, and the chain still verifies."""

    row = models.OneToOneField(AuditRow, on_delete=models.PROTECT, primary_key=True, related_name="details")
    client_id = models.CharField(max_length=64, blank=True, db_index=True)  # whose data these are, for erasure
    salt = models.CharField(max_length=64)
    details = models.JSONField()
