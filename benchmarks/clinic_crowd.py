"""Fills a clinic with ten thousand invented clients and a hundred thousand visits, for timing pages."""

from __future__ import annotations

import datetime
import random
from typing import Any
from zoneinfo import ZoneInfo

CLIENTS, SESSIONS, AUDIT_ROWS = 10_000, 100_000, 200_000
_FIRST = (
    "Anna",
    "Maria",
    "Olga",
    "Elena",
    "Vera",
    "Nina",
    "Ivan",
    "Pavel",
    "Ada",
    "Grace",
    "Rosa",
    "Li",
    "Aisha",
    "Noor",
)
_LAST = ("Petrova", "Smirnova", "Okafor", "Larsen", "Kim", "Novak", "Silva", "Haddad", "Brown", "Weber", "Ito", "Costa")


def fill(clients: int = CLIENTS, sessions: int = SESSIONS, audit_rows: int = AUDIT_ROWS) -> str:
    """Write the crowd into the empty database of the settings, and return the name of an operator to log in as."""
    from django.db import transaction
    from django.utils import timezone

    from cryomassage_clinic.accounts.models import Clinic, User
    from cryomassage_clinic.accounts.permissions import Role
    from cryomassage_clinic.clients.models import Client
    from cryomassage_clinic.courses.models import Course
    from cryomassage_clinic.places.models import Device, Room, Site, Vessel
    from cryomassage_clinic.visits.models import Booking

    draw = random.Random(5)
    clinic = Clinic.objects.create(name="Crowd", time_zone="Europe/London")
    sites = [Site.objects.create(clinic=clinic, name=f"{name} Street") for name in ("High", "Mill", "Church", "North")]
    site = sites[0]
    rooms = [
        Room.objects.create(
            clinic=clinic,
            site=sites[(number - 1) // 2],
            name=f"Room {number}",
            floor_area_m2=16.0,
            height_m=2.8,
            air_changes_per_h=3.0,
            extraction=True,
            monitor_valid_until=datetime.date(2099, 1, 1),
            use_L_per_h=0.3,
        )
        for number in range(1, 9)
    ]
    for room in rooms:
        Vessel.objects.create(clinic=clinic, room=room, name="Flask", volume_L=0.5, evaporation_L_per_day=0.2)
    device = Device.objects.create(clinic=clinic, site=site, name="Swab", cold_source="ln2_swab")
    staff = [
        User.objects.create(
            username=f"operator{number}", clinic=clinic, role=Role.OPERATOR, full_name=f"Operator {number}"
        )
        for number in range(8)
    ]
    for number, person in enumerate(staff):
        person.sites.set([sites[number // 2]])
    owner = User.objects.create(username="owner", clinic=clinic, role=Role.OWNER, full_name="Owner")
    with transaction.atomic():
        people = []
        for number in range(clients):
            name = f"{draw.choice(_FIRST)} {draw.choice(_LAST)}-{number}"
            people.append(
                Client(
                    clinic=clinic,
                    site=site,
                    code=f"K{number:05d}",
                    full_name=name,
                    search_name=name.casefold(),
                    birth_date=datetime.date(1950 + number % 55, 1 + number % 12, 1 + number % 28),
                    phone=f"+44 20 {7_000_0000 + number}",
                    sex="female",
                    phototype=draw.choice(("i", "ii", "iii", "iv")),
                    thin_cheeks=False,
                )
            )
        Client.objects.bulk_create(people, batch_size=2_000)
        courses = [
            Course(
                clinic=clinic,
                client=one,
                indication="oily_skin",
                zones=["cheek", "chin"],
                method="ln2_swab",
                device=device,
                room=rooms[0],
                status="active",
            )
            for one in people
        ]
        Course.objects.bulk_create(courses, batch_size=2_000)
        zone = ZoneInfo("Europe/London")
        today = timezone.localdate()
        per_day = 8 * 16  # rooms by half hours
        bookings = []
        for number in range(sessions):
            day = today + datetime.timedelta(days=30 - number // per_day)
            place = number % per_day
            begin = datetime.datetime.combine(day, datetime.time(9 + place // 8 // 2, 30 * (place // 8 % 2)), zone)
            course = courses[number % clients]
            bookings.append(
                Booking(
                    clinic=clinic,
                    client=course.client,
                    course=course,
                    session_number=1 + number // clients,
                    operator=staff[place % 8],
                    room=rooms[place % 8],
                    device=None,
                    starts_at=begin,
                    ends_at=begin + datetime.timedelta(minutes=20),
                    airing_min=10,
                    status="booked" if day >= today else "done",
                )
            )
        Booking.objects.bulk_create(bookings, batch_size=2_000)
    _write_audit(clinic, owner, people, audit_rows)
    return staff[0].username


def _write_audit(clinic: Any, owner: Any, people: list[Any], audit_rows: int) -> None:
    """A chain of readings, as the product would have written it."""
    from django.db import transaction
    from django.utils import timezone

    from cryomassage_clinic.audit import chain
    from cryomassage_clinic.audit.models import AuditDetails, AuditHead, AuditRow

    with transaction.atomic():
        head, rows, now = chain.GENESIS, [], timezone.now()
        text = chain.canonical({"page": "client card"})
        for number in range(1, audit_rows + 1):
            subject = str(people[number % len(people)].pk)
            digest = chain.digest_of("s", subject, text)
            link = ("read", "clients.client", subject, digest, head)
            hashed = chain.hash_of(str(clinic.pk), number, now, str(owner.pk), *link)
            rows.append(
                AuditRow(
                    clinic=clinic,
                    sequence=number,
                    time=now,
                    actor=str(owner.pk),
                    action="read",
                    subject_type="clients.client",
                    subject_id=subject,
                    details_digest=digest,
                    previous_hash=head,
                    row_hash=hashed,
                )
            )
            head = hashed
        AuditRow.objects.bulk_create(rows, batch_size=2_000)
        kept = [AuditDetails(row=row, salt="s", text=text, client_id=row.subject_id) for row in rows]
        AuditDetails.objects.bulk_create(kept, batch_size=2_000)
        AuditHead.objects.create(clinic=clinic, sequence=audit_rows, row_hash=head)


def key_for(username: str) -> str:
    """The cookie of a member of the crowd's staff who has just logged in."""
    from django.test import Client as Browser

    from cryomassage_clinic.accounts.models import User

    browser = Browser()
    browser.force_login(
        User.objects.get(username=username), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    return str(browser.cookies["sessionid"].value)


def sample() -> dict[str, list[str]]:
    """Some records to ask for."""
    from cryomassage_clinic.clients.models import Client
    from cryomassage_clinic.courses.models import Course
    from cryomassage_clinic.visits.models import Booking

    return {
        "clients": [str(pk) for pk in Client.objects.order_by("id").values_list("pk", flat=True)[:2000]],
        "courses": [str(pk) for pk in Course.objects.order_by("id").values_list("pk", flat=True)[:2000]],
        "bookings": [str(pk) for pk in Booking.objects.order_by("id").values_list("pk", flat=True)[:2000]],
    }
