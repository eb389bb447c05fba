"""Limits of tries, in the database: they survive a restart and are shared by all processes.

The limiter of the login library counts in the cache; a database cache throws old entries away when it is full, so
that whoever tries many names would be forgiven. Here a try is counted before it is made, under a lock of its row,
and taken back if it succeeds: threads that try at once never get more tries than one after the other.
"""

from __future__ import annotations

import datetime
import hashlib
import time
import unicodedata
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from cryomassage_clinic.accounts.models import Attempts


@dataclass(frozen=True)
class Rate:
    """So many tries within so many seconds."""

    name: str
    amount: int
    within_s: int


@dataclass(frozen=True)
class Taken:
    """A try that was counted, so that it can be taken back."""

    keys: tuple[str, ...]
    at: float


ACCOUNT = Rate("account", 5, 300)
ADDRESS = Rate("address", 30, 60)
PIN = Rate("pin", 5, 300)
PIN_DAY = Rate("pin day", 20, 86_400)  # a short number can be guessed slowly, too
_KEPT = datetime.timedelta(days=2)


def _key(rate: Rate, whose: str) -> str:
    """One key for one name, however it is typed."""
    plain = unicodedata.normalize("NFKC", whose).casefold().strip()
    return hashlib.sha256(f"{rate.name}:{plain}".encode()).hexdigest()


def _inside(times: list[float], rate: Rate, now: float) -> list[float]:
    """The tries that still count; one from the future (the clock was set back) counts as one of now."""
    return [min(at, now) for at in times if at > now - rate.within_s]


def take(*limits: tuple[Rate, str]) -> Taken | None:
    """Count one try against each limit.

    Args:
        limits: each a rate and whose it is (user name, address, …).

    Returns:
        What was counted, or nothing where one of the limits is reached; then none is counted.
    """
    wanted = {_key(rate, whose): rate for rate, whose in limits}
    with transaction.atomic():
        Attempts.objects.bulk_create([Attempts(key=key) for key in wanted], ignore_conflicts=True)
        rows = list(Attempts.objects.select_for_update().filter(key__in=wanted).order_by("key"))
        if len(rows) < len(wanted):
            return None  # swept away in this moment: refuse rather than forgive
        now = time.time()  # under the lock, so that times rise in the order of the tries
        for row in rows:
            row.times = _inside(row.times, wanted[row.key], now)
            if len(row.times) >= wanted[row.key].amount:
                return None
        for row in rows:
            row.times.append(now)
            row.save(update_fields=["times", "updated_at"])
    return Taken(tuple(wanted), now)


def give_back(taken: Taken) -> None:
    """A try has succeeded and does not count."""
    with transaction.atomic():
        for row in Attempts.objects.select_for_update().filter(key__in=taken.keys).order_by("key"):
            if taken.at in row.times:
                row.times.remove(taken.at)
                row.save(update_fields=["times", "updated_at"])


def reached(rate: Rate, whose: str) -> bool:
    """Whether the next try would be refused."""
    row = Attempts.objects.filter(key=_key(rate, whose)).first()
    return row is not None and len(_inside(row.times, rate, time.time())) >= rate.amount


def clear(rate: Rate, whose: str) -> None:
    """Forget the tries; after something stronger than what is limited has been shown."""
    Attempts.objects.filter(key=_key(rate, whose)).delete()


def sweep() -> None:
    """Drop what no limit looks at any more."""
    Attempts.objects.filter(updated_at__lt=timezone.now() - _KEPT).delete()
