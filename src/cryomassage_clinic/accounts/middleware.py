"""What happens around every request of a member of staff: the lock, the language, the clinic's time."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import Resolver404, resolve
from django.utils import timezone, translation

from cryomassage_clinic.accounts import sessions
from cryomassage_clinic.accounts.models import StaffSession, User
from cryomassage_clinic.accounts.ways import holds_secret, lock_address
from cryomassage_clinic.web.pages import wants_fragment

# All that a locked browser still gets.
OPEN_WHILE_LOCKED = frozenset({"lock", "unlock", "unlock_passkey", "take_over", "leave", "session_state", "words"})
_LONGEST_WAITING = 200_000
# The form that waited has arrived: saved, or shown again with what is wrong.
_TAKEN = frozenset({200, 204, 302, 303, 409, 422})


class StaffMiddleware:
    """Holds the door: a session that was ended is nobody's, a locked one gets nothing but the lock page.

    Pages are shown in the person's language and in the clinic's time zone, and are never kept by the browser.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve one request."""
        user = request.user
        if not isinstance(user, User):
            return self._finish(request, self.get_response(request))
        row = sessions.of(request)
        if row is None:
            logout(request)
            return self._finish(request, self.get_response(request))
        request.staff_session = row  # type: ignore[attr-defined]
        translation.activate(user.language)
        request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(ZoneInfo(user.clinic.time_zone) if user.clinic else None):
            response = self._behind_the_door(request, row)
        response.headers["Cache-Control"] = "no-store"
        return self._finish(request, response)

    def _behind_the_door(self, request: HttpRequest, row: StaffSession) -> HttpResponse:
        locked = sessions.is_locked(row)
        name = _name_of(request)
        if locked and name not in OPEN_WHILE_LOCKED:
            return _refused(request, row)
        if not locked and name != "session_state" and request.headers.get("X-Background") != "1":
            sessions.touch(row)
        response = self.get_response(request)
        if not locked and _was_waiting(request, row) and response.status_code in _TAKEN:
            sessions.drop_waiting(row)
        return response

    @staticmethod
    def _finish(request: HttpRequest, response: HttpResponse) -> HttpResponse:
        sessions.set_tablet_cookie(request, response)
        return response


def _name_of(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).url_name or ""
    except Resolver404:
        return ""


def _was_waiting(request: HttpRequest, row: StaffSession) -> bool:
    return request.method == "POST" and row.waiting is not None and row.waiting["address"] == request.get_full_path()


def _refused(request: HttpRequest, row: StaffSession) -> HttpResponse:
    """A script is told; a page leads to the lock; a form that was sent is kept until the lock is open."""
    if wants_fragment(request) or request.method not in ("GET", "HEAD", "POST"):
        return HttpResponse("locked", status=423, headers={"X-Lock": "required"})
    if request.method != "POST":
        return HttpResponseRedirect(lock_address(request.get_full_path()))
    if _may_wait(request):
        row.waiting = {
            "address": request.get_full_path(),
            "fields": [[name, value] for name, values in request.POST.lists() for value in values],
        }
        StaffSession.objects.filter(pk=row.pk).update(waiting=row.waiting)
    return HttpResponseRedirect(lock_address(""), status=303)


def _may_wait(request: HttpRequest) -> bool:
    """Whether this form comes from one of our own pages and can be kept as it is; passwords and PINs never are."""
    if request.content_type != "application/x-www-form-urlencoded" or len(request.body) > _LONGEST_WAITING:
        return False
    if holds_secret(request):
        return False
    return CsrfViewMiddleware(lambda _request: HttpResponse()).process_view(request, _refused, (), {}) is None
