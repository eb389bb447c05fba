"""No page holds a word that cannot be translated: in a made-up language every told string stands in brackets."""

from __future__ import annotations

import re

import pytest

from cryomassage_clinic.accounts.models import User
from tests.clinic.addresses import addresses, make_world
from tests.clinic.people import House
from tests.clinic.pseudo import pseudo, untranslated

pytestmark = [pytest.mark.unit, pytest.mark.pages]

# What people typed, names of the world, and what is the same in every language.
DATA = (
    "Acorn", "Anna Petrova", "A.P.", "T-0001", "Blue room", "Flask", "Swab", "Dr Wu", "Cryomassage", "Mole", "Europe",
    "English", "Русский", "owner", "operator", "phone", "Acorn-doctor", "Acorn-inspector", "Acorn-reception",
    "Acorn-owner", "Acorn-operator", "acorn-owner", "acorn-reception",
    "acorn-doctor", "acorn-inspector",
    "acorn-operator", "lesion", "face", "chin", "Acorn Street",
)  # fmt: skip


# Texts of the clinic, in the language of each; citations and fingerprints.
OWN_TEXTS = {"consent_sign", "consent_page", "consent_text", "consent_text_version", "plan_report"}
CITED = re.compile(r"<small\b.*?</small>|<(dd|span) class=.fingerprint.>.*?</\1>", re.DOTALL)


def test_every_word_of_every_page_can_be_translated(acorn: House) -> None:
    world = make_world(acorn)
    User.objects.update(language="ru")
    browser, found = acorn.browser("owner"), {}
    with pseudo():
        for address in addresses():
            if address.is_open or address.is_librarys or "GET" not in address.view.methods:
                continue
            answer = browser.get(world.at(address))
            if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
                continue
            html = answer.content.decode()
            if address.name in ("plan_page", "plan_card"):
                html = CITED.sub("", html)
            left = untranslated(html, allowed=DATA)
            if left and address.name not in OWN_TEXTS:
                found[address.name] = left[:8]
    told = "\n".join(f"{name}: {left}" for name, left in found.items())
    assert found == {}, told
