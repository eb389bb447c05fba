"""Days as the clinic counts them."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from cryomassage_clinic.accounts.models import Clinic


def today_of(clinic: Clinic) -> datetime.date:
    """The day that it is where a clinic stands."""
    return timezone.localdate(timezone=ZoneInfo(clinic.time_zone))
