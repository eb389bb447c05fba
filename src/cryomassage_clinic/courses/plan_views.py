"""Pages of plans: what waits, one plan while it is computed and after, its approval."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.access import get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.services import seen
from cryomassage_clinic.courses import plan_services
from cryomassage_clinic.courses.approval import APPROVABLE, is_intact, needed_right, obstacles, stale_parts
from cryomassage_clinic.courses.course_told import plan_told
from cryomassage_clinic.courses.models import Plan
from cryomassage_clinic.courses.plan_told import told_plan, zone_map_of
from cryomassage_clinic.courses.selectors import approval_of, in_force, progress_words, waiting_plans, wish_words
from cryomassage_clinic.courses.tasks import BROKEN_OFF, ENGINE, FAULT, WRONG_INPUT
from cryomassage_clinic.web.once import write_once
from cryomassage_clinic.web.pages import StaffRequest, page

_WAITING = (Plan.State.QUEUED, Plan.State.RUNNING)


@page(Can.SEE_HEALTH)
def plan_list(request: StaffRequest) -> HttpResponse:
    """What waits for whom."""
    waiting = waiting_plans(request.actor)
    seen(request.actor, request.actor.clinic, "list of plans")
    context = {
        "for_doctor": [(course, wish_words(course)) for course in waiting.for_doctor],
        "to_approve": [(plan, needed_right(plan) is Can.APPROVE_AS_DOCTOR) for plan in waiting.to_approve],
        "computing": [(plan, progress_words(plan)) for plan in waiting.computing],
        "recent": [plan_told(plan, look=False) for plan in waiting.recent],
        "names": {key: one.name for key, one in bridge.indications().items()},
    }
    return render(request, "courses/plan_list.html", context)


def _failure(plan: Plan) -> tuple[str, list[str]]:
    """Why a plan could not be computed, and the details of the core."""
    kind, _break, details = plan.error.partition("\n")
    words = {
        BROKEN_OFF: _("The computation was cut off three times. Ask the owner to restart the program, then ask anew."),
        WRONG_INPUT: _("What it was to be computed from cannot be used. Put it right, then ask for a new plan."),
        ENGINE: _("It could not be computed from this. Nothing was changed; the reason stands below."),
        FAULT: _("The program made a mistake. Nothing was changed. Ask for the plan again, and tell the owner."),
    }
    return words.get(kind, words[FAULT]), [line for line in details.splitlines() if line]


def _progress(plan: Plan) -> dict[str, Any]:
    return {"plan": plan, "words": progress_words(plan), "percent": round(100 * plan.progress_share)}


@page(Can.SEE_HEALTH)
def plan_progress(request: StaffRequest, pk: str) -> HttpResponse:
    """How far the worker is; asked for every second by the page that waits."""
    plan = get(request.actor, Plan, pk, Can.SEE_HEALTH)
    response = render(request, "courses/parts/progress.html", _progress(plan))
    if plan.state not in _WAITING:
        response["HX-Refresh"] = "true"
    return response


def _page(request: StaffRequest, plan: Plan, status: int = 200, **more: Any) -> HttpResponse:
    """The page of a plan, in whatever state."""
    course = plan.course
    context: dict[str, Any] = {
        "plan": plan,
        "course": course,
        "client": course.client,
        "wish": wish_words(course),
        "told_state": plan_told(plan, look=False),
        **more,
    }
    if plan.state in _WAITING:
        return render(request, "courses/plan_waiting.html", {**context, **_progress(plan)}, status=status)
    if plan.state == Plan.State.FAILED:
        words, details = _failure(plan)
        return render(request, "courses/plan_failed.html", {**context, "words": words, "details": details})
    if not is_intact(plan):
        return render(request, "courses/plan_broken.html", context, status=status)
    approval, told = approval_of(plan), told_plan(plan)
    right = needed_right(plan)
    context |= {
        "told": told,
        "card": told.plan.card,
        "map": zone_map_of(told.plan),
        "approval": approval,
        "in_force": in_force(plan),
        "changed": stale_parts(plan),
        "for_doctor": right is Can.APPROVE_AS_DOCTOR,
        "may_approve": request.actor.can(right),
        "may_revoke": in_force(plan) and request.actor.can(right),
        "obstacles": obstacles(plan, request.actor) if approval is None and plan.status in APPROVABLE else [],
        "approvable": plan.status in APPROVABLE,
        "others": course.plans.filter(state=Plan.State.DONE).exclude(pk=plan.pk).only("pk", "visit_date")[:1],
    }
    return render(request, "courses/plan.html", context, status=status)


@page(Can.SEE_HEALTH)
def plan_page(request: StaffRequest, pk: str) -> HttpResponse:
    """One plan: what to do, what the skin will feel, why."""
    plan = get(request.actor, Plan, pk, Can.SEE_HEALTH)
    seen(request.actor, plan, "plan", client_id=plan.course.client_id)
    return _page(request, plan)


@page(Can.APPROVE, methods=("POST",))
def plan_approve(request: StaffRequest, pk: str) -> HttpResponse:
    """Say yes to a plan."""
    plan = get(request.actor, Plan, pk, Can.APPROVE)

    def write() -> str:
        plan_services.approve(request.actor, plan)
        return f"{reverse('plan_page', args=[plan.pk])}#approval"

    try:
        to = write_once(request, request.actor, write)
    except plan_services.NotApprovedError as error:
        plan.refresh_from_db()
        return _page(request, plan, 422, refused=error.obstacles)
    messages.success(request, _("Approved. The card may be printed, and the dates booked."))
    return redirect(to)


@page(Can.APPROVE, methods=("POST",))
def plan_revoke(request: StaffRequest, pk: str) -> HttpResponse:
    """Take an approval back."""
    plan = get(request.actor, Plan, pk, Can.APPROVE)
    request.actor.require(needed_right(plan))
    reason = request.POST.get("reason", "")

    def write() -> str:
        plan_services.revoke(request.actor, plan, reason)
        return reverse("plan_page", args=[plan.pk])

    try:
        to = write_once(request, request.actor, write)
    except ValidationError as error:
        return _page(request, plan, 422, revoke_errors=error.messages, revoke_reason=reason)
    messages.warning(request, _("The approval is taken back. Nobody may work from this plan."))
    return redirect(to)
