"""Each role as it sees the product, and every path that is refused, pressed as people press it.

What a test of its own refuses in a browser already stands there: two tabs with one form, a second press, hostile
text (test_safe_form.py), a wrong PIN (test_accounts_browser.py), a missing answer (test_screening_browser.py), an
empty pad (test_consents_browser.py).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.urls import resolve, reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Response, expect

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.permissions import Can, Role, allows
from cryomassage_clinic.audit.models import AuditRow
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.consents.models import Consent
from cryomassage_clinic.courses.models import Approval, Course
from cryomassage_clinic.places.models import Room
from cryomassage_clinic.visits.facts import facts_of
from cryomassage_clinic.visits.models import Booking
from cryomassage_clinic.web.context import NAVIGATION
from cryomassage_clinic.web.core_words import told
from cryomassage_clinic.web.menu import _GROUPS
from tests.browser.way import draw_signature
from tests.clinic.addresses import Address, World, addresses, make_world
from tests.clinic.people import House, make_client, make_course, make_house
from tests.clinic.plans import answer_all, computed_plan, ready_course, today
from tests.clinic.test_every_address import READING as WRITTEN_BY_READING
from tests.clinic.test_plans_approval import _class_two as class_two
from tests.clinic.visits_support import approve as approve_laid
from tests.clinic.visits_support import expected_slots, stored_slots

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TABLET = {"width": 1280, "height": 800}
HOW_LONG_MS = 10_000
DAY = datetime.timedelta(days=1)


class Desk:
    """One tablet at which people log in, one after the other."""

    def __init__(self, context: BrowserContext, house: House, address: str) -> None:
        self.context, self.house, self.address = context, house, address
        self.wrong: list[str] = []

    def sit_down(self, who: str) -> None:
        """Somebody else is logged in from now on."""
        key = self.house.browser(who).cookies["sessionid"].value
        self.context.add_cookies([{"name": "sessionid", "value": key, "url": self.address}])

    def tab(self, path: str = "/") -> Page:
        """A page of one's own, in front of the others; what goes wrong in it fails the test."""
        page = self.context.new_page()
        page.set_default_timeout(HOW_LONG_MS)
        page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))
        page.on("console", lambda line: self._hear(page, line.text))
        page.on("response", lambda answer: self._look(answer.url, answer.status))
        page.goto(path)
        return page

    def _hear(self, page: Page, line: str) -> None:
        if "Security Policy" in line:
            self.wrong.append(f"{page.url}: {line}")

    def _look(self, url: str, status: int) -> None:
        if status >= 500 or not url.startswith((self.address, "data:", "blob:")):
            self.wrong.append(f"{url}: {status}")


@pytest.fixture
def house(transactional_db: None) -> House:
    return make_house("Acorn")


@pytest.fixture
def world(house: House) -> World:
    return make_world(house)


# Drafts have tests of their own. Here they would come between two presses that follow faster than any hand's.
NO_DRAFTS = """const send = window.fetch;
window.fetch = (where, how) => String(where).startsWith("/drafts/")
  ? Promise.resolve(new Response('{"content": null}')) : send(where, how);"""


@pytest.fixture
def desk(chromium: Browser, house: House, live_server: Any) -> Iterator[Desk]:
    context = chromium.new_context(
        viewport=TABLET, has_touch=True, reduced_motion="reduce", base_url=live_server.url, locale="en-GB"
    )
    context.add_init_script(NO_DRAFTS)
    made = Desk(context, house, live_server.url)
    yield made
    context.close()
    assert made.wrong == []


# --- each role ------------------------------------------------------------------------------------------

# A link in folded details is one press away, so it counts as shown.
WAYS = """(inside) => [...document.querySelectorAll(`${inside} a[href], ${inside} form`)]
  .filter((one) => !one.closest("[hidden]") && (one.getClientRects().length || one.closest("details:not([open])")))
  .map((one) => one.tagName === "A" ? one.href : one.action)
  .filter((one) => one.startsWith(location.origin))"""


