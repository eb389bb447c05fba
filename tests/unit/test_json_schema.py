from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from cryomassage.interchange.json_schema import RECORDS, schema_of, schema_text, write_schemas
from cryomassage.knowledge.load import load
from cryomassage.planning.screening import screen
from tests.support.clients import make_client
from tests.support.command import run_command

pytestmark = pytest.mark.unit

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.mark.parametrize("name", list(RECORDS))
def test_committed_schemas_are_up_to_date(name: str) -> None:
    assert (SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8") == schema_text(name)


@pytest.mark.parametrize("name", list(RECORDS))
def test_schemas_are_schemas(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema_of(name))


def test_nothing_else_is_committed(tmp_path: Path) -> None:
    written = {path.name for path in write_schemas(tmp_path / "schemas")}
    assert written == {path.name for path in SCHEMAS.iterdir()}


def test_a_screening_fits_its_schema() -> None:
    told = screen(make_client(), load()).model_dump_json(by_alias=True)
    jsonschema.validate(json.loads(told), schema_of("screening"))


def test_a_verification_fits_its_schema(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from cryomassage.verification.result import judge, relative_row

    good = judge("G1", "Good", "temperature", "degC", [relative_row("here", 1.0, 1.0)], 0.1, "%")
    broken = judge("G2", "Broken", "temperature", "degC", [relative_row("here", 1.0, float("nan"))], 0.1, "%")
    monkeypatch.setattr("cryomassage.verification.run_verification", lambda: (good, broken))
    ended = run_command(capsys, monkeypatch, "verify", "--json")
    assert ended.code == 1
    content = json.loads(ended.out)
    jsonschema.validate(content, schema_of("verification"))
    assert [case["passed"] for case in content["cases"]] == [True, False]
    assert content["cases"][1]["max_error"] is None
    table = run_command(capsys, monkeypatch, "verify")
    assert table.code == 1
    assert "not a number" in table.out
    assert "Failed: G2." in table.out
    monkeypatch.setattr("cryomassage.verification.run_verification", lambda: (good,))
    assert run_command(capsys, monkeypatch, "verify").code == 0
