"""What a client comes for, the plans computed for it, and who approved them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from cryomassage_clinic.accounts.owned import ClinicOwned, Versioned
from cryomassage_clinic.accounts.permissions import Role


class Course(ClinicOwned, Versioned):
    """A prescription: complaint, zones, method, source and room, and the sessions that follow from it."""

    class Status(models.TextChoices):
        """Where a course stands."""

        DRAFT = "draft", _("Being prepared")
        ACTIVE = "active", _("Under way")
        ENDED = "ended", _("Ended")

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="courses")
    indication = models.CharField(max_length=64)
    purpose = models.CharField(
        max_length=16, choices=[("preventive", _("To prevent")), ("therapeutic", _("To treat"))], default="preventive"
    )
    zones = models.JSONField(default=list)
    method = models.CharField(max_length=64, blank=True)
    exposure_class = models.PositiveSmallIntegerField(null=True, blank=True)
    place = models.CharField(
        max_length=8, default="salon", choices=[("salon", _("In the salon")), ("home", _("At home"))]
    )
    device = models.ForeignKey("places.Device", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    room = models.ForeignKey("places.Room", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    professional_name = models.CharField(max_length=160, blank=True)  # who was asked, for ice at home
    professional_date = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.DRAFT)
    end_reason = models.CharField(max_length=300, blank=True)
    review_benefit = models.BooleanField(null=True, blank=True)
    review_session = models.PositiveSmallIntegerField(null=True, blank=True)
    review_date = models.DateField(null=True, blank=True)

    class Meta:
        """Newest first."""

        ordering = ["-created_at"]


class Plan(ClinicOwned):
    """One computation: asked for, computed, perhaps approved. What was computed is never changed."""

    class State(models.TextChoices):
        """Where a computation stands."""

        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Being computed")
        DONE = "done", _("Computed")
        FAILED = "failed", _("Failed")

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="plans")
    session_number = models.PositiveSmallIntegerField(default=1)
    visit_date = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    progress = models.CharField(max_length=120, blank=True)  # what is being done now
    progress_share = models.FloatField(default=0.0)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    asked_role = models.CharField(max_length=16)  # as the login knows it; what the core got as the role
    case = models.JSONField()  # what the core was given: no identity
    inputs = models.JSONField()  # what it was made from: ids and versions, to notice that it has gone stale
    computed_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=16, blank=True)  # planned, test_spot_first, refused, no_safe_dose
    exposure_class = models.PositiveSmallIntegerField(null=True)
    content_sha256 = models.CharField(max_length=64, blank=True)
    result = models.TextField(blank=True)  # the core's plan as JSON, to the byte
    pictures = models.JSONField(null=True)  # drawings and curves of the same computation

    class Meta:
        """Newest first; lists are read by what waits. A computed row is guarded by a trigger, see `guard`."""

        ordering = ["-created_at"]
        indexes = [models.Index(fields=["clinic", "state", "-created_at"])]


class Approval(ClinicOwned):
    """Somebody with the right role says yes to one computed plan, by its fingerprint; once, and for good."""

    plan = models.OneToOneField(Plan, on_delete=models.PROTECT, related_name="approval")
    content_sha256 = models.CharField(max_length=64)
    approved_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=16)
    approved_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    revoked_reason = models.CharField(max_length=300, blank=True)

    @property
    def role_told(self) -> str:
        """The role that the login had verified, in words."""
        return str(Role(self.role).label) if self.role in Role.values else self.role
