"""Two ways to work a page: with mouse and finger, or with the keyboard alone."""

from __future__ import annotations

import re
from typing import Protocol

from playwright.sync_api import Locator, Page

_MOST_TABS = 400


class Hand(Protocol):
    """What a hand can do."""

    page: Page

    def press(self, what: Locator) -> None: ...
    def tick(self, what: Locator) -> None: ...
    def write(self, what: Locator, text: str) -> None: ...
    def choose(self, what: Locator, value: str) -> None: ...


class Mouse:
    """Clicks and types."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, what: Locator) -> None:
        what.click()

    def tick(self, what: Locator) -> None:
        what.check()

    def write(self, what: Locator, text: str) -> None:
        what.fill(text)

    def choose(self, what: Locator, value: str) -> None:
        what.select_option(value)


class Keyboard:
    """Tab, arrows, space, enter and letters; the mouse is never touched."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def _is_on(self, what: Locator) -> bool:
        return bool(what.evaluate("element => element === document.activeElement"))

    def reach(self, what: Locator, *, or_its_group: bool = False) -> None:
        """Tab until it has the focus; the focus must be seen, and not lie under a bar that sticks."""
        what.wait_for(state="attached")
        group = what.get_attribute("name") if or_its_group else None
        for _tab in range(_MOST_TABS):
            if self._is_on(what):
                break
            if group and self.page.evaluate("name => document.activeElement.name === name", group):
                return
            self.page.keyboard.press("Tab")
        else:
            raise AssertionError(f"{what}: the keyboard does not reach it")
        assert what.evaluate(
            """element => {
              const box = element.getBoundingClientRect();
              if (!box.width || element.matches("input[type=radio], input[type=checkbox]")) return true;
              const x = Math.min(innerWidth - 1, Math.max(0, box.left + box.width / 2));
              const y = Math.min(innerHeight - 1, Math.max(0, box.top + box.height / 2));
              const top = document.elementFromPoint(x, y);
              return !top || element.contains(top) || top.contains(element) || element.closest("svg") !== null;
            }"""
        ), f"{what}: has the focus and is hidden"

    def press(self, what: Locator) -> None:
        self.reach(what)
        self.page.keyboard.press("Enter")

    def tick(self, what: Locator) -> None:
        if what.get_attribute("type") == "radio":
            self.reach(what, or_its_group=True)
            for _step in range(40):
                if self._is_on(what):
                    break
                self.page.keyboard.press("ArrowDown")
            if not what.is_checked():
                self.page.keyboard.press("Space")
        else:
            self.reach(what)
            if not what.is_checked():
                self.page.keyboard.press("Space")
        assert what.is_checked(), what

    def write(self, what: Locator, text: str) -> None:
        self.reach(what)
        day = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text)
        if day and what.get_attribute("type") == "date":
            year, month, number = day.groups()
            self.page.keyboard.type(f"{month}{number}{year}")
            if what.input_value() != text:  # the order of the parts is the browser's, not the page's
                for _part in range(2):
                    self.page.keyboard.press("ArrowLeft")
                self.page.keyboard.type(f"{number}{month}{year}")
        else:
            self.page.keyboard.press("ControlOrMeta+a")
            self.page.keyboard.type(text)
        assert what.input_value() == text, (what.input_value(), text)

    def choose(self, what: Locator, value: str) -> None:
        self.reach(what)
        label = what.locator(f"option[value='{value}']").inner_text()
        self.page.keyboard.type(label[:12])
        assert what.input_value() == value, what.input_value()
