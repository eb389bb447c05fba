"""The numbers that are fitted: what is known of them before, and their values in sets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from cryomassage.knowledge.schema import Knowledge

_Z95 = 1.6448536269514722  # standard normal quantile of 95 %


@dataclass(frozen=True)
class Parameters:
    """Logarithms of the fitted numbers before any trial: normal, with what is alike correlated.

    Attributes:
        names: keys of `fit_prior`.
        mean: natural logarithm of the prior value.
        spread: standard deviation of the logarithm.
        alike: 1 where two different parameters are alike, else 0.
    """

    names: tuple[str, ...]
    mean: Float[np.ndarray, " parameters"]
    spread: Float[np.ndarray, " parameters"]
    alike: Float[np.ndarray, "parameters parameters"]

    @cached_property
    def place(self) -> dict[str, int]:
        """Where a parameter stands."""
        return {name: index for index, name in enumerate(self.names)}

    def covariance(self, correlation: float) -> Float[np.ndarray, "parameters parameters"]:
        """Of the logarithms, when what is alike is so much correlated."""
        return np.asarray((np.eye(len(self.names)) + correlation * self.alike) * np.outer(self.spread, self.spread))


def parameters_of(knowledge: Knowledge) -> Parameters:
    """The parameters that the knowledge declares."""
    priors = knowledge.fit_prior.values()
    words = [prior.alike for prior in priors]
    alike = [
        [float(i != j and word is not None and word == other) for j, other in enumerate(words)]
        for i, word in enumerate(words)
    ]
    return Parameters(
        names=tuple(knowledge.fit_prior),
        mean=np.log([prior.quantity.value for prior in priors]),
        spread=np.array([np.log(p.quantity.range[1] / p.quantity.range[0]) for p in priors]) / (2.0 * _Z95),
        alike=np.array(alike),
    )


def fitted_logarithms(parameters: Parameters, knowledge: Knowledge) -> Float[np.ndarray, " parameters"]:
    """Where the knowledge has a parameter now: fitted, or as before where nothing has been fitted yet."""
    fitted, priors = knowledge.fitted, knowledge.fit_prior
    return np.log([(fitted.get(name) or priors[name]).quantity.value for name in parameters.names])


class Values:
    """Values of the parameters in many sets; notes which of them are asked for."""

    def __init__(self, parameters: Parameters, logarithms: Float[np.ndarray, "sets parameters"]) -> None:
        self._place, self._logarithms = parameters.place, logarithms
        self.asked: set[int] = set()

    @property
    def sets(self) -> int:
        """Number of sets."""
        return int(self._logarithms.shape[0])

    def __contains__(self, name: str) -> bool:
        return name in self._place

    def __getitem__(self, name: str) -> Float[np.ndarray, " sets"]:
        place = self._place[name]
        self.asked.add(place)
        return np.asarray(np.exp(self._logarithms[:, place]))

    def stepped(self, asked: Iterable[int], step: float) -> Float[np.ndarray, "sets_and_steps parameters"]:
        """The sets, followed by the sets with each of some parameters a step higher, parameter by parameter."""
        parts = [self._logarithms]
        for place in asked:
            higher = self._logarithms.copy()
            higher[:, place] += step
            parts.append(higher)
        return np.concatenate(parts)
