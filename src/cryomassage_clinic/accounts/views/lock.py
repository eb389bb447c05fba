"""The lock of a shared tablet: closed by hand or by idleness, opened by PIN, password or passkey."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from django.contrib import messages
from django.contrib.auth import login, logout
from django.forms import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from cryomassage_clinic.accounts import limits, sessions
from cryomassage_clinic.accounts.adapter import StaffAdapter, TooManyTriesError
from cryomassage_clinic.accounts.log import note
from cryomassage_clinic.accounts.models import StaffSession, User
from cryomassage_clinic.accounts.second_step import PasskeyForm
from cryomassage_clinic.accounts.ways import lock_address, safe_next
from cryomassage_clinic.web.pages import StaffRequest, page, wants_fragment

_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class WrongError(Exception):
    """What was given does not open the lock."""

    def __init__(self, field: str, message: str, status: int = 403) -> None:
        self.field, self.message, self.status = field, message, status
        super().__init__(message)


def _row(request: HttpRequest) -> StaffSession:
    """The session of this browser; pages for members have one."""
    row: StaffSession = request.staff_session  # type: ignore[attr-defined]
    return row


@page(None, methods=("GET", "POST"))
def lock(request: StaffRequest) -> HttpResponse:
    """Close the lock (POST), and the page that it shows."""
    row = _row(request)
    if request.method == "POST":
        sessions.lock(row)
        return HttpResponseRedirect(lock_address(safe_next(request)))
    if row.locked_at is None:
        return HttpResponseRedirect(safe_next(request))
    return _lock_page(request)


@sensitive_post_parameters("pin", "password")
@page(None, methods=("POST",))
def unlock(request: StaffRequest) -> HttpResponse:
    """Open the lock by PIN or password.

    A script gets 204, 403 with `{"message": …}` when wrong, 429 when there were too many.
    """
    row = _row(request)
    if row.locked_at is None:
        return _opened(request, row)
    try:
        if request.POST.get("password"):
            _check_password(request, request.POST["password"])
            how = "password"
        else:
            check_pin(request, request.actor.user, request.POST.get("pin", ""))
            how = "pin"
    except WrongError as wrong:
        return _wrong(request, wrong)
    return _unlocked(request, row, how)


@page(None, methods=("GET", "POST"))
def unlock_passkey(request: StaffRequest) -> HttpResponse:
    """Open the lock by passkey: what the browser must sign (GET), and what it signed (POST)."""
    user, row = request.actor.user, _row(request)
    if not Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).exists():
        return _wrong(request, WrongError("passkey", _("You have no passkey. Use your PIN or password.")))
    if request.method != "POST":
        return JsonResponse({"request_options": webauthn.begin_authentication(user)})
    form = PasskeyForm(user=user, data=request.POST)
    taken = limits.take((limits.ACCOUNT, f"code of {user.pk}"))
    if taken is None:
        return _wrong(request, WrongError("passkey", TooManyTriesError().messages[0], 429))
    if not form.is_valid():
        return _wrong(request, WrongError("passkey", _("This passkey was not accepted. Use your PIN or password.")))
    limits.give_back(taken)
    form.save()
    return _unlocked(request, row, "passkey")


@sensitive_post_parameters("pin")
@page(None, methods=("POST",))
def take_over(request: StaffRequest) -> HttpResponse:
    """A colleague who logged in fully on this tablet today goes on with it; nothing of the first one's stays."""
    row, first = _row(request), request.actor.user
    if row.locked_at is None:
        return HttpResponseRedirect(reverse("today"))
    chosen = next(
        (one for one in sessions.may_take_over(request, first) if str(one.pk) == request.POST.get("who", "")), None
    )
    try:
        if chosen is None:
            raise WrongError("who", _("Choose your name. Whoever is not listed logs in with the password."))
        check_pin(request, chosen.user, request.POST.get("pin", ""), field="other_pin")
    except WrongError as wrong:
        return _wrong(request, wrong)
    _drop_messages(request)
    sessions.forget(request)
    request.full_login_at = chosen.at  # type: ignore[attr-defined]
    login(request, chosen.user, backend=_BACKEND)
    note(request, chosen.user, "session.taken_over", {"from": str(first.pk)})
    return HttpResponseRedirect(reverse("waiting" if sessions.has_waiting(request) else "today"))


