"""The verdict of the core on a course and a day, in the reader's words and with every reason."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.models import User
from cryomassage_clinic.bridge import FiredRule, Problem, Screening
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.web.core_words import told

# Mark of each outcome, mildest first; all but the first two mean no.
_MARKS = {"clear": "go", "limit": "near", "defer": "stop", "refer": "stop", "unknown": "stop", "stop": "stop"}
_ORDER = {"stop": 0, "refer": 1, "defer": 2, "limit": 3, "clear": 4}
_NAMEABLE = re.compile(r"^[a-z][a-z0-9_]*$")  # a clearance can name these rules


@dataclass(frozen=True)
class Source:
    """Where a reason comes from."""

    title: str
    where: str

    @property
    def is_link(self) -> bool:
        """Whether it can be followed."""
        return self.where.startswith(("https://", "http://"))


@dataclass(frozen=True)
class Reason:
    """One rule that fired, and where."""

    rule: str
    outcome: str
    text: str
    instruction: str
    zones: tuple[str, ...]  # names; none: everywhere
    until: datetime.date | None
    sources: tuple[Source, ...]
    urgent: bool
    clearable: bool  # a doctor's clearance can be entered for it
    cleared_by: str
    disagreement: str
    product_does: str

    @property
    def mark(self) -> str:
        """Colour and icon."""
        return _MARKS[self.outcome]


@dataclass(frozen=True)
class Missing:
    """Something that is not known or no longer counts, and where it is put right."""

    text: str
    address: str
    stale: bool = False


@dataclass(frozen=True)
class Verdict:
    """Whether a person may be treated on a day.

    Attributes:
        outcome: clear, limit, defer, refer, stop, or unknown, which means no.
        headline: one sentence.
        reasons: every one, the gravest first.
        until: the first day on which a deferral is over.
        missing: what is not known or too old.
        left_out: names of zones that may not be treated though others may.
        fingerprint: of the knowledge.
        date: the day.
    """

    outcome: str
    headline: str
    reasons: tuple[Reason, ...]
    until: datetime.date | None
    missing: tuple[Missing, ...]
    fingerprint: str
    date: datetime.date
    left_out: tuple[str, ...] = ()
    urgent: bool = False
    course_pk: str = ""
    word: str = field(default="")

    @property
    def mark(self) -> str:
        """Colour and icon: go, near or stop."""
        return _MARKS[self.outcome]

    @property
    def may(self) -> bool:
        """Whether treatment is allowed, with or without limits."""
        return self.outcome in ("clear", "limit")


@lru_cache(maxsize=512)
def _judged(case: str, fingerprint: str) -> tuple[tuple[Problem, ...], Screening | None]:
    """The core's verdict on a case; the same case and knowledge have the same one."""
    problems, screening = bridge.screen_so_far(json.loads(case))
    return tuple(problems), screening


def _words(outcome: str) -> str:
    return {
        "clear": _("May be treated"),
        "limit": _("May be treated, within limits"),
        "defer": _("Not today"),
        "refer": _("Ask a doctor first"),
        "stop": _("Do not treat"),
        "unknown": _("Not known yet: do not treat"),
    }[outcome]


def _headline(outcome: str, until: datetime.date | None, missing: int, *, urgent: bool) -> str:
    if urgent:
        return _("Get medical help now. Nothing else matters before that.")
    if outcome == "defer" and until is not None:
        return _("Wait. The earliest day is %(day)s.") % {"day": date_format(until, "j F Y")}
    return {
        "clear": _("Nothing that was answered speaks against it on this day."),
        "limit": _("Only as the reasons below allow."),
        "defer": _("Wait until the reason below has passed."),
        "refer": _("A doctor has to agree in writing before anything is cooled."),
        "stop": _("Cold would do harm here. The reasons stand below."),
        "unknown": _("Something is missing or too old. Unknown means no.")
        if missing
        else _("This cannot be judged. Unknown means no."),
    }[outcome]


def _sources(keys: Iterable[str]) -> tuple[Source, ...]:
    known = bridge.knowledge().sources
    return tuple(Source(known[key].title, known[key].where) for key in keys if key in known)


def _zone_name(key: str) -> str:
    zone = bridge.zones().get(key)
    return told(zone.name) if zone is not None else key


def _reasons(screening: Screening) -> tuple[Reason, ...]:
    """Rules that fired for the method of the course; the same words for several zones are told once."""
    told_once: dict[tuple[Any, ...], list[FiredRule]] = {}
    for rule in screening.rules:
        if rule.method not in (None, screening.method) or rule.id.startswith("unanswered."):
            continue
        told_once.setdefault((rule.id, rule.outcome, rule.reason, rule.until), []).append(rule)
    reasons = [_reason(rules) for rules in told_once.values()]
    return tuple(sorted(reasons, key=lambda reason: (not reason.urgent, _ORDER[reason.outcome])))


