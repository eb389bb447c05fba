"""Taking time, so that nobody else can: each five minutes of a person, room, device or client is taken once.

The unique key in the database decides. Looking first only makes the message friendlier.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from cryomassage_clinic.accounts.models import User
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.places.models import Device, Room
from cryomassage_clinic.visits.clock import SLOT, slots_between
from cryomassage_clinic.visits.models import Booking, TakenSlot

_TAKES_TIME = (Booking.Status.BOOKED, Booking.Status.ARRIVED, Booking.Status.DONE)


@dataclass(frozen=True)
class Taken:
    """What is not free, and for which booking it was asked."""

    resource: str
    name: str
    booking_number: int | None  # number of the session that could not be booked, where several were asked for

    def __str__(self) -> str:
        return _("%(name)s is taken at that time.") % {"name": self.name}


class TakenError(Exception):
    """Somebody was faster: nothing was booked."""

    def __init__(self, taken: Sequence[Taken]) -> None:
        self.taken = tuple(taken)
        super().__init__(" ".join(str(one) for one in taken))


def takes_time(booking: Booking) -> bool:
    """Whether a booking holds its time: cancelled and missed ones do not."""
    return booking.status in _TAKES_TIME


def resources_of(booking: Booking) -> dict[str, str]:
    """Keys of everything that a booking takes, each with the name that a message calls it by."""
    found = {
        f"client:{booking.client_id}": _("The client"),
        f"operator:{booking.operator_id}": str(booking.operator),
        f"room:{booking.room_id}": str(booking.room),
    }
    if booking.device is not None:
        found[f"device:{booking.device_id}"] = str(booking.device)
    return found


def wanted_slots(booking: Booking) -> list[tuple[str, datetime.datetime]]:
    """Every slot that a booking takes; the room stays taken while it is aired."""
    aired = booking.ends_at + datetime.timedelta(minutes=booking.airing_min)
    wanted = []
    for resource in resources_of(booking):
        end = aired if resource.startswith("room:") else booking.ends_at
        wanted += [(resource, at) for at in slots_between(booking.starts_at, end)]
    return wanted


def hold(bookings: Iterable[Booking]) -> None:
    """Queue at everybody and everything that these bookings are about, always in the same order.

    Rules that look at other bookings (gaps, numbers) hold only while nobody else books for the same client; and
    writers that queue in one order cannot wait for each other in a ring. SQLite has one writer at a time anyway.
    """
    many = list(bookings)
    wanted: list[tuple[type[Any], set[Any]]] = [
        (Client, {one.client_id for one in many}),
        (User, {one.operator_id for one in many}),
        (Room, {one.room_id for one in many}),
        (Device, {one.device_id for one in many if one.device_id is not None}),
    ]
    for model, keys in wanted:
        held = model._default_manager.filter(pk__in=keys).order_by("pk").select_for_update(no_key=True)
        list(held.values_list("pk", flat=True))


def not_free(bookings: Sequence[Booking], *, ignoring: Iterable[Booking] = ()) -> list[Taken]:
    """What is taken already at the times of these bookings, and where they collide with each other."""
    found: list[Taken] = []
    own: dict[tuple[str, datetime.datetime], Booking] = {}
    ignored = {booking.pk for booking in ignoring}
    for booking in bookings:
        names = resources_of(booking)
        wanted = wanted_slots(booking)
        collides = {resource for resource, at in wanted if own.get((resource, at)) is not None}
        own.update(dict.fromkeys(wanted, booking))
        times = [at for _resource, at in wanted]
        if times:
            held = TakenSlot.objects.filter(
                resource__in=names, starts_at__gte=min(times), starts_at__lte=max(times)
            ).exclude(booking__in=ignored)
            wanted_set = set(wanted)
            collides |= {slot.resource for slot in held if (slot.resource, slot.starts_at) in wanted_set}
        found += [
            Taken(resource, name, booking.session_number) for resource, name in names.items() if resource in collides
        ]
    return found


def take(bookings: Sequence[Booking]) -> None:
    """Take the time of bookings that are saved, all or none, inside the transaction that saved them.

    Raises:
        TakenError: something is taken; the transaction must be given up.
    """
    busy = not_free(bookings)
    if busy:
        raise TakenError(busy)
    rows = sorted(
        ((resource, at, booking) for booking in bookings for resource, at in wanted_slots(booking)),
        key=lambda row: row[:2],
    )
    try:
        with transaction.atomic():
            TakenSlot.objects.bulk_create(
                TakenSlot(resource=resource, starts_at=at, booking=booking) for resource, at, booking in rows
            )
    except IntegrityError as error:
        # Somebody took it between the look and the writing; the database held.
        busy = not_free(bookings) or [
            Taken(resource, name, booking.session_number)
            for booking in bookings
            for resource, name in resources_of(booking).items()
            if resource.startswith("room:")
        ]
        raise TakenError(busy) from error


def free(booking: Booking) -> None:
    """Give the time of a booking back."""
    TakenSlot.objects.filter(booking=booking).delete()


@dataclass
class Diary:
    """What is taken of some resources within a stretch of time, read once, for looking for free time."""

    taken: set[tuple[str, datetime.datetime]]

    @classmethod
    def read(
        cls, resources: Iterable[str], start: datetime.datetime, end: datetime.datetime, ignoring: Booking | None = None
    ) -> Diary:
        """Read what is taken."""
        rows = TakenSlot.objects.filter(resource__in=list(resources), starts_at__gte=start, starts_at__lt=end)
        if ignoring is not None:
            rows = rows.exclude(booking=ignoring)
        return cls(set(rows.values_list("resource", "starts_at")))

    def busy(self, booking: Booking) -> list[str]:
        """Names of what is taken at the time of a booking."""
        names = resources_of(booking)
        clash = {resource for resource, at in wanted_slots(booking) if (resource, at) in self.taken}
        return [name for resource, name in names.items() if resource in clash]

    def add(self, booking: Booking) -> None:
        """Count a booking that is only proposed as taken."""
        self.taken.update(wanted_slots(booking))


def next_free(
    booking: Booking, latest: datetime.datetime, *, ignoring: Booking | None = None
) -> datetime.datetime | None:
    """The next moment at or after the start of a booking at which everything it needs is free."""
    length = booking.ends_at - booking.starts_at
    airing = datetime.timedelta(minutes=booking.airing_min)
    diary = Diary.read(resources_of(booking), booking.starts_at, latest + length + airing, ignoring)
    trial = Booking(
        client=booking.client,
        operator=booking.operator,
        room=booking.room,
        device=booking.device,
        airing_min=booking.airing_min,
    )
    at = booking.starts_at
    while at <= latest:
        trial.starts_at, trial.ends_at = at, at + length
        if not diary.busy(trial):
            return at
        at += SLOT
    return None
