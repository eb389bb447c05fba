"""How numbers and happenings spread over the virtual skins."""

from __future__ import annotations

import zlib
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Bool, Float

from cryomassage.planning.virtual_skin import Quantiles
from cryomassage.records.body_response import Event
from cryomassage.records.interval import Interval

LEAST_SHARE = 0.05  # of skins in which something must happen before its times are told: an interval ends there
_DIGITS = 4

_Law = TypeVar("_Law", bound=tuple[Any, ...])


def _rounded(value: float) -> float:
    """To four significant digits: no number of the response is known better."""
    return float(f"{value:.{_DIGITS}g}")


def interval(values: Float[np.ndarray, " skins"]) -> Interval:
    """5, 50 and 95 % of the values."""
    low, middle, high = (_rounded(float(part)) for part in np.quantile(values, [0.05, 0.50, 0.95]))
    return Interval(p05=low, p50=middle, p95=high)


def event(
    begins_s: Float[np.ndarray, " skins"], ends_s: Float[np.ndarray, " skins"], happens: Bool[np.ndarray, " skins"]
) -> Event:
    """How often something happens, and when it begins and ends in the skins in which it does.

    Args:
        begins_s: when it begins; read only where it happens.
        ends_s: when it is over; read only where it happens.
        happens: in which skins it happens at all.
    """
    share = float(np.mean(happens))
    told = share >= LEAST_SHARE
    return Event(
        share_of_skins=_rounded(share),
        begins_s=interval(np.asarray(begins_s)[happens]) if told else None,
        ends_s=interval(np.asarray(ends_s)[happens]) if told else None,
    )


def span(
    time_step_s: Float[np.ndarray, "steps skins"], now: Bool[np.ndarray, "steps skins"]
) -> tuple[Float[np.ndarray, " skins"], Float[np.ndarray, " skins"], Bool[np.ndarray, " skins"]]:
    """When something is first so, from when on it is so no longer, and in which skins it ever is, for `event`.

    Where it is still so at the end of the history, that end is returned; it ends then at the earliest.

    Args:
        time_step_s: length of each step.
        now: whether it is so at the end of each step.
    """
    time_s = np.cumsum(np.asarray(time_step_s, float), axis=0)
    last = time_s.shape[0] - 1
    first_step = np.argmax(now, axis=0)
    after = np.minimum(last - np.argmax(now[::-1], axis=0) + 1, last)
    begins = np.take_along_axis(time_s, first_step[None], axis=0)[0]
    ends = np.take_along_axis(time_s, after[None], axis=0)[0]
    return begins, ends, np.asarray(now.any(axis=0))


_STEPS_AT_ONCE = 256  # histories are padded to a multiple, so that few lengths are ever compiled


def own_stream(count: int, seed: int, name: str) -> Quantiles:
    """Uniform numbers of one model: the same for a seed, and independent of those of every other name."""
    return Quantiles(count, (seed << 32) + zlib.crc32(name.encode()))


def padded(
    time_step_s: Float[np.ndarray, "steps skins"], *histories: Float[np.ndarray, "steps skins"]
) -> tuple[Float[np.ndarray, "padded skins"], ...]:
    """Step lengths and histories in single precision, carried on by steps of no length to a multiple of 256."""
    missing = -np.shape(time_step_s)[0] % _STEPS_AT_ONCE
    lengths = np.pad(np.asarray(time_step_s, np.float32), ((0, missing), (0, 0)))
    rest = (np.pad(np.asarray(values, np.float32), ((0, missing), (0, 0)), mode="edge") for values in histories)
    return (lengths, *rest)


def single(law: _Law) -> _Law:
    """A law with its numbers in single precision, as the histories are."""
    return type(law)(*(np.asarray(values, np.float32) for values in law))
