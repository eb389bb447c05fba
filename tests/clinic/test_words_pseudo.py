"""The made-up language finds what nobody can translate."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.utils import translation

from tests.clinic.pseudo import pseudo, untranslated

pytestmark = [pytest.mark.unit, pytest.mark.sqlite]


def page(source: str, **context: object) -> str:
    with pseudo(), translation.override("ru"):
        return Template(source).render(Context(context))


def test_translated_pages_are_clean() -> None:
    html = page(
        '{% load i18n %}<title>{% translate "Clients" %} · Cryomassage</title>'
        '<input type="submit" value="{% translate "Save" %}" placeholder="{% translate "Name" %}">'
        "{% blocktranslate count n=2 %}<b>{{ n }}</b> visit{% plural %}<b>{{ n }}</b> visits{% endblocktranslate %}"
        "<p>{{ zone|core }}: 12.5 °C, {{ name }}</p><script>var word = 1;</script>",
        zone="Cheeks",
        name="Anna Example",
    )
    assert "⟦Clients⟧" in html
    assert "⟦Cheeks⟧" in html
    assert untranslated(html, allowed=["Anna Example"]) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<img src="x" alt="A picture">', ["A picture"]),
        ('<button aria-label="Close">×</button>', ["Close"]),
        ('<input type="submit" value="Send">', ["Send"]),
        ('<input type="text" value="typed" placeholder="Search">', ["Search"]),
        ('<form data-saved="Saved here" data-safe="course:new"></form>', ["Saved here"]),
        ('<td data-label="Where">1</td>', ["Where"]),
        ("<svg><title>Face</title><text>Nose</text></svg>", ["Face", "Nose"]),
        ('{% load i18n %}<p>{% translate "Name" %}: not this</p>', [": not this"]),
        ("<p>Anna</p>", ["Anna"]),
        ("<p>{{ 'Cheeks'|core }} left</p>", ["left"]),
    ],
)
def test_what_is_not_translated_is_found(source: str, found: list[str]) -> None:
    assert untranslated(page(source)) == found


def test_what_nobody_sees_is_not_read() -> None:
    html = "<style>body { color: red }</style><script>alert('word')</script><template>hidden words</template>"
    assert untranslated(html) == []
    assert untranslated('<meta name="viewport" content="width=device-width"><p>12 345</p><p>·</p>') == []


def test_the_language_is_given_back() -> None:
    with translation.override("ru"):
        with pseudo():
            assert translation.gettext("Save") == "⟦Save⟧"
            assert translation.ngettext("%(n)s question", "%(n)s questions", 2) == "⟦%(n)s questions⟧"
            assert translation.pgettext("anything", "Save") == "⟦Save⟧"
        assert translation.gettext("Save") == "Сохранить"
