"""Pages of a client's consents: how they stand, signing, withdrawing, the signed text."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.access import get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.services import seen
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.consents import services
from cryomassage_clinic.consents.defaults import LANGUAGES
from cryomassage_clinic.consents.forms import SignForm, WithdrawForm
from cryomassage_clinic.consents.models import Consent, ConsentText, Kind
from cryomassage_clinic.consents.selectors import ConsentState, label_of, signatures_of, states_of
from cryomassage_clinic.consents.strokes import PAD_HEIGHT, PAD_WIDTH, lines_of
from cryomassage_clinic.consents.wording import blocks_of
from cryomassage_clinic.courses.case import method_of
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.web.once import StaleFormError, write_once
from cryomassage_clinic.web.pages import StaffRequest, page

LANGUAGE_NAMES = {"en": "English", "ru": "Русский"}  # each in its own words


def _course(request: StaffRequest, client: Client, can: Can) -> Course | None:
    """The course that is being prepared, if the address or the form names one of this client.

    Raises:
        Http404: it names something else.
    """
    named = request.POST.get("course") or request.GET.get("course")
    return get(request.actor, Course, named, can, client=client) if named else None


def _with(address: str, **query: Any) -> str:
    """An address with those parts of a query that have a value."""
    kept = {key: value for key, value in query.items() if value}
    return f"{address}?{urlencode(kept)}" if kept else address


def _overview_address(client: Client, course: Course | None) -> str:
    return _with(reverse("consent_overview", args=[client.pk]), course=course and course.pk)


def _ids(about: ConsentState | ConsentText) -> str:
    """Ids of the fields of a withdrawal, each its own on a page with several."""
    return f"withdraw-{about.kind}-{about.treatment}-%s"


@page(Can.SEE_HEALTH)
def consent_overview(request: StaffRequest, pk: UUID) -> HttpResponse:
    """How each consent of a client stands."""
    client = get(request.actor, Client, pk, Can.SEE_HEALTH)
    return _overview(request, client, _course(request, client, Can.SEE_HEALTH))


def _overview(
    request: StaffRequest,
    client: Client,
    course: Course | None,
    refused: tuple[Consent, WithdrawForm] | None = None,
) -> HttpResponse:
    treatment = method_of(course) if course is not None else ""

    def row(state: ConsentState) -> dict[str, Any]:
        mine = refused is not None and state.consent is not None and refused[0].pk == state.consent.pk
        sign = reverse("consent_sign", args=[client.pk, state.kind])
        return {
            "state": state,
            "sign": _with(sign, treatment=state.treatment, course=course and course.pk)
            if not state.treatment or state.treatment in bridge.methods()
            else "",
            "withdraw": refused[1]
            if mine and refused is not None
            else WithdrawForm(auto_id=f"w-{state.kind}-{state.treatment}-%s"),
            "refused": mine,
            "needed": bool(treatment) and state.treatment == treatment,
        }

    states = states_of(client, course)
    seen(request.actor, client, "consents", client_id=client.pk)
    context = {
        "client": client,
        "course": course,
        "treatments": [row(one) for one in states if one.kind == Kind.TREATMENT],
        "free": [row(one) for one in states if one.kind != Kind.TREATMENT],
        "may_go_on": any(one.counts for one in states if treatment and one.treatment == treatment),
        "signatures": [(one, label_of(one.text.kind, one.text.treatment)) for one in signatures_of(client)],
    }
    return render(request, "consents/overview.html", context, status=200 if refused is None else 422)


@page(Can.EDIT_HEALTH, methods=("GET", "POST"))
def consent_sign(request: StaffRequest, pk: UUID, kind: str) -> HttpResponse:
    """The text in the client's language, and the pad."""
    client = get(request.actor, Client, pk, Can.EDIT_HEALTH, erased_at__isnull=True)
    course = _course(request, client, Can.EDIT_HEALTH)
    treatment = _treatment(request, kind, course)
    language = request.GET.get("language") or client.language
    language = language if language in LANGUAGES else LANGUAGES[0]
    text = services.current_text(request.actor.clinic, kind, treatment, language)
    form, status, stale = SignForm(initial={"signed_name": client.full_name}), 200, False
    if request.method == "POST":
        read = _read_text(request, text)
        with translation.override(language):  # the errors are the signer's to read
            form, status = SignForm(request.POST), 422
            valid = form.is_valid()
        if valid:
            try:
                to = write_once(request, request.actor, lambda: _signing(request, client, read, form, course))
            except StaleFormError as error:
                text = error.record
                stale = True
            else:
                messages.success(request, _("Signed and kept."))
                return redirect(to)
        elif read.pk != text.pk:
            stale = True
        if stale:  # a signature belongs to the words above it: nothing that was drawn is carried over
            form, status = SignForm(initial={"signed_name": request.POST.get("signed_name", "")[:160]}), 409
    standing = _standing(client, kind, treatment)
    seen(request.actor, client, "consent to sign", client_id=client.pk)
    context = {
        "client": client,
        "course": course,
        "text": text,
        "blocks": blocks_of(text.body),
        "form": form,
        "stale": stale,
        "already": standing.consent if standing is not None and standing.counts else None,
        "label": label_of(kind, treatment),
        "languages": _languages(client, kind, treatment, course, language),
        "draft": f"client:{client.pk}:consent:{text.pk}",
        "back": _overview_address(client, course),
        "pad": (PAD_WIDTH, PAD_HEIGHT),
    }
    return render(request, "consents/sign.html", context, status=status)


