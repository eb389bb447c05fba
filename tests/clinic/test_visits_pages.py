"""The pages of calendar and booking: each works, refuses whom it must, and keeps what was typed."""

from __future__ import annotations

import datetime
import re
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cryomassage_clinic.audit.models import AuditDetails
from cryomassage_clinic.charting.models import Mark
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.consents.models import Consent, ConsentText
from cryomassage_clinic.courses.models import Plan
from cryomassage_clinic.places.models import Room
from cryomassage_clinic.screening.models import AnswerSet, DoctorNote
from cryomassage_clinic.screening.models import TestSpot as Spot
from cryomassage_clinic.visits import selectors, services
from cryomassage_clinic.visits.marks import forget
from cryomassage_clinic.visits.models import Booking
from tests.clinic.people import House
from tests.clinic.visits_support import NOW, Ready, expected_slots, make_ready, patch_health, stored_slots

pytestmark = [pytest.mark.unit, pytest.mark.pages]


def answered(ready: Ready, number: int) -> None:
    AnswerSet.objects.create(
        clinic=ready.house.clinic, client=ready.client, number=number, answers={}, knowledge_fingerprint="f",
        asked_by=ready.house.operator, asked_at=timezone.now(),
    )  # fmt: skip


HOSTILE = ["<script>alert(1)</script>", "\"' onload=x", "🧊 лёд", "\u202eright to left", "x" * 10_000, "nul\x00byte"]


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    forget()
    yield
    forget()


@pytest.fixture
def ready(acorn: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ready]:
    with time_machine.travel(NOW, tick=False):
        yield make_ready(acorn, patch_health(monkeypatch))


def form(ready: Ready, **more: Any) -> dict[str, Any]:
    return {
        "client": str(ready.client.pk),
        "what": f"{ready.course.pk}:1",
        "date": "2026-06-02",
        "time": "10:00",
        "length_min": "",
        "operator": str(ready.house.operator.pk),
        "room": str(ready.house.room.pk),
        "device": str(ready.house.device.pk),
        "note": "",
        **more,
    }


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


# --- calendar -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", ["day", "week"])
@pytest.mark.parametrize("by", ["room", "person"])
def test_the_calendar_shows_initials_code_and_verdict_or_the_name_alone(ready: Ready, view: str, by: str) -> None:
    services.book(ready.house.actor("operator"), ready.wanted("2026-06-02 10:00"))
    url = f"{reverse('calendar')}?date=2026-06-02&view={view}&by={by}"
    for who in ("operator", "owner", "doctor", "inspector"):
        page = words(ready.house.browser(who).get(url))
        assert f"A.P. {ready.client.code}" in page
        assert "Word of clear" in page
        assert "Petrova" not in page
    page = words(ready.house.browser("reception").get(url))
    assert "Anna Petrova" in page
    for secret in ("Word of", "Session 1", ready.client.code):
        assert secret not in page, secret


def test_a_look_at_the_calendar_is_in_the_log(ready: Ready) -> None:
    services.book(ready.house.actor("operator"), ready.wanted("2026-06-02 10:00"))
    ready.house.browser("operator").get(reverse("calendar") + "?date=2026-06-02")
    assert [row.details["page"] for row in AuditDetails.objects.filter(row__action="read")] == [
        "calendar from 2026-06-02 for 1 d"
    ]


def test_the_calendar_of_another_clinic_is_another(ready: Ready, birch: House) -> None:
    services.book(ready.house.actor("operator"), ready.wanted("2026-06-02 10:00"))
    page = words(birch.browser("owner").get(reverse("calendar") + f"?date=2026-06-02&site={ready.house.site.pk}"))
    assert ready.client.code not in page
    assert "Birch Street" in page


@pytest.mark.parametrize("query", ["date=nonsense", "date=9999-12-31", "date=0001-01-01", "site=x&by=y&view=z", ""])
def test_a_strange_address_shows_today(ready: Ready, query: str) -> None:
    answer = ready.house.browser("operator").get(f"{reverse('calendar')}?{query}")
    assert answer.status_code == 200
    assert "Monday 1 June 2026" in words(answer)


