"""Reads of clients: the list, one card, and the body as the core may know it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from cryomassage_clinic.accounts.access import Actor, every
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.clients.names import code_form, digits_of, search_form

PAGE = 25
_FEWEST_DIGITS = 3
_LAST = "\U0010ffff"  # sorts after every text that begins alike


def age_on(birth: datetime.date, date: datetime.date) -> int:
    """Whole years on a day; who was born on 29 February turns older on 1 March."""
    return date.year - birth.year - ((date.month, date.day) < (birth.month, birth.day))


def person_for_case(client: Client, date: datetime.date) -> dict[str, Any]:
    """The body as the core may know it. What is not known is left out, so that the core says that it is missing."""
    person: dict[str, Any] = {"code": client.code, "age_years": age_on(client.birth_date, date)}
    if client.sex:
        person["sex"] = client.sex
    if client.phototype:
        person["phototype"] = client.phototype
    if client.thin_cheeks is not None:
        person["thin_cheeks"] = client.thin_cheeks
    return person


@dataclass(frozen=True)
class Found:
    """One page of a list, and where the next one begins."""

    clients: list[Client]
    after: str  # empty: there is no more


def _matching(sought: str) -> Q:
    """Names that begin so, or one of whose words does; phone numbers that hold the digits; codes that begin so."""
    name = search_form(sought)
    matching = Q(search_name__gte=name, search_name__lt=name + _LAST) | Q(search_name__contains=f" {name}")
    digits = digits_of(sought)
    if len(digits) >= _FEWEST_DIGITS and not any(letter.isalpha() for letter in sought):
        matching |= Q(phone_digits__contains=digits)
    code = code_form(sought)
    if code:
        matching |= Q(code__startswith=code)
    return matching


def living(actor: Actor) -> QuerySet[Client]:
    """Clients of the clinic that have not been erased."""
    return every(actor, Client, Can.SEE_CONTACT).filter(erased_at__isnull=True)


def find(actor: Actor, sought: str = "", after: str = "") -> Found:
    """Clients by name, digits of the phone or code, 25 at a time, sorted by name.

    Args:
        actor: who looks.
        sought: what was typed; nothing finds all.
        after: where the page before ended.
    """
    clients = living(actor).only("id", "full_name", "search_name", "birth_date", "phone", "code")
    if sought.strip():
        clients = clients.filter(_matching(sought))
    name, _, last = after.rpartition("|")
    if last:
        clients = clients.filter(Q(search_name__gt=name) | Q(search_name=name, id__gt=last))
    rows = list(clients.order_by("search_name", "id")[: PAGE + 1])
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    return Found(rows, f"{rows[-1].search_name}|{rows[-1].pk}" if more else "")


def alike(actor: Actor, full_name: str, birth_date: datetime.date, phone: str, *, but: Any = None) -> list[Client]:
    """Clients who may be the same person: name and birth date agree, or the phone number does."""
    same = Q(search_name=search_form(full_name)[:160], birth_date=birth_date)
    digits = digits_of(phone)
    if digits:
        same |= Q(phone_digits=digits)
    return list(living(actor).filter(same).exclude(pk=but).order_by("search_name", "id")[:5])
