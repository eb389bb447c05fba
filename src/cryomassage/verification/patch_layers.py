"""Layered skin on the patch under an exchange that is the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cryomassage.engine.patch import Patch, Surroundings
from cryomassage.engine.patch_schedule import PatchNumerics
from cryomassage.engine.patch_solver import advance_patch
from cryomassage.verification import exact
from cryomassage.verification.cases import (
    COAT_M,
    FAT,
    FLUX_TOLERANCE_PERCENT,
    INITIAL_DEGC,
    SKIN,
    TEMPERATURE_TOLERANCE_K,
)
from cryomassage.verification.patches import CLAMPED, depth_grid, no_strokes, read_at
from cryomassage.verification.result import CaseResult, Row, judge, relative_row, temperature_row

_SIDE = 4  # cells of the patch along x and y


def _patch(
    media: tuple[exact.Medium, ...],
    cells: tuple[np.ndarray, ...],
    blood_degC: float,
    spacing: float,
    deep_conductance: float = 0.0,
) -> Patch:
    """Layers without blood flow, each with the cells given."""
    repeat = np.repeat(np.arange(len(media)), [len(part) for part in cells])
    nothing = np.zeros(len(repeat))
    return Patch(
        cell_width=np.concatenate(cells),
        thermal_conductivity=np.array([medium.thermal_conductivity for medium in media])[repeat],
        volumetric_heat_capacity=np.array([medium.volumetric_heat_capacity for medium in media])[repeat],
        perfusion_conductance=nothing,
        metabolic_heat_production=nothing,
        arterial_temperature_degC=blood_degC,
        deep_conductance=deep_conductance,
        deep_temperature_degC=blood_degC,
        rows=_SIDE,
        columns=_SIDE,
        spacing=spacing,
    )


def layers_in_series() -> Iterator[CaseResult]:
    """Four layers on a warm core come to rest under an exchange, from the temperature of the core."""
    thickness, conductivity = np.array([1e-4, 1.5e-3, 5e-3, 13.5e-3]), np.array([0.21, 0.37, 0.21, 0.49])
    exchange, core_degC = (500.0, 0.0), 37.0
    cells = tuple(np.full(count, layer / count) for count, layer in zip((4, 8, 10, 14), thickness, strict=True))
    # So wide a grid that steps of minutes stay stable; L-stable steps of minutes bring the layers to rest.
    spacing, step_s, rest_s, told_s = 50e-3, 100.0, 20000.0, 1000.0
    media = tuple(exact.Medium(value, 3.8e6) for value in conductivity)
    patch = _patch(media, cells, core_degC, spacing, CLAMPED)
    numerics, surroundings = PatchNumerics(step_s, step_s), Surroundings(*exchange)
    begin = np.full(len(patch.cell_width), core_degC)
    rested = advance_patch(
        patch, begin, no_strokes(), surroundings, np.array([rest_s]), thickness[0], numerics=numerics
    )
    result = advance_patch(
        patch, rested.end_degC, no_strokes(), surroundings, np.array([told_s]), thickness[0], numerics=numerics
    )
    flux, at_faces = exact.layers_in_series(thickness, conductivity, *exchange, core_degC)
    depths = np.cumsum(thickness)[:-1]

    def temperatures() -> Iterator[Row]:
        for name, row, column in (("corner", 0, 0), ("middle", 2, 2)):
            surface = float(result.surface_degC[-1, row, column])
            yield temperature_row(f"{name}, surface", float(at_faces[0]), surface)
            computed = read_at(patch, result.end_degC[:, row, column], depths)
            for depth, expected, value in zip(depths, at_faces[1:], computed, strict=False):
                yield temperature_row(f"{name}, {depth * 1e3:g} mm", float(expected), float(value))

    def fluxes() -> Iterator[Row]:
        area_seconds = (_SIDE * spacing) ** 2 * told_s
        yield relative_row("surface", flux, result.heat_absorbed / area_seconds)
        yield relative_row("bottom", -flux, result.heat_from_below / area_seconds)

    title = "Four layers at rest on a warm core, patch"
    yield judge("G11-patch", title, "temperature", "degC", temperatures(), TEMPERATURE_TOLERANCE_K, "K")
    yield judge("G11-patch-flux", title, "heat flux", "W/m^2", fluxes(), FLUX_TOLERANCE_PERCENT, "%")


def coated_half_space() -> CaseResult:
    """Dermis on fat whose surface is held at 0 degC."""
    times, depths = np.array([5.0, 30.0, 120.0, 600.0]), 1e-3 * np.array([0.5, 1.0, 1.5, 3.0, 5.0])
    cells = np.full(40, COAT_M / 40), depth_grid(COAT_M / 40, 1e-3, 1.05, 0.08)
    patch = _patch((SKIN, FAT), cells, INITIAL_DEGC, 5e-3)
    step_s = 0.1
    result = advance_patch(
        patch,
        np.full(len(patch.cell_width), INITIAL_DEGC),
        no_strokes(),
        Surroundings(CLAMPED, 0.0),
        times,
        depths[0],
        numerics=PatchNumerics(step_s, step_s),
    )
    field = np.asarray(result.field_degC)[1:, :, 1, 1]

    def rows() -> Iterator[Row]:
        for at, time in enumerate(times):
            expected = exact.coated_half_space(SKIN, FAT, COAT_M, depths, time, INITIAL_DEGC, 0.0)
            computed = read_at(patch, field[at], depths)
            for depth, exactly, value in zip(depths, expected, computed, strict=True):
                yield temperature_row(f"{depth * 1e3:g} mm, {time:g} s", float(exactly), float(value))

    title = "Dermis on fat, surface held at 0 degC, patch"
    return judge("G12-patch", title, "temperature", "degC", rows(), TEMPERATURE_TOLERANCE_K, "K")
