"""Reads of the screening: what counts on a day, what doctors have said, and the verdict."""

from __future__ import annotations

import datetime
import re
from typing import Any

from django.db.models import QuerySet

from cryomassage_clinic import bridge
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.screening.answers import VITALS, counts, for_core, kept_answers, newest
from cryomassage_clinic.screening.models import DoctorNote, TestSpot
from cryomassage_clinic.screening.verdict import Verdict, verdict_of

__all__ = ["Verdict", "answers_for_case", "notes_for_case", "notes_of", "spots_of", "verdict_of"]

_RULE = re.compile(r"^[a-z][a-z0-9_]*$")  # what the core takes as the name of a rule


def answers_for_case(client: Client, date: datetime.date, zones: tuple[str, ...] = ()) -> dict[str, Any]:
    """The answers that count on a day, as the core reads them.

    Args:
        client: whose.
        date: day of the visit.
        zones: what is to be treated; an answer about other places does not count for these.

    Returns:
        `answers` and `vitals` for a case, `stale`: questions whose answers are too old or were about other places, and
        `answer_set`: where they come from.
    """
    answer_set = newest(client)
    kept = kept_answers(answer_set)
    known = bridge.knowledge().question
    fresh = {key: one for key, one in kept.items() if counts(key, one, client, date, zones)}
    vitals = {key: fresh[key].answer for key in VITALS if key in fresh}
    return {
        "answers": {key: for_core(one) for key, one in fresh.items() if key not in VITALS},
        "vitals": vitals if len(vitals) == len(VITALS) else None,
        "stale": [key for key in kept if key in known and key not in fresh],
        "answer_set": answer_set,
    }


def notes_of(client: Client) -> QuerySet[DoctorNote]:
    """What doctors have said, the newest first; what was withdrawn is not in it."""
    return client.doctor_notes.filter(withdrawn_at__isnull=True).order_by("-date", "-created_at")


def spots_of(client: Client) -> QuerySet[TestSpot]:
    """Test spots, the newest first; what was entered by mistake is not in it."""
    return client.test_spots.filter(withdrawn_at__isnull=True).order_by("-date", "-created_at")


def _spot(client: Client, date: datetime.date, method: str) -> TestSpot | None:
    """The test spot that counts.

    A reaction counts until a later spot by the same method was clear. Otherwise the newest one counts, of the method
    if there is one.
    """
    spots = list(spots_of(client).filter(date__lte=date))
    for index, spot in enumerate(spots):
        if spot.result != "clear" and not any(
            later.method == spot.method and later.result == "clear" and later.date > spot.date
            for later in spots[:index]
        ):
            return spot
    return next((spot for spot in spots if spot.method == method), spots[0] if spots else None)


def notes_for_case(client: Client, indication: str, date: datetime.date, method: str = "") -> dict[str, Any]:
    """What doctors have said up to a day, and the test spot, as the core reads them; what there is not is left out."""
    notes = list(notes_of(client).filter(date__lte=date))
    diagnosis = next((note for note in notes if note.kind == "diagnosis" and note.about == indication), None)
    told: dict[str, Any] = {
        "clearance": [
            {"rule": note.about, "doctor": note.doctor, "date": note.date}
            for note in notes
            if note.kind == "clearance" and _RULE.match(note.about)
        ]
    }
    if diagnosis is not None:
        told["diagnosis"] = {"what": diagnosis.about, "doctor": diagnosis.doctor, "date": diagnosis.date}
    spot = _spot(client, date, method)
    if spot is not None:
        told["test_spot"] = {
            "date": spot.date,
            "method": spot.method,
            "read_after": f"{spot.read_after_min:g} min",
            "result": spot.result,
        }
    return told
