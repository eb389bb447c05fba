"""Patches, strokes and freezing laws for tests of the patch solver."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cryomassage.engine.column import Column, Layers
from cryomassage.engine.freezing import mushy_law
from cryomassage.engine.patch import Footprint, Patch, PatchResult, Strokes, Surroundings
from cryomassage.engine.patch_schedule import PatchNumerics
from cryomassage.engine.patch_solver import advance_patch
from tests.support.skins import at_rest, cut

ROWS, COLUMNS = 5, 6
BASAL_DEPTH = 0.095e-3  # of the skin of `CHEEK`: between epidermis and dermis
AIR = Surroundings(8.0, 23.0)
NOWHERE = Surroundings(0.0, 0.0)


class Ice(NamedTuple):
    """How tissue freezes from -0.6 degC on, as multiples of what it is unfrozen."""

    range_K: float = 5.0
    latent_K: float = 50.0  # latent heat over heat capacity
    capacity: float = 0.5
    conductivity: float = 3.0


FREEZING_degC = -0.6


def with_ice(patch: Patch, ice: Ice | None) -> Patch:
    """The same skin that freezes, or does not."""
    if ice is None:
        return patch
    capacity, conductivity = patch.volumetric_heat_capacity, patch.thermal_conductivity
    law = mushy_law(
        capacity,
        conductivity,
        ice.latent_K * capacity,
        ice.capacity * capacity,
        ice.conductivity * conductivity,
        FREEZING_degC,
        FREEZING_degC - ice.range_K,
    )
    return patch._replace(freezing=law)


def patch_of(column: Column, ice: Ice | None = None, **changes: Any) -> Patch:
    """A patch of the same skin everywhere, cut as the first of some columns."""
    cells = {name: np.asarray(values, float)[:, 0] for name, values in column._asdict().items() if values.ndim == 2}
    ends = {name: float(values[0]) for name, values in column._asdict().items() if values.ndim == 1}
    grid: dict[str, Any] = {"rows": ROWS, "columns": COLUMNS, "spacing": 2e-3, **changes}
    return with_ice(Patch(**cells, **ends, **grid), ice)


def resting(layers: Layers, ice: Ice | None = None, **changes: Any) -> tuple[Patch, np.ndarray]:
    """A patch of layered skin, and the temperatures of its cells at rest in a room."""
    column = cut(layers)
    return patch_of(column, ice, **changes), np.asarray(at_rest(column), float)[:, 0]


def stroke(
    times: tuple[float, float] = (0.0, 2.0),
    origin: tuple[float, float] = (0.0, 0.0),
    target: tuple[float, float] | None = None,
    coefficient: float = 400.0,
    sink_degC: float = -100.0,
    kind: Footprint = Footprint.GAUSSIAN,
    reach: float = 4e-3,
    touches: bool = False,
) -> Strokes:
    """One piece of stroke; a hold without a target."""
    target = origin if target is None else target
    numbers = (*times, *origin, *target, coefficient, sink_degC)
    return Strokes(
        *(np.array([value], float) for value in numbers),
        footprint=np.array([int(kind)]),
        along=np.array([reach]),
        across=np.array([reach]),
        touches=np.array([touches]),
    )


def everywhere(times: tuple[float, float], coefficient: float, sink_degC: float, touches: bool = True) -> Strokes:
    """An even touch on all of the patch and far beyond, or air that blows on it."""
    return stroke(times, (0.0, 0.0), None, coefficient, sink_degC, Footprint.ELLIPSE, 1.0, touches)


def together(*strokes: Strokes) -> Strokes:
    return Strokes(*(np.concatenate(values) for values in zip(*strokes, strict=True)))


NO_STROKES = Strokes(*(values[:0] for values in stroke()))


def went(
    patch: Patch,
    start_degC: np.ndarray,
    strokes: Strokes,
    until_s: float,
    step_s: float,
    surroundings: Surroundings = AIR,
    snapshots: int = 1,
    **changes: Any,
) -> PatchResult:
    """Step a patch with even steps."""
    times = until_s / snapshots * np.arange(1, snapshots + 1)
    numerics = PatchNumerics(step_s, step_s)
    return advance_patch(patch, start_degC, strokes, surroundings, times, BASAL_DEPTH, numerics=numerics, **changes)


def field_of(result: PatchResult) -> np.ndarray:
    """All cells at the snapshots."""
    assert result.field_degC is not None
    return result.field_degC


def heat_of(patch: Patch, temperature_degC: np.ndarray, ice: Ice | None) -> np.ndarray:
    """Heat in each column above that at the freezing point, J/m^2, from (..., cells, rows, columns)."""
    above_K = np.asarray(temperature_degC, float) - FREEZING_degC
    if ice is not None:
        mushy_K, frozen_K = np.clip(-above_K, 0.0, ice.range_K), np.maximum(-above_K - ice.range_K, 0.0)
        above_K = np.maximum(above_K, 0.0) - (1.0 + ice.latent_K / ice.range_K) * mushy_K - ice.capacity * frozen_K
    capacity = patch.volumetric_heat_capacity * patch.cell_width
    return np.asarray(np.sum(capacity[:, None, None] * above_K, axis=-3))


def heat_missing(patch: Patch, result: PatchResult, begin_degC: np.ndarray, ice: Ice | None = None) -> float:
    """What the account of heat does not explain, as a share of what was drawn through the surface.

    The heat stored is worked out from temperatures, not taken from the solver.
    """
    gained = heat_of(patch, result.end_degC, ice) - heat_of(patch, begin_degC[:, None, None], ice)
    stored = float(np.sum(gained)) * patch.spacing**2
    told = result.heat_absorbed + result.heat_from_below + result.heat_from_blood
    return abs(stored - told) / abs(result.heat_absorbed)
