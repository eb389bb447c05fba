"""An empty chart in the product's colours, and its text as SVG that stands inside a page.

Colours are written as CSS variables with a fallback, so that one picture serves light, dark and print.
Nothing in the text depends on the clock or on chance: the same chart gives the same bytes.
"""

from __future__ import annotations

import io
import re
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, LINE, COLD, STOP = "#16202a", "#566370", "#d5dade", "#0b6e99", "#b3261e"
_VARIABLES = {INK: "--ink", MUTED: "--muted", LINE: "--line", COLD: "--cold", STOP: "--stop"}
_SIZE_in = (4.9, 3.3)
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "cryomassage",
    "font.family": "DejaVu Sans",
    "font.size": 10.5,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "axes.linewidth": 0.8,
    "path.simplify": True,
}


def new_chart(left: float, right: float) -> tuple[Figure, Axes]:
    """A figure of the common size with one frame between `left` and `right`, as shares of the width."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=_SIZE_in)
        frame = figure.add_axes((left, 0.16, right - left, 0.78))
    frame.spines[["top", "right"]].set_visible(False)
    return figure, frame


def to_svg(figure: Figure, name: str, description: str) -> str:
    """The figure as SVG for the inside of a page; `name` keeps its identifiers apart from other charts."""
    from matplotlib import rc_context

    target = io.StringIO()
    with rc_context(_STYLE):
        figure.savefig(target, format="svg", transparent=True, metadata={"Date": None})
    text = target.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\s+xmlns(:xlink)?="[^"]*"', "", text)
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, f"var({variable}, {colour})")
    label = escape(description, quote=True)
    return text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def spread(wanted: list[float], gap: float, low: float, high: float) -> list[float]:
    """Places for labels, each as near to its wanted place as the gap to its neighbours allows."""
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    placed = [max(low, wanted[index]) for index in order]
    for position in range(1, len(placed)):
        placed[position] = max(placed[position], placed[position - 1] + gap)
    ceiling = high
    for position in range(len(placed) - 1, -1, -1):
        placed[position] = min(placed[position], ceiling)
        ceiling = placed[position] - gap
    result = [0.0] * len(wanted)
    for index, place in zip(order, placed, strict=True):
        result[index] = place
    return result
