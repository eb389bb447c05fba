"""How much is older than the clinic's own periods. It counts, and deletes nothing."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet
from django.utils import timezone

from cryomassage_clinic.accounts.models import Clinic
from cryomassage_clinic.custody.content import clinic_path
from cryomassage_clinic.custody.holdings import HOLDINGS
from cryomassage_clinic.custody.models import RetentionPeriod


@dataclass(frozen=True)
class Kept:
    """One kind of data of one clinic."""

    category: str
    label: str
    total: int
    months: int | None  # None: the clinic has set no period
    older: int | None
    oldest: datetime.date | None


def months_before(day: datetime.datetime, months: int) -> datetime.datetime:
    """The same day so many months ago, or the last day of that month."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for date in (day.day, 30, 29, 28):
        try:
            return day.replace(year=max(years, 1), month=month + 1, day=date)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def _tables(category: str, clinic: Clinic) -> list[tuple[QuerySet[Any], str]]:
    """The rows of one kind, and what their age counts from."""
    found = []
    for one in HOLDINGS:
        if one.category != category:
            continue
        model, dated = one.table(), one.dated
        rows = model._base_manager.filter(**{clinic_path(model): clinic})
        if one.model == "clients.Client":
            rows = rows.filter(erased_at=None)
        found.append((rows, dated))
    if category == "audit":
        rows = apps.get_model("audit.AuditRow")._base_manager.filter(clinic=clinic)
        return [(rows, "time")]  # the details have the age of their row
    return found


def _older(category: str, clinic: Clinic, before: datetime.datetime) -> int:
    if category != "contact":
        return sum(rows.filter(**{f"{dated}__lt": before}).count() for rows, dated in _tables(category, clinic))
    # A client counts from the last time that they were here, not from the first.
    rows = _tables(category, clinic)[0][0].filter(created_at__lt=before)
    since = (
        Q(bookings__starts_at__gte=before)
        | Q(answer_sets__asked_at__gte=before)
        | Q(consents__signed_at__gte=before)
        | Q(courses__created_at__gte=before)
    )
    return rows.exclude(pk__in=rows.filter(since).values("pk")).count()


def report(clinic: Clinic, now: datetime.datetime | None = None) -> list[Kept]:
    """How much of each kind there is, and how much is older than the clinic's period."""
    now = now or timezone.now()
    periods = dict(RetentionPeriod.objects.filter(clinic=clinic).values_list("category", "months"))
    found = []
    for category, label in RetentionPeriod.Category.choices:
        tables = _tables(category, clinic)
        months = periods.get(category)
        firsts = [rows.order_by(dated).values_list(dated, flat=True).first() for rows, dated in tables]
        oldest = min((moment for moment in firsts if moment is not None), default=None)
        found.append(
            Kept(
                category=category,
                label=str(label),
                total=sum(rows.count() for rows, _dated in tables),
                months=months,
                older=None if months is None else _older(category, clinic, months_before(now, months)),
                oldest=oldest.date() if oldest is not None else None,
            )
        )
    return found
