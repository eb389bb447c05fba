"""Browsers in which somebody is logged in: begun, seen, locked, ended."""

from __future__ import annotations

import datetime
import hashlib
import secrets
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from cryomassage_clinic.accounts import limits
from cryomassage_clinic.accounts.models import StaffSession, TabletLogin, User

SESSION_KEY = "staff_session"
TABLET_COOKIE = "tablet"
_PARKED = "-"  # in place of an address: no browser, only a form that waits for its writer
_PRECISION = datetime.timedelta(seconds=20)  # a row is not written for each of many requests at once


def _longest() -> datetime.timedelta:
    return datetime.timedelta(seconds=settings.SESSION_COOKIE_AGE)


def begin(request: HttpRequest, user: User, *, started_at: datetime.datetime | None = None) -> StaffSession:
    """Note that somebody is logged in here; called for every login, by whatever way.

    Args:
        request: its session belongs to the person already.
        user: who.
        started_at: when they logged in fully, where it was earlier (a tablet taken over by PIN).
    """
    now = timezone.now()
    with transaction.atomic():
        StaffSession.objects.filter(started_at__lt=now - _longest()).delete()
        limits.sweep()
        parked = StaffSession.objects.filter(user=user, address=_PARKED).order_by("-seen_at").first()
        row = StaffSession.objects.create(
            user=user,
            started_at=started_at or now,
            seen_at=now,
            address=str(request.META.get("REMOTE_ADDR", ""))[:64],
            browser=str(request.META.get("HTTP_USER_AGENT", ""))[:200].replace("\x00", ""),
            waiting=parked.waiting if parked is not None else None,
        )
        if parked is not None:
            parked.delete()
    request.session[SESSION_KEY] = str(row.pk)
    return row


def of(request: HttpRequest) -> StaffSession | None:
    """The session of this request; nothing where it was ended, is too old, or was never begun."""
    try:
        pk = UUID(str(request.session.get(SESSION_KEY)))
    except ValueError:
        return None
    row = StaffSession.objects.filter(pk=pk, user=request.user.pk).first()
    if row is None or row.started_at <= timezone.now() - _longest():
        return None
    return row


def is_locked(row: StaffSession) -> bool:
    """Whether this browser must be unlocked first; one that has been idle too long is locked now."""
    if row.locked_at is not None:
        return True
    if timezone.now() - row.seen_at < datetime.timedelta(seconds=settings.IDLE_LOCK_S):
        return False
    lock(row)
    return True


def touch(row: StaffSession) -> None:
    """A person has asked for a page."""
    now = timezone.now()
    if now - row.seen_at >= min(_PRECISION, datetime.timedelta(seconds=settings.IDLE_LOCK_S) / 4):
        row.seen_at = now
        StaffSession.objects.filter(pk=row.pk, locked_at=None).update(seen_at=now)


def lock(row: StaffSession) -> None:
    """Lock this browser."""
    row.locked_at = timezone.now()
    StaffSession.objects.filter(pk=row.pk, locked_at=None).update(locked_at=row.locked_at)


def unlock(row: StaffSession) -> None:
    """Open this browser again."""
    row.locked_at, row.seen_at = None, timezone.now()
    StaffSession.objects.filter(pk=row.pk).update(locked_at=None, seen_at=row.seen_at)


def has_waiting(request: HttpRequest) -> bool:
    """Whether a form waits for the person of this browser: one that was sent into the lock."""
    row: StaffSession | None = getattr(request, "staff_session", None)
    return row is not None and row.waiting is not None


def drop_waiting(row: StaffSession) -> None:
    """The form that waited behind the lock was sent, or is not wanted any more."""
    row.waiting = None
    StaffSession.objects.filter(pk=row.pk).update(waiting=None)


def open_of(user: User) -> Iterable[StaffSession]:
    """The sessions of a person that have not ended, the latest first."""
    rows = StaffSession.objects.filter(user=user, started_at__gt=timezone.now() - _longest())
    return rows.exclude(address=_PARKED).order_by("-seen_at")


def end(user: User, *, pk: UUID | None = None, but: UUID | None = None) -> int:
    """End sessions of a person: one, all, or all but one. Whoever ends all must log in fully on each tablet again.

    Returns:
        How many were ended.
    """
    rows = StaffSession.objects.filter(user=user)
    if pk is not None:
        rows = rows.filter(pk=pk)
    else:
        TabletLogin.objects.filter(user=user).delete()
    if but is not None:
        rows = rows.exclude(pk=but)
    return rows.delete()[0]


def forget(request: HttpRequest) -> None:
    """This browser's session ends: its row goes before the session itself does.

    A form that waits behind the lock is kept for the person who wrote it, until their next login.
    """
    try:
        pk = UUID(str(request.session.get(SESSION_KEY)))
    except ValueError:
        return
    with transaction.atomic():
        row = StaffSession.objects.select_for_update().filter(pk=pk).first()
        if row is None:
            return
        row.delete()
        if row.waiting is not None:
            now = timezone.now()
            StaffSession.objects.create(
                user_id=row.user_id,
                started_at=row.started_at,
                seen_at=now,
                locked_at=now,
                address=_PARKED,
                waiting=row.waiting,
            )


# The shared tablet: who has logged in fully on it today.


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _tablet(request: HttpRequest) -> str:
    token = request.COOKIES.get(TABLET_COOKIE, "")
    return _digest(token) if 32 <= len(token) <= 64 else ""


def remember_tablet(request: HttpRequest, user: User) -> None:
    """After a full login: a PIN is enough here for the rest of the day."""
    tablet = _tablet(request)
    if not tablet:
        request.new_tablet = secrets.token_urlsafe(32)  # type: ignore[attr-defined]
        tablet = _digest(request.new_tablet)  # type: ignore[attr-defined]
    TabletLogin.objects.filter(at__lt=timezone.now() - datetime.timedelta(days=2)).delete()
    TabletLogin.objects.update_or_create(tablet=tablet, user=user, defaults={"at": timezone.now()})


def forget_tablet(request: HttpRequest, user: User) -> None:
    """After logging out: here the password is asked for again."""
    TabletLogin.objects.filter(tablet=_tablet(request), user=user).delete()


def set_tablet_cookie(request: HttpRequest, response: HttpResponse) -> None:
    """Give the tablet its random number, where it has none."""
    token = getattr(request, "new_tablet", None)
    if token is not None:
        response.set_cookie(
            TABLET_COOKIE,
            token,
            max_age=365 * 86_400,
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Strict",
        )


def may_take_over(request: HttpRequest, now_of: User) -> list[TabletLogin]:
    """Colleagues who logged in fully on this tablet today and have a PIN: they may take it over.

    Args:
        request: of the locked tablet.
        now_of: whose session is locked here.
    """
    tablet = _tablet(request)
    if not tablet:
        return []
    today = timezone.localdate()
    rows = (
        TabletLogin.objects.filter(
            tablet=tablet, user__is_active=True, user__clinic=now_of.clinic, at__gt=timezone.now() - _longest()
        )
        .exclude(user=now_of)
        .exclude(user__pin_hash="")
        .select_related("user", "user__clinic")
        .order_by("user__full_name")
    )
    return [row for row in rows if timezone.localdate(row.at) == today]
