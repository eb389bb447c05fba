"""The product as its users start it, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page


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
