"""Sites, rooms with their vessels, and the cold sources in them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from cryomassage_clinic.accounts.owned import ClinicOwned, Versioned


class Site(ClinicOwned, Versioned):
    """One address of a clinic."""

    name = models.CharField(_("name"), max_length=120)
    address = models.CharField(_("address"), max_length=300, blank=True)
    # By weekday, "0" for Monday: [opens, closes] as "09:00"; a weekday that is missing is closed. None: always open.
    opening_hours = models.JSONField(null=True, blank=True)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Room(ClinicOwned, Versioned):
    """A treatment room; what is unknown stays empty and counts against it."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="rooms")
    name = models.CharField(_("name"), max_length=120)
    floor_area_m2 = models.FloatField(_("floor area, m²"))
    height_m = models.FloatField(_("height of the ceiling, m"))
    temperature_degC = models.FloatField(_("temperature of the air, °C"), null=True, blank=True)
    air_changes_per_h = models.FloatField(_("air changes an hour"), null=True, blank=True)
    extraction = models.BooleanField(_("a fan takes air out near the floor"), null=True, blank=True)
    monitor_valid_until = models.DateField(_("oxygen monitor calibrated until"), null=True, blank=True)
    use_L_per_h = models.FloatField(_("nitrogen used in work, L/h"), null=True, blank=True)
    airing_min = models.PositiveIntegerField(_("airing after each session, min"), default=10)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Vessel(ClinicOwned):
    """A nitrogen vessel that stands in a room or is carried into it."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="vessels")
    name = models.CharField(_("name"), max_length=120)
    volume_L = models.FloatField(_("volume, L"))
    count = models.PositiveIntegerField(_("how many"), default=1)
    evaporation_L_per_day = models.FloatField(_("loss while standing, L/day"), null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Device(ClinicOwned, Versioned):
    """A cold source in the hand, with its calibration where it has been measured; it is booked like a room."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="devices")
    name = models.CharField(_("name"), max_length=120)
    cold_source = models.CharField(_("kind"), max_length=64)  # key of the core's knowledge
    distance_mm = models.FloatField(_("working distance, mm"), null=True, blank=True)
    calibration = models.JSONField(null=True, blank=True)  # as the core reads it: date, how, three coefficients, sink
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name
