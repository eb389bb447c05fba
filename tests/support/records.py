"""A clinic with something in every table that knows clients."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from cryomassage_clinic.accounts.models import StaffSession
from cryomassage_clinic.audit.services import record
from cryomassage_clinic.charting.models import Mark
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.consents.models import Consent, ConsentText
from cryomassage_clinic.courses.models import Approval, Plan
from cryomassage_clinic.screening.models import AnswerSet, DoctorNote, TestSpot
from cryomassage_clinic.visits.models import Booking, TakenSlot
from cryomassage_clinic.web.models import Draft
from tests.clinic.people import House, make_client, make_course

STROKES = [[[0.1, 0.2, 0], [0.25, 0.375, 16], [0.5, 0.5, 40]], [[0.6, 0.1, 80], [1e16, 0.3, 90]]]


def full_client(house: House, **more: Any) -> Client:
    """A client with everything, whose name stands in as many places as it may."""
    client = make_client(house, **more)
    name, now = client.full_name, timezone.now()
    clinic, owner = house.clinic, house.owner
    with transaction.atomic():
        record(house.actor("owner"), "client.created", client, {"full_name": name}, client_id=client.pk)
    course = make_course(house, client)
    answers = AnswerSet.objects.create(
        clinic=clinic, client=client, course=course, number=1, answers={"who": name, "n": 1e16}, asked_by=owner,
        knowledge_fingerprint="f" * 64, asked_at=now, vitals={"systolic": "120 mmHg"},
    )  # fmt: skip
    DoctorNote.objects.create(
        clinic=clinic, client=client, kind="diagnosis", about="acne", doctor=f"Doctor of {name}",
        date=now.date(), entered_by=owner,
    )  # fmt: skip
    TestSpot.objects.create(
        clinic=clinic, client=client, method="ln2_swab", date=now.date(), read_after_min=15.5, result="clear",
        entered_by=owner,
    )  # fmt: skip
    text = ConsentText.objects.create(
        clinic=clinic, kind="treatment", treatment="ln2_swab", language="en", number=ConsentText.objects.count() + 1,
        title="Consent", body="I agree. <b>", published_at=now, published_by=owner,
    )  # fmt: skip
    Consent.objects.create(
        clinic=clinic, client=client, text=text, strokes=STROKES, signed_name=name, signed_at=now, witnessed_by=owner
    )
    Mark.objects.create(
        clinic=clinic, client=client, kind="lesion", picture="face", zone="cheek", side="left", x=0.123456789, y=0.5,
        note=f"note on {name}", made_by=owner,
    )  # fmt: skip
    plan = Plan.objects.create(
        clinic=clinic, course=course, visit_date=now.date(), state="done", asked_by=owner, asked_role="owner",
        case={"code": client.code, "told": name}, inputs={"answers": str(answers.pk)}, computed_at=now,
        status="planned", content_sha256="a" * 64, result=f'{{"of": "{client.code}"}}', pictures={"map": [1, 2.5]},
    )  # fmt: skip
    Approval.objects.create(
        clinic=clinic, plan=plan, content_sha256="a" * 64, approved_by=owner, role="owner", approved_at=now
    )
    booking = Booking.objects.create(
        clinic=clinic, client=client, course=course, operator=house.operator, room=house.room, device=house.device,
        starts_at=now + datetime.timedelta(days=2, minutes=7 * Booking.objects.count()),
        ends_at=now + datetime.timedelta(days=2, minutes=30), airing_min=10, note=f"ring {client.phone}",
    )  # fmt: skip
    TakenSlot.objects.create(booking=booking, resource=f"client:{client.pk}"[:48], starts_at=booking.starts_at)
    with transaction.atomic():
        record(house.actor("owner"), "booking.created", booking, {"for": name}, client_id=client.pk)
        record(house.actor("owner"), "plan.computed", plan, {"for": name})  # somebody forgot whose it is
    Draft.objects.create(user=owner, form=f"client:{client.pk}:body", content={"history": name})
    Draft.objects.create(
        user=owner, form=f"client:new:{client.code}", client_id=str(client.pk), content={"phone": client.phone}
    )
    session = SessionStore()
    session["waiting"] = f"Saved: {name}"
    session.save()
    StaffSession.objects.create(user=owner, started_at=now, seen_at=now, waiting={"full_name": name})
    DBTaskResult.objects.create(
        args_kwargs={"args": [str(plan.pk)], "kwargs": {}}, task_path="x.y", queue_name="default",
        backend_name="default", run_after=now, exception_class_path="", traceback=f"KeyError: {name}",
    )  # fmt: skip
    photo = Path(settings.MEDIA_ROOT) / str(clinic.pk) / str(client.pk) / "face.jpg"
    photo.parent.mkdir(parents=True, exist_ok=True)
    photo.write_bytes(b"\xff\xd8" + name.encode() + b"\xff\xd9")
    log = Path(settings.DATA_FOLDER) / "clinic.log"
    with log.open("a", encoding="utf-8") as file:
        file.write(f"ERROR no room for {name}\n")
    return client
