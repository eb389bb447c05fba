"""Eight who write at once, and are killed: run inside an instance (`Instance.python`), before it has connected."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID


class Journal:
    """What one writer was told, kept where no kill of the writer reaches: each line is one call of the system."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def line(self, **told: Any) -> None:
        os.write(self._file, (json.dumps(told) + "\n").encode())


def _write_for_ever(journal: Journal, chance: random.Random) -> None:
    """Real writes of real services: a client, a change, a visit. A line before each and one after it."""
    import datetime

    from cryomassage_clinic.accounts.access import Actor
    from cryomassage_clinic.accounts.models import User
    from cryomassage_clinic.clients import services as clients
    from cryomassage_clinic.places.models import Room
    from cryomassage_clinic.visits import services as visits
    from cryomassage_clinic.visits.slots import TakenError

    user = User.objects.select_related("clinic").get(username="acorn-owner")
    actor, room = Actor(user, user.clinic), Room.objects.get()
    # No visit is booked further ahead than the product lets one.
    first = datetime.datetime.now(datetime.UTC).replace(minute=0, second=0, microsecond=0) + datetime.timedelta(days=1)
    while True:
        name = f"Name {chance.random()}"
        journal.line(begun="create")
        client = clients.create_client(actor, {"full_name": name, "birth_date": datetime.date(1990, 1, 1)})
        journal.line(done="create", client=str(client.pk), name=name)
        journal.line(begun="edit")
        client = clients.edit_client(actor, client, {"phone": name}, client.version)
        journal.line(done="edit", client=str(client.pk), version=client.version)
        at = first + datetime.timedelta(minutes=30 * chance.randrange(23_000))
        journal.line(begun="book")
        try:
            booking = visits.book(actor, visits.Wanted(client, user, room, None, at, 20))
        except TakenError:
            journal.line(done="taken")
        else:
            journal.line(done="book", booking=str(booking.pk))


def _fork(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    return child


def storm(folder: str, kills: int, seed: int = 1, writers: int = 8) -> None:
    """Keep so many writers at work, and kill one of them at a random moment, so many times; then all of them."""
    chance, place = random.Random(seed), Path(folder)
    number, alive = 0, []

    def start() -> None:
        nonlocal number
        number += 1
        mine, lines = random.Random(seed * 10_000 + number), Journal(place / f"{number}.jsonl")
        alive.append(_fork(lambda: _write_for_ever(lines, mine)))

    for _ in range(writers):
        start()
    time.sleep(1)
    for _ in range(kills):
        time.sleep(chance.uniform(0.0, 0.12))
        victim = alive.pop(chance.randrange(len(alive)))
        os.kill(victim, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(victim, 0)[1]) == -signal.SIGKILL, "it had failed before"
        start()
    time.sleep(0.5)
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL, "it had failed before"


def _rows(count: int) -> None:
    from django.db import transaction

    from cryomassage_clinic.accounts.access import Actor
    from cryomassage_clinic.accounts.models import User
    from cryomassage_clinic.audit.services import record

    user = User.objects.select_related("clinic").get(username="acorn-owner")
    for number in range(count):
        with transaction.atomic():
            record(Actor(user, user.clinic), "site.changed", user.clinic, {"number": number})


def many_rows(count: int, writers: int = 8) -> None:
    """So many writers, each with so many rows of the log, all at once."""
    for pid in [_fork(lambda: _rows(count)) for _ in range(writers)]:
        assert os.waitpid(pid, 0)[1] == 0


def losses(folder: str) -> dict[str, Any]:
    """Hold what the writers were told against what is in the database, and rows against each other."""
    from django.db import connection

    from cryomassage_clinic.audit.models import AuditDetails, AuditRow
    from cryomassage_clinic.clients.models import Client
    from cryomassage_clinic.visits.models import Booking
    from tests.clinic.visits_support import expected_slots, stored_slots

    told, cut = [], 0
    for path in Path(folder).glob("*.jsonl"):
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        cut += bool(lines) and "begun" in lines[-1]
        told += [one for one in lines if "done" in one]
    clients = {pk: (name, version) for pk, name, version in Client.objects.values_list("pk", "full_name", "version")}
    bookings = set(Booking.objects.values_list("pk", flat=True))
    lost = []
    for one in told:
        held = clients.get(UUID(one["client"])) if "client" in one else None
        if one["done"] == "create" and (held is None or held[0] != one["name"]):
            lost.append(one)
        if one["done"] == "edit" and (held is None or held[1] < one["version"]):
            lost.append(one)
        if one["done"] == "book" and UUID(one["booking"]) not in bookings:
            lost.append(one)

    def subjects(action: str) -> list[str]:
        return sorted(AuditRow.objects.filter(action=action).values_list("subject_id", flat=True))

    half = {
        "clients": subjects("client.created") != sorted(map(str, clients)),
        "changes": len(subjects("client.changed")) != sum(version - 1 for _name, version in clients.values()),
        "bookings": subjects("booking.created") != sorted(map(str, bookings)),
        "slots": stored_slots() != expected_slots(),
        "details": AuditDetails.objects.count() != AuditRow.objects.count(),
    }
    damage = "ok"
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            damage = str(cursor.execute("PRAGMA integrity_check").fetchone()[0])
    return {
        "told": len(told), "lost": lost, "half": [name for name, wrong in half.items() if wrong],
        "cut_in_a_write": cut, "integrity": damage,
    }  # fmt: skip
