"""Pages of the screening: the questions, the verdict, and what doctors have said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.access import get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.services import seen
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.courses.days import today_of
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.screening import services
from cryomassage_clinic.screening.answers import kept_answers, newest
from cryomassage_clinic.screening.asking import (
    Asked,
    Group,
    asked_questions,
    case_zones,
    group_names,
    in_words,
    questionnaire,
)
from cryomassage_clinic.screening.forms import NoteForm, TestSpotForm
from cryomassage_clinic.screening.models import AnswerSet, DoctorNote, TestSpot
from cryomassage_clinic.screening.reading import read
from cryomassage_clinic.screening.verdict import verdict_of
from cryomassage_clinic.web.core_words import told
from cryomassage_clinic.web.once import StaleFormError, write_once
from cryomassage_clinic.web.pages import StaffRequest, page


def _zone_choices(zones: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(zone, told(bridge.zones()[zone].name)) for zone in zones]


@page(Can.EDIT_HEALTH, methods=("GET", "POST"))
def screening_form(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The questions of a course, and what is answered."""
    course = get(request.actor, Course, pk, Can.EDIT_HEALTH)
    client, today = course.client, today_of(request.actor.clinic)
    before, status, typed, stale = newest(client), 200, None, None
    try:
        zones, questions = case_zones(course, today), asked_questions(course, today)
        if request.method == "POST":
            given, typed = read(request.POST, questions, client, zones, today)
            status = 422
            if not any(one.error for one in typed.values()):
                try:
                    return redirect(write_once(request, request.actor, _saving(request, course, given)))
                except StaleFormError as error:
                    status, stale, before = 409, error.record, error.record
                except services.IncompleteError as error:  # the questions themselves have changed meanwhile
                    for key in error.questions:
                        typed.setdefault(key, Asked(key, questions[key], "", "")).error = _("Not answered yet.")
        groups = questionnaire(course, today, before, typed)
    except bridge.InputError as error:
        return _not_ready(request, course, error)
    seen(request.actor, client, "screening", client_id=client.pk)
    return render(request, "screening/form.html", _form_context(course, groups, zones, before, stale), status=status)


def _form_context(
    course: Course, groups: list[Group], zones: tuple[str, ...], before: AnswerSet | None, stale: AnswerSet | None
) -> dict[str, Any]:
    asked = [one for group in groups for one in group.all]
    return {
        "course": course,
        "client": course.client,
        "groups": groups,
        "open_groups": [group for group in groups if group.open],
        "still_groups": [group for group in groups if group.still],
        "zones": _zone_choices(zones),
        "before": before,
        "stale": stale,
        "errors": [one for one in asked if one.error],
        "open_count": sum(len(group.open) for group in groups),
        "still_count": sum(len(group.still) for group in groups),
        "today": today_of(course.clinic),
        "method": bridge.methods().get(course.method),
        "indication": bridge.indications().get(course.indication),
    }


def _saving(request: StaffRequest, course: Course, given: dict[str, Any]) -> Callable[[], str]:
    def save() -> str:
        services.save_answers(request.actor, course, given, seen=request.POST.get("version", ""))
        return reverse("screening_verdict", args=[course.pk])

    return save


def _not_ready(request: StaffRequest, course: Course, error: bridge.InputError) -> HttpResponse:
    """Which questions there are cannot be said before body and wish are known."""
    from cryomassage_clinic.courses.readiness import told_problems

    problems = [one for one in error.problems if not one.field.startswith(("answers.", "vitals."))]
    context = {"course": course, "client": course.client, "problems": told_problems(course, problems)}
    return render(request, "screening/not_ready.html", context, status=422 if request.method == "POST" else 200)


