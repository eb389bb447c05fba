"""Ways in without a login: a link that works once, the first owner, a login in the middle of a form."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cryomassage_clinic.accounts import first_owner, invitations, services, sessions
from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.adapter import StaffAdapter, TooManyTriesError, finish_full_login
from cryomassage_clinic.accounts.forms import BeginForm, PasswordChoice
from cryomassage_clinic.accounts.models import User

_LOGGER = logging.getLogger(__name__)
_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
_SECOND_STEPS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def log_in(request: HttpRequest, user: User) -> None:
    """Log somebody in who has just given, or chosen, their password; whoever was here before leaves nothing."""
    sessions.forget(request)
    login(request, user, backend=_BACKEND)
    record_authentication(request, user, "password")
    finish_full_login(request, user, ["password"])


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Choose a password, once."""
    try:
        user = invitations.find(token).user
        if user.username == invitations.FIRST_OWNER:
            raise invitations.LinkDeadError
        translation.activate(user.language)
        form = PasswordChoice(user, request.POST or None)
        if request.method != "POST" or not form.is_valid():
            return _shown(request, "accounts/invitation.html", {"form": form, "person": user}, form)
        user = services.accept(token, form.cleaned_data["password"], str(request.META.get("REMOTE_ADDR", "")))
    except invitations.LinkDeadError:
        return _dead(request)
    if is_mfa_enabled(user, _SECOND_STEPS):
        messages.success(request, _("Your password is kept. Log in with it and your second step."))
        return HttpResponseRedirect(reverse("account_login"))
    log_in(request, user)
    messages.success(request, _("Welcome. Choose a PIN: it opens the lock on a shared tablet in two seconds."))
    return HttpResponseRedirect(reverse("own_settings"))


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest, token: str) -> HttpResponse:
    """The first owner: the clinic gets its name, and its first person."""
    try:
        user = invitations.find(token).user
        if user.username != invitations.FIRST_OWNER:
            raise invitations.LinkDeadError
        clinic = user.clinic
        initial = {
            "clinic_name": clinic.name if clinic else "",
            "time_zone": clinic.time_zone if clinic else "UTC",
            "language": translation.get_language() or "en",
        }
        form = BeginForm(request.POST or None, initial=initial)
        if request.method == "POST" and form.is_valid():
            said = dict(form.cleaned_data)
            wants_demo = said.pop("demo")
            actor = first_owner.begin(token, first_owner.Beginning(**said), str(request.META.get("REMOTE_ADDR", "")))
            return _begun(request, actor, wants_demo)
    except invitations.LinkDeadError:
        return _dead(request)
    except services.NameTakenError:
        form.add_error("username", _("Somebody has this user name already. Choose another."))
    return _shown(request, "accounts/setup.html", {"form": form}, form)


def _begun(request: HttpRequest, actor: Actor, wants_demo: bool) -> HttpResponse:
    log_in(request, actor.user)
    if wants_demo:
        try:
            from cryomassage_clinic.demo.services import make_demo

            with transaction.atomic():
                make_demo(actor)
        except Exception:
            # The clinic has begun; that the demo failed must not undo it, and must not be hidden.
            _LOGGER.exception("demo data could not be made")
            messages.warning(request, _("The clinic is ready, but demo data could not be made. The log says why."))
    return HttpResponseRedirect(reverse("today"))


def _shown(request: HttpRequest, template: str, shown: dict[str, Any], form: Any) -> HttpResponse:
    return _not_logged(render(request, template, shown, status=422 if form.errors else 200))


def _not_logged(response: HttpResponse) -> HttpResponse:
    """The framework would write the address into the log of the program; here the address is the secret."""
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _dead(request: HttpRequest) -> HttpResponse:
    """A link that works no more says what to do."""
    shown = {"owner_exists": first_owner.owner_exists()}
    return _not_logged(render(request, "accounts/link_dead.html", shown, status=410))


@require_safe
@never_cache
def forgotten(request: HttpRequest) -> HttpResponse:
    """No mail is sent from here: a new link comes from the owner."""
    return render(request, "accounts/forgotten.html")


@sensitive_post_parameters("password")
@never_cache
@require_POST
def relogin(request: HttpRequest) -> HttpResponse:
    """Log in again from the middle of a form, by script, so that nothing typed is lost.

    Answers 204 with `X-CSRF-Token`; 403 wrong; 409 with the address of the login page where a second step is needed;
    429 too many. The last three carry `{"message": …}`.
    """
    username, password = request.POST.get("username", "").strip(), request.POST.get("password", "")
    if not username or not password or "\x00" in username:
        return _told(_("Give your user name and your password."), 403)
    try:
        user = StaffAdapter(request).authenticate(request, username=username, password=password)
    except TooManyTriesError as error:
        return _told(error.messages[0], 429)
    if not isinstance(user, User) or not user.is_active:
        return _told(str(StaffAdapter.error_messages["username_password_mismatch"]), 403)
    if is_mfa_enabled(user, _SECOND_STEPS):
        words = _("You log in with a second step. Log in on the page that opens, then come back here and send again.")
        return _told(words, 409, address=reverse("account_login"))
    log_in(request, user)
    return HttpResponse(status=204, headers={"X-CSRF-Token": get_token(request)})


def _told(message: str, status: int, **more: Any) -> HttpResponse:
    return JsonResponse({"message": message, **more}, status=status)
