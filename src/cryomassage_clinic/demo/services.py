"""Fills a clinic with the demo: places at once, people by the worker, so that no page waits."""

from __future__ import annotations

import secrets

from django.db import transaction

from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.models import Clinic, User
from cryomassage_clinic.accounts.permissions import Role
from cryomassage_clinic.audit.services import record
from cryomassage_clinic.demo.tasks import fill_demo

DEMO_CLINIC = "Demo clinic"
_STAFF = (
    ("demo-owner", "Olga Demo", Role.OWNER),
    ("demo-doctor", "Dana Demo", Role.DOCTOR),
    ("demo-operator", "Omar Demo", Role.OPERATOR),
    ("demo-reception", "Rita Demo", Role.RECEPTION),
    ("demo-inspector", "Ines Demo", Role.INSPECTOR),
)


def make_demo(actor: Actor) -> None:
    """Ask the worker to put the demo's rooms, clients and visits into the clinic of this owner."""
    with transaction.atomic():
        record(actor, "demo.asked", actor.clinic)
        fill_demo.enqueue(str(actor.user.pk))


def make_demo_clinic() -> str | None:
    """A clinic of its own with a person of each role, filled by the worker.

    Returns:
        Words for the terminal: user names and their one password; None where the demo is there already.
    """
    with transaction.atomic():
        if Clinic.objects.select_for_update().filter(name=DEMO_CLINIC).exists():
            return None
        clinic = Clinic.objects.create(name=DEMO_CLINIC, time_zone="Europe/London")
        password = secrets.token_urlsafe(9)
        people = []
        for username, full_name, role in _STAFF:
            user = User(username=username, full_name=full_name, role=role, clinic=clinic)
            user.set_password(password)
            user.save()
            people.append(user)
        actor = Actor(people[0], clinic)
        record(actor, "clinic.begun", clinic, {"name": clinic.name, "demo": True})
        fill_demo.enqueue(str(people[0].pk))
    names = ", ".join(username for username, _full_name, _role in _STAFF)
    return f"Demo clinic: log in as {names}; the password of each is {password}"
