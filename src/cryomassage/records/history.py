"""Temperatures over time and depth, as drawn and written to files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Band:
    """One quantity over time: 5, 50 and 95 % of the virtual skins."""

    label: str
    low: Float[np.ndarray, " times"]
    median: Float[np.ndarray, " times"]
    high: Float[np.ndarray, " times"]


@dataclass(frozen=True)
class History:
    """What a population of skins goes through.

    Attributes:
        time_s: 0 for the skin at rest, then the end of each step.
        bands: surface, basal layer, 1 mm and fat.
        depth_mm: cell centres of the median skin.
        field_degC: temperatures of the median skin over depth and time.
    """

    time_s: Float[np.ndarray, " times"]
    bands: tuple[Band, ...]
    depth_mm: Float[np.ndarray, " cells"]
    field_degC: Float[np.ndarray, "cells times"]
