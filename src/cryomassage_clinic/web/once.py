"""Forms are written once, and never over what somebody else has changed meanwhile."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest

from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.web.headers import SAFE_FORM
from cryomassage_clinic.web.models import Draft, Submission

FIELD = "submission"


class StaleFormError(Exception):
    """The record was changed after this page had been opened."""

    def __init__(self, record: Any) -> None:
        self.record = record
        super().__init__("stale")


def submission_id(request: HttpRequest) -> uuid.UUID:
    """The mark of this form; a form without one is written as often as it is sent."""
    try:
        return uuid.UUID(request.POST.get(FIELD, ""))
    except ValueError:
        return uuid.uuid4()


def write_once(request: HttpRequest, actor: Actor, write: Callable[[], str]) -> str:
    """Run a write in one transaction, once for each form that was opened.

    Args:
        request: holds the hidden mark of the form.
        actor: who writes.
        write: calls services, and returns the address that the page leads to.

    Returns:
        That address; of the first write where the form was sent twice.
    """
    mark = submission_id(request)
    earlier = Submission.objects.filter(pk=mark, user=actor.user).first()
    if earlier is not None:
        return earlier.leads_to
    try:
        with transaction.atomic():
            taken = Submission.objects.create(id=mark, clinic=actor.clinic, user=actor.user, leads_to="")
            taken.leads_to = write()
            taken.save(update_fields=["leads_to"])
            if SAFE_FORM in request.headers:  # what was typed is a record now
                Draft.objects.filter(user=actor.user, form=request.headers[SAFE_FORM]).delete()
            return taken.leads_to
    except IntegrityError:
        earlier = Submission.objects.filter(pk=mark, user=actor.user).first()
        if earlier is None:
            raise
        return earlier.leads_to


def must_be_fresh(record: Any, seen_version: str | int | None) -> None:
    """Refuse a form that was filled in from an older version of its record.

    Raises:
        StaleFormError: the record has changed since, or the form does not say what it was filled in from.
    """
    if str(record.version) != str(seen_version):
        raise StaleFormError(record)
