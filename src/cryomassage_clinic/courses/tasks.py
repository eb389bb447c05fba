"""What the worker does: compute one plan, tell how far it is, and keep what came out."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone
from django_tasks import task

from cryomassage_clinic import bridge
from cryomassage_clinic.audit import services as audit
from cryomassage_clinic.courses.models import Plan
from cryomassage_clinic.courses.pictures import kept

MOST_ATTEMPTS = 3
WORKER = "system"  # as the audit names who computed

# Why a computation failed, as it stands before the details in `Plan.error`; the page says each in words.
BROKEN_OFF, WRONG_INPUT, ENGINE, FAULT = "broken_off", "wrong_input", "engine", "fault"

_log = logging.getLogger(__name__)


def _begin(plan_id: str) -> Plan | None:
    """The plan to compute, marked as running; None where there is nothing left to do.

    A task is handed out again when its worker was killed, so a plan may be found running, or even done.
    """
    with transaction.atomic():
        plan = Plan.objects.select_for_update().filter(pk=plan_id).first()
        if plan is None or plan.state in (Plan.State.DONE, Plan.State.FAILED):
            return None
        if plan.attempts >= MOST_ATTEMPTS:
            _fail(plan, BROKEN_OFF, "")
            return None
        plan.state, plan.attempts = Plan.State.RUNNING, plan.attempts + 1
        plan.progress, plan.progress_share = "", 0.0
        plan.save(update_fields=["state", "attempts", "progress", "progress_share"])
        return plan


def _fail(plan: Plan, kind: str, details: str) -> None:
    plan.state, plan.error = Plan.State.FAILED, f"{kind}\n{details}".strip()
    plan.save(update_fields=["state", "error"])
    audit.write(
        plan.clinic, WORKER, "plan.failed", plan, {"why": kind, "attempts": plan.attempts}, str(plan.course.client_id)
    )


def _failed(plan_id: str, kind: str, details: str) -> None:
    with transaction.atomic():
        plan = Plan.objects.select_for_update().get(pk=plan_id)
        if plan.state == Plan.State.RUNNING:
            _fail(plan, kind, details)


def _keep(plan_id: str, computed: bridge.Computed) -> None:
    """Store a result whole, once; a second one for the same plan is not kept."""
    with transaction.atomic():
        plan = Plan.objects.select_for_update().get(pk=plan_id)
        if plan.state != Plan.State.RUNNING:
            return
        plan.state, plan.computed_at = Plan.State.DONE, timezone.now()
        plan.status, plan.exposure_class = computed.status, computed.exposure_class
        plan.content_sha256, plan.result = computed.content_sha256, computed.text
        plan.pictures = kept(computed.pictures)
        plan.progress, plan.progress_share = "", 1.0
        plan.save()
        audit.write(
            plan.clinic,
            WORKER,
            "plan.computed",
            plan,
            {"status": plan.status, "exposure_class": plan.exposure_class, "content_sha256": plan.content_sha256},
            str(plan.course.client_id),
        )


@task()
def compute_plan(plan_id: str) -> None:
    """Compute a plan that was asked for. Called again for the same plan it does no harm.

    Whatever goes wrong is kept with the plan in words; the worker goes on.
    """
    plan = _begin(plan_id)
    if plan is None:
        return

    def tell(step: bridge.Step) -> None:
        told = f"{step.stage}:{step.zone}"
        Plan.objects.filter(pk=plan.pk, state=Plan.State.RUNNING).update(
            progress=told, progress_share=step.done / step.of
        )

    try:
        computed = bridge.compute(plan.case, tell)
    except bridge.InputError as error:
        _failed(plan_id, WRONG_INPUT, "\n".join(str(problem) for problem in error.problems))
    except bridge.CryomassageError as error:
        _failed(plan_id, ENGINE, str(error))
    except Exception as error:
        # The plan page must not wait for ever, whatever broke; the log says what, and holds no identity.
        _log.exception("plan %s could not be computed", plan_id)
        _failed(plan_id, FAULT, type(error).__name__)
    else:
        _keep(plan_id, computed)