def test_free_half_hours_lead_to_the_form_and_taken_ones_do_not(ready: Ready) -> None:
    services.book(ready.house.actor("operator"), ready.wanted("2026-06-02 10:00"))
    page = ready.house.browser("operator").get(reverse("calendar") + "?date=2026-06-02").content.decode()
    starts = re.findall(r"\?start=2026-06-02T(\d\d:\d\d)&", page)
    assert "09:30" in starts
    assert "11:00" in starts
    assert not {"10:00", "10:30"} & set(starts)  # 10:30: the room is aired
    assert "start=" not in ready.house.browser("inspector").get(reverse("calendar")).content.decode()
    past = ready.house.browser("operator").get(reverse("calendar") + "?date=2026-05-29").content.decode()
    assert "2026-05-29T1" not in past


def test_the_nights_of_the_clock_changes_are_told(ready: Ready) -> None:
    url = reverse("calendar")
    page = words(ready.house.browser("operator").get(f"{url}?date=2026-10-25&whole=1"))
    assert "it has 25 hours" in page
    assert "01:00 BST" in page
    assert "01:00 GMT" in page
    assert "second=1" in page
    page = words(ready.house.browser("operator").get(f"{url}?date=2027-03-28&whole=1"))
    assert "it has 23 hours" in page
    assert "T01:" not in page


def test_a_booking_at_half_past_eleven_at_night_stands_on_its_own_day(ready: Ready) -> None:
    # 23:30 in London in summer is 22:30 UTC; 00:15 is the day before in UTC.
    services.book(ready.house.actor("operator"), ready.talk("2026-06-02 23:30", length_min=20))
    services.book(ready.house.actor("operator"), ready.talk("2026-06-04 00:15", client=ready.someone()))
    browser = ready.house.browser("operator")
    for day, expected in (("01", 0), ("02", 1), ("03", 0), ("04", 1), ("05", 0)):
        page = browser.get(f"{reverse('calendar')}?date=2026-06-{day}").content.decode()
        assert page.count("visit-time") == expected, day


def test_today_is_the_clinics_today(ready: Ready) -> None:
    with time_machine.travel("2026-06-01 23:30:00+00:00", tick=False):  # half past midnight in London
        assert "Tuesday 2 June" in words(ready.house.browser("operator").get(reverse("calendar")))
        booking = services.book(ready.house.actor("operator"), ready.talk("2026-06-02 10:00"))
        assert [one.booking for one in selectors.today_for(ready.house.actor("operator"))] == [booking]
    with time_machine.travel("2026-06-01 22:30:00+00:00", tick=False):
        assert selectors.today_for(ready.house.actor("operator")) == []


def test_today_says_what_is_missing_to_those_who_may_know(ready: Ready) -> None:
    services.book(ready.house.actor("operator"), ready.wanted("2026-06-01 10:00"))
    ready.said.outcome, ready.said.consents = "stop", ["treatment"]
    (visit,) = selectors.today_for(ready.house.actor("operator"))
    assert (visit.mark, visit.word) == ("stop", "Word of stop")
    assert "Consent is not signed" in visit.missing
    (visit,) = selectors.today_for(ready.house.actor("reception"))
    assert (visit.who, visit.what, visit.mark, visit.word, visit.missing) == ("Anna Petrova", "", "", "", ())


