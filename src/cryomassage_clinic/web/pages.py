"""The one decorator of all pages: who may come, by which methods."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from cryomassage_clinic.accounts.access import Actor, actor_of
from cryomassage_clinic.accounts.permissions import Can

View = Callable[..., HttpResponse]


class StaffRequest(HttpRequest):
    """A request of a member of staff."""

    actor: Actor


def wants_fragment(request: HttpRequest) -> bool:
    """Whether a script asks, which cannot follow a redirect to the login page."""
    return request.headers.get("HX-Request") == "true" or request.headers.get("X-Requested-With") == "fetch"


def login_needed(request: HttpRequest) -> HttpResponse:
    """To the login page; a script is told so, and keeps what was typed."""
    if wants_fragment(request):
        return HttpResponse("login", status=401, headers={"X-Login": "required"})
    return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)


def page(can: Can | None, *, methods: Iterable[str] = ("GET",)) -> Callable[[View], View]:
    """Opens a view to members of a clinic whose role may do `can` (None: all of them), by these methods.

    Which object may be seen is decided by `accounts.access`, with the same or a stricter `can`.
    """
    allowed = tuple(methods)

    def decorate(view: View) -> View:
        @wraps(view)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return login_needed(request)
            if request.method not in allowed and not (request.method == "HEAD" and "GET" in allowed):
                return HttpResponseNotAllowed(allowed)
            actor = actor_of(request)
            if can is not None:
                actor.require(can)
            request.actor = actor  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        opened.can = can  # type: ignore[attr-defined]
        opened.methods = allowed  # type: ignore[attr-defined]
        return opened

    return decorate
