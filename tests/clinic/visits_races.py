"""Races for the calendar, in threads that start at once, on the database that `DATABASE_URL` names.

    python -m tests.clinic.visits_races book|blind|churn RACES CONTENDERS

`blind` takes away the locks and the look before the leap, so that only the database itself can hold; `churn` lets the
contenders move and cancel as well. Prints one line of JSON.
"""

from __future__ import annotations

import collections
import datetime
import json
import os
import random
import sys
import threading
from collections.abc import Callable
from typing import Any

_BEGIN = datetime.datetime(2027, 1, 4, 9, tzinfo=datetime.UTC)


class Races:
    """Contenders, each with a connection of their own."""

    def __init__(self, kind: str, races: int, contenders: int) -> None:
        from cryomassage_clinic.accounts.models import Clinic
        from tests.clinic.people import make_client, make_house

        self.kind, self.races, self.contenders = kind, races, contenders
        self.house = make_house(f"Races {Clinic.objects.count()}")
        self.clients = [make_client(self.house, full_name=f"Client {one}") for one in range(contenders)]
        self.counts: collections.Counter[str] = collections.Counter()
        self.others: collections.Counter[str] = collections.Counter()
        self.lock = threading.Lock()
        self.start = threading.Barrier(contenders)

    def count(self, what: str) -> None:
        with self.lock:
            self.counts[what] += 1

    def attempt(self, write: Callable[[], Any]) -> None:
        """One contender's try: it wins, or loses with the message that people read."""
        from cryomassage_clinic.visits.rules import RefusedError
        from cryomassage_clinic.visits.slots import TakenError
        from cryomassage_clinic.web.once import StaleFormError

        try:
            write()
        except TakenError as error:
            self.count("losers" if "Blue room" in str(error) else "losers without the name of the room")
        except (StaleFormError, RefusedError):
            self.count("losers")
        except Exception as error:
            with self.lock:
                self.others[f"{type(error).__name__}: {error}"[:200]] += 1
        else:
            self.count("winners")

    def wanted(self, number: int, at: datetime.datetime) -> Any:
        from cryomassage_clinic.visits.services import Wanted

        return Wanted(self.clients[number], self.house.operator, self.house.room, None, at, 10)

    def contender(self, number: int) -> None:
        from django.db import connection

        from cryomassage_clinic.visits import services

        actor, chance = self.house.actor("operator"), random.Random(number)
        for race in range(self.races):
            self.start.wait()
            if self.kind == "churn" and chance.random() < 0.6:
                self.churn(number, chance)
                continue
            at = _BEGIN + datetime.timedelta(minutes=10 * race)
            self.attempt(lambda at=at: services.book(actor, self.wanted(number, at)))  # type: ignore[misc]
        connection.close()

    def churn(self, number: int, chance: random.Random) -> None:
        from cryomassage_clinic.visits import services
        from cryomassage_clinic.visits.models import Booking

        actor = self.house.actor("operator")
        booking = Booking.objects.filter(clinic=self.house.clinic, status="booked").order_by("-starts_at").first()
        if booking is None:
            return
        if chance.random() < 0.4:
            self.attempt(lambda: services.cancel(actor, booking, booking.version, "why"))
            return
        at = booking.starts_at + datetime.timedelta(minutes=chance.choice([-10, -5, 5, 10]))
        self.attempt(
            lambda: services.move(
                actor,
                booking,
                booking.version,
                starts_at=at,
                length_min=10,
                operator=booking.operator,
                room=booking.room,
                device=None,
                note="",
            )
        )

    def run(self) -> dict[str, Any]:
        """Let them go; what came of it."""
        from tests.clinic.visits_support import expected_slots, stored_slots

        threads = [threading.Thread(target=self.contender, args=(one,)) for one in range(self.contenders)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {
            "races": self.races,
            "winners": self.counts["winners"],
            "losers": self.counts["losers"],
            "others": dict(self.others),
            "slots_right": stored_slots() == expected_slots(),
        }


def blinded() -> None:
    """Take away what only makes losing friendlier: locks, and the look before the leap (the first of each try)."""
    from cryomassage_clinic.visits import services, slots

    looked = threading.local()
    true_look, true_take = slots.not_free, slots.take

    def look(*args: Any, **more: Any) -> Any:
        first, looked.before = not getattr(looked, "before", False), True
        return [] if first else true_look(*args, **more)

    def take(bookings: Any) -> None:
        looked.before = False
        true_take(bookings)

    slots.not_free = look
    services.take = take
    services.hold = lambda bookings: None


def main(arguments: list[str]) -> None:
    """Make the tables and run."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.clinic.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    kind, races, contenders = arguments
    if kind == "blind":
        blinded()
    print(json.dumps(Races(kind, int(races), int(contenders)).run()))


if __name__ == "__main__":
    main(sys.argv[1:])
