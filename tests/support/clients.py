"""Clients whose answers are harmless unless a test says otherwise."""

from __future__ import annotations

import datetime
from typing import Any

from cryomassage.knowledge.load import load
from cryomassage.knowledge.questionnaire import Question
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.answers import BODY_QUESTIONS
from cryomassage.records.client import Client

VISIT = datetime.date(2026, 11, 23)

ROOM: dict[str, Any] = {
    "name": "Room 1",
    "floor_area": "18 m^2",
    "height": "2.8 m",
    "temperature": "23 degC",
    "air_changes": "4 1/h",
    "extraction": True,
    "monitor": {"valid_until": datetime.date(2027, 3, 1)},
    "vessels": [{"name": "thermos", "volume": "2 L", "evaporation_per_day": "0.2 L/day"}],
    "use": "1 L/h",
}


def harmless(key: str, question: Question, knowledge: Knowledge) -> str:
    """An answer that fires no rule."""
    if question.answer == "date_or_no":
        return "no"
    if question.answer == "choice":
        return question.choices[0]
    telling = {
        answer
        for rule in knowledge.rule.values()
        for condition in (*rule.any_of, *rule.and_all)
        if condition.question == key
        for answer in condition.equals
    }
    return "yes" if "no" in telling else "no"


def harmless_answers() -> dict[str, Any]:
    """Every question answered, asked for or not."""
    knowledge = load()
    return {
        key: harmless(key, question, knowledge)
        for key, question in knowledge.question.items()
        if key not in BODY_QUESTIONS
    }


def client_data(**changes: Any) -> dict[str, Any]:
    """A clear client for rolling swab on the cheek; `changes` replaces whole tables, `answers` adds to them."""
    data: dict[str, Any] = {
        "schema": "cryomassage/client/1",
        "person": {"code": "T-1", "age_years": 30, "sex": "female", "phototype": "ii", "thin_cheeks": False},
        "visit": {"date": VISIT, "place": "salon", "role": "operator", "session": 4},
        "request": {
            "indication": "oily_skin",
            "purpose": "preventive",
            "zones": ["cheek"],
            "method": "ln2_swab",
        },
        "vitals": {"systolic": "118 mmHg", "diastolic": "76 mmHg", "pulse": "68 1/min"},
        "answers": harmless_answers(),
        "test_spot": {
            "date": datetime.date(2026, 11, 1),
            "method": "ln2_swab",
            "read_after": "15 min",
            "result": "clear",
        },
        "room": ROOM,
    }
    answers = changes.pop("answers", {})
    data["answers"].update(answers)
    for table, value in changes.items():
        if value is None:
            data.pop(table, None)
        elif isinstance(value, dict) and isinstance(data.get(table), dict) and table != "room":
            data[table] = {**data[table], **value}
        else:
            data[table] = value
    known = {previous["zone"] for previous in data.get("previous", [])}
    never = [{"zone": zone, "date": "never"} for zone in data["request"]["zones"] if zone not in known]
    data["previous"] = [*data.get("previous", []), *never]
    return data


def make_client(**changes: Any) -> Client:
    """A client record; see `client_data`."""
    return Client.model_validate(client_data(**changes))
