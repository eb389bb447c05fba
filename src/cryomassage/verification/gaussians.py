"""Gaussian fluxes on the patch: one that stands, one that moves, and some so narrow that a point lies behind them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import minimize_scalar

from cryomassage.engine.patch_schedule import PatchNumerics
from cryomassage.engine.patch_solver import advance_patch
from cryomassage.verification import exact
from cryomassage.verification.cases import SKIN
from cryomassage.verification.patches import (
    CHANGE_TOLERANCE_PERCENT,
    NOTHING,
    depth_grid,
    flux_jet,
    homogeneous_patch,
)
from cryomassage.verification.result import CaseResult, Row, judge, relative_row

PEAK_FLUX, RADIUS = -50e3, 5e-3  # W/m^2, m
SPEEDS = (0.01, 0.05, 0.1)  # m/s
POINT_POWER, POINT_SPEED, POINT_DEPTH = -2.0, 0.02, 1e-3  # W, m/s, m

_REACH = 3.5  # radii, beyond which the engine leaves a Gaussian out
_SPACING = 1e-3
_PROBE = 0.5e-3

Rows = Iterator[Row]


def static_gaussian() -> CaseResult:
    """A Gaussian that stands: surface in the middle and beside it, and below the middle."""
    times = np.array([0.5, 1.0, 2.0, 5.0, 10.0])
    side = 2 * round(_REACH * RADIUS / _SPACING) + 1
    middle, aside = side // 2, side // 2 + round(RADIUS / _SPACING)
    centre = (middle + 0.5) * _SPACING
    widths = depth_grid(0.02e-3, 0.7e-3, 1.2, 10e-3)
    result = advance_patch(
        homogeneous_patch(SKIN, widths, side, side, _SPACING),
        np.zeros(len(widths)),
        flux_jet(times[-1], (centre, centre), (centre, centre), PEAK_FLUX, RADIUS),
        NOTHING,
        times,
        _PROBE,
        numerics=PatchNumerics(0.05, 0.05),
        keep_field=False,
    )
    power = np.pi * RADIUS**2 * PEAK_FLUX

    def rows() -> Rows:
        for at, time in enumerate(times, start=1):
            surface = result.surface_degC[at]
            exactly = float(exact.static_gaussian_centre(SKIN, PEAK_FLUX, RADIUS, time))
            yield relative_row(f"middle, {time:g} s", exactly, float(surface[middle, middle]))
            for where, place, computed in (
                ("5 mm beside", (0.0, RADIUS, 0.0), surface[aside, middle]),
                ("0.5 mm deep", (0.0, 0.0, _PROBE), result.basal_degC[at, middle, middle]),
            ):
                exactly = float(exact.moving_gaussian(SKIN, power, RADIUS, 0.0, *place, time=float(time)))
                yield relative_row(f"{where}, {time:g} s", exactly, float(computed))

    title = "Gaussian flux that stands on a half-space, patch"
    return judge("G8", title, "temperature change", "K", rows(), CHANGE_TOLERANCE_PERCENT, "%")


def _peak(place: np.ndarray, change: np.ndarray) -> float:
    """Largest fall along a line behind the source, between the centres of the cells."""
    curve = CubicSpline(place, change)
    return float(minimize_scalar(lambda x: float(curve(x)), bounds=(-RADIUS, 0.0), method="bounded").fun)


def _behind_a_gaussian(speed: float) -> Rows:
    """A stroke that begins out of reach of the patch and ends on it."""
    power = np.pi * RADIUS**2 * PEAK_FLUX
    behind, side = round(14e-3 / _SPACING), 2 * round(_REACH * RADIUS / _SPACING) + 1
    middle, columns = side // 2, behind + 8
    begin, end, line = -_REACH * RADIUS, (behind + 0.5) * _SPACING, (middle + 0.5) * _SPACING
    duration = (end - begin) / speed
    # Cells and steps follow how deep the cold goes, and how long it takes, while the source passes.
    widths = depth_grid(0.006e-3, 0.6e-3, 1.3, 5e-3)
    step = 0.1 * RADIUS / speed
    result = advance_patch(
        homogeneous_patch(SKIN, widths, side, columns, _SPACING),
        np.zeros(len(widths)),
        flux_jet(duration, (begin, line), (end, line), PEAK_FLUX, RADIUS),
        NOTHING,
        np.array([duration]),
        _PROBE,
        numerics=PatchNumerics(step, step),
        keep_field=False,
    )
    surface, below = result.surface_degC[-1].astype(float), result.basal_degC[-1]
    ahead = (np.arange(columns) + 0.5) * _SPACING - end

    def exactly(*place: float) -> float:
        return float(exact.moving_gaussian(SKIN, power, RADIUS, speed, *place))

    exact_peak = minimize_scalar(lambda x: exactly(x, 0.0, 0.0), bounds=(-RADIUS, 0.0), method="bounded").fun
    told = f"{speed * 1e3:g} mm/s"
    yield relative_row(f"{told}, coldest", float(exact_peak), _peak(ahead, surface[middle]))
    yield relative_row(f"{told}, under the middle", exactly(0.0, 0.0, 0.0), float(surface[middle, behind]))
    aside = middle + round(RADIUS / _SPACING)
    yield relative_row(f"{told}, 5 mm beside", exactly(0.0, RADIUS, 0.0), float(surface[aside, behind]))
    late = behind - round(10e-3 / _SPACING)
    where = f"{told}, 10 mm behind, 0.5 mm deep"
    yield relative_row(where, exactly(-10e-3, 0.0, _PROBE), float(below[middle, late]))


def moving_gaussian() -> CaseResult:
    """A Gaussian that moves straight on, in its own coordinates, once nothing changes there."""
    rows = (row for speed in SPEEDS for row in _behind_a_gaussian(speed))
    title = "Gaussian flux that moves over a half-space, patch"
    return judge("G9", title, "temperature change", "K", rows, CHANGE_TOLERANCE_PERCENT, "%")


class _Passage(NamedTuple):
    """A narrow Gaussian that passes over a patch, read on its line for as long as it takes to leave it behind."""

    radius: float
    spacing: float
    rows: int
    columns: int
    cell_width: np.ndarray
    numerics: PatchNumerics
    behind: tuple[float, ...]  # m
    share: float  # of the power, which keeps the temperatures possible

    def changes_K(self) -> list[float]:
        """At the depth of reading, for the whole power: the equation is linear."""
        middle, half = self.columns // 2, self.rows // 2
        place, line = (middle + 0.5) * self.spacing, (half + 0.5) * self.spacing
        begin, end = -_REACH * self.radius, self.columns * self.spacing + _REACH * self.radius
        times = np.array([(place + behind - begin) / POINT_SPEED for behind in self.behind])
        peak_flux = self.share * POINT_POWER / (np.pi * self.radius**2)
        result = advance_patch(
            homogeneous_patch(SKIN, self.cell_width, self.rows, self.columns, self.spacing),
            np.zeros(len(self.cell_width)),
            flux_jet((end - begin) / POINT_SPEED, (begin, line), (end, line), peak_flux, self.radius),
            NOTHING,
            times,
            POINT_DEPTH,
            numerics=self.numerics,
            keep_field=False,
        )
        return [float(change) / self.share for change in result.basal_degC[1:, half, middle]]


# Near the source the heat has hardly come to the depth of reading: fine cells and short steps follow its first rise.
_NEAR = _Passage(
    radius=0.2e-3,
    spacing=0.05e-3,
    rows=49,
    columns=41,
    cell_width=depth_grid(0.0025e-3, 1.04e-3, 1.3, 1.4e-3),
    numerics=PatchNumerics(0.002, 0.004),
    behind=(5e-3, 10e-3),
    share=0.02,
)
_FAR = _Passage(
    radius=0.2e-3,
    spacing=0.1e-3,
    rows=73,
    columns=15,
    cell_width=depth_grid(0.05e-3, 0.2e-3, 1.05, 7e-3),
    numerics=PatchNumerics(0.01, 0.1),
    behind=(50e-3, 200e-3),
    share=0.05,
)


def moving_point() -> CaseResult:
    """Narrow Gaussians against their own integral, and a point of the same power where they are as good as one.

    A grid cannot hold a point. What sets a Gaussian apart from it fades as (radius^2 / (4 diffusivity age)): far
    behind it is nothing; nearer, the changes of two radii are drawn out to none, as if they were linear in its square.
    """
    point = SKIN, POINT_POWER, POINT_SPEED
    narrower = _NEAR._replace(radius=0.5 * _NEAR.radius, behind=_NEAR.behind[-1:])

    def rows() -> Rows:
        wide, narrow, far = (passage.changes_K() for passage in (_NEAR, narrower, _FAR))
        for passage, changes in ((_NEAR, wide), (narrower, narrow), (_FAR, far)):
            for behind, computed in zip(passage.behind, changes, strict=True):
                place = POINT_SPEED, -behind, 0.0, POINT_DEPTH
                expected = float(exact.moving_gaussian(SKIN, POINT_POWER, passage.radius, *place))
                yield relative_row(f"{_told(passage.radius)}, {_told(behind)} behind", expected, computed)
        drawn_out = narrow[-1] + (narrow[-1] - wide[-1]) / 3.0
        for behind, computed in ((_NEAR.behind[-1], drawn_out), (_FAR.behind[-1], far[-1])):
            expected = float(exact.moving_point(*point, -behind, 0.0, POINT_DEPTH))
            yield relative_row(f"point, {_told(behind)} behind", expected, computed)

    title = "Narrow Gaussian sinks that move, and a point behind them, patch"
    return judge("G10", title, "temperature change", "K", rows(), CHANGE_TOLERANCE_PERCENT, "%")


def _told(length: float) -> str:
    return f"{length * 1e3:g} mm"
