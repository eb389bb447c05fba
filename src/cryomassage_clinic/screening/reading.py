"""Reads what was sent: each answer checked, each mistake told beside its question."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cryomassage_clinic import bridge
from cryomassage_clinic.bridge import Question
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.clients.names import with_plain_digits
from cryomassage_clinic.screening.asking import Asked, labels_of

_LONGEST = 40


def _number(asked: Asked, text: str) -> str:
    """The number with its unit; what is wrong with it is written into `asked`."""
    question = asked.question
    try:
        value = float(with_plain_digits(text).replace("٫", ".").replace(",", "."))
    except ValueError:
        asked.error = _("Write a number, such as %(example)d.") % {"example": (asked.low + asked.high) / 2}
        return ""
    if not asked.low <= value <= asked.high:  # also refuses what is no number
        asked.error = _("Between %(low)g and %(high)g %(unit)s. Measure again.") % {
            "low": asked.low,
            "high": asked.high,
            "unit": asked.unit,
        }
        return ""
    return f"{value:g} {question.unit}"


def _day(asked: Asked, client: Client, today: datetime.date) -> str:
    try:
        day = datetime.date.fromisoformat(asked.date)
    except ValueError:
        asked.error = _("Give the day. If only the month is known, take its last day: that is the careful side.")
        return ""
    if day > today:
        asked.error = _("This day lies in the future. If it is still so, give today.")
        return ""
    if day < client.birth_date:
        asked.error = _("This day lies before the birth on %(day)s.") % {"day": date_format(client.birth_date, "j F Y")}
        return ""
    return day.isoformat()


def _answer(asked: Asked, client: Client, today: datetime.date) -> str:
    """The answer; nothing where there is none or where it cannot be one."""
    measured = asked.question.answer == "number"
    if not asked.chosen:
        asked.error = _("Not measured yet.") if measured else _("Not answered yet.")
    elif measured:
        return _number(asked, asked.chosen)
    elif asked.chosen not in labels_of(asked.question):
        asked.error = _("This is not one of the answers. Choose one.")
    elif asked.chosen == "date":
        return _day(asked, client, today)
    elif asked.date and asked.question.answer == "date_or_no":
        asked.error = _("Two answers: a day, and another one. Choose one.")
    else:
        return asked.chosen
    return ""


def read(
    sent: QueryDict,
    questions: Mapping[str, Question],
    client: Client,
    zones: tuple[str, ...],
    today: datetime.date,
) -> tuple[dict[str, Any], dict[str, Asked]]:
    """The answers to all questions.

    Args:
        sent: the form.
        questions: those that had to be answered.
        client: whose answers.
        zones: where they can hold.
        today: the day in the clinic.

    Returns:
        By question, the answer in the form of the core; and what was typed, with what is wrong with it.
    """
    given: dict[str, Any] = {}
    typed: dict[str, Asked] = {}
    for key, question in questions.items():
        asked = typed[key] = Asked(key, question, question.ask, question.why)
        asked.chosen = sent.get(f"q-{key}", "").strip()[:_LONGEST]
        asked.date = sent.get(f"d-{key}", "").strip()[:_LONGEST]
        asked.zones = tuple(zone for zone in sent.getlist(f"z-{key}") if zone in zones)
        if question.answer == "date_or_no" and asked.date and not asked.chosen:
            asked.chosen = "date"
        answer = _answer(asked, client, today)
        if not answer:
            continue
        sited = key in bridge.sited_questions() and answer not in ("no", "unsure")
        given[key] = {"answer": answer, "zones": list(asked.zones or zones)} if sited else answer
    _compare(typed, given)
    return given, typed


def _compare(typed: dict[str, Asked], given: dict[str, Any]) -> None:
    """The lower value of the blood pressure is the lower one."""
    if "systolic" in given and "diastolic" in given:
        upper, lower = (float(str(given[key]).split(" ")[0]) for key in ("systolic", "diastolic"))
        if lower >= upper:
            typed["diastolic"].error = _("The lower value must be below the upper one. Check both, or measure again.")
            del given["diastolic"]