def ways_in(page: Page, inside: str) -> set[str]:
    """Where the links and the forms of a part of the page lead, on our own server."""
    origin = page.evaluate("location.origin")
    return {one.partition("#")[0].removeprefix(origin) for one in page.evaluate(WAYS, inside)}


def path_of(address: str) -> str:
    return urlsplit(address).path


def paths(ways: set[str]) -> set[str]:
    return {path_of(way) for way in ways}


def needed(path: str) -> Can | None:
    """What one must be allowed to do to use an address, as its view says."""
    can: Can | None = resolve(path).func.can  # type: ignore[attr-defined]
    return can


def may(role: str, can: Can | None) -> bool:
    return can is None or allows(role, can)


def differing(by_role: dict[str, set[str]], everywhere: set[str]) -> list[tuple[str, str, Can | None]]:
    """What a role is shown and may not, or may and is not shown, of all that is shown to anybody."""
    return [
        (role, path, needed(path))
        for path in set().union(*by_role.values(), everywhere)
        for role in by_role
        if (path in by_role[role]) is not may(role, needed(path))
    ]


def about_health(world: World) -> dict[str, str]:
    """What is known of the client's health, as pages tell it."""
    return {
        "complaint": told(bridge.indications()[world.course.indication].name),
        "zone": told(bridge.zones()[world.course.zones[0]].name),
        "method": told(bridge.methods()[world.course.method].name),
        "skin": world.client.get_phototype_display(),
        "note": told(bridge.indications()[world.note.about].name),
        "doctor": world.note.doctor,
        "verdict": "data-outcome=",
    }


OPENED = """async (links) => {
  const found = [];
  for (const link of links) found.push([link, (await fetch(link)).status]);
  return found;
}"""


def methods(link: str) -> tuple[str, ...]:
    found: tuple[str, ...] = resolve(path_of(link)).func.methods  # type: ignore[attr-defined]
    return found


def test_each_role_is_shown_what_the_table_allows_it_and_all_of_it_opens(desk: Desk, world: World) -> None:
    menu, more, card = {}, {}, {}
    words, shown, wrong, page = about_health(world), {}, [], desk.tab()
    for role in (one.value for one in Role):
        desk.sit_down(role)
        page.goto(reverse("more"))
        assert page.locator(".shell-person small").inner_text() == Role(role).label
        links = ways_in(page, "nav.shell-nav")
        menu[role] = paths(links)
        more[role] = paths(ways_in(page, "main"))
        links |= ways_in(page, "main")
        page.goto(reverse("client_card", args=[world.client.pk]))
        card[role] = paths(ways_in(page, "main"))
        links |= ways_in(page, "main")
        shown[role] = [name for name, word in words.items() if word in page.content()]
        one_each = {resolve(path_of(link)).url_name: link for link in links if "GET" in methods(link)}
        wrong += [(role, *one) for one in page.evaluate(OPENED, sorted(one_each.values())) if one[1] != 200]
    wrong += differing(menu, {reverse(url) for url, *_more in NAVIGATION})
    wrong += differing(more, {entry.address for group in _GROUPS for entry in group.entries})
    wrong += differing(card, set())
    assert wrong == [], "\n".join(map(str, wrong))
    assert shown == {role.value: list(words) if allows(role, Can.SEE_HEALTH) else [] for role in Role}


@pytest.mark.slow
def test_reception_reads_nothing_about_health_wherever_it_is_led(desk: Desk, world: World) -> None:
    words = about_health(world) | {"session": "Session 1"}
    pages = (
        f"{reverse('calendar')}?date={timezone.localdate(world.booking.starts_at)}",
        reverse("booking_page", args=[world.booking.pk]),
        f"{reverse('booking_new')}?client={world.client.pk}",
        reverse("course_book", args=[world.course.pk]),
        reverse("client_edit", args=[world.client.pk]),
    )
    desk.sit_down("operator")
    page, seen = desk.tab("/"), set()
    for address in pages:  # there is something to be seen
        page.goto(address)
        seen |= {name for name, word in words.items() if word in page.content()}
    assert {"skin", "verdict", "session"} <= seen
    desk.sit_down("reception")
    page.goto("/")
    told_here: list[tuple[str, str]] = []
    for entry in page.locator("nav.shell-nav a").all():
        entry.click()
        expect(entry).to_have_attribute("aria-current", "page")
        page.wait_for_load_state()
        told_here += [(page.url, name) for name, word in words.items() if word in page.content()]
    for address in pages:
        page.goto(address)
        told_here += [(address, name) for name, word in words.items() if word in page.content()]
    assert told_here == []


