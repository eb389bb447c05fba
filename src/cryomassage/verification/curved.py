"""Cases of curved columns: limbs and drops cooled from outside, probes in tissue, with blood and with ice."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from cryomassage.engine.column import Column
from cryomassage.engine.differentiable import (
    Geometry,
    IceField,
    Shape,
    Surface,
    column_field,
    enthalpy_temperature_K,
    ice,
    march,
    steps_after_jump,
    surface_of,
    temperature_degC,
)
from cryomassage.engine.freezing import mushy_law
from cryomassage.engine.patch import FreezingLaw
from cryomassage.verification import exact_curved
from cryomassage.verification.exact import Medium, Perfusion
from cryomassage.verification.result import CaseResult, Row, judge, relative_row, temperature_row

TEMPERATURE_TOLERANCE_K = 0.05
FLUX_TOLERANCE_PERCENT = 0.1
FRONT_TOLERANCE_PERCENT = 1.0
# Ice lies in whole cells: its edge, and with it the temperatures around, is known to a share of one.
LINE_TOLERANCE_K = 0.4

SKIN = Medium(0.37, 1109.0 * 3391.0)
BLOOD = Perfusion(0.0025 * 1050.0 * 3617.0, 37.0)
_CLAMPED = 1e9  # W/(m^2 K): the surface follows the sink

# A finger and a drop, cooled from outside.
_RADIUS_m, _INITIAL_degC, _COEFFICIENT, _SINK_degC = 8e-3, 34.0, 300.0, -10.0
_CELLS, _TIMES_s = 80, (10.0, 40.0, 120.0)

# A probe in perfused tissue, long enough for a steady state and far from the other end.
_PROBE_m, _PROBE_degC, _REACH_m, _STEADY_s = 1.5e-3, 0.0, 60e-3, 20000.0

LINE = exact_curved.LineSink(Medium(1.8, 1.9e6), Medium(0.5, 3.7e6), 2.0e8, -1.0, 20.0, 600.0)
# The line is a thin cylinder, through whose surface the flux of the exact solution passes.
_LINE_SURFACE_m, _LINE_REACH_m, _LINE_TIMES_s = 0.05e-3, 30e-3, (20.0, 60.0)
_MUSHY_K = 0.1


def _column(width: np.ndarray, medium: Medium, perfusion: Perfusion | None = None) -> Column:
    one = jnp.ones((len(width), 1), jnp.float32)
    end = jnp.ones(1, jnp.float32)
    blood = perfusion or Perfusion(0.0, 0.0)
    return Column(
        cell_width=jnp.asarray(width[:, None], jnp.float32),
        thermal_conductivity=medium.thermal_conductivity * one,
        volumetric_heat_capacity=medium.volumetric_heat_capacity * one,
        perfusion_conductance=blood.conductance * one,
        metabolic_heat_production=0.0 * one,
        arterial_temperature_degC=blood.arterial_temperature_degC * end,
        deep_conductance=0.0 * end,
        deep_temperature_degC=blood.arterial_temperature_degC * end,
    )


def _growing(reach: float, first: float, growth: float) -> np.ndarray:
    """Widths of cells from `first` on that fill a reach."""
    count = int(np.ceil(np.log1p(reach / first * (growth - 1.0)) / np.log(growth)))
    widths = growth ** np.arange(count)
    return np.asarray(reach * widths / widths.sum())


@jax.jit
def _run(field: IceField, start_degC: jax.Array, surface: Surface, lengths: jax.Array) -> tuple[jax.Array, ...]:
    """Temperatures, volume of the ice per cooled surface (m), surface temperature and flux at the end."""
    start = enthalpy_temperature_K(field, start_degC)
    end, history = march(field, start, surface, lengths)
    frozen = jnp.sum(ice(field, end) * field.volume, axis=0)
    flux = history.heat.surface[-1] / lengths[-1]
    return temperature_degC(field, end), frozen, history.surface_degC[-1], flux


def _initial(field: IceField, degC: float) -> jax.Array:
    return jnp.full(field.volume.shape, degC, jnp.float32)


def _constant(field: IceField, coefficient: float, sink_degC: float) -> Surface:
    return surface_of(field, jnp.full((1, 1), coefficient), jnp.full((1, 1), sink_degC))


def _solid(shape: Shape) -> Iterator[Row]:
    formula = exact_curved.cooled_cylinder if shape == Shape.CYLINDER else exact_curved.cooled_sphere
    column = _column(np.full(_CELLS, _RADIUS_m / _CELLS), SKIN)
    field = column_field(column, geometry=Geometry(shape, _RADIUS_m))
    radius = _RADIUS_m - np.asarray(column.centre_depth)[:, 0]
    for time in _TIMES_s:
        lengths = jnp.asarray(steps_after_jump(time, 200), jnp.float32)
        found, _, surface, _ = _run(
            field, _initial(field, _INITIAL_degC), _constant(field, _COEFFICIENT, _SINK_degC), lengths
        )
        places = np.array([_RADIUS_m, *radius[[_CELLS // 4, _CELLS // 2, _CELLS - 1]]])
        computed = [float(surface[0, 0]), *(float(found[i, 0, 0]) for i in (_CELLS // 4, _CELLS // 2, _CELLS - 1))]
        expected = formula(SKIN, _RADIUS_m, places, time, _INITIAL_degC, _COEFFICIENT, _SINK_degC)
        for place, right, value in zip(places, expected, computed, strict=True):
            yield temperature_row(f"{place * 1e3:.2f} mm, {time:g} s", float(right), value)


def _probe(shape: Shape) -> tuple[list[Row], list[Row]]:
    """Steady state around a probe: temperatures, and the flux."""
    column = _column(_growing(_REACH_m, 0.02e-3, 1.03), SKIN, BLOOD)
    field = column_field(column, geometry=Geometry(shape, _PROBE_m, outward=True))
    lengths = jnp.asarray(steps_after_jump(_STEADY_s, 200), jnp.float32)
    start = _initial(field, BLOOD.arterial_temperature_degC)
    found, _, _, flux = _run(field, start, _constant(field, _CLAMPED, _PROBE_degC), lengths)
    radius = _PROBE_m + np.asarray(column.centre_depth, np.float64)[:, 0]
    if shape == Shape.CYLINDER:
        expected = exact_curved.perfused_around_cylinder(SKIN, BLOOD, _PROBE_m, radius, _PROBE_degC)
        right = exact_curved.perfused_around_cylinder_flux(SKIN, BLOOD, _PROBE_m, _PROBE_degC)
    else:
        expected = exact_curved.perfused_around_sphere(SKIN, BLOOD, _PROBE_m, radius, _PROBE_degC)
        right = exact_curved.perfused_around_sphere_flux(SKIN, BLOOD, _PROBE_m, _PROBE_degC)
    rows = [
        temperature_row(f"{radius[i] * 1e3:.2f} mm", float(expected[i]), float(found[i, 0, 0]))
        for i in range(0, len(radius), 12)
    ]
    return rows, [relative_row("surface", right, float(flux[0, 0]))]


def _line() -> tuple[list[Row], list[Row]]:
    """Ice around a line sink: temperatures, and the front."""
    column = _column(_growing(_LINE_REACH_m, 0.02e-3, 1.012), LINE.water)
    one = np.ones((1, 1))
    law = mushy_law(
        LINE.water.volumetric_heat_capacity * one,
        LINE.water.thermal_conductivity * one,
        LINE.latent_heat * one,
        LINE.ice.volumetric_heat_capacity * one,
        LINE.ice.thermal_conductivity * one,
        LINE.freezing_degC,
        LINE.freezing_degC - _MUSHY_K,
    )
    geometry = Geometry(Shape.CYLINDER, _LINE_SURFACE_m, outward=True)
    field = column_field(column, FreezingLaw(*(part.astype(np.float32) for part in law)), geometry)
    radius = _LINE_SURFACE_m + np.asarray(column.centre_depth, np.float64)[:, 0]
    rows, fronts = [], []
    for time in _LINE_TIMES_s:
        lengths = steps_after_jump(time, 300)
        # The flux of the exact solution through the first face, at the two stages of each step.
        end = np.cumsum(lengths)
        at = np.stack([end - lengths / np.sqrt(2.0), end], axis=1)
        flux = jnp.asarray(LINE.flux(_LINE_SURFACE_m, at), jnp.float32)[:, :, None, None]
        surface = surface_of(field, jnp.zeros((1, 1), jnp.float32), jnp.zeros((1, 1), jnp.float32), flux)
        found, frozen, _, _ = _run(
            field, _initial(field, LINE.initial_degC), surface, jnp.asarray(lengths, jnp.float32)
        )
        warmth = np.asarray(found, np.float64)[:, 0, 0]
        front = float(np.sqrt(_LINE_SURFACE_m**2 + 2.0 * _LINE_SURFACE_m * float(frozen[0, 0])))
        fronts.append(relative_row(f"{time:g} s", float(LINE.front(time)) * 1e3, front * 1e3))
        for share in (0.4, 0.7, 1.5, 2.5):
            cell = int(np.argmin(abs(radius - share * float(LINE.front(time)))))
            right = float(LINE.temperature(radius[cell], time))
            rows.append(temperature_row(f"{radius[cell] * 1e3:.2f} mm, {time:g} s", right, float(warmth[cell])))
    return rows, fronts


def curved_cases() -> tuple[CaseResult, ...]:
    """Run the cases of curved columns."""
    told = [
        judge(
            f"R{number}",
            f"Solid {shape.name.lower()} that exchanges heat with a sink",
            "temperature",
            "degC",
            _solid(shape),
            TEMPERATURE_TOLERANCE_K,
            "K",
        )
        for number, shape in ((1, Shape.CYLINDER), (2, Shape.SPHERE))
    ]
    for number, shape in ((3, Shape.CYLINDER), (4, Shape.SPHERE)):
        title = f"Steady perfused tissue around a cold {shape.name.lower()}"
        rows, flux = _probe(shape)
        told.append(judge(f"R{number}", title, "temperature", "degC", rows, TEMPERATURE_TOLERANCE_K, "K"))
        told.append(judge(f"R{number}-flux", title, "surface heat flux", "W/m^2", flux, FLUX_TOLERANCE_PERCENT, "%"))
    title = "Ice around a line from which heat is drawn"
    rows, fronts = _line()
    told.append(judge("R5", title, "temperature", "degC", rows, LINE_TOLERANCE_K, "K"))
    told.append(judge("R5-front", title, "radius of the ice", "mm", fronts, FRONT_TOLERANCE_PERCENT, "%"))
    return tuple(told)
