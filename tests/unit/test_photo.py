"""Photographs: what is read from them, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from cryomassage.engine.skin_colour import Lab, Reflectance, colour_difference, to_lab
from cryomassage.errors import InputError
from cryomassage.interchange.photo import Asked, read_lab, read_pair, read_photo, read_rectangle
from cryomassage.knowledge.load import load
from cryomassage.planning.colour_measure import Picture, measure_colour
from cryomassage.planning.colour_space import Colour, difference_2000, hex_of
from cryomassage.records.colour_measurement import ColourMeasurement
from tests.support.photographs import CARD, GREY, SKIN, photograph, save

pytestmark = pytest.mark.unit

REST, PALE = (65.0, 12.0, 16.0), (67.5, 8.5, 16.0)
WARM, DIM = (0.9, 0.75, 0.65), (0.8, 0.85, 0.9)


def asked(path: Path, skin: str = SKIN, card: str = CARD) -> Asked:
    return Asked(path, read_rectangle(skin, "--skin"), read_rectangle(card, "--reference"), "--skin", "--reference")


def pair(folder: Path, suffix: str = "png", **more: Colour) -> tuple[Picture, Picture]:
    before = save(folder / f"before.{suffix}", photograph(REST, light=WARM, **more))
    after = save(folder / f"after.{suffix}", photograph(PALE, light=DIM, seed=2, **more))
    return read_pair(asked(before), asked(after), more.get("card"), load())


def measured(pictures: tuple[Picture, Picture], card: Colour | None = None) -> ColourMeasurement:
    return measure_colour(*pictures, card, load())


# --- what is read ---


# Compression as JPEG rounds colours, most of all in patches as smooth as these.
@pytest.mark.parametrize(("suffix", "tolerance"), [("png", 0.3), ("jpg", 1.1)])
def test_a_change_of_colour_is_recovered_through_tint_exposure_and_noise(
    suffix: str, tolerance: float, tmp_path: Path
) -> None:
    found = measured(pair(tmp_path, suffix))
    for told, known in ((found.before, REST), (found.after, PALE)):
        for part, value in zip((told.lightness, told.a_star, told.b_star), known, strict=True):
            assert part.p05 < value < part.p95
            assert part.p50 == pytest.approx(value, abs=tolerance)
    assert found.change.a_star.p50 == pytest.approx(-3.5, abs=tolerance)
    assert found.change.a_star.p05 < -3.5 < found.change.a_star.p95
    assert found.change.a_star.p95 - found.change.a_star.p05 == pytest.approx(3.0, abs=0.4)
    assert found.change.difference_2000.p50 == pytest.approx(difference_2000(REST, PALE), abs=0.2 + tolerance)
    assert found.change.erythema_index.p95 < 0.0
    assert found.change.told == "paler"


def test_without_the_reference_the_light_would_be_taken_for_the_skin(tmp_path: Path) -> None:
    pictures = pair(tmp_path)
    plain = [to_lab(Reflectance(*(np.full(1, part) for part in picture.skin.light))) for picture in pictures]
    wrong = float(np.asarray(plain[1].a_star - plain[0].a_star)[0])
    assert abs(wrong + 3.5) > 2.0
    true = Lab(*(np.full(1, part) for part in PALE))
    assert float(np.asarray(colour_difference(plain[1], true))[0]) > 5.0


def test_a_reference_of_known_colour_does_as_well(tmp_path: Path) -> None:
    card: Colour = (70.0, 5.0, 20.0)
    found = measured(pair(tmp_path, card=card), card)
    assert found.change.a_star.p50 == pytest.approx(-3.5, abs=0.3)
    assert found.before.a_star.p50 == pytest.approx(REST[1], abs=0.4)


def test_two_pictures_of_the_same_skin_show_no_change(tmp_path: Path) -> None:
    paths = [save(tmp_path / f"{seed}.png", photograph(REST, seed=seed, noise=0.03)) for seed in (1, 2)]
    found = measured(read_pair(asked(paths[0]), asked(paths[1]), None, load()))
    assert found.change.told == "no change to see"
    assert found.change.a_star.p05 < 0.0 < found.change.a_star.p95
    assert any("not larger" in note for note in found.notes)


def test_more_noise_and_a_less_known_reference_give_wider_intervals(tmp_path: Path) -> None:
    widths = []
    for noise in (0.01, 0.4):
        pictures = [photograph(REST, light=(0.3, 0.3, 0.3), seed=seed, noise=noise) for seed in (1, 2)]
        paths = [save(tmp_path / f"{noise}-{number}.png", picture) for number, picture in enumerate(pictures)]
        told = measured(read_pair(asked(paths[0]), asked(paths[1]), None, load())).change.a_star
        widths.append(told.p95 - told.p05)
    assert widths[1] > 1.1 * widths[0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_read_as_they_are_seen(orientation: int, tmp_path: Path) -> None:
    upright = photograph(REST, noise=0.0)
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(read_photo(tmp_path / "turned.png"), upright)


def test_a_profile_is_taken_into_account(tmp_path: Path) -> None:
    plain = photograph(REST, noise=0.0)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(plain).save(tmp_path / "srgb.png", icc_profile=srgb)
    assert np.abs(read_photo(tmp_path / "srgb.png").astype(int) - plain).max() <= 1
    # A space whose red and green are exchanged, by the names of two of its tags.
    other = srgb.replace(b"rXYZ", b"????", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"????", b"gXYZ", 1)
    Image.fromarray(plain[:, :, [1, 0, 2]]).save(tmp_path / "other.png", icc_profile=other)
    assert np.abs(read_photo(tmp_path / "other.png").astype(int) - plain).max() <= 1
    broken = tmp_path / "broken.png"
    Image.fromarray(plain).save(broken, icc_profile=b"not a profile")
    with pytest.raises(InputError, match="cannot be read"):
        read_photo(broken)


def test_hex_colours_are_those_of_screens() -> None:
    assert hex_of((100.0, 0.0, 0.0)) == "#ffffff"
    assert hex_of((0.0, 0.0, 0.0)) == "#000000"
    assert hex_of((53.24, 80.09, 67.2)) == "#ff0000"
    # A pair of published test data of CIEDE2000.
    assert difference_2000((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485)) == pytest.approx(2.0425, abs=1e-4)


# --- what is refused ---


def refused(folder: Path, before: np.ndarray, after: np.ndarray | None = None, **where: str) -> str:
    first = save(folder / "b.png", before)
    second = save(folder / "a.png", before if after is None else after)
    with pytest.raises(InputError) as caught:
        read_pair(asked(first, **where), asked(second, **where), None, load())
    assert len(caught.value.problems) == 1
    problem = caught.value.problems[0]
    assert all((problem.field, problem.value, problem.bound, problem.next_step))
    return str(caught.value)


GOOD = photograph(REST)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"skin": "200,40,60,50"}, "220 pixels wide and 120 high"),
        ({"skin": "60,40,10,10"}, "400 pixels or more"),
        ({"skin": "60,40,60,4"}, "400 pixels or more"),
        ({"skin": "10,40,200,2"}, "400 pixels or more"),
        ({"card": "60,40,60,50"}, "The reference does not lie in the rectangle"),
        ({"card": "120,40,60,40"}, "must be even within 8%"),
        ({"card": "0,0,40,25"}, "--reference"),
    ],
)
def test_a_wrong_rectangle_is_told(where: dict[str, str], message: str, tmp_path: Path) -> None:
    ground = GOOD.copy()
    ground[:30] = 10
    assert message in refused(tmp_path, ground, **where)


def test_clipped_and_dark_patches_are_refused(tmp_path: Path) -> None:
    assert "may be clipped" in refused(tmp_path, photograph(REST, light=(2.5, 2.2, 2.0)))
    assert "may be clipped" in refused(tmp_path, photograph(REST, card=(99.0, 0.0, 0.0)))
    assert "too dark" in refused(tmp_path, photograph(REST, light=(0.05, 0.05, 0.05)))
    assert "too dark" in refused(tmp_path, np.zeros((120, 220, 3), np.uint8))


def test_a_light_that_changed_or_is_strongly_tinted_is_refused(tmp_path: Path) -> None:
    dim = photograph(REST, light=(0.4, 0.4, 0.4))
    assert "0.4 times the light" in refused(tmp_path, GOOD, dim)
    assert "2.5 times the light" in refused(tmp_path, dim, GOOD)
    assert "strongly tinted" in refused(tmp_path, photograph(REST, light=(1.0, 0.7, 0.4)))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.png", None, "not found"),
        ("empty.jpg", b"", "cannot be read"),
        ("text.jpg", b"not a picture", "cannot be read"),
        ("cut.png", "cut", "cannot be read"),
        ("grey.png", "grey", "must be in colour"),
    ],
)
def test_files_that_are_no_pictures_are_told(
    name: str, content: bytes | str | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "cut":
        save(path, GOOD)
        path.write_bytes(path.read_bytes()[:2000])
    elif content == "grey":
        Image.fromarray(GOOD[:, :, 0]).save(path)
    with pytest.raises(InputError, match=message):
        read_photo(path)


def test_a_picture_that_is_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "large.png", GOOD)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    with pytest.raises(InputError, match="too large"):
        read_photo(path)


@pytest.mark.parametrize("text", ["1,2,3", "1,2,3,4,5", "a,b,c,d", "1,2,0,4", "1,2,3,000", "-1,2,3,4", "", "1.5,2,3,4"])
def test_rectangles_are_four_whole_numbers(text: str) -> None:
    with pytest.raises(InputError, match="X,Y,W,H"):
        read_rectangle(text, "--skin")


def test_rectangles_and_colours_are_read() -> None:
    told = read_rectangle(" 1, 2,30 ,40", "--skin")
    assert (told.x, told.y, told.width, told.height) == (1, 2, 30, 40)
    assert read_lab("49.5,0,-1", "--reference-lab") == (49.5, 0.0, -1.0)
    assert GREY == (49.5, 0.0, 0.0)


@pytest.mark.parametrize("text", ["49.5", "49.5,0", "x,0,0", "10,0,0", "99,0,0", "50,120,0", "nan,0,0"])
def test_colours_that_no_reference_has_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="--reference-lab"):
        read_lab(text, "--reference-lab")
