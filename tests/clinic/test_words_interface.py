"""The interface in Russian: every string is in the catalogue, translated, with its places filled in."""

from __future__ import annotations

import re

import polib
import pytest
from django.utils import translation

from tests.support import russian_messages as messages
from tests.support.russian import numbers

pytestmark = [pytest.mark.unit, pytest.mark.sqlite]

# Names of products, files and formats, which are the same in every language.
LATIN = re.compile(
    r"Cryomassage|cryomassage\.crt|name@example\.org|Android|Chrome|Chromium|Linux|Firefox|Safari|Windows|Edge|iPad|iPhone|"
    r"QR|SHA-256|JSON Lines|JSON|CSV|SVG|UTC|UTF-8|manifest\.json|for-people|tables|media|chrome://certificate-manager|"
    r"\.local|°C|TOML|PostgreSQL|SQLite|PDF|iCalendar|Wi-Fi|Bluetooth|[\w.-]+\.(?:local|toml|zip|log)|\b[IVX]+\b|\b[A-F]\b"
)


@pytest.fixture(scope="module")
def entries() -> polib.POFile:
    return messages.catalogue()


def said(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_every_string_of_the_product_is_in_the_catalogue(entries: polib.POFile) -> None:
    """To refresh: python -m tests.support.russian_messages"""
    wanted, held = set(messages.extracted()), {messages.key_of(entry) for entry in entries if not entry.obsolete}
    assert len(wanted) > 1000
    assert (sorted(map(str, wanted - held)), sorted(map(str, held - wanted))) == ([], [])


def test_every_string_is_translated(entries: polib.POFile) -> None:
    assert [entry.msgid for entry in entries if entry.fuzzy or not all(part.strip() for part in said(entry))] == []
    assert [entry.msgid for entry in entries if entry.msgid_plural and set(entry.msgstr_plural) != {0, 1, 2}] == []


def test_places_and_tags_are_the_same(entries: polib.POFile) -> None:
    wrong = {}
    for entry in entries:
        wanted = messages.formats(entry.msgid), messages.markup(entry.msgid)
        many = messages.formats(entry.msgid_plural or entry.msgid), messages.markup(entry.msgid_plural or entry.msgid)
        for part in said(entry):
            if (messages.formats(part), messages.markup(part)) not in (wanted, many):
                wrong[entry.msgid] = part
            if part.count("%%") != entry.msgid.count("%%") or part.count("\n") != entry.msgid.count("\n"):
                wrong[entry.msgid] = part
    assert wrong == {}


def test_a_number_is_named_in_every_plural_form(entries: polib.POFile) -> None:
    """The first form also serves 21 and 101: it may not say “one” instead of the number."""
    silent = {
        entry.msgid: part
        for entry in entries
        if entry.msgid_plural
        for part in said(entry)
        if messages.formats(part) != messages.formats(entry.msgid_plural)
    }
    assert silent == {}


def test_numbers_are_the_same(entries: polib.POFile) -> None:
    place = re.compile(r"%\(\w+\)[sdif]|%[sd]|SHA-256|UTF-8")
    wrong = {
        entry.msgid: part
        for entry in entries
        for part in said(entry)
        if numbers(place.sub(" ", entry.msgid_plural or entry.msgid)) != numbers(place.sub(" ", part))
    }
    assert wrong == {}


def test_translations_are_russian(entries: polib.POFile) -> None:
    place = re.compile(r"%\(\w+\)[sdifg]|%[sdg]|\{\w*\}|</?[a-z][^>]*>|\\n")
    foreign = {
        entry.msgid: part
        for entry in entries
        for part in said(entry)
        if re.search(r"[A-Za-z]{2,}", LATIN.sub(" ", place.sub(" ", part)))
    }
    assert foreign == {}


def test_the_compiled_catalogue_is_of_these_entries(entries: polib.POFile) -> None:
    assert messages.COMPILED.read_bytes() == messages.compiled(entries)


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1 год"), (3, "3 года"), (5, "5 лет"), (11, "11 лет"), (21, "21 год"), (112, "112 лет")]
)
def test_django_reads_it_with_its_plural_forms(number: int, said: str) -> None:
    with translation.override("ru"):
        assert translation.ngettext("%(years)s year", "%(years)s years", number) % {"years": number} == said


class TestExtraction:
    """The extractor finds what xgettext would."""

    def test_templates(self) -> None:
        source = (
            '{% load i18n %}{% translate "Plain" %}{% translate "Said so" context "verb" %}{{ _("In braces") }}'
            "{% translate 'Quoted \"here\"' as word %}"
            "{% blocktranslate trimmed with name=client.name %}\n  Two\n  lines {{ name }}\n{% endblocktranslate %}"
            "{% blocktranslate count n=list|length %}one{% plural %}{{ n }} many{% endblocktranslate %}"
            '{{ value|default:_("Unknown") }}<p>gettext("no")</p>'
        )
        found = {(message.context, message.text, message.plural) for message in messages.of_template(source, "x.html")}
        assert found == {
            (None, "Plain", ""),
            ("verb", "Said so", ""),
            (None, "In braces", ""),
            (None, 'Quoted "here"', ""),
            (None, "Two lines %(name)s", ""),
            (None, "one", "%(n)s many"),
            (None, "Unknown", ""),
        }

    def test_python(self) -> None:
        source = (
            "from django.utils.translation import gettext as _, gettext_lazy, ngettext_lazy as many, pgettext\n"
            "from django.utils import translation\n"
            '_("a" "b"); gettext_lazy("lazy"); many("one", "more", 2); pgettext("where", "what")\n'
            'translation.gettext("by module"); other("not this"); _(variable)\n'
        )
        found = {(message.context, message.text, message.plural) for message in messages.of_python(source, "x.py")}
        assert found == {
            (None, "ab", ""),
            (None, "lazy", ""),
            (None, "one", "more"),
            ("where", "what", ""),
            (None, "by module", ""),
        }

    def test_a_text_put_together_first_is_refused(self) -> None:
        source = 'from django.utils.translation import gettext\ngettext(f"Hello {name}")\n'
        with pytest.raises(ValueError, match=r"x\.py:2"):
            list(messages.of_python(source, "x.py"))
