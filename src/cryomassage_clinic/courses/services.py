"""Writes of courses: what is asked for, its end, its review."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from cryomassage_clinic.accounts.access import Actor, get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit import services as audit
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.courses.days import today_of
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.web.once import must_be_fresh

WISH = (
    "indication",
    "purpose",
    "zones",
    "method",
    "exposure_class",
    "place",
    "device",
    "room",
    "professional_name",
    "professional_date",
)


def _told(course: Course) -> dict[str, Any]:
    """A wish as the audit keeps it."""
    told = {name: getattr(course, name) for name in WISH if name not in ("device", "room")}
    return {**told, "device": str(course.device_id or ""), "room": str(course.room_id or "")}


def _locked(actor: Actor, course: Course) -> Course:
    """The row as it is now, held until the transaction ends."""
    get(actor, Course, course.pk, Can.EDIT_HEALTH)
    return Course.objects.select_for_update().select_related("client", "clinic").get(pk=course.pk)


def create_course(actor: Actor, client: Client, wish: dict[str, Any]) -> Course:
    """Open a course for a client.

    Raises:
        PermissionDenied: the role may not.
        Http404: there is no such client in this clinic.
    """
    actor.require(Can.EDIT_HEALTH)
    with transaction.atomic():
        client = get(actor, Client, client.pk, Can.EDIT_HEALTH, erased_at__isnull=True)
        course = Course.objects.create(clinic=actor.clinic, client=client, **wish)
        audit.record(actor, "course.created", course, _told(course), client_id=client.pk)
        return course


def edit_course(actor: Actor, course: Course, wish: dict[str, Any], seen_version: str | int | None) -> Course:
    """Change what is asked for. Plans that were made before go stale by themselves.

    Raises:
        PermissionDenied: the role may not.
        StaleFormError: somebody changed the course meanwhile.
        ValidationError: the course has ended.
    """
    actor.require(Can.EDIT_HEALTH)
    with transaction.atomic():
        course = _locked(actor, course)
        must_be_fresh(course, seen_version)
        _must_run(course)
        before = _told(course)
        for name, value in wish.items():
            setattr(course, name, value)
        course.version += 1
        course.save()
        after = _told(course)
        changed = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
        audit.record(actor, "course.changed", course, changed, client_id=course.client_id)
        return course


def _must_run(course: Course) -> None:
    if course.status == Course.Status.ENDED:
        raise ValidationError(_("This course has ended. Open a new one."))


def end_course(actor: Actor, course: Course, reason: str, seen_version: str | int | None) -> Course:
    """End a course, with the reason.

    Raises:
        PermissionDenied: the role may not.
        StaleFormError: somebody changed the course meanwhile.
        ValidationError: there is no reason, or the course has ended already.
    """
    actor.require(Can.EDIT_HEALTH)
    reason = reason.strip()
    if not reason:
        raise ValidationError(_("Say why the course ends."))
    if len(reason) > 300 or "\0" in reason:
        raise ValidationError(_("Say it in at most 300 letters."))
    with transaction.atomic():
        course = _locked(actor, course)
        must_be_fresh(course, seen_version)
        _must_run(course)
        course.status, course.end_reason, course.version = Course.Status.ENDED, reason, course.version + 1
        course.save(update_fields=["status", "end_reason", "version"])
        audit.record(actor, "course.ended", course, {"reason": reason}, client_id=course.client_id)
        return course


def review_course(
    actor: Actor,
    course: Course,
    *,
    session: int,
    date: datetime.date,
    benefit: bool,
    seen_version: str | int | None,
) -> Course:
    """Write down what a review found. No benefit means stop; the core holds to that in every later plan.

    Raises:
        PermissionDenied: the role may not.
        StaleFormError: somebody changed the course meanwhile.
        ValidationError: a session that cannot be, or a day that is still to come.
    """
    actor.require(Can.EDIT_HEALTH)
    if not 1 <= session <= 60:
        raise ValidationError(_("Name the session after which you looked: 1 to 60."))
    with transaction.atomic():
        course = _locked(actor, course)
        must_be_fresh(course, seen_version)
        _must_run(course)
        if date > today_of(actor.clinic):
            raise ValidationError(_("The day of the review lies in the future."))
        course.review_session, course.review_date, course.review_benefit = session, date, benefit
        course.version += 1
        course.save(update_fields=["review_session", "review_date", "review_benefit", "version"])
        audit.record(
            actor,
            "course.reviewed",
            course,
            {"session": session, "date": date, "benefit": benefit},
            client_id=course.client_id,
        )
        return course
