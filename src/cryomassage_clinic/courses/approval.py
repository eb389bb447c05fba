"""What stands between a computed plan and its approval; unknown and stale both mean no."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.courses.case import changed_parts, gather, inputs_of, needs_doctor
from cryomassage_clinic.courses.days import today_of
from cryomassage_clinic.courses.models import Approval, Course, Plan

APPROVABLE = ("planned", "test_spot_first")


@dataclass(frozen=True)
class Obstacle:
    """One reason why a plan may not be approved, and where it is put right."""

    code: str
    text: str
    address: str = ""
    link: str = ""


def needed_right(plan: Plan) -> Can:
    """What one must be allowed to do to approve this plan."""
    return Can.APPROVE_AS_DOCTOR if needs_doctor(plan.exposure_class) else Can.APPROVE


def is_intact(plan: Plan) -> bool:
    """Whether a computed plan is what the core made: the text fits its fingerprint, and the row beside it fits both."""
    if not bridge.is_untouched(plan.result, plan.content_sha256):
        return False
    core = bridge.read_plan(plan.result)
    level = None if core.prescription is None else core.prescription.exposure_class
    return (
        core.status == plan.status
        and level == plan.exposure_class
        and core.date == plan.visit_date
        and core.provenance.role == plan.asked_role
        and core.client["visit"]["session"] == plan.session_number
        and core.client_code == plan.course.client.code
    )


def part_words() -> dict[str, str]:
    """The inputs of a plan as people call them."""
    return {
        "person": _("body data of the client"),
        "visit": _("day or session"),
        "request": _("what is asked for"),
        "source": _("the device or its calibration"),
        "room": _("the room or its vessels"),
        "vitals": _("blood pressure and pulse"),
        "answers": _("answers of the screening"),
        "diagnosis": _("the diagnosis"),
        "clearance": _("a doctor's clearance"),
        "test_spot": _("the test spot"),
        "lesion": _("lesions on the chart"),
        "professional": _("the professional who was asked"),
        "approval": _("a doctor's approval"),
        "review": _("the review of the course"),
        "previous": _("what was done before"),
        "zones": _("places to keep off"),
        "knowledge": _("the knowledge of the program"),
        "engine": _("the version of the program"),
    }


def stale_parts(plan: Plan) -> list[str]:
    """What has changed since a plan was asked for, in words; empty where nothing has."""
    now = inputs_of(plan.course, plan.visit_date, session_number=plan.session_number, role=plan.asked_role)
    words = part_words()
    return [words[part] for part in changed_parts(plan.inputs, now)]


def _verdict(plan: Plan) -> list[Obstacle]:
    """What the screening says now, of every zone of the plan, and of the room."""
    course = plan.course
    to_screening = reverse("screening_verdict", args=[course.pk]), _("Open the verdict")
    gathered = gather(course, date=plan.visit_date, session_number=plan.session_number, role=plan.asked_role)
    if gathered.case is None or bridge.problems_of(gathered.case):
        text = _("Something that the screening needs is missing or too old.")
        return [Obstacle("missing", text, reverse("course_page", args=[course.pk]), _("See what is missing"))]
    screened = bridge.screen(gathered.case)
    workable = {finding.zone for finding in screened.workable}
    stored = bridge.read_plan(plan.result)
    planned = {zone.zone for zone in stored.zones} | {spot.zone for spot in stored.spots}
    if not planned or not planned <= workable:
        return [Obstacle("verdict", _("The screening does not allow this treatment."), *to_screening)]
    method = bridge.methods()[screened.method]
    if method.liquid_nitrogen:
        room = gathered.case.get("room")
        if room is None or bridge.judge_room(room, plan.visit_date).verdict == "refused":
            text = _("The room is refused for liquid nitrogen.")
            return [Obstacle("room", text, reverse("course_edit", args=[course.pk]), _("Choose another room"))]
    return []


def _consents(course: Course) -> list[Obstacle]:
    from cryomassage_clinic.consents.selectors import missing_for

    if not missing_for(course.client, course):
        return []
    return [
        Obstacle(
            "consent",
            _("The consent to this treatment is not signed, or was withdrawn."),
            f"{reverse('consent_overview', args=[course.client_id])}?course={course.pk}",
            _("Open the consents"),
        )
    ]


def _day(plan: Plan, today: datetime.date) -> list[Obstacle]:
    """A plan is approved for a day that has not passed and is not too far off."""
    again = reverse("course_page", args=[plan.course_id]), _("Choose another day")
    if plan.visit_date < today:
        day = date_format(plan.visit_date, "j F Y")
        return [Obstacle("past", _("It was made for %(day)s, which has passed.") % {"day": day}, *again)]
    valid = int(bridge.knowledge().limit["approval_valid"].quantity.value)
    if (plan.visit_date - today).days > valid:
        text = _("The visit lies more than %(days)d days ahead; an approval holds no longer.") % {"days": valid}
        return [Obstacle("far", text, *again)]
    return []


def obstacles(plan: Plan, actor: Actor) -> list[Obstacle]:
    """Every reason why this plan may not be approved now; the right to do so is looked at apart.

    Args:
        plan: as it stands in the database, with its course.
        actor: gives the clinic, and with it the day.
    """
    course = plan.course
    if plan.state != Plan.State.DONE:
        return [Obstacle("not_done", _("It has not been computed yet."))]
    found: list[Obstacle] = []
    if Approval.objects.filter(plan=plan).exists():
        found.append(Obstacle("approved", _("It has been approved before. A plan is approved once.")))
    if plan.status not in APPROVABLE:
        found.append(Obstacle("refused", _("It holds no treatment that could be approved.")))
    if not is_intact(plan):
        text = _("Its content does not fit its fingerprint any more. Do not use it, and tell the owner.")
        return [*found, Obstacle("tampered", text)]
    if course.status == Course.Status.ENDED:
        found.append(Obstacle("ended", _("The course has ended.")))
    if course.client.erased_at is not None:
        return [*found, Obstacle("erased", _("The client's data have been erased."))]
    if needs_doctor(plan.exposure_class) and plan.asked_role != "doctor":
        found.append(Obstacle("asked_role", _("A plan of this class is asked for by a doctor.")))
    changed = stale_parts(plan)
    if changed:
        text = _("It has gone stale. Changed since: %(what)s. Compute it anew.") % {"what": ", ".join(changed)}
        found.append(Obstacle("stale", text))
    if plan.status in APPROVABLE:
        found += _verdict(plan)
    return [*found, *_consents(course), *_day(plan, today_of(actor.clinic))]
