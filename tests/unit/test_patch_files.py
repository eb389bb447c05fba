"""Files of a simulation on a patch: all there, the numbers of the history, whole or not at all, the same every time."""

from __future__ import annotations

import csv
import json
import re
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray
from matplotlib.figure import Figure
from PIL import Image

from cryomassage.errors import InputError
from cryomassage.interchange import patch_animation, patch_files
from cryomassage.interchange.patch_animation import frame_durations_ms, frame_times_s, source_place_mm, speed_words
from cryomassage.interchange.patch_depth import Cut, _isotherms, coldest_cut
from cryomassage.interchange.patch_files import patch_lines, write_patch_files
from cryomassage.interchange.patch_plots import dose_area, shown_maps, telling_thresholds
from cryomassage.interchange.picture import clock, heading
from cryomassage.records.patch import PatchHistory, PatchSimulation
from tests.support.synthetic_patch import made_up

pytestmark = pytest.mark.unit

NAMES = {
    "maps.png",
    "time-lapse.gif",
    "depth-cut.png",
    "dose-area.csv",
    "dose-area.png",
    "field.zarr",
    "report.json",
}


@pytest.fixture(scope="module")
def raster() -> PatchSimulation:
    return made_up(spacing_mm=4.0, snapshots=12)


@pytest.fixture(scope="module")
def frozen() -> PatchSimulation:
    return made_up(freezing=True, width_mm=24.0, height_mm=20.0, spacing_mm=1.0, snapshots=12, floor_degC=None)


