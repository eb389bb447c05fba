"""Writes of plans: asking for one, approving it, taking the approval back."""

from __future__ import annotations

import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cryomassage_clinic.accounts.access import Actor, get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit import services as audit
from cryomassage_clinic.courses.approval import Obstacle, needed_right, obstacles
from cryomassage_clinic.courses.case import inputs_of
from cryomassage_clinic.courses.models import Approval, Course, Plan
from cryomassage_clinic.courses.readiness import Missing, missing_for_plan, role_for_case
from cryomassage_clinic.courses.tasks import compute_plan


class NotReadyError(Exception):
    """No plan is made: something is missing or too old."""

    def __init__(self, missing: list[Missing]) -> None:
        self.missing = missing
        super().__init__("not ready")


class NotApprovedError(Exception):
    """The plan may not be approved, for these reasons."""

    def __init__(self, found: list[Obstacle]) -> None:
        self.obstacles = found
        super().__init__(", ".join(one.code for one in found))


def ask_plan(actor: Actor, course: Course, date: datetime.date, session_number: int) -> Plan:
    """Ask the worker for a plan of one visit; what is already waiting for the same visit is not asked for twice.

    Raises:
        PermissionDenied: the role may not.
        NotReadyError: unknown or stale input: no plan is made.
    """
    actor.require(Can.PLAN)
    get(actor, Course, course.pk, Can.PLAN)
    role = role_for_case(actor.user)
    with transaction.atomic():
        course = Course.objects.select_for_update().get(pk=course.pk)
        gathered, missing = missing_for_plan(course, actor.user, date, session_number)
        if missing or gathered.case is None:
            raise NotReadyError(missing)
        inputs = inputs_of(course, date, session_number=session_number, role=role)
        waiting = Plan.objects.filter(
            course=course,
            visit_date=date,
            session_number=session_number,
            asked_role=role,
            state__in=[Plan.State.QUEUED, Plan.State.RUNNING],
        )
        for plan in waiting:
            if plan.inputs == inputs:
                return plan
        plan = Plan.objects.create(
            clinic=actor.clinic,
            course=course,
            visit_date=date,
            session_number=session_number,
            asked_by=actor.user,
            asked_role=role,
            case=gathered.case,
            inputs=inputs,
        )
        audit.record(
            actor,
            "plan.asked",
            plan,
            {"course": str(course.pk), "date": date, "session": session_number, "role": role},
            client_id=course.client_id,
        )
        compute_plan.enqueue(str(plan.pk))  # a row of the same transaction: both are there, or neither
        return plan


def approve(actor: Actor, plan: Plan) -> Approval:
    """Say yes to a computed plan. Everything is looked at again, on the rows as they are now.

    Raises:
        PermissionDenied: the role may not approve this class.
        NotApprovedError: with every reason.
    """
    actor.require(Can.APPROVE)
    get(actor, Plan, plan.pk, Can.APPROVE)
    with transaction.atomic():
        plan = Plan.objects.select_for_update().get(pk=plan.pk)
        # Whoever changes course or client meanwhile waits for this row.
        plan.course = Course.objects.select_for_update().select_related("client").get(pk=plan.course_id)
        if not actor.can(needed_right(plan)):
            raise PermissionDenied(needed_right(plan).value)
        found = obstacles(plan, actor)
        if found:
            raise NotApprovedError(found)
        try:
            with transaction.atomic():
                approval = Approval.objects.create(
                    clinic=actor.clinic,
                    plan=plan,
                    content_sha256=plan.content_sha256,
                    approved_by=actor.user,
                    role=actor.user.role,
                    approved_at=timezone.now(),
                )
        except IntegrityError as error:
            raise NotApprovedError([Obstacle("approved", _("This plan has been approved already."))]) from error
        course = plan.course
        if course.status == Course.Status.DRAFT:
            course.status, course.version = Course.Status.ACTIVE, course.version + 1
            course.save(update_fields=["status", "version"])
        audit.record(
            actor,
            "plan.approved",
            plan,
            {
                "content_sha256": plan.content_sha256,
                "role": actor.user.role,
                "exposure_class": plan.exposure_class,
                "date": plan.visit_date,
            },
            client_id=course.client_id,
        )
        return approval


def revoke(actor: Actor, plan: Plan, reason: str) -> Approval:
    """Take an approval back; its row stays, with who and why.

    Raises:
        PermissionDenied: the role may not.
        ValidationError: there is no reason, or nothing to take back.
    """
    actor.require(Can.APPROVE)
    actor.require(needed_right(get(actor, Plan, plan.pk, Can.APPROVE)))
    reason = reason.strip()
    if not reason:
        raise ValidationError(_("Say why the approval is taken back."))
    if len(reason) > 300 or "\0" in reason:
        raise ValidationError(_("Say it in at most 300 letters."))
    with transaction.atomic():
        approval = Approval.objects.select_for_update().filter(plan_id=plan.pk, clinic=actor.clinic).first()
        if approval is None or approval.revoked_at is not None:
            raise ValidationError(_("There is no approval to take back."))
        approval.revoked_at, approval.revoked_by, approval.revoked_reason = timezone.now(), actor.user, reason
        approval.save(update_fields=["revoked_at", "revoked_by", "revoked_reason"])
        audit.record(actor, "plan.approval_revoked", plan, {"reason": reason}, client_id=plan.course.client_id)
        return approval
