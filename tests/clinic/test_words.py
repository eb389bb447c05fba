"""What the core says, in Russian: complete, with the same numbers and the same negations."""

from __future__ import annotations

import json
import re
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from cryomassage_clinic.web import core_words
from cryomassage_clinic.web.core_words import told
from cryomassage_clinic.web.phrasebook import book as book_module
from cryomassage_clinic.web.phrasebook.book import Phrasebook, book, compiled
from cryomassage_clinic.web.phrasebook.russian import date, number, plural
from tests.support.russian import foreign_words, numbers

pytestmark = [pytest.mark.unit, pytest.mark.sqlite]

KNOWLEDGE = Path(__file__).parents[2] / "src/cryomassage/knowledge/data"
PHRASES = Path(book_module.__file__).parent / "ru"

# Every field of the knowledge that a page may show. Left out are the notes and names of the physical parameters
# (tissues, vessels, nerves, colour, freezing, nitrogen, fits, trials, validation sources, shapes), which stand in the
# handbook only, and the titles of sources, which are never translated.
COVERED = {
    "questions": r"ask|why",
    "rules_body": r"reason|restriction\.instruction|disagreement|product_does",
    "rules_procedures": r"reason|restriction\.instruction|disagreement|product_does",
    "rules_skin": r"reason|restriction\.instruction|disagreement|product_does",
    "rules_visit": r"reason|restriction\.instruction|disagreement|product_does",
    "zones_face": r"name|massage_lines\.(start|end|disagreement|product_does)|.*reason\.text|cautions\.text|"
    r"cautions\.(disagreement|product_does)",
    "zones_body": r"name|massage_lines\.(start|end|disagreement|product_does)|.*reason\.text|cautions\.text|"
    r"cautions\.(disagreement|product_does)",
    "methods": r"name|(steps|expected|expected_dark_skin|stop_signs|stop_signs_dark_skin)\."
    r"(text|disagreement|product_does)|.*\.disagreement|.*\.product_does",
    "indications_face": r"name|goal\.text|evidence\.sentence|.*\.(text|disagreement|product_does)",
    "indications_scalp": r"name|goal\.text|evidence\.sentence|.*\.(text|disagreement|product_does)",
    "exposure_classes": r"name|.*\.text",
    "cold_sources": r"name|measure\.text|.*nozzle",
    "barriers": r"name",
    "limits": r"name|.*reason\.text|reason|.*\.disagreement|.*\.product_does",
    "limits_planning": r"name|reason\.text|.*\.disagreement|.*\.product_does",
    "aftercare": r"name|in_short|signs|.*\.(text|disagreement|product_does)",
    "claims": r"name|said|product_does|evidence\.sentence|.*\.(text|disagreement|product_does)",
    "combinations": r"name|order|.*note|.*disagreement|.*product_does",
    "contraindications": r"name|reason|disagreement|product_does",
    "injury": r"name|.*(harm|reason)\.text",
}


