"""Marks on the pictures of face, neck, scalp and body, in shares of the picture."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from cryomassage_clinic.accounts.owned import ClinicOwned


class MarkKind(models.TextChoices):
    """What a mark means."""

    LESION = "lesion", _("Lesion")
    NO_GO = "no_go", _("Keep off")
    DONE_BEFORE = "done_before", _("Treated before")


class Mark(ClinicOwned):
    """One mark; taken away by a new row that says so, never by deletion."""

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="marks")
    kind = models.CharField(max_length=16, choices=MarkKind.choices)
    picture = models.CharField(max_length=32)  # face, neck, scalp, body_front ...
    zone = models.CharField(max_length=64)  # key of the core's knowledge
    side = models.CharField(max_length=8, blank=True, choices=[("left", _("Left")), ("right", _("Right"))])
    x = models.FloatField()  # share of the picture's width
    y = models.FloatField()  # share of the picture's height
    note = models.CharField(_("note"), max_length=300, blank=True)
    diameter_mm = models.FloatField(null=True, blank=True)
    thickness_mm = models.FloatField(null=True, blank=True)
    # of what was done before
    done_on = models.DateField(null=True, blank=True)
    exposure_class = models.PositiveSmallIntegerField(null=True, blank=True)
    redness_gone = models.BooleanField(null=True, blank=True)
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True)
    removed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
