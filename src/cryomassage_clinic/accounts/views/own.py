"""What people change about themselves."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from cryomassage_clinic.accounts import own, selectors
from cryomassage_clinic.accounts.access import get
from cryomassage_clinic.accounts.forms import PasswordChange, PinForm, SettingsForm
from cryomassage_clinic.accounts.models import User
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.accounts.reauthentication import reauthenticated
from cryomassage_clinic.web.once import write_once
from cryomassage_clinic.web.pages import StaffRequest, page


def _here(request: StaffRequest) -> UUID:
    pk: UUID = request.staff_session.pk  # type: ignore[attr-defined]
    return pk


@page(None, methods=("GET", "POST"))
def own_settings(request: StaffRequest) -> HttpResponse:
    """Name, language, looks; the ways in; where one is logged in."""
    user = request.actor.user
    form = SettingsForm(request.POST or None, instance=get(request.actor, User, user.pk, Can.SEE_CALENDAR))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data

        def write() -> str:
            own.change_settings(
                request.actor, full_name=said["full_name"], language=said["language"], theme=said["theme"]
            )
            return reverse("own_settings")

        address = write_once(request, request.actor, write)
        with translation.override(said["language"]):
            messages.success(request, _("Saved."))
        return HttpResponseRedirect(address)
    shown = {
        "form": form,
        "person": user,
        "steps": selectors.second_steps(user),
        "sessions": selectors.places(request.actor, user),
        "here": _here(request),
    }
    return render(request, "accounts/own_settings.html", shown, status=422 if form.errors else 200)


@sensitive_post_parameters("pin")
@page(None, methods=("GET", "POST"))
@reauthenticated
def own_pin(request: StaffRequest) -> HttpResponse:
    """Choose a PIN, or do without one."""
    form = PinForm(request.POST or None) if "remove" not in request.POST else PinForm()
    if request.method == "POST" and ("remove" in request.POST or form.is_valid()):

        def write() -> str:
            if "remove" in request.POST:
                own.drop_pin(request.actor)
            else:
                own.set_pin(request.actor, form.cleaned_data["pin"])
            return reverse("own_settings")

        address = write_once(request, request.actor, write)
        messages.success(request, _("The PIN is gone.") if "remove" in request.POST else _("Your PIN is kept."))
        return HttpResponseRedirect(address)
    shown = {"form": form, "has_pin": bool(request.actor.user.pin_hash)}
    return render(request, "accounts/own_pin.html", shown, status=422 if form.errors else 200)


@sensitive_post_parameters("old", "password")
@page(None, methods=("GET", "POST"))
def own_password(request: StaffRequest) -> HttpResponse:
    """A new password; everywhere else one is logged out."""
    form = PasswordChange(request.actor.user, request.POST or None)
    if request.method == "POST" and form.is_valid():

        def write() -> str:
            user = own.change_password(request.actor, form.cleaned_data["password"], _here(request))
            request.user = user
            update_session_auth_hash(request, user)
            return reverse("own_settings")

        address = write_once(request, request.actor, write)
        messages.success(request, _("Your new password is kept. Everywhere else you were logged out."))
        return HttpResponseRedirect(address)
    return render(request, "accounts/own_password.html", {"form": form}, status=422 if form.errors else 200)


@page(None, methods=("POST",))
def own_session_end(request: StaffRequest, pk: str) -> HttpResponse:
    """Log oneself out in another browser."""
    try:
        which = UUID(pk)
    except ValueError as error:
        raise Http404 from error
    if which not in {row.pk for row in selectors.open_sessions(request.actor, request.actor.user)}:
        raise Http404

    def write() -> str:
        own.end_own_session(request.actor, which)
        return reverse("own_settings")

    address = write_once(request, request.actor, write)
    messages.success(request, _("Logged out there."))
    return HttpResponseRedirect(address)


@page(None, methods=("POST",))
def own_sessions_end(request: StaffRequest) -> HttpResponse:
    """Log oneself out everywhere but here."""

    def write() -> str:
        own.end_other_sessions(request.actor, _here(request))
        return reverse("own_settings")

    address = write_once(request, request.actor, write)
    messages.success(request, _("Logged out everywhere but here."))
    return HttpResponseRedirect(address)