READING = (None, Can.SEE_CALENDAR, Can.SEE_CONTACT, Can.SEE_HEALTH, Can.SEE_PLACES)


@pytest.mark.parametrize(
    "roles",
    [
        ("owner", "doctor", "operator", "reception"),
        ("inspector",),
    ],
)
@pytest.mark.slow
def test_where_the_work_is_done_nobody_is_led_to_a_refusal(desk: Desk, world: World, roles: tuple[str, ...]) -> None:
    wrong: list[Any] = []
    page = desk.tab()
    for address in (
        reverse("booking_page", args=[world.booking.pk]),
        reverse("course_page", args=[world.course.pk]),
        reverse("plan_page", args=[world.other_plan.pk]),
    ):
        shown = {}
        for role in roles:
            if may(role, needed(address)):
                desk.sit_down(role)
                page.goto(address)
                shown[role] = paths(ways_in(page, "main"))
        wrong += [(address, *one) for one in differing(shown, set()) if one[2] not in READING]
    assert wrong == [], "\n".join(map(str, wrong))


def forbidden_to(role: str) -> dict[Can, Address]:
    """One page for each thing that a role may not do, of a record where there is one."""
    found: dict[Can, Address] = {}
    for one in addresses():
        can: Can | None = getattr(one.view, "can", None)
        if can is not None and not allows(role, can) and "GET" in one.view.methods and (can not in found or one.words):
            found[can] = one
    return found


def refused_in_words(page: Page, role: str) -> None:
    """The page says who one is, that nothing was done, and leads back; it shows nothing else."""
    inside = page.locator("main").inner_text()
    assert page.locator("h1").inner_text() == "Your role may not do this"
    assert f"You are logged in as: {Role(role).label}. Nothing was changed." in inside
    assert "Traceback" not in page.content()
    assert ways_in(page, "main") == {"/"}


def test_what_a_role_may_not_is_refused_in_words_with_a_way_back(desk: Desk, world: World) -> None:
    page, words, asked = desk.tab(), about_health(world), set()
    words["name"] = world.client.full_name
    for role in ("reception", "inspector", "operator", "doctor"):  # the owner may open every page
        desk.sit_down(role)
        forbidden = forbidden_to(role)
        # Of the others what reception was not refused, and one page at least; another test asks all of everybody.
        for can in sorted(set(forbidden) - asked) or sorted(forbidden)[:1]:
            answer = page.goto(world.at(forbidden[can]))
            assert answer is not None
            assert answer.status == 403, forbidden[can]
            refused_in_words(page, role)
            assert [name for name, word in words.items() if word in page.content()] == []
            asked.add(can)
    page.get_by_role("link", name="To today's page").click()
    expect(page.locator("h1")).to_have_text("Today")
    assert {Can.SEE_HEALTH, Can.EDIT_HEALTH, Can.EDIT_CONTACT, Can.BOOK, Can.ERASE, Can.EXPORT, Can.SEE_AUDIT} <= asked
    assert forbidden_to("owner") == {}


# --- refused paths --------------------------------------------------------------------------------------

# What looking at pages writes, and what is kept of a form that was not sent.
LOOKING = {*WRITTEN_BY_READING, "web.draft"}


@contextmanager
def nothing_written() -> Iterator[None]:
    """No table but those of looking has another number of rows, and nobody is told to have done anything."""

    def counted() -> dict[str, int]:
        models = [model for model in apps.get_models() if model._meta.label_lower not in LOOKING]
        done = AuditRow.objects.exclude(action="read").count()
        return {model._meta.label_lower: model._default_manager.count() for model in models} | {"done": done}

    before = counted()
    yield
    after = counted()
    assert {name: (before[name], after[name]) for name in after if before[name] != after[name]} == {}


