"""The vessels of the reference solver: the same law as `engine.vasomotion`, in small plain steps of float64."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from cryomassage.engine.vasomotion import WARMEST_K, PerColumn, Vasomotion

_PerColumn = Float[np.ndarray, " columns"]
_LONGEST_STEP_s = 0.5


class ReferenceVessels:
    """Blood flow of a batch of columns, as a share of that at rest.

    Every answer follows d(answer)/dt = (target - answer) / time, stepped by Euler's rule.
    """

    def __init__(self, model: Vasomotion) -> None:
        """All vessels open, as in skin that has been at rest for long."""
        self.model = Vasomotion(*(np.asarray(values, np.float64) for values in model))
        shape = self.model.rest_degC.shape
        self.constriction, self.memory, self.reflex = np.zeros((3, *shape))
        self.dilation, self.stimulus, self.hyperaemia = np.zeros((3, *shape))
        self.felt_degC = self.recent_degC = np.asarray(self.model.rest_degC)

    def step(self, felt_degC: _PerColumn, time_step_s: _PerColumn) -> None:
        """Follow a temperature that goes evenly from the last one to this in the given time."""
        parts = max(1, int(np.ceil(float(np.max(time_step_s)) / _LONGEST_STEP_s)))
        before = self.felt_degC
        for part in range(parts):
            self.felt_degC = before + (part + 0.5) / parts * (felt_degC - before)
            self._small_step(time_step_s / parts)
        self.felt_degC = felt_degC

    def _small_step(self, dt: _PerColumn) -> None:
        model, felt = self.model, self.felt_degC
        warmth = np.minimum(felt - model.reference_degC, WARMEST_K)
        lasting = model.least_flow + (1.0 - model.least_flow) * np.exp(model.sensitivity * warmth)
        target = 1.0 - lasting / model.rest_flow
        stretch = (model.release_time_long / model.release_time_short) ** self.memory
        closes = target > self.constriction
        time = np.where(closes, model.constriction_time, model.release_time_short * stretch)
        drop = self.recent_degC - felt
        narrow = np.maximum(self.constriction, 0.0) / (1.0 - model.least_flow / model.rest_flow)
        reflex = model.reflex + (model.reflex_cooled - model.reflex) * narrow
        deep = model.dilation * _step_up(
            model.rest_degC - felt, model.rest_degC - model.dilation_degC, model.dilation_width
        )
        self.constriction = self.constriction + dt / time * (target - self.constriction)
        self.memory = self.memory + dt / model.memory_time * (narrow - self.memory)
        self.reflex = self.reflex + dt / model.reflex_time * (reflex - self.reflex)
        self.dilation = self.dilation + dt / model.dilation_time * (deep - self.dilation)
        self.recent_degC = self.recent_degC + dt / model.transient_time * (felt - self.recent_degC)
        cold = _step_up(drop, model.hyperaemia_drop_K, model.hyperaemia_width)
        self.stimulus = np.maximum(cold, self.stimulus - dt / model.hyperaemia_fade_time * self.stimulus)
        red = model.hyperaemia * self.stimulus
        self.hyperaemia = self.hyperaemia + dt / model.hyperaemia_rise_time * (red - self.hyperaemia)

    @property
    def flow(self) -> _PerColumn:
        """Share of the flow at rest."""
        model = self.model
        recent = np.maximum(self.recent_degC - self.felt_degC, 0.0)
        transient = model.transient_most * np.tanh(model.transient * recent / model.transient_most)
        narrowed = 1.0 - self.constriction * (1.0 - self.dilation)
        return np.asarray(narrowed * (1.0 - self.reflex) * (1.0 + transient + self.hyperaemia))


def _step_up(stimulus_K: PerColumn, half_K: PerColumn, width: PerColumn) -> _PerColumn:
    """Logistic in the stimulus, shifted and stretched to begin at 0."""
    none = 1.0 / (1.0 + np.exp(half_K / width))
    now = 1.0 / (1.0 + np.exp((half_K - stimulus_K) / width))
    return np.asarray(np.maximum(now - none, 0.0) / (1.0 - none))