def test_verdicts_that_take_too_long_are_shown_as_being_checked_and_asked_for_again(
    ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.book(ready.house.actor("operator"), ready.wanted("2026-06-01 10:00"))
    monkeypatch.setattr("cryomassage_clinic.visits.views.LIST_BUDGET_S", 0.0)
    browser, url = ready.house.browser("operator"), reverse("calendar")
    page = browser.get(url).content.decode()
    assert "being checked" in page
    assert "Word of clear" not in page
    assert f'hx-get="{url}"' in page
    filled = browser.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "Word of clear" in filled
    assert "hx-get" not in filled
    assert "Word of clear" in browser.get(url).content.decode()  # remembered
    (visit,) = selectors.today_for(ready.house.actor("operator"), 0.0)
    assert (visit.word, visit.pending) == ("Word of clear", False)
    forget()
    visits = selectors.today_for(ready.house.actor("operator"), 0.0)
    assert visits.pending
    assert "Word of clear" in browser.get(reverse("today_list")).content.decode()


def _new_answer(ready: Ready) -> None:
    answered(ready, 2)


def _new_consent(ready: Ready) -> None:
    text = ConsentText.objects.create(
        clinic=ready.house.clinic,
        kind="treatment",
        language="en",
        number=1,
        title="t",
        body="b",
        published_at=timezone.now(),
    )
    consent = Consent.objects.create(
        clinic=ready.house.clinic, client=ready.client, text=text, strokes=[], signed_name="A",
        signed_at=timezone.now(), witnessed_by=ready.house.operator,
    )  # fmt: skip
    selectors.today_for(ready.house.actor("operator"))
    ready.said.outcome = "stop"
    consent.withdrawn_at = timezone.now()
    consent.save()


def _new_version(thing: str) -> Callable[[Ready], None]:
    def change(ready: Ready) -> None:
        row = {"client": ready.client, "course": ready.course, "room": ready.house.room, "device": ready.house.device}[
            thing
        ]
        row.version += 1
        row.save()

    return change


def _taken_back(ready: Ready) -> None:
    approval = Plan.objects.get().approval
    approval.revoked_at = timezone.now()
    approval.save()


def _new_note(ready: Ready) -> None:
    DoctorNote.objects.create(
        clinic=ready.house.clinic, client=ready.client, kind="clearance", about="x", doctor="Dr", date=timezone.now(),
        entered_by=ready.house.doctor,
    )  # fmt: skip


def _spot(ready: Ready) -> None:
    Spot.objects.create(
        clinic=ready.house.clinic, client=ready.client, method="ln2_swab", date=timezone.now(), read_after_min=15,
        result="hives", entered_by=ready.house.operator,
    )  # fmt: skip


def _chart(ready: Ready) -> None:
    Mark.objects.create(
        clinic=ready.house.clinic, client=ready.client, kind="no_go", picture="face", zone="cheek", x=0.5, y=0.5,
        made_by=ready.house.operator,
    )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        _new_answer, _new_consent, _taken_back, _new_note, _spot, _chart,
        *map(_new_version, ("client", "course", "room", "device")),
    ],
)  # fmt: skip
def test_a_remembered_verdict_is_forgotten_when_anything_changes(ready: Ready, change: Callable[[Ready], None]) -> None:
    answered(ready, 1)
    services.book(ready.house.actor("operator"), ready.wanted("2026-06-01 10:00"))
    (visit,) = selectors.today_for(ready.house.actor("operator"))
    assert visit.mark == "go"
    ready.said.outcome = "stop"
    (visit,) = selectors.today_for(ready.house.actor("operator"))
    assert visit.mark == "go"  # remembered: nothing in the database has changed
    ready.said.outcome = "stop"
    change(ready)
    (visit,) = selectors.today_for(ready.house.actor("operator"))
    assert visit.mark == "stop"


def test_a_remembered_verdict_on_today_lasts_an_hour_and_on_another_day_a_day(ready: Ready) -> None:
    services.book(ready.house.actor("operator"), ready.wanted("2026-06-01 18:00"))
    selectors.today_for(ready.house.actor("operator"))
    ready.said.outcome = "stop"
    with time_machine.travel("2026-06-01 09:00:01+00:00", tick=False):
        (visit,) = selectors.today_for(ready.house.actor("operator"))
    assert visit.mark == "stop"


# --- booking --------------------------------------------------------------------------------------------


