"""Writes of bookings: one transaction each, with its slots and its audit row, or nothing."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.models import User
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.services import record
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.places.models import Device, Room
from cryomassage_clinic.visits.clock import zone_of
from cryomassage_clinic.visits.facts import Memory
from cryomassage_clinic.visits.models import Booking
from cryomassage_clinic.visits.rules import Refusal, RefusedError, refusals_of
from cryomassage_clinic.visits.slots import free, hold, take
from cryomassage_clinic.web.once import must_be_fresh

Status = Booking.Status
_MOVED = ("starts_at", "ends_at", "operator", "room", "device", "airing_min", "note")
_RELATED = ("client", "course", "course__client", "course__device", "operator", "room", "room__site", "device")


@dataclass(frozen=True)
class Wanted:
    """A visit that somebody asks for."""

    client: Client
    operator: User
    room: Room
    device: Device | None
    starts_at: datetime.datetime
    length_min: int
    course: Course | None = None
    session_number: int | None = None
    note: str = ""

    def booking(self, actor: Actor) -> Booking:
        """As it would be stored."""
        starts_at = self.starts_at.astimezone(datetime.UTC)
        return Booking(
            clinic=actor.clinic,
            client=self.client,
            course=self.course,
            session_number=self.session_number if self.course is not None else None,
            operator=self.operator,
            room=self.room,
            device=self.device,
            starts_at=starts_at,
            ends_at=starts_at + datetime.timedelta(minutes=self.length_min),
            # A talk leaves no nitrogen in the air.
            airing_min=self.room.airing_min if self.course is not None else 0,
            note=self.note,
        )


def _details(booking: Booking) -> dict[str, Any]:
    return {
        "starts_at": booking.starts_at,
        "ends_at": booking.ends_at,
        "operator": str(booking.operator_id),
        "room": str(booking.room_id),
        "device": str(booking.device_id or ""),
        "course": str(booking.course_id or ""),
        "session": booking.session_number,
        "note": booking.note,
    }


@transaction.atomic
def book_all(actor: Actor, wanted: Sequence[Wanted]) -> list[Booking]:
    """Book visits, all or none.

    Raises:
        PermissionDenied: the role may not.
        RefusedError: a rule speaks against one of them.
        TakenError: somebody was faster; it says what is taken.
    """
    actor.require(Can.BOOK)
    bookings = [one.booking(actor) for one in wanted]
    hold(bookings)
    memory = Memory()
    refusals = [refusal for booking in bookings for refusal in refusals_of(actor, booking, memory, together=bookings)]
    if refusals:
        raise RefusedError(refusals)
    for booking in bookings:
        booking.save(force_insert=True)
    take(bookings)
    for booking in bookings:
        record(actor, "booking.created", booking, _details(booking), client_id=booking.client_id)
    return bookings


def book(actor: Actor, wanted: Wanted) -> Booking:
    """Book one visit.

    Raises:
        PermissionDenied: the role may not.
        RefusedError: a rule speaks against it.
        TakenError: somebody was faster.
    """
    return book_all(actor, [wanted])[0]


def _held(actor: Actor, booking: Booking, seen_version: str | int | None) -> Booking:
    """The row as it is now, held, if the page was opened from this very version."""
    actor.require(Can.BOOK)
    held = (
        Booking.objects.select_for_update(of=("self",))
        .select_related(*_RELATED)
        .get(pk=booking.pk, clinic=actor.clinic)
    )
    must_be_fresh(held, seen_version)
    return held


def _saved(actor: Actor, booking: Booking, action: str, details: dict[str, Any], *fields: str) -> Booking:
    booking.version += 1
    booking.save(update_fields=["version", "changed_at", *fields])
    record(actor, action, booking, details, client_id=booking.client_id)
    return booking


def _must_be(booking: Booking, *allowed: str) -> None:
    if booking.status not in allowed:
        text = _("This cannot be done any more: the visit is marked “%(status)s”.")
        raise RefusedError([Refusal("status", text % {"status": booking.get_status_display()})])


@transaction.atomic
def move(
    actor: Actor,
    booking: Booking,
    seen_version: str | int | None,
    *,
    starts_at: datetime.datetime,
    length_min: int,
    operator: User,
    room: Room,
    device: Device | None,
    note: str,
) -> Booking:
    """Give a visit another time, room, device or person; its old time is freed in the same transaction.

    Raises:
        PermissionDenied: the role may not.
        StaleFormError: it has changed since.
        RefusedError: a rule speaks against it, or the visit has begun.
        TakenError: the new time is taken; the old one is kept.
    """
    actor.require(Can.BOOK)
    starts_at = starts_at.astimezone(datetime.UTC)
    now = Booking.objects.select_related(*_RELATED).get(pk=booking.pk, clinic=actor.clinic)
    wanted = Wanted(now.client, operator, room, device, starts_at, length_min, now.course, now.session_number, note)
    hold([now, wanted.booking(actor)])  # resources before the row itself, as everybody does
    held = _held(actor, booking, seen_version)
    _must_be(held, Status.BOOKED)
    before, asked = _details(held), wanted.booking(actor)
    refusals = refusals_of(actor, asked, ignoring=held)
    if refusals:
        raise RefusedError(refusals)
    for name in _MOVED:
        setattr(held, name, getattr(asked, name))
    free(held)
    take([held])
    changed = {key: {"was": before[key], "is": value} for key, value in _details(held).items() if before[key] != value}
    return _saved(
        actor,
        held,
        "booking.moved",
        changed,
        "starts_at",
        "ends_at",
        "operator",
        "room",
        "device",
        "airing_min",
        "note",
    )


@transaction.atomic
def cancel(actor: Actor, booking: Booking, seen_version: str | int | None, reason: str) -> Booking:
    """Cancel a visit, and give its time back.

    Raises:
        PermissionDenied: the role may not.
        StaleFormError: it has changed since.
        RefusedError: the visit is over, or no reason is given.
    """
    held = _held(actor, booking, seen_version)
    _must_be(held, Status.BOOKED, Status.ARRIVED)
    if not reason.strip():
        raise RefusedError([Refusal("reason", _("Say in a few words why."))])
    held.status, held.cancel_reason = Status.CANCELLED, reason.strip()[:300]
    free(held)
    return _saved(actor, held, "booking.cancelled", {"reason": held.cancel_reason}, "status", "cancel_reason")


@transaction.atomic
def arrived(actor: Actor, booking: Booking, seen_version: str | int | None) -> Booking:
    """The client is here. Who was marked as missing and came after all is taken in if the time is still free.

    Raises:
        PermissionDenied: the role may not.
        StaleFormError: it has changed since.
        RefusedError: the visit is on another day, or cancelled or done.
        TakenError: the time was given to somebody else.
    """
    actor.require(Can.BOOK)
    hold([Booking.objects.get(pk=booking.pk, clinic=actor.clinic)])
    held = _held(actor, booking, seen_version)
    _must_be(held, Status.BOOKED, Status.MISSED)
    zone = zone_of(actor.clinic)
    if timezone.localdate(timezone=zone) != held.starts_at.astimezone(zone).date():
        raise RefusedError([Refusal("day", _("This visit is on another day. Move it first."))])
    was = held.status
    held.status = Status.ARRIVED
    if was == Status.MISSED:
        take([held])
    return _saved(actor, held, "booking.arrived", {"was": was}, "status")


@transaction.atomic
def not_arrived(actor: Actor, booking: Booking, seen_version: str | int | None) -> Booking:
    """“Arrived” was pressed by mistake.

    Raises:
        PermissionDenied: the role may not.
        StaleFormError: it has changed since.
        RefusedError: the client is not marked as here.
    """
    held = _held(actor, booking, seen_version)
    _must_be(held, Status.ARRIVED)
    held.status = Status.BOOKED
    return _saved(actor, held, "booking.not_arrived", {}, "status")


@transaction.atomic
def missed(actor: Actor, booking: Booking, seen_version: str | int | None) -> Booking:
    """The client did not come; the time is given back.

    Raises:
        PermissionDenied: the role may not.
        StaleFormError: it has changed since.
        RefusedError: the visit has not begun yet, or is not open any more.
    """
    held = _held(actor, booking, seen_version)
    _must_be(held, Status.BOOKED)
    if held.starts_at > timezone.now():
        raise RefusedError([Refusal("early", _("The visit has not begun yet. If the client called, cancel it."))])
    held.status = Status.MISSED
    free(held)
    return _saved(actor, held, "booking.missed", {}, "status")
