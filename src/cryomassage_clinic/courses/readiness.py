"""Whether a plan can be made, and if not, what is missing and where it is put right."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.models import User
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.courses.case import Gathered, class_of, gather, needs_doctor
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.web.core_words import told


@dataclass(frozen=True)
class Missing:
    """One thing that stands in the way, and the page where it is put right."""

    text: str
    address: str = ""
    link: str = ""


def role_for_case(user: User) -> str:
    """The role that the core is told: a doctor only where the login says so."""
    return "doctor" if user.can(Can.APPROVE_AS_DOCTOR) else "operator"


def _words(problem: bridge.Problem) -> str:
    """What the core says of a value that it cannot use."""
    about = {
        "person.sex": _("Sex"),
        "person.phototype": _("Skin type"),
        "person.age_years": _("Age"),
        "request.zones": _("Zones"),
        "source.distance": _("Working distance"),
        "source.cold_source": _("Device"),
        "source.calibration.date": _("Calibration of the device"),
        "vitals": _("Blood pressure and pulse"),
        "lesion": _("Lesion"),
    }.get(problem.field, problem.field.replace("_", " ").replace(".", ": "))
    return f"{about}: {told(problem.bound)}. {told(problem.next_step)}"


def _answers(course: Course, fields: Iterable[str]) -> Missing | None:
    """Questions without an answer that counts, told once."""
    asked = set(fields)
    if not asked:
        return None
    text = ngettext(
        "%(count)d question has no answer, or one that is too old. Unknown means no: ask again.",
        "%(count)d questions have no answer, or one that is too old. Unknown means no: ask again.",
        len(asked),
    ) % {"count": len(asked)}
    return Missing(text, reverse("screening_form", args=[course.pk]), _("Ask the questions"))


def _where(course: Course, field: str) -> tuple[str, str]:
    """The page on which a field of a case is put right, and its name."""
    part = field.split(".", 1)[0].split("[", 1)[0]
    if part == "person":
        return reverse("client_edit", args=[course.client_id]), _("Complete the body data")
    if part in ("answers", "vitals", "diagnosis", "clearance", "test_spot"):
        return reverse("screening_form", args=[course.pk]), _("Open the screening")
    if part in ("lesion", "previous"):
        return f"{reverse('chart', args=[course.client_id])}?course={course.pk}", _("Open the chart")
    if part in ("room", "source"):
        return reverse("place_list"), _("Open rooms and devices")
    return reverse("course_edit", args=[course.pk]), _("Change what is asked for")


def told_problems(course: Course, problems: Iterable[bridge.Problem]) -> list[Missing]:
    """Problems of the core, each with the page where it is put right."""
    problems = list(problems)
    unanswered = [one.field for one in problems if one.field.startswith(("answers.", "vitals."))]
    answers = _answers(course, unanswered)
    others = [
        Missing(_words(one), *_where(course, one.field))
        for one in problems
        if not one.field.startswith(("answers.", "vitals."))
    ]
    return [*([answers] if answers is not None else []), *others]


def problems_in(gathered: Gathered) -> list[bridge.Problem]:
    """What keeps a gathered case from being planned."""
    return list(gathered.problems) if gathered.case is None else bridge.problems_of(gathered.case)


def missing_for_plan(
    course: Course, user: User, date: datetime.date, session_number: int
) -> tuple[Gathered, list[Missing]]:
    """The case as it would be planned, and all that stands in the way of planning it."""
    role = role_for_case(user)
    gathered = gather(course, date=date, session_number=session_number, role=role)
    missing = told_problems(course, problems_in(gathered))
    if course.status == Course.Status.ENDED:
        missing.insert(
            0, Missing(_("This course has ended."), reverse("course_new", args=[course.client_id]), _("Open a new one"))
        )
    wanted = class_of(course)
    if role != "doctor" and needs_doctor(wanted):
        missing.insert(
            0,
            Missing(
                _(
                    "Class %(level)d is planned by a doctor. This course stands on the doctors' list under Plans: a "
                    "doctor computes the plan and approves it."
                )
                % {"level": wanted},
                reverse("plan_list"),
                _("Open the list of plans"),
            ),
        )
    return gathered, missing
