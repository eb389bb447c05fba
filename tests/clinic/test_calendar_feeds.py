"""Feeds: right by the standard, silent about health and names, behind an address that can be closed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import icalendar
import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse

from cryomassage_clinic.visits import feeds, services
from cryomassage_clinic.visits.models import Booking, CalendarFeed
from tests.clinic.people import House
from tests.clinic.visits_support import NOW, Ready, make_ready, patch_health

pytestmark = pytest.mark.unit
_STATUS = {"TENTATIVE", "CONFIRMED", "CANCELLED"}


@pytest.fixture
def ready(acorn: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ready]:
    with time_machine.travel(NOW, tick=False):
        yield make_ready(acorn, patch_health(monkeypatch))


def text_of(ready: Ready) -> bytes:
    feed, _token = feeds.make_feed(ready.house.actor("operator"), "phone")
    return feeds.feed_text(feed)


def faults(text: bytes) -> list[str]:
    """What a parser lets through."""
    found = []
    if not text.endswith(b"\r\n") or re.search(rb"(?<!\r)\n", text):
        found.append("lines do not end with CRLF")
    if any(len(line) > 75 for line in text.split(b"\r\n")):
        found.append("a line is longer than 75 octets")
    calendar = icalendar.Calendar.from_ical(text)
    zones = {str(part["tzid"]) for part in calendar.walk("VTIMEZONE")}
    uids = set()
    for event in calendar.walk("VEVENT"):
        start, end = event["dtstart"].dt, event["dtend"].dt
        if not start < end:
            found.append("ends before it starts")
        if start.tzinfo is None:
            found.append("a time without a zone")
        if str(event["status"]) not in _STATUS:
            found.append("no such status")
        for name in ("dtstart", "dtend"):
            zone = event[name].params.get("TZID")
            if zone is not None and zone not in zones:
                found.append(f"zone {zone} is not explained")
        if str(event["uid"]) in uids:
            found.append("an identity twice")
        uids.add(str(event["uid"]))
        if int(event["sequence"]) < 0 or "dtstamp" not in event or "last-modified" not in event:
            found.append("no sequence, no stamp or no date of the last change")
    if "version" not in calendar or "prodid" not in calendar:
        found.append("no version or no maker")
    if str(calendar.get("method")) == "CANCEL" and {str(e["status"]) for e in calendar.walk("VEVENT")} != {"CANCELLED"}:
        found.append("cancels what is not cancelled")
    return found


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
def test_a_feed_has_no_fault_and_its_times_are_true(ready: Ready, zone: str) -> None:
    ready.house.clinic.time_zone = zone
    ready.house.clinic.save()
    actor = ready.house.actor("operator")
    for day in ("2026-07-01", "2026-12-01", "2027-03-28", "2026-10-25"):
        services.book(actor, ready.talk(f"{day} 11:00"))
    text = text_of(ready)
    assert faults(text) == []
    calendar = icalendar.Calendar.from_ical(text)
    starts = sorted(event["dtstart"].dt.astimezone(datetime.UTC) for event in calendar.walk("VEVENT"))
    assert starts == sorted(Booking.objects.values_list("starts_at", flat=True))
    assert all(event["dtend"].dt - event["dtstart"].dt == datetime.timedelta(minutes=30) for event in calendar.events)
    if zone != "UTC":
        assert {event["dtstart"].params.get("TZID") for event in calendar.events} == {zone}
        assert {event["dtstart"].dt.time() for event in calendar.events} == {datetime.time(11)}


def test_the_explained_zone_is_the_true_one(ready: Ready) -> None:
    services.book(ready.house.actor("operator"), ready.talk("2026-12-01 11:00"))
    calendar = icalendar.Calendar.from_ical(text_of(ready))
    (explained,) = calendar.walk("VTIMEZONE")
    zone, true = explained.to_tz(lookup_tzid=False), ZoneInfo("Europe/London")
    for day in range(0, 400, 3):
        wall = datetime.datetime(2026, 6, 1, 12) + datetime.timedelta(days=day)
        assert wall.replace(tzinfo=zone).utcoffset() == wall.replace(tzinfo=true).utcoffset(), wall


def test_both_of_two_equal_times_are_true(ready: Ready) -> None:
    first = ready.at("2026-10-25 01:30")
    assert first == datetime.datetime(2026, 10, 25, 0, 30, tzinfo=datetime.UTC)
    actor = ready.house.actor("operator")
    services.book(actor, ready.talk("2026-10-25 01:30"))
    later = first + datetime.timedelta(hours=1)
    services.book(actor, ready.talk("2026-10-25 01:30", client=ready.someone(), starts_at=later))
    text = text_of(ready)
    assert faults(text) == []
    starts = {event["dtstart"].dt.astimezone(datetime.UTC) for event in icalendar.Calendar.from_ical(text).events}
    assert starts == {first, later}


def test_neither_health_nor_names_are_in_it(ready: Ready) -> None:
    house = ready.house
    services.book(house.actor("operator"), ready.wanted("2026-06-02 10:00", note="lives with Ann"))
    text = text_of(ready).decode()
    for secret in (
        "Anna", "Petrova", ready.client.code, str(ready.client.pk), str(ready.course.pk), "Blue", "Acorn", "Swab",
        "lives", "ession", "ln2", "itrogen", "treat", "oily", house.operator.full_name,
    ):  # fmt: skip
        assert secret.lower() not in text.lower(), secret
    events = icalendar.Calendar.from_ical(text).events
    assert [str(event["summary"]) for event in events] == ["Appointment"]
    assert set(events[0]) == {
        "UID", "DTSTAMP", "LAST-MODIFIED", "DTSTART", "DTEND", "SUMMARY", "SEQUENCE", "STATUS", "CLASS", "TRANSP",
    }  # fmt: skip


def event_of(text: bytes) -> icalendar.Event:
    (event,) = icalendar.Calendar.from_ical(text).events
    return event


def test_a_change_keeps_the_identity_and_raises_the_sequence(ready: Ready) -> None:
    house = ready.house
    booking = services.book(house.actor("operator"), ready.talk("2026-06-02 10:00"))
    feed, _token = feeds.make_feed(house.actor("operator"), "")
    before = event_of(feeds.feed_text(feed))
    with time_machine.travel("2026-06-01 08:30:00+00:00", tick=False):
        services.move(
            house.actor("operator"), booking, 1, starts_at=ready.at("2026-06-02 12:00"), length_min=30,
            operator=house.operator, room=house.room, device=None, note="",
        )  # fmt: skip
        moved = event_of(feeds.feed_text(feed))
        services.cancel(house.actor("operator"), booking, 2, "ill")
        cancelled = event_of(feeds.feed_text(feed))
    assert before["uid"] == moved["uid"] == cancelled["uid"]
    assert [int(one["sequence"]) for one in (before, moved, cancelled)] == [0, 1, 2]
    assert [str(one["status"]) for one in (before, moved, cancelled)] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert before["last-modified"].dt < moved["last-modified"].dt


def test_it_is_one_persons_feed_and_asks_to_be_read_again(ready: Ready) -> None:
    actor = ready.house.actor("operator")
    services.book(actor, ready.talk("2026-06-02 10:00", operator=ready.house.doctor))
    text = text_of(ready)
    assert not icalendar.Calendar.from_ical(text).events
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H" in text
    assert b"METHOD:PUBLISH" in text


def test_one_visit_as_a_file_and_its_cancellation(ready: Ready) -> None:
    house = ready.house
    house.site.address = "1 Acorn Street, Böblingen; second floor, " + "x" * 90
    house.site.save()
    booking = services.book(house.actor("operator"), ready.wanted("2026-06-02 10:00"))
    browser = house.browser("reception")
    answer = browser.get(reverse("booking_ics", args=[booking.pk]))
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert faults(answer.content) == []
    assert str(event_of(answer.content)["location"]) == house.site.address
    for secret in ("Anna", "Blue", "Swab", "ession"):
        assert secret not in answer.content.decode()
    services.cancel(house.actor("operator"), booking, 1, "ill")
    answer = browser.get(reverse("booking_ics", args=[booking.pk]))
    assert faults(answer.content) == []
    assert b"METHOD:CANCEL" in answer.content


# --- the secret address ---------------------------------------------------------------------------------


def test_only_a_digest_of_the_address_is_kept(ready: Ready) -> None:
    answer = ready.house.browser("operator").post(reverse("feed_list"), {"label": "my phone"})
    token = re.search(r"/feed/([\w-]+)/appointments\.ics", answer.content.decode()).group(1)  # type: ignore[union-attr]
    assert len(token) >= 40
    assert answer["Cache-Control"] == "no-store"
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            assert token not in str(cursor.fetchall()), table
    again = ready.house.browser("operator").get(reverse("feed_list")).content.decode()
    assert token not in again
    assert "my phone" in again


def test_a_form_sent_twice_makes_one_feed(ready: Ready) -> None:
    browser = ready.house.browser("operator")
    sent = {"label": "x", "submission": "0b9fb6a4-7e0e-4f7f-8b1a-4a7a4a1f2d11"}
    browser.post(reverse("feed_list"), sent)
    again = browser.post(reverse("feed_list"), sent, follow=True)
    assert CalendarFeed.objects.count() == 1
    assert "shown once already" in again.content.decode()


def address(ready: Ready, who: str = "operator") -> tuple[CalendarFeed, str]:
    feed, token = feeds.make_feed(ready.house.actor(who), "")
    return feed, reverse("feed", args=[token])


def test_the_address_needs_no_login_and_answers_a_calendar(ready: Ready) -> None:
    services.book(ready.house.actor("operator"), ready.talk("2026-06-02 10:00"))
    feed, url = address(ready)
    answer = Browser().get(url)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert faults(answer.content) == []
    assert Browser().post(url).status_code == 405
    assert "no-store" in answer["Cache-Control"]
    feed.refresh_from_db()
    assert feed.last_read_at is not None


def test_a_wrong_or_closed_address_is_not_found(ready: Ready, birch: House) -> None:
    feed, url = address(ready)
    assert Browser().get(reverse("feed", args=["x" * 43])).status_code == 404
    assert birch.browser("owner").post(reverse("feed_revoke", args=[feed.pk])).status_code == 404
    assert ready.house.browser("doctor").post(reverse("feed_revoke", args=[feed.pk])).status_code == 403
    assert Browser().get(url).status_code == 200
    assert ready.house.browser("operator").post(reverse("feed_revoke", args=[feed.pk])).status_code == 302
    assert Browser().get(url).status_code == 404
    feed, url = address(ready)
    feeds.revoke_feed(ready.house.actor("owner"), feed)
    assert Browser().get(url).status_code == 404
    with pytest.raises(PermissionDenied):
        feeds.revoke_feed(ready.house.actor("doctor"), feed)


def test_whoever_has_left_has_no_feed_any_more(ready: Ready) -> None:
    _feed, url = address(ready)
    ready.house.operator.is_active = False
    ready.house.operator.save()
    assert Browser().get(url).status_code == 404


def test_guessing_and_hammering_are_slowed_down(ready: Ready) -> None:
    _feed, url = address(ready)
    answers = [Browser().get(reverse("feed", args=[f"guess-{number}"])).status_code for number in range(31)]
    assert answers == [404] * 30 + [429]
    answers = [Browser().get(url).status_code for _number in range(61)]
    assert answers == [200] * 60 + [429]
    assert Browser().get(url)["Retry-After"]


@pytest.mark.parametrize(
    "break_it",
    [
        (b"\r\n", b"\n"),
        (b"STATUS:CONFIRMED", b"STATUS:MAYBE"),
        (b"TZID:Europe/London", b"TZID:Europe/Paris"),
        (b"DTEND;TZID=Europe/London:20260602T103000", b"DTEND;TZID=Europe/London:20260602T093000"),
        (b"SUMMARY:Appointment", b"SUMMARY:" + b"x" * 80),
        (b"METHOD:PUBLISH", b"METHOD:CANCEL"),
        (b"SEQUENCE:0", b"SEQUENCE:-1"),
    ],
)
def test_the_checks_still_bite(ready: Ready, break_it: tuple[bytes, bytes]) -> None:
    services.book(ready.house.actor("operator"), ready.talk("2026-06-02 10:00"))
    text = text_of(ready)
    assert break_it[0] in text
    assert faults(text.replace(*break_it)) != []
