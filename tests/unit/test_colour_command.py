"""`cryomassage colour`, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import numpy as np
import pytest

from cryomassage.interchange.json_schema import schema_of
from cryomassage.knowledge.load import load
from cryomassage.planning.colour_skin import colour_response, draw_colour
from cryomassage.records.body_response import ColourResponse
from tests.support.command import Ended, run_command
from tests.support.photographs import CARD, SKIN, photograph, save

pytestmark = pytest.mark.unit

Fixtures = tuple[pytest.CaptureFixture[str], pytest.MonkeyPatch]
REST = (65.0, 12.0, 16.0)
WARM, DIM = (0.9, 0.75, 0.65), (0.8, 0.85, 0.9)


@pytest.fixture
def fixtures(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Fixtures:
    return capsys, monkeypatch


def run(folder: Path, fixtures: Fixtures, a_star: float, *words: str) -> Ended:
    """Measure a pair whose skin is pale or red to a known degree, in two lights."""
    first = save(folder / "before.png", photograph(REST, light=WARM))
    changed = (REST[0] - 0.7 * (a_star - REST[1]), a_star, REST[2])
    second = save(folder / "after.png", photograph(changed, light=DIM, seed=2))
    where = [] if "--skin" in words else ["--skin", SKIN, "--reference", CARD]
    return run_command(*fixtures, "colour", str(first), str(second), *where, *words)


def predicted(phototype: str = "ii") -> ColourResponse:
    step = np.full((200, 64), 0.5)
    after = np.clip(np.cumsum(step, axis=0) - 5.0, 0.0, None)
    volume = 1.0 - 0.5 * np.exp(-after / 5.0)
    optics = draw_colour(load(), phototype, 64, 3)
    return colour_response(step, volume, np.full((1, 64), 5.0), optics, load(), phototype)


def with_plan(monkeypatch: pytest.MonkeyPatch, response: object) -> None:
    zone = SimpleNamespace(zone="cheek", name="Cheeks", response=response)
    monkeypatch.setattr("cryomassage.interchange.plan_file.read_plan", lambda _: SimpleNamespace(zones=(zone,)))


def test_the_table_tells_the_change_and_whether_it_is_seen(tmp_path: Path, fixtures: Fixtures) -> None:
    ended = run(tmp_path, fixtures, 8.5)
    assert (ended.code, ended.err) == (0, "")
    assert "Paler: the colours differ by ΔE2000" in ended.out
    assert "−3." in ended.out
    assert "Redder" in run(tmp_path, fixtures, 15.5).out
    assert "No change to see" in run(tmp_path, fixtures, 11.8).out


def test_json_fits_its_schema_and_recovers_the_change(tmp_path: Path, fixtures: Fixtures) -> None:
    ended = run(tmp_path, fixtures, 8.5, "--json", "--phototype", "v")
    assert ended.code == 0
    content = json.loads(ended.out)
    jsonschema.validate(content, schema_of("colour"))
    assert content["change"]["a_star"]["p50"] == pytest.approx(-3.5, abs=0.3)
    assert content["before"]["picture"] == "before.png"
    assert "infrared" in content["notes"][0]


@pytest.mark.parametrize(
    ("a_star", "words"), [(9.0, "inside what was predicted"), (17.0, "OUTSIDE"), (10.9, "cannot tell")]
)
def test_the_change_is_held_against_a_plan(a_star: float, words: str, tmp_path: Path, fixtures: Fixtures) -> None:
    with_plan(fixtures[1], SimpleNamespace(colour=predicted()))
    ended = run(tmp_path, fixtures, a_star, "--plan", "plan.json", "--zone", "cheek")
    assert ended.code == 0, ended.err
    assert words in ended.out
    assert "Cheeks" in ended.out
    assert "predicted “pale" in ended.out


def test_another_moment_is_held_against_its_own_swatch(tmp_path: Path, fixtures: Fixtures) -> None:
    with_plan(fixtures[1], SimpleNamespace(colour=predicted()))
    words = ("--plan", "plan.json", "--zone", "cheek", "--json")
    palest = json.loads(run(tmp_path, fixtures, 12.0, *words).out)["prediction"]
    later = json.loads(run(tmp_path, fixtures, 12.0, *words, "--seconds", "90").out)["prediction"]
    assert palest["a_star"] < later["a_star"] == pytest.approx(0.0, abs=0.3)
    assert later["time_s"] > palest["time_s"]
    assert palest["erythema_index"] is not None
    assert later["erythema_index"] is None


def test_dark_skin_is_told_from_the_plan(tmp_path: Path, fixtures: Fixtures) -> None:
    with_plan(fixtures[1], SimpleNamespace(colour=predicted("vi")))
    ended = run(tmp_path, fixtures, 8.5, "--plan", "plan.json", "--zone", "cheek")
    assert "does not count on colour" in ended.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--phototype", "7"), "--phototype = 7: must be one of i, ii"),
        (("--plan", "plan.json"), "--zone = missing"),
        (("--zone", "cheek"), "--plan = missing"),
        (("--plan", "plan.json", "--zone", "nose"), "must be a zone of the plan: cheek"),
        (("--plan", "plan.json", "--zone", "cheek"), "zones.cheek.response = missing"),
        (("--reference-lab", "grey"), "--reference-lab = grey"),
        (("--skin-after", "1,2,3"), "--skin-after = 1,2,3"),
        (("--skin-after", "200,100,90,90"), "--skin-after"),
        (("--reference-after", SKIN), "does not lie in the rectangle"),
        (("--skin", SKIN, "--reference", "5,2,40,25"), "more light than a perfect white"),
    ],
)
def test_wrong_input_is_one_message_and_exit_2(
    words: tuple[str, ...], told: str, tmp_path: Path, fixtures: Fixtures
) -> None:
    with_plan(fixtures[1], None)
    ended = run(tmp_path, fixtures, 8.5, *words)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert ended.err.count("cannot be used") == 1


def test_a_missing_picture_and_a_real_plan_file_that_is_none(tmp_path: Path, fixtures: Fixtures) -> None:
    ended = run_command(*fixtures, "colour", "none.jpg", "none.jpg", "--skin", SKIN, "--reference", CARD)
    assert (ended.code, ended.out) == (2, "")
    assert "not found" in ended.err
    assert run(tmp_path, fixtures, 8.5, "--plan", "none.json", "--zone", "cheek").code == 2
