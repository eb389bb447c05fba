"""A course as its page tells it: its plans, and its dates beside what is booked."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from cryomassage_clinic import bridge
from cryomassage_clinic.courses.approval import stale_parts
from cryomassage_clinic.courses.days import today_of
from cryomassage_clinic.courses.models import Course, Plan
from cryomassage_clinic.courses.selectors import in_force, plans_of, sessions_done, state_words


@dataclass(frozen=True)
class Visit:
    """The visit that a plan is most likely asked for."""

    today: datetime.date
    number: int


def next_visit(course: Course) -> Visit:
    """Today, and the session that it would be: some answers hold for hours only, so a plan is made on its day."""
    today = today_of(course.clinic)
    return Visit(today, min(sessions_done(course) + 1, 60))


@dataclass(frozen=True)
class PlanTold:
    """One plan in a list."""

    plan: Plan
    mark: str
    icon: str
    words: str
    changed: list[str]  # what has changed since, of a plan that is approved or could be


def plan_told(plan: Plan, *, look: bool = True) -> PlanTold:
    """A plan with where it stands."""
    mark, icon, words = state_words(plan)
    changes = look and plan.state == Plan.State.DONE and plan.visit_date >= today_of(plan.clinic)
    return PlanTold(plan, mark, icon, words, stale_parts(plan) if changes else [])


def plans_told(course: Course) -> list[PlanTold]:
    """The plans of a course; of the newest and of those in force it is told whether they have gone stale."""
    told = []
    for index, plan in enumerate(plans_of(course)):
        plan.course = course
        told.append(plan_told(plan, look=index == 0 or in_force(plan)))
    return told


@dataclass(frozen=True)
class DateTold:
    """One session of a course: the day the planner has laid it on, and what is booked."""

    number: int
    date: datetime.date
    kind: str
    note: str
    review: bool
    booking: Any


def dates_of(course: Course, approved: Plan | None) -> list[DateTold]:
    """The sessions that the plan lays out, each with its booking."""
    plan = approved or course.plans.filter(state=Plan.State.DONE, status__in=["planned", "test_spot_first"]).first()
    if plan is None:
        return []
    laid = bridge.read_plan(plan.result).course
    if laid is None:
        return []
    bookings = course.bookings.exclude(status__in=["cancelled", "missed"]).select_related("room", "operator")
    booked = {booking.session_number: booking for booking in bookings.order_by("starts_at")}
    return [
        DateTold(one.number, one.date, one.kind, one.note, one.review, booked.get(one.number)) for one in laid.sessions
    ]