@pytest.fixture(scope="module")
def written(raster: PatchSimulation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("patch") / "deep" / "out"
    paths = write_patch_files(raster, folder)
    assert {path.name for path in paths} == NAMES
    assert all(path.exists() and path.parent == folder for path in paths)
    return folder


def test_nothing_else_is_left_in_the_folder(written: Path) -> None:
    assert {path.name for path in written.iterdir()} == NAMES


@pytest.mark.parametrize("name", ["maps.png", "depth-cut.png", "dose-area.png"])
def test_pictures_can_be_printed_and_carry_no_date(written: Path, name: str) -> None:
    with Image.open(written / name) as picture:
        assert picture.width > 600
        assert picture.height > 400
        assert not {"Software", "Creation Time", "date"} & set(picture.info)
        colours = picture.convert("RGB").getcolors(maxcolors=1_000_000)
        assert colours is not None
        assert len(colours) > 50  # something is drawn


def test_the_report_is_written_as_other_reports_are(written: Path, raster: PatchSimulation) -> None:
    told = json.loads((written / "report.json").read_text(encoding="utf-8"))
    assert told["schema"] == "cryomassage/patch-simulation/1"
    assert told["lowest_surface_degC"] == raster.report.lowest_surface_degC
    assert told == json.loads(raster.report.model_dump_json(by_alias=True))


def test_dose_area_rows_are_those_of_the_report(written: Path, raster: PatchSimulation) -> None:
    with (written / "dose-area.csv").open(encoding="utf-8", newline="") as stream:
        heads, *rows = list(csv.reader(stream))
    assert heads == ["lowest_surface_at_most_degC", "share_of_zone", "area_cm2"]
    expected = [(row.at_most_degC, row.share, row.area_cm2) for row in raster.report.dose_area]
    np.testing.assert_allclose(np.array(rows, dtype=float), expected, rtol=1e-5)


def test_the_film_has_a_frame_per_snapshot_and_lasts_as_long_as_said(written: Path, raster: PatchSimulation) -> None:
    with Image.open(written / "time-lapse.gif") as film:
        assert film.n_frames == 12
        assert film.info["loop"] == 0
        stands = []
        for number in range(film.n_frames):
            film.seek(number)
            stands.append(film.info["duration"])
    assert stands == frame_durations_ms(raster.history)
    assert 6.0 <= sum(stands[:-1]) / 1000.0 <= 12.5  # 40 s in at most twelve
    assert stands[-1] == 1500


def test_the_film_moves_and_shows_the_source(written: Path) -> None:
    with Image.open(written / "time-lapse.gif") as film:
        film.seek(0)
        first = np.asarray(film.convert("RGB"), dtype=int)
        film.seek(5)
        later = np.asarray(film.convert("RGB"), dtype=int)
    assert (np.abs(later - first).max(axis=2) > 40).mean() > 0.02


@pytest.mark.slow
def test_a_film_has_at_most_eighty_frames_and_shrinks_to_its_limit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    long = made_up(spacing_mm=4.0, snapshots=130)
    assert len(frame_times_s(long.history)) == 80
    monkeypatch.setattr(patch_animation, "LIMIT_bytes", 300_000)
    patch_animation.draw_time_lapse(long, tmp_path / "small.gif")
    assert (tmp_path / "small.gif").stat().st_size <= 300_000
    with Image.open(tmp_path / "small.gif") as film:
        assert film.n_frames >= 10


def test_the_film_says_how_fast_it_runs(raster: PatchSimulation) -> None:
    assert speed_words(raster.history).startswith("3.3 ×")
    real = replace(raster.history, time_s=raster.history.time_s * 0.25)
    assert speed_words(real) == "real time"


def test_the_source_is_where_its_path_says(raster: PatchSimulation) -> None:
    path = np.array([[0.0, 0.0], [10.0, 0.0], [np.nan, np.nan], [4.0, 4.0], [4.0, 8.0]])
    history = replace(raster.history, path_mm=path, path_time_s=np.array([1.0, 3.0, 3.0, 5.0, 6.0]))
    assert source_place_mm(history, 0.5) is None
    assert source_place_mm(history, 2.0) == (5.0, 0.0)
    assert source_place_mm(history, 4.0) is None
    assert source_place_mm(history, 5.5) == (4.0, 6.0)
    assert source_place_mm(history, 6.0) == (4.0, 8.0)
    assert source_place_mm(history, 6.1) is None


@pytest.mark.parametrize("kind", ["raster", "frozen"])
def test_xarray_opens_the_field_with_units_and_the_numbers_of_the_history(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    simulation: PatchSimulation = request.getfixturevalue(kind)
    history = simulation.history
    patch_files.write_zarr(simulation, tmp_path / "field.zarr")
    with xarray.open_zarr(tmp_path / "field.zarr", consolidated=False) as field:
        assert field.attrs["title"] == simulation.report.name
        expected: dict[str, tuple[tuple[str, ...], str, Any]] = {
            "temperature": (("time", "depth", "y", "x"), "degC", history.field_degC),
            "surface_temperature": (("time", "y", "x"), "degC", history.surface_degC),
            "lowest_surface_temperature": (("y", "x"), "degC", history.lowest_surface_degC),
            "lowest_basal_temperature": (("y", "x"), "degC", history.lowest_basal_degC),
            "dwell": (("threshold", "y", "x"), "s", history.dwell_below_s),
            "passes": (("y", "x"), "1", history.passes),
            "deepest_ice": (("y", "x"), "mm", history.deepest_ice_mm),
            "inside": (("y", "x"), "1", history.inside),
            "x": (("x",), "mm", history.x_mm),
            "y": (("y",), "mm", history.y_mm),
            "depth": (("depth",), "mm", history.depth_mm),
            "face_depth": (("face",), "mm", history.face_depth_mm),
            "time": (("time",), "s", history.time_s),
            "threshold": (("threshold",), "degC", history.thresholds_degC),
            "path_x": (("corner",), "mm", history.path_mm[:, 0]),
            "path_y": (("corner",), "mm", history.path_mm[:, 1]),
            "path_time": (("corner",), "s", history.path_time_s),
        }
        if history.ice is not None:
            expected["ice"] = (("time", "depth", "y", "x"), "1", history.ice)
        assert set(field.variables) == set(expected)
        for name, (dimensions, units, values) in expected.items():
            assert field[name].dims == dimensions, name
            assert field[name].attrs["units"] == units, name
            assert field[name].attrs["long_name"], name
            np.testing.assert_array_equal(field[name].to_numpy(), values, err_msg=name)
        assert field["temperature"].sel(time=0.0, depth=0.1, method="nearest").shape == history.inside.shape


def test_fields_keep_their_precision(raster: PatchSimulation, tmp_path: Path) -> None:
    halved = replace(raster.history, field_degC=raster.history.field_degC.astype(np.float32))
    patch_files.write_zarr(PatchSimulation(raster.report, halved), tmp_path / "field.zarr")
    with xarray.open_zarr(tmp_path / "field.zarr", consolidated=False) as field:
        assert field["temperature"].dtype == np.float32


def test_the_same_numbers_give_the_same_bytes(written: Path, raster: PatchSimulation, tmp_path: Path) -> None:
    write_patch_files(raster, tmp_path)
    for name in sorted(path.relative_to(written) for path in written.rglob("*") if path.is_file()):
        assert (tmp_path / name).read_bytes() == (written / name).read_bytes(), name


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("failing", ["maps.png", "field.zarr", "report.json"])
def test_a_failed_write_leaves_what_was_there(
    failing: str, raster: PatchSimulation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(_: PatchSimulation, path: Path) -> None:
        path.write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")

    def quick(_: PatchSimulation, path: Path) -> None:
        path.write_text("new", encoding="utf-8")

    writers = {name: fails if name == failing else quick for name in sorted(NAMES)}
    monkeypatch.setattr(patch_files, "_WRITERS", writers)
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    (old / failing).write_text("from before", encoding="utf-8")
    before = _contents(old)
    for folder in (old, new):
        with pytest.raises(InputError, match="No space left"):
            write_patch_files(raster, folder)
    assert _contents(old) == before
    assert not new.exists()


@pytest.mark.slow
def test_a_second_run_replaces_files_and_fields_and_leaves_others(
    raster: PatchSimulation, frozen: PatchSimulation, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    write_patch_files(frozen, tmp_path)
    assert (tmp_path / "field.zarr" / "ice").is_dir()
    write_patch_files(raster, tmp_path)
    assert not (tmp_path / "field.zarr" / "ice").exists()
    assert {path.name for path in tmp_path.iterdir()} == NAMES | {"mine.txt"}


def test_a_file_in_the_place_of_the_folder_is_refused(raster: PatchSimulation, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(InputError, match="is not a folder"):
        write_patch_files(raster, tmp_path / "out")


def test_maps_show_ice_where_freezing_was_computed(raster: PatchSimulation, frozen: PatchSimulation) -> None:
    dwell = np.maximum(raster.history.dwell_below_s, 1.0)
    touched = replace(raster.history, dwell_below_s=dwell)
    assert [shown.unit for shown in shown_maps(touched)] == ["°C", "s", "s", "passes"]
    # A source that stands tells nothing by its passes.
    assert [shown.unit for shown in shown_maps(frozen.history)] == ["°C", "s", "°C", "mm"]
    moved = replace(frozen.history, path_mm=frozen.history.path_mm + np.array([[0.0], [3.0]]))
    assert [shown.unit for shown in shown_maps(moved)] == ["°C", "s", "passes", "mm"]
    chance = replace(moved, ice_probability=np.full(moved.inside.shape, 0.25))
    assert [shown.unit for shown in shown_maps(chance)] == ["°C", "%", "passes", "mm"]
    assert shown_maps(chance)[1].values.max() == 25.0


def test_thresholds_that_nothing_reached_are_not_drawn(raster: PatchSimulation) -> None:
    history = raster.history
    dwell = np.zeros_like(history.dwell_below_s)
    warm = replace(history, dwell_below_s=dwell)
    assert telling_thresholds(warm, 2) == ()
    titles = [shown.title for shown in shown_maps(warm)]
    assert titles[1:3] == ["Lowest basal temperature", "Time of the surface below 15 °C"]
    assert len(titles) == 4  # no corner of the picture stays empty
    dwell = dwell.copy()
    dwell[:, history.inside] = 1.0
    dwell[2, : len(history.y_mm) // 2] = 0.0  # the only one that parts the zone
    assert telling_thresholds(replace(history, dwell_below_s=dwell), 1) == (2,)
    # Where ice was computed, what counts is the time below zero.
    assert telling_thresholds(replace(history, dwell_below_s=dwell, ice=np.zeros_like(history.field_degC)), 1) == (3,)


def test_the_cut_goes_through_the_coldest_place_that_a_snapshot_shows(raster: PatchSimulation) -> None:
    history = raster.history
    surface = np.where(history.inside, history.surface_degC, 0.0)
    surface[5, ~history.inside] = -50.0  # beyond the zone nothing counts
    surface[5, 7, 9] = -3.0
    assert coldest_cut(replace(history, surface_degC=surface)) == Cut(7, 9, 5)


def test_the_cut_of_a_frozen_spot_is_at_the_moment_of_most_ice(frozen: PatchSimulation) -> None:
    history = frozen.history
    assert history.ice is not None
    ice = np.zeros_like(history.ice)
    ice[7, :5] = 0.8
    ice[8, :3] = 0.9
    surface = history.surface_degC.copy()
    row = int(np.argmin(np.where(history.inside, history.lowest_surface_degC, np.inf).min(axis=1)))
    surface[7, row, 11] = -99.0
    assert coldest_cut(replace(history, ice=ice, surface_degC=surface)) == Cut(row, 11, 7)


def test_the_dose_area_curve_counts_the_zone_only(raster: PatchSimulation) -> None:
    temperature, share = dose_area(raster.history)
    assert len(temperature) == raster.history.inside.sum()
    assert np.all(np.diff(temperature) >= 0.0)
    assert share[-1] == 1.0
    middle = float(np.median(raster.history.lowest_surface_degC[raster.history.inside]))
    assert float(np.interp(middle, temperature, share)) == pytest.approx(0.5, abs=0.02)


def _changed(history: PatchHistory, **update: Any) -> PatchSimulation:
    return PatchSimulation(made_up(spacing_mm=8.0, snapshots=3).report, replace(history, **update))


@pytest.mark.parametrize("case", ["untouched", "no path", "no thresholds", "one snapshot", "all below the floor"])
def test_unusual_histories_are_drawn_too(case: str, tmp_path: Path) -> None:
    history = made_up(spacing_mm=8.0, snapshots=3).history
    cases: dict[str, dict[str, Any]] = {
        "untouched": {
            "surface_degC": np.full_like(history.surface_degC, 33.0),
            "field_degC": np.full_like(history.field_degC, 33.0),
            "lowest_surface_degC": np.full_like(history.lowest_surface_degC, 33.0),
            "dwell_below_s": np.zeros_like(history.dwell_below_s),
            "passes": np.zeros_like(history.passes),
        },
        "no path": {"path_mm": np.zeros((0, 2)), "path_time_s": np.zeros(0)},
        "no thresholds": {"thresholds_degC": (), "dwell_below_s": history.dwell_below_s[:0]},
        "one snapshot": {
            "time_s": history.time_s[:1],
            "surface_degC": history.surface_degC[:1],
            "field_degC": history.field_degC[:1],
        },
        "all below the floor": {"floor_degC": 40.0},
    }
    assert len(write_patch_files(_changed(history, **cases[case]), tmp_path)) == len(NAMES)


def test_lines_for_the_terminal(raster: PatchSimulation, frozen: PatchSimulation) -> None:
    told = "\n".join(patch_lines(raster.report))
    assert f"surface {raster.report.lowest_surface_degC:.1f} °C" in told
    assert "Below the surface floor of the class" in told
    assert "Gap, middle (x 40 mm, y 30 mm): 6.0 cm², lowest 24.0 °C" in told
    assert "Ice" not in told
    told = "\n".join(patch_lines(frozen.report))
    assert "thawed 12.5 s after the cold" in told
    assert "floor" not in told
    left = frozen.report.model_copy(update={"thawed_after_s": None})
    assert "ice is left at the end" in "\n".join(patch_lines(left))


def test_long_times_are_told_in_minutes() -> None:
    assert clock(12.34) == "12.3 s"
    assert clock(725.0) == "12 min 05 s"


def _noisy_film(path: Path, frames: int, size: int) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (frames, size, size), dtype=np.uint8)
    first, *others = (Image.fromarray(each) for each in noise)
    first.save(path, save_all=True, append_images=others, duration=[100] * (frames - 1) + [1500], loop=0)


def test_the_gallery_shows_long_films_in_fewer_frames_that_stand_longer(tmp_path: Path) -> None:
    gallery = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "make_gallery.py"))
    _noisy_film(tmp_path / "long.gif", frames=40, size=120)
    assert (tmp_path / "long.gif").stat().st_size > 450_000
    gallery["keep"](tmp_path / "long.gif", tmp_path / "kept.gif")
    assert (tmp_path / "kept.gif").stat().st_size <= 450_000
    with Image.open(tmp_path / "kept.gif") as film:
        assert film.n_frames == 20
        stands = []
        for number in range(film.n_frames):
            film.seek(number)
            stands.append(film.info["duration"])
        assert stands[-1] == 1500
        assert sum(stands[:-1]) == pytest.approx(39 * 100, abs=100)
        kept = np.asarray(film.convert("RGB"), dtype=int)
    with Image.open(tmp_path / "long.gif") as whole:
        whole.seek(39)
        assert np.abs(np.asarray(whole.convert("RGB"), dtype=int) - kept).mean() < 6.0


def test_the_gallery_page_names_pictures_that_exist(written: Path, tmp_path: Path) -> None:
    gallery = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "make_gallery.py"))
    scenario = tmp_path / "patch-cheek.toml"
    scenario.write_text('# A cheek,\n# sprayed in lines.\nschema = "x"\n', encoding="utf-8")
    old = tmp_path / "docs" / "images" / "gallery" / "gone-maps.png"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"old")
    gallery["make_page"]([(scenario, written)], tmp_path / "docs")
    page = (tmp_path / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert "A cheek, sprayed in lines." in page
    assert "- Gap, middle" in page
    named = set(re.findall(r"\]\((images/gallery/[^)]+)\)", page))
    there = {f"images/gallery/{path.name}" for path in old.parent.iterdir()}
    assert named == there
    assert len(named) == 4
    for path in old.parent.iterdir():
        assert path.stat().st_size <= (300_000 if path.suffix == ".png" else 450_000)


def test_the_gallery_makes_large_pictures_smaller_or_refuses_them(tmp_path: Path) -> None:
    gallery = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "make_gallery.py"))
    slope = np.add.outer(np.arange(700) // 3, np.arange(700) // 3)
    noise = np.random.default_rng(1).integers(0, 4, (700, 700, 3)) + slope[..., None] // 2
    Image.fromarray(noise.astype(np.uint8)).save(tmp_path / "large.png")
    assert (tmp_path / "large.png").stat().st_size > 300_000
    gallery["keep"](tmp_path / "large.png", tmp_path / "small.png")
    assert (tmp_path / "small.png").stat().st_size <= 300_000
    _noisy_film(tmp_path / "large.gif", frames=6, size=400)
    with pytest.raises(SystemExit, match="coarser grid"):
        gallery["keep"](tmp_path / "large.gif", tmp_path / "kept.gif")
    assert not (tmp_path / "kept.gif").exists()


def test_long_headings_are_made_smaller_until_they_fit() -> None:
    figure = Figure(figsize=(5.0, 3.0))
    heading(figure, "A name of some length " * 3, "Conditions " * 25)
    heading(figure, "A name", "Short conditions")
    long, longest, short, below = figure.texts
    for words in figure.texts:
        assert words.get_window_extent().x1 <= 5.0 * figure.dpi
    assert long.get_text() == "A name of some length " * 3
    assert long.get_fontsize() < short.get_fontsize() == 12.0
    assert longest.get_text().endswith("…")
    assert below.get_fontsize() == 10.0


def test_no_isotherm_is_told_as_minus_zero() -> None:
    assert [f"{level:g}" for level in _isotherms(-35.0, 35.0)] == ["-30", "-20", "-10", "0", "10", "20", "30"]
