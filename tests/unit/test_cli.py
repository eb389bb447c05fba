"""The commands as users run them: exit codes, messages, files, and what is not written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
COMMAND = Path(sys.executable).parent / "cryomassage"

PLANNED = ("acne-ln2-swab", "face-ln2-spray", "scalp-hair-loss", "home-ice", "bald-patch-doctor")
QUICK = ("acne-ln2-swab",)
REFUSED = {
    "refused-cold-urticaria": "cold_hives_stop",
    "refused-eyelids-nitrogen": "zone.no_liquid_nitrogen",
    "refused-home-nitrogen": "place.home_means_ice",
    "refused-small-room": "room.oxygen",
}


def run(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, and insist on its exit code."""
    done = subprocess.run(
        [str(COMMAND), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1"},
    )
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done


def as_json(*arguments: str | Path, code: int = 0) -> Any:
    return json.loads(run(*arguments, "--json", code=code).stdout)


def schema(name: str) -> Any:
    return json.loads((ROOT / "docs" / "schemas" / f"{name}.schema.json").read_text())


def test_every_example_is_covered_here() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.toml")} == {*PLANNED, *REFUSED, "papilloma-doctor"}


# One of them in every run.
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in PLANNED]
)
def test_plan_of_an_example_meets_the_published_schema(name: str, tmp_path: Path) -> None:
    plan = as_json("plan", EXAMPLES / f"{name}.toml", "--out", tmp_path)
    jsonschema.validate(plan, schema("plan"))
    assert plan["verdict"] in ("clear", "limit")
    assert plan["zones"]
    for zone in plan["zones"]:
        assert set(zone["surface_min_degC"]) == {"p01", "p05", "p50", "p95"}
        assert zone["acceptance"]["virtual_skins"] == 1024
    assert plan["provenance"]["role_verified"] is False
    assert json.loads((tmp_path / "plan.json").read_text()) == plan
    assert (tmp_path / "report.html").stat().st_size > 20_000
    if name == "home-ice":
        assert "same numbers" in run("replay", tmp_path / "plan.json").stdout


@pytest.mark.parametrize(("name", "reason"), REFUSED.items())
def test_the_refused_are_refused_for_the_right_reason(name: str, reason: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    plan = as_json("plan", EXAMPLES / f"{name}.toml", "--out", out, code=3)
    jsonschema.validate(plan, schema("plan"))
    assert plan["status"] == "refused"
    assert reason in {rule["id"] for rule in plan["rules"] if rule["outcome"] == "stop"}
    assert not plan["zones"]
    assert not out.exists()


def test_a_refused_person_is_not_an_error_of_screen() -> None:
    screening = as_json("screen", EXAMPLES / "refused-cold-urticaria.toml")
    jsonschema.validate(screening, schema("screening"))
    assert screening["verdict"] == "stop"
    shown = run("screen", EXAMPLES / "refused-cold-urticaria.toml").stdout
    assert "do not treat" in shown.lower()


@pytest.mark.slow
def test_a_papilloma_is_frozen_by_a_doctor(tmp_path: Path) -> None:
    plan = as_json("plan", EXAMPLES / "papilloma-doctor.toml", "--out", tmp_path)
    jsonschema.validate(plan, schema("plan"))
    assert plan["status"] == "planned"
    assert plan["prescription"]["exposure_class"] == 4
    (spot,) = plan["spots"]
    assert spot["acceptance"]["virtual_skins"] == 1024
    assert spot["acceptance"]["over_depth"] <= 4
    assert spot["over_time"]
    assert (tmp_path / "report.html").stat().st_size > 20_000


def test_a_spot_freeze_without_its_lesion_is_one_message(tmp_path: Path) -> None:
    text = (EXAMPLES / "papilloma-doctor.toml").read_text()
    begin, end = text.index("[[lesion]]"), text.index("[diagnosis]")
    path = tmp_path / "client.toml"
    path.write_text((text[:begin] + text[end:]).replace('room_file = "rooms/', f'room_file = "{EXAMPLES}/rooms/'))
    assert "needs the lesion on 'neck'" in run("plan", path, code=2).stderr


def test_the_card_is_printed() -> None:
    shown = run("plan", EXAMPLES / "home-ice.toml").stdout
    for word in ("Cheeks", "Never alone", "not verified", "Decision support"):
        assert word.lower() in shown.lower(), shown


@pytest.mark.parametrize(
    ("command", "old", "new"),
    [
        ("plan", 'zones = ["cheek", "forehead"]', 'zones = ["cheeks"]'),
        ("plan", "age_years = 33", "age_years = -3"),
        ("screen", 'sex = "female"', 'sex = "x"'),
    ],
)
def test_wrong_input_is_one_message_and_exit_2(tmp_path: Path, command: str, old: str, new: str) -> None:
    path = tmp_path / "client.toml"
    path.write_text((EXAMPLES / "home-ice.toml").read_text().replace(old, new, 1))
    before = sorted(tmp_path.iterdir())
    done = run(command, path, code=2)
    assert str(path) in done.stderr
    assert done.stdout == ""
    assert sorted(tmp_path.iterdir()) == before


def test_an_edited_plan_is_not_replayed(tmp_path: Path) -> None:
    run("plan", EXAMPLES / "home-ice.toml", "--out", tmp_path)
    path = tmp_path / "plan.json"
    path.write_text(path.read_text().replace('"passes": 1', '"passes": 3', 1))
    assert "edited" in run("replay", path, code=2).stderr


def test_an_out_folder_that_cannot_be_is_one_message(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    done = run("plan", EXAMPLES / "home-ice.toml", "--out", blocked, code=2)
    assert str(blocked) in done.stderr
    assert blocked.read_text() == "in the way"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; import cryomassage.cli.main; "
        "heavy = {'jax', 'pydantic', 'matplotlib', 'scipy', 'numpy', 'pint', 'jinja2'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "screen",
        "plan",
        "replay",
        "room",
        "simulate",
        "verify",
        "new client",
        "new room",
        "new scenario",
        "knowledge check",
        "knowledge coverage",
        "knowledge show",
        "knowledge explain",
    ],
)
def test_every_command_has_json_and_an_example(command: str) -> None:
    shown = run(*command.split(), "--help").stdout
    assert "--json" in shown
    assert "Example" in shown


def test_the_room_of_the_example_is_worked_out() -> None:
    room = as_json("room", EXAMPLES / "rooms" / "treatment-room.toml")
    jsonschema.validate(room, schema("room"))
    assert room["verdict"] in ("allowed", "allowed_with_monitor")
    refused = as_json("room", EXAMPLES / "rooms" / "small-basement.toml", code=3)
    assert refused["verdict"] == "refused"
