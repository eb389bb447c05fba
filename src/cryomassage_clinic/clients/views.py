"""Pages of clients: the list, the card, a new one, and changes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from cryomassage_clinic.accounts.access import get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.services import seen
from cryomassage_clinic.clients import services
from cryomassage_clinic.clients.card import bookings_of, health_of
from cryomassage_clinic.clients.forms import BodyForm, ContactForm, body_values, contact_values
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.clients.selectors import age_on, alike, find
from cryomassage_clinic.courses.days import today_of
from cryomassage_clinic.web.once import StaleFormError, write_once
from cryomassage_clinic.web.pages import StaffRequest, page, wants_fragment

_LONGEST_SOUGHT = 80
_LONGEST_PLACE = 250


@page(Can.SEE_CONTACT)
def client_list(request: StaffRequest) -> HttpResponse:
    """All clients, found as one types."""
    sought = request.GET.get("q", "").replace("\x00", "")[:_LONGEST_SOUGHT]
    after = request.GET.get("after", "").replace("\x00", "")[:_LONGEST_PLACE]
    try:
        found = find(request.actor, sought, after)
    except forms.ValidationError:  # the place in the list was made up
        found = find(request.actor, sought)
    context = {"found": found, "sought": sought, "first": not after}
    template = "clients/parts/found.html" if wants_fragment(request) else "clients/list.html"
    return render(request, template, context)


@page(Can.SEE_CONTACT)
def client_card(request: StaffRequest, pk: UUID) -> HttpResponse:
    """May we treat, what is planned, how is it going."""
    client = get(request.actor, Client, pk, Can.SEE_CONTACT)
    today = today_of(request.actor.clinic)
    context: dict[str, Any] = {
        "client": client,
        "age": age_on(client.birth_date, today),
        "today": today,
        "spoken": dict(settings.LANGUAGES).get(client.language, client.language),
        **bookings_of(client),
    }
    if request.actor.can(Can.SEE_HEALTH):
        context |= health_of(request.actor, client, today)
        seen(request.actor, client, "client card", client_id=client.pk)
    return render(request, "clients/card.html", context)


def _forms(
    request: StaffRequest, contact: dict[str, Any] | None = None, body: dict[str, Any] | None = None
) -> tuple[ContactForm, BodyForm | None]:
    """The form of the contact and, for those who may write health data, of the body."""
    sent = request.POST if request.method == "POST" else None
    today = today_of(request.actor.clinic)
    return (
        ContactForm(sent, initial=contact, today=today),
        BodyForm(sent, initial=body) if request.actor.can(Can.EDIT_HEALTH) else None,
    )


def _fields(contact: ContactForm, body: BodyForm | None) -> dict[str, Any] | None:
    """What is to be written, or nothing where something is wrong."""
    right = [form.is_valid() for form in (contact, body) if form is not None]
    if not all(right):
        return None
    return {**contact.cleaned_data, **(body.cleaned_data if body is not None else {})}


def _errors(*filled: forms.Form | None) -> list[tuple[str, str, str]]:
    """For the summary on top: where, what it is called, what is wrong."""
    return [
        (f"id_{name}", str(form.fields[name].label), str(problem))
        for form in filled
        if form is not None and form.is_bound
        for name, problems in form.errors.items()
        for problem in problems
    ]


class _PerhapsKnownError(Exception):
    """Somebody with this name and birthday, or this number, is a client already."""

    def __init__(self, clients: list[Client]) -> None:
        self.clients = clients
        super().__init__()


@page(Can.EDIT_CONTACT, methods=("GET", "POST"))
def client_new(request: StaffRequest) -> HttpResponse:
    """Open the record of a person."""
    contact, body = _forms(request, {"language": request.actor.clinic.language})
    status, same = 200, list[Client]()
    if request.method == "POST":
        status = 422
        fields = _fields(contact, body)
        if fields is not None:
            confirmed = set(request.POST.getlist("not_same"))

            def once() -> str:
                found = alike(request.actor, fields["full_name"], fields["birth_date"], fields["phone"])
                if not {str(one.pk) for one in found} <= confirmed:
                    raise _PerhapsKnownError(found)
                return reverse("client_card", args=[services.create_client(request.actor, fields).pk])

            try:  # a second press of the button finds its own first one, and is no duplicate
                to = write_once(request, request.actor, once)
            except _PerhapsKnownError as error:
                same = error.clients
            else:
                messages.success(request, _("The client has been added."))
                return redirect(to)
    context = {"contact": contact, "body": body, "same": same, "errors": _errors(contact, body)}
    return render(request, "clients/edit.html", context, status=status)


def _meanwhile(filled: list[forms.Form], now: dict[str, Any]) -> list[tuple[str, str]]:
    """Fields that hold something else by now than what is typed here."""
    told = []
    for form in filled:
        for bound in form:
            value = now.get(bound.name)
            stored, typed = "" if value is None else str(value), "" if bound.value() is None else str(bound.value())
            if stored != typed:
                choices = dict(getattr(form.fields[bound.name], "choices", ()))
                told.append((str(bound.label), str(choices.get(stored, stored)) or _("empty")))
    return told


@page(Can.EDIT_CONTACT, methods=("GET", "POST"))
def client_edit(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Change contact or body."""
    client = get(request.actor, Client, pk, Can.EDIT_CONTACT)
    contact, body = _forms(request, contact_values(client), body_values(client))
    status, version, meanwhile = 200, client.version, None
    if request.method == "POST":
        status = 422
        fields = _fields(contact, body)
        version = request.POST.get("version", "")  # type: ignore[assignment]
        if fields is not None:

            def once() -> str:
                services.edit_client(request.actor, client, fields, request.POST.get("version"))
                return reverse("client_card", args=[client.pk])

            try:
                to = write_once(request, request.actor, once)
            except StaleFormError as error:
                status, version, row = 409, error.record.version, error.record
                now = {**contact_values(row), **(body_values(row) if body is not None else {})}
                meanwhile = _meanwhile([form for form in (contact, body) if form is not None], now)
            else:
                messages.success(request, _("Saved."))
                return redirect(to)
    if body is not None:
        seen(request.actor, client, "body data", client_id=client.pk)
    context = {
        "client": client,
        "contact": contact,
        "body": body,
        "version": version,
        "meanwhile": meanwhile,
        "errors": _errors(contact, body),
    }
    return render(request, "clients/edit.html", context, status=status)
