"""The product as its users start it, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.clinic.at_rest import wait_for_rest


@pytest.fixture
def chromium(chromium: Any) -> Iterator[Any]:
    """The browser of this process; what a test opens in it is closed, and answered, before the tables are emptied."""
    yield chromium
    for one in chromium.contexts:
        one.close()
    wait_for_rest()


@pytest.fixture
def tablet(chromium: Browser) -> Iterator[BrowserContext]:
    """A tablet of its own, with touch."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, has_touch=True, locale="en-GB")
    yield context
    context.close()


@pytest.fixture
def page(tablet: BrowserContext) -> Page:
    """One tab of it."""
    return tablet.new_page()
