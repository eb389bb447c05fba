from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryomassage.interchange.json_schema import schema_of
from cryomassage.knowledge.load import load
from cryomassage.planning.room import (
    evaporation_rate_m3_per_h,
    judge_room,
    oxygen_after_filling,
    oxygen_after_total_loss,
    oxygen_fall_points,
    oxygen_in_steady_use,
)
from cryomassage.records.room import OxygenFinding, Room, RoomVerdict
from tests.support.clients import ROOM, VISIT
from tests.support.command import run_command

pytestmark = pytest.mark.unit

ROOMS = Path(__file__).parents[2] / "examples" / "rooms"


def judged(day: datetime.date = VISIT, **changes: Any) -> RoomVerdict:
    """A good room; None takes a field away."""
    data = {key: value for key, value in {**ROOM, **changes}.items() if value is not None}
    return judge_room(Room.model_validate(data), day, load())


def of(verdict: RoomVerdict, event: str) -> OxygenFinding:
    return next(finding for finding in verdict.findings if finding.event == event)


def vessel(litres: float, **more: Any) -> list[dict[str, Any]]:
    return [{"name": "vessel", "volume": f"{litres} L", "evaporation_per_day": "0.15 L/day", **more}]


def test_golden_cases_to_three_figures(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    rate = evaporation_rate_m3_per_h(5 * 0.15, load())
    assert rate == pytest.approx(0.04375, rel=1e-12)
    assert oxygen_fall_points(rate, 36.0, 0.4, load()) == pytest.approx(0.0638, abs=5e-5)
    ended = run_command(capsys, monkeypatch, "room", str(ROOMS / "oxford-five-dewars.toml"))
    assert ended.code == 3
    assert "0.0438 m³/h" in ended.out
    assert "0.0638 points" in ended.out


def test_ten_litres_lost_in_thirty_two_cubic_metres() -> None:
    assert oxygen_after_total_loss(10.0, 32.0, load()) == pytest.approx(15.87, abs=0.005)


def test_published_filling_case() -> None:
    # 0.1 of ten litres boils off in 36 m3; with a ratio of 700 the stricter end of the published 682.
    assert oxygen_after_filling(10.0, 36.0, load()) == pytest.approx(20.9 * (1 - 0.7 / 36.0), rel=1e-9)


@pytest.mark.parametrize(("changes", "oxygen"), [(0.4, 18.8), (1.0, 20.0), (4.0, 20.7), (10.0, 20.8)])
def test_steady_work_as_the_table_of_practice_has_it(changes: float, oxygen: float) -> None:
    assert oxygen_in_steady_use(2.0, 32.0, changes, load()) == pytest.approx(oxygen, abs=0.05)


@pytest.mark.parametrize(
    ("litres", "oxygen"), [(0.5, 20.7), (2.0, 20.0), (5.0, 18.6), (10.0, 16.3), (16.0, 13.6), (35.0, 4.9)]
)
def test_losses_as_the_table_of_practice_has_them(litres: float, oxygen: float) -> None:
    # The table of practice leaves out what boils off while filling; a tenth less liquid makes up for it.
    assert oxygen_after_total_loss(litres / 1.1, 32.0, load()) == pytest.approx(oxygen, abs=0.06)


def test_the_largest_allowed_volume_just_keeps_the_limit() -> None:
    largest = judged(floor_area="12 m^2", height="2.6667 m").largest_allowed_total_L
    assert largest * 1.1 == pytest.approx(3.06, abs=0.01)
    assert oxygen_after_total_loss(largest, 32.0, load()) == pytest.approx(19.5, abs=0.001)


@given(
    litres=st.floats(0.05, 100.0),
    volume=st.floats(10.0, 500.0),
    more=st.floats(1.01, 3.0),
    changes=st.floats(0.1, 20.0),
)
def test_oxygen_falls_with_litres_and_rises_with_volume(
    litres: float, volume: float, more: float, changes: float
) -> None:
    knowledge = load()
    for oxygen in (oxygen_after_total_loss, oxygen_after_filling):
        here = oxygen(litres, volume, knowledge)
        assert 0.0 <= here <= 20.9
        assert oxygen(litres * more, volume, knowledge) <= here <= oxygen(litres, volume * more, knowledge)
    use = oxygen_in_steady_use(litres, volume, changes, knowledge)
    assert oxygen_in_steady_use(litres * more, volume, changes, knowledge) < use
    assert use < oxygen_in_steady_use(litres, volume * more, changes, knowledge)
    assert use < oxygen_in_steady_use(litres, volume, changes * more, knowledge)


@given(litres=st.floats(0.1, 40.0), more=st.floats(1.01, 3.0))
def test_a_larger_vessel_never_gets_a_better_verdict(litres: float, more: float) -> None:
    ranks = ["allowed", "allowed_with_monitor", "refused"]
    small, large = (judged(vessels=vessel(size)).verdict for size in (litres, litres * more))
    assert ranks.index(small) <= ranks.index(large)


@pytest.mark.parametrize(
    ("changes", "event"),
    [
        ({"air_changes": None}, "steady_use"),
        ({"use": None}, "steady_use"),
        ({"vessels": []}, "total_loss"),
        ({"air_changes": "0 1/h"}, "standing"),
        ({"vessels": [{"name": "vessel", "volume": "1 L"}]}, "standing"),
    ],
)
def test_what_is_unknown_is_refused(changes: dict[str, Any], event: str) -> None:
    assert judged().verdict == "allowed"
    verdict = judged(**changes)
    assert verdict.verdict == "refused"
    finding = of(verdict, event)
    assert (finding.oxygen_percent, finding.verdict) == (None, "refused")
    assert "unknown means refused" in finding.reason


def between() -> dict[str, Any]:
    """A vessel whose loss leaves between 18 and 19.5 %."""
    return {"vessels": vessel(6.0)}


def test_between_the_limits_monitor_and_extraction_decide() -> None:
    oxygen = of(judged(**between()), "total_loss").oxygen_percent
    assert oxygen is not None
    assert 18.0 <= oxygen < 19.5
    assert judged(**between()).verdict == "allowed_with_monitor"
    for taken in ({"monitor": None}, {"extraction": None}, {"extraction": False}):
        assert judged(**between(), **taken).verdict == "refused"
    expired = VISIT - datetime.timedelta(days=1)
    assert judged(**between(), monitor={"valid_until": expired}).verdict == "refused"
    assert judged(**between(), monitor={"valid_until": VISIT}).verdict == "allowed_with_monitor"


def test_below_eighteen_nothing_helps() -> None:
    verdict = judged(vessels=vessel(16.0))
    assert verdict.verdict == "refused"
    assert any("not in this room" in reason for reason in verdict.reasons)


def test_every_finding_names_sources_that_exist() -> None:
    for finding in judged().findings:
        assert finding.source
        assert set(finding.source) <= set(load().sources)
        assert finding.formula


@pytest.mark.parametrize(("name", "code"), [("treatment-room", 0), ("small-basement", 3), ("oxford-five-dewars", 3)])
def test_examples_print_json_and_exit_as_judged(
    name: str, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = run_command(capsys, monkeypatch, "room", str(ROOMS / f"{name}.toml"), "--json")
    assert ended.code == code
    content = json.loads(ended.out)
    jsonschema.validate(content, schema_of("room"))
    assert (content["verdict"] == "refused") == (code == 3)


def test_the_table_shows_formula_numbers_and_verdict(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = run_command(capsys, monkeypatch, "room", str(ROOMS / "small-basement.toml"))
    for told in ("20.9 Q / (Q + R)", "15.9 %", "REFUSED", "2.82 L", "18.0 %: Second alarm"):
        assert told in ended.out


GOOD = (ROOMS / "treatment-room.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("name = ", "not TOML"),
        (GOOD.replace('"24 m^2"', '"24 m"'), "floor_area = '24 m'"),
        (GOOD.replace('"24 m^2"', "24"), "has no unit"),
        (GOOD.replace('"2.7 m"', '"27 m"'), "must be at most 8 m"),
        (GOOD.replace("floor_area", "flor_area"), "Did you mean “floor_area”"),
        (GOOD.replace("2027-03-31", '"soon"'), "monitor.valid_until"),
        (GOOD.replace('"2 L"', '"2 kg"'), "does not measure the same"),
    ],
)
def test_a_wrong_room_is_one_clear_message(
    text: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "room.toml"
    path.write_text(text, encoding="utf-8")
    ended = run_command(capsys, monkeypatch, "room", str(path))
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
