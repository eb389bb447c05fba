"""Pages of a course: what is asked for, where it stands, and asking for a plan."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from cryomassage_clinic.accounts.access import get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.services import seen
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.courses import plan_services, services
from cryomassage_clinic.courses.course_told import dates_of, next_visit, plans_told
from cryomassage_clinic.courses.forms import FIELDS, STEPS, WishForm, values_of
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.courses.readiness import missing_for_plan
from cryomassage_clinic.courses.selectors import approved_plan, sessions_done, wish_words
from cryomassage_clinic.courses.wish import complaint, complaints, zones_of
from cryomassage_clinic.places.selectors import air_of, state_of
from cryomassage_clinic.web.once import StaleFormError, write_once
from cryomassage_clinic.web.pages import StaffRequest, page

_BOTH = ("GET", "POST")


# --- what is asked for ----------------------------------------------------------------------------------


def _kept(form: WishForm, but: str) -> list[tuple[str, str]]:
    """Everything that other steps have chosen, to be carried along."""
    kept = []
    for step, names in FIELDS.items():
        for name in names:
            value = form.chosen(name)
            if step != but and value not in (None, ""):
                values = value if isinstance(value, list) else [value]
                kept += [(name, str(one)) for one in values]
    return kept


def _step_names() -> dict[str, str]:
    return {"complaint": _("What for"), "zones": _("Where"), "way": _("How"), "place": _("With what")}


def _shown(request: StaffRequest, form: WishForm, step: str, context: dict[str, Any], status: int) -> HttpResponse:
    """One step of the question."""
    here = request.path
    indication = form.chosen("indication")
    steps = [
        {
            "key": key,
            "label": label,
            "here": key == step,
            "open": STEPS.index(key) < STEPS.index(step) or context.get("course") is not None,
            "address": f"{here}?{urlencode([('step', key), *_kept(form, '')])}",
        }
        for key, label in _step_names().items()
    ]
    told: dict[str, Any] = {
        "form": form,
        "step": step,
        "steps": steps,
        "kept": _kept(form, step),
        "next_step": STEPS[STEPS.index(step) + 1] if step != STEPS[-1] else "",
        "errors": [(name, form[name].label, form.errors[name]) for name in FIELDS[step] if name in form.errors],
    }
    if step == "complaint":
        told["groups"] = complaints()
    elif step == "zones":
        told |= {
            "allowed_zones": [key for _region, zones in zones_of(indication) for key, _name in zones],
            "ticked": form.chosen_zones,
            "complaint": complaint(indication),
        }
    elif step == "way":
        ways = form.ways()
        told |= {
            "ways": [way for way in ways if way.offered],
            "not_offered": [way for way in ways if not way.offered],
            "complaint": complaint(indication),
        }
    else:
        way = form.chosen_way()
        told |= {
            "way": way,
            "devices": [(one, state_of(one, form.today)) for one in form.devices()],
            "rooms": [(one, air_of(one, form.today)) for one in form.all_rooms] if way and way.liquid_nitrogen else [],
            "today": form.today,
        }
    return render(request, "courses/wish.html", {**told, **context}, status=status)


def _asked(request: StaffRequest, form: WishForm, context: dict[str, Any]) -> HttpResponse:
    """The step that a link or the button "Next" leads to; one whose grounds are not sound leads back."""
    step = request.GET.get("step", STEPS[0])
    if step not in STEPS:
        step = STEPS[0]
    form.full_clean()
    failing = form.failing_step(before=step)
    if failing is not None:
        return _shown(request, form, failing, context, 422)
    for name in list(form.errors):
        del form.errors[name]  # what has not been asked yet is not a mistake
    return _shown(request, form, step, context, 200)


@page(Can.EDIT_HEALTH, methods=_BOTH)
def course_new(request: StaffRequest, pk: str) -> HttpResponse:
    """What does this client come for?"""
    client = get(request.actor, Client, pk, Can.EDIT_HEALTH, erased_at__isnull=True)
    context = {"client": client, "course": None}
    if request.method == "GET":
        seen(request.actor, client, "new course", client_id=client.pk)
        return _asked(request, WishForm(request.GET, actor=request.actor), context)
    form = WishForm(request.POST, actor=request.actor)
    if not form.is_valid():
        return _shown(request, form, form.failing_step() or STEPS[0], context, 422)

    def write() -> str:
        course = services.create_course(request.actor, client, form.wish())
        return reverse("course_page", args=[course.pk])

    return redirect(write_once(request, request.actor, write))


@page(Can.EDIT_HEALTH, methods=_BOTH)
def course_edit(request: StaffRequest, pk: str) -> HttpResponse:
    """Change what a client comes for."""
    course = get(request.actor, Course, pk, Can.EDIT_HEALTH)
    context: dict[str, Any] = {"client": course.client, "course": course, "version": course.version}
    if request.method == "GET":
        seen(request.actor, course, "change course", client_id=course.client_id)
        given = request.GET if "indication" in request.GET else values_of(course)
        context["version"] = request.GET.get("version", course.version)
        return _asked(request, WishForm(given, actor=request.actor), context)
    form = WishForm(request.POST, actor=request.actor)
    context["version"] = request.POST.get("version", "")
    if not form.is_valid():
        return _shown(request, form, form.failing_step() or STEPS[0], context, 422)

    def write() -> str:
        services.edit_course(request.actor, course, form.wish(), request.POST.get("version"))
        return reverse("course_page", args=[course.pk])

    try:
        return redirect(write_once(request, request.actor, write))
    except StaleFormError as error:
        now = wish_words(error.record)
        context |= {"meanwhile": now, "version": error.record.version}
        return _shown(request, form, STEPS[-1], context, 409)
    except ValidationError as error:
        context["refused"] = error.messages
        return _shown(request, form, STEPS[-1], context, 422)


# --- where it stands ------------------------------------------------------------------------------------


def _standing(request: StaffRequest, course: Course, status: int = 200, **more: Any) -> HttpResponse:
    """The page of a course."""
    from cryomassage_clinic.screening.selectors import verdict_of

    visit = next_visit(course)
    date = more.pop("date", None) or visit.today
    number = more.pop("number", None) or visit.number
    gathered, missing = missing_for_plan(course, request.actor.user, date, number)
    done = sessions_done(course)
    approved = approved_plan(course)
    context = {
        "course": course,
        "client": course.client,
        "wish": wish_words(course),
        "complaint": complaint(course.indication),
        "verdict": verdict_of(course, visit.today, request.actor.user),
        "missing": missing,
        "left_out": gathered.left_out,
        "date": date,
        "number": number,
        "today": visit.today,
        "plans": plans_told(course),
        "approved": approved,
        "dates": dates_of(course, approved),
        "done": done,
        "review_due": done >= 4 and (course.review_session is None or done - course.review_session >= 4),
        "ended": course.status == Course.Status.ENDED,
        **more,
    }
    return render(request, "courses/course.html", context, status=status)


@page(Can.SEE_HEALTH)
def course_page(request: StaffRequest, pk: str) -> HttpResponse:
    """Where a course stands, and what comes next."""
    course = get(request.actor, Course, pk, Can.SEE_HEALTH)
    seen(request.actor, course, "course", client_id=course.client_id)
    return _standing(request, course)


def _number(text: str | None) -> int | None:
    """A session number, or None where it is none."""
    try:
        number = int(text or "")
    except ValueError:
        return None
    return number if 1 <= number <= 60 else None


def _day(text: str | None) -> datetime.date | None:
    try:
        return parse_date(text or "")
    except ValueError:
        return None


@page(Can.PLAN, methods=("POST",))
def plan_ask(request: StaffRequest, pk: str) -> HttpResponse:
    """Ask the worker for a plan; what is missing is told instead, with where it is put right."""
    course = get(request.actor, Course, pk, Can.PLAN)
    date, number = _day(request.POST.get("date")), _number(request.POST.get("session"))
    visit = next_visit(course)
    wrong = {}
    if date is None or date < visit.today:
        wrong["date"] = _("Choose the day of the visit: today or later.")
    if number is None:
        wrong["session"] = _("Write which session it is: 1 to 60.")
    if wrong or date is None or number is None:
        return _standing(request, course, 422, ask_errors=wrong, asked=True)

    def write() -> str:
        plan = plan_services.ask_plan(request.actor, course, date, number)
        return reverse("plan_page", args=[plan.pk])

    try:
        return redirect(write_once(request, request.actor, write))
    except plan_services.NotReadyError:
        return _standing(request, course, 422, date=date, number=number, asked=True)


@page(Can.EDIT_HEALTH, methods=("POST",))
def course_end(request: StaffRequest, pk: str) -> HttpResponse:
    """End a course, with the reason."""
    course = get(request.actor, Course, pk, Can.EDIT_HEALTH)
    reason = request.POST.get("reason", "")

    def write() -> str:
        services.end_course(request.actor, course, reason, request.POST.get("version"))
        return reverse("course_page", args=[course.pk])

    try:
        to = write_once(request, request.actor, write)
    except StaleFormError as error:
        return _standing(request, error.record, 409, stale=True, end_reason=reason)
    except ValidationError as error:
        return _standing(request, course, 422, end_errors=error.messages, end_reason=reason)
    messages.success(request, _("The course has ended."))
    return redirect(to)


@page(Can.EDIT_HEALTH, methods=("POST",))
def course_review(request: StaffRequest, pk: str) -> HttpResponse:
    """Write down what a review found."""
    course = get(request.actor, Course, pk, Can.EDIT_HEALTH)
    number, date = _number(request.POST.get("session")), _day(request.POST.get("date"))
    benefit = {"yes": True, "no": False}.get(request.POST.get("benefit", ""))
    if number is None or date is None or benefit is None:
        words = _("Say after which session you looked, on which day, and whether it has helped.")
        return _standing(request, course, 422, review_errors=[words])

    def write() -> str:
        services.review_course(
            request.actor,
            course,
            session=number,
            date=date,
            benefit=benefit,
            seen_version=request.POST.get("version"),
        )
        return reverse("course_page", args=[course.pk])

    try:
        to = write_once(request, request.actor, write)
    except StaleFormError as error:
        return _standing(request, error.record, 409, stale=True)
    except ValidationError as error:
        return _standing(request, course, 422, review_errors=error.messages)
    words = _("The review is written down.") if benefit else _("No benefit: the course stops here. End it below.")
    messages.success(request, words) if benefit else messages.warning(request, words)
    return redirect(to)
