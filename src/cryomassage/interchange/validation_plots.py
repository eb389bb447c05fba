"""Pictures of how published trials are predicted, and of what they say about the fitted numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cryomassage.interchange.chart import COLD, INK, LINE, MUTED, STOP
from cryomassage.interchange.picture import bare, heading, save_png, style
from cryomassage.knowledge.schema import Knowledge
from cryomassage.records.validation import ObservationReport, ValidationReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FARTHEST = 4.0  # tolerances; what lies beyond is drawn at the edge
_ROW_in = 0.235
_HEAD_in, _FOOT_in = 0.75, 0.55
_INTERVAL_ALPHA = 0.35


def _in_tolerances(one: ObservationReport, value: float | None) -> float:
    """A prediction less what was measured, as a multiple of the tolerance."""
    if value is None:
        return _FARTHEST
    return float(np.clip((value - one.value) / one.tolerance, -_FARTHEST, _FARTHEST))


def _rows(frame: Axes, observations: list[ObservationReport], shift: float, colour: str, label: str) -> None:
    """One mode: a point and its 90 % interval for each observation."""
    places = np.arange(len(observations)) + shift
    for place, one in zip(places, observations, strict=True):
        ends = [_in_tolerances(one, end) for end in (one.low, one.high)]
        frame.plot(ends, [place, place], color=colour, linewidth=2.4, alpha=_INTERVAL_ALPHA, solid_capstyle="butt")
    points = [_in_tolerances(one, one.predicted) for one in observations]
    frame.plot(points, places, linestyle="", marker="o", markersize=4.2, color=colour, label=label)


def scores_picture(knowledge: ValidationReport, left_out: ValidationReport, path: Path) -> None:
    """All scored observations: predicted less measured, in tolerances, from the knowledge and without the study."""
    from matplotlib.figure import Figure

    pairs = [
        (one, other) for one, other in zip(knowledge.observations, left_out.observations, strict=True) if one.scored
    ]
    height = _HEAD_in + _FOOT_in + _ROW_in * len(pairs)
    with style():
        figure = Figure(figsize=(9.0, height))
        frame = figure.add_axes((0.47, _FOOT_in / height, 0.5, 1.0 - (_HEAD_in + _FOOT_in) / height))
        frame.axvspan(-1.0, 1.0, color=LINE, alpha=0.55, linewidth=0)
        frame.axvline(0.0, color=MUTED, linewidth=0.8)
        _rows(frame, [one for one, _ in pairs], -0.17, COLD, "from the knowledge")
        _rows(frame, [other for _, other in pairs], 0.17, STOP, "without the study itself")
        frame.set_yticks(range(len(pairs)), [f"{one.case}: {one.said}" for one, _ in pairs], fontsize=7.5, color=INK)
        frame.set_ylim(len(pairs) - 0.4, -0.6)
        frame.set_xlim(-1.03 * _FARTHEST, 1.03 * _FARTHEST)
        frame.set_xlabel("predicted less measured, in tolerances; bars are 90 % intervals")
        frame.legend(loc="upper left", fontsize=8, frameon=False)
        bare(frame)
        heading(figure, "Published trials of cooling", "grey: inside the tolerance")
        save_png(figure, path)


def parameters_picture(knowledge: Knowledge, path: Path) -> None:
    """What the trials made of each fitted number: range before and after, as multiples of the value before."""
    from matplotlib.figure import Figure

    names = [name for name in knowledge.fit_prior if knowledge.fitted[name].cases]
    height = _HEAD_in + _FOOT_in + _ROW_in * len(names)
    with style():
        figure: Figure = Figure(figsize=(9.0, height))
        frame = figure.add_axes((0.52, _FOOT_in / height, 0.45, 1.0 - (_HEAD_in + _FOOT_in) / height))
        for place, name in enumerate(names):
            prior, found = knowledge.fit_prior[name].quantity, knowledge.fitted[name].quantity
            low, high = (end / prior.value for end in prior.range)
            frame.plot([low, high], [place, place], color=LINE, linewidth=7, solid_capstyle="butt")
            low, high = (end / prior.value for end in found.range)
            frame.plot([low, high], [place, place], color=COLD, linewidth=2.2, solid_capstyle="butt")
            frame.plot([found.value / prior.value], [place], marker="o", markersize=4.5, color=COLD)
        frame.axvline(1.0, color=MUTED, linewidth=0.8)
        frame.set_xscale("log")
        frame.set_xticks([0.25, 0.5, 1.0, 2.0, 4.0], ["¼", "½", "1", "2", "4"])
        frame.minorticks_off()
        frame.set_yticks(range(len(names)), [knowledge.fit_prior[name].name for name in names], fontsize=7.5, color=INK)
        frame.set_ylim(len(names) - 0.4, -0.6)
        frame.set_xlabel("multiple of the value before the trials; ranges are 5 to 95 %")
        bare(frame)
        heading(figure, "What the trials say", "grey: before the trials; blue: fitted")
        save_png(figure, path)