def test_a_visit_is_booked_from_the_client_to_its_page(ready: Ready, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cryomassage_clinic.visits.booking_views.stale_parts", lambda plan: [])
    browser = ready.house.browser("operator")
    assert "Anna Petrova" in words(browser.get(reverse("booking_new") + "?start=2026-06-02T10:00"))
    page = words(browser.get(reverse("booking_new") + f"?client={ready.client.pk}&start=2026-06-02T10:00"))
    assert 'value="2026-06-02"' in page
    assert 'value="10:00"' in page
    assert "Word of clear" in page
    answer = browser.post(reverse("booking_new"), form(ready), follow=True)
    page = words(answer)
    assert "Tuesday 2 June, 10:00" in page
    assert "Word of clear" in page
    assert "</svg> approved</span>" in page
    booking = Booking.objects.get()
    assert (booking.session_number, booking.course) == (1, ready.course)
    assert booking.ends_at - booking.starts_at == datetime.timedelta(minutes=15)  # as the plan says


def test_reception_books_without_learning_about_health(ready: Ready) -> None:
    browser = ready.house.browser("reception")
    page = words(browser.get(reverse("booking_new") + f"?client={ready.client.pk}"))
    assert "Word of" not in page
    ready.said.outcome = "stop"
    answer = browser.post(reverse("booking_new"), form(ready))
    assert answer.status_code == 422
    assert "The client is not ready for this visit" in words(answer)
    assert "Word of" not in words(answer)
    assert "screening" not in words(answer)
    ready.said.outcome = "clear"
    answer = browser.post(reverse("booking_new"), form(ready), follow=True)
    assert "Anna Petrova" in words(answer)
    assert "May it go ahead" not in words(answer)


def test_a_refusal_keeps_what_was_typed_and_says_why(ready: Ready) -> None:
    ready.said.consents = ["treatment"]
    answer = ready.house.browser("operator").post(reverse("booking_new"), form(ready, note="By the window"))
    assert answer.status_code == 422
    assert "The consent to this treatment is not signed" in words(answer)
    assert "By the window" in words(answer)
    assert not Booking.objects.exists()


def test_a_taken_time_names_what_is_taken_and_a_free_one_is_one_press_away(ready: Ready) -> None:
    services.book(ready.house.actor("operator"), ready.talk("2026-06-02 10:00", client=ready.someone()))
    browser = ready.house.browser("operator")
    answer = browser.post(reverse("booking_new"), form(ready))
    page = words(answer)
    assert answer.status_code == 409
    assert "Blue room is taken at that time." in page
    picks = re.findall(r'name="pick" value="([^"]+)"', page)
    assert len(picks) == 3
    assert picks[0] == "2026-06-02T10:30~"
    assert browser.post(reverse("booking_new"), form(ready, pick=picks[0])).status_code == 302
    assert Booking.objects.get(course=ready.course).starts_at == ready.at("2026-06-02 10:30")


def test_the_lost_hour_is_refused_and_the_doubled_one_asks_which(ready: Ready) -> None:
    browser = ready.house.browser("operator")
    lost = form(ready, what="talk", date="2027-03-28", time="01:30")
    answer = browser.post(reverse("booking_new"), lost)
    assert answer.status_code == 422
    assert "01:30 does not exist on 2027-03-28" in words(answer)
    twice = form(ready, what="talk", date="2026-10-25", time="01:30")
    answer = browser.post(reverse("booking_new"), twice)
    assert answer.status_code == 422
    assert "comes twice" in words(answer)
    assert 'value="second"' in words(answer)
    answer = browser.post(reverse("booking_new"), {**twice, "second": "second"}, follow=True)
    assert "this is the second one (GMT)" in words(answer)
    assert Booking.objects.get().starts_at == datetime.datetime(2026, 10, 25, 1, 30, tzinfo=datetime.UTC)


def test_a_form_sent_twice_books_once(ready: Ready) -> None:
    sent = form(ready, submission=str(uuid.uuid4()))
    browser = ready.house.browser("operator")
    first, second = browser.post(reverse("booking_new"), sent), browser.post(reverse("booking_new"), sent)
    assert first["Location"] == second["Location"]
    assert Booking.objects.count() == 1


@pytest.mark.parametrize("field", ["date", "time", "operator", "room", "what", "length_min"])
@pytest.mark.parametrize("value", ["", "nonsense", "\x00", "-1", "9" * 40])
def test_a_wrong_field_is_marked(ready: Ready, field: str, value: str) -> None:
    answer = ready.house.browser("operator").post(reverse("booking_new"), form(ready, **{field: value}))
    if field == "length_min" and value == "":
        assert answer.status_code == 302
        return
    assert answer.status_code == 422
    assert "field-error" in words(answer)
    assert not Booking.objects.exists()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_kept_as_text_or_refused_in_words(ready: Ready, text: str) -> None:
    browser = ready.house.browser("operator")
    answer = browser.post(reverse("booking_new"), form(ready, note=text), follow=True)
    assert answer.status_code in (200, 422)
    assert "<script>alert" not in answer.content.decode()
    booking = Booking.objects.first() or services.book(ready.house.actor("operator"), ready.talk("2026-06-02 10:00"))
    answer = browser.post(
        reverse("booking_cancel", args=[booking.pk]), {"version": booking.version, "reason": text}, follow=True
    )
    assert answer.status_code in (200, 422)
    assert "<script>alert" not in answer.content.decode()
    browser.get(reverse("booking_new"), {"q": text})
    answer = browser.post(reverse("feed_list"), {"label": text})
    assert answer.status_code in (200, 422)
    assert "<script>alert" not in answer.content.decode()


def test_arrived_missed_cancelled_and_moved_by_their_buttons(ready: Ready) -> None:
    browser = ready.house.browser("reception")
    booking = services.book(ready.house.actor("operator"), ready.wanted("2026-06-01 10:00"))
    page = reverse("booking_page", args=[booking.pk])

    def press(name: str, version: int, **more: str) -> Any:
        return browser.post(reverse(name, args=[booking.pk]), {"version": str(version), **more})

    assert "Did not come" not in words(browser.get(page))
    assert press("booking_arrived", 1)["Location"] == page
    assert press("booking_cancel", 1, reason="late page").status_code == 409
    assert "late page" in words(press("booking_cancel", 1, reason="late page"))
    assert press("booking_not_arrived", 2).status_code == 302
    moved = {**form(ready), "date": "2026-06-03", "version": "3"}
    assert browser.post(reverse("booking_move", args=[booking.pk]), moved).status_code == 302
    stale = browser.post(reverse("booking_move", args=[booking.pk]), {**moved, "date": "2026-06-04"})
    assert stale.status_code == 409
    assert "It is now on Wed 3 Jun 2026, 10:00" in words(stale)
    assert 'value="2026-06-04"' in words(stale)
    assert press("booking_cancel", 4, reason="").status_code == 422
    assert press("booking_cancel", 4, reason="Ill").status_code == 302
    assert "Ill" in words(browser.get(page))
    assert stored_slots() == expected_slots() == set()


def test_the_page_of_a_visit_says_that_the_plan_was_taken_back(ready: Ready) -> None:
    booking = services.book(ready.house.actor("operator"), ready.wanted("2026-06-02 10:00"))
    plan = Plan.objects.get()
    plan.approval.revoked_at = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)
    plan.approval.save()
    page = words(ready.house.browser("operator").get(reverse("booking_page", args=[booking.pk])))
    assert "none approved" in page
    assert "15-minute" not in page


