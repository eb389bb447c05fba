"""Sessions over weeks: real dates, build-up of exposure, reviews, and when to stop."""

from __future__ import annotations

import datetime
import math

from cryomassage.knowledge.schema import ExposureClass, IndicationRoute, Knowledge
from cryomassage.planning.answers import DAY
from cryomassage.records.plan import Course, CourseSession


def exposure_share(session: int, level: ExposureClass, knowledge: Knowledge) -> float:
    """Share of the full exposure in the n-th session: half at first, the whole from the fourth on.

    A spot freeze is not built up: half of one would leave the lesion alive.
    """
    if level.surface_floor is None:
        return 1.0
    first = knowledge.limit["build_up_first_share"].quantity.value
    full_from = knowledge.limit["build_up_full_from_session"].quantity.value
    if session >= full_from:
        return 1.0
    return first + (1.0 - first) * (session - 1) / (full_from - 1)


def session_dates(begin: datetime.date, count: int, gap_days: int, per_week: int) -> tuple[datetime.date, ...]:
    """Dates at least `gap_days` apart, and never more than `per_week` of them in any seven days."""
    dates: list[datetime.date] = []
    day = begin
    while len(dates) < count:
        recent = sum(1 for date in dates if (day - date) / DAY < 7)
        if (not dates or (day - dates[-1]) / DAY >= gap_days) and recent < per_week:
            dates.append(day)
        day += DAY
    return tuple(dates)


def plan_course(
    begin: datetime.date,
    first_number: int,
    route: IndicationRoute,
    level: ExposureClass,
    test_spot_days: float | None,
    knowledge: Knowledge,
) -> Course:
    """Lay the sessions that are left on the calendar.

    Args:
        begin: today.
        first_number: number of the session that is next.
        route: gives count, interval and review.
        level: the exposure class, which gives the least gap.
        test_spot_days: None when the test spot is read and clear; else the days to wait after one today.
        knowledge: limits.
    """
    gap_days = max(math.ceil(level.gap.value / 24.0), math.ceil(route.interval.value))
    per_week = int(knowledge.limit["sessions_per_week_limit"].quantity.value)
    review_every = int(min(route.review_every.value, knowledge.limit["review_session"].quantity.value))
    count = max(1, int(route.sessions.value) - first_number + 1)
    sessions: list[CourseSession] = []
    start = begin
    if test_spot_days is not None:
        sessions.append(
            CourseSession(
                number=0,
                date=begin,
                kind="test_spot",
                exposure_share=0.0,
                review=False,
                note="Test spot only; read it after 15 minutes and again at the next visit.",
            )
        )
        start = begin + max(gap_days, math.ceil(test_spot_days)) * DAY
    for offset, date in enumerate(session_dates(start, count, gap_days, per_week)):
        number = first_number + offset
        review = number % review_every == 0
        share = exposure_share(number, level, knowledge)
        note = "Review: compare with the start; no benefit means stop." if review else ""
        if share < 1.0:
            note = f"Build-up: {share:.0%} of the full passes, rounded down. {note}".strip()
        sessions.append(
            CourseSession(number=number, date=date, kind="session", exposure_share=share, review=review, note=note)
        )
    disagreements = [
        f"{quantity.disagreement} {quantity.product_does}"
        for quantity in (route.sessions, route.interval)
        if quantity.disagreement is not None
    ]
    return Course(
        sessions=tuple(sessions),
        gap_hours=level.gap.value,
        gap_condition=None if level.gap_condition is None else level.gap_condition.text,
        stop_rule="Stop the course at a review without benefit, and at once after a blister, hives, lasting white "
        "or dark marks, or pain that lasts.",
        reason=route.course_reason.text,
        disagreements=tuple(disagreements),
    )
