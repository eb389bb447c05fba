"""What is held of a client, table by table, and what erasure does with it.

Every table that leads to a client, or names one in a column `client_id`, stands here; a test fails where one does
not. The order is that of erasure: what points to something goes before it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet

ERASED_NAME = "–"  # what lists and pages show of a client who was erased


@dataclass(frozen=True)
class Holding:
    """What one table holds of a client."""

    model: str
    path: str  # how a query asks for the rows of a client
    category: str  # of `RetentionPeriod`
    dated: str = "created_at"  # what its age counts from
    blank: dict[str, Any] = field(default_factory=dict)  # columns that are overwritten; none: the row is deleted
    text_key: bool = False  # the client's id stands there as text

    def table(self) -> type[Model]:
        """The model."""
        return apps.get_model(self.model)

    def rows(self, client_id: Any) -> QuerySet[Any]:
        """Everything of one client."""
        key = str(client_id) if self.text_key else client_id
        return self.table()._base_manager.filter(**{self.path: key})


HOLDINGS: tuple[Holding, ...] = (
    Holding("web.Draft", "client_id", "health", dated="updated_at", text_key=True),
    Holding("visits.TakenSlot", "booking__client", "bookings", dated="starts_at"),
    Holding("visits.Booking", "client", "bookings", dated="starts_at"),
    Holding("courses.Approval", "plan__course__client", "plans", dated="approved_at"),
    Holding("courses.Plan", "course__client", "plans"),
    Holding("screening.AnswerSet", "client", "health", dated="asked_at"),
    Holding("screening.DoctorNote", "client", "health"),
    Holding("screening.TestSpot", "client", "health"),
    Holding("charting.Mark", "client", "health"),
    Holding("consents.Consent", "client", "consents", dated="signed_at"),
    Holding("courses.Course", "client", "plans"),
    Holding("audit.AuditDetails", "client_id", "audit", dated="row__time", text_key=True),
    Holding(
        "clients.Client",
        "pk",
        "contact",
        blank={
            "full_name": ERASED_NAME,
            "search_name": "",
            "birth_date": datetime.date(1900, 1, 1),
            "phone": "",
            "email": "",
            "language": "en",
            "emergency_contact": "",
            "site": None,
            "sex": "",
            "phototype": "",
            "thin_cheeks": None,
            "history": "",
        },
    ),
)

# Columns of the stub that stay, and why nobody is found by them.
KEPT = {
    "clients.Client": {
        "id": "an address that cannot be guessed; the log names it",
        "clinic": "whose log tells of the erasure",
        "created_at": "a time",
        "code": "replaced by one that was never told to anybody",
        "erased_at": "a time",
        "version": "a count",
    }
}


def undeclared(known: Callable[[], tuple[Holding, ...]] = lambda: HOLDINGS) -> list[str]:
    """Tables that lead to a client and are not in the registry, at any distance."""
    declared = {apps.get_model(one.model) for one in known()}
    client = apps.get_model("clients.Client")
    reach: set[type[Model]] = {client}
    grown = True
    while grown:
        grown = False
        for model in apps.get_models(include_auto_created=True):
            if model in reach or model._meta.proxy:
                continue
            leads = any(one.related_model in reach for one in model._meta.concrete_fields if one.is_relation)
            named = any(one.attname in ("client_id", "client_code") for one in model._meta.concrete_fields)
            if leads or named:
                reach.add(model)
                grown = True
    return sorted(model._meta.label for model in reach - declared)
