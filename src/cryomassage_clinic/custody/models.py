"""What is known of backups, and how long a clinic keeps what."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class BackupRun(models.Model):
    """One backup, and whether it was read back."""

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Being made")
        DONE = "done", _("Made and read back")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    asked_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    made_at = models.DateTimeField(null=True)
    path = models.CharField(max_length=400, blank=True)
    size_bytes = models.BigIntegerField(default=0)
    verified = models.BooleanField(default=False)
    report = models.JSONField(default=dict)


class RetentionPeriod(models.Model):
    """How long a clinic keeps one kind of data. Without a row there is no period: the law of the place decides."""

    class Category(models.TextChoices):
        """Kinds of data that are kept for different times."""

        CONTACT = "contact", _("Contact data of clients")
        HEALTH = "health", _("Answers, doctors' notes, marks on the chart")
        CONSENTS = "consents", _("Signed consents")
        PLANS = "plans", _("Courses and plans")
        BOOKINGS = "bookings", _("Bookings")
        AUDIT = "audit", _("The log")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey("accounts.Clinic", on_delete=models.PROTECT, related_name="+")
    category = models.CharField(max_length=16, choices=Category.choices)
    months = models.PositiveSmallIntegerField(_("months"))

    class Meta:
        """One period for each kind."""

        constraints = [models.UniqueConstraint(fields=["clinic", "category"], name="retention_period_once")]
