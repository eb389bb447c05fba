"""Writes of the screening: answers, what doctors have said, and test spots."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.services import record
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.courses.days import today_of
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.screening.answers import NOT_SITED, VITALS, Kept, counts, kept_answers, merged, newest, stored
from cryomassage_clinic.screening.asking import asked_questions, case_zones
from cryomassage_clinic.screening.models import AnswerSet, DoctorNote, TestSpot
from cryomassage_clinic.web.once import StaleFormError

ANY = "any"  # for programs that have not shown anybody what was answered before


class IncompleteError(Exception):
    """Questions are not answered, or answered with what is no answer.

    Attributes:
        questions: their keys.
    """

    def __init__(self, questions: list[str]) -> None:
        self.questions = questions
        super().__init__(", ".join(questions))


def _locked(actor: Actor, client: Client) -> Client:
    return Client.objects.select_for_update().get(clinic=actor.clinic, pk=client.pk)


def _possible(key: str, answer: str, client: Client, today: datetime.date) -> bool:
    """Whether this is an answer to that question at all."""
    question = bridge.knowledge().question[key]
    words = {"yes_no": ("yes", "no", "unsure"), "date_or_no": ("no", "unsure"), "choice": (*question.choices, "unsure")}
    try:
        if question.answer == "number":
            low, high = question.range or (1.0, 0.0)
            return low <= float(answer.removesuffix(str(question.unit)).strip()) <= high
        if answer in words[question.answer]:
            return True
        return question.answer == "date_or_no" and client.birth_date <= datetime.date.fromisoformat(answer) <= today
    except ValueError:
        return False


def _new(key: str, value: Any, zones: tuple[str, ...], at: datetime.datetime) -> Kept:
    answer = str(value["answer"] if isinstance(value, dict) else value)
    if key not in bridge.sited_questions():
        return Kept(answer, at)
    named = tuple(value.get("zones", ())) if isinstance(value, dict) else ()
    here = () if answer in NOT_SITED else tuple(zone for zone in named if zone in zones) or zones
    return Kept(answer, at, here, zones)


def save_answers(actor: Actor, course: Course, given: Mapping[str, Any], *, seen: int | str | None = ANY) -> AnswerSet:
    """Keep what a client has answered, as a new set; nothing that was answered before is changed.

    An answer that still counts and was not changed keeps the time at which it was given.

    Args:
        actor: who asked.
        course: what the questions were asked for; it decides which ones have to be answered.
        given: by question, the answer in the form of the core, measured values with their units.
        seen: number of the set that the questionnaire was filled in from; 0 where there was none.

    Raises:
        PermissionDenied: the role may not.
        IncompleteError: a question of the core has no answer that can be one.
        InputError: body or wish are not known well enough to choose the questions.
        StaleFormError: somebody else has asked the client meanwhile.
    """
    actor.require(Can.EDIT_HEALTH)
    with transaction.atomic():
        client = _locked(actor, course.client)
        before = newest(client)
        if seen != ANY and str(before.number if before else 0) != str(seen):
            raise StaleFormError(before)
        now, today = timezone.now(), today_of(actor.clinic)
        zones, questions = case_zones(course, today), asked_questions(course, today)
        asked = {key: _new(key, given[key], zones, now) for key in questions if key in given}
        wrong = [key for key in questions if key not in asked or not _possible(key, asked[key].answer, client, today)]
        if wrong:
            raise IncompleteError(wrong)
        old = kept_answers(before)
        kept = {key: one for key, one in old.items() if key in bridge.knowledge().question}
        for key, one in asked.items():
            earlier = old.get(key)
            unchanged = (
                earlier is not None
                and key not in VITALS
                and earlier.answer == one.answer
                and set(one.zones) == set(earlier.zones) & set(zones)
                and counts(key, earlier, client, today, zones)
            )
            kept[key] = earlier if unchanged and earlier is not None else merged(key, earlier, one)
        answer_set = AnswerSet.objects.create(
            clinic=actor.clinic,
            client=client,
            course=course,
            number=(before.number if before else 0) + 1,
            answers={key: stored(one) for key, one in kept.items() if key not in VITALS},
            vitals=_vitals(kept),
            knowledge_fingerprint=bridge.fingerprint(),
            asked_by=actor.user,
            asked_at=now,
        )
        details = {"number": answer_set.number, "answers": answer_set.answers, "vitals": answer_set.vitals}
        record(actor, "screening.answered", answer_set, details, client_id=client.pk)
    return answer_set


def _vitals(kept: Mapping[str, Kept]) -> dict[str, str] | None:
    measured = {key: kept[key] for key in VITALS if key in kept}
    times = [one.at for one in measured.values() if one.at is not None]
    if len(times) < len(VITALS):
        return None
    return {**{key: one.answer for key, one in measured.items()}, "measured_at": min(times).isoformat()}


class NoteError(Exception):
    """A note that cannot be taken; `problems` names the fields and says why."""

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems.values()))


def _not_ahead(date: datetime.date, client: Client, actor: Actor) -> None:
    if date > today_of(actor.clinic):
        raise NoteError({"date": _("This day lies in the future.")})
    if date < client.birth_date:
        raise NoteError({"date": _("This day lies before the client was born.")})


def add_note(actor: Actor, client: Client, kind: str, about: str, doctor: str, date: datetime.date) -> DoctorNote:
    """Keep a diagnosis or a written clearance.

    Args:
        actor: who enters it.
        client: of whom.
        kind: `diagnosis` or `clearance`.
        about: the indication diagnosed, or the rule cleared.
        doctor: name of the doctor.
        date: when the doctor said so.

    Raises:
        PermissionDenied: the role may not.
        NoteError: there is no such thing, it cannot be cleared, or the day cannot be.
    """
    actor.require(Can.EDIT_HEALTH)
    if kind == "diagnosis" and about not in bridge.indications():
        raise NoteError({"about": _("Choose what was diagnosed.")})
    rule = bridge.knowledge().rule.get(about)
    if kind == "clearance" and (rule is None or not rule.clearable):
        raise NoteError({"about": _("Choose what the doctor has agreed to. What is a stop cannot be cleared.")})
    if len(doctor.strip()) < 2:
        raise NoteError({"doctor": _("Write the name of the doctor.")})
    _not_ahead(date, client, actor)
    with transaction.atomic():
        note = DoctorNote.objects.create(
            clinic=actor.clinic,
            client=_locked(actor, client),
            kind=kind,
            about=about,
            doctor=doctor.strip(),
            date=date,
            entered_by=actor.user,
        )
        details = {"kind": kind, "about": about, "doctor": note.doctor, "date": date}
        record(actor, "doctor_note.added", note, details, client_id=client.pk)
    return note


def withdraw_note(actor: Actor, note: DoctorNote) -> None:
    """Take a note out of what counts; it stays on file.

    Raises:
        PermissionDenied: the role may not.
    """
    actor.require(Can.EDIT_HEALTH)
    with transaction.atomic():
        row = DoctorNote.objects.select_for_update().get(clinic=actor.clinic, pk=note.pk)
        if row.withdrawn_at is None:
            row.withdrawn_at = timezone.now()
            row.save(update_fields=["withdrawn_at"])
            record(actor, "doctor_note.withdrawn", row, {"about": row.about}, client_id=row.client_id)


def add_test_spot(
    actor: Actor, client: Client, method: str, date: datetime.date, read_after_min: float, result: str
) -> TestSpot:
    """Keep what was read of a test spot.

    Raises:
        PermissionDenied: the role may not.
        NoteError: no nitrogen is used by that method, or day, minutes or result cannot be.
    """
    actor.require(Can.EDIT_HEALTH)
    known = bridge.methods().get(method)
    if known is None or not known.liquid_nitrogen:
        raise NoteError({"method": _("Choose the method: a test spot is made with liquid nitrogen.")})
    if not 1.0 <= read_after_min <= 60.0:
        raise NoteError({"read_after_min": _("Between 1 and 60 minutes; a test spot is read after 15.")})
    if result not in {value for value, _label in TestSpot._meta.get_field("result").choices or ()}:
        raise NoteError({"result": _("Choose what was seen.")})
    _not_ahead(date, client, actor)
    with transaction.atomic():
        spot = TestSpot.objects.create(
            clinic=actor.clinic,
            client=_locked(actor, client),
            method=method,
            date=date,
            read_after_min=read_after_min,
            result=result,
            entered_by=actor.user,
        )
        details = {"method": method, "date": date, "read_after_min": read_after_min, "result": result}
        record(actor, "test_spot.read", spot, details, client_id=client.pk)
    return spot


def withdraw_test_spot(actor: Actor, spot: TestSpot) -> None:
    """Take a test spot that was entered by mistake out of what counts; it stays on file.

    Raises:
        PermissionDenied: the role may not.
    """
    actor.require(Can.EDIT_HEALTH)
    with transaction.atomic():
        row = TestSpot.objects.select_for_update().get(clinic=actor.clinic, pk=spot.pk)
        if row.withdrawn_at is None:
            row.withdrawn_at = timezone.now()
            row.save(update_fields=["withdrawn_at"])
            record(actor, "test_spot.withdrawn", row, {"result": row.result}, client_id=row.client_id)
