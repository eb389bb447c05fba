"""What leaves a plan: the printed card, its pictures, the plan as data, the report."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from cryomassage_clinic.accounts.access import get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.services import seen
from cryomassage_clinic.courses.approval import is_intact, stale_parts
from cryomassage_clinic.courses.models import Plan
from cryomassage_clinic.courses.plan_told import told_plan
from cryomassage_clinic.courses.selectors import approval_of, in_force
from cryomassage_clinic.web.pages import StaffRequest, page


def _done(request: StaffRequest, pk: str) -> Plan:
    """A computed plan.

    Raises:
        Http404: there is none in this clinic, or it has not been computed.
    """
    return get(request.actor, Plan, pk, Can.SEE_HEALTH, state=Plan.State.DONE)


@page(Can.SEE_HEALTH)
def plan_card(request: StaffRequest, pk: str) -> HttpResponse:
    """The card for the hands, to be printed. Whoever it is printed for is added here, on the clinic's side."""
    plan = _done(request, pk)
    client = plan.course.client
    seen(request.actor, plan, "card", client_id=client.pk)
    intact = is_intact(plan)
    told = told_plan(plan) if intact else None
    changed = stale_parts(plan) if in_force(plan) else []
    if not intact:
        stamp = _("NOT TO BE USED: the content does not fit its fingerprint")
    elif not in_force(plan):
        stamp = _("NOT APPROVED: do not work from this page")
    elif changed:
        stamp = _("STALE: do not work from this page. Changed since: %(what)s") % {"what": ", ".join(changed)}
    else:
        stamp = ""
    context = {
        "plan": plan,
        "course": plan.course,
        "client": client,
        "clinic": plan.clinic,
        "told": told,
        "card": told.plan.card if told is not None else None,
        "approval": approval_of(plan),
        "in_force": in_force(plan),
        "stamp": stamp,
    }
    return render(request, "courses/card.html", context)


def _file_name(plan: Plan, ending: str) -> str:
    """A file name that tells no name."""
    return f"{plan.course.client.code}-{plan.visit_date.isoformat()}-{plan.content_sha256[:8]}.{ending}"


def _attached(content: str, kind: str, name: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=f"{kind}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@page(Can.SEE_HEALTH)
def plan_json(request: StaffRequest, pk: str) -> HttpResponse:
    """The plan to the byte as the core wrote it; `cryomassage replay` computes it again."""
    plan = _done(request, pk)
    seen(request.actor, plan, "plan as data", client_id=plan.course.client_id)
    return _attached(plan.result, "application/json", _file_name(plan, "json"))


@page(Can.SEE_HEALTH)
def plan_report(request: StaffRequest, pk: str) -> HttpResponse:
    """The core's report: one file that needs nothing else."""
    plan = _done(request, pk)
    report = (plan.pictures or {}).get("report")
    if not report:
        raise Http404
    seen(request.actor, plan, "report", client_id=plan.course.client_id)
    return _attached(report, "text/html", _file_name(plan, "html"))


@page(Can.SEE_HEALTH)
def plan_picture(request: StaffRequest, pk: str, name: str) -> HttpResponse:
    """One of the core's drawings, as an image; what was computed never changes, so browsers may keep it."""
    plan = _done(request, pk)
    for drawing in (plan.pictures or {}).get("drawings", []):
        if drawing["name"] == name:
            return HttpResponse(
                drawing["svg"],
                content_type="image/svg+xml; charset=utf-8",
                headers={"Cache-Control": "private, max-age=86400, immutable"},
            )
    raise Http404
