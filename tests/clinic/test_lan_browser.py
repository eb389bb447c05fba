"""A tablet of the local network, from the page of trust to the clinic by its name; no certificate error is ignored."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clinic.people import PASSWORD
from tests.clinic.server_live import Clinic, make_people
from tests.clinic.test_lan import NAME, free_pair
from tests.support.tools import CHROMIUM
from tests.support.tools import chromium as find_chromium

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of the clinic, and that of its page of trust."""
    folder = tmp_path_factory.mktemp("lan")
    make_people(folder)
    port = free_pair()
    with Clinic(folder, "--lan", "--port", str(port)) as running:
        yield running.address(), f"http://{NAME}:{port + 1}/"
        assert "Traceback" not in running.text


class Tablet:
    """A Chromium with a home, and so with a list of trusted authorities, of its own."""

    def __init__(self, started: Any, home: Path) -> None:
        self._started, self._home = started, home
        home.mkdir()

    def trust(self, certificate: Path) -> None:
        store = self._home / ".pki" / "nssdb"
        store.mkdir(parents=True)
        for options in (
            ["-N", "--empty-password"],
            ["-A", "-t", "C,,", "-n", "clinic", "-i", str(certificate)],
        ):
            subprocess.run(["certutil", "-d", f"sql:{store}", *options], check=True, capture_output=True)

    def open(self, **more: Any) -> Any:
        # This computer asks no multicast name service; that the name is told over one is tested in test_lan.
        named = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
        return self._started.chromium.launch(
            executable_path=find_chromium(),
            args=[*CHROMIUM, named],
            env={**os.environ, "HOME": str(self._home)},
            **more,
        )


@pytest.mark.parametrize(
    ("language", "title"), [("en-GB", "Let this tablet trust the clinic"), ("ru-RU", "")], ids=["en", "ru"]
)
@pytest.mark.slow
def test_the_page_of_trust_is_read_in_the_language_of_the_tablet(
    one_playwright: Any, clinic: tuple[str, str], tmp_path: Path, language: str, title: str
) -> None:
    browser = Tablet(one_playwright, tmp_path / "home").open()
    page = browser.new_page(locale=language, viewport={"width": 390, "height": 844})
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    page.goto(clinic[1])
    assert page.locator("html").get_attribute("lang") == language[:2]
    if title:
        assert page.locator("h1").inner_text() == title
    assert page.evaluate("document.querySelector('.trust-code').naturalWidth") > 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for link in page.locator(".trust a:visible").all():
        assert link.bounding_box()["height"] >= 44
    page.locator("[lang=en]:visible, [lang=ru]:visible").last.click()  # the other language, or the same by name
    assert "lang=" in page.url
    assert not said
    browser.close()


@pytest.mark.slow
def test_a_tablet_trusts_the_clinic_and_opens_it_by_name(
    one_playwright: Any, clinic: tuple[str, str], tmp_path: Path
) -> None:
    address, trust_page = clinic
    tablet = Tablet(one_playwright, tmp_path / "home")
    browser = tablet.open()
    page = browser.new_page()
    with pytest.raises(playwright.Error, match="ERR_CERT_AUTHORITY_INVALID"):
        page.goto(address)
    page = browser.new_page()
    page.goto(trust_page)
    with page.expect_download() as loading:
        page.get_by_role("link", name="Download the certificate").click()
    certificate = tmp_path / "cryomassage.crt"
    loading.value.save_as(certificate)
    assert loading.value.suggested_filename == "cryomassage.crt"
    browser.close()
    tablet.trust(certificate)

    browser = tablet.open()
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    page.goto(trust_page)
    page.get_by_role("link", name="Open the clinic").click()
    page.wait_for_url(f"{address}/**")
    assert page.evaluate("isSecureContext && 'wakeLock' in navigator && 'mediaDevices' in navigator")
    assert page.evaluate("typeof PublicKeyCredential") == "function"
    page.locator("[name=login]").fill("acorn-operator")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url(f"{address}/")
    cookies = {one["name"]: one for one in page.context.cookies()}
    assert cookies["__Host-sessionid"]["secure"]
    assert cookies["__Host-sessionid"]["httpOnly"]
    # From now on the browser itself refuses to ask for the name without encryption.
    assert page.evaluate("fetch('/alive').then((answer) => answer.headers.get('Strict-Transport-Security'))")
    assert not said
    browser.close()
