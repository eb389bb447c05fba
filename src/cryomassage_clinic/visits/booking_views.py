"""One booking: make it, look at it, move it, say what became of it."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cryomassage_clinic.accounts.access import get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.services import seen
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.clients.selectors import find
from cryomassage_clinic.courses.approval import stale_parts
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.visits import selectors, services
from cryomassage_clinic.visits.again import written_before
from cryomassage_clinic.visits.booking_form import BookingForm, WhenForm, values_of
from cryomassage_clinic.visits.clock import DAY, zone_of
from cryomassage_clinic.visits.facts import Memory
from cryomassage_clinic.visits.feeds import CONTENT_TYPE, visit_text
from cryomassage_clinic.visits.health import consents_missing, standing_of, verdict_on
from cryomassage_clinic.visits.models import SLOT_MIN, Booking
from cryomassage_clinic.visits.rules import RefusedError, refusals_of
from cryomassage_clinic.visits.slots import TakenError, next_free
from cryomassage_clinic.web.once import StaleFormError, write_once
from cryomassage_clinic.web.pages import StaffRequest, page

_OFFERED = 3


def _picked(request: StaffRequest) -> QueryDict:
    """What was sent; a free time that was picked from the offers takes the place of the one that was typed."""
    sent = request.POST.copy()
    date, _t, time = sent.get("pick", "").partition("T")
    if time:
        time, _plus, second = time.partition("~")
        sent["date"], sent["time"] = date, time
        sent["second"] = second
    return sent


def _offers(request: StaffRequest, trial: Booking, ignoring: Booking | None = None) -> list[dict[str, Any]]:
    """The next free times at which nothing speaks against the booking."""
    zone, memory, offers = zone_of(request.actor.clinic), Memory(), []
    latest = trial.starts_at + 14 * DAY
    length, step = trial.ends_at - trial.starts_at, datetime.timedelta(minutes=SLOT_MIN)
    for _attempt in range(40):
        at = next_free(trial, latest, ignoring=ignoring)
        if at is None:
            break
        trial.starts_at, trial.ends_at = at, at + length
        if refusals_of(request.actor, trial, memory, ignoring=ignoring):
            later = at + datetime.timedelta(minutes=30)
        else:
            local = at.astimezone(zone)
            other = local.replace(fold=1 - local.fold).utcoffset() != local.utcoffset()
            second = ("second" if local.fold else "first") if other else ""
            offers.append({"value": f"{local:%Y-%m-%dT%H:%M}~{second}", "at": local})
            later = at + max(step, length)
        if len(offers) == _OFFERED:
            break
        trial.starts_at, trial.ends_at = later, later + length
    return offers


def _told(request: StaffRequest, error: RefusedError) -> list[str]:
    sees = request.actor.can(Can.SEE_HEALTH)
    return list(dict.fromkeys(refusal.told(sees_health=sees) for refusal in error.refusals))


@page(Can.BOOK, methods=("GET", "POST"))
def booking_new(request: StaffRequest) -> HttpResponse:
    """Book a visit: first for whom, then what, when and where."""
    asked = request.POST.get("client") or request.GET.get("client")
    if not asked:
        sought = request.GET.get("q", "")[:100].replace("\x00", "")
        found = find(request.actor, sought)
        kept = {key: request.GET[key] for key in ("start", "second", "room", "operator") if request.GET.get(key)}
        return render(request, "visits/booking_who.html", {"found": found, "q": sought, "kept": kept})
    client = get(request.actor, Client, asked, Can.BOOK, erased_at__isnull=True)
    if request.method == "POST":
        return _book(request, client)
    form = BookingForm(initial=_first_values(request, client), actor=request.actor, client=client)
    return _booking_form(request, form, client)


def _first_values(request: StaffRequest, client: Client) -> dict[str, Any]:
    """What is known before anything is typed: from the free time that was pressed, and from the course."""
    asked = request.GET
    values: dict[str, Any] = {}
    date, _t, time = asked.get("start", "").partition("T")
    values |= {"date": date, "time": time, "second": "second" if asked.get("second") == "1" else ""}
    values |= {"room": asked.get("room", ""), "operator": asked.get("operator", "")}
    courses = selectors.courses_to_book(request.actor, client)
    chosen = [entry for entry in courses if not asked.get("course") or str(entry["course"].pk) == asked["course"]]
    entry = next((one for one in chosen if one["left"]), None)
    if entry is not None:
        course, session = entry["course"], entry["left"][0]
        values["what"] = f"{course.pk}:{session.number}"
        values["device"] = str(course.device_id or "")
        values["room"] = values["room"] or str(course.room_id or "")
        values["date"] = values["date"] or session.date.isoformat()
    else:
        values["what"] = "talk"
    if not values["operator"] and request.actor.can(Can.EDIT_HEALTH):
        values["operator"] = str(request.actor.user.pk)
    values["date"] = values["date"] or timezone.localdate(timezone=zone_of(request.actor.clinic)).isoformat()
    return values


def _booking_form(
    request: StaffRequest, form: BookingForm, client: Client, status: int = 200, **more: Any
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "client": client,
        "who": selectors.shown_name(request.actor, client),
        "courses": selectors.courses_to_book(request.actor, client),
        **more,
    }
    if request.actor.can(Can.SEE_HEALTH):
        course = next((entry["course"] for entry in context["courses"]), None)
        if course is not None:
            today = timezone.localdate(timezone=zone_of(request.actor.clinic))
            context["verdict"] = verdict_on(course, today, request.actor.user, Memory())
        seen(request.actor, client, "booking form", client_id=client.pk)
    return render(request, "visits/booking_new.html", context, status=status)


def _book(request: StaffRequest, client: Client) -> HttpResponse:
    form = BookingForm(_picked(request), actor=request.actor, client=client)
    if not form.is_valid():
        before = written_before(request)  # sent twice: the session is booked, so it cannot be chosen any more
        return redirect(before) if before is not None else _booking_form(request, form, client, 422)
    wanted = form.wanted()

    def write() -> str:
        booking = services.book(request.actor, wanted)
        return reverse("booking_page", args=[booking.pk])

    try:
        to = write_once(request, request.actor, write)
    except RefusedError as error:
        return _booking_form(request, form, client, 422, refused=_told(request, error))
    except TakenError as error:
        offers = _offers(request, wanted.booking(request.actor))
        return _booking_form(request, form, client, 409, taken=error.taken, offers=offers)
    messages.success(request, _("Booked."))
    if form.moment is not None and form.moment.words:
        messages.info(request, form.moment.words)
    return redirect(to)


@page(Can.SEE_CALENDAR)
def booking_page(request: StaffRequest, pk: str) -> HttpResponse:
    """Who, when, where, what; whether it may be; and what can be done about it."""
    return _booking_page(request, get(request.actor, Booking, pk, Can.SEE_CALENDAR))


def _booking_page(request: StaffRequest, booking: Booking, status: int = 200, **more: Any) -> HttpResponse:
    actor, memory = request.actor, Memory()
    visit = selectors.visit_of(actor, booking, memory)
    context: dict[str, Any] = {
        "booking": booking,
        "visit": visit,
        "is_open": visit.is_open,
        "begun": booking.starts_at <= timezone.now(),
        "is_today": visit.starts.date() == timezone.localdate(timezone=zone_of(actor.clinic)),
        "version": booking.version,
        **more,
    }
    course: Course | None = booking.course
    if course is not None and actor.can(Can.SEE_HEALTH):
        plan = memory.facts(course).plan
        context |= {
            "course": course,
            "verdict": verdict_on(course, visit.starts.date(), booking.operator, memory),
            "standing": standing_of(course, visit.starts.date(), booking.operator, memory),
            "consents": consents_missing(course, memory),
            "plan": plan,
            "stale": stale_parts(plan) if plan is not None else [],
            "air": memory.air(booking.room, visit.starts.date()) if memory.facts(course).liquid_nitrogen else None,
        }
        seen(actor, booking, "booking", client_id=booking.client_id)
    return render(request, "visits/booking_page.html", context, status=status)


def _act(request: StaffRequest, pk: str, write: Callable[[Booking], Any], done: str) -> HttpResponse:
    """Do one thing with a booking, and come back to it."""
    booking = get(request.actor, Booking, pk, Can.BOOK)

    def once() -> str:
        write(booking)
        return reverse("booking_page", args=[booking.pk])

    try:
        to = write_once(request, request.actor, once)
    except StaleFormError as error:
        return _booking_page(request, error.record, 409, stale_page=True, typed=request.POST.get("reason", ""))
    except RefusedError as error:
        told = _told(request, error)
        return _booking_page(request, booking, 422, refused=told, typed=request.POST.get("reason", ""))
    except TakenError as error:
        return _booking_page(request, booking, 409, taken=error.taken)
    messages.success(request, done)
    return redirect(to)


@page(Can.BOOK, methods=("POST",))
def booking_arrived(request: StaffRequest, pk: str) -> HttpResponse:
    """The client is here."""
    seen_version = request.POST.get("version")
    return _act(
        request, pk, lambda booking: services.arrived(request.actor, booking, seen_version), _("Marked as arrived.")
    )


@page(Can.BOOK, methods=("POST",))
def booking_not_arrived(request: StaffRequest, pk: str) -> HttpResponse:
    """The client is not here after all."""
    seen_version = request.POST.get("version")
    return _act(
        request, pk, lambda booking: services.not_arrived(request.actor, booking, seen_version), _("Taken back.")
    )


@page(Can.BOOK, methods=("POST",))
def booking_missed(request: StaffRequest, pk: str) -> HttpResponse:
    """The client did not come."""
    seen_version = request.POST.get("version")
    done = _("Marked: did not come. The time is free again.")
    return _act(request, pk, lambda booking: services.missed(request.actor, booking, seen_version), done)


@page(Can.BOOK, methods=("POST",))
def booking_cancel(request: StaffRequest, pk: str) -> HttpResponse:
    """Cancel a visit, with the reason."""
    seen_version, reason = request.POST.get("version"), request.POST.get("reason", "")
    if "\x00" in reason:
        reason = ""  # the service asks for words
    return _act(
        request,
        pk,
        lambda booking: services.cancel(request.actor, booking, seen_version, reason),
        _("Cancelled. The time is free again."),
    )


@page(Can.BOOK, methods=("GET", "POST"))
def booking_move(request: StaffRequest, pk: str) -> HttpResponse:
    """Give a visit another time, room, device or person."""
    booking = get(request.actor, Booking, pk, Can.BOOK)
    actor = request.actor
    sent = _picked(request) if request.method == "POST" else None
    form = WhenForm(sent, initial=values_of(booking, actor), actor=actor)
    context: dict[str, Any] = {
        "form": form,
        "booking": booking,
        "visit": selectors.visit_of(actor, booking, Memory()),
        "version": request.POST.get("version", booking.version),
    }
    if sent is None:
        return render(request, "visits/booking_move.html", context)
    if not form.is_valid():
        return render(request, "visits/booking_move.html", context, status=422)
    data, at = form.cleaned_data, form.moment
    assert at is not None
    length = data["length_min"] or int((booking.ends_at - booking.starts_at).total_seconds() // 60)

    def write() -> str:
        moved = services.move(
            actor,
            booking,
            request.POST.get("version"),
            starts_at=at.utc,
            length_min=length,
            operator=data["operator"],
            room=data["room"],
            device=data["device"],
            note=data["note"],
        )
        return reverse("booking_page", args=[moved.pk])

    try:
        to = write_once(request, actor, write)
    except StaleFormError as error:
        now = selectors.visit_of(actor, error.record, Memory())
        context |= {"stale_now": now, "version": error.record.version}
        return render(request, "visits/booking_move.html", context, status=409)
    except RefusedError as error:
        return render(request, "visits/booking_move.html", {**context, "refused": _told(request, error)}, status=422)
    except TakenError as error:
        trial = services.Wanted(
            booking.client,
            data["operator"],
            data["room"],
            data["device"],
            at.utc,
            length,
            booking.course,
            booking.session_number,
        ).booking(actor)
        context |= {"taken": error.taken, "offers": _offers(request, trial, ignoring=booking)}
        return render(request, "visits/booking_move.html", context, status=409)
    messages.success(request, _("Moved. The old time is free again."))
    if at.words:
        messages.info(request, at.words)
    return redirect(to)


@page(Can.SEE_CALENDAR)
def booking_ics(request: StaffRequest, pk: str) -> HttpResponse:
    """The visit as a file for the client's own calendar."""
    booking = get(request.actor, Booking, pk, Can.SEE_CALENDAR)
    response = HttpResponse(visit_text(booking), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return response
