"""Pictures as PNG in the product's colours; nothing in them depends on the clock, so equal numbers give equal bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from cryomassage.interchange.chart import INK, LINE, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HALO = "#ffffff"
_DOTS_PER_INCH = 130
_SMALLEST_pt = 7.0  # of a heading; what is longer still is cut short
_ASIDE = 0.012  # of the width, to the left and right of a heading
_LONGEST_IN_SECONDS = 600.0  # a longer time is told in minutes
_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": MUTED,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "figure.facecolor": "white",
    "figure.dpi": _DOTS_PER_INCH,
}


def style() -> Any:
    """The context in which pictures are made and drawn."""
    from matplotlib import rc_context

    return rc_context(_STYLE)


def save_png(figure: Figure, path: Path) -> None:
    """Write a figure without dates and without the version of the library that drew it."""
    figure.savefig(path, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})


def heading(figure: Figure, title: str, below: str) -> None:
    """What is shown, and under it the conditions, at the upper left of a picture; smaller where they are long."""
    from matplotlib.backends.backend_agg import RendererAgg

    width_in, height_in = (float(side) for side in figure.get_size_inches())
    make: Any = RendererAgg  # carries no types; a canvas of its own would take the place of the figure's
    renderer = make(width_in * figure.dpi, height_in * figure.dpi, figure.dpi)
    told: tuple[Any, ...] = (
        figure.text(_ASIDE, 1.0 - 0.10 / height_in, title, va="top", fontsize=12, fontweight="bold"),
        figure.text(_ASIDE, 1.0 - 0.36 / height_in, below, va="top", color=MUTED),
    )
    room = (1.0 - 2.0 * _ASIDE) * width_in * figure.dpi
    for words in told:
        # Letters are fitted to whole pixels, so that their width does not follow their size evenly.
        while words.get_window_extent(renderer).width > room:
            if words.get_fontsize() > _SMALLEST_pt:
                words.set_fontsize(words.get_fontsize() - 0.25)
            else:
                words.set_text(words.get_text()[:-2].rstrip() + "…")


def halo(width: float = 2.2) -> list[Any]:
    """A white rim that keeps lines and words readable on any colour."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=width, foreground=HALO)]


def bare(frame: Axes) -> None:
    """A frame without its upper and right side."""
    frame.spines[["top", "right"]].set_visible(False)


def told_time(time_s: Float[np.ndarray, " times"]) -> tuple[Float[np.ndarray, " times"], str]:
    """Times for an axis, in seconds or minutes, and which of them."""
    return (time_s / 60.0, "min") if time_s[-1] > _LONGEST_IN_SECONDS else (time_s, "s")


def clock(time_s: float) -> str:
    """A moment in words: 12.3 s, or 12 min 05 s."""
    if time_s < _LONGEST_IN_SECONDS:
        return f"{time_s:.1f} s"
    return f"{int(time_s // 60)} min {int(time_s % 60):02d} s"