def walked(content: Any, path: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Every text of a table with its path, without the numbers of lists."""
    if isinstance(content, dict):
        return [found for key, value in content.items() for found in walked(value, (*path, key))]
    if isinstance(content, list):
        return [found for value in content for found in walked(value, path)]
    return [(".".join(path), content)] if isinstance(content, str) else []


def static_texts() -> list[tuple[str, str]]:
    """Covered texts of the knowledge with where they stand."""
    found = []
    for name, fields in COVERED.items():
        content = tomllib.loads((KNOWLEDGE / f"{name}.toml").read_text(encoding="utf-8"))
        for path, text in walked(content):
            inside = path.split(".", 2)[-1]  # after the kind and the key of the entry
            if re.fullmatch(fields, inside):
                found.append((f"{name}: {path}", text))
    levels = tomllib.loads((KNOWLEDGE / "nitrogen.toml").read_text(encoding="utf-8"))["oxygen_level"]
    return found + [(f"nitrogen: {path}", text) for path, text in walked(levels) if path.endswith("meaning.text")]


@pytest.fixture
def russian() -> Any:
    with translation.override("ru"):
        yield book("ru")


def all_entries() -> dict[str, str]:
    return {
        english: said
        for file in sorted(PHRASES.glob("*.json"))
        for english, said in json.loads(file.read_text(encoding="utf-8")).items()
    }


class TestCompleteness:
    def test_enough_texts_are_covered(self) -> None:
        assert len(static_texts()) > 1500
        assert {where.split(":")[0] for where, _text in static_texts()} == {*COVERED, "nitrogen"}

    def test_every_static_text_has_an_entry(self) -> None:
        phrases = book("ru").phrases
        assert [f"{where}: {text}" for where, text in static_texts() if text not in phrases] == []

    def test_every_choice_of_a_question_is_told(self, russian: Phrasebook) -> None:
        content = tomllib.loads((KNOWLEDGE / "questions.toml").read_text(encoding="utf-8"))["question"]
        choices = {choice for one in content.values() for choice in one.get("choices", ())} | {"yes", "no", "unsure"}
        assert {choice for choice in choices if russian.told(choice)[1]} == set()

    def test_no_entry_has_lost_its_english(self) -> None:
        """An entry whose English stands nowhere in the core is dead: the core has changed its words."""
        core = Path(KNOWLEDGE).parents[1]
        known = {text for file in KNOWLEDGE.glob("*.toml") for _path, text in walked(tomllib.loads(file.read_text()))}
        source = " ".join(file.read_text(encoding="utf-8") for file in core.rglob("*.py"))
        kept = {"composed.json", "patterns.json"}
        dead = [
            english
            for file in PHRASES.glob("*.json")
            if file.name not in kept
            for english in json.loads(file.read_text(encoding="utf-8"))
            if english not in known and english not in source
        ]
        assert dead == []


class TestEntries:
    def test_no_entry_stands_twice(self) -> None:
        seen: dict[str, str] = {}
        for file in sorted(PHRASES.glob("*.json")):
            pairs = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=list)
            for english, _said in pairs:
                assert english not in seen, f"{english!r} stands in {file.name} and {seen[english]}"
                seen[english] = file.name

    def test_entries_are_russian(self) -> None:
        part = re.compile(r"\{[^}]*\}")
        foreign = {said: foreign_words(part.sub(" ", said)) for said in all_entries().values()}
        assert {said: words for said, words in foreign.items() if words} == {}
        assert [said for said in all_entries().values() if not said.strip() or said != said.strip()] == []

    def test_numbers_are_the_same(self) -> None:
        part = re.compile(r"\{[^}]*\}")
        wrong = {
            english: said
            for english, said in all_entries().items()
            if numbers(part.sub(" ", english)) != numbers(part.sub(" ", said))
        }
        assert wrong == {}

    def test_ends_of_sentences_are_kept(self) -> None:
        wrong = {
            english: said
            for english, said in all_entries().items()
            if (english[-1] in ".?" or said[-1] in ".?")
            and english[-1] != said[-1]
            # An abbreviated unit ends with a dot that no sentence asks for.
            and not said.endswith("рт. ст.")
        }
        assert wrong == {}

    def test_the_number_check_bites(self) -> None:
        assert numbers("at most 1,024 in 2.5 s from 2026-05-31 on 3 cm^2") != numbers(
            "1\u00a0024, 2,6 с, 31.05.2026, 3 см²"
        )
        assert numbers("at most 1,024 in 2.5 s from 2026-05-31 on 3 cm^2") == numbers(
            "1\u00a0024, 2,5 с, 31.05.2026, 3 см²"
        )
        assert foreign_words("предел surface 5 °C, класс IV, IPL \u2068typed by hand\u2069") == ["surface"]


NEGATION = re.compile(r"\b(not|no|never|none|nobody|nothing|without|neither|nor|cannot)\b|n't", re.IGNORECASE)
NEGATION_RU = re.compile(
    r"\b(не|нет|ни|никогда|никто|никем|никому|никого|никак\w*|ничто|ничего|ничем|нельзя|без|запреща\w+|отсутств\w+)\b"
    r"|\bне(?=\w{4,})|\bбез\w+",
    re.IGNORECASE,
)
# English fragment, and what the Russian of every entry that holds it must hold.
EXACT = [
    (r"^We do not|we do not (use|cool|treat)", r"\bне (применяем|охлаждаем|проводим|закрываем)"),
    (r"never leave the client alone", r"никогда не оставлять клиента одного"),
    (r"never hot", r"ни в коем случае не горячей"),
    (r"Never go back in", r"Никогда не возвращаться"),
    (r"never let them stand", r"ни в коем случае не давать вставать"),
    (r"Do not rub|do not rub|no rubbing", r"не тр|Не тереть|не тереть"),
    (r"Leave blisters closed", r"[Пп]узыри не вскрывать"),
    (r"no dry heat", r"сухо(го|е) тепл"),
    (r"never on skin", r"никогда на коже"),
    (r"never stop, never press", r"никогда не останавливать, никогда не прижимать"),
    (r"never liquid nitrogen", r"никогда жидкий азот"),
    (r"never frozen|never freeze skin", r"никогда не замора"),
    (r"more cold today", r"больше никакого холода"),
    (r"never bare on the face", r"на лице никогда без ткани"),
    (r"never from the freezer", r"никогда из морозильника"),
    (r"do not pull|not pulled", r"не тянуть|не отрывают"),
    (r"[Nn]o spot freeze", r"никакой точечной заморозки"),
    (r"[Ll]ight class at most", r"[Нн]е выше лёгкого класса"),
    (r"[Nn]o forehead", r"[Бб]ез лба"),
    (r"nothing around the eyes", r"ничего вокруг глаз"),
    (r"is not treated on", r"не применяют"),
    (r"not in this room", r"не в этом помещении"),
    (r"unknown means (no|refused)|Unknown means no", r"отказ|«нет»"),
    (r"may not freeze", r"не должен замерзать"),
    (r"no further pass", r"больше никаких проходов"),
    (r"No session until", r"Никакого сеанса, пока она не оценена"),
]


class TestNegations:
    def test_no_negation_is_lost(self) -> None:
        lost = {
            english: said
            for english, said in all_entries().items()
            if NEGATION.search(english) and not NEGATION_RU.search(said)
        }
        assert lost == {}

    @pytest.mark.parametrize(("fragment", "must"), EXACT)
    def test_hand_picked_negations(self, fragment: str, must: str) -> None:
        held = {english: said for english, said in all_entries().items() if re.search(fragment, english)}
        assert held, f"nothing in the core says {fragment!r} any more"
        assert {english: said for english, said in held.items() if not re.search(must, said)} == {}


class TestTold:
    def test_english_stays_as_it_is(self) -> None:
        with translation.override("en"):
            assert told("Cheeks") == "Cheeks"

    def test_names_also_small(self, russian: Phrasebook) -> None:
        assert told("Cheeks") == "Щёки"
        assert told("cheeks") == "щёки"

    def test_parts_are_told_in_turn(self, russian: Phrasebook) -> None:
        step = (
            "1. Cheeks: 3 passes, 30 s pause until colour is back; 13 s a pass a side, 6.5 cm a second, 6 cm away. "
            "Along: wing of the nose → temple. Left side first, wait 60 s, then right."
        )
        assert told(step).replace("\u00a0", " ") == (
            "1. Щёки: 3 прохода, пауза 30 с до возвращения цвета; 13 с на проход с каждой стороны, 6,5 см в секунду, "
            "с расстояния 6 см. По линиям: крыло носа → висок. Сначала левая сторона, подождать 60 с, затем правая."
        )

    def test_what_a_page_makes_a_sentence_of(self, russian: Phrasebook) -> None:
        said = told("Must be at least 0.2 m. Check number and unit.")
        assert said.replace("\u00a0", " ") == "Должно быть не меньше 0,2 м. Проверьте число и единицу."

    def test_a_part_never_swallows_the_sentence_before_it(self, russian: Phrasebook) -> None:
        text = "At home only ice is used, in cloth and moving. Ice at home belongs in a salon or clinic."
        assert told(text).startswith("Дома применяют только лёд, в ткани и в движении. Метод «Лёд дома»")

    def test_a_sentence_that_nothing_tells_stays_english_and_is_counted(self, russian: Phrasebook) -> None:
        core_words.untold.clear()
        assert told("May be treated today. The moon is made of cheese.") == (
            "Сегодня процедуру можно проводить. The moon is made of cheese."
        )
        assert list(core_words.untold) == ["The moon is made of cheese."]

    def test_what_people_typed_is_left_alone_and_keeps_its_direction(self, russian: Phrasebook) -> None:
        said = told("Not in the room “<b>Cheeks</b> שלום”: total loss: 15.9 % oxygen, below 18 %: not in this room.")
        assert "\u2068<b>Cheeks</b> שלום\u2069" in said
        assert "15,9" in said

    def test_english_in_a_page_from_right_to_left_is_set_apart(self) -> None:
        with translation.override("he"):
            assert told("5 °C or less.") == "\u20685 °C or less.\u2069"
            assert told("") == ""

    @pytest.mark.parametrize(
        "text", ["", " ", "A" * 10_000, "a: b: c: " * 400, "“" * 300, "x. " * 1500, "{zone}", "\x00"]
    )
    def test_hostile_text_comes_back_and_soon(self, russian: Phrasebook, text: str) -> None:
        begin = time.perf_counter()
        said = told(text)
        assert time.perf_counter() - begin < 2.0
        assert said.split() == text.split()

    def test_warm_texts_are_told_in_no_time(self, russian: Phrasebook) -> None:
        texts = [text for _where, text in static_texts()]
        for text in texts:
            told(text)
        begin = time.perf_counter()
        for text in texts:
            told(text)
        assert (time.perf_counter() - begin) / len(texts) < 50e-6

    def test_the_book_is_read_in_no_time(self) -> None:
        begin = time.perf_counter()
        Phrasebook("ru")
        assert time.perf_counter() - begin < 0.3  # 0.05 s on an idle core


class TestPatterns:
    def test_both_sides_name_the_same_parts(self) -> None:
        with pytest.raises(ValueError, match="differ"):
            compiled("hold {n#} s", "держать {m} с")
        with pytest.raises(ValueError, match="differ"):
            compiled("hold {n#} s, {m#} times", "держать {n} с")

    @pytest.mark.parametrize(
        ("count", "form"), [("1", "день"), ("2", "дня"), ("5", "дней"), ("11", "дней"), ("14", "дней"), ("21", "день")]
    )
    def test_plural_forms(self, russian: Phrasebook, count: str, form: str) -> None:
        assert told(f"{count} days") == f"{count} {form}"

    @pytest.mark.parametrize(
        ("text", "form"),
        [("0", "c"), ("101", "a"), ("111", "c"), ("112", "c"), ("122", "b"), ("1,021", "a"), ("2.5", "b"), ("24", "b")],
    )
    def test_plural_of_large_numbers_and_fractions(self, text: str, form: str) -> None:
        assert plural(text, ("a", "b", "c")) == form

    def test_numbers_and_dates(self) -> None:
        assert number("1,024") == "1\u00a0024"
        assert number("-196.5") == "−196,5"
        assert number("50%") == "50\u00a0%"
        assert number("12,5") == "12,5"
        assert date("2026-12-07") == "07.12.2026"
