"""Pages of the texts that clients sign: all of them, one with its history, one old version."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.access import get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.consents import services
from cryomassage_clinic.consents.forms import TextForm
from cryomassage_clinic.consents.models import ConsentText, Kind
from cryomassage_clinic.consents.selectors import current_numbers, label_of, live_signers, versions_of
from cryomassage_clinic.consents.views import LANGUAGE_NAMES
from cryomassage_clinic.consents.wording import blocks_of
from cryomassage_clinic.web.once import StaleFormError, write_once
from cryomassage_clinic.web.pages import StaffRequest, page


def text_address(kind: str, treatment: str, language: str) -> str:
    """Where a text is read and changed."""
    more = [treatment] if treatment else []
    return reverse("consent_text", args=[kind, language, *more])


@page(Can.MANAGE_PLACES)
def consent_texts(request: StaffRequest) -> HttpResponse:
    """Every text, by what is agreed to."""
    numbers = current_numbers(request.actor.clinic)

    def row(kind: str, treatment: str) -> dict[str, Any]:
        versions = [
            {
                "language": language,
                "name": name,
                "address": text_address(kind, treatment, language),
                "number": numbers.get((kind, treatment, language), 1),
            }
            for language, name in LANGUAGE_NAMES.items()
        ]
        return {"label": label_of(kind, treatment), "versions": versions}

    context = {
        "treatments": [row(Kind.TREATMENT.value, key) for key in bridge.methods()],
        "others": [row(kind.value, "") for kind in Kind if kind != Kind.TREATMENT],
    }
    return render(request, "consents/texts.html", context)


@page(Can.MANAGE_PLACES, methods=("GET", "POST"))
def consent_text(request: StaffRequest, kind: str, language: str, treatment: str = "") -> HttpResponse:
    """One text: the version that is signed now, and the form for the next one."""
    actor = request.actor
    if kind not in Kind.values:
        raise Http404
    try:
        text = services.current_text(actor.clinic, kind, treatment, language)
    except KeyError as error:
        raise Http404 from error
    form, status, stale = TextForm(initial={"title": text.title, "body": text.body}), 200, False
    if request.method == "POST":
        form, status = TextForm(request.POST), 422
        same = {"kind": kind, "treatment": treatment, "language": language}
        read = get(actor, ConsentText, request.POST.get("text", ""), Can.MANAGE_PLACES, **same)
        if form.is_valid():

            def once() -> str:
                services.publish(actor, read, form.cleaned_data["title"], form.cleaned_data["body"])
                return text_address(kind, treatment, language)

            try:
                to = write_once(request, actor, once)
            except services.UnchangedError:
                form.add_error(None, _("Nothing has changed, so there is nothing to publish."))
            except StaleFormError as error:
                text, status, stale = error.record, 409, True
            else:
                messages.success(request, _("Published. From now on this version is signed."))
                return redirect(to)
    others = [(name, text_address(kind, treatment, one)) for one, name in LANGUAGE_NAMES.items() if one != language]
    signers = live_signers(text)
    context = {
        "text": text,
        "blocks": blocks_of(text.body),
        "form": form,
        "stale": stale,
        "label": label_of(kind, treatment),
        "language_name": LANGUAGE_NAMES.get(language, language),
        "others": others,
        "versions": versions_of(text),
        "signers": signers,
        "signers_told": ngettext(
            "%(count)d client has signed version %(number)d and will be asked to sign again.",
            "%(count)d clients have signed version %(number)d and will be asked to sign again.",
            signers,
        )
        % {"count": signers, "number": text.number},
        "draft": f"consent-text:{text.pk}",
    }
    return render(request, "consents/text.html", context, status=status)


@page(Can.MANAGE_PLACES)
def consent_text_version(request: StaffRequest, pk: UUID) -> HttpResponse:
    """One version of a text, as it was published."""
    text = get(request.actor, ConsentText, pk, Can.MANAGE_PLACES)
    context = {
        "text": text,
        "blocks": blocks_of(text.body),
        "label": label_of(text.kind, text.treatment),
        "current": text_address(text.kind, text.treatment, text.language),
    }
    return render(request, "consents/version.html", context)
