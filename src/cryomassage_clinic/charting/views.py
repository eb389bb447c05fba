"""The chart of a client: pictures, the zone that was chosen, and its marks."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.access import get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.services import seen
from cryomassage_clinic.charting import services
from cryomassage_clinic.charting.drawing import draw, mark_words, zone_name
from cryomassage_clinic.charting.forms import MarkForm, values_of
from cryomassage_clinic.charting.models import Mark, MarkKind
from cryomassage_clinic.charting.pictures import Picture, Shape, home_of, pictures
from cryomassage_clinic.charting.selectors import marks_of, previous_for_case
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.courses.days import today_of
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.web.core_words import told
from cryomassage_clinic.web.once import write_once
from cryomassage_clinic.web.pages import StaffRequest, page


def _course(request: StaffRequest, client: Client) -> Course | None:
    asked = request.GET.get("course") or request.POST.get("course")
    if not asked:
        return None
    course = get(request.actor, Course, asked, Can.SEE_HEALTH)
    if course.client_id != client.pk:
        raise Http404
    return course


def chart_address(client: Client, course: Course | None, **more: str) -> str:
    """The chart of a client, with what is chosen on it."""
    asked = {**({"course": str(course.pk)} if course is not None else {}), **{k: v for k, v in more.items() if v}}
    address = reverse("chart", args=[client.pk])
    return f"{address}?{urlencode(asked)}" if asked else address


def _chosen(request: StaffRequest, mark: Mark | None, course: Course | None) -> tuple[Picture, Shape | None]:
    """Picture and zone of an address; of a mark, its own; else the first zone's picture of the course."""
    if mark is not None:
        picture = pictures()[mark.picture]
        return picture, picture.shape(mark.zone, mark.side)
    zone, side = request.GET.get("zone", ""), request.GET.get("side", "")
    first = zone or (course.zones[0] if course is not None and course.zones else "")
    asked = pictures().get(request.GET.get("picture", "")) or home_of(first)
    picture = asked or next(iter(pictures().values()))
    shape = picture.shape(zone, side) if zone else None
    if zone and shape is None and (home := home_of(zone)) is not None:
        picture, shape = home, home.shape(zone, side)
    return picture, shape


def _share(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0.0 <= value <= 1.0 else None


@page(Can.SEE_HEALTH, methods=("GET", "POST"))
def chart(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Look at the chart, choose a zone, put or change a mark."""
    actor = request.actor
    client = get(actor, Client, pk, Can.SEE_HEALTH)
    course = _course(request, client)
    mark = None
    if request.GET.get("mark"):
        mark = get(actor, Mark, request.GET["mark"], Can.SEE_HEALTH)
        if mark.client_id != client.pk or mark.removed_at is not None:
            return redirect(chart_address(client, course))
    picture, shape = _chosen(request, mark, course)
    form, status = None, 200
    if shape is not None and actor.can(Can.EDIT_HEALTH):
        today = today_of(actor.clinic)
        if request.method == "POST":
            form = MarkForm(request.POST, picture=picture, shape=shape, today=today)
            if form.is_valid():
                answer = _saved(request, client, course, mark, form)
                if answer is not None:
                    return answer
            status = 422
        else:
            x, y = _share(request.GET.get("x", "")), _share(request.GET.get("y", ""))
            tapped = x is not None and y is not None
            first = {"x": x, "y": y, "place": "tapped" if tapped else "middle", "kind": request.GET.get("kind", "")}
            form = MarkForm(initial=values_of(mark) if mark else first, picture=picture, shape=shape, today=today)
    elif request.method == "POST":
        actor.require(Can.EDIT_HEALTH)
        status = 422
        messages.error(request, _("Choose a zone first: tap it, or take it from the list."))
    seen(actor, client, "chart", client_id=client.pk)
    return render(request, "charting/chart.html", _told(client, course, picture, shape, mark, form), status=status)


def _saved(
    request: StaffRequest, client: Client, course: Course | None, mark: Mark | None, form: MarkForm
) -> HttpResponse | None:
    """Write, and lead on; None where the service refuses, told in the form."""
    actor, data = request.actor, form.mark_data()

    def write() -> str:
        if mark is None:
            services.add_mark(actor, client, data)
        else:
            services.change_mark(actor, mark, data)
        return chart_address(client, course, picture=data["picture"], zone=data["zone"], side=data["side"])

    try:
        address = write_once(request, actor, write)
    except ValidationError as error:
        form.add_error(None, error)
        return None
    messages.success(request, _("Kept on the chart."))
    return redirect(address)


def _told(
    client: Client,
    course: Course | None,
    picture: Picture,
    shape: Shape | None,
    mark: Mark | None,
    form: MarkForm | None,
) -> dict[str, Any]:
    marks = list(marks_of(client))
    zones = list(course.zones) if course is not None else []
    known = bridge.zones()
    known_before = {one["zone"] for one in previous_for_case(client, zones)}
    here = [one for one in marks if shape is not None and one.zone == shape.zone]
    return {
        "client": client,
        "course": course,
        "pictures": list(pictures().values()),
        "drawing": draw(
            picture,
            marks,
            zone=shape.zone if shape else "",
            side=shape.side if shape else "",
            asked=zones,
            mark_id=str(mark.pk) if mark else "",
        ),
        "picture": picture,
        "shape": shape,
        "zone_name": zone_name(shape.zone, shape.side) if shape else "",
        "cautions": [told(one.text) for one in known[shape.zone].cautions] if shape and shape.zone in known else [],
        "mark": mark,
        "form": form,
        "here": [(one, mark_words(one)) for one in here],
        "all_marks": [(one, mark_words(one)) for one in marks],
        "kept_off": sorted({zone_name(one.zone) for one in marks if one.kind == MarkKind.NO_GO}),
        "unknown_before": [(zone, zone_name(zone)) for zone in zones if zone not in known_before],
    }


@page(Can.EDIT_HEALTH, methods=("POST",))
def chart_never(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Say that zones of a course were never treated with cold before."""
    actor = request.actor
    client = get(actor, Client, pk, Can.EDIT_HEALTH)
    course = _course(request, client)
    if course is None:
        raise Http404
    named = [zone for zone in request.POST.getlist("zone") if zone in course.zones]
    unknown = set(named) - {one["zone"] for one in previous_for_case(client, named)}

    def write() -> str:
        for zone in (one for one in named if one in unknown):
            home = home_of(zone)
            shape = home.shape(zone) if home is not None else None
            if home is None or shape is None:
                continue
            x, y = home.share(shape.label)
            data = {"kind": MarkKind.DONE_BEFORE, "picture": home.key, "zone": zone, "side": "", "x": x, "y": y}
            services.add_mark(actor, client, data)
        return chart_address(client, course)

    address = write_once(request, actor, write)
    if not named:
        messages.error(request, _("Tick the zones that were never treated before."))
    return redirect(address)


@page(Can.EDIT_HEALTH, methods=("POST",))
def mark_remove(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Take a mark away."""
    actor = request.actor
    mark = get(actor, Mark, pk, Can.EDIT_HEALTH)
    course = _course(request, mark.client)

    def write() -> str:
        services.remove_mark(actor, mark)
        return chart_address(mark.client, course, picture=mark.picture, zone=mark.zone, side=mark.side)

    try:
        address = write_once(request, actor, write)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        address = chart_address(mark.client, course, picture=mark.picture)
    return redirect(address)
