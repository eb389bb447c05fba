from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cryomassage.knowledge.coverage import STATEMENTS, gaps, repository_root
from cryomassage.knowledge.load import load
from cryomassage.knowledge.schema import Knowledge
from tests.support.command import run_command

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]


def changed(key: str, **changes: Any) -> Knowledge:
    """The knowledge with one coverage row changed, or taken away when nothing is left of it."""
    knowledge = load()
    rows = dict(knowledge.coverage)
    if changes:
        rows[key] = rows[key].model_copy(update=changes)
    else:
        del rows[key]
    return knowledge.model_copy(update={"coverage": rows})


def test_every_statement_is_covered_by_what_exists() -> None:
    assert repository_root() == ROOT
    assert gaps(load(), ROOT) == {}
    assert tuple(load().coverage) == STATEMENTS


@pytest.mark.parametrize("cell", ["entries", "commands", "tests"])
@pytest.mark.parametrize("key", STATEMENTS)
def test_an_empty_cell_is_a_gap(key: str, cell: str) -> None:
    assert gaps(changed(key, **{cell: ()}), None) == {key: [f"no {cell}"]}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"entries": ("zone.moon",)}, "entry zone.moon does not exist"),
        ({"entries": ("planet.cheek",)}, "entry planet.cheek does not exist"),
        ({"entries": ("cheek",)}, "entry cheek does not exist"),
        (
            {"commands": ("cryomassage plan examples/none.toml",)},
            "names examples/none.toml, which does not exist",
        ),
        ({"commands": ("rm examples/home-ice.toml",)}, "does not begin with cryomassage"),
        ({"tests": ("tests/unit/test_room.py::test_nothing",)}, "test_room.py::test_nothing does not exist"),
        ({"tests": ("tests/unit/test_none.py::test_nothing",)}, "test_none.py::test_nothing does not exist"),
    ],
)
def test_a_name_that_does_not_exist_is_a_gap(changes: dict[str, Any], told: str) -> None:
    found = gaps(changed("S2", **changes), ROOT)
    assert set(found) == {"S2"}
    assert any(told in problem for problem in found["S2"])


def test_a_missing_row_and_a_row_too_many_are_gaps() -> None:
    assert gaps(changed("S3"), None) == {"S3": ["has no row"]}
    row = load().coverage["S3"]
    more = load().model_copy(update={"coverage": {**load().coverage, "S30": row}})
    assert gaps(more, None) == {"S30": ["is not a statement of the article"]}


def test_indications_and_claims_stand_in_the_rows_that_they_name() -> None:
    knowledge = load()
    for kind in ("indication", "claim"):
        for key, entry in getattr(knowledge, kind).items():
            for statement in entry.statements:
                assert f"{kind}.{key}" in knowledge.coverage[statement].entries


def test_aftercare_begins_with_the_cream() -> None:
    steps = load().aftercare
    cream = steps["nourishing_cream"]
    assert "cream" in cream.advice.text.lower()
    assert cream.begins.value < 1.0
    assert cream.lowest_class == 0
    assert {"salon", "home"} == set(cream.places)


def test_the_command_passes_and_prints_every_statement(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = run_command(capsys, monkeypatch, "knowledge", "coverage", "--json")
    assert ended.code == 0
    content = json.loads(ended.out)
    assert (content["complete"], content["files_and_tests_checked"]) == (True, True)
    assert tuple(content["rows"]) == STATEMENTS
    table = run_command(capsys, monkeypatch, "knowledge", "coverage")
    assert table.code == 0
    assert "awaiting" not in table.out


def test_the_command_fails_on_a_gap(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    broken = changed("S9", tests=())
    monkeypatch.setattr("cryomassage.knowledge.load.load", lambda: broken)
    ended = run_command(capsys, monkeypatch, "knowledge", "coverage")
    assert ended.code == 1
    assert "S9: no tests." in ended.out


def test_commands_of_the_rows_are_commands() -> None:
    import typer.main

    from cryomassage.cli.main import app

    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    named = {command.split()[1] for row in load().coverage.values() for command in row.commands}
    assert named <= known
