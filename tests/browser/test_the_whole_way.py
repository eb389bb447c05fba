"""From the link that is printed at the first start to the card in the hand, in a real browser on the real product."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Request

from tests.browser import way
from tests.browser.hands import Keyboard, Mouse
from tests.browser.product import Product

pytestmark = pytest.mark.browser


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    started = Product(tmp_path)
    started.start()
    yield started
    started.stop()


@pytest.fixture
def watched(tablet: BrowserContext, product: Product) -> Iterator[Page]:
    """A tab whose scripts must not fail, and which must ask nobody but us."""
    page, wrong = tablet.new_page(), []

    def asked(request: Request) -> None:
        if not request.url.startswith((product.address, "data:", "blob:")):
            wrong.append(request.url)

    page.on("request", asked)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    page.set_default_timeout(20_000)
    yield page
    assert wrong == []


def test_from_the_first_start_to_the_card_with_mouse_and_a_drawn_signature(watched: Page, product: Product) -> None:
    hand = Mouse(watched)
    way.begin(hand, product.setup, demo=True)
    way.new_client(hand)
    # The demo is put in by the worker; the room that a booking needs comes first.
    way.wish(hand)
    way.screening(hand)
    way.open_consent(hand)
    way.draw_signature(watched)
    way.sign(hand)
    way.chart(hand)
    way.plan(hand)
    way.approve(hand)
    way.book(hand)
    way.card(hand)


@pytest.mark.slow
def test_the_same_way_by_keyboard_alone(watched: Page, product: Product) -> None:
    hand = Keyboard(watched)
    way.begin(hand, product.setup, demo=True)
    way.new_client(hand)
    way.wish(hand)
    way.screening(hand)
    way.open_consent(hand)
    way.type_signature(hand, way.NAME)
    way.sign(hand)
    way.chart(hand)
    way.plan(hand)
    way.approve(hand)
    way.book(hand)
    way.card(hand)
