"""Who may do what: one table, from which every page and every button is decided."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a member of staff is."""

    OWNER = "owner", _("Owner")
    DOCTOR = "doctor", _("Doctor")
    OPERATOR = "operator", _("Operator")
    RECEPTION = "reception", _("Reception")
    INSPECTOR = "inspector", _("Inspector (reads only)")


class Can(StrEnum):
    """One thing that a role may or may not do."""

    SEE_CALENDAR = "see_calendar"
    BOOK = "book"
    SEE_CONTACT = "see_contact"
    EDIT_CONTACT = "edit_contact"
    SEE_HEALTH = "see_health"
    EDIT_HEALTH = "edit_health"
    PLAN = "plan"
    APPROVE = "approve"  # what an operator may work alone
    APPROVE_AS_DOCTOR = "approve_as_doctor"
    SEE_PLACES = "see_places"
    MANAGE_PLACES = "manage_places"
    MANAGE_STAFF = "manage_staff"
    SEE_AUDIT = "see_audit"
    EXPORT = "export"
    ERASE = "erase"


_READ = {Can.SEE_CALENDAR, Can.SEE_CONTACT, Can.SEE_HEALTH, Can.SEE_PLACES}
_WORK = _READ | {Can.BOOK, Can.EDIT_CONTACT, Can.EDIT_HEALTH, Can.PLAN, Can.APPROVE}

ALLOWED: dict[str, frozenset[Can]] = {
    Role.OWNER: frozenset(_WORK | {Can.MANAGE_PLACES, Can.MANAGE_STAFF, Can.SEE_AUDIT, Can.EXPORT, Can.ERASE}),
    Role.DOCTOR: frozenset(_WORK | {Can.APPROVE_AS_DOCTOR, Can.SEE_AUDIT}),
    Role.OPERATOR: frozenset(_WORK),
    Role.RECEPTION: frozenset({Can.SEE_CALENDAR, Can.BOOK, Can.SEE_CONTACT, Can.EDIT_CONTACT, Can.SEE_PLACES}),
    Role.INSPECTOR: frozenset(_READ | {Can.SEE_AUDIT}),
}


def allows(role: str, can: Can) -> bool:
    """Whether a role may do something; a role that is not known may do nothing."""
    return can in ALLOWED.get(role, frozenset())
