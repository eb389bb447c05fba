"""Makes the gallery: runs the patch scenarios of the examples and keeps their pictures and numbers as a page.

    python docs/make_gallery.py

Every `examples/scenarios/patch-*.toml` goes through `cryomassage simulate FILE --out DIR`; the pictures land in
`docs/images/gallery/`, the page is `docs/gallery.md`. The same scenarios give the same files.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from cryomassage.interchange.patch_files import DEPTH_CUT, DOSE_AREA_PICTURE, MAPS, REPORT, TIME_LAPSE, patch_lines
from cryomassage.records.patch import PatchSimulationReport

DOCS = Path(__file__).resolve().parent
SCENARIOS = DOCS.parent / "examples" / "scenarios"
PREFIX = "patch-"
KEPT = {
    MAPS: "what each place went through",
    TIME_LAPSE: "surface temperature over time",
    DEPTH_CUT: "a cut through the coldest place",
    DOSE_AREA_PICTURE: "how much of the zone became how cold",
}
MOST_bytes = {".png": 300_000, ".gif": 450_000}  # the whole gallery stays below 5 MB
_FEWEST_FRAMES = 10
_HEAD = """# Gallery

Moving cold on a patch of skin, from the scenarios in `examples/scenarios/`. `make gallery` computes everything on
this page anew; `cryomassage simulate FILE --out DIR` does one scenario and also writes the fields (`field.zarr`),
the dose and area table and the report. A simulation is not a plan: it checks no person and no limit.

In pictures of temperature purple is cold and yellow is warm; in the other maps dark is nothing and yellow is most.
Beyond the outline of the zone colours are pale.
"""


def simulate(scenario: Path, folder: Path) -> None:
    """Run one scenario through the command, as a reader would."""
    command = Path(sys.executable).parent / "cryomassage"
    done = subprocess.run(
        [str(command), "simulate", str(scenario), "--out", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{scenario.name}: exit code {done.returncode}\n{done.stderr or done.stdout}")


def every_second_frame(film: bytes) -> bytes:
    """A film with half the frames, each standing as long as the two that it was made of; the end stands as before."""
    with Image.open(io.BytesIO(film)) as moving:
        frames, durations = [], []
        for number in range(moving.n_frames):
            moving.seek(number)
            durations.append(int(moving.info["duration"]))
            frames.append(moving.convert("RGB").quantize(256, dither=Image.Dither.NONE))
    # Counted from the end, which is kept.
    kept = list(range(len(frames) - 1, -1, -2))[::-1]
    stands = [sum(durations[number : number + 2]) for number in kept[:-1]] + durations[-1:]
    target = io.BytesIO()
    first, *others = (frames[number] for number in kept)
    first.save(target, format="GIF", save_all=True, append_images=others, duration=stands, loop=0, optimize=False)
    return target.getvalue()


def frames_of(film: bytes) -> int:
    """How many frames a film has."""
    with Image.open(io.BytesIO(film)) as moving:
        return int(getattr(moving, "n_frames", 1))


def keep(picture: Path, place: Path) -> None:
    """Copy a picture, in fewer colours or frames where it is too large for a repository."""
    content = picture.read_bytes()
    most = MOST_bytes[picture.suffix]
    while len(content) > most and picture.suffix == ".gif" and frames_of(content) >= 2 * _FEWEST_FRAMES:
        content = every_second_frame(content)
    if len(content) > most and picture.suffix == ".png":
        with Image.open(picture) as image:
            few = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        target = io.BytesIO()
        few.save(target, format="PNG", optimize=True)
        content = target.getvalue()
    if len(content) > most:
        raise SystemExit(f"{picture}: {len(content)} bytes, at most {most}; give the scenario a coarser grid.")
    place.write_bytes(content)


def story(scenario: Path) -> str:
    """The comment at the head of a scenario file, as one paragraph."""
    lines: list[str] = []
    for line in scenario.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# ").strip())
    return " ".join(lines)


def section(scenario: Path, folder: Path, images: Path) -> str:
    """One scenario of the page: its story, its numbers and its pictures, which are copied to `images`."""
    name = scenario.stem.removeprefix(PREFIX)
    report = PatchSimulationReport.model_validate_json((folder / REPORT).read_bytes())
    first, *numbers = patch_lines(report)
    parts = [f"## {report.name}", story(scenario), f"`examples/scenarios/{scenario.name}`, {first.split(' · ')[-1]}."]
    parts.append("\n".join(f"- {line.removeprefix('· ')}" for line in numbers))
    for file, words in KEPT.items():
        place = images / f"{name}-{file}"
        keep(folder / file, place)
        parts.append(f"![{report.name}: {words}](images/gallery/{place.name})")
    return "\n\n".join(part for part in parts if part) + "\n"


def make_page(results: list[tuple[Path, Path]], docs: Path) -> None:
    """Write the page and its pictures from scenario files and the folders of their results."""
    images = docs / "images" / "gallery"
    images.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=images.parent, prefix=".gallery.") as name:
        made = Path(name) / "gallery"
        made.mkdir()
        sections = [section(scenario, folder, made) for scenario, folder in results]
        if images.exists():
            images.rename(Path(name) / "old")  # a scenario that is gone takes its pictures along
        made.rename(images)
    (docs / "gallery.md").write_text("\n".join([_HEAD, *sections]), encoding="utf-8")


def main() -> None:
    """Run all patch scenarios, then write the page."""
    scenarios = sorted(SCENARIOS.glob(f"{PREFIX}*.toml"))
    if not scenarios:
        raise SystemExit(f"There is no {PREFIX}*.toml in {SCENARIOS}.")
    with tempfile.TemporaryDirectory() as name:
        results = []
        for scenario in scenarios:
            folder = Path(name) / scenario.stem
            simulate(scenario, folder)
            results.append((scenario, folder))
            print(f"{scenario.name}: done", flush=True)
        make_page(results, DOCS)
    print(f"Written: {DOCS / 'gallery.md'}")


if __name__ == "__main__":
    main()
