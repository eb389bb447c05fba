"""The calendar of a site: a day as a grid, a week as a table, both as a list on a phone."""

from __future__ import annotations

import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from cryomassage_clinic.accounts.models import User
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.services import seen
from cryomassage_clinic.places.models import Room, Site
from cryomassage_clinic.places.selectors import sites_of
from cryomassage_clinic.visits import selectors
from cryomassage_clinic.visits.clock import DAY, clock_change, day_bounds, start_of_day, zone_of
from cryomassage_clinic.visits.grid import day_grid, week_table
from cryomassage_clinic.visits.marks import FILL_BUDGET_S, LIST_BUDGET_S
from cryomassage_clinic.web.pages import StaffRequest, page

_FIRST, _LAST = datetime.date(2000, 1, 3), datetime.date(2200, 1, 1)


def date_asked(request: StaffRequest, today: datetime.date) -> datetime.date:
    """The day in the address; today where there is none or it cannot be read."""
    try:
        asked = datetime.date.fromisoformat(request.GET.get("date", ""))
    except ValueError:
        return today
    return asked if _FIRST <= asked < _LAST else today


def site_asked(request: StaffRequest, sites: list[Site]) -> Site | None:
    """The site in the address, else one's own, else the first."""
    asked = next((site for site in sites if str(site.pk) == request.GET.get("site")), None)
    if asked is not None:
        return asked
    own = set(request.actor.user.sites.values_list("pk", flat=True))
    return next((site for site in sites if site.pk in own), sites[0] if sites else None)


@page(Can.SEE_CALENDAR)
def calendar(request: StaffRequest) -> HttpResponse:
    """A day or a week of a site."""
    actor, zone = request.actor, zone_of(request.actor.clinic)
    today = timezone.localdate(timezone=zone)
    date, sites = date_asked(request, today), sites_of(actor)
    site = site_asked(request, sites)
    by = "person" if request.GET.get("by") == "person" else "room"
    week = request.GET.get("view") == "week"
    first = date - date.weekday() * DAY if week else date
    days = 7 if week else 1
    things: list[Room | User] = []
    if site is not None:
        things = [*selectors.operators(actor, site)] if by == "person" else [*selectors.rooms(actor, site)]
    rows = selectors.bookings_between(actor, start_of_day(first, zone), start_of_day(first + days * DAY, zone), site)
    filling = request.headers.get("HX-Request") == "true"
    visits = selectors.visits_of(actor, rows, FILL_BUDGET_S if filling else LIST_BUDGET_S)
    context: dict[str, Any] = {
        "date": date,
        "first": first,
        "last": first + (days - 1) * DAY,
        "today": today,
        "is_today": first <= today < first + days * DAY,
        "before": first - days * DAY,
        "after": first + days * DAY,
        "site": site,
        "sites": sites,
        "by": by,
        "week": week,
        "whole": request.GET.get("whole") == "1",
        "visits": visits,
        "things": things,
        "clock_change": [words for number in range(days) if (words := clock_change(first + number * DAY, zone))],
        "day_bounds": day_bounds(date, zone),
    }
    if week:
        context["table"] = week_table(first, zone, things, by, visits)
    else:
        context["grid"] = day_grid(date, zone, site, things, by, visits, whole=context["whole"])
    if visits and actor.can(Can.SEE_HEALTH) and not filling:
        seen(actor, site or actor.clinic, f"calendar from {first} for {days} d")
    return render(request, "visits/calendar.html", context)


@page(Can.SEE_CALENDAR)
def today_list(request: StaffRequest) -> HttpResponse:
    """The list of today's page again, with the verdicts that were still to be looked up."""
    visits = selectors.today_for(request.actor, FILL_BUDGET_S)
    return render(request, "visits/parts/today_list.html", {"visits": visits})
