"""Makes the demo through the same services as every page: nothing in it could not have been entered by hand."""

from __future__ import annotations

import datetime
import logging
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.models import User
from cryomassage_clinic.accounts.permissions import Role
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.clients.services import create_client
from cryomassage_clinic.consents.demo import sign_for_demo
from cryomassage_clinic.courses import plan_services
from cryomassage_clinic.courses import services as courses
from cryomassage_clinic.courses.models import Course, Plan
from cryomassage_clinic.courses.tasks import compute_plan
from cryomassage_clinic.demo.people import CLIENTS, DemoClient
from cryomassage_clinic.places import services as places
from cryomassage_clinic.places.models import Device, Room, Site
from cryomassage_clinic.screening import services as screening
from cryomassage_clinic.screening.asking import asked_questions
from cryomassage_clinic.visits.planner import Wish, propose
from cryomassage_clinic.visits.services import book_all

_log = logging.getLogger(__name__)
_STEPS = ("wish", "screened", "consented", "planned", "approved", "booked")
_VITALS = {"systolic": "118 mmHg", "diastolic": "76 mmHg", "pulse": "68 1/min"}


@dataclass(frozen=True)
class DemoPlaces:
    """Where the demo happens."""

    site: Site
    room: Room
    devices: dict[str, Device]


def fill(actor: Actor) -> None:
    """Put places, clients, plans and bookings into a clinic; clients that are there already stay as they are."""
    where = _places(actor)
    there = set(Client.objects.filter(clinic=actor.clinic).values_list("full_name", flat=True))
    for one in CLIENTS:
        if one.name in there:
            continue
        try:
            _client(actor, one, where)
        except Exception:
            # The demo must not keep the worker from its work; the log says what did not go in.
            _log.exception("the demo stopped at one of its clients")


def _places(actor: Actor) -> DemoPlaces:
    site = Site.objects.filter(clinic=actor.clinic, active=True).first()
    if site is None:
        site = places.add_site(actor, {"name": "High Street", "address": "1 High Street"})
    room = Room.objects.filter(clinic=actor.clinic, name="Blue room").first()
    if room is None:
        room = places.add_room(
            actor,
            site,
            {
                "name": "Blue room",
                "floor_area_m2": 16.0,
                "height_m": 2.8,
                "temperature_degC": 23.0,
                "air_changes_per_h": 3.0,
                "extraction": True,
                "monitor_valid_until": timezone.localdate() + datetime.timedelta(days=200),
                "use_L_per_h": 0.3,
                "airing_min": 10,
            },
        )
        flask = {"name": "Hand flask", "volume_L": 0.5, "count": 1, "evaporation_L_per_day": 0.2}
        places.add_vessel(actor, room, flask, room.version)
    devices = {one.cold_source: one for one in Device.objects.filter(clinic=actor.clinic)}
    for kind, name in (("ln2_swab", "Cotton swab, Dewar 1"), ("ice_cloth", "Ice in cloth")):
        if kind not in devices:
            devices[kind] = places.add_device(actor, site, {"name": name, "cold_source": kind})
    return DemoPlaces(site, room, devices)


def _client(actor: Actor, one: DemoClient, where: DemoPlaces) -> None:
    """One client, as far along the way as the demo wants."""
    today = timezone.localdate()
    client = create_client(
        actor,
        {
            "full_name": one.name,
            "birth_date": one.birth_date,
            "phone": one.phone,
            "language": one.language,
            "sex": one.sex,
            "phototype": one.phototype,
            "thin_cheeks": False,
            "history": "Invented for the demo.",
        },
    )
    device = where.devices[one.source]
    nitrogen = bridge.methods()[one.method].liquid_nitrogen
    course = courses.create_course(
        actor,
        client,
        {
            "indication": one.indication,
            "purpose": "preventive",
            "zones": list(one.zones),
            "method": one.method,
            "device": device,
            "room": where.room if nitrogen else None,
        },
    )
    far = _STEPS.index(one.far)
    if far >= 1:
        given = {key: _answer(key, question, one) for key, question in asked_questions(course, today).items()}
        screening.save_answers(actor, course, given)
        if one.test_spot_days is not None:
            day = today - datetime.timedelta(days=one.test_spot_days)
            screening.add_test_spot(actor, client, one.method, day, 15.0, "clear")
    if far >= 2:
        sign_for_demo(actor, client, one.method)
    if far >= 3:
        _plan(actor, course, where, today, far)


def _answer(key: str, question: bridge.Question, one: DemoClient) -> Any:
    if key in one.answers:
        return one.answers[key]
    if key in _VITALS:
        return _VITALS[key]
    if question.answer == "choice":
        return question.choices[0]
    return "yes" if key in _told_by_no() else "no"


def _told_by_no() -> set[str]:
    """Questions to which “no” is what forbids, such as whether cold and pain are felt."""
    rules = bridge.knowledge().rule.values()
    return {one.question for rule in rules for one in (*rule.any_of, *rule.and_all) if "no" in one.equals}


def _plan(actor: Actor, course: Course, where: DemoPlaces, today: datetime.date, far: int) -> None:
    plan = plan_services.ask_plan(actor, course, today, 1)
    compute_plan.call(str(plan.pk))
    plan = Plan.objects.get(pk=plan.pk)
    if far >= 4 and plan.state == Plan.State.DONE:
        plan_services.approve(actor, plan)
    if far >= 5:
        _book(actor, Course.objects.get(pk=course.pk), where)


def _book(actor: Actor, course: Course, where: DemoPlaces) -> None:
    """The first four sessions, at times that are free."""
    operator = User.objects.filter(clinic=actor.clinic, is_active=True, role=Role.OPERATOR).first() or actor.user
    wish = Wish(datetime.time(11, 0), operator, where.room, course.device)
    wanted = [one for one in propose(actor, course, wish)[:4] if one.starts_at is not None and not one.refusals]
    book_all(
        actor,
        [
            wish_of(course, wish, one.starts_at, one.length_min, one.session.number)
            for one in wanted
            if one.starts_at is not None
        ],
    )


def wish_of(course: Course, wish: Wish, at: datetime.datetime, length_min: int, number: int) -> Any:
    """A proposal as it is booked."""
    from cryomassage_clinic.visits.services import Wanted

    return Wanted(course.client, wish.operator, wish.room, wish.device, at, length_min, course, number)
