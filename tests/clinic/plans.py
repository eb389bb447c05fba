"""Courses that are ready for a plan, and plans computed once for all tests of a run."""

from __future__ import annotations

import datetime
import json
from functools import lru_cache
from typing import Any

from django.utils import timezone

from cryomassage_clinic import bridge
from cryomassage_clinic.bridge import compute as compute_for_real  # a test may put something else in its place
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.consents.models import Consent, ConsentText
from cryomassage_clinic.courses.case import gather, inputs_of
from cryomassage_clinic.courses.models import Course, Plan
from cryomassage_clinic.courses.pictures import kept
from cryomassage_clinic.screening.models import AnswerSet, TestSpot
from tests.clinic.people import House, make_client, make_course
from tests.support.clients import harmless_answers

ICE = {
    "indication": "slight_swelling",
    "zones": ["forehead"],
    "method": "ice_massage",
    "exposure_class": 0,
    "device": None,
    "room": None,
}


def today() -> datetime.date:
    return timezone.localdate()


def answer_all(house: House, client: Client, *, at: datetime.datetime | None = None, **changes: Any) -> AnswerSet:
    """Harmless answers to every question, given now; `changes` replaces some."""
    moment = (at or timezone.now()).isoformat()
    everywhere = list(bridge.zones())
    answers = {**harmless_answers(), **changes}
    return AnswerSet.objects.create(
        clinic=house.clinic,
        client=client,
        number=client.answer_sets.count() + 1,
        answers={
            key: {"answer": value, "zones": [], "about": everywhere, "at": moment} for key, value in answers.items()
        },
        vitals={"systolic": "118 mmHg", "diastolic": "76 mmHg", "pulse": "68 1/min", "measured_at": moment},
        knowledge_fingerprint=bridge.fingerprint(),
        asked_by=house.operator,
        asked_at=timezone.now(),
    )


def sign(house: House, client: Client, method: str) -> Consent:
    """A signed consent to one treatment."""
    text = ConsentText.objects.create(
        clinic=house.clinic,
        kind="treatment",
        treatment=method,
        language="en",
        number=ConsentText.objects.count() + 1,
        title="Treatment",
        body="What is done, and what may go wrong.",
        published_at=timezone.now(),
        published_by=house.owner,
    )
    return Consent.objects.create(
        clinic=house.clinic,
        client=client,
        text=text,
        strokes=[[[0.1, 0.5, 0], [0.4, 0.4, 90], [0.8, 0.6, 200]]],
        signed_name=client.full_name,
        signed_at=timezone.now(),
        witnessed_by=house.operator,
    )


def ready_course(house: House, client: Client | None = None, **more: Any) -> Course:
    """A course for which everything is answered and signed: ice on the forehead, unless told otherwise."""
    client = client or make_client(house)
    course = make_course(house, client, **{**ICE, **more})
    answer_all(house, client)
    sign(house, client, course.method)
    if bridge.methods()[course.method].liquid_nitrogen:
        TestSpot.objects.create(
            clinic=house.clinic,
            client=client,
            method=course.method,
            date=today() - datetime.timedelta(days=21),
            read_after_min=15.0,
            result="clear",
            entered_by=house.operator,
        )
    return course


@lru_cache(maxsize=8)
def _computed(case: str) -> bridge.Computed:
    return compute_for_real(json.loads(case))


def computed(case: bridge.Case) -> bridge.Computed:
    """The core's plan of a case; the same case is computed once in a run, whatever the client's code."""
    plain = json.loads(json.dumps(case, default=str))
    return _computed(json.dumps(plain, sort_keys=True))


CODE = "T-0001"  # one code, so that the same case comes again


def ready_client(house: House, **more: Any) -> Client:
    """The client of computed plans: the code is the same in every test, so that plans are computed once."""
    return make_client(house, code=CODE, **more)


def computed_plan(
    house: House, course: Course | None = None, *, who: str = "operator", days: int = 0, **changes: Any
) -> Plan:
    """A plan that the worker has computed, for a course that is ready."""
    course = course or ready_course(house, ready_client(house))
    date, role = today() + datetime.timedelta(days=days), "doctor" if who == "doctor" else "operator"
    gathered = gather(course, date=date, role=role)
    assert gathered.case is not None
    result = computed(gathered.case)
    fields: dict[str, Any] = {
        "visit_date": date,
        "state": Plan.State.DONE,
        "asked_by": getattr(house, who),
        "asked_role": role,
        "case": gathered.case,
        "inputs": inputs_of(course, date, role=role),
        "computed_at": timezone.now(),
        "status": result.status,
        "exposure_class": result.exposure_class,
        "content_sha256": result.content_sha256,
        "result": result.text,
        "pictures": kept(result.pictures),
        **changes,
    }
    return Plan.objects.create(clinic=house.clinic, course=course, **fields)