@page(Can.SEE_HEALTH)
def screening_verdict(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Whether the client may be treated as the course asks, why, and what to do next."""
    course = get(request.actor, Course, pk, Can.SEE_HEALTH)
    client, today = course.client, today_of(request.actor.clinic)
    verdict = verdict_of(course, today, request.actor.user)
    seen(request.actor, client, "verdict", client_id=client.pk)
    asks = [reason for reason in verdict.reasons if reason.clearable and reason.outcome == "refer"]
    context = {
        "course": course,
        "client": client,
        "verdict": verdict,
        "clearances": asks,
        "unsure": any(reason.rule.startswith("unsure.") for reason in verdict.reasons),
        "diagnosis": _needed_diagnosis(course, [reason.rule for reason in verdict.reasons]),
        "spot": TestSpotForm(initial={"method": course.method, "read_after_min": 15, "date": today})
        if any(reason.rule == "test_spot.first" for reason in verdict.reasons)
        else None,
        "today": today,
    }
    return render(request, "screening/verdict.html", context)


def _needed_diagnosis(course: Course, rules: list[str]) -> NoteForm | None:
    if "diagnosis.missing" not in rules:
        return None
    return NoteForm(kind="diagnosis", initial={"about": course.indication})


@page(Can.SEE_HEALTH)
def screening_answers(request: StaffRequest, pk: UUID) -> HttpResponse:
    """One set of answers, as it was given."""
    answer_set = get(request.actor, AnswerSet, pk, Can.SEE_HEALTH)
    known, names = bridge.knowledge().question, group_names()
    groups: dict[str, list[dict[str, Any]]] = {}
    for key, kept in kept_answers(answer_set).items():
        question = known.get(key)
        if question is None:
            row = {"ask": key, "answer": kept.answer, "at": kept.at}
        else:
            row = {"ask": told(question.ask), "answer": in_words(question, kept), "at": kept.at}
        group = names.get(question.group, question.group) if question is not None else _("No longer asked")
        groups.setdefault(group, []).append(row)
    seen(request.actor, answer_set.client, "answers", client_id=answer_set.client_id)
    context = {"answer_set": answer_set, "client": answer_set.client, "groups": groups.items()}
    return render(request, "screening/answers.html", context)


def _back(request: StaffRequest, client: Client, anchor: str) -> str:
    """Where a small form came from: the card of the client, or the verdict of one of the client's courses."""
    came_from = request.POST.get("course", "")
    try:
        course = get(request.actor, Course, came_from, Can.SEE_HEALTH, client=client) if came_from else None
    except Http404:
        course = None
    if course is not None:
        return reverse("screening_verdict", args=[course.pk])
    return f"{reverse('client_card', args=[client.pk])}#{anchor}"


def _small_form(
    request: StaffRequest,
    client: Client,
    form: forms.Form,
    write: Callable[[dict[str, Any]], Any],
    title: str,
    anchor: str,
) -> HttpResponse:
    """Show a small form on a page of its own, or write it and go back to where it was opened."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():

            def once() -> str:
                write(form.cleaned_data)
                return _back(request, client, anchor)

            try:
                to = write_once(request, request.actor, once)
            except services.NoteError as error:
                for name, words in error.problems.items():
                    form.add_error(name, words)
            else:
                messages.success(request, _("Saved."))
                return redirect(to)
    context = {"form": form, "client": client, "title": title, "course_pk": request.POST.get("course", "")}
    return render(request, "screening/small_form.html", context, status=status)


@page(Can.EDIT_HEALTH, methods=("GET", "POST"))
def note_new(request: StaffRequest, pk: UUID, kind: str) -> HttpResponse:
    """A diagnosis or a clearance."""
    client = get(request.actor, Client, pk, Can.EDIT_HEALTH)
    titles = {"diagnosis": _("A doctor's diagnosis"), "clearance": _("A doctor's clearance")}
    if kind not in titles:
        raise Http404
    form = NoteForm(request.POST if request.method == "POST" else None, kind=kind)

    def write(fields: dict[str, Any]) -> None:
        services.add_note(request.actor, client, kind, fields["about"], fields["doctor"], fields["date"])

    return _small_form(request, client, form, write, titles[kind], "notes")


@page(Can.EDIT_HEALTH, methods=("GET", "POST"))
def test_spot_new(request: StaffRequest, pk: UUID) -> HttpResponse:
    """What was read of a test spot."""
    client = get(request.actor, Client, pk, Can.EDIT_HEALTH)
    initial = {"read_after_min": 15, "date": today_of(request.actor.clinic)}
    form = TestSpotForm(request.POST if request.method == "POST" else None, initial=initial)

    def write(fields: dict[str, Any]) -> None:
        services.add_test_spot(request.actor, client, **fields)

    return _small_form(request, client, form, write, _("Test spot"), "spots")


@page(Can.EDIT_HEALTH, methods=("POST",))
def note_withdraw(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Take a note out of what counts."""
    note = get(request.actor, DoctorNote, pk, Can.EDIT_HEALTH)

    def once() -> str:
        services.withdraw_note(request.actor, note)
        return _back(request, note.client, "notes")

    to = write_once(request, request.actor, once)
    messages.success(request, _("Withdrawn. It stays on file and no longer counts."))
    return redirect(to)


@page(Can.EDIT_HEALTH, methods=("POST",))
def test_spot_withdraw(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Take a test spot that was entered by mistake out of what counts."""
    spot = get(request.actor, TestSpot, pk, Can.EDIT_HEALTH)

    def once() -> str:
        services.withdraw_test_spot(request.actor, spot)
        return _back(request, spot.client, "spots")

    to = write_once(request, request.actor, once)
    messages.success(request, _("Withdrawn. It stays on file and no longer counts."))
    return redirect(to)