def _reason(rules: list[FiredRule]) -> Reason:
    rule = rules[0]
    everywhere = any(one.zone is None for one in rules)
    return Reason(
        rule=rule.id,
        outcome=rule.outcome.value,
        text=told(rule.reason),
        instruction=told(rule.restriction.instruction) if rule.restriction else "",
        zones=() if everywhere else tuple(dict.fromkeys(_zone_name(str(one.zone)) for one in rules)),
        until=rule.until,
        sources=_sources(rule.source),
        urgent=rule.urgent,
        clearable=rule.clearable and rule.cleared_by is None and bool(_NAMEABLE.match(rule.id)),
        cleared_by=rule.cleared_by or "",
        disagreement=told(rule.disagreement) if rule.disagreement else "",
        product_does=told(rule.product_does) if rule.product_does else "",
    )


def _missing(course: Course, problems: tuple[Problem, ...], stale: set[str]) -> tuple[Missing, ...]:
    """Every question without an answer that counts, and everything else that the core asks for."""
    from cryomassage_clinic.courses.readiness import told_problems

    form = reverse("screening_form", args=[course.pk])
    missing = []
    for problem in problems:
        part, _dot, key = problem.field.partition(".")
        question = bridge.knowledge().question.get(key)
        if part in ("answers", "vitals") and question is not None and problem.value == "missing":
            missing.append(Missing(told(question.ask), f"{form}#q-{key}", key in stale))
        elif problem.field.startswith("person."):
            missing.append(_missing_of_body(course, problem))
        else:
            missing += [Missing(one.text, one.address) for one in told_problems(course, [problem])]
    return tuple(dict.fromkeys(missing))


def _missing_of_body(course: Course, problem: Problem) -> Missing:
    words = {
        "person.sex": _("Sex is not known; how thick skin is depends on it."),
        "person.phototype": _("Skin type is not known; how much cold skin takes depends on it."),
    }
    text = words.get(problem.field, _("Body data are not complete."))
    return Missing(text, reverse("client_edit", args=[course.client_id]))


def verdict_of(course: Course, date: datetime.date, user: User) -> Verdict:
    """Whether a client may be treated as a course asks, on a day.

    Args:
        course: what is asked for.
        date: the day of the visit.
        user: who would work; what is work for a doctor is allowed to doctors only.
    """
    # The case is gathered from here in its turn, so these are imported where they are used.
    from cryomassage_clinic.courses.case import gather
    from cryomassage_clinic.courses.readiness import role_for_case
    from cryomassage_clinic.courses.selectors import sessions_done
    from cryomassage_clinic.screening.selectors import answers_for_case

    number = min(sessions_done(course) + 1, 60)
    gathered = gather(course, date=date, session_number=number, role=role_for_case(user))
    problems, screening, stale = gathered.problems, None, set(gathered.stale)
    if gathered.case is not None:
        zones = tuple(gathered.case["request"]["zones"])
        stale |= set(answers_for_case(course.client, date, zones)["stale"])
        case = {**gathered.case, "answers": {k: v for k, v in gathered.case["answers"].items() if k not in stale}}
        text = json.dumps(case, sort_keys=True, ensure_ascii=False, default=str)
        problems, screening = _judged(text, bridge.fingerprint())
    return _told(course, date, problems, screening, stale, gathered.left_out)


def _told(
    course: Course,
    date: datetime.date,
    problems: tuple[Problem, ...],
    screening: Screening | None,
    stale: set[str],
    kept_off: tuple[str, ...],
) -> Verdict:
    missing = _missing(course, problems, stale)
    reasons = _reasons(screening) if screening is not None else ()
    urgent = any(reason.urgent and reason.outcome == "stop" for reason in reasons)
    outcome = screening.verdict.value if screening is not None else "unknown"
    if problems and outcome != "stop":  # what is not known never counts for somebody, and a stop stays one
        outcome = "unknown"
    if urgent:
        outcome = "stop"
    until = screening.until if screening is not None and outcome == "defer" else None
    workable = {finding.zone for finding in screening.workable} if screening is not None else set()
    left_out = tuple(_zone_name(zone) for zone in course.zones if zone in kept_off or zone not in workable)
    return Verdict(
        outcome=outcome,
        headline=_headline(outcome, until, len(missing), urgent=urgent),
        reasons=reasons,
        until=until,
        missing=missing,
        fingerprint=bridge.fingerprint(),
        date=date,
        left_out=left_out if outcome in ("clear", "limit") else (),
        urgent=urgent,
        course_pk=str(course.pk),
        word=_words(outcome),
    )