@page(None, methods=("POST",))
def leave(request: StaffRequest) -> HttpResponse:
    """End this session so that somebody else can log in; the first one's PIN still counts here today."""
    _drop_messages(request)
    note(request, request.actor.user, "session.left")
    logout(request)
    return HttpResponseRedirect(reverse("account_login"))


@page(None, methods=("GET", "POST"))
def waiting(request: StaffRequest) -> HttpResponse:
    """A form that was sent into the lock: send it now, or drop it (POST)."""
    row = _row(request)
    if request.method == "POST":
        sessions.drop_waiting(row)
        return HttpResponseRedirect(reverse("today"))
    if row.waiting is None:
        return HttpResponseRedirect(reverse("today"))
    fields = [(name, value) for name, value in row.waiting["fields"] if name != "csrfmiddlewaretoken"]
    return render(request, "accounts/waiting.html", {"address": row.waiting["address"], "fields": fields})


@require_safe
@never_cache
def session_state(request: HttpRequest) -> HttpResponse:
    """For scripts: `open`, `locked` or `anonymous`, and a token to send forms with. Asking is not being active."""
    row = getattr(request, "staff_session", None)
    state = "anonymous" if row is None else "locked" if row.locked_at is not None else "open"
    return JsonResponse({"state": state, "csrf": get_token(request)})


def check_pin(request: HttpRequest, user: User, pin: str, field: str = "pin") -> None:
    """Five wrong PINs in five minutes, or twenty in a day, and the PIN counts no more.

    Raises:
        WrongError: it is wrong, there is none, or there were too many.
    """
    if not user.pin_hash:
        raise WrongError(field, _("You have no PIN yet. Use your password; choose a PIN in your settings."))
    taken = limits.take((limits.PIN, str(user.pk)), (limits.PIN_DAY, str(user.pk)))
    if taken is None:
        raise WrongError(field, _("Too many wrong PINs. Use your password."), 429)
    if not user.check_pin(pin.strip()[:20]):
        note(request, user, "session.pin_wrong")
        if limits.reached(limits.PIN, str(user.pk)) or limits.reached(limits.PIN_DAY, str(user.pk)):
            note(request, user, "session.pin_locked")
        raise WrongError(field, _("Wrong PIN. Try again, or use your password."))
    limits.give_back(taken)


def _check_password(request: StaffRequest, password: str) -> None:
    user = request.actor.user
    try:
        found = StaffAdapter(request).authenticate(request, username=user.username, password=password)
    except ValidationError as error:
        raise WrongError("password", error.messages[0], 429) from error
    if found is None or found.pk != user.pk:
        raise WrongError("password", str(StaffAdapter.error_messages["incorrect_password"]))
    record_authentication(request, user, "password", reauthenticated=True)
    limits.clear(limits.PIN, str(user.pk))
    limits.clear(limits.PIN_DAY, str(user.pk))


def _unlocked(request: StaffRequest, row: StaffSession, how: str) -> HttpResponse:
    sessions.unlock(row)
    note(request, request.actor.user, "session.unlocked", {"by": how})
    return _opened(request, row)


def _opened(request: StaffRequest, row: StaffSession) -> HttpResponse:
    if wants_fragment(request):
        return HttpResponse(status=204, headers={"X-CSRF-Token": get_token(request)})
    if row.waiting is not None:
        return HttpResponseRedirect(reverse("waiting"))
    return HttpResponseRedirect(safe_next(request))


def _wrong(request: StaffRequest, wrong: WrongError) -> HttpResponse:
    if wants_fragment(request):
        return JsonResponse({"message": wrong.message}, status=wrong.status)
    return _lock_page(request, wrong)


def _drop_messages(request: HttpRequest) -> None:
    """What was still to be told to one person is not told to the next."""
    for _message in messages.get_messages(request):
        pass


def _lock_page(request: StaffRequest, wrong: WrongError | None = None) -> HttpResponse:
    user = request.actor.user
    shown: dict[str, Any] = {
        "staff": None,  # no navigation behind a lock
        "messages": None,  # they may name clients; they are shown once the lock is open
        "person": user,
        "has_pin": bool(user.pin_hash),
        "has_passkey": Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).exists(),
        "others": sessions.may_take_over(request, user),
        "next": safe_next(request),
        "wrong": wrong,
        "waits": _row(request).waiting is not None,
        "theme": user.theme,
    }
    return render(request, "accounts/lock.html", shown, status=wrong.status if wrong else 200)
