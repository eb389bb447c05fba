"""The only caller of the core.

Identity never crosses: a case holds a code, body data and answers. What needs the engine is imported where it is
used, so that the web process stays small; only the worker calls `compute`.
"""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cryomassage
from cryomassage.errors import InputError, Problem
from cryomassage.interchange.client_file import check
from cryomassage.interchange.toml_file import validated
from cryomassage.knowledge.load import load
from cryomassage.knowledge.questionnaire import Question
from cryomassage.knowledge.schema import Indication, Knowledge, Method, Zone
from cryomassage.planning import answers as core_answers
from cryomassage.planning.room import judge_room as core_judge_room
from cryomassage.planning.route import resolve_method
from cryomassage.planning.screening import screen as core_screen
from cryomassage.records.client import SCHEMA as CASE_SCHEMA
from cryomassage.records.client import Client as CoreClient
from cryomassage.records.plan import Plan as CorePlan
from cryomassage.records.room import SCHEMA as ROOM_SCHEMA
from cryomassage.records.room import Room as CoreRoom
from cryomassage.records.room import RoomVerdict
from cryomassage.records.screening import FiredRule, Screening

__all__ = [
    "CASE_SCHEMA",
    "ROOM_SCHEMA",
    "Computed",
    "CorePlan",
    "FiredRule",
    "InputError",
    "Problem",
    "Question",
    "RoomVerdict",
    "Screening",
]

_WHERE = Path("case")  # as errors name it
Case = dict[str, Any]  # a client file of the core as a table: no name, no contact


@lru_cache(maxsize=1)
def knowledge() -> Knowledge:
    """Everything that is known; read once."""
    return load()


def fingerprint() -> str:
    """Of the knowledge."""
    return knowledge().fingerprint


def engine_version() -> str:
    """Of the core."""
    return cryomassage.__version__


def zones() -> dict[str, Zone]:
    """All zones by key."""
    return knowledge().zone


def indications() -> dict[str, Indication]:
    """All complaints by key."""
    return knowledge().indication


def methods() -> dict[str, Method]:
    """All methods by key."""
    return knowledge().method


def read_case(case: Case) -> CoreClient:
    """A case as the core reads it.

    Raises:
        InputError: with every problem found: field, value, bound, source, next step.
    """
    return check(_client(case), knowledge(), str(_WHERE))


def _client(case: Case) -> CoreClient:
    """A case whose fields are sound; whether all questions are answered is not looked at."""
    return validated(CoreClient, json.loads(json.dumps(case, default=str)), _WHERE)


def problems_of(case: Case) -> list[Problem]:
    """What keeps a case from being planned: wrong values, questions without an answer."""
    try:
        read_case(case)
    except InputError as error:
        return error.problems
    return []


def method_of(case: Case) -> str:
    """The method that a case asks for, or the first that suits it."""
    return resolve_method(_client(case), knowledge())


def questions_of(case: Case) -> dict[str, Question]:
    """The questions that apply to this person, zone, method and place, in their order."""
    client, known = _client(case), knowledge()
    method = known.method[resolve_method(client, known)]
    return {key: one for key, one in known.question.items() if core_answers.applies(one, client, method, known)}


def screen(case: Case) -> Screening:
    """The verdict on a case, with every reason.

    Raises:
        InputError: the case cannot be judged; unknown means no.
    """
    return core_screen(read_case(case), knowledge())


def judge_room(room: dict[str, Any], date: datetime.date) -> RoomVerdict:
    """What a loss of the vessels would do to the air of a room.

    Raises:
        InputError: with every problem found.
    """
    return core_judge_room(validated(CoreRoom, room, Path("room")), date, knowledge())


@dataclass(frozen=True)
class Computed:
    """A computed plan, as it is stored."""

    status: str
    exposure_class: int | None
    content_sha256: str
    text: str  # the plan as JSON
    pictures: dict[str, Any]  # drawings and curves of the same computation


def read_plan(text: str) -> CorePlan:
    """A stored plan."""
    return CorePlan.model_validate_json(text)
