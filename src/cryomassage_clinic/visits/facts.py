"""What an approved plan says about visits: which sessions, when at the earliest, how long, how far apart."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cryomassage_clinic import bridge
from cryomassage_clinic.courses.case import class_of, method_of
from cryomassage_clinic.courses.models import Course, Plan
from cryomassage_clinic.courses.selectors import approved_plan
from cryomassage_clinic.places.models import Room
from cryomassage_clinic.places.selectors import Air, air_of
from cryomassage_clinic.visits.models import SLOT_MIN

SIGN_IN_MIN = 10  # greeting, questions of the day, consent, photographs
SIGN_OUT_MIN = 5  # looking at the skin, aftercare, the next date
TEST_SPOT_MIN = 20  # the touch, and the reading after 15 minutes
TALK_MIN = 30
LONGEST_MIN = 480


@dataclass(frozen=True)
class Session:
    """One session as the core has laid it."""

    number: int  # 0: the test spot
    date: datetime.date  # the earliest day
    review: bool
    share: float
    note: str
    step_days: int  # days from the session before it; 0 for the first


@dataclass(frozen=True)
class _Laid:
    """What is read from a stored plan."""

    sessions: tuple[Session, ...]
    gap_hours: float | None
    total_s: float


@lru_cache(maxsize=64)
def _laid(sha256: str, text: str) -> _Laid:
    core = bridge.read_plan(text)
    total_s = sum(zone.total_s for zone in core.zones) + sum(spot.total_s for spot in core.spots)
    if core.course is None:
        return _Laid((), None, total_s)
    sessions, before = [], None
    for one in core.course.sessions:
        step = 0 if before is None else (one.date - before).days
        sessions.append(Session(one.number, one.date, one.review, one.exposure_share, one.note, step))
        before = one.date
    return _Laid(tuple(sessions), core.course.gap_hours, total_s)


@dataclass(frozen=True)
class CourseFacts:
    """A course as the calendar needs to know it."""

    course: Course
    plan: Plan | None  # approved, and the approval not taken back
    sessions: tuple[Session, ...]
    gap_hours: float
    method: str
    sources: tuple[str, ...]
    liquid_nitrogen: bool
    needs_doctor: bool  # only a doctor works this class
    work_s: float

    def session(self, number: int | None) -> Session | None:
        """The session with this number, if the plan holds it."""
        return next((one for one in self.sessions if one.number == number), None)

    @property
    def wait_days(self) -> int:
        """Days between the test spot and the first session; 0 where there is no spot to wait for."""
        if len(self.sessions) > 1 and self.sessions[0].number == 0:
            return self.sessions[1].step_days
        return 0

    def length_min(self, number: int | None) -> int:
        """How long the visit is, in whole slots, rounded up."""
        if number is None:
            return TALK_MIN
        work = TEST_SPOT_MIN if number == 0 else self.work_s / 60.0
        whole = SIGN_IN_MIN + work + SIGN_OUT_MIN
        return min(LONGEST_MIN, SLOT_MIN * math.ceil(whole / SLOT_MIN))


def longest_gap_hours() -> float:
    """What counts where a class is not known: the longest."""
    return max(level.gap.value for level in bridge.knowledge().exposure_class.values())


def facts_of(course: Course) -> CourseFacts:
    """What the calendar needs to know of a course."""
    plan = approved_plan(course)
    laid = _Laid((), None, 0.0) if plan is None else _laid(plan.content_sha256, plan.result)
    known = bridge.knowledge()
    level_number = plan.exposure_class if plan is not None else None
    if level_number is None and course.indication in known.indication:
        level_number = class_of(course)
    level = known.exposure_class.get(f"class_{level_number}")
    key = method_of(course) if course.indication in known.indication else course.method
    method = known.method.get(key)
    gap = longest_gap_hours() if level is None else level.gap.value
    return CourseFacts(
        course=course,
        plan=plan,
        sessions=laid.sessions,
        gap_hours=max(gap, laid.gap_hours or 0.0),
        method=key,
        sources=method.sources if method is not None else (),
        # A method that is not known is taken for nitrogen: the stricter.
        liquid_nitrogen=method is None or method.liquid_nitrogen,
        needs_doctor=level is None or level.lowest_role == "doctor",
        work_s=laid.total_s,
    )


@dataclass
class Memory:
    """What has been looked up while one request is answered."""

    courses: dict[Any, CourseFacts] = field(default_factory=dict)
    airs: dict[Any, Air] = field(default_factory=dict)
    verdicts: dict[Any, Any] = field(default_factory=dict)
    consents: dict[Any, Any] = field(default_factory=dict)

    def facts(self, course: Course) -> CourseFacts:
        """What the calendar needs to know of a course."""
        if course.pk not in self.courses:
            self.courses[course.pk] = facts_of(course)
        return self.courses[course.pk]

    def air(self, room: Room, date: datetime.date) -> Air:
        """The verdict on a room's air on a day."""
        key = (room.pk, date)
        if key not in self.airs:
            self.airs[key] = air_of(room, date)
        return self.airs[key]
