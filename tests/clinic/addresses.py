"""Every address of the product with an object of its own behind it."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.charting.services import add_mark
from cryomassage_clinic.courses.models import Approval
from cryomassage_clinic.screening.models import AnswerSet, DoctorNote, TestSpot
from cryomassage_clinic.visits.feeds import make_feed
from cryomassage_clinic.visits.models import Booking
from tests.clinic.people import House
from tests.clinic.plans import computed_plan, ready_client, ready_course

# Open to strangers: what leads in, and what shows whether the program lives.
OPEN = {"alive", "invitation", "setup", "session_state", "relogin", "feed", "words"}
# Pages of the login library, which has its own tests of who may come.
LIBRARY = {"account_", "mfa_"}


@dataclass(frozen=True)
class Address:
    """One address, the view behind it, and the words that its route asks for."""

    name: str
    view: Any
    words: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        return self.name in OPEN

    @property
    def is_librarys(self) -> bool:
        return any(self.name.startswith(prefix) for prefix in LIBRARY)


def addresses() -> list[Address]:
    """All of them, in the order in which they are looked up."""

    def walk(resolver: URLResolver) -> Iterator[Address]:
        for one in resolver.url_patterns:
            if isinstance(one, URLResolver):
                yield from walk(one)
            else:
                assert isinstance(one, URLPattern)
                assert one.name, one
                yield Address(one.name, one.callback, tuple(one.pattern.converters))

    return list(walk(get_resolver()))


@dataclass
class World:
    """One clinic in which every kind of record stands once."""

    house: House
    client: Any
    course: Any
    plan: Any
    booking: Any
    mark: Any
    note: Any
    spot: Any
    answers: Any
    consent: Any
    feed: Any
    vessel: Any
    other_plan: Any

    def words_for(self, name: str, asked: tuple[str, ...]) -> dict[str, Any]:
        """What a route asks for, of this world."""
        others = {
            "site_pk": self.house.site.pk,
            "room_pk": self.house.room.pk,
            "kind": {"note_new": "diagnosis"}.get(name, "treatment" if "treatment" in asked else "reminders"),
            "language": "en",
            "treatment": "ice_massage",
            "name": "forehead-surface",
            "form": "client:1:body",
            "token": "x" * 43,
        }
        return {word: self.about(name) if word == "pk" else others[word] for word in asked}

    def about(self, name: str) -> uuid.UUID:
        """The record that an address with `pk` is about."""
        kinds = {
            "client_": self.client, "chart": self.client, "course_new": self.client, "note_new": self.client,
            "test_spot_new": self.client, "consent_overview": self.client, "consent_sign": self.client,
            "erase_": self.client, "replace_backups": self.client, "course_": self.course, "plan_ask": self.course,
            "screening_form": self.course, "screening_verdict": self.course, "screening_answers": self.answers,
            "plan_": self.plan, "booking_": self.booking, "mark_": self.mark, "note_": self.note,
            "test_spot_": self.spot, "consent_page": self.consent, "consent_withdraw": self.consent,
            "consent_text_version": self.consent.text, "feed_": self.feed, "place_site": self.house.site,
            "place_room": self.house.room, "place_vessel": self.vessel, "place_device": self.house.device,
            "staff_": self.house.reception, "own_session_end": self.house.operator,
        }  # fmt: skip
        fitting = [prefix for prefix in kinds if name.startswith(prefix)]
        assert fitting, f"{name}: say in tests/clinic/addresses.py which record it is about"
        return kinds[max(fitting, key=len)].pk  # type: ignore[no-any-return]

    def at(self, address: Address) -> str:
        """The address with this world's records in it."""
        path = reverse(address.name, kwargs=self.words_for(address.name, address.words))
        return f"{path}?a={self.plan.pk}&b={self.other_plan.pk}" if address.name == "plan_compare" else path


def make_world(house: House) -> World:
    """A client who is ready, with a computed and approved plan and a visit."""
    actor: Actor = house.actor("operator")
    client = ready_client(house)
    course = ready_course(house, client)
    plan = computed_plan(house, course)
    Approval.objects.create(
        clinic=house.clinic, plan=plan, content_sha256=plan.content_sha256, approved_by=house.operator,
        role="operator", approved_at=timezone.now(),
    )  # fmt: skip
    begin = timezone.now().replace(minute=0, second=0, microsecond=0) + datetime.timedelta(days=1)
    booking = Booking.objects.create(
        clinic=house.clinic, client=client, course=course, session_number=1, operator=house.operator, room=house.room,
        starts_at=begin, ends_at=begin + datetime.timedelta(minutes=20), airing_min=10,
    )  # fmt: skip
    mark = add_mark(
        actor, client, {"kind": "lesion", "picture": "face", "zone": "chin", "side": "", "x": 0.5, "y": 0.84}
    )
    note = DoctorNote.objects.create(
        clinic=house.clinic, client=client, kind="diagnosis", about="papilloma", doctor="Dr Wu",
        date=timezone.localdate(), entered_by=house.operator,
    )  # fmt: skip
    spot = TestSpot.objects.create(
        clinic=house.clinic, client=client, method="ln2_swab", date=timezone.localdate(), read_after_min=15.0,
        result="clear", entered_by=house.operator,
    )  # fmt: skip
    feed, _token = make_feed(actor, "phone")
    return World(
        house, client, course, plan, booking, mark, note, spot, AnswerSet.objects.get(client=client),
        client.consents.select_related("text").get(), feed, house.room.vessels.get(), computed_plan(house, course),
    )  # fmt: skip
