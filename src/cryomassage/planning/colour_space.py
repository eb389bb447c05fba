"""Single colours as screens show them, and as eyes tell them apart."""

from __future__ import annotations

import numpy as np

from cryomassage.engine.skin_colour import Lab, encoded, to_reflectance

Colour = tuple[float, float, float]  # L*, a*, b*, D65, 2 degrees


def hex_of(lab: Colour) -> str:
    """The nearest colour that a screen can show, as "#rrggbb".

    By the engine's own conversion, which the tests hold against ColorAide: importing the library takes a quarter of
    a second, and every plan shows a swatch.
    """
    light = to_reflectance(Lab(*(np.asarray(part) for part in lab)))
    shown = np.clip([float(encoded(np.asarray(band))) for band in light], 0.0, 1.0)
    return "#" + "".join(f"{round(255.0 * band):02x}" for band in shown)


def difference_2000(one: Colour, other: Colour) -> float:
    """Difference of two colours as eyes see it, CIEDE2000, by the library ColorAide."""
    from coloraide import Color

    return float(Color("lab-d65", one).delta_e(Color("lab-d65", other), method="2000", space="lab-d65"))
