"""Book the course: dates from the plan, times from the calendar, adjusted one by one, booked all at once."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.access import get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.services import seen
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.places.forms import TimeInput
from cryomassage_clinic.places.selectors import WEEKDAYS
from cryomassage_clinic.visits import selectors, services
from cryomassage_clinic.visits.again import written_before
from cryomassage_clinic.visits.booking_form import WhenForm
from cryomassage_clinic.visits.clock import NoSuchTimeError, moment, zone_of
from cryomassage_clinic.visits.facts import LONGEST_MIN, Memory, Session
from cryomassage_clinic.visits.models import SLOT_MIN
from cryomassage_clinic.visits.planner import Wish, checked, left_to_book, propose
from cryomassage_clinic.visits.rules import RefusedError
from cryomassage_clinic.visits.services import Wanted
from cryomassage_clinic.visits.slots import TakenError
from cryomassage_clinic.web.once import write_once
from cryomassage_clinic.web.pages import StaffRequest, page


class WishForm(WhenForm):
    """How the client would like to come, once for the whole course."""

    weekdays = forms.MultipleChoiceField(
        label=lazy("On which days"),
        choices=[(str(number), name) for number, name in enumerate(WEEKDAYS)],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    time = forms.TimeField(
        label=lazy("At what time"), widget=TimeInput(attrs={"step": SLOT_MIN * 60}), initial=datetime.time(10, 0)
    )

    def __init__(self, *args: Any, sources: tuple[str, ...], **more: Any) -> None:
        super().__init__(*args, **more)
        for name in ("date", "second", "note"):
            del self.fields[name]
        field: forms.ChoiceField = self.fields["device"]  # type: ignore[assignment]
        field.required = not sources or bridge.sources_are_booked(sources)
        fitting = [
            (str(one.pk), str(one))
            for one in selectors.devices(self.actor)
            if not sources or one.cold_source in sources
        ]
        field.choices = fitting if field.required else [("", _("None in particular")), *fitting]

    def wish(self) -> Wish:
        """What was asked for; the form is valid."""
        data = self.cleaned_data
        return Wish(
            time=data["time"],
            operator=data["operator"],
            room=data["room"],
            device=data["device"],
            length_min=data["length_min"],
            weekdays=frozenset(int(day) for day in data["weekdays"]),
        )


@dataclass
class Row:
    """One session on the page: as proposed, or as somebody has set it."""

    session: Session
    words: str
    date: str = ""
    time: str = ""
    length_min: int = 0
    take: bool = True
    second: bool = False
    reasons: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    at: datetime.datetime | None = None  # on the wall

    @property
    def number(self) -> int:
        """Number of the session."""
        return self.session.number


def _first_wish(request: StaffRequest, course: Course) -> dict[str, Any]:
    operator = str(request.actor.user.pk) if request.actor.can(Can.EDIT_HEALTH) else ""
    return {
        "time": datetime.time(10, 0),
        "room": str(course.room_id or ""),
        "device": str(course.device_id or ""),
        "operator": operator,
    }


def _proposed(request: StaffRequest, course: Course, wish: Wish, memory: Memory) -> list[Row]:
    zone, sees = zone_of(request.actor.clinic), request.actor.can(Can.SEE_HEALTH)
    rows = []
    for proposal in propose(request.actor, course, wish, memory):
        row = Row(proposal.session, selectors.session_words(proposal.session.number), length_min=proposal.length_min)
        row.reasons = list(proposal.reasons)
        row.errors = list(dict.fromkeys(one.told(sees_health=sees) for one in proposal.refusals))
        row.take = not row.errors and proposal.starts_at is not None
        if proposal.starts_at is None:
            row.errors.append(_("No free time was found. Choose other days, another room or another person."))
        else:
            row.at = proposal.starts_at.astimezone(zone)
            row.date, row.time, row.second = row.at.date().isoformat(), f"{row.at:%H:%M}", bool(row.at.fold)
        rows.append(row)
    return rows


def _typed(request: StaffRequest, course: Course, wish: Wish, memory: Memory) -> tuple[list[Row], list[Wanted]]:
    """The rows as they were sent, and the visits among them that are to be booked."""
    zone, sent = zone_of(request.actor.clinic), request.POST
    rows, wanted = [], []
    for session in left_to_book(course, memory):
        number = session.number
        row = Row(session, selectors.session_words(number))
        row.length_min = wish.length_min or memory.facts(course).length_min(number)
        row.date, row.time = sent.get(f"date_{number}", ""), sent.get(f"time_{number}", "")
        row.take, row.second = f"take_{number}" in sent, sent.get(f"second_{number}") == "1"
        rows.append(row)
        if not row.take:
            continue
        try:
            date, time = datetime.date.fromisoformat(row.date), datetime.time.fromisoformat(row.time)
            if not datetime.date(2000, 1, 1) <= date <= datetime.date(2200, 1, 1):
                raise ValueError
            found = moment(date, time, zone, second=row.second)
        except NoSuchTimeError as error:
            row.errors.append(str(error))
            continue
        except ValueError:
            row.errors.append(_("Write a day and a time."))
            continue
        row.at = found.utc.astimezone(zone)
        if found.words:
            row.reasons.append(found.words)
        wanted.append(
            Wanted(course.client, wish.operator, wish.room, wish.device, found.utc, row.length_min, course, number)
        )
    return rows, wanted


def _mark(request: StaffRequest, rows: list[Row], found: dict[int | None, Any]) -> None:
    sees = request.actor.can(Can.SEE_HEALTH)
    for row in rows:
        row.errors += dict.fromkeys(one.told(sees_health=sees) for one in found.get(row.number, ()))


@page(Can.BOOK, methods=("GET", "POST"))
def course_book(request: StaffRequest, pk: str) -> HttpResponse:
    """Book the sessions of a course."""
    course = get(request.actor, Course, pk, Can.BOOK)
    memory = Memory()
    asked = request.POST if request.method == "POST" else request.GET
    form = WishForm(
        asked if "time" in asked else None,
        initial=_first_wish(request, course),
        actor=request.actor,
        sources=memory.facts(course).sources,
    )
    context: dict[str, Any] = {
        "course": course,
        "client": course.client,
        "who": selectors.shown_name(request.actor, course.client),
        "form": form,
        "facts": memory.facts(course),
        "booked": selectors.of_course(request.actor, course),
        "left": left_to_book(course, memory),
        "longest_min": LONGEST_MIN,
        "rows": [],
    }
    if request.method == "GET":
        if request.actor.can(Can.SEE_HEALTH):
            seen(request.actor, course, "booking of a course", client_id=course.client_id)
        if form.is_bound and form.is_valid():
            context["rows"] = _proposed(request, course, form.wish(), memory)
        return render(request, "visits/course_book.html", context, status=422 if form.is_bound and form.errors else 200)
    if not form.is_valid():
        return render(request, "visits/course_book.html", context, status=422)
    context["rows"], wanted = _typed(request, course, form.wish(), memory)
    if not wanted and request.POST.get("do") != "check":
        before = written_before(request)
        if before is not None:
            return redirect(before)
        context["none"] = True
        return render(request, "visits/course_book.html", context, status=422)
    if request.POST.get("do") == "check" or any(row.errors for row in context["rows"]):
        _mark(request, context["rows"], checked(request.actor, wanted, memory))
        context["checked"] = request.POST.get("do") == "check"
        wrong = any(row.errors for row in context["rows"])
        return render(request, "visits/course_book.html", context, status=422 if wrong else 200)
    return _book(request, course, wanted, context, memory)


def _book(
    request: StaffRequest, course: Course, wanted: list[Wanted], context: dict[str, Any], memory: Memory
) -> HttpResponse:
    """All of them in one transaction, or none and the reasons beside each."""
    count = [0]

    def write() -> str:
        count[0] = len(services.book_all(request.actor, wanted))
        return reverse("course_book", args=[course.pk])

    try:
        to = write_once(request, request.actor, write)
    except (RefusedError, TakenError):
        _mark(request, context["rows"], checked(request.actor, wanted, memory))
        context["refused"] = True
        return render(request, "visits/course_book.html", context, status=409)
    messages.success(
        request,
        ngettext("%(count)d visit is booked.", "%(count)d visits are booked.", count[0]) % {"count": count[0]}
        if count[0]
        else _("These visits were booked before."),
    )
    return redirect(to)