def _standing(client: Client, kind: str, treatment: str) -> ConsentState | None:
    """How one consent stands; None where the client has no course by that method and has signed nothing about it."""
    return next((one for one in states_of(client) if (one.kind, one.treatment) == (kind, treatment)), None)


def _treatment(request: StaffRequest, kind: str, course: Course | None) -> str:
    """What the text is about: the method that the address names, or that of the course.

    Raises:
        Http404: there is no such text.
    """
    if kind not in Kind.values:
        raise Http404
    if kind != Kind.TREATMENT:
        return ""
    treatment = request.GET.get("treatment") or (method_of(course) if course is not None else "")
    if treatment not in bridge.methods():
        raise Http404
    return treatment


def _read_text(request: StaffRequest, like: ConsentText) -> ConsentText:
    """The version that stood on the page when it was signed."""
    same = {"kind": like.kind, "treatment": like.treatment, "language": like.language}
    return get(request.actor, ConsentText, request.POST.get("text", ""), Can.EDIT_HEALTH, **same)


def _signing(request: StaffRequest, client: Client, read: ConsentText, form: SignForm, course: Course | None) -> str:
    services.sign(request.actor, client, read, form.signature)
    return _overview_address(client, course)


def _languages(
    client: Client, kind: str, treatment: str, course: Course | None, here: str
) -> list[tuple[str, str, str, bool]]:
    """Each language: code, name, address, whether we are there."""
    base = reverse("consent_sign", args=[client.pk, kind])
    return [
        (one, name, _with(base, treatment=treatment, course=course and course.pk, language=one), one == here)
        for one, name in LANGUAGE_NAMES.items()
    ]


@page(Can.SEE_HEALTH)
def consent_page(request: StaffRequest, pk: UUID) -> HttpResponse:
    """A signed text with its signature, as it is printed."""
    consent = get(request.actor, Consent, pk, Can.SEE_HEALTH)
    seen(request.actor, consent, "signed consent", client_id=consent.client_id)
    standing = _standing(consent.client, consent.text.kind, consent.text.treatment)
    context = {
        "consent": consent,
        "client": consent.client,
        "text": consent.text,
        "blocks": blocks_of(consent.text.body),
        "lines": lines_of(consent.strokes),
        "pad": (PAD_WIDTH, PAD_HEIGHT),
        "newer": standing is not None and standing.state == "superseded",
    }
    return render(request, "consents/page.html", context)


@page(Can.EDIT_HEALTH, methods=("POST",))
def consent_withdraw(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Take a consent back; it does not count from this moment on."""
    consent = get(request.actor, Consent, pk, Can.EDIT_HEALTH)
    course = _course(request, consent.client, Can.EDIT_HEALTH)
    form = WithdrawForm(request.POST, auto_id=_ids(consent.text))
    if not form.is_valid():
        return _overview(request, consent.client, course, (consent, form))

    def once() -> str:
        services.withdraw(request.actor, consent, form.cleaned_data["reason"])
        return _overview_address(consent.client, course)

    to = write_once(request, request.actor, once)
    messages.success(request, _("Withdrawn. It does not count any more; the signed text stays on file."))
    return redirect(to)
