"""Reads a client file and holds it against the knowledge: do the things that it names exist?"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryomassage.errors import InputError, Problem
from cryomassage.interchange.toml_file import read_form, suggestion, validated
from cryomassage.knowledge.questionnaire import Question
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.answers import BODY_QUESTIONS, applies, given
from cryomassage.planning.route import resolve_method
from cryomassage.records.client import SCHEMA, Client, SitedAnswer
from cryomassage.records.room import SCHEMA as ROOM_SCHEMA
from cryomassage.records.room import Room

_ANSWERED = "yes", "no", "unsure"


def _exists(field: str, key: str, known: Iterable[str]) -> list[Problem]:
    known = list(known)
    if key in known:
        return []
    return [Problem(field, f"{key!r}", "there is no such entry", suggestion(key, known))]


def _names(client: Client, knowledge: Knowledge) -> list[Problem]:
    """Zones, indication, method and source that do not exist."""
    request, problems = client.request, []
    problems += _exists("request.indication", request.indication, knowledge.indication)
    for index, zone in enumerate(request.zones):
        problems += _exists(f"request.zones[{index}]", zone, knowledge.zone)
    if len(set(request.zones)) < len(request.zones):
        problems.append(
            Problem("request.zones", repr(list(request.zones)), "a zone stands only once", "Strike the second.")
        )
    if request.method is not None:
        problems += _exists("request.method", request.method, knowledge.method)
    if client.source is not None:
        problems += _exists("source.cold_source", client.source.cold_source, knowledge.cold_source)
    for zone in client.person.measured_dermis:
        problems += _exists(f"person.measured_dermis.{zone}", zone, knowledge.zone)
    for index, previous in enumerate(client.previous):
        problems += _exists(f"previous[{index}].zone", previous.zone, knowledge.zone)
    for zone in () if client.professional is None else client.professional.zones:
        problems += _exists("professional.zones", zone, knowledge.zone)
    for index, lesion in enumerate(client.lesion):
        problems += _exists(f"lesion[{index}].zone", lesion.zone, knowledge.zone)
    if client.test_spot is not None:
        problems += _exists("test_spot.method", client.test_spot.method, knowledge.method)
    if client.diagnosis is not None:
        problems += _exists("diagnosis.what", client.diagnosis.what, knowledge.indication)
    return problems


def _answer_problem(key: str, answer: Any, question: Question) -> Problem | None:
    """What is wrong with one answer, if anything."""
    field, value = f"answers.{key}", answer.answer if isinstance(answer, SitedAnswer) else answer
    possible = {
        "yes_no": _ANSWERED,
        "choice": (*question.choices, "unsure"),
        "date_or_no": ("no", "unsure"),
        "number": (),
    }[question.answer]
    if question.answer == "number":
        return Problem(field, repr(value), "is read from [person] or [vitals]", "Strike it here.")
    if isinstance(value, datetime.date):
        if question.answer == "date_or_no":
            return None
        return Problem(field, str(value), f"must be one of {', '.join(possible)}", f"The question: “{question.ask}”")
    if value in possible:
        return None
    date = "a date such as 2026-05-31, or " if question.answer == "date_or_no" else ""
    bound = f"must be {date}one of {', '.join(possible)}"
    return Problem(field, repr(value), bound, f"The question: “{question.ask}”")


def _answers(client: Client, knowledge: Knowledge) -> list[Problem]:
    """Answers to unknown questions, impossible answers, and questions without an answer."""
    problems = []
    for key, answer in client.answers.items():
        question = knowledge.question.get(key)
        if question is None:
            problems += _exists(f"answers.{key}", key, knowledge.question)
            continue
        problem = _answer_problem(key, answer, question)
        if problem is not None:
            problems.append(problem)
        for zone in answer.zones if isinstance(answer, SitedAnswer) else ():
            problems += _exists(f"answers.{key}.zones", zone, knowledge.zone)
    method = knowledge.method[resolve_method(client, knowledge)]
    for key, question in knowledge.question.items():
        if applies(question, client, method, knowledge) and given(client, key) is None:
            field = f"vitals.{key}" if key in BODY_QUESTIONS else f"answers.{key}"
            problems.append(Problem(field, "missing", "this question must be asked", f"Ask: “{question.ask}”"))
    return problems


def _dates(client: Client) -> list[Problem]:
    """Dates that lie after the visit."""
    dates: dict[str, datetime.date] = {}
    for key, answer in client.answers.items():
        value = answer.answer if isinstance(answer, SitedAnswer) else answer
        if isinstance(value, datetime.date):
            dates[f"answers.{key}"] = value
    for name in ("diagnosis", "approval", "test_spot", "professional", "review"):
        part = getattr(client, name)
        if part is not None:
            dates[f"{name}.date"] = part.date
    for index, previous in enumerate(client.previous):
        if isinstance(previous.date, datetime.date):
            dates[f"previous[{index}].date"] = previous.date
    for index, clearance in enumerate(client.clearance):
        dates[f"clearance[{index}].date"] = clearance.date
    if client.source is not None and client.source.calibration is not None:
        dates["source.calibration.date"] = client.source.calibration.date
    return [
        Problem(
            field,
            date.isoformat(),
            f"lies after the visit of {client.visit.date.isoformat()}",
            "Check both dates.",
        )
        for field, date in dates.items()
        if date > client.visit.date
    ]


def _source(client: Client, knowledge: Knowledge) -> list[Problem]:
    """A source that the method does not use, a distance it is not made for, a calibration that cannot be."""
    choice = client.source
    if choice is None or choice.cold_source not in knowledge.cold_source:
        return []
    entry, problems = knowledge.cold_source[choice.cold_source], []
    method = knowledge.method[resolve_method(client, knowledge)]
    if choice.cold_source not in method.sources:
        problems.append(
            Problem(
                "source.cold_source",
                repr(choice.cold_source),
                f"is not used by the method {method.name}",
                f"That method uses: {', '.join(method.sources)}.",
            )
        )
    if choice.distance is not None:
        if entry.distance is None:
            problems.append(
                Problem("source.distance", f"{choice.distance:g} mm", "this source touches the skin", "Strike it.")
            )
        elif not entry.distance.range[0] <= choice.distance <= entry.distance.range[1]:
            low, high = entry.distance.range
            problems.append(
                Problem(
                    "source.distance",
                    f"{choice.distance:g} mm",
                    f"must lie within {low:g} and {high:g} mm for {entry.name}",
                    "Work farther away, or choose another nozzle.",
                    ", ".join(entry.distance.source),
                )
            )
    if choice.calibration is not None:
        problems += _calibration(client, knowledge)
    return problems


def _calibration(client: Client, knowledge: Knowledge) -> list[Problem]:
    choice = client.source
    if choice is None or choice.calibration is None:
        return []
    calibration, entry, problems = choice.calibration, knowledge.cold_source[choice.cold_source], []
    low, value, high = (
        calibration.heat_transfer_coefficient_low,
        calibration.heat_transfer_coefficient,
        calibration.heat_transfer_coefficient_high,
    )
    unit = entry.heat_transfer_coefficient.unit
    if not low <= value <= high:
        problems.append(
            Problem(
                "source.calibration.heat_transfer_coefficient",
                f"{value:g} {unit}",
                f"must lie between its own low {low:g} and high {high:g}",
                "Check the three numbers.",
            )
        )
    if not entry.calibratable:
        problems.append(
            Problem(
                "source.calibration",
                "given",
                f"{entry.name} is not a source that is calibrated",
                "Strike it.",
            )
        )
    prior_low, prior_high = entry.heat_transfer_coefficient.range
    # Twice beyond the 5-95 % range of everything that is known: a slip of the unit, not a good nozzle.
    if not prior_low / 2.0 <= value <= prior_high * 2.0:
        problems.append(
            Problem(
                "source.calibration.heat_transfer_coefficient",
                f"{value:g} {unit}",
                f"is far from what is known of {entry.name}: {prior_low:g} to {prior_high:g} {unit}",
                "Check the unit and measure again.",
                ", ".join(entry.heat_transfer_coefficient.source),
            )
        )
    coldest, warmest = entry.sink_temperature.range
    if not coldest - 1.0 <= calibration.sink_temperature <= warmest + 1.0:
        problems.append(
            Problem(
                "source.calibration.sink_temperature",
                f"{calibration.sink_temperature:.1f} °C",
                f"is not what {entry.name} can be: {coldest:g} to {warmest:g} °C",
                "Check for °F instead of °C.",
                ", ".join(entry.sink_temperature.source),
            )
        )
    age = (client.visit.date - calibration.date).days
    valid = knowledge.limit["calibration_valid"].quantity
    if age > valid.value:
        problems.append(
            Problem(
                "source.calibration.date",
                calibration.date.isoformat(),
                f"is older than {valid.value:g} days",
                "Calibrate again, or strike the calibration and plan on the prior.",
                ", ".join(valid.source),
            )
        )
    return problems


def _lesions(client: Client, knowledge: Knowledge) -> list[Problem]:
    """A spot freeze without its lesion, and a lesion where none is frozen."""
    frozen = knowledge.method[resolve_method(client, knowledge)].motion == "spot"
    wanted = client.request.zones if frozen else ()
    problems = []
    if frozen and not client.lesion:
        problems.append(
            Problem(
                "lesion",
                "missing",
                f"a spot freeze needs the lesion on {wanted[0]!r}, as measured with a ruler",
                f'Write [[lesion]] with zone = "{wanted[0]}", and diameter and thickness in mm.',
                ", ".join(knowledge.limit["spot_freeze_depth_limit"].reason.source),
            )
        )
    for index, lesion in enumerate(client.lesion):
        if lesion.zone not in wanted:
            problems.append(
                Problem(
                    f"lesion[{index}].zone",
                    repr(lesion.zone),
                    "no lesion is to be frozen there",
                    "Strike the lesion, or ask for a spot freeze of this zone in [request].",
                )
            )
    return problems


def check(client: Client, knowledge: Knowledge, where: str) -> Client:
    """Hold a client against the knowledge.

    Raises:
        InputError: with every problem found.
    """
    problems = _names(client, knowledge)
    if not problems:
        problems = [*_answers(client, knowledge), *_dates(client), *_source(client, knowledge)]
        problems += _lesions(client, knowledge)
    if problems:
        raise InputError(where, problems)
    return client


def read_room(path: Path) -> Room:
    """Read a room file.

    Raises:
        InputError: with every problem found: field, value, bound, source and next step.
    """
    return validated(Room, read_form(path, ROOM_SCHEMA, "room"), path)


def read_client(path: Path, knowledge: Knowledge) -> Client:
    """Read a client file, with the room file that it may name in `room_file`.

    Raises:
        InputError: with every problem found: field, value, bound, source and next step.
    """
    data = read_form(path, SCHEMA, "client")
    room_file = data.pop("room_file", None)
    if room_file is not None:
        if "room" in data or not isinstance(room_file, str):
            raise InputError(
                str(path),
                [Problem("room_file", repr(room_file), "names one file, and not beside [room]", "Keep one.")],
            )
        room_path = path.parent / room_file
        room = read_room(room_path)
        client = validated(Client, data, path)
        return check(client.model_copy(update={"room": room}), knowledge, str(path))
    return check(validated(Client, data, path), knowledge, str(path))
