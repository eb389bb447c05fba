from __future__ import annotations

import datetime
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cryomassage.errors import InputError
from cryomassage.interchange.client_file import read_client
from cryomassage.interchange.forms import Wish, client_form, room_form, scenario_form
from cryomassage.interchange.scenario_file import read_scenario
from cryomassage.interchange.template import AnswerError, Blank, Form, render, unanswered
from cryomassage.interchange.toml_file import UNANSWERED, read_toml, validated
from cryomassage.knowledge.load import load
from cryomassage.planning.screening import screen
from cryomassage.records.room import Room
from cryomassage.records.screening import Screening
from tests.support.clients import VISIT, harmless_answers
from tests.support.command import run_command

pytestmark = pytest.mark.unit

TEXTS = {
    "code": "T-1",
    "age_years": "30",
    "sex": "female",
    "phototype": "ii",
    "thin_cheeks": "no",
    "role": "operator",
    "purpose": "preventive",
    "systolic": "118 mmHg",
    "diastolic": "76 mmHg",
    "pulse": "68 1/min",
    "name": "K. Lehmann",
    "doctor": "Dr. Ito",
    "date": "2026-11-20",
    "floor_area": "24 m^2",
    "height": "2.7 m",
    "air_changes": "4 1/h",
    "extraction": "yes",
    "use": "0.5 L/h",
    "volume": "2 L",
    "evaporation_per_day": "0.1 L/day",
    "diameter": "4 mm",
    "thickness": "0.6 mm",
    "site": "cheek",
    "room_temperature": "23 degC",
    "cold_source": "ice_cloth",
    "barrier": "none",
    "duration": "5 s",
}


def wish(**changes: Any) -> Wish:
    return Wish(
        **{
            "indication": "slight_swelling",
            "place": "salon",
            "method": None,
            "zones": (),
            "sex": None,
            "date": VISIT,
            **changes,
        }
    )


def asked(form: Form) -> set[str]:
    return {blank.key for section in form.sections if section.header == "[answers]" for blank in section.blanks}


def filled(form: Form) -> dict[str, str]:
    """Harmless answers to everything that is not optional."""
    harmless = harmless_answers()
    answers = {}
    for section in form.sections:
        for blank in section.blanks:
            if blank.given or section.optional or blank.optional:
                continue
            first = blank.choices[0] if blank.key == "zone" else ""
            text = harmless[blank.key] if section.header == "[answers]" else TEXTS.get(blank.key, first)
            if blank.kind == "list":
                text = " ".join(blank.choices)
            answers[section.name(blank)] = blank.literal(text)
    return answers


def screened(form: Form, folder: Path) -> Screening:
    """A filled-in form, read and held against the rules."""
    (folder / "room.toml").write_text(render(room_form(), filled(room_form())), encoding="utf-8")
    path = folder / "me.toml"
    path.write_text(render(form, filled(form)), encoding="utf-8")
    return screen(read_client(path, load()), load())


def test_only_questions_that_apply_are_asked() -> None:
    knowledge = load()
    salon = asked(client_form(wish(method="ln2_swab", indication="oily_skin", zones=("cheek",)), knowledge))
    home = asked(client_form(wish(place="home", zones=("cheek",)), knowledge))
    scalp = asked(client_form(wish(indication="dandruff"), knowledge))
    assert "known_hypertension" in home - salon
    assert "keloids" in salon - home
    assert "hair_loss_signs" in scalp - salon
    assert "rosacea" in salon - scalp
    man = asked(client_form(wish(sex="male"), knowledge))
    assert asked(client_form(wish(), knowledge)) - man == {"pregnancy", "adnexitis_flare"}


def test_blood_pressure_is_asked_on_the_face_in_a_salon_only() -> None:
    def headers(**changes: Any) -> list[str]:
        return [section.header for section in client_form(wish(**changes), load()).sections]

    assert "[vitals]" in headers(zones=("cheek",))
    assert "[vitals]" not in headers(zones=("cheek",), place="home")
    assert "[vitals]" not in headers(indication="dandruff")
    assert "[professional]" in headers(place="home")


