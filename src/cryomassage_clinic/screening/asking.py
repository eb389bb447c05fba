"""The questionnaire of one course: which questions, in which groups, with what was answered before.

What is asked, of whom, why, and for how long an answer counts stands in the core's knowledge and nowhere else.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cryomassage_clinic import bridge
from cryomassage_clinic.bridge import Question
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.screening.answers import Kept, counts, kept_answers
from cryomassage_clinic.screening.models import AnswerSet
from cryomassage_clinic.web.core_words import told

GROUP_ORDER = (
    "heart", "today", "cold", "health", "defence", "skin_now", "skin_nature", "creams", "procedures", "face",
)  # fmt: skip


def group_names() -> dict[str, str]:
    """What each group of questions is about."""
    return {
        "heart": _("Heart and blood pressure"),
        "today": _("Today"),
        "cold": _("You and cold"),
        "health": _("Health"),
        "defence": _("Illness and defence"),
        "skin_now": _("The skin now"),
        "skin_nature": _("How your skin is"),
        "creams": _("Peels, lasers and creams"),
        "procedures": _("Injections and operations"),
        "face": _("Face and eyes"),
    }


@dataclass(frozen=True)
class Option:
    """One tile."""

    value: str
    label: str
    chosen: bool
    fires: bool  # whether this answer asks "where?"


@dataclass
class Asked:
    """One question as the page shows it."""

    key: str
    question: Question
    ask: str
    why: str
    options: list[Option] = field(default_factory=list)
    chosen: str = ""
    date: str = ""
    zones: tuple[str, ...] = ()
    sited: bool = False
    still: bool = False  # an earlier answer counts and is shown as chosen
    before: str = ""  # what was answered, in words
    before_on: datetime.date | None = None
    error: str = ""

    @property
    def daily(self) -> bool:
        """Whether it is asked at every visit."""
        return bridge.answer_valid(self.key) < datetime.timedelta(days=1)

    @property
    def unit(self) -> str:
        """The unit of a number."""
        return {"mmHg": _("mmHg"), "1/min": _("beats a minute")}.get(self.question.unit or "", self.question.unit or "")

    @property
    def low(self) -> float:
        """The smallest believable number."""
        return self.question.range[0] if self.question.range else 0.0

    @property
    def high(self) -> float:
        """The largest believable number."""
        return self.question.range[1] if self.question.range else 0.0


@dataclass(frozen=True)
class Group:
    """Questions that are asked together: those to be answered, and those whose answers still count."""

    key: str
    name: str
    open: list[Asked]
    still: list[Asked]

    @property
    def all(self) -> list[Asked]:
        """All questions of the group."""
        return [*self.open, *self.still]


def _choice_label(choice: str) -> str:
    known = {
        "none": _("No, never"),
        "not_reviewed": _("Yes, and no doctor has looked at it"),
        "reviewed": _("Yes, and a doctor has looked at it"),
    }
    return known.get(choice) or told(choice.replace("_", " ").capitalize())


def labels_of(question: Question) -> dict[str, str]:
    """The tiles of a question and their words; a date is a tile with a field beside it."""
    if question.answer == "choice":
        labels = {choice: _choice_label(choice) for choice in question.choices}
    elif question.answer == "date_or_no":
        labels = {"no": _("Never"), "date": _("On this day:")}
    elif question.answer == "yes_no":
        labels = {"yes": _("Yes"), "no": _("No")}
    else:
        return {}
    return {**labels, "unsure": _("Not sure")}


def in_words(question: Question, kept: Kept) -> str:
    """An answer as it is read aloud."""
    words = labels_of(question).get(kept.answer, kept.answer)
    if question.answer == "date_or_no" and words == kept.answer:
        words = date_format(datetime.date.fromisoformat(kept.answer), "j F Y")
    elif question.answer == "number":
        words = told(words)  # its unit
    zones = [told(bridge.zones()[zone].name) for zone in kept.zones if zone in bridge.zones()]
    return f"{words} ({', '.join(zones)})" if zones and kept.answer not in ("no", "unsure") else words


def asked_questions(course: Course, date: datetime.date) -> dict[str, Question]:
    """The questions that the core asks for this course; age and skin type stand in the body data.

    Raises:
        InputError: body or wish are not known well enough to choose the questions.
    """
    from cryomassage_clinic.courses.case import case_for

    questions = bridge.questions_of(case_for(course, date=date))
    return {
        key: one for key, one in questions.items() if key not in bridge.BODY_QUESTIONS or one.unit not in (None, "year")
    }


def case_zones(course: Course, date: datetime.date) -> tuple[str, ...]:
    """The zones of a course that are not kept off.

    Raises:
        InputError: none is left.
    """
    from cryomassage_clinic.courses.case import case_for

    return tuple(case_for(course, date=date)["request"]["zones"])


def _asked(
    key: str, question: Question, earlier: Kept | None, course: Course, date: datetime.date, zones: tuple[str, ...]
) -> Asked:
    asked = Asked(key, question, told(question.ask), told(question.why), sited=key in bridge.sited_questions())
    if earlier is not None and earlier.at is not None:
        asked.before = in_words(question, earlier)
        asked.before_on = timezone.localtime(earlier.at).date()
        asked.still = counts(key, earlier, course.client, date, zones)
    if asked.still and earlier is not None:
        asked.chosen, asked.zones = earlier.answer, earlier.zones
        if question.answer == "date_or_no" and earlier.answer not in ("no", "unsure"):
            asked.chosen, asked.date = "date", earlier.answer
        if question.answer == "number":
            asked.chosen = earlier.answer.split(" ")[0]
    return asked


def questionnaire(
    course: Course,
    date: datetime.date,
    answer_set: AnswerSet | None,
    typed: Mapping[str, Asked] | None = None,
) -> list[Group]:
    """All questions of a course in their groups.

    Args:
        course: what is asked for.
        date: the day of the visit.
        answer_set: what was answered before.
        typed: what was just typed and could not be written.

    Raises:
        InputError: body or wish are not known well enough to choose the questions.
    """
    earlier, zones = kept_answers(answer_set), case_zones(course, date)
    groups: dict[str, list[Asked]] = {}
    for key, question in asked_questions(course, date).items():
        one = _asked(key, question, earlier.get(key), course, date, zones)
        if typed is not None and key in typed:
            written = typed[key]
            changed = (written.chosen, written.date) != (one.chosen, one.date)
            one.still = one.still and not changed  # what was changed is not folded away again
            one.chosen, one.date, one.zones, one.error = written.chosen, written.date, written.zones, written.error
        one.options = [
            Option(value, label, one.chosen == value, value not in ("no", "unsure"))
            for value, label in labels_of(question).items()
        ]
        groups.setdefault(question.group, []).append(one)
    names = group_names()
    order = {key: place for place, key in enumerate(GROUP_ORDER)}
    return [
        Group(
            key,
            names.get(key, key.replace("_", " ").capitalize()),
            [one for one in groups[key] if not one.still or one.error],
            [one for one in groups[key] if one.still and not one.error],
        )
        for key in sorted(groups, key=lambda key: order.get(key, len(order)))
    ]
