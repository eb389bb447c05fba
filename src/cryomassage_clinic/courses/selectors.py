"""Reads of courses and plans: where they stand, what waits for whom."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.access import Actor, every
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.courses.approval import APPROVABLE, is_intact, stale_parts
from cryomassage_clinic.courses.case import class_of, method_of
from cryomassage_clinic.courses.days import today_of
from cryomassage_clinic.courses.models import Approval, Course, Plan
from cryomassage_clinic.web.core_words import told

_HEAVY = ("case", "result", "pictures")
_LISTED = 50


def plans_of(course: Course) -> list[Plan]:
    """All plans of a course, the newest first, without what was computed."""
    return list(course.plans.defer(*_HEAVY).select_related("asked_by", "approval__approved_by"))


def approval_of(plan: Plan) -> Approval | None:
    """The approval of a plan, revoked or not."""
    return getattr(plan, "approval", None)


def in_force(plan: Plan) -> bool:
    """Whether a plan is approved and the approval has not been taken back."""
    approval = approval_of(plan)
    return approval is not None and approval.revoked_at is None


def approved_plan(course: Course) -> Plan | None:
    """The plan of a course that is approved and not revoked, the newest of them."""
    approved = course.plans.filter(approval__isnull=False, approval__revoked_at__isnull=True)
    return approved.select_related("approval__approved_by").order_by("-approval__approved_at").first()


def working_plan(course: Course, date: datetime.date) -> Plan | None:
    """The plan that may be worked from on a day: approved for it, not revoked, and nothing has changed since."""
    approved = course.plans.filter(
        approval__isnull=False, approval__revoked_at__isnull=True, visit_date=date, status__in=APPROVABLE
    )
    for plan in approved.select_related("course__client", "approval__approved_by").order_by("-approval__approved_at"):
        if is_intact(plan) and not stale_parts(plan):
            return plan
    return None


def sessions_done(course: Course) -> int:
    """How many sessions of a course have taken place, the test spot not counted."""
    done = course.bookings.filter(status="done", session_number__gte=1)
    return max((number for number in done.values_list("session_number", flat=True) if number), default=0)


def doctor_methods() -> list[str]:
    """Methods that only doctors work with, in whatever class."""
    known = bridge.knowledge()
    found = []
    for key in known.method:
        levels = {
            route.exposure_class
            for indication in known.indication.values()
            for route in indication.routes
            if route.method == key
        }
        if levels and all(known.exposure_class[f"class_{level}"].needs_doctor_approval for level in levels):
            found.append(key)
    return found


@dataclass(frozen=True)
class Waiting:
    """What the list of plans holds, by what is to be done."""

    for_doctor: list[Course]
    to_approve: list[Plan]
    computing: list[Plan]
    recent: list[Plan]


def _in_force() -> Exists:
    return Exists(Approval.objects.filter(plan__course=OuterRef("pk"), revoked_at__isnull=True))


def _light(plans: QuerySet[Plan]) -> QuerySet[Plan]:
    return plans.defer(*_HEAVY).select_related("course__client", "asked_by", "approval__approved_by")


def waiting_plans(actor: Actor) -> Waiting:
    """Courses and plans that wait for somebody.

    Raises:
        PermissionDenied: the role sees no health data.
    """
    plans, today = _light(every(actor, Plan, Can.SEE_HEALTH)), today_of(actor.clinic)
    doctors = Q(method__in=doctor_methods()) | Q(
        exposure_class__in=[
            level.level for level in bridge.knowledge().exposure_class.values() if level.needs_doctor_approval
        ]
    )
    courses = (
        every(actor, Course, Can.SEE_HEALTH)
        .filter(doctors)
        .exclude(status=Course.Status.ENDED)
        .exclude(_in_force())
        .select_related("client")
    )
    to_approve = plans.filter(
        state=Plan.State.DONE,
        status__in=APPROVABLE,
        approval__isnull=True,
        visit_date__gte=today,
        course__client__erased_at__isnull=True,
    ).exclude(course__status=Course.Status.ENDED)
    newest: dict[Any, Plan] = {}
    for plan in to_approve[: 4 * _LISTED]:
        newest.setdefault((plan.course_id, plan.visit_date), plan)
    return Waiting(
        for_doctor=list(courses[:_LISTED]),
        to_approve=list(newest.values())[:_LISTED],
        computing=list(plans.filter(state__in=[Plan.State.QUEUED, Plan.State.RUNNING])[:_LISTED]),
        recent=list(plans.filter(state__in=[Plan.State.DONE, Plan.State.FAILED])[:20]),
    )


def state_words(plan: Plan) -> tuple[str, str, str]:
    """Where a plan stands: a kind of mark, its icon, and the words."""
    approval = approval_of(plan)
    if approval is not None and approval.revoked_at is not None:
        return "stop", "stop", _("Approval taken back")
    if approval is not None:
        return "go", "go", _("Approved")
    if plan.state == Plan.State.FAILED:
        return "stop", "stop", _("Could not be computed")
    if plan.state != Plan.State.DONE:
        return "cold", "clock", _("Being computed")
    return {
        "planned": ("near", "near", _("Not approved yet")),
        "test_spot_first": ("near", "near", _("Test spot first, not approved yet")),
        "refused": ("stop", "stop", _("No treatment")),
        "no_safe_dose": ("stop", "stop", _("No safe dose with this source")),
    }.get(plan.status, ("stop", "stop", plan.status))


def progress_words(plan: Plan) -> str:
    """What the worker is doing now."""
    if plan.state == Plan.State.QUEUED:
        return _("Waiting for its turn")
    stage, _colon, zone = plan.progress.partition(":")
    known = bridge.zones().get(zone)
    name = told(known.name) if known is not None else ""
    return {
        "screening": _("Checking the answers"),
        "search": _("Looking for the dose: %(zone)s") % {"zone": name},
        "confirm": _("Confirming it on other virtual skins: %(zone)s") % {"zone": name},
        "predict": _("Following the skin through the session: %(zone)s") % {"zone": name},
        "draw": _("Drawing the pictures"),
    }.get(stage, _("Starting"))


def wish_words(course: Course) -> dict[str, Any]:
    """What a course asks for, as people call it."""
    known = bridge.knowledge()
    indication = known.indication.get(course.indication)
    method = known.method.get(method_of(course)) if indication is not None else None
    level = known.exposure_class.get(f"class_{class_of(course)}") if indication is not None else None
    return {
        "indication": told(indication.name) if indication is not None else course.indication,
        "evidence": told(indication.evidence.sentence) if indication is not None else "",
        "contradicted": indication is not None and indication.evidence.grade == "X",
        "zones": [told(known.zone[zone].name) if zone in known.zone else zone for zone in course.zones],
        "method": told(method.name) if method is not None else course.method,
        "liquid_nitrogen": method is not None and method.liquid_nitrogen,
        "level": level,
        "level_name": told(level.name) if level is not None else "",
    }
