"""Makes the page on the body's response: what it changes in plans, and how vessels, colour and oxygen go over time.

    python docs/make_response.py

Plans of the examples are made with and without the response; three exposures are followed for hours. The page is
`docs/body-response.md`, the pictures land in `docs/images/response/`. The same versions give the same files.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
from jaxtyping import Float

from cryomassage.interchange.client_file import read_client
from cryomassage.interchange.colour_timeline import colour_timeline
from cryomassage.interchange.picture import heading, save_png, style
from cryomassage.interchange.scenario_file import read_scenario
from cryomassage.knowledge.load import load
from cryomassage.planning.body_response import Treated, pass_ends, predict_body
from cryomassage.planning.body_words import body_lines
from cryomassage.planning.exposure_train import Dose
from cryomassage.planning.make_plan import make_plan
from cryomassage.planning.numerics import default_numerics
from cryomassage.planning.population import Laboratory, Readings
from cryomassage.planning.simulate import simulate
from cryomassage.planning.virtual_skin import Posed
from cryomassage.records.client import Calibration
from cryomassage.records.plan import Plan, ZonePlan

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
PAGE, IMAGES = DOCS / "body-response.md", DOCS / "images" / "response"
EXAMPLES = ("acne-ln2-swab", "face-ln2-spray", "home-ice", "bald-patch-doctor")
_INK, _BLUE, _RED = "#16202a", "#0b6e99", "#b3261e"
_SEED = 5

_HEAD = """# What the body does

