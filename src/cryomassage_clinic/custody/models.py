"""What is known of backups and of exports."""

from __future__ import annotations

from django.db import models


class BackupRun(models.Model):
    """One backup, and whether it was read back."""

    made_at = models.DateTimeField()
    path = models.CharField(max_length=400)
    size_bytes = models.BigIntegerField()
    verified = models.BooleanField()
    report = models.JSONField()