# --- the course -----------------------------------------------------------------------------------------


def wish(ready: Ready, **more: Any) -> dict[str, Any]:
    return {
        "time": "10:00",
        "operator": str(ready.house.operator.pk),
        "room": str(ready.house.room.pk),
        "device": str(ready.house.device.pk),
        "length_min": "",
        **more,
    }


def proposed(page: str) -> dict[str, str]:
    fields = re.findall(r'name="((?:date|time)_\d+)" value="([^"]*)"', page)
    fields += [(name, "on") for name in re.findall(r'name="(take_\d+)" checked', page)]
    return dict(fields)


def test_the_whole_course_is_proposed_and_booked_at_once(ready: Ready) -> None:
    browser, url = ready.house.browser("operator"), reverse("course_book", args=[ready.course.pk])
    assert "Propose times" in words(browser.get(url))
    page = browser.get(url, wish(ready)).content.decode()
    fields = proposed(page)
    count = sum(name.startswith("take_") for name in fields)
    assert count >= 8
    assert page.count("review") >= 1
    sent = {**wish(ready), **fields, "do": "book", "submission": str(uuid.uuid4())}
    answer = browser.post(url, sent, follow=True)
    assert f"{count} visits are booked." in words(answer)
    assert "All sessions of the plan are booked" in words(answer)
    assert browser.post(url, sent).status_code == 302  # sent twice
    assert Booking.objects.count() == count


