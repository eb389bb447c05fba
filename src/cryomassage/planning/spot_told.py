"""What a plan tells of a freeze: intervals over the virtual skins, and moments over time."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from cryomassage.planning.spot_run import SpotResponse
from cryomassage.records.interval import Interval
from cryomassage.records.plan import SpotMoment

_MOMENTS = 60


def told_mm(length_mm: float) -> str:
    """A length in the words of a reason."""
    return f"{length_mm:g} mm"


def interval(values: Float[np.ndarray, " skins"], digits: int) -> Interval:
    """5, 50 and 95 % of the skins."""
    low, middle, high = (round(float(value), digits) for value in np.quantile(values, [0.05, 0.5, 0.95]))
    return Interval(p05=low, p50=middle, p95=high)


def over_time(response: SpotResponse) -> tuple[SpotMoment, ...]:
    """A freeze over time: the moments at which the cold goes off, and others between, closest while it freezes."""
    ends = np.flatnonzero(response.freezing[:-1] & ~response.freezing[1:])
    share = len(response.time_s) / _MOMENTS
    even = np.unique(np.floor(np.arange(_MOMENTS) * share).astype(int))
    chosen = np.union1d(np.union1d(even, ends), [len(response.time_s) - 1])
    return tuple(
        SpotMoment(
            time_s=round(float(response.time_s[index]), 2),
            freezing=bool(response.freezing[index]),
            ice_depth_mm=interval(response.ice_depth[index] * 1e3, 2),
            ice_radius_mm=interval(response.ice_radius[index] * 1e3, 2),
            base_degC=interval(response.base_degC[index], 1),
        )
        for index in chosen
    )
