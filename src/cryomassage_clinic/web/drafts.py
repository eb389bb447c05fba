"""Drafts: what somebody has typed into a form and not yet saved. A draft is no record, and nothing checks it."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpResponse, JsonResponse
from django.utils import formats, timezone

from cryomassage_clinic.accounts.access import Actor, get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.web.models import Draft, Submission
from cryomassage_clinic.web.pages import StaffRequest, page

LONGEST = 200_000  # bytes
_WRITES = (Can.EDIT_CONTACT, Can.EDIT_HEALTH, Can.BOOK, Can.PLAN, Can.MANAGE_PLACES, Can.MANAGE_STAFF)
_OWNER_IN_KEY = re.compile(r"^(client|course):([0-9a-f-]{36})(?::|$)")


@page(None, methods=("GET", "PUT", "DELETE"))
def draft(request: StaffRequest, form: str) -> HttpResponse:
    """Keep, give back or drop what somebody has typed into a form.

    A PUT holds `{"mark": submission, "page": any text, "count": n, "version": …, "fields": [[name, value], …]}`. Of
    one page the one with the highest count stays, in whatever order they arrive; what comes after the form of that
    mark has been saved is dropped.
    """
    if request.method == "GET":
        return _give_back(request.actor, form)
    if not any(request.actor.can(one) for one in _WRITES):
        raise PermissionDenied("reads only")
    if request.method == "DELETE":
        Draft.objects.filter(user=request.actor.user, form=form).delete()
        return HttpResponse(status=204)
    content = _content(request)
    if isinstance(content, HttpResponse):
        return content
    return _keep(request.actor, form, content, _client_id(request, form))


def _give_back(actor: Actor, form: str) -> JsonResponse:
    kept = Draft.objects.filter(user=actor.user, form=form).first()
    if kept is None:
        return JsonResponse({"content": None})
    return JsonResponse({"content": kept.content, "at": _when(kept)})


def _when(kept: Draft) -> str:
    """The time, and the day unless it is today, as the reader writes them."""
    at = timezone.localtime(kept.updated_at)
    time = formats.time_format(at, "H:i")
    if at.date() == timezone.localdate():
        return time
    return f"{formats.date_format(at, 'SHORT_DATE_FORMAT')} {time}"


def _content(request: StaffRequest) -> dict[str, Any] | HttpResponse:
    """What was sent, or the refusal of it."""
    if len(request.body) > LONGEST:
        return HttpResponse(status=413)
    try:
        content = json.loads(request.body)
    except (ValueError, RecursionError):
        return HttpResponse(status=400)
    # PostgreSQL keeps no NUL in text.
    if not isinstance(content, dict) or "\\u0000" in json.dumps(content):
        return HttpResponse(status=400)
    return content


def _client_id(request: StaffRequest, form: str) -> str:
    """Whose data the draft holds, so that erasure finds it: as the form says, or as its key does.

    Raises:
        Http404: there is no such client or course in this clinic.
    """
    named = request.headers.get("X-Draft-Client", "")
    kind, pk = found.groups() if (found := _OWNER_IN_KEY.match(form)) else ("", "")
    if not named and kind == "course":
        course = Course.objects.filter(clinic=request.actor.clinic, pk=pk).first()
        named = str(course.client_id) if course is not None else pk  # a new course has its client's id in the key
    named = named or pk
    return str(get(request.actor, Client, named, Can.SEE_CONTACT).pk) if named else ""


def _keep(actor: Actor, form: str, content: dict[str, Any], client_id: str) -> HttpResponse:
    if len(form) > (Draft._meta.get_field("form").max_length or 0):
        return HttpResponse(status=400)
    try:
        with transaction.atomic():
            kept = Draft.objects.select_for_update().filter(user=actor.user, form=form).first()
            if _written(actor, content) or (kept is not None and _is_older(content, kept.content)):
                return HttpResponse(status=204)
            kept = kept or Draft(user=actor.user, form=form)
            kept.content, kept.client_id = content, client_id
            kept.save()
    except IntegrityError:
        return HttpResponse(status=503)  # two first drafts at once: the page tries again
    return HttpResponse(status=204, headers={"X-Kept-At": _when(kept)})


def _written(actor: Actor, content: dict[str, Any]) -> bool:
    """Whether the form that this is a draft of has been saved already."""
    try:
        mark = uuid.UUID(str(content.get("mark")))
    except ValueError:
        return False
    return Submission.objects.filter(pk=mark, user=actor.user).exists()


def _is_older(content: dict[str, Any], kept: Any) -> bool:
    if not isinstance(kept, dict) or not content.get("page") or kept.get("page") != content["page"]:
        return False
    count, kept_count = content.get("count"), kept.get("count")
    return isinstance(count, int) and isinstance(kept_count, int) and count < kept_count
