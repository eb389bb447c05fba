"""Wrong client files: one message with field, value, bound and next step; nothing goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cryomassage.errors import ExitCode, InputError
from cryomassage.interchange.client_file import read_client
from cryomassage.knowledge.load import load

pytestmark = pytest.mark.unit

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    return tmp_path / "examples"


def wrong(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_client(path, load())
    assert caught.value.exit_code is ExitCode.INPUT_WRONG
    return str(caught.value)


def edited(folder: Path, old: str, new: str, name: str = "face-ln2-spray.toml") -> Path:
    path = folder / name
    text = path.read_text()
    assert old in text, f"{old!r} is not in {name}"
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_examples_can_be_read(path: Path) -> None:
    assert read_client(path, load()).person.code


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'sink_temperature = "-105 degC"',
            'sink_temperature = "-195 degF"',
            ["sink_temperature", "-126.1 °C", "did you mean -195 °C"],
        ),
        ('sink_temperature = "-105 degC"', 'sink_temperature = "-195 degC"', ["-195.0 °C", "Check for °F"]),
        ('distance = "60 mm"', 'distance = "60 m"', ["source.distance", "60000", "300", "mm"]),
        ('distance = "60 mm"', 'distance = "60"', ["source.distance", "unit"]),
        ('distance = "60 mm"', "distance = 60", ["source.distance", "no unit"]),
        ('distance = "60 mm"', 'distance = "20 mm"', ["source.distance", "50 and 150"]),
        ('distance = "60 mm"', 'distance = "60 degC"', ["source.distance", "does not measure"]),
        ('distance = "60 mm"', 'distance = "60 furlong_typo"', ["source.distance", "not a unit"]),
        ('systolic = "118 mmHg"', 'systolic = "11.8 mmHg"', ["vitals.systolic", "60", "mmHg"]),
        ('systolic = "118 mmHg"', 'sistolic = "118 mmHg"', ["vitals.sistolic", "Did you mean “systolic”"]),
        ('"cheek"', '"cheeck"', ["request.zones", "Did you mean “cheek”"]),
        ("ln2_spray_nozzle_b", "ln2_spray_nozzle_z", ["source.cold_source", "Did you mean"]),
        ("ln2_spray_nozzle_b", "ice_bare", ["source.cold_source", "not used by"]),
        ('"wide_pores"', '"wide_poores"', ["request.indication", "wide_pores"]),
        ("age_years = 38", "age_years = 380", ["person.age_years", "380", "120"]),
        ("age_years = 38", 'age_years = "old"', ["person.age_years"]),
        ('phototype = "iii"', 'phototype = "vii"', ["person.phototype", "one of"]),
        ('sex = "female"', 'sexx = "female"', ["person.sexx", "no such field"]),
        ('keloids = "no"', 'keloids = "nein"', ["answers.keloids", "yes, no, unsure"]),
        ('keloids = "no"', "keloids = 2026-01-01", ["answers.keloids"]),
        ('keloids = "no"', 'keloidz = "no"', ["answers.keloidz", "Did you mean “keloids”"]),
        ('filler = "no"', "filler = 2027-01-01", ["answers.filler", "after the visit"]),
        ("date = 2026-10-12", "date = 2024-10-12", ["calibration.date", "365 days"]),
        ('"210 W/(m^2*K)"', '"2.1 W/(m^2*K)"', ["heat_transfer_coefficient"]),
        ('"210 W/(m^2*K)"', '"9000 W/(m^2*K)"', ["heat_transfer_coefficient", "between"]),
        (
            'schema = "cryomassage/client/1"',
            'schema = "cryomassage/client/9"',
            ["schema", "cryomassage/client/1"],
        ),
        (
            'room_file = "rooms/treatment-room.toml"',
            'room_file = "rooms/nowhere.toml"',
            ["nowhere.toml", "not found"],
        ),
        ("date = 2026-11-23", 'date = "soon"', ["visit.date"]),
    ],
)
def test_a_slip_is_named_with_field_value_bound_and_next_step(
    folder: Path, old: str, new: str, told: list[str]
) -> None:
    message = wrong(edited(folder, old, new))
    for part in told:
        assert part in message, message
    assert "Traceback" not in message


def test_a_missing_answer_is_asked_for(folder: Path) -> None:
    path = folder / "acne-ln2-swab.toml"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("keloids")]
    path.write_text("\n".join(lines))
    message = wrong(path)
    assert "answers.keloids" in message
    assert "Ask: “" in message


def test_a_missing_table_is_named(folder: Path) -> None:
    path = folder / "acne-ln2-swab.toml"
    text = path.read_text()
    path.write_text(text.replace("[visit]", "[visits]"))
    message = wrong(path)
    assert "visit" in message
    assert "missing" in message


def test_missing_blood_pressure_is_asked_for_on_the_face(folder: Path) -> None:
    path = folder / "acne-ln2-swab.toml"
    text = path.read_text()
    begin = text.index("[vitals]")
    path.write_text(text[:begin] + text[text.index("[test_spot]") :])
    assert "vitals.systolic" in wrong(path)


@pytest.mark.parametrize("content", [b"", b"   \n", b"\xff\xfe\x00", b"[[[", b"x" * 2_000_000])
def test_unreadable_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "client.toml"
    path.write_bytes(content)
    assert str(path) in wrong(path)


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    assert "file" in wrong(tmp_path)
    assert "not found" in wrong(tmp_path / "nothing.toml")
