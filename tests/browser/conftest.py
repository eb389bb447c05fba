"""The product as its users start it, in a real Chromium."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.tools import chromium

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chrome() -> Iterator[Browser]:
    """One Chromium for all tests of a process."""
    # Playwright's loop runs in this thread, and tests ask the database beside the browser.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def tablet(chrome: Browser) -> Iterator[BrowserContext]:
    """A tablet of its own, with touch."""
    context = chrome.new_context(viewport={"width": 1280, "height": 800}, has_touch=True, locale="en-GB")
    yield context
    context.close()


@pytest.fixture
def page(tablet: BrowserContext) -> Page:
    """One tab of it."""
    return tablet.new_page()
