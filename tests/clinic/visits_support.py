"""An approved plan whose course the core's own planner has laid, and a screening that says what a test wants."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from cryomassage.planning.course import plan_course
from cryomassage.records.plan import Numerics, Provenance
from cryomassage.records.plan import Plan as CorePlan
from cryomassage_clinic import bridge
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.courses.models import Approval, Course, Plan
from cryomassage_clinic.visits.models import Booking, TakenSlot
from cryomassage_clinic.visits.services import Wanted
from cryomassage_clinic.visits.slots import takes_time, wanted_slots
from tests.clinic.people import House, make_client, make_course

UTC = datetime.UTC


def core_plan(begin: datetime.date, *, exposure_class: int = 1, spot_days: float | None = None) -> CorePlan:
    """A plan of the core with a real course and no zones: what the calendar reads of it."""
    known = bridge.knowledge()
    route = known.indication["oily_skin"].routes[0]
    level = known.exposure_class[f"class_{exposure_class}"]
    return CorePlan(
        schema="cryomassage/plan/1",
        verdict="clear",
        status="planned" if spot_days is None else "test_spot_first",
        message="",
        next_step="",
        client_code="C1",
        date=begin,
        until=None,
        rules=(),
        screening=(),
        prescription=None,
        zones=(),
        spots=(),
        no_dose=(),
        course=plan_course(begin, 1, route, level, spot_days, known),
        room=None,
        card=None,
        statement="",
        client={},
        provenance=Provenance(
            engine_version="1",
            knowledge_fingerprint="f",
            numerics=Numerics(
                virtual_skins=1, seed=1, cells=1, precision="float32", scheme="s", margin_K=0.0, body_response=False
            ),
            jax_version="1",
            role="operator",
            content_sha256="0" * 64,
        ),
    )


def approve(
    house: House, course: Course, begin: datetime.date, *, exposure_class: int = 1, spot_days: float | None = None
) -> Plan:
    text = core_plan(begin, exposure_class=exposure_class, spot_days=spot_days).model_dump_json(by_alias=True)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    plan = Plan.objects.create(
        clinic=house.clinic,
        course=course,
        visit_date=begin,
        state="done",
        asked_by=house.operator,
        asked_role="operator",
        case={},
        inputs={},
        status="planned" if spot_days is None else "test_spot_first",
        exposure_class=exposure_class,
        content_sha256=sha256,
        result=text,
    )
    Approval.objects.create(
        clinic=house.clinic,
        plan=plan,
        content_sha256=sha256,
        approved_by=house.operator,
        role="operator",
        approved_at=timezone.now(),
    )
    return plan


@dataclass
class Said:
    """What the screening is made to say."""

    outcome: str = "clear"
    reasons: list[Any] = field(default_factory=list)
    missing: list[Any] = field(default_factory=list)
    consents: list[str] = field(default_factory=list)
    asked: list[tuple[datetime.date, Any]] = field(default_factory=list)

    def verdict(self, course: Course, date: datetime.date, user: Any) -> Any:
        from cryomassage_clinic.screening.selectors import Verdict

        self.asked.append((date, user))
        return Verdict(
            outcome=self.outcome,
            headline="Headline",
            reasons=tuple(self.reasons),
            until=None,
            missing=tuple(self.missing),
            fingerprint="f",
            date=date,
            word=f"Word of {self.outcome}",
        )


def patch_health(patch: pytest.MonkeyPatch) -> Said:
    said = Said()
    patch.setattr("cryomassage_clinic.screening.selectors.verdict_of", said.verdict)
    patch.setattr("cryomassage_clinic.consents.selectors.missing_for", lambda client, course: said.consents)
    return said


@dataclass
class Ready:
    """A clinic with a client whose course can be booked; it is Monday, 1 June 2026, 9 o'clock in London."""

    house: House
    client: Client
    course: Course
    said: Said
    begin: datetime.date

    def at(self, text: str) -> datetime.datetime:
        """A wall time in the clinic, such as "2026-06-02 10:00"."""
        wall = datetime.datetime.fromisoformat(text)
        return wall.replace(tzinfo=ZoneInfo(self.house.clinic.time_zone)).astimezone(UTC)

    def talk(self, text: str, **more: Any) -> Wanted:
        return self.wanted(text, course=None, number=None, **more)

    def wanted(self, text: str, *, course: Course | None = None, number: int | None = 1, **more: Any) -> Wanted:
        if number is not None and course is None:
            course = self.course
        fields: dict[str, Any] = {
            "client": self.client,
            "operator": self.house.operator,
            "room": self.house.room,
            "device": self.house.device if course is not None else None,
            "starts_at": self.at(text),
            "length_min": 30,
            "course": course,
            "session_number": number,
            **more,
        }
        return Wanted(**fields)

    def someone(self) -> Client:
        return make_client(self.house, full_name="Boris Other")


NOW = "2026-06-01 08:00:00+00:00"


def make_ready(house: House, said: Said, begin: datetime.date = datetime.date(2026, 6, 1), **more: Any) -> Ready:
    client = make_client(house)
    course = make_course(house, client)
    approve(house, course, begin, **more)
    return Ready(house, client, course, said, begin)


def expected_slots() -> set[tuple[str, datetime.datetime]]:
    """Every slot that the bookings that hold their time ought to have, and no other."""
    rows = Booking.objects.select_related("client", "operator", "room", "device")
    return {slot for booking in rows if takes_time(booking) for slot in wanted_slots(booking)}


def stored_slots() -> set[tuple[str, datetime.datetime]]:
    return set(TakenSlot.objects.values_list("resource", "starts_at"))
