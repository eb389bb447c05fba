"""Two plans of one client side by side: what differs, on the same axis of temperature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.access import every, get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.services import seen
from cryomassage_clinic.courses.approval import is_intact
from cryomassage_clinic.courses.models import Plan
from cryomassage_clinic.courses.selectors import state_words
from cryomassage_clinic.web.core_words import told
from cryomassage_clinic.web.pages import StaffRequest, page


@dataclass(frozen=True)
class Row:
    """One thing that is compared."""

    what: str
    first: str
    second: str

    @property
    def differs(self) -> bool:
        """Whether the plans differ in it."""
        return self.first != self.second


def _temperature(value: float) -> str:
    return f"{value:.1f} °C".replace("-", "−")


def _whole(plan: Plan, core: bridge.CorePlan) -> dict[str, str]:
    """A plan as a whole, by what is compared."""
    asked = core.prescription
    known = bridge.zones()
    zones = [told(known[key].name) for key in (asked.zones if asked is not None else ()) if key in known]
    minutes = sum(zone.total_s for zone in core.zones) / 60.0 + sum(spot.total_s for spot in core.spots) / 60.0
    return {
        _("State"): state_words(plan)[2],
        _("Day"): date_format(plan.visit_date, "j F Y"),
        _("Session"): str(plan.session_number),
        _("Zones"): ", ".join(zones) or "–",
        _("Method"): told(asked.method_name) if asked is not None else "–",
        _("Class"): f"{asked.exposure_class} · {told(asked.class_name)}" if asked is not None else "–",
        _("Exposure and pauses"): _("%(minutes)s min") % {"minutes": f"{minutes:.1f}"},
    }


def _zone(zone: Any) -> dict[str, str]:
    """One zone of a plan, by what is compared."""
    speed = "–" if zone.speed_mm_s is None else _("%(speed)s cm/s") % {"speed": f"{zone.speed_mm_s / 10:.1f}"}
    return {
        _("Passes"): str(zone.passes),
        _("Seconds a pass"): f"{zone.seconds_per_pass:.1f} s",
        _("Pause"): f"{zone.pause_s:.0f} s",
        _("Speed of the hand"): speed,
        _("Distance"): "–" if zone.distance_mm is None else f"{zone.distance_mm:g} mm",
        _("Source"): told(bridge.knowledge().cold_source[zone.cold_source].name),
        _("Coldest surface, half of the skins"): _temperature(zone.surface_min_degC.p50),
        _("Coldest surface, 1 in 20"): _temperature(zone.surface_min_degC.p05),
        _("Coldest under the epidermis, half of the skins"): _temperature(zone.basal_min_degC.p50),
        _("Floor of the surface"): _temperature(zone.surface_floor_degC),
        _("What binds"): told(zone.binding),
    }


def _rows(first: dict[str, str], second: dict[str, str]) -> list[Row]:
    names = dict.fromkeys([*first, *second])
    return [Row(name, first.get(name, "–"), second.get(name, "–")) for name in names]


def _compared(plans: list[Plan]) -> dict[str, Any]:
    """Tables and curves of two plans."""
    cores = [bridge.read_plan(plan.result) for plan in plans]
    zones = [{zone.zone: zone for zone in core.zones} for core in cores]
    curves = [(plan.pictures or {}).get("curves", {}) for plan in plans]
    axes = [axis for plan in plans if (axis := (plan.pictures or {}).get("axis"))]
    axis = [min(one[0] for one in axes), max(one[1] for one in axes)] if axes else None
    known, tables, charts = bridge.zones(), [], []
    for key in dict.fromkeys([*zones[0], *zones[1]]):
        name = told(known[key].name)
        rows = _rows(*(_zone(found[key]) if key in found else {} for found in zones))
        tables.append({"key": key, "name": name, "rows": rows})
        spans = [curve.get(key) for curve in curves]
        if axis is not None and any(spans):
            # Where touches are short in both, the first of them are shown: a session hides them.
            part = "touch" if all(span is None or "touch" in span for span in spans) else "whole"
            charts.append(
                {
                    "key": key,
                    "name": name,
                    "axis": axis,
                    "part": part,
                    "element": f"curves-{key}",
                    "plans": [None if span is None else {**span[part], "floor": span["floor"]} for span in spans],
                }
            )
    return {"rows": _rows(*(_whole(plan, core) for plan, core in zip(plans, cores, strict=True))), "tables": tables,
            "charts": charts}  # fmt: skip


@page(Can.SEE_HEALTH)
def plan_compare(request: StaffRequest) -> HttpResponse:
    """Two plans of the same client side by side."""
    actor = request.actor
    first = get(actor, Plan, request.GET.get("a", ""), Can.SEE_HEALTH, state=Plan.State.DONE)
    client = first.course.client
    others = (
        every(actor, Plan, Can.SEE_HEALTH)
        .filter(course__client=client, state=Plan.State.DONE)
        .exclude(pk=first.pk)
        .defer("case", "result", "pictures")
        .select_related("course", "approval")
    )
    context: dict[str, Any] = {
        "first": first,
        "client": client,
        "course": first.course,
        "others": [(plan, state_words(plan)[2]) for plan in others],
    }
    wanted = request.GET.get("b", "")
    if wanted:
        second = get(actor, Plan, wanted, Can.SEE_HEALTH, state=Plan.State.DONE, course__client=client)
        seen(actor, first, "two plans compared", client_id=client.pk)
        intact = all(is_intact(plan) for plan in (first, second))
        context |= {"second": second, "broken": not intact, **(_compared([first, second]) if intact else {})}
    return render(request, "courses/compare.html", context)
