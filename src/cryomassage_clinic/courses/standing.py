"""How far a course has come on its way from a wish to a printed card, from what is really there."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import resolve, reverse
from django.utils.translation import gettext as _

from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.courses.case import gather
from cryomassage_clinic.courses.days import today_of
from cryomassage_clinic.courses.models import Course, Plan
from cryomassage_clinic.courses.readiness import problems_in
from cryomassage_clinic.courses.selectors import approved_plan, sessions_done


@dataclass(frozen=True)
class WayStep:
    """One step: its name, where it is, whether it is done, and whether we stand on it."""

    key: str
    label: str
    address: str
    done: bool
    here: bool


def _labels() -> dict[str, str]:
    return {
        "wish": _("Wish"),
        "screening": _("Screening"),
        "consent": _("Consent"),
        "chart": _("Chart"),
        "plan": _("Plan"),
        "approval": _("Approval"),
        "booking": _("Dates"),
        "card": _("Card"),
    }


def _done(course: Course, approved: Plan | None) -> dict[str, bool]:
    """What has been done; a question without an answer, or a withdrawn consent, undoes its step."""
    from cryomassage_clinic.consents.selectors import missing_for

    number = min(sessions_done(course) + 1, 60)
    problems = problems_in(gather(course, date=today_of(course.clinic), session_number=number))
    answered = not any(one.field.startswith(("answers", "vitals", "person", "request")) for one in problems)
    booked = course.bookings.exclude(status__in=["cancelled", "missed"]).exists()
    return {
        "wish": True,
        "screening": answered,
        "consent": not missing_for(course.client, course),
        "chart": course.client.marks.exists(),
        "plan": course.plans.filter(state=Plan.State.DONE).exists(),
        "approval": approved is not None,
        "booking": booked,
        "card": approved is not None and booked,
    }


def steps_of(course: Course | None, here: str, actor: Actor | None = None) -> list[WayStep]:
    """The steps of the way, in order; without a course only the first is open.

    Args:
        course: the course that is being prepared.
        here: the step on which we stand.
        actor: who looks; a step leads to the nearest page that they may open, or nowhere.
    """
    labels = _labels()
    if course is None:
        return [WayStep(key, label, "", False, key == here) for key, label in labels.items()]
    approved = approved_plan(course)
    newest = approved or course.plans.only("pk", "state").first()
    page = reverse("course_page", args=[course.pk])
    plan = page if newest is None else reverse("plan_page", args=[newest.pk])
    addresses = {
        "wish": _first_open(actor, reverse("course_edit", args=[course.pk]), page),
        "screening": _first_open(
            actor, reverse("screening_form", args=[course.pk]), reverse("screening_verdict", args=[course.pk])
        ),
        "consent": f"{reverse('consent_overview', args=[course.client_id])}?course={course.pk}",
        "chart": f"{reverse('chart', args=[course.client_id])}?course={course.pk}",
        "plan": plan,
        "approval": plan if newest is None else f"{plan}#approval",
        "booking": _first_open(actor, reverse("course_book", args=[course.pk])),
        "card": page if approved is None else reverse("plan_card", args=[approved.pk]),
    }
    done = _done(course, approved)
    return [WayStep(key, label, addresses[key], done[key], key == here) for key, label in labels.items()]


def _first_open(actor: Actor | None, *addresses: str) -> str:
    """The first address that somebody may open; empty where there is none."""
    return next((one for one in addresses if actor is None or actor.can(resolve(one).func.can)), "")  # type: ignore[attr-defined]
