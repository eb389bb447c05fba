"""When ice begins in supercooled tissue: a chance per second that rises as the tissue gets colder.

In each second in which a piece of tissue is supercooled, ice begins in it with a chance that depends on its
temperature alone, and not on how long it has been spared. The hazard H is that rate summed over time; ice has begun
with the probability 1 - exp(-H). A moment is drawn by going on until H reaches a number that is drawn from the
exponential distribution of mean 1.

The rates hold for a piece of tissue of the size that was watched, and say nothing of a crystal that touches it: wet or
frosted skin freezes as soon as its fluid can.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class NucleationLaw(NamedTuple):
    """Rate at which ice begins, log-linear through two known rates, and none above a temperature.

    Attributes:
        begin_degC: above it, ice does not begin by itself.
        known_degC: two temperatures, the warmer first.
        known_rate: 1/s, at those temperatures.
    """

    begin_degC: float
    known_degC: tuple[float, float]
    known_rate: tuple[float, float]


def nucleation_rate(law: NucleationLaw, temperature_degC: Float[np.ndarray, " ..."]) -> Float[np.ndarray, " ..."]:
    """Chance per second that ice begins, 1/s.

    Args:
        law: two rates above 0 at two different temperatures; it is carried on beyond both of them.
        temperature_degC: of the supercooled tissue.
    """
    (warm, cold), (slow, fast) = law.known_degC, law.known_rate
    exponent = np.log(fast / slow) / (cold - warm)
    rate = slow * np.exp(exponent * (temperature_degC - warm))
    return np.asarray(np.where(temperature_degC <= law.begin_degC, rate, 0.0))


def hazard(time_s: Float[np.ndarray, " times"], rate: Float[np.ndarray, "times ..."]) -> Float[np.ndarray, "times ..."]:
    """The rate summed over time up to each moment, by the trapezoidal rule; 0 at the first.

    Args:
        time_s: rising.
        rate: 1/s, at those times.
    """
    steps = np.diff(time_s).reshape(-1, *(1,) * (rate.ndim - 1))
    added = 0.5 * steps * (rate[1:] + rate[:-1])
    return np.concatenate([np.zeros_like(rate[:1]), np.cumsum(added, axis=0)])


def probability_of_ice(summed: Float[np.ndarray, " ..."]) -> Float[np.ndarray, " ..."]:
    """Probability that ice has begun, from the hazard."""
    return np.asarray(-np.expm1(-summed))


def moment_of_ice(
    time_s: Float[np.ndarray, " times"], summed: Float[np.ndarray, " times"], threshold: float
) -> float | None:
    """When the hazard reaches a threshold, s; None where it does not.

    Args:
        time_s: rising.
        summed: the hazard at those times, never falling, from 0.
        threshold: above 0. Drawn from the exponential distribution of mean 1 it gives a moment as nature draws it.
    """
    if summed[-1] < threshold:
        return None
    return float(np.interp(threshold, summed, time_s))
