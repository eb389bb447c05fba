"""Bookings of person, room and device. The database itself refuses a second one for the same time."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from cryomassage_clinic.accounts.owned import ClinicOwned, Versioned

SLOT_MIN = 5


class Booking(ClinicOwned, Versioned):
    """One visit."""

    class Status(models.TextChoices):
        """Where a visit stands."""

        BOOKED = "booked", _("Booked")
        ARRIVED = "arrived", _("Arrived")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")
        MISSED = "missed", _("Did not come")

    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="bookings")
    course = models.ForeignKey("courses.Course", on_delete=models.PROTECT, null=True, related_name="bookings")
    session_number = models.PositiveSmallIntegerField(null=True)  # 0: the test spot
    operator = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="bookings")
    room = models.ForeignKey("places.Room", on_delete=models.PROTECT, related_name="bookings")
    device = models.ForeignKey("places.Device", on_delete=models.PROTECT, null=True, related_name="bookings")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    airing_min = models.PositiveIntegerField()  # the room stays taken so long after the end
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.BOOKED)
    note = models.CharField(_("note"), max_length=300, blank=True)
    cancel_reason = models.CharField(_("why it was cancelled"), max_length=300, blank=True)
    changed_at = models.DateTimeField(auto_now=True)  # calendar programs ask for it

    class Meta:
        """Calendars are read by time."""

        indexes = [
            models.Index(fields=["clinic", "starts_at"]),
            models.Index(fields=["client", "starts_at"]),
            models.Index(fields=["operator", "starts_at"]),
            models.Index(fields=["room", "starts_at"]),
        ]


class TakenSlot(models.Model):
    """Five minutes of one person, room, device or client; the unique key is what forbids double booking."""

    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="slots")
    resource = models.CharField(max_length=48)  # such as room:<id>
    starts_at = models.DateTimeField()

    class Meta:
        """One taker."""

        constraints = [models.UniqueConstraint(fields=["resource", "starts_at"], name="slot_taken_once")]


class CalendarFeed(ClinicOwned):
    """A secret address at which a calendar program reads one person's bookings; revoked by deletion of its digest."""

    owner = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="feeds")
    token_digest = models.CharField(max_length=64, unique=True)
    label = models.CharField(_("what it is for"), max_length=80, blank=True)
    revoked_at = models.DateTimeField(null=True)
    last_read_at = models.DateTimeField(null=True)