def test_every_question_comes_with_its_text_and_reason() -> None:
    knowledge = load()
    text = render(client_form(wish(), knowledge), {})
    for key in asked(client_form(wish(), knowledge)):
        question = knowledge.question[key]
        assert f"# {question.number}. {question.ask}\n#   {question.why}\n" in text


@pytest.mark.parametrize("indication", list(load().indication))
def test_every_indication_has_a_form(indication: str, tmp_path: Path) -> None:
    form = client_form(wish(indication=indication), load())
    empty = render(form, {})
    tomllib.loads(empty)
    assert unanswered(empty) > 30
    assert unanswered(render(form, filled(form))) == 0
    assert screened(form, tmp_path).zones


@pytest.mark.parametrize("place", ["salon", "home"])
def test_a_filled_in_form_is_read(place: str, tmp_path: Path) -> None:
    form = client_form(wish(place=place, zones=("cheek", "forehead")), load())
    assert screened(form, tmp_path).verdict in ("clear", "limit")


def test_an_untouched_form_is_refused_field_by_field(tmp_path: Path) -> None:
    """One answer left open at a time, of every section: none is ever taken for given."""
    form = client_form(wish(place="home", zones=("cheek",)), load())
    (tmp_path / "room.toml").write_text(render(room_form(), filled(room_form())), encoding="utf-8")
    path, answers = tmp_path / "me.toml", filled(form)
    for name in answers:
        left = {key: value for key, value in answers.items() if key != name}
        path.write_text(render(form, left), encoding="utf-8")
        with pytest.raises(InputError) as refused:
            read_client(path, load())
        assert name.rpartition(".")[2] in str(refused.value), name


def test_an_untouched_room_and_scenario_are_refused_field_by_field(tmp_path: Path) -> None:
    path = tmp_path / "form.toml"
    for form, read in (
        (room_form(), lambda: validated(Room, read_toml(path), path)),
        (scenario_form(load()), lambda: read_scenario(path, load())),
    ):
        answers = filled(form)
        path.write_text(render(form, answers), encoding="utf-8")
        read()
        for name in answers:
            left = {key: value for key, value in answers.items() if key != name}
            path.write_text(render(form, left), encoding="utf-8")
            with pytest.raises(InputError):
                read()


def test_optional_tables_can_be_taken_out_of_their_comments(tmp_path: Path) -> None:
    form = client_form(wish(indication="oily_skin", method="ln2_swab", zones=("cheek",)), load())
    text = render(form, filled(form))
    spot = text[text.index("# [test_spot]") : text.index("# From the second session on")]
    taken = re.sub("^# ", "", spot, flags=re.MULTILINE)
    for answer in ("2026-11-01", '"15 min"', '"clear"'):
        taken = taken.replace(f'"{UNANSWERED}"', answer, 1)
    (tmp_path / "room.toml").write_text(render(room_form(), filled(room_form())), encoding="utf-8")
    path = tmp_path / "me.toml"
    path.write_text(text.replace(spot, taken), encoding="utf-8")
    client = read_client(path, load())
    assert client.test_spot is not None
    assert client.test_spot.date == datetime.date(2026, 11, 1)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"indication": "acne"}, "--indication = 'acne'"),
        ({"method": "ln2_swb"}, "Did you mean “ln2_swab”"),
        ({"zones": ("chek",)}, "Did you mean “cheek”"),
        ({"place": "office"}, "--place = 'office'"),
        ({"sex": "f"}, "--sex = 'f'"),
        ({"indication": "dandruff", "method": "ln2_swab"}, "has no zones for it"),
    ],
)
def test_a_wish_for_what_does_not_exist_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=re.escape(told)):
        client_form(wish(**changes), load())


