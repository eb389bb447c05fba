from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cryomassage.knowledge.explain import KNOWN_MEANS, facts, find, identifiers, kinds
from cryomassage.knowledge.load import DATA, KINDS, load
from cryomassage.knowledge.values import Known
from tests.support.command import Ended, run_command

pytestmark = pytest.mark.unit

Run = Callable[..., Ended]


@pytest.fixture
def knowledge(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `cryomassage knowledge`."""
    return lambda *words: run_command(capsys, monkeypatch, "knowledge", *words)


def test_check_tells_counts_and_fingerprint(knowledge: Run) -> None:
    ended = knowledge("check")
    assert ended.code == 0
    assert load().fingerprint in ended.out
    content = json.loads(knowledge("check", "--json").out)
    assert content["consistent"] is True
    assert set(content["entries"]) == set(KINDS)


def test_check_fails_on_spoilt_files(knowledge: Run, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DATA, tmp_path / "data"))
    (folder / "barriers.toml").unlink()
    (folder / "sources" / "physics.toml").unlink()
    ended = knowledge("check", "--folder", str(folder))
    assert (ended.code, ended.out) == (1, "")
    assert "which does not exist" in ended.err
    as_json = knowledge("check", "--folder", str(folder), "--json")
    assert as_json.code == 1
    assert json.loads(as_json.out)["problems"]
    assert knowledge("check", "--folder", str(tmp_path / "nowhere")).code == 1


def test_show_lists_kinds_and_entries(knowledge: Run) -> None:
    assert all(kind in knowledge("show").out for kind in KINDS)
    listed = knowledge("show", "zone").out
    assert all(key in listed for key in load().zone)
    assert set(json.loads(knowledge("show", "claim", "--json").out)) == set(load().claim)
    wrong = knowledge("show", "zon")
    assert wrong.code == 2
    assert "Did you mean “zone”" in wrong.err


def test_every_entry_has_a_title_and_can_be_explained(knowledge: Run) -> None:
    for kind, entries in kinds(load()).items():
        if not entries:
            continue
        titles = json.loads(knowledge("show", kind, "--json").out)
        assert all(titles.values()), kind
        for key, entry in entries.items():
            assert facts(entry, load()), f"{kind}.{key}"


def test_explain_shows_value_unit_range_source_and_how_known(knowledge: Run) -> None:
    source = load().cold_source["ln2_spray_nozzle_b"]
    ended = knowledge("explain", "ln2_spray_nozzle_b")
    assert ended.code == 0
    quantity = source.heat_transfer_coefficient
    for text in (
        f"{quantity.value:g} {quantity.unit}",
        f"range {quantity.range[0]:g} to {quantity.range[1]:g}, lognormal",
        f"{quantity.known}: ",
        f"[{quantity.source[0]}]",
        "Disagreement: ",
        "The product: ",
    ):
        assert text in ended.out
    content = json.loads(knowledge("explain", "cold_source.ln2_spray_nozzle_b", "--json").out)
    told = {fact["field"]: fact for fact in content["cold_source.ln2_spray_nozzle_b"]}
    fact = told["heat_transfer_coefficient"]
    assert (float(fact["value"]), fact["range"]) == (quantity.value, list(quantity.range))
    assert fact["disagreement"] == quantity.disagreement


def test_explain_shows_grade_and_sources_of_a_claim(knowledge: Run) -> None:
    claim = load().claim["kills_demodex"]
    ended = knowledge("explain", "claim.kills_demodex")
    assert ended.code == 0
    content = json.loads(knowledge("explain", "claim.kills_demodex", "--json").out)["claim.kills_demodex"]
    told = {fact["field"]: fact["value"] for fact in content}
    assert told["evidence.grade"] == claim.evidence.grade
    assert told["evidence.sentence"] == claim.evidence.sentence
    assert claim.evidence.grade not in ("A", "B")
    first = next(fact for fact in content if fact["field"] == "evidence.findings 1")
    assert first["sources"]


def test_explain_tells_all_kinds_that_share_a_key(knowledge: Run) -> None:
    found = [one.identifier for one in find("rosacea", load())]
    assert found == ["question.rosacea", "contraindication.rosacea"] or len(found) >= 2
    ended = knowledge("explain", "rosacea")
    assert all(identifier in ended.out for identifier in found)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("zone.chek", "zone.cheek"), ("chek", "cheek"), ("limit.fredzing_point", "limit.freezing_point")],
)
def test_an_unknown_name_gets_a_suggestion(knowledge: Run, asked: str, meant: str) -> None:
    ended = knowledge("explain", asked)
    assert (ended.code, ended.out) == (2, "")
    assert f"Did you mean “{meant}”" in ended.err


def test_every_way_of_knowing_is_explained() -> None:
    assert set(KNOWN_MEANS) == set(Known)


def test_identifiers_are_found() -> None:
    names = identifiers(load())
    assert all(find(name, load()) for name in names)
    assert not find("zone.nowhere", load())
    assert not find("planet.cheek", load())