def test_some_of_the_course_can_be_booked_and_the_order_is_kept(ready: Ready) -> None:
    browser, url = ready.house.browser("reception"), reverse("course_book", args=[ready.course.pk])
    fields = proposed(browser.get(url, wish(ready)).content.decode())
    some = {
        name: value for name, value in fields.items() if not name.startswith("take_") or name in ("take_1", "take_2")
    }
    assert browser.post(url, {**wish(ready), **some, "do": "book"}).status_code == 302
    assert sorted(Booking.objects.values_list("session_number", flat=True)) == [1, 2]
    skipping = {name: value for name, value in fields.items() if not name.startswith("take_") or name == "take_4"}
    answer = browser.post(url, {**wish(ready), **skipping, "do": "book"})
    assert answer.status_code == 409
    assert "Book session 3 first." in words(answer)
    assert Booking.objects.count() == 2


def test_a_time_set_by_hand_is_checked_and_told_beside_its_session(ready: Ready) -> None:
    services.book(ready.house.actor("operator"), ready.talk("2026-06-03 12:00", client=ready.someone()))
    browser, url = ready.house.browser("operator"), reverse("course_book", args=[ready.course.pk])
    fields = proposed(browser.get(url, wish(ready)).content.decode())
    fields |= {"date_1": "2026-06-03", "time_1": "12:10"}
    answer = browser.post(url, {**wish(ready), **fields, "do": "check"})
    assert answer.status_code == 422
    assert "Taken at that time:" in words(answer)
    assert 'aria-describedby="error_1"' in words(answer)
    answer = browser.post(url, {**wish(ready), **fields, "do": "book"})
    assert answer.status_code == 409
    assert 'value="12:10"' in words(answer)
    assert Booking.objects.count() == 1
    for wrong in ("nonsense", "", "9999-12-31", "0001-01-01"):
        answer = browser.post(url, {**wish(ready), **fields, "date_1": wrong, "do": "book"})
        assert answer.status_code == 422
        assert "Write a day and a time." in words(answer)


def test_nothing_ticked_books_nothing_and_says_so(ready: Ready) -> None:
    url = reverse("course_book", args=[ready.course.pk])
    answer = ready.house.browser("operator").post(url, {**wish(ready), "do": "book"})
    assert answer.status_code == 422
    assert "no session is ticked" in words(answer)


def test_without_an_approved_plan_the_page_says_what_to_do(ready: Ready) -> None:
    Plan.objects.get().approval.delete()
    page = words(ready.house.browser("operator").get(reverse("course_book", args=[ready.course.pk])))
    assert "No dates yet" in page


# --- gates ----------------------------------------------------------------------------------------------


def test_gates(ready: Ready, birch: House) -> None:
    house = ready.house
    booking = services.book(house.actor("operator"), ready.wanted("2026-06-02 10:00"))
    posts = {"booking_arrived", "booking_not_arrived", "booking_missed", "booking_cancel"}
    pages: list[tuple[str, str, bool]] = [
        ("calendar", "", False),
        ("booking_new", "", True),
        ("feed_list", "", False),
        ("booking_page", str(booking.pk), False),
        ("booking_ics", str(booking.pk), False),
        ("booking_move", str(booking.pk), True),
        ("course_book", str(ready.course.pk), True),
        *((name, str(booking.pk), True) for name in sorted(posts)),
    ]
    for name, pk, books in pages:
        url = reverse(name, args=[pk] if pk else [])
        method = "post" if name in posts else "get"
        assert Browser().generic(method.upper(), url)["Location"].startswith(reverse("account_login")), name
        assert house.browser("operator").put(url).status_code == 405, name
        if name in posts:
            assert house.browser("operator").get(url).status_code == 405, name
        else:
            assert house.browser("operator").get(url).status_code == 200, name
        inspected = getattr(house.browser("inspector"), method)(url).status_code
        assert inspected == (403 if books else 200), name
        if pk:
            assert getattr(birch.browser("owner"), method)(url).status_code == 404, name
            assert getattr(house.browser("owner"), method)(reverse(name, args=[uuid.uuid4()])).status_code == 404, name
            assert getattr(house.browser("owner"), method)(url.replace(pk, "not-an-id")).status_code == 404, name
    assert birch.browser("owner").get(f"{reverse('booking_new')}?client={ready.client.pk}").status_code == 404
    foreign = form(ready, room=str(birch.room.pk))
    assert house.browser("operator").post(reverse("booking_new"), foreign).status_code == 422
    booking.refresh_from_db()
    assert booking.version == 1


