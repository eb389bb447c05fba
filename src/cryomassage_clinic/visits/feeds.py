"""Bookings as iCalendar: a feed behind a secret address, and one visit for a client. No health data, no names."""

from __future__ import annotations

import datetime
import hashlib
import secrets
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from icalendar import Calendar, Event, vText

from cryomassage_clinic.accounts.access import Actor, every
from cryomassage_clinic.accounts.limits import Rate, take
from cryomassage_clinic.accounts.models import Clinic
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.services import record
from cryomassage_clinic.visits.clock import zone_of
from cryomassage_clinic.visits.models import Booking, CalendarFeed

GUESSES = Rate("feed address", 30, 60)  # wrong addresses, by who asks
READS = Rate("feed", 60, 3600)  # reads of one feed
_BACK = datetime.timedelta(days=60)
_REFRESH = datetime.timedelta(hours=1)
CONTENT_TYPE = "text/calendar; charset=utf-8"


def digest_of(token: str) -> str:
    """What is kept of a secret address."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def make_feed(actor: Actor, label: str) -> tuple[CalendarFeed, str]:
    """A new secret address for one's own bookings; the secret itself is returned once and kept nowhere.

    Raises:
        PermissionDenied: the role may not.
    """
    actor.require(Can.SEE_CALENDAR)
    token = secrets.token_urlsafe(32)
    feed = CalendarFeed.objects.create(
        clinic=actor.clinic, owner=actor.user, token_digest=digest_of(token), label=label[:80]
    )
    record(actor, "feed.created", feed, {"label": feed.label})
    return feed, token


@transaction.atomic
def revoke_feed(actor: Actor, feed: CalendarFeed) -> CalendarFeed:
    """Close a secret address for good; twice is as once.

    Raises:
        PermissionDenied: the role may not, or the feed is somebody else's and the actor does not manage staff.
    """
    actor.require(Can.SEE_CALENDAR)
    if feed.owner_id != actor.user.pk:
        actor.require(Can.MANAGE_STAFF)
    held = CalendarFeed.objects.select_for_update().get(pk=feed.pk, clinic=actor.clinic)
    if held.revoked_at is None:
        held.revoked_at = timezone.now()
        held.save(update_fields=["revoked_at"])
        record(actor, "feed.revoked", held, {})
    return held


def feeds_of(actor: Actor) -> list[CalendarFeed]:
    """One's own feeds; those who manage staff see everybody's."""
    feeds = every(actor, CalendarFeed, Can.SEE_CALENDAR).select_related("owner").order_by("-created_at")
    return list(feeds if actor.can(Can.MANAGE_STAFF) else feeds.filter(owner=actor.user))


class TooOftenError(Exception):
    """Asked too often."""


def feed_at(token: str, address: str) -> CalendarFeed | None:
    """The feed behind a secret address; none where it is wrong or revoked, or its owner has left.

    Raises:
        TooOftenError: this address guesses, or this feed is read more often than any calendar program does.
    """
    feed = (
        CalendarFeed.objects.filter(token_digest=digest_of(token), revoked_at__isnull=True)
        .select_related("owner", "clinic")
        .first()
    )
    if feed is None or not feed.owner.can(Can.SEE_CALENDAR) or feed.owner.clinic_id != feed.clinic_id:
        if take((GUESSES, address)) is None:
            raise TooOftenError
        return None
    if take((READS, str(feed.pk))) is None:
        raise TooOftenError
    CalendarFeed.objects.filter(pk=feed.pk).update(last_read_at=timezone.now())
    return feed


def feed_text(feed: CalendarFeed) -> bytes:
    """The bookings of the feed's owner, from two months ago on."""
    bookings = Booking.objects.filter(
        clinic=feed.clinic, operator=feed.owner, starts_at__gte=timezone.now() - _BACK
    ).order_by("starts_at", "pk")
    with override(feed.owner.language):
        calendar = _calendar("PUBLISH")
        calendar.add("x-wr-calname", _("Appointments"))
        calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", "PT1H")
        return _written(calendar, bookings, feed.clinic)


def visit_text(booking: Booking) -> bytes:
    """One visit for the client's own calendar: when, and the address; not what for."""
    cancelled = booking.status == Booking.Status.CANCELLED
    return _written(
        _calendar("CANCEL" if cancelled else "PUBLISH"), [booking], booking.clinic, booking.room.site.address
    )


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//Cryomassage//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _written(calendar: Calendar, bookings: Iterable[Booking], clinic: Clinic, place: str = "") -> bytes:
    zone = zone_of(clinic)
    for booking in bookings:
        calendar.add_component(_event(booking, zone, place))
    calendar.add_missing_timezones()
    written: bytes = calendar.to_ical()
    return written


def _event(booking: Booking, zone: datetime.tzinfo, place: str) -> Event:
    event = Event()
    event.add("uid", f"{booking.pk}@cryomassage.invalid")
    event.add("dtstamp", booking.changed_at.astimezone(datetime.UTC).replace(microsecond=0))
    event.add("last-modified", booking.changed_at.astimezone(datetime.UTC).replace(microsecond=0))
    event.add("dtstart", _local(booking.starts_at, zone))
    event.add("dtend", _local(booking.ends_at, zone))
    event.add("summary", vText(_("Appointment")))
    event.add("sequence", booking.version - 1)
    event.add("status", "CANCELLED" if booking.status == Booking.Status.CANCELLED else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT" if booking.status == Booking.Status.CANCELLED else "OPAQUE")
    if place:
        event.add("location", place)
    return event


def _local(at: datetime.datetime, zone: Any) -> datetime.datetime:
    """With the clinic's zone. The second of two equal times goes in UTC: a wall time cannot say which one it is."""
    local = at.astimezone(zone)
    if local.fold or str(zone) == "UTC":
        return at.astimezone(datetime.UTC)
    return local
