"""Today's page, and the page of what is left."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.visits.selectors import today_for
from cryomassage_clinic.web.due import due_for
from cryomassage_clinic.web.menu import groups_for
from cryomassage_clinic.web.pages import StaffRequest, page


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


def alive(request: HttpRequest) -> HttpResponse:
    """For the starter: whether pages can be served and the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")
