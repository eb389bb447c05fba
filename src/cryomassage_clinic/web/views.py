"""Today's page, drafts, and the page of what is left."""

from __future__ import annotations

import json

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.visits.selectors import today_for
from cryomassage_clinic.web.due import due_for
from cryomassage_clinic.web.menu import groups_for
from cryomassage_clinic.web.models import Draft
from cryomassage_clinic.web.pages import StaffRequest, page

_LONGEST_DRAFT = 200_000


@page(Can.SEE_CALENDAR)
def today(request: StaffRequest) -> HttpResponse:
    """Who comes, what is due, what went wrong yesterday."""
    actor = request.actor
    return render(
        request,
        "web/today.html",
        {"now": timezone.localtime(), "due": due_for(actor), "visits": today_for(actor)},
    )


@page(None)
def more(request: StaffRequest) -> HttpResponse:
    """Everything that is not work of every day."""
    return render(request, "web/more.html", {"groups": groups_for(request.actor)})


@page(None, methods=("GET", "PUT", "DELETE"))
def draft(request: StaffRequest, form: str) -> HttpResponse:
    """Keep, give back or drop what somebody has typed into a form."""
    mine = Draft.objects.filter(user=request.actor.user, form=form)
    if request.method == "GET":
        kept = mine.first()
        return JsonResponse({"content": kept.content if kept else None})
    if request.method == "DELETE":
        mine.delete()
        return HttpResponse(status=204)
    if len(request.body) > _LONGEST_DRAFT:
        return HttpResponse(status=413)
    try:
        content = json.loads(request.body)
    except ValueError:
        return HttpResponse(status=400)
    with transaction.atomic():
        Draft.objects.update_or_create(
            user=request.actor.user,
            form=form,
            defaults={"content": content, "client_id": request.headers.get("X-Draft-Client", "")[:64]},
        )
    return HttpResponse(status=204)


def alive(request: HttpRequest) -> HttpResponse:
    """For the starter: whether pages can be served and the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")
