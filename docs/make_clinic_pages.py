"""Goes the way from a new client to a printed card on the running product, and takes a picture at each step.

Run as `make pages`. The pictures stand in docs/images/clinic: tablet and phone, light and dark.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser import way  # noqa: E402
from tests.browser.conftest import ARGUMENTS  # noqa: E402
from tests.browser.hands import Mouse  # noqa: E402
from tests.browser.product import Product  # noqa: E402
from tests.support.tools import chromium  # noqa: E402

FOLDER = ROOT / "docs/images/clinic"
SIZES = {"tablet": (1280, 800), "phone": (390, 844)}
_COLOURS = 128


def _keep(page: Page, name: str) -> None:
    """The page as it stands, in all four ways; pictures of few colours weigh little."""
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            page.wait_for_timeout(150)
            picture = Image.open(io.BytesIO(page.screenshot(full_page=False)))
            small = picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
            small.save(FOLDER / f"{name}-{size}-{theme}.png", optimize=True)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light")


def main() -> None:
    """All steps."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        product = Product(Path(folder))
        product.start()
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        try:
            page = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB").new_page()
            page.set_default_timeout(30_000)
            hand = Mouse(page)
            page.goto(product.setup)
            _keep(page, "00-begin")
            way.begin(hand, product.setup, demo=True)
            page.wait_for_timeout(20_000)  # the demo is put in by the worker
            page.reload()
            _keep(page, "01-today")
            way.new_client(hand)
            _keep(page, "02-client")
            way.wish(hand)
            _keep(page, "03-course")
            page.get_by_role("link", name="Screening").click()
            _keep(page, "04-screening")
            way.screening(hand)
            _keep(page, "05-verdict")
            way.open_consent(hand)
            way.draw_signature(page)
            _keep(page, "06-consent")
            way.sign(hand)
            way.chart(hand)
            _keep(page, "07-chart")
            way.plan(hand)
            _keep(page, "08-plan")
            page.get_by_role("heading", name="What the skin will feel").scroll_into_view_if_needed()
            _keep(page, "09-plan-skin")
            way.approve(hand)
            _keep(page, "10-approved")
            way.book(hand)
            _keep(page, "11-booked")
            page.get_by_role("link", name="Calendar").first.click()
            _keep(page, "12-calendar")
            page.go_back()
            way.card(hand)
            _keep(page, "13-card")
        finally:
            browser.close()
            product.stop()


if __name__ == "__main__":
    main()
