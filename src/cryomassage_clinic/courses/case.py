"""What the core is given: body, answers, place and wish of one visit. Identity stays here; only a code goes along."""

from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.permissions import Role
from cryomassage_clinic.bridge import InputError, Problem
from cryomassage_clinic.courses.models import Approval, Course
from cryomassage_clinic.places.selectors import room_for_case, source_for_case

# Parts of a case in the order in which they are told; each is digested by itself to say what has changed.
PARTS = (
    "person",
    "visit",
    "request",
    "source",
    "room",
    "vitals",
    "answers",
    "diagnosis",
    "clearance",
    "test_spot",
    "lesion",
    "professional",
    "approval",
    "review",
    "previous",
)


@dataclass(frozen=True)
class Gathered:
    """A case with what was left out of it.

    Attributes:
        case: as the core reads it; None where nothing is left to treat.
        left_out: zones that the course names and that a mark keeps off.
        stale: questions whose answers are too old to count.
        problems: why there is no case at all.
    """

    case: bridge.Case | None
    left_out: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    ids: dict[str, str] = field(default_factory=dict)


def method_of(course: Course) -> str:
    """The method of a course: the one chosen, or the first that its place and device can do."""
    known = bridge.knowledge()
    if course.method:
        return course.method
    source = None if course.device is None else course.device.cold_source
    for route in known.indication[course.indication].routes:
        method = known.method[route.method]
        if course.place in method.places and (source is None or source in method.sources):
            return route.method
    return known.indication[course.indication].routes[0].method


def class_of(course: Course) -> int:
    """The exposure class of a course: the one asked for, or that of the first route by its method."""
    if course.exposure_class is not None:
        return course.exposure_class
    method = method_of(course)
    routes = bridge.indications()[course.indication].routes
    return next((route.exposure_class for route in routes if route.method == method), 0)


def needs_doctor(exposure_class: int | None) -> bool:
    """Whether a class may only be worked on a doctor's word; what is not known needs a doctor."""
    level = bridge.knowledge().exposure_class.get(f"class_{exposure_class}")
    return level is None or level.needs_doctor_approval or level.lowest_role == "doctor"


def _professional(course: Course) -> dict[str, Any] | None:
    if course.place != "home" or not course.professional_name or course.professional_date is None:
        return None
    return {"name": course.professional_name, "date": course.professional_date, "zones": list(course.zones)}


def _approval(course: Course, role: str, date: datetime.date) -> dict[str, Any] | None:
    """A doctor's word that an operator works on, from a plan of this course that a doctor has approved."""
    if role == "doctor" or not needs_doctor(class_of(course)):
        return None
    given = Approval.objects.filter(plan__course=course, role=Role.DOCTOR, revoked_at__isnull=True)
    found = given.select_related("approved_by", "clinic").order_by("-approved_at").first()
    if found is None:
        return None
    day = timezone.localtime(found.approved_at, ZoneInfo(found.clinic.time_zone)).date()
    return {"doctor": found.approved_by.full_name, "date": day} if day <= date else None


def _review(course: Course) -> dict[str, Any] | None:
    if course.review_session is None or course.review_date is None or course.review_benefit is None:
        return None
    return {"session": course.review_session, "date": course.review_date, "benefit": course.review_benefit}


def gather(course: Course, *, date: datetime.date, session_number: int = 1, role: str = "operator") -> Gathered:
    """Everything that the core is to know of one visit.

    Args:
        course: what is asked for.
        date: day of the visit; answers and notes count as they stand on it.
        session_number: which session of the course it is, from 1.
        role: `doctor` only where a doctor is logged in.
    """
    # Screening asks for a case in its turn, so these are imported where they are used.
    from cryomassage_clinic.charting import selectors as charting
    from cryomassage_clinic.clients import selectors as clients
    from cryomassage_clinic.screening import selectors as screening

    client = course.client
    keep_off = set(charting.no_go_zones(client))
    left_out = tuple(zone for zone in course.zones if zone in keep_off)
    zones = [zone for zone in course.zones if zone not in keep_off]
    if not zones:
        value = "none" if not course.zones else "all kept off"
        problem = Problem(
            "request.zones",
            value,
            "there is no zone left to treat",
            "Choose a zone, or take the keep-off mark away on the chart.",
        )
        return Gathered(None, left_out, problems=(problem,))
    answered = screening.answers_for_case(client, date, tuple(zones))
    method = method_of(course)
    frozen = bridge.methods()[method].motion == "spot"
    case: bridge.Case = {
        "schema": bridge.CASE_SCHEMA,
        "person": clients.person_for_case(client, date),
        "visit": {"date": date, "place": course.place, "role": role, "session": session_number},
        "request": {"indication": course.indication, "purpose": course.purpose, "zones": zones},
        "answers": answered["answers"],
        "vitals": answered["vitals"],
        **screening.notes_for_case(client, course.indication, date, method),
        "previous": list(charting.previous_for_case(client, zones)),
        # A lesion is told where one is frozen, and nowhere else.
        "lesion": list(charting.lesions_for_case(client, zones)) if frozen else [],
        "professional": _professional(course),
        "approval": _approval(course, role, date),
        "review": _review(course),
        "source": None if course.device is None else source_for_case(course.device),
        "room": None if course.room is None else room_for_case(course.room),
    }
    if course.method:
        case["request"]["method"] = course.method
    if course.exposure_class is not None:
        case["request"]["exposure_class"] = course.exposure_class
    ids = {
        "client": str(client.pk),
        "course": str(course.pk),
        "answer_set": str(getattr(answered["answer_set"], "pk", "")),
        "room": str(course.room_id or ""),
        "device": str(course.device_id or ""),
    }
    plain = json.loads(json.dumps({key: value for key, value in case.items() if value}, default=str))
    plain.setdefault("answers", {})
    return Gathered(plain, left_out, tuple(answered["stale"]), ids=ids)


def case_for(course: Course, *, date: datetime.date, session_number: int = 1, role: str = "operator") -> bridge.Case:
    """A course on a day as the core reads it; zones that are kept off are not in it.

    Raises:
        InputError: nothing is left to treat.
    """
    gathered = gather(course, date=date, session_number=session_number, role=role)
    if gathered.case is None:
        raise InputError("case", list(gathered.problems))
    return gathered.case


def _digest(part: Any) -> str:
    text = json.dumps(part, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def inputs_of(
    course: Course, date: datetime.date, *, session_number: int = 1, role: str = "operator"
) -> dict[str, Any]:
    """What a plan on this day would be made from: to notice, and to say, what has changed since.

    Digests of what the core is given stand beside the records that they came from: a corrected phone number makes no
    plan stale, and a changed answer always does.
    """
    gathered = gather(course, date=date, session_number=session_number, role=role)
    case = gathered.case or {}
    return {
        "ids": gathered.ids,
        "left_out": list(gathered.left_out),
        "parts": {part: _digest(case[part]) for part in PARTS if part in case},
        "knowledge": bridge.fingerprint(),
        "engine": bridge.engine_version(),
    }


def changed_parts(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Which parts differ between two sets of inputs: keys of `PARTS`, `zones`, `knowledge` or `engine`."""
    old, new = then.get("parts", {}), now.get("parts", {})
    changed = [part for part in PARTS if old.get(part) != new.get(part)]
    if then.get("left_out") != now.get("left_out"):
        changed.append("zones")
    return changed + [key for key in ("knowledge", "engine") if then.get(key) != now.get(key)]
