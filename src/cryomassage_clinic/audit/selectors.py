"""Reads the log for its page: the newest rows first, by number, so that a million rows cost no more than fifty."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from cryomassage_clinic.accounts.access import Actor, every
from cryomassage_clinic.accounts.models import User
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.models import AuditDetails, AuditRow
from cryomassage_clinic.audit.words import action_words, details_words, kind_words
from cryomassage_clinic.clients.models import Client

PAGE = 50


@dataclass(frozen=True)
class Wanted:
    """What is asked for; empty means all."""

    person: str = ""
    client: str = ""
    day: datetime.date | None = None
    action: str = ""
    before: int | None = None

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out."""
        return bool(self.person or self.client or self.day or self.action)


@dataclass(frozen=True)
class Shown:
    """One row as the page shows it."""

    sequence: int
    time: datetime.datetime
    who: str
    what: str
    kind: str
    about: str
    about_id: str
    details: list[tuple[str, str]] = field(default_factory=list)
    erased: bool = False


def rows(actor: Actor, wanted: Wanted) -> tuple[list[Shown], int | None]:
    """A page of rows, and the number before which the next page begins (None: this is the last)."""
    found = every(actor, AuditRow, Can.SEE_AUDIT).order_by("-sequence").select_related("details")
    if wanted.person:
        found = found.filter(actor=wanted.person)
    if wanted.action:
        found = found.filter(action=wanted.action)
    if wanted.client:
        found = found.filter(pk__in=_of_client(actor, wanted.client))
    if wanted.day is not None:
        zone = ZoneInfo(actor.clinic.time_zone)
        start = datetime.datetime.combine(wanted.day, datetime.time(), zone)
        end = datetime.datetime.combine(wanted.day + datetime.timedelta(days=1), datetime.time(), zone)
        found = found.filter(time__gte=start, time__lt=end)
    if wanted.before is not None:
        found = found.filter(sequence__lt=wanted.before)
    taken = list(found[: PAGE + 1])
    more = taken[PAGE - 1].sequence if len(taken) > PAGE else None
    return _told(actor, taken[:PAGE]), more


def _of_client(actor: Actor, client: str) -> Any:
    """Rows with details of a client, and rows about the client's own record (which stay after an erasure)."""
    with_details = AuditDetails.objects.filter(client_id=client).values("pk")
    about = AuditRow.objects.filter(clinic=actor.clinic, subject_id=client).values("pk")
    return with_details.union(about)


def _told(actor: Actor, taken: list[AuditRow]) -> list[Shown]:
    people = {str(pk): name for pk, name in every(actor, User, Can.SEE_AUDIT).values_list("pk", "full_name")}
    wanted = {one.subject_id for one in taken if one.subject_type == "clients.client"}
    wanted |= {one.details.client_id for one in taken if hasattr(one, "details") and one.details.client_id}
    names = _names(actor, wanted)
    health = actor.can(Can.SEE_HEALTH)
    shown = []
    for one in taken:
        kept = getattr(one, "details", None)
        client = kept.client_id if kept is not None and kept.client_id else ""
        if not client and one.subject_type == "clients.client":
            client = one.subject_id
        shown.append(
            Shown(
                sequence=one.sequence,
                time=one.time,
                who=people.get(one.actor, ""),
                what=action_words(one.action),
                kind=kind_words(one.subject_type),
                about=names.get(client, ""),
                about_id=client if client in names else "",
                details=details_words(kept.details) if kept is not None and health else [],
                erased=kept is None,
            )
        )
    return shown


def _names(actor: Actor, ids: set[str]) -> dict[str, str]:
    if not actor.can(Can.SEE_CONTACT):
        return {}
    found = every(actor, Client, Can.SEE_CONTACT).filter(pk__in=[one for one in ids if one], erased_at=None)
    return {str(pk): name for pk, name in found.values_list("pk", "full_name")}


def people(actor: Actor) -> list[tuple[str, str]]:
    """Everybody who is or was a member of the clinic's staff."""
    found = every(actor, User, Can.SEE_AUDIT).order_by("full_name")
    return [(str(pk), name) for pk, name in found.values_list("pk", "full_name")]


def actions(actor: Actor) -> list[tuple[str, str]]:
    """Every action that stands in the log. Each is found by the index alone, however long the log is."""
    found: list[str] = []
    last = ""
    while True:
        after = every(actor, AuditRow, Can.SEE_AUDIT).filter(action__gt=last).order_by("action")
        one = after.values_list("action", flat=True).first()
        if one is None:
            return sorted(((one, action_words(one)) for one in found), key=lambda pair: pair[1].casefold())
        found.append(one)
        last = one


def total(actor: Actor) -> int:
    """How many rows the log has; the last number tells."""
    last = every(actor, AuditRow, Can.SEE_AUDIT).order_by("-sequence").values_list("sequence", flat=True).first()
    return last or 0
