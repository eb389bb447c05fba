"""A plan for the hands as the train of pulses that one point of skin feels.

A point meets the source once in every coverage of the zone, for the time in which the footprint crosses it;
between pulses it meets the room. Steps are short inside a pulse and grow after it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cryomassage.engine.solver import Exposure
from cryomassage.planning.virtual_skin import VirtualSkins

STEPS_PER_GROUP = 4
# Shares of a pulse, and of the time after it, that the groups of steps take.
_PULSE = np.array([0.02, 0.08, 0.25, 0.65])
_REST = np.array([1.0, 5.0, 25.0, 125.0]) / 156.0


@dataclass(frozen=True)
class Dose:
    """What the hand is asked to do at a point.

    Attributes:
        dwell_time_s: time in which the nominal footprint crosses a point, or the hold of a compress.
        coverages: coverages of the zone in one pass.
        coverage_period_s: from one coverage to the next within a pass.
        passes: number of passes.
        pause_s: from the end of a pass to the beginning of the next.
        after_s: time watched after the last pass.
        late: whether a hand that counts ends the touch late.
    """

    dwell_time_s: float
    coverages: int
    coverage_period_s: float
    passes: int
    pause_s: float
    after_s: float
    late: bool = False

    @property
    def pulses(self) -> int:
        """Number of pulses that a point feels."""
        return self.coverages * self.passes

    def rests(self) -> Float[np.ndarray, " pulses"]:
        """Time from the start of each pulse to the start of the next; after the last, the time watched."""
        within = [self.coverage_period_s] * (self.coverages - 1)
        rests = [*within, self.coverage_period_s + self.pause_s] * self.passes
        rests[-1] = self.dwell_time_s + self.after_s
        return np.array(rests)


def build_watch(skins: VirtualSkins, edges_s: Float[np.ndarray, " edges"]) -> Exposure:
    """The skin left to the room, in groups between the given times after the last exposure."""
    groups = len(edges_s) - 1
    shape = (groups, STEPS_PER_GROUP, 1, skins.count)
    steps = np.diff(edges_s)[:, None] / STEPS_PER_GROUP
    return Exposure(
        np.broadcast_to(steps.astype(np.float32), (groups, skins.count)),
        np.broadcast_to(np.asarray(skins.room_coefficient, np.float32), shape),
        np.broadcast_to(np.asarray(skins.room_temperature_degC, np.float32), shape),
        np.zeros(shape, np.float32),
    )


def dwell_of(skins: VirtualSkins, dose: Dose, nominal_footprint: float | None) -> Float[np.ndarray, " skins"]:
    """Dwell time at the point of each skin: footprint, hand and overlap all vary."""
    if nominal_footprint is None:  # held, not moved
        return dose.dwell_time_s + (skins.late_s if dose.late else np.zeros(skins.count))
    ratio = skins.footprint_length / nominal_footprint
    return np.asarray(dose.dwell_time_s * ratio / skins.speed_ratio * (1.0 + skins.overlap_ratio))


def build_exposure(
    skins: VirtualSkins, dose: Dose, nominal_footprint: float | None
) -> tuple[Exposure, Float[np.ndarray, " steps"]]:
    """The exposure of every skin, and the end time of each step for a hand at the planned speed."""
    dwell = dwell_of(skins, dose, nominal_footprint)
    rests = dose.rests()
    groups_per_pulse = len(_PULSE) + len(_REST)
    lengths = np.empty((dose.pulses, groups_per_pulse, skins.count))
    lengths[:, : len(_PULSE)] = _PULSE[:, None] * dwell
    # A slow hand on a small zone may fill the whole period; the rest then shrinks to a token of time.
    free = np.maximum(rests[:, None] - dwell, 0.02 * rests[:, None])
    lengths[:, len(_PULSE) :] = _REST[:, None] * free[:, None, :]
    time_step = lengths.reshape(-1, skins.count) / STEPS_PER_GROUP

    on = np.tile(np.arange(groups_per_pulse) < len(_PULSE), dose.pulses)[:, None, None, None]
    shape = (dose.pulses * groups_per_pulse, STEPS_PER_GROUP, 1, skins.count)
    coefficient = np.where(on, skins.heat_transfer_coefficient, skins.room_coefficient)
    sink = np.where(on, skins.sink_temperature_degC, skins.room_temperature_degC)
    # NumPy arrays: they are cut into calls of one shape, and JAX takes them as they are.
    exposure = Exposure(
        np.asarray(time_step, np.float32),
        np.broadcast_to(np.asarray(coefficient, np.float32), shape),
        np.broadcast_to(np.asarray(sink, np.float32), shape),
        np.zeros(shape, np.float32),
    )
    nominal = np.concatenate(
        [
            np.broadcast_to(_PULSE * dose.dwell_time_s, (dose.pulses, len(_PULSE))),
            _REST * np.maximum(rests - dose.dwell_time_s, 0.0)[:, None],
        ],
        axis=1,
    )
    return exposure, np.cumsum(np.repeat(nominal.reshape(-1) / STEPS_PER_GROUP, STEPS_PER_GROUP))
