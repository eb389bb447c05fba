"""The page of the log."""

from __future__ import annotations

import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from cryomassage_clinic.accounts.access import get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit import selectors
from cryomassage_clinic.audit.services import seen
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.custody.selectors import latest_check, running_check
from cryomassage_clinic.custody.services import ask_check
from cryomassage_clinic.web.once import write_once
from cryomassage_clinic.web.pages import StaffRequest, page


def _wanted(request: StaffRequest) -> tuple[selectors.Wanted, list[str]]:
    """What the address asks for; what cannot be read is named and left out."""
    asked, wrong = request.GET, []
    day = None
    if asked.get("day"):
        try:
            day = datetime.date.fromisoformat(asked["day"])
        except ValueError:
            wrong.append("day")
    before = None
    if asked.get("before"):
        try:
            before = min(max(int(asked["before"]), 0), 2**62)
        except ValueError:
            wrong.append("before")
    ids = {}
    for name in ("person", "client"):
        try:
            ids[name] = str(UUID(asked[name])) if asked.get(name) else ""
        except ValueError:
            ids[name] = ""
            wrong.append(name)
    if asked.get("person") == "system":
        ids["person"] = "system"
        wrong = [one for one in wrong if one != "person"]
    action = asked.get("action", "").replace("\x00", "")[:64]
    return selectors.Wanted(ids["person"], ids["client"], day, action, before), wrong


@page(Can.SEE_AUDIT)
def audit_list(request: StaffRequest) -> HttpResponse:
    """Who did what, and who looked at what; the newest first."""
    actor = request.actor
    wanted, wrong = _wanted(request)
    client = get(actor, Client, wanted.client, Can.SEE_CONTACT) if wanted.client else None
    found, more = selectors.rows(actor, wanted)
    kept = {
        "person": wanted.person,
        "client": wanted.client,
        "day": wanted.day.isoformat() if wanted.day else "",
        "action": wanted.action,
    }
    asked = {key: value for key, value in kept.items() if value}
    if actor.can(Can.SEE_HEALTH):
        seen(actor, client or actor.clinic, "audit_list", client_id=client.pk if client else "")
    content = {
        "rows": found,
        "wanted": wanted,
        "wrong": wrong,
        "client": client,
        "people": selectors.people(actor),
        "actions": selectors.actions(actor),
        "total": selectors.total(actor),
        "older": f"?{urlencode({**asked, 'before': more})}" if more is not None else "",
        "newest": f"?{urlencode(asked)}" if wanted.before is not None else "",
        **_check(request),
    }
    return render(request, "audit/list.html", content, status=422 if wrong else 200)


def _check(request: StaffRequest) -> dict[str, object]:
    return {"running": running_check(request.actor), "check": latest_check(request.actor)}


@page(Can.SEE_AUDIT, methods=("GET", "POST"))
def audit_check(request: StaffRequest) -> HttpResponse:
    """Have the log verified (POST), or how that stands (GET, for the page that waits)."""
    if request.method == "GET":
        return render(request, "audit/parts/check.html", _check(request))

    def write() -> str:
        ask_check(request.actor)
        return reverse("audit_list")

    return redirect(write_once(request, request.actor, write))
