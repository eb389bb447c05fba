"""The way from a new client to a printed card, as an operator goes it: one function a step."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.hands import Hand

PASSWORD = "four quiet snowy owls"
NAME = "Mila Novak"
PHONE = "+44 20 7946 0199"
COMPUTING_MS = 120_000  # with nothing compiled yet, on two busy cores
_ANSWERED_BY_YES = ("Can you feel cold and pain", "Do you understand the risks")
_MEASURED = {"upper value": "118", "lower value": "76", "pulse": "68"}


def begin(hand: Hand, link: str, *, demo: bool) -> None:
    """The first owner, by the link that works once."""
    page = hand.page
    page.goto(link)
    hand.write(page.get_by_label("Name of the clinic"), "North Clinic")
    hand.choose(page.get_by_label("Time zone"), "Europe/London")
    hand.write(page.get_by_label("Your name"), "Olga Weber")
    hand.write(page.get_by_label("User name"), "olga")
    hand.write(page.locator("input[name=password]"), PASSWORD)
    if demo:
        hand.tick(page.get_by_label(re.compile("demo data")))
    hand.press(page.get_by_role("button", name="Begin"))
    expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()


def new_client(hand: Hand, name: str = NAME, phone: str = PHONE) -> None:
    """Contact and body."""
    page = hand.page
    hand.press(page.get_by_role("link", name="Today", exact=True))
    hand.press(page.get_by_role("link", name="New client"))
    hand.write(page.get_by_label("Full name"), name)
    hand.write(page.get_by_label("Date of birth"), "1994-03-09")
    hand.write(page.get_by_label(re.compile("Phone")), phone)
    hand.tick(page.get_by_label("Female", exact=True))
    hand.tick(page.get_by_label("II: burns easily, tans little"))
    hand.tick(page.get_by_role("group", name="Thin cheeks").get_by_label("No", exact=True))
    hand.press(page.get_by_role("button", name="Add client"))
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def wish(hand: Hand) -> None:
    """What they come for: slight swelling of the forehead, ice."""
    page = hand.page
    hand.press(page.get_by_role("link", name=re.compile("New course|first course|What do they come for")).first)
    expect(page.get_by_role("heading", name="What do they come for?")).to_be_visible()
    hand.tick(page.get_by_role("radio", name=re.compile("^Slight swelling of the face")))
    hand.press(page.get_by_role("button", name="Next"))
    hand.tick(page.get_by_label("Forehead and skin between the brows"))
    hand.press(page.get_by_role("button", name="Next"))
    expect(page.get_by_role("heading", name="How?")).to_be_visible()
    hand.tick(page.get_by_role("radio", name=re.compile("Ice, circling Class 0")))
    hand.press(page.get_by_role("button", name="Next"))
    expect(page.get_by_role("heading", name="With what?")).to_be_visible()
    hand.press(page.get_by_role("button", name=re.compile("Save|Keep|Open the course")))


def screening(hand: Hand) -> None:
    """Every question, answered as a healthy person would."""
    page = hand.page
    hand.press(page.get_by_role("link", name="Screening"))
    expect(page.get_by_role("heading", name="Questions before the treatment")).to_be_visible()
    while True:
        for question in page.locator("[data-question]:visible").all():
            words = question.locator("legend").first.inner_text()
            number = question.locator("input.number")
            if number.count():
                hand.write(number, next(value for key, value in _MEASURED.items() if key in words))
            elif any(words.startswith(start) for start in _ANSWERED_BY_YES):
                hand.tick(question.get_by_label("Yes", exact=True))
            else:
                hand.tick(question.locator("input[value=no], input[value=none]").first)
        if page.get_by_role("button", name="Save the answers").is_visible():
            break
        hand.press(page.get_by_role("button", name="Next"))
    hand.press(page.get_by_role("button", name="Save the answers"))
    expect(page.get_by_text("May be treated").first).to_be_visible()


def open_consent(hand: Hand) -> None:
    """From the verdict to the text that is read and signed."""
    page = hand.page
    hand.press(page.get_by_role("link", name="Next: consent"))
    hand.press(page.get_by_role("link", name=re.compile("Sign|Read and sign")).first)
    expect(page.get_by_role("heading", name="Read and sign")).to_be_visible()


def draw_signature(page: Page) -> None:
    """By hand."""
    pad = page.locator("[data-pad]").first
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] * 0.6)
    page.mouse.down()
    for step in range(1, 25):
        up = 0.25 if step % 6 < 3 else 0.65
        page.mouse.move(box["x"] + 40 + step * min(14, box["width"] / 30), box["y"] + box["height"] * up, steps=3)
    page.mouse.up()


def type_signature(hand: Hand, name: str = NAME) -> None:
    """Where somebody cannot draw: typed, and witnessed."""
    page = hand.page
    hand.tick(page.locator("[name=cannot_draw]"))
    hand.write(page.locator("[name=typed_signature]"), name)
    hand.tick(page.get_by_label(re.compile("was there")).first)


def sign(hand: Hand) -> None:
    """Agree."""
    page = hand.page
    hand.press(page.get_by_role("button", name="I agree and sign"))
    expect(page.get_by_text(re.compile("[Gg]iven")).first).to_be_visible()


def chart(hand: Hand) -> None:
    """Never treated before, and one mole to be seen."""
    page = hand.page
    hand.press(page.get_by_role("link", name="Chart", exact=True))
    expect(page.get_by_role("heading", name="Chart", exact=True)).to_be_visible()
    hand.tick(page.get_by_label(re.compile(": never")))
    hand.press(page.get_by_role("button", name="Keep"))
    hand.press(page.locator(".zone-list").get_by_role("link", name="Nose", exact=True))
    hand.tick(page.get_by_label("Lesion"))
    hand.write(page.get_by_label(re.compile("Note")), "Flat mole, looked at by a doctor in spring")
    hand.press(page.get_by_role("button", name="Keep", exact=True))
    expect(page.get_by_text("Lesion: Nose").first).to_be_visible()


def plan(hand: Hand) -> None:
    """Computed by the worker, then read."""
    page = hand.page
    hand.press(page.get_by_role("link", name="On to the plan"))
    hand.press(page.get_by_role("button", name=re.compile("Compute")))
    expect(page.get_by_role("heading", name=re.compile("Plan of session"))).to_be_visible()
    expect(page.get_by_role("heading", name="What to do")).to_be_visible(timeout=COMPUTING_MS)


def approve(hand: Hand) -> None:
    """By whoever may."""
    page = hand.page
    hand.press(page.get_by_role("button", name=re.compile("Approve")))
    expect(page.get_by_text(re.compile("Approved by")).first).to_be_visible()


def book(hand: Hand) -> None:
    """The whole course, at the times that the planner proposes."""
    page = hand.page
    hand.press(page.get_by_role("link", name="Book the course"))
    hand.press(page.get_by_role("button", name="Propose times"))
    hand.press(page.get_by_role("button", name="Book what is ticked"))
    expect(page.get_by_role("heading", name="Booked")).to_be_visible()


def card(hand: Hand) -> None:
    """The page to work from."""
    page = hand.page
    hand.press(page.get_by_role("link", name=re.compile("^(✓ )?Card")).first)
    expect(page.get_by_role("heading", name="Card")).to_be_visible()
    expect(page.get_by_text("Approved by").first).to_be_visible()
    expect(page.get_by_text(NAME).first).to_be_visible()
