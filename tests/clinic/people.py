"""Two clinics and their people: five of one, and an outsider."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass
from typing import Any

from allauth.account.internal.flows import login
from django.test import Client as Browser

from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.models import Clinic, User
from cryomassage_clinic.accounts.permissions import Role
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.places.models import Device, Room, Site, Vessel

PASSWORD = "correct horse battery"


def make_user(clinic: Clinic, username: str, role: Role, **more: Any) -> User:
    return User.objects.create_user(
        username, password=PASSWORD, clinic=clinic, role=role, full_name=username.capitalize(), **more
    )


@dataclass
class House:
    """One clinic with everything that a course needs."""

    clinic: Clinic
    site: Site
    room: Room
    device: Device
    owner: User
    doctor: User
    operator: User
    reception: User
    inspector: User

    def actor(self, who: str) -> Actor:
        return Actor(getattr(self, who), self.clinic)

    def browser(self, who: str) -> Browser:
        browser = Browser()
        browser.force_login(getattr(self, who), backend="allauth.account.auth_backends.AuthenticationBackend")
        return browser

    def confirmed(self, who: str) -> Browser:
        """A browser in which the person has just given the password."""
        browser = self.browser(who)
        session = browser.session
        session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = session["_auth_user_id"]
        session[login.AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time()}]
        session.save()
        return browser


def make_house(name: str) -> House:
    clinic = Clinic.objects.create(name=name, time_zone="Europe/London")
    site = Site.objects.create(clinic=clinic, name=f"{name} Street")
    room = Room.objects.create(
        clinic=clinic,
        site=site,
        name="Blue room",
        floor_area_m2=16.0,
        height_m=2.8,
        temperature_degC=23.0,
        air_changes_per_h=3.0,
        extraction=True,
        monitor_valid_until=datetime.date(2099, 1, 1),
        use_L_per_h=0.3,
    )
    Vessel.objects.create(clinic=clinic, room=room, name="Flask", volume_L=0.5, count=1, evaporation_L_per_day=0.2)
    device = Device.objects.create(clinic=clinic, site=site, name="Swab", cold_source="ln2_swab")
    low = name.lower()
    return House(
        clinic,
        site,
        room,
        device,
        *(make_user(clinic, f"{low}-{role.value}", role) for role in Role),
    )


def make_client(house: House, **more: Any) -> Client:
    fields: dict[str, Any] = {
        "code": f"C{Client.objects.count() + 1:05d}",
        "full_name": "Anna Petrova",
        "birth_date": datetime.date(1996, 5, 17),
        "phone": "+44 20 7946 0000",
        "sex": "female",
        "phototype": "ii",
        "thin_cheeks": False,
        **more,
    }
    return Client.objects.create(
        clinic=house.clinic, site=house.site, search_name=fields["full_name"].casefold(), **fields
    )


def make_course(house: House, client: Client, **more: Any) -> Course:
    fields: dict[str, Any] = {
        "indication": "oily_skin",
        "zones": ["cheek", "chin"],
        "method": "ln2_swab",
        "device": house.device,
        "room": house.room,
        **more,
    }
    return Course.objects.create(clinic=house.clinic, client=client, **fields)
