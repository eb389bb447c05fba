"""Asks who it is once more, before what cannot be taken back: export, erasure, limits, staff, PIN.

Use it under `@page`:

    @page(Can.EXPORT, methods=("GET", "POST"))
    @reauthenticated
    def export(request): ...

A page opened by GET leads to the question "Is it you?" and from there back to itself. A form that is sent when the
five minutes are over is not lost: it is kept with the session, the question is asked, and the form is then handled
as it was sent; the person need not press again. A form with a password or a PIN is not kept: it is filled in again.
Files do not travel that way, so a form with a file opens by GET under this decorator first. A script gets 401 with
`X-Confirm: required` and keeps what was typed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.core.internal.httpkit import serialize_request
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from cryomassage_clinic.accounts.adapter import StaffAdapter, recently_confirmed
from cryomassage_clinic.accounts.ways import holds_secret
from cryomassage_clinic.web.pages import wants_fragment


def reauthenticated(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Opens a view to who gave password, code or passkey within the last five minutes."""

    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return ask_again(request) or view(request, *args, **kwargs)

    opened.reauthenticated = True  # type: ignore[attr-defined]
    return opened


def ask_again(request: HttpRequest) -> HttpResponse | None:
    """The same for views that look up their object first, so that a wrong address is 404 before anything is asked.

    Returns:
        The answer that leads to the question, or nothing where it was answered a moment ago.
    """
    if recently_confirmed(request):
        return None
    if wants_fragment(request):
        return HttpResponse("confirm", status=401, headers={"X-Confirm": "required"})
    ways = StaffAdapter(request).get_reauthentication_methods(request.user)
    question, then = ways[0]["url"] if ways else reverse("account_login"), request.get_full_path()
    if request.method == "POST" and not holds_secret(request):
        request.session[STATE_SESSION_KEY] = {"request": serialize_request(request)}
        then = request.path  # by this the library finds the form again; its query is kept with it
    return HttpResponseRedirect(f"{question}?{urlencode({'next': then})}")
