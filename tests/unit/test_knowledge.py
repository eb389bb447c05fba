"""The schema lets no entry in that leaves out unit, range, source or how it is known."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from cryomassage.errors import KnowledgeError
from cryomassage.knowledge.load import DATA, load, load_folder
from cryomassage.knowledge.values import Quantity

pytestmark = pytest.mark.unit

VALUE = r'(?:\[[^\]]*\]|"[^"]*"|[-+.\deE]+|true|false)'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the knowledge files that may be spoilt."""
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def spoil(path: Path, old: str, new: str, count: int = 1) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def line_with(path: Path, begin: str) -> str:
    return next(line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith(begin))


def without(line: str, field: str) -> str:
    """An inline table without one of its fields."""
    found = re.search(rf"(?<=[{{,]) {field} = {VALUE}(, |(?= }}))", line)
    assert found is not None, f"{field} not in {line}"
    return line.replace(found[0], " ", 1).replace(",  }", " }")


REAL = [
    ("barriers.toml", "thermal_resistance = {", ("value", "unit", "range", "source", "known")),
    ("tissues.toml", "density = {", ("value", "unit", "range", "source", "known")),
    ("limits.toml", "quantity = {", ("value", "unit", "range", "source", "known")),
    ("limits.toml", "reason = {", ("text", "source", "known")),
    ("exposure_classes.toml", "seen = {", ("text", "source", "known")),
]
CASES = [(file, begin, field) for file, begin, fields in REAL for field in fields]


@pytest.mark.parametrize(("file", "begin", "field"), CASES)
def test_an_entry_that_leaves_something_out_is_refused(folder: Path, file: str, begin: str, field: str) -> None:
    line = line_with(folder / file, begin)
    spoil(folder / file, line, without(line, field))
    with pytest.raises(KnowledgeError, match=rf"\.{field}: Field required"):
        load_folder(folder)


@pytest.mark.parametrize(
    ("file", "begin", "old", "new", "told"),
    [
        (
            "barriers.toml",
            "thermal_resistance = {",
            "range = [0, 0]",
            "range = [1, 2]",
            "lies outside its range",
        ),
        ("barriers.toml", "thermal_resistance = {", 'known = "decided"', 'known = "hearsay"', "known"),
        (
            "barriers.toml",
            "thermal_resistance = {",
            "source = [",
            'source = ["nobody", ',
            "'nobody', which does not",
        ),
        ("tissues.toml", "density = {", "value =", "valeu =", "Extra inputs"),
        (
            "limits.toml",
            "quantity = {",
            "source = [",
            'disagreement = "Others say more.", source = [',
            "disagreement",
        ),
    ],
)
def test_an_entry_that_contradicts_itself_is_refused(
    folder: Path, file: str, begin: str, old: str, new: str, told: str
) -> None:
    line = line_with(folder / file, begin)
    spoil(folder / file, line, line.replace(old, new, 1))
    with pytest.raises(KnowledgeError, match=told):
        load_folder(folder)


def test_a_source_that_is_used_cannot_go(folder: Path) -> None:
    path = folder / "sources" / "physics.toml"
    text = path.read_text(encoding="utf-8")
    blocks = re.split(r"(?m)^(?=\[sources\.)", text)
    keys = [block.split("]")[0].removeprefix("[sources.") for block in blocks[1:]]
    assert len(keys) > 5
    for key, block in zip(keys[:5], blocks[1:6], strict=True):
        path.write_text(text.replace(block, "", 1), encoding="utf-8")
        with pytest.raises(KnowledgeError, match=f"refers to source '{key}', which does not exist"):
            load_folder(folder)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "declares schema None"),
        ('schema = "cryomassage/knowledge/2"\n', "this version reads"),
        ("schema = ", "cannot be read"),
        ('schema = "cryomassage/knowledge/1"\n[planet.mars]\nname = "Mars"\n', "unknown kind 'planet'"),
        ('schema = "cryomassage/knowledge/1"\n[barrier.none]\nname = "Air"\n', "stands a second time"),
    ],
)
def test_a_file_that_does_not_belong_is_refused(folder: Path, text: str, told: str) -> None:
    (folder / "zz.toml").write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=re.escape(told)):
        load_folder(folder)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="holds no knowledge files"):
        load_folder(tmp_path)


def test_the_fingerprint_does_not_depend_on_order_of_files(folder: Path) -> None:
    (folder / "barriers.toml").rename(folder / "zz_last.toml")
    assert load_folder(folder).fingerprint == load().fingerprint


def test_the_fingerprint_does_not_depend_on_order_of_entries(folder: Path) -> None:
    path = folder / "sources" / "physics.toml"
    head, *blocks = re.split(r"(?m)^(?=\[sources\.)", path.read_text(encoding="utf-8"))
    path.write_text(head + "\n".join(reversed(blocks)), encoding="utf-8")
    assert load_folder(folder).fingerprint == load().fingerprint


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("limits.toml", "value = 1024", "value = 1025"),
        ("limits.toml", 'known = "decided"', 'known = "derived"'),
        ("barriers.toml", "Damp cloth, one layer", "Damp cloth, one  layer"),
        ("sources/physics.toml", 'title = "', 'title = "Once more: '),
    ],
)
def test_any_change_changes_the_fingerprint(folder: Path, file: str, old: str, new: str) -> None:
    spoil(folder / file, old, new)
    assert load_folder(folder).fingerprint != load().fingerprint


def quantities(value: object) -> Iterator[Quantity]:
    if isinstance(value, Quantity):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from quantities(getattr(value, name))
    elif isinstance(value, dict):
        for item in value.values():
            yield from quantities(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from quantities(item)


def test_no_sink_is_colder_than_nitrogen_boils() -> None:
    for key, source in load().cold_source.items():
        assert source.sink_temperature.range[0] >= -196.0, key


def test_every_quantity_is_finite_and_lies_in_its_range() -> None:
    found = list(quantities(load()))
    assert len(found) > 500
    for quantity in found:
        assert quantity.range[0] <= quantity.value <= quantity.range[1]
