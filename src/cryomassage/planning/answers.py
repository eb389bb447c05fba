"""Reads the answers of a client as the questions of the knowledge see them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from cryomassage.knowledge.questionnaire import Condition, Question
from cryomassage.knowledge.schema import Knowledge, Method
from cryomassage.records.client import Client, SitedAnswer

# Questions whose answers stand in other parts of the client file.
BODY_QUESTIONS = ("age", "phototype", "systolic", "diastolic", "pulse")

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Given:
    """One answer: a word, a date or a number, and the zones that it names."""

    value: str | datetime.date | float
    zones: tuple[str, ...] = ()


def applies(question: Question, client: Client, method: Method, knowledge: Knowledge) -> bool:
    """Whether this question is asked of this person for this method."""
    regions = {knowledge.zone[zone].region for zone in client.request.zones if zone in knowledge.zone}
    return (
        client.visit.place in question.places
        and (not question.regions or bool(regions.intersection(question.regions)))
        and (method.liquid_nitrogen or not question.liquid_nitrogen_only)
        and question.sex in (None, client.person.sex)
    )


def given(client: Client, question: str) -> Given | None:
    """The client's answer to a question, or None when there is none."""
    if question == "age":
        return Given(float(client.person.age_years))
    if question == "phototype":
        return Given(client.person.phototype)
    if question in BODY_QUESTIONS:
        return None if client.vitals is None else Given(float(getattr(client.vitals, question)))
    answer = client.answers.get(question)
    if answer is None:
        return None
    if isinstance(answer, SitedAnswer):
        return Given(answer.answer, answer.zones)
    return Given(answer)


def holds(condition: Condition, client: Client) -> bool:
    """Whether every test of a condition holds; an unanswered question fires nothing here."""
    answer = given(client, condition.question)
    if answer is None:
        return False
    value = answer.value
    if condition.equals and value not in condition.equals:
        return False
    if condition.at_least is not None and not (isinstance(value, float) and value >= condition.at_least):
        return False
    if condition.less_than is not None and not (isinstance(value, float) and value < condition.less_than):
        return False
    return _in_time(condition, value, client.visit.date)


def _in_time(condition: Condition, value: str | datetime.date | float, visit: datetime.date) -> bool:
    """Whether a date lies as far before the visit as a condition asks; true when it asks for none."""
    if condition.within_days is None and condition.older_than_days is None:
        return True
    if not isinstance(value, datetime.date):
        return False
    days = (visit - value) / DAY
    within = condition.within_days is None or days <= condition.within_days
    older = condition.older_than_days is None or days > condition.older_than_days
    return within and older