# --- speed ----------------------------------------------------------------------------------------------


def test_a_longer_list_asks_the_database_no_more_often(ready: Ready) -> None:
    def queries(visits: int) -> int:
        start = ready.at("2026-06-02 08:00")
        for number in range(visits):
            at = start + datetime.timedelta(hours=number)
            Booking.objects.update_or_create(
                clinic=ready.house.clinic, client=ready.client, course=ready.course, starts_at=at,
                defaults={
                    "operator": ready.house.operator, "room": ready.house.room, "device": ready.house.device,
                    "ends_at": at + datetime.timedelta(minutes=20), "airing_min": 10, "session_number": 1,
                },
            )  # fmt: skip
        actor = ready.house.actor("operator")
        with CaptureQueriesContext(connection) as caught:
            shown = selectors.visits_of(
                actor, selectors.bookings_between(actor, start, start + datetime.timedelta(days=1)), budget_s=0
            )
        assert len(shown) == visits
        assert shown.pending
        return len(caught)

    assert queries(2) == queries(9)


@pytest.mark.slow
def test_a_week_among_a_hundred_thousand_bookings_reads_little_of_them(acorn: House) -> None:
    clients = Client.objects.bulk_create(
        Client(
            clinic=acorn.clinic, code=f"S{number:05}", full_name=f"Client {number}", search_name=f"client {number}",
            birth_date=datetime.date(1990, 1, 1),
        )
        for number in range(500)
    )  # fmt: skip
    more = Room.objects.bulk_create(
        Room(clinic=acorn.clinic, site=acorn.site, name=f"Room {number}", floor_area_m2=16, height_m=2.8)
        for number in range(4)
    )
    rooms = [acorn.room, *more]
    begin = datetime.datetime(2020, 1, 1, 8, tzinfo=datetime.UTC)
    half = datetime.timedelta(minutes=30)
    Booking.objects.bulk_create(
        [
            Booking(
                clinic=acorn.clinic, client=clients[number % 500], operator=acorn.operator,
                room=rooms[number % 5], starts_at=(at := begin + datetime.timedelta(minutes=number * 36)),
                ends_at=at + half, airing_min=10,
            )
            for number in range(100_000)
        ],
        batch_size=5000,
    )  # fmt: skip
    actor, monday = acorn.actor("operator"), datetime.datetime(2024, 6, 3, tzinfo=datetime.UTC)
    week = monday, monday + datetime.timedelta(days=7)
    with CaptureQueriesContext(connection) as caught:
        visits = selectors.visits_of(actor, selectors.bookings_between(actor, *week, acorn.site))
    assert len(visits) > 250
    assert len(caught) < 10
    began = time.perf_counter()
    list(selectors.bookings_between(actor, *week, acorn.site))
    of_a_week = time.perf_counter() - began
    began = time.perf_counter()
    list(Booking.objects.filter(clinic=acorn.clinic))
    of_all = time.perf_counter() - began
    assert of_a_week < of_all / 20
    told = selectors.bookings_between(actor, monday, monday + datetime.timedelta(days=7)).explain()
    if connection.vendor == "sqlite":
        assert "INDEX" in told.upper()
        assert "starts_at>" in told
