"""The addresses of the clinic, and of a form on which what happens to forms is tried."""

from __future__ import annotations

import os
import time
from pathlib import Path

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template import engines
from django.urls import path

from cryomassage_clinic.accounts import sessions
from cryomassage_clinic.accounts.models import User
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.urls import handler400, handler403, handler404, handler500  # noqa: F401
from cryomassage_clinic.urls import urlpatterns as of_the_clinic
from cryomassage_clinic.web.once import StaleFormError, must_be_fresh, write_once
from cryomassage_clinic.web.pages import StaffRequest, page

_PAGE = """{% extends "web/base.html" %}{% block title %}Trial{% endblock %}
{% block scripts %}{% if with_script %}<script src="/static/trial.js" defer></script>{% endif %}{% endblock %}
{% block content %}<h1>Trial</h1>
{% if error %}<p class="banner banner-stop error-summary">{{ error }}</p>{% endif %}
<form method="post" data-safe="client:{{ client.pk }}:trial">{% csrf_token %}{% submission_field %}
<input type="hidden" name="version" value="{{ client.version }}">
<label>Name <input name="full_name" value="{{ full_name }}"></label>
<label>Notes <textarea name="notes">{{ notes }}</textarea></label>
<label><input type="checkbox" name="tick" value="yes"{% if tick %} checked{% endif %}> Tick</label>
<label>Secret <input type="password" name="secret"></label>
<button name="how" value="plain" class="button button-main">Save</button></form>{% endblock %}"""


@page(None, methods=("GET", "POST"))
def trial(request: StaffRequest) -> HttpResponse:
    client = Client.objects.get(clinic=request.actor.clinic)
    shown = {"client": client, "full_name": client.full_name, "notes": "", "with_script": "script" in request.GET}
    if request.method == "GET":
        return _page(request, shown)
    time.sleep(0.2)  # long enough for a second press
    typed = {name: request.POST.get(name, "") for name in ("full_name", "notes", "tick")}

    def write() -> str:
        record = Client.objects.select_for_update().get(pk=client.pk)
        must_be_fresh(record, request.POST.get("version"))
        record.full_name = typed["full_name"]
        record.version += 1
        record.save()
        return "/trial/done/"

    if not typed["full_name"]:
        return _page(request, {**shown, **typed, "error": "Give a name."}, 422)
    try:
        return HttpResponseRedirect(write_once(request, request.actor, write))
    except StaleFormError:
        return _page(request, {**shown, **typed, "error": "Somebody has changed this meanwhile."}, 409)


def _page(request: HttpRequest, shown: dict[str, object], status: int = 200) -> HttpResponse:
    return HttpResponse(engines["django"].from_string(_PAGE).render(shown, request), status=status)


@page(None)
def done(request: StaffRequest) -> HttpResponse:
    client = Client.objects.get(clinic=request.actor.clinic)
    return HttpResponse(f"<main><h1>Saved</h1><p>{client.full_name}, version {client.version}</p></main>")


def let_in(request: HttpRequest, username: str) -> HttpResponse:
    user = User.objects.get(username=username)
    login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return HttpResponse("in")


@page(None)
def lock_now(request: StaffRequest) -> HttpResponse:
    sessions.lock(request.staff_session)  # type: ignore[attr-defined]
    return HttpResponse("locked")


def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("Anna Petrova +44 20 7946 0000 has hives")


def processes(request: HttpRequest) -> HttpResponse:
    (Path(settings.DATA_FOLDER) / "asked").touch()
    return HttpResponse(str(os.getpid()))


urlpatterns = [
    path("trial/", trial),
    path("trial/done/", done),
    path("trial/login/<str:username>/", let_in),
    path("trial/lock/", lock_now),
    path("trial/broken/", broken),
    path("trial/process/", processes),
    *of_the_clinic,
]