@pytest.mark.parametrize(
    ("blank", "answer", "literal"),
    [
        (Blank("key", "?"), 'a "b" \\ c\td', '"a \\"b\\" \\\\ c d"'),
        (Blank("key", "?", "whole"), " 7 ", "7"),
        (Blank("key", "?", "quantity", unit="2 m"), "250 cm", '"250 cm"'),
        (Blank("key", "?", "date"), "2026-02-28", "2026-02-28"),
        (Blank("key", "?", "date_or_no"), "no", '"no"'),
        (Blank("key", "?", "date_or_no"), "2026-02-28", "2026-02-28"),
        (Blank("key", "?", "flag"), "Yes", "true"),
        (Blank("key", "?", "choice", choices=("a", "b")), "b", '"b"'),
        (Blank("key", "?", "list", choices=("a", "b")), "a, b", '["a", "b"]'),
    ],
)
def test_answers_become_toml(blank: Blank, answer: str, literal: str) -> None:
    assert blank.literal(answer) == literal
    tomllib.loads(f"key = {literal}")


@pytest.mark.parametrize(
    ("blank", "answer"),
    [
        (Blank("key", "?"), " "),
        (Blank("key", "?", "whole"), "seven"),
        (Blank("key", "?", "quantity", unit="2 m"), "2"),
        (Blank("key", "?", "quantity", unit="2 m"), "2 kg"),
        (Blank("key", "?", "date"), "tomorrow"),
        (Blank("key", "?", "date_or_no"), "yes"),
        (Blank("key", "?", "flag"), "maybe"),
        (Blank("key", "?", "choice", choices=("a", "b")), "c"),
        (Blank("key", "?", "list", choices=("a", "b")), "a c"),
    ],
)
def test_answers_of_another_kind_are_refused(blank: Blank, answer: str) -> None:
    with pytest.raises(AnswerError):
        blank.literal(answer)


@pytest.mark.parametrize("kind", ["client", "room", "scenario"])
def test_a_file_is_never_overwritten_unasked(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "form.toml"
    assert run_command(capsys, monkeypatch, "new", kind, str(path)).code == 0
    assert UNANSWERED in path.read_text(encoding="utf-8")
    path.write_text("mine", encoding="utf-8")
    ended = run_command(capsys, monkeypatch, "new", kind, str(path))
    assert (ended.code, path.read_text(encoding="utf-8")) == (2, "mine")
    assert "--force" in ended.err
    assert run_command(capsys, monkeypatch, "new", kind, str(path), "--force", "--json").code == 0
    assert UNANSWERED in path.read_text(encoding="utf-8")


def test_a_wrong_wish_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "me.toml"
    ended = run_command(capsys, monkeypatch, "new", "client", str(path), "--zone", "chek")
    assert ended.code == 2
    assert "Did you mean “cheek”" in ended.err
    assert not list(tmp_path.iterdir())


def test_a_person_at_a_terminal_is_asked_again_until_the_answer_fits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["Room 1", "24", "24 m^2", "2.7 m", "", "4 1/h", "yes", "0.5 L/h", "Thermos", "2 L", "0.1 L/day"])
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: next(answers))
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    path = tmp_path / "room.toml"
    ended = run_command(capsys, monkeypatch, "new", "room", str(path), "--ask")
    assert ended.code == 0
    assert "unit" in ended.err
    assert ended.out.count("Floor area.") == 2
    room = validated(Room, read_toml(path), path)
    assert (room.name, room.floor_area, room.temperature, room.extraction) == ("Room 1", 24.0, None, True)


def test_without_a_terminal_nothing_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    path = tmp_path / "room.toml"
    ended = run_command(capsys, monkeypatch, "new", "room", str(path), "--ask")
    assert ended.code == 0
    assert "Not a terminal" in ended.err
    assert unanswered(path.read_text(encoding="utf-8")) == unanswered(render(room_form(), {}))