def press(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("button", name=name, exact=isinstance(name, str)).click()


def alert(page: Page) -> Locator:
    return page.locator("main [role=alert]")


def screen_with(page: Page, course: Course, question: str, answer: str) -> None:
    """Change one answer of the questionnaire, as it is changed by hand."""
    page.goto(reverse("screening_verdict", args=[course.pk]))
    page.get_by_role("link", name="Change an answer").click()
    page.locator(f"#still-{question} > summary").click()
    page.locator(f"#q-{question}").get_by_label(answer, exact=True).check()
    press(page, "Save the answers")
    page.wait_for_url(f"**{reverse('screening_verdict', args=[course.pk])}")


def book(page: Page, client: Client, day: datetime.date, time: str = "10:00", room: str = "Blue room") -> None:
    """Open the form and send it; where it came back with a refusal, change it and send it again."""
    fill_booking(page, client, day, time, room)
    press(page, "Book")


def fill_booking(page: Page, client: Client, day: datetime.date, time: str = "10:00", room: str = "Blue room") -> None:
    if path_of(page.url) != reverse("booking_new"):
        page.goto(f"{reverse('booking_new')}?client={client.pk}")
    page.get_by_label("Day").fill(day.isoformat())
    page.get_by_label("Time").fill(time)
    page.get_by_label("Who treats").select_option(label="Acorn-operator")
    page.get_by_label("Room").select_option(label=room)


def booked(page: Page) -> None:
    page.wait_for_url("**/calendar/bookings/*/")
    expect(page.locator("main [role=status]")).to_contain_text("Booked.")


def test_an_answer_that_excludes_stops_everywhere(desk: Desk, world: World) -> None:
    reason = next(
        told(rule.reason)
        for rule in bridge.knowledge().rule.values()
        if any(one.question == "cold_hives" for one in rule.any_of)
    )
    course, client = world.course, world.client
    desk.sit_down("operator")
    other, page = desk.tab(reverse("plan_page", args=[world.other_plan.pk])), desk.tab()
    screen_with(page, course, "cold_hives", "Yes")
    verdict = page.locator("[data-outcome]")
    for address in (
        None,
        reverse("client_card", args=[client.pk]),
        reverse("course_page", args=[course.pk]),
        reverse("booking_page", args=[world.booking.pk]),
        f"{reverse('booking_new')}?client={client.pk}",
    ):
        if address is not None:
            page.goto(address)
        assert verdict.get_attribute("data-outcome") == "stop", address
        assert "Do not treat" in verdict.inner_text()
        assert reason in verdict.inner_text()
    with nothing_written():
        book(page, client, today() + 14 * DAY)
        expect(alert(page)).to_contain_text("Not booked.")
        expect(alert(page)).to_contain_text(f"Do not treat. {reason}")
        other.bring_to_front()
        press(other, "Approve this plan")
        expect(alert(other)).to_contain_text("The screening does not allow this treatment.")
        assert other.get_by_role("button", name="Approve this plan").count() == 0
        desk.sit_down("reception")
        page.bring_to_front()
        page.goto("/")
        book(page, client, today() + 14 * DAY)
        expect(alert(page)).to_contain_text("The client is not ready for this visit.")
        assert reason not in page.content()


@pytest.mark.parametrize("answers", ["missing", "too old"])
@pytest.mark.slow
def test_what_is_not_known_stops_the_approval_and_the_next_plan(desk: Desk, world: World, answers: str) -> None:
    desk.sit_down("operator")
    page = desk.tab(reverse("plan_page", args=[world.other_plan.pk]))
    if answers == "missing":
        world.client.answer_sets.all().delete()
    else:
        answer_all(world.house, world.client, at=timezone.now() - 400 * DAY)
    with nothing_written():
        press(page, "Approve this plan")
        expect(alert(page)).to_contain_text("It cannot be approved now:")
        expect(alert(page)).to_contain_text("Something that the screening needs is missing or too old.")
        assert page.get_by_role("button", name="Approve this plan").count() == 0
        page.get_by_role("link", name="See what is missing").click()
        press(page, "Compute a new plan")
        expect(alert(page)).to_contain_text("No plan yet. This is missing:")
        expect(alert(page)).to_contain_text("questions have no answer, or one that is too old. Unknown means no")
        assert page.locator("[data-outcome]").get_attribute("data-outcome") == "unknown"
        page.locator("[role=alert]").get_by_role("link", name="Ask the questions").click()
        expect(page.locator("h1")).to_have_text("Questions before the treatment")


@pytest.mark.slow
def test_a_skin_type_that_is_not_known_is_told_and_nothing_is_planned(desk: Desk, house: House) -> None:
    course = ready_course(house, make_client(house, phototype=""))
    desk.sit_down("operator")
    page = desk.tab(reverse("client_card", args=[course.client_id]))
    facts = page.get_by_role("region", name="Body")
    expect(facts.locator("dt:has-text('Skin type') + dd")).to_have_text("not known")
    page.goto(reverse("course_page", args=[course.pk]))
    with nothing_written():
        press(page, "Compute the plan")
        expect(alert(page)).to_contain_text("No plan yet. This is missing:")
        expect(alert(page)).to_contain_text("Skin type:")
    alert(page).get_by_role("link", name="Complete the body data").click()
    page.get_by_role("group", name="Skin type").get_by_label("II: burns easily, tans little").check()
    press(page, "Save")
    page.wait_for_url(f"**{reverse('client_card', args=[course.client_id])}")
    page.goto(reverse("course_page", args=[course.pk]))
    press(page, "Compute the plan")
    page.wait_for_url("**/courses/plans/*/")
    assert course.plans.count() == 1


def force(page: Page, address: str) -> Response:
    """Send a form that the page does not show, as somebody does who knows its address."""
    with page.expect_navigation() as answered:
        page.evaluate(
            """(address) => {
              const form = document.createElement("form");
              form.method = "post";
              form.action = address;
              form.append(document.querySelector("[name=csrfmiddlewaretoken]").cloneNode());
              document.body.append(form);
              form.submit();
            }""",
            address,
        )
    assert answered.value is not None
    return answered.value


@pytest.mark.slow
def test_what_needs_a_doctor_is_planned_and_approved_by_nobody_else(desk: Desk, house: House) -> None:
    plan = class_two(house)
    page = desk.tab("/")
    for who in ("operator", "owner"):
        desk.sit_down(who)
        page.goto(reverse("plan_page", args=[plan.pk]))
        approval = page.get_by_role("region", name="Approval")
        expect(approval).to_contain_text("Class 2 is approved by a doctor.")
        assert approval.get_by_role("button").count() == 0
        with nothing_written():
            assert force(page, reverse("plan_approve", args=[plan.pk])).status == 403
            refused_in_words(page, who)
            page.goto(reverse("course_page", args=[plan.course_id]))
            press(page, "Compute a new plan")
            expect(alert(page)).to_contain_text("Class 2 is planned by a doctor.")
    desk.sit_down("doctor")
    page.goto(reverse("plan_page", args=[plan.pk]))
    press(page, "Approve this plan")
    expect(page.get_by_role("region", name="Approval")).to_contain_text("Approved by Acorn-doctor")
    assert Approval.objects.get().role == "doctor"


@pytest.mark.slow
def test_a_signature_that_is_none_is_refused_by_the_server_whatever_the_page_does(desk: Desk, house: House) -> None:
    course = make_course(house, make_client(house))
    desk.sit_down("operator")
    page = desk.tab(f"{reverse('consent_sign', args=[course.client_id, 'treatment'])}?course={course.pk}")
    with nothing_written():
        for strokes in ("", "[[]]", "[[[0.5, 0.5, 0], [0.501, 0.5, 9]]]", "no strokes"):
            with page.expect_navigation():
                page.evaluate(
                    """(strokes) => {
                      const form = document.querySelector("form.sign");
                      form.elements.strokes.value = strokes;
                      form.submit();
                    }""",
                    strokes,
                )
            assert "Nothing is signed yet." in alert(page).inner_text(), strokes
            assert page.locator("#strokes-error").is_visible(), strokes
        press(page, "Clear")
        page.locator("[data-surface]").click()  # a dot
        expect(page.locator("[data-pad-state]")).to_contain_text("1 stroke")
        with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
            press(page, "I agree and sign")
        assert answered.value.status == 422
        expect(alert(page)).to_contain_text("Nothing is signed yet.")
    press(page, "Clear")
    draw_signature(page)
    press(page, "I agree and sign")
    expect(page.locator('[data-state="given"]')).to_have_count(1)
    assert Consent.objects.count() == 1


@pytest.mark.slow
def test_a_consent_that_is_withdrawn_stops_approval_and_booking(desk: Desk, world: World) -> None:
    said = "The consent to this treatment is not signed, or was withdrawn."
    desk.sit_down("operator")
    plan, page = desk.tab(reverse("plan_page", args=[world.other_plan.pk])), desk.tab()
    page.goto(reverse("consent_overview", args=[world.client.pk]))
    page.locator("details.withdraw > summary").click()
    page.get_by_label("Reason").fill("Changed her mind")
    press(page, "Withdraw it now")
    expect(page.locator(".consent [class*=mark-stop]")).to_have_text("Withdrawn")
    with nothing_written():
        book(page, world.client, today() + 14 * DAY)
        expect(alert(page).locator("li")).to_have_text([f"{said} Let it be signed first."])
        plan.bring_to_front()
        press(plan, "Approve this plan")
        expect(alert(plan).locator("li")).to_have_text(f"{said} Open the consents")
        alert(plan).get_by_role("link", name="Open the consents").click()
        expect(plan.get_by_role("link", name="Read and sign again")).to_be_visible()


@pytest.mark.slow
def test_a_plan_that_has_gone_stale_is_not_approved_and_not_worked_from(desk: Desk, world: World) -> None:
    approved = computed_plan(world.house, world.course)
    Approval.objects.create(
        clinic=world.house.clinic, plan=approved, content_sha256=approved.content_sha256,
        approved_by=world.house.doctor, role="doctor", approved_at=timezone.now(),
    )  # fmt: skip
    desk.sit_down("operator")
    plan, page = desk.tab(reverse("plan_page", args=[world.other_plan.pk])), desk.tab()
    page.goto(reverse("plan_card", args=[approved.pk]))
    assert alert(page).count() == 0
    page.goto(reverse("client_edit", args=[world.client.pk]))
    page.get_by_role("group", name="Thin cheeks").get_by_label("Yes", exact=True).check()
    press(page, "Save")
    page.wait_for_url(f"**{reverse('client_card', args=[world.client.pk])}")
    changed = "Changed since: body data of the client"
    with nothing_written():
        page.goto(reverse("plan_card", args=[approved.pk]))
        expect(alert(page)).to_have_text(f"STALE: do not work from this page. {changed}")
        page.goto(reverse("plan_page", args=[approved.pk]))
        expect(alert(page)).to_contain_text("This plan has gone stale. Do not work from it.")
        assert page.get_by_role("link", name="Print the card").count() == 0
        plan.bring_to_front()
        press(plan, "Approve this plan")
        expect(alert(plan)).to_contain_text(f"It has gone stale. {changed}. Compute it anew.")
        assert plan.get_by_role("button", name="Approve this plan").count() == 0
        assert force(plan, reverse("plan_approve", args=[world.other_plan.pk])).status == 422
    press(plan, "Compute it anew")
    plan.wait_for_url(lambda address: str(world.other_plan.pk) not in address)
    assert world.course.plans.count() == 4


@pytest.mark.slow
def test_a_plan_is_approved_once_and_taken_back_with_a_reason(desk: Desk, world: World) -> None:
    address = reverse("plan_page", args=[world.other_plan.pk])
    desk.sit_down("doctor")
    second, first = desk.tab(address), desk.tab(address)
    press(first, "Approve this plan")
    approval = first.get_by_role("region", name="Approval")
    expect(approval).to_contain_text("Approved by Acorn-doctor")
    with nothing_written():
        second.bring_to_front()
        press(second, "Approve this plan")
        expect(second.get_by_role("region", name="Approval")).to_contain_text("Approved by Acorn-doctor")
        assert force(second, reverse("plan_approve", args=[world.other_plan.pk])).status == 422
        first.bring_to_front()
        first.get_by_text("Take the approval back").click()
        press(first, "Take it back")
        expect(approval.locator(".field-error")).to_have_text("Say why the approval is taken back.")
    assert Approval.objects.get(plan=world.other_plan).revoked_at is None


@pytest.fixture
def cold_course(house: House) -> Course:
    """A course with liquid nitrogen that may be booked."""
    wish: dict[str, Any] = {"indication": "oily_skin", "zones": ["cheek"], "method": "ln2_swab", "exposure_class": None}
    course = ready_course(house, make_client(house), device=house.device, room=house.room, **wish)
    approve_laid(house, course, today())
    return course


def test_a_time_that_is_taken_is_booked_once_and_the_next_is_offered(
    desk: Desk, house: House, cold_course: Course
) -> None:
    day = today() + 3 * DAY
    desk.sit_down("operator")
    late, page = desk.tab(), desk.tab()
    fill_booking(late, make_client(house, full_name="Boris Other"), day)
    book(page, cold_course.client, day)
    booked(page)
    with nothing_written():
        late.bring_to_front()
        press(late, "Book")
        expect(alert(late)).to_contain_text("Somebody was faster, or that time was taken before. Nothing was changed.")
        expect(alert(late)).to_contain_text("Blue room")
        expect(alert(late)).to_contain_text("Acorn-operator")
    alert(late).get_by_role("button").first.click()
    booked(late)
    assert Booking.objects.count() == 2
    assert stored_slots() == expected_slots()


@pytest.mark.slow
def test_a_room_whose_air_is_not_known_or_not_safe_is_not_booked_for_nitrogen(
    desk: Desk, house: House, cold_course: Course
) -> None:
    Room.objects.create(clinic=house.clinic, site=house.site, name="Green room", floor_area_m2=16.0, height_m=2.8)
    vessel = house.room.vessels.get()
    vessel.volume_L, fits = 50.0, vessel.volume_L
    vessel.save()
    desk.sit_down("operator")
    page = desk.tab()
    with nothing_written():
        for room in ("Green room", "Blue room"):
            book(page, cold_course.client, today() + 3 * DAY, room=room)
            refusal = alert(page).locator("li")
            expect(refusal).to_have_count(1)
            expect(refusal).to_have_text(re.compile(rf"^Nitrogen may not be used in {room} on that day\. \S"))
    vessel.volume_L = fits
    vessel.save()
    book(page, cold_course.client, today() + 3 * DAY)
    booked(page)


@pytest.mark.slow
def test_no_visit_before_the_skin_has_rested_nor_in_the_past(desk: Desk, house: House, cold_course: Course) -> None:
    wall, gap = ZoneInfo(house.clinic.time_zone), facts_of(cold_course).gap_hours
    first = datetime.datetime.combine(today() + 3 * DAY, datetime.time(10), wall).astimezone(datetime.UTC)
    rested = first + datetime.timedelta(hours=gap)  # true hours, whatever the clocks on the wall do meanwhile
    early, in_time = (one.astimezone(wall) for one in (rested - datetime.timedelta(minutes=5), rested))
    desk.sit_down("operator")
    page = desk.tab()
    book(page, cold_course.client, today() + 3 * DAY)
    booked(page)
    with nothing_written():
        book(page, cold_course.client, early.date(), f"{early:%H:%M}")
        expect(alert(page).locator("li")).to_have_count(1)
        expect(alert(page)).to_contain_text(f"Between two sessions there lie at least {gap:g} hours.")
        book(page, cold_course.client, today() - DAY)
        expect(alert(page)).to_contain_text("This time has passed. Choose a later one.")
    book(page, cold_course.client, in_time.date(), f"{in_time:%H:%M}")
    booked(page)
