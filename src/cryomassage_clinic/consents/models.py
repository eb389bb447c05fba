"""Texts that clients agree to, each version kept, and the signatures under them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from cryomassage_clinic.accounts.owned import ClinicOwned


class Kind(models.TextChoices):
    """What is agreed to; each is asked, given and withdrawn on its own."""

    TREATMENT = "treatment", _("Treatment")
    RECORD_PHOTOS = "record_photos", _("Photographs for the record")
    SHARING_PHOTOS = "sharing_photos", _("Showing photographs to others")
    REMINDERS = "reminders", _("Reminders")


class ConsentText(ClinicOwned):
    """One version of one text in one language; a published one is never changed."""

    kind = models.CharField(max_length=16, choices=Kind.choices)
    treatment = models.CharField(max_length=64, blank=True)  # a method of the core, for treatment consents
    language = models.CharField(max_length=8)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=160)
    body = models.TextField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        """Versions count per text."""

        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "kind", "treatment", "language", "number"], name="consent_text_version_once"
            )
        ]


class Consent(ClinicOwned):
    """A signature under one version. Withdrawn, never deleted but by erasure."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="consents")
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="consents")
    # [[[x, y, ms], ...], ...]: strokes in shares of the pad's width and height; none where the name was typed
    strokes = models.JSONField()
    signed_by_typing = models.BooleanField(default=False)  # by somebody who cannot draw; the witness confirmed it
    signed_name = models.CharField(max_length=160)
    signed_at = models.DateTimeField()
    witnessed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.CharField(max_length=300, blank=True)