Made by `make response` from what it computed; nothing in the tables is typed in. The model stands in
[decision 11](decisions/0011-body-response.md), its numbers in the knowledge (`cryomassage knowledge show vessels`, and
the same for `oxygen`, `nerve`, `face_reflex`, `cell`, `injury`, `colour`), its comparison with measurements in
[validation](validation.md).
"""

_PLANS = """Bold stands where the two differ. Three things differ. Vessels that close bring less warmth, so the same
stroke leaves the skin colder, and the strongest stroke that keeps the floor is faster. The pause is the time by which
colour is predicted to be back in nearly every skin, within what the method allows, and not its customary value; more or
fewer passes then fit under the ceiling. And where cold without ice would harm fat or glands in more skins than may be,
that limit binds before a temperature does.
"""
_LIGHT = """Pallor comes and goes within seconds and in few skins; slow constriction takes little; in about a third of
the skins a flush follows within minutes and fades within hours. It is an outcome with a probability, not a promise: the
median skin hardly reddens, and the mean is made by those that do.
"""
_PACK = """The same model, for a cold that lasts: it closes the vessels, numbs, slows nerves and need, and the flow
stays low for hours. Redness is what most texts promise here; measurements contradict it, and so does the model.
"""


def told(plan: Plan) -> dict[str, ZonePlan]:
    """Zones of a plan by key."""
    return {zone.zone: zone for zone in plan.zones}


def plans_table(with_body: Laboratory, without: Laboratory) -> str:
    """Each planned zone of the examples, with and without the body's response."""
    rows = [
        "| example | zone | hand or hold | pause | passes in full | contact | median surface | coldest 1 in 100 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in EXAMPLES:
        client = read_client(ROOT / "examples" / f"{name}.toml", load())
        answering, constant = (told(make_plan(client, load(), laboratory)) for laboratory in (with_body, without))
        for key in answering.keys() | constant.keys():
            one, other = answering.get(key), constant.get(key)
            if one is None or other is None:
                there = "with" if one else "without"
                rows.append(f"| {name} | {(one or other or _missing()).name} | planned only {there} | | | | | |")
                continue
            rows.append(f"| {name} | {one.name} | {_both(_hand(one), _hand(other))} | {_pair(one, other)} |")
    return "\n".join([*rows[:2], *sorted(rows[2:])])


def _missing() -> ZonePlan:
    raise ValueError("a zone stands in neither plan")


def _hand(zone: ZonePlan) -> str:
    return f"{zone.speed_mm_s / 10:g} cm/s" if zone.speed_mm_s is not None else f"{zone.dwell_time_s:g} s"


def _both(one: str, other: str) -> str:
    return one if one == other else f"**{one}** (without {other})"


def _pair(one: ZonePlan, other: ZonePlan) -> str:
    cells = (
        (f"{one.pause_s:g} s", f"{other.pause_s:g} s"),
        (f"{one.passes_full}", f"{other.passes_full}"),
        (f"{one.contact_seconds:g} s", f"{other.contact_seconds:g} s"),
        (f"{one.surface_min_degC.p50:g} °C", f"{other.surface_min_degC.p50:g} °C"),
        (f"{one.surface_min_degC.p01:g} °C", f"{other.surface_min_degC.p01:g} °C"),
    )
    return " | ".join(_both(a, b) for a, b in cells)


def light_session(laboratory: Laboratory) -> tuple[Readings, Posed, Dose]:
    """Three passes of a measured swab that take the median surface to about 8 °C."""
    measured = Calibration.model_validate(
        {
            "date": datetime.date(2026, 11, 1),
            "how": "an invented measurement, for this page",
            "sink_temperature": "-120 degC",
            "heat_transfer_coefficient": "300 W/(m^2*K)",
            "heat_transfer_coefficient_low": "260 W/(m^2*K)",
            "heat_transfer_coefficient_high": "345 W/(m^2*K)",
        }
    )
    posed = Posed(zone="cheek", sex="female", cold_source="ln2_swab", calibration=measured)
    dose = Dose(dwell_time_s=0.22, coverages=1, coverage_period_s=6.0, passes=3, pause_s=20.0, after_s=60.0)
    watch_s = np.geomspace(dose.after_s, 7200.0, 17)
    return laboratory.readings(posed, _SEED, dose, False, watch_s), posed, dose


def flow_chart(reading: Readings, path: Path) -> None:
    """Blood flow and volume of a light session over two hours."""
    from matplotlib.figure import Figure

    flow = reading.flow
    if flow is None:
        raise ValueError("the vessels do not answer")
    time_min = np.median(np.cumsum(flow.group_s, axis=0), axis=1) / 60.0
    with style():
        figure = Figure(figsize=(7.6, 3.6))
        heading(figure, "Blood near the surface after a light swab session", "cheek, three passes; 1 is at rest")
        frame = figure.add_axes((0.09, 0.16, 0.74, 0.64))
        _band(frame, time_min, flow.blood_volume, _BLUE)
        frame.plot(time_min, np.mean(flow.blood_volume, axis=1), color=_RED, linewidth=1.4, linestyle="--")
        frame.axhline(1.0, color=_INK, linewidth=0.8)
        frame.set_xscale("symlog", linthresh=1.0)
        frame.set_xticks([0, 1, 5, 20, 60, 120], ["0", "1", "5", "20", "60", "120"])
        frame.set_xlim(0.0, 120.0)
        frame.set_xlabel("minutes since the first touch")
        frame.set_ylabel("blood volume")
        frame.spines[["top", "right"]].set_visible(False)
        frame.text(125, float(np.median(flow.blood_volume[-1])), " median", color=_BLUE, va="center")
        frame.text(125, float(np.mean(flow.blood_volume[-1])) + 0.06, " mean", color=_RED, va="center")
        frame.text(2.0, 1.65, "band: 90 of 100 skins", color=_BLUE, fontsize=8.5)
        save_png(figure, path)


def _band(
    frame: object, time: Float[np.ndarray, " groups"], values: Float[np.ndarray, "groups skins"], colour: str
) -> None:
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95], axis=1)
    frame.fill_between(time, low, high, color=colour, alpha=0.2, linewidth=0)  # type: ignore[attr-defined]
    frame.plot(time, middle, color=colour, linewidth=1.8)  # type: ignore[attr-defined]


def main() -> None:
    """Write page and pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    numerics = default_numerics(load())
    with_body = Laboratory(load(), numerics)
    without = Laboratory(load(), numerics.model_copy(update={"body_response": False}))
    reading, posed, dose = light_session(with_body)
    flow_chart(reading, IMAGES / "light-session.png")
    response = predict_body(with_body, posed, _SEED, dose, Treated("cheek", 1, "ii", False))
    ends_s = np.median(pass_ends(dose, with_body.dwell(posed, _SEED, dose, False)), axis=1)
    with style():
        save_png(colour_timeline("Cheeks", response.colour, [float(end) for end in ends_s]), IMAGES / "colour.png")
    pack = simulate(read_scenario(ROOT / "examples" / "scenarios" / "ice-pack-thigh.toml", load()), load()).report
    if pack.body_response is None:
        raise ValueError("the simulation tells no response")
    lines = [
        _HEAD,
        "## Plans with and without it\n",
        _PLANS,
        plans_table(with_body, without),
        "\n## A light session\n",
        _LIGHT,
        "![Blood volume over two hours](images/response/light-session.png)\n",
        "![Colour over time](images/response/colour.png)\n",
        "\n".join(f"- {line}" for line in body_lines(response)),
        "\n## Twenty minutes of an ice pack\n",
        _PACK,
        "\n".join(f"- {line}" for line in body_lines(pack.body_response)),
        "",
    ]
    PAGE.write_text("\n".join(lines), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
