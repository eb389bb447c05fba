"""What a population goes through while a spot is frozen, thaws, and perhaps is frozen again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from cryomassage.engine.freezing import enthalpy_temperature_of
from cryomassage.engine.spot import SpotHistory, advance_spot
from cryomassage.errors import EngineError
from cryomassage.planning.spot_skin import SpotSkins

FREEZE_STEP_s = 0.1
THAW_STEP_s = 0.5
_GROWTH_PART_s = 2.5
_LATE_PART_s = 2.0  # longer than any hand is late
_THAW_PART_s = 10.0
THAW_WATCHED_s = 180.0  # a lesion that has not thawed by then is not frozen a second time

Steps = Float[np.ndarray, "steps skins"]
PerSkin = Float[np.ndarray, " skins"]


@dataclass(frozen=True)
class SpotResponse:
    """A population over time, from the first moment of cold.

    Attributes:
        time_s: end of each step.
        freezing: whether the cold is on by the count.
        ice_depth: m, on the axis.
        ice_radius: m, at whatever depth it is widest.
        base_degC: on the axis at the base of the lesion.
        surface_degC: on the axis.
        thaw_s: from the end of the last count until no ice is left, at most as long as is watched.
    """

    time_s: Float[np.ndarray, " steps"]
    freezing: Bool[np.ndarray, " steps"]
    ice_depth: Steps
    ice_radius: Steps
    base_degC: Steps
    surface_degC: Steps
    thaw_s: PerSkin

    @property
    def deepest(self) -> PerSkin:
        """Deepest ice of each skin, m."""
        return np.asarray(self.ice_depth.max(axis=0))

    @property
    def widest(self) -> PerSkin:
        """Widest ice of each skin, m."""
        return np.asarray(self.ice_radius.max(axis=0))

    @property
    def coldest_base(self) -> PerSkin:
        """Lowest temperature at the base of the lesion, degC."""
        return np.asarray(self.base_degC.min(axis=0))


class _Run:
    """Steps a population on and keeps what it read."""

    def __init__(self, skins: SpotSkins, base_depth: float) -> None:
        self.skins, self.base_depth = skins, np.full(skins.count, base_depth)
        self.enthalpy = enthalpy_temperature_of(skins.spot.freezing, skins.rest_degC)
        self.now_s = 0.0
        self.parts: list[SpotHistory] = []
        self.freezing: list[bool] = []

    def on(self, on_s: PerSkin, duration_s: float, step_s: float, freezing: bool) -> SpotHistory:
        """Go on for a while, with the cold on for the first `on_s` of it."""
        self.enthalpy, history = advance_spot(
            self.skins.spot, self.enthalpy, self.skins.chill(on_s), duration_s, step_s, self.base_depth
        )
        if not np.all(np.isfinite(self.enthalpy)):
            raise EngineError(
                f"the freeze of a spot ran away between {self.now_s:g} and {self.now_s + duration_s:g} s; "
                "please report the client file as a fault of the program"
            )
        self.parts.append(history._replace(time_s=history.time_s + self.now_s))
        self.freezing += [freezing] * len(history.time_s)
        self.now_s += float(history.time_s[-1])
        return history

    def count(self, freeze_s: float) -> None:
        """Freeze for as long as is counted."""
        self.on(np.full_like(self.base_depth, freeze_s + FREEZE_STEP_s), freeze_s, FREEZE_STEP_s, True)

    def late(self) -> SpotHistory:
        """The first moments after a count, with the last of the cold from a late hand."""
        return self.on(self.skins.late_s, _LATE_PART_s, FREEZE_STEP_s, False)

    def alone(self, duration_s: float, step_s: float) -> SpotHistory:
        """Leave the skin to itself."""
        return self.on(np.zeros_like(self.base_depth), duration_s, step_s, False)

    def response(self, counted_s: float) -> SpotResponse:
        """Everything that was read; `counted_s` is the end of the last count."""
        time, depth, radius, base, surface = (np.concatenate(parts) for parts in zip(*self.parts, strict=True))
        ice = (depth > 0.0) | (radius > 0.0)
        gone = np.where(ice, time[:, None], 0.0).max(axis=0)
        return SpotResponse(
            time, np.array(self.freezing), depth, radius, base, surface, np.maximum(gone - counted_s, 0.0)
        )


def grow(skins: SpotSkins, base_depth: float, longest_s: float) -> Iterator[SpotResponse]:
    """The ice while the cold stays on: what was read so far, again and again as time goes on."""
    run = _Run(skins, base_depth)
    while run.now_s < longest_s - 1e-9:
        run.count(min(_GROWTH_PART_s, longest_s - run.now_s))
        yield run.response(run.now_s)


def freeze_and_thaw(
    skins: SpotSkins,
    freeze_s: float,
    freezes: int,
    pause_s: float,
    base_depth: float,
    until_thawed: bool,
    thaw_step_s: float = THAW_STEP_s,
) -> SpotResponse:
    """Freeze a spot for a counted time, once or more, and leave it to itself.

    A hand that counts stops late, each by its own draw. Vessels that were frozen carry no blood in the next freeze.

    Args:
        skins: the population.
        freeze_s: counted time of each freeze.
        freezes: how many.
        pause_s: from the end of one count to the beginning of the next.
        base_depth: m, of the base of the lesion.
        until_thawed: watch until no ice is left; else only until it no longer grows.
        thaw_step_s: of the steps while the skin is left to itself.
    """
    run = _Run(skins, base_depth)
    run.count(freeze_s)
    for _ in range(1, freezes):
        run.late()
        run.alone(pause_s - _LATE_PART_s, thaw_step_s)
        spot = run.skins.spot
        run.skins = replace(
            run.skins, spot=spot._replace(perfusion_conductance=np.zeros_like(spot.perfusion_conductance))
        )
        run.count(freeze_s)
    counted_s = run.now_s
    part = run.late()
    while run.now_s - counted_s < THAW_WATCHED_s and _goes_on(part, until_thawed):
        part = run.alone(_THAW_PART_s if until_thawed else _LATE_PART_s, thaw_step_s)
    return run.response(counted_s)


def _goes_on(part: SpotHistory, until_thawed: bool) -> bool:
    """Whether any skin has ice left, or ice that still grows."""
    if until_thawed:
        return bool(np.any(part.ice_depth[-1] > 0.0) or np.any(part.ice_radius[-1] > 0.0))
    return bool(np.any(part.ice_depth[-1] > part.ice_depth[0]) or np.any(part.ice_radius[-1] > part.ice_radius[0]))
