"""Backup, export, erasure and periods of keeping, for the owner."""

from __future__ import annotations

import tempfile
from typing import IO, cast
from uuid import UUID

from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from cryomassage_clinic.accounts.access import get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.accounts.reauthentication import ask_again, reauthenticated
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.custody import erasure, selectors, services
from cryomassage_clinic.custody.exporting import export
from cryomassage_clinic.custody.files import data_folder
from cryomassage_clinic.custody.forms import EraseForm, PeriodsForm
from cryomassage_clinic.custody.retention import report
from cryomassage_clinic.web.once import write_once
from cryomassage_clinic.web.pages import StaffRequest, page


def _backups() -> dict[str, object]:
    return {
        "running": selectors.running_backup(),
        "latest": selectors.latest_backup(),
        "failure": selectors.latest_failure(),
    }


@page(Can.EXPORT)
def data_page(request: StaffRequest) -> HttpResponse:
    """Whether the records are safe, and how to take them along."""
    return render(request, "custody/data.html", {**_backups(), "folder": str(data_folder())})


@page(Can.EXPORT, methods=("GET", "POST"))
def data_backup(request: StaffRequest) -> HttpResponse:
    """Have a backup made (POST), or how that stands (GET, for the page that waits)."""
    if request.method == "GET":
        return render(request, "custody/parts/backup.html", _backups())

    def write() -> str:
        services.ask_backup(request.actor)
        return reverse("data_page")

    return redirect(write_once(request, request.actor, write))


def _download(file: IO[bytes], name: str) -> HttpResponse:
    file.seek(0)
    response = FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
    response["Cache-Control"] = "no-store"
    return cast("HttpResponse", response)  # a streamed one, which the type of pages does not know


def _nameless() -> IO[bytes]:
    """A file without a name: however the download ends, nothing of it is left on the disk."""
    return tempfile.TemporaryFile(dir=data_folder())


@page(Can.EXPORT, methods=("POST",))
@reauthenticated
def data_export(request: StaffRequest) -> HttpResponse:
    """Everything of the clinic, as one file."""
    file = _nameless()
    try:
        export(file, request.actor.clinic)
        services.note_export(request.actor)
    except BaseException:
        file.close()
        raise
    return _download(file, f"cryomassage-export-{timezone.localdate():%Y-%m-%d}.zip")


@page(Can.MANAGE_PLACES, methods=("GET", "POST"))
@reauthenticated
def retention(request: StaffRequest) -> HttpResponse:
    """How long what is kept, and how much is older."""
    actor = request.actor
    form = PeriodsForm(request.POST or None, periods=selectors.periods_of(actor))
    if request.method == "POST" and form.is_valid():

        def write() -> str:
            services.set_periods(actor, form.cleaned_data)
            return reverse("retention")

        return redirect(write_once(request, actor, write))
    content = {"form": form, "rows": form.rows(report(actor.clinic))}
    return render(request, "custody/retention.html", content, status=422 if form.errors else 200)


def _client(request: StaffRequest, pk: UUID) -> Client:
    return get(request.actor, Client, pk, Can.ERASE)


@page(Can.ERASE, methods=("GET", "POST"))
def erase_client(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Take a client out of everything, after their code has been typed."""
    actor, client = request.actor, _client(request, pk)
    question = ask_again(request)
    if question is not None:
        return question
    if client.erased_at is not None:
        return _erased(request, client)
    form = EraseForm(request.POST or None, client=client)
    if request.method == "POST" and form.is_valid():
        done: list[erasure.Erased] = []

        def write() -> str:
            done.append(erasure.erase(actor, client))
            return reverse("erase_client", args=[pk])

        address = write_once(request, actor, write)
        for one in done:
            erasure.clean_files(one)
        return redirect(address)
    content = {
        "client": client,
        "form": form,
        "held": selectors.held_of(client.pk).items(),
        "copies": selectors.copies_made(),
    }
    return render(request, "custody/erase.html", content, status=422 if form.errors else 200)


def _erased(request: StaffRequest, client: Client) -> HttpResponse:
    content = {"client": client, "copies": selectors.copies_made(), "running": selectors.running_backup()}
    return render(request, "custody/erased.html", content)


@page(Can.ERASE, methods=("POST",))
def erase_client_file(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Everything that is held of a client, as one file for the client."""
    client = _client(request, pk)
    question = ask_again(request)
    if question is not None:
        return question
    file = _nameless()
    try:
        erasure.export_client(file, client)
        services.note_client_export(request.actor, client)
    except BaseException:
        file.close()
        raise
    return _download(file, f"client-{client.code}.zip")


@page(Can.ERASE, methods=("POST",))
def replace_backups(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Make a backup without the erased client; the older ones are deleted once it has been read back."""
    _client(request, pk)
    question = ask_again(request)
    if question is not None:
        return question

    def write() -> str:
        services.ask_backup(request.actor, replacing=True)
        return reverse("erase_client", args=[pk])

    return redirect(write_once(request, request.actor, write))
