"""Closed-form cases: the kernel that plans, in float32, against exact mathematics.

Surfaces of given temperature are exchanges so strong that the surface cannot differ from the sink.
Half-spaces are columns so deep that the far end stays untouched until the last reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np

from cryomassage.engine.column import Layers
from cryomassage.verification import exact
from cryomassage.verification.columns import Reading, Setup, read
from cryomassage.verification.result import CaseResult, Row, judge, relative_row, temperature_row

TEMPERATURE_TOLERANCE_K = 0.05
FLUX_TOLERANCE_PERCENT = 0.1

SKIN = exact.Medium(0.37, 1109.0 * 3391.0)
FAT = exact.Medium(0.21, 911.0 * 2348.0)
BLOOD_HEAT_CAPACITY = 1050.0 * 3617.0  # J/(m^3 K)
INITIAL_DEGC = 33.0
TOUCHED_DEGC = -10.0
# Thermal conductivity, density times heat capacity: the solids on which burns by cold contact were measured
# (ISO 13732-3:2005), and ice.
TOUCHED = {
    "aluminium": exact.Medium(180.0, 2770.0 * 900.0),
    "steel": exact.Medium(14.8, 7750.0 * 461.0),
    "stone": exact.Medium(2.07, 2800.0 * 750.0),
    "nylon": exact.Medium(0.34, 1120.0 * 1590.0),
    "wood": exact.Medium(0.22, 560.0 * 2196.0),
    "ice": exact.Medium(2.2, 917.0 * 2040.0),
}

_CLAMPED = 1e9  # W/(m^2 K): the surface follows the sink
COAT_M = 1.5e-3
_DEEP_M = 0.1
_HALF_SPACE_CELLS = ((40, 120), (1.02, 1.035))
_CONTACT_CELLS = ((80, 80), (1 / 1.05, 1.05))
_SLAB_CELLS = ((40, 40, 40, 40), (1.0, 1.0, 1.0, 1.0))

Rows = Iterator[Row]
Formula = Callable[[float, float], np.ndarray]


@dataclass(frozen=True)
class _Problem:
    """Columns to run, and how to compare what they read with mathematics."""

    id: str
    title: str
    setups: tuple[Setup, ...]
    temperatures: Callable[[Sequence[Reading]], Rows]
    fluxes: Callable[[Sequence[Reading]], Rows] | None = None

    def results(self, readings: Sequence[Reading]) -> Iterator[CaseResult]:
        rows = self.temperatures(readings)
        yield judge(self.id, self.title, "temperature", "degC", rows, TEMPERATURE_TOLERANCE_K, "K")
        if self.fluxes is not None:
            rows = self.fluxes(readings)
            name = f"{self.id}-flux"
            yield judge(name, self.title, "surface heat flux", "W/m^2", rows, FLUX_TOLERANCE_PERCENT, "%")


def _layers(
    thickness: tuple[float, ...],
    media: tuple[exact.Medium, ...],
    perfusion: float = 0.0,
    metabolic: float = 0.0,
) -> Layers:
    """Layers of one column with the same perfusion and metabolism throughout."""
    everywhere = np.ones((len(thickness), 1))
    return Layers(
        np.array(thickness)[:, None],
        np.array([medium.thermal_conductivity for medium in media])[:, None],
        np.array([medium.volumetric_heat_capacity for medium in media])[:, None],
        perfusion * everywhere,
        metabolic * everywhere,
    )


def _half_space(
    times: tuple[float, ...],
    depths_mm: tuple[float, ...],
    coefficient: float = _CLAMPED,
    sink_degC: float = 0.0,
    heat_flux: float = 0.0,
    base: exact.Medium = SKIN,
    perfusion: float = 0.0,
    initial_degC: float = INITIAL_DEGC,
) -> Setup:
    """A coat of skin on a half-space that is skin too, unless told otherwise."""
    return Setup(
        _layers((COAT_M, _DEEP_M - COAT_M), (SKIN, base), perfusion),
        *_HALF_SPACE_CELLS,
        times=times,
        depths=_metres(depths_mm),
        initial_degC=(initial_degC, initial_degC),
        heat_transfer_coefficient=coefficient,
        sink_temperature_degC=sink_degC,
        heat_flux=heat_flux,
    )


def _metres(depths_mm: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(depth * 1e-3 for depth in depths_mm)


def _field(setup: Setup, reading: Reading, formula: Formula, prefix: str = "", origin: float = 0.0) -> Rows:
    """Compare all readings of a column; `origin` is the depth that the formula takes as zero."""
    for at, time in enumerate(setup.times):
        for probe, depth in enumerate(setup.depths):
            computed = reading.probe_degC[at, probe] if depth > 0.0 else reading.surface_degC[at]
            place = depth - origin
            where = f"{prefix}{place * 1e3:.3g} mm, {time:g} s"
            yield temperature_row(where, float(formula(place, time)), float(computed))


def _steady(profile: Callable[[float], np.ndarray]) -> Formula:
    """A profile of depth as a formula of depth and time."""
    return lambda depth, time: profile(depth)


def _given_surface_temperature() -> _Problem:
    setup = _half_space((10.0, 60.0, 300.0, 600.0), (0.5, 1.0, 2.0, 5.0, 10.0))

    def formula(depth: float, time: float) -> np.ndarray:
        return exact.given_surface_temperature(SKIN, depth, time, INITIAL_DEGC, 0.0)

    return _Problem(
        "G1",
        "Half-space, surface held at 0 degC",
        (setup,),
        lambda readings: _field(setup, readings[0], formula),
    )


def _given_exchange() -> _Problem:
    depths_mm = (0.0, 0.5, 1.0, 2.0, 5.0)
    ice = _half_space((1.0, 10.0, 60.0, 300.0), depths_mm, 500.0)
    jet = _half_space((1.0, 10.0, 60.0, 180.0), depths_mm, 30.0, -100.0)

    def rows(readings: Sequence[Reading]) -> Rows:
        for name, setup, reading in zip(("ice, ", "gas jet, "), (ice, jet), readings, strict=True):
            exchange = setup.heat_transfer_coefficient, setup.sink_temperature_degC
            formula = partial(exact.given_exchange, SKIN, initial_degC=INITIAL_DEGC, coefficient=exchange[0])
            yield from _field(setup, reading, partial(formula, sink_degC=exchange[1]), name)

    return _Problem("G2", "Half-space that exchanges heat with ice or a gas jet", (ice, jet), rows)


def _touch() -> _Problem:
    times = (1.0, 2.0, 5.0, 10.0)

    def untouched_beyond(medium: exact.Medium) -> float:
        return float(6.0 * (medium.diffusivity * times[-1]) ** 0.5)

    setups = {}
    for name, solid in TOUCHED.items():
        thickness = untouched_beyond(solid), untouched_beyond(SKIN)
        setups[name] = Setup(
            _layers(thickness, (solid, SKIN)),
            *_CONTACT_CELLS,
            times=times,
            depths=tuple(thickness[0] + depth for depth in _metres((0.0, 0.5, 1.0, 2.0, 3.0))),
            initial_degC=(TOUCHED_DEGC, INITIAL_DEGC),
        )

    def rows(readings: Sequence[Reading]) -> Rows:
        for (name, setup), reading in zip(setups.items(), readings, strict=True):
            contact = exact.contact_temperature(TOUCHED[name], TOUCHED_DEGC, SKIN, INITIAL_DEGC)
            formula = partial(exact.given_surface_temperature, SKIN, initial_degC=INITIAL_DEGC, surface_degC=contact)
            yield from _field(setup, reading, formula, f"{name}, ", setup.depths[0])

    return _Problem("G3", "Skin at 33 degC touches a solid at -10 degC", tuple(setups.values()), rows)


def _perfused_slab() -> _Problem:
    core_degC, thickness, surface_degC = 36.0, 0.02, 10.0
    room = (10.0, 22.0)
    perfusion = exact.Perfusion(1e-3 * BLOOD_HEAT_CAPACITY, 37.0, 1000.0)
    slab = (SKIN, perfusion, thickness)

    def setup(coefficient: float, sink_degC: float) -> Setup:
        return Setup(
            _layers((thickness / 4,) * 4, (SKIN,) * 4, perfusion.conductance, 1000.0),
            *_SLAB_CELLS,
            times=(10.0, 20.0, 30.0, 40.0),
            depths=_metres((1.0, 2.0, 5.0, 10.0, 15.0)),
            initial_degC=None,
            heat_transfer_coefficient=coefficient,
            sink_temperature_degC=sink_degC,
            deep_conductance=_CLAMPED,
            deep_temperature_degC=core_degC,
        )

    held, in_room = setup(_CLAMPED, surface_degC), setup(*room)
    resting = exact.perfused_slab_surface(*slab, core_degC, *room)

    def temperatures(readings: Sequence[Reading]) -> Rows:
        for name, case, reading, at_surface in zip(
            ("held, ", "in a room, "), (held, in_room), readings, (surface_degC, resting), strict=True
        ):
            profile = partial(exact.perfused_slab, *slab, surface_degC=at_surface, core_degC=core_degC)
            yield from _field(case, reading, _steady(profile), name)
        yield temperature_row("in a room, surface", resting, float(readings[1].surface_degC[-1]))

    def fluxes(readings: Sequence[Reading]) -> Rows:
        for name, at_surface, reading in zip(("held", "in a room"), (surface_degC, resting), readings, strict=True):
            expected = exact.perfused_slab_flux(*slab, at_surface, core_degC)
            yield relative_row(name, expected, float(reading.surface_flux[-1]))

    return _Problem("G4", "Perfused slab at rest", (held, in_room), temperatures, fluxes)


def _perfused_half_space() -> _Problem:
    surface_degC, arterial_degC = 10.0, 37.0
    perfusion = exact.Perfusion(1e-3 * BLOOD_HEAT_CAPACITY, arterial_degC)
    setup = _half_space(
        (10.0, 60.0, 300.0, 1200.0),
        (0.5, 1.0, 2.0, 5.0, 10.0),
        sink_degC=surface_degC,
        perfusion=perfusion.conductance,
        initial_degC=arterial_degC,
    )
    formula = partial(exact.perfused_half_space, SKIN, perfusion, surface_degC=surface_degC)

    def fluxes(readings: Sequence[Reading]) -> Rows:
        for time, flux in zip(setup.times, readings[0].surface_flux, strict=True):
            expected = exact.perfused_half_space_flux(SKIN, perfusion, time, surface_degC)
            yield relative_row(f"{time:g} s", float(expected), float(flux))

    return _Problem(
        "G5",
        "Perfused half-space, surface held at 10 degC",
        (setup,),
        lambda readings: _field(setup, readings[0], formula),
        fluxes,
    )


def _given_flux() -> _Problem:
    drawn = -2400.0
    setup = _half_space((10.0, 60.0, 120.0, 180.0), (0.0, 0.5, 1.0, 2.0, 5.0), 0.0, heat_flux=drawn)
    formula = partial(exact.given_flux, SKIN, initial_degC=INITIAL_DEGC, flux=drawn)
    return _Problem(
        "G6",
        "Half-space from which a constant heat flux is drawn",
        (setup,),
        lambda readings: _field(setup, readings[0], formula),
    )


def _layers_in_series() -> _Problem:
    thickness, conductivity = (1e-4, 1.5e-3, 5e-3, 13.5e-3), (0.21, 0.37, 0.21, 0.49)
    exchange, core_degC = (500.0, 0.0), 37.0
    setup = Setup(
        _layers(thickness, tuple(exact.Medium(value, 3.8e6) for value in conductivity)),
        (10, 30, 40, 80),
        (1.0, 1.0, 1.0, 1.0),
        times=(10.0, 20.0, 30.0, 40.0),
        depths=_metres((0.0, 0.1, 1.6, 6.6, 13.0)),
        initial_degC=None,
        heat_transfer_coefficient=exchange[0],
        sink_temperature_degC=exchange[1],
        deep_conductance=_CLAMPED,
        deep_temperature_degC=core_degC,
    )
    flux, at_faces = exact.layers_in_series(np.array(thickness), np.array(conductivity), *exchange, core_degC)
    faces = np.cumsum([0.0, *thickness])

    def temperatures(readings: Sequence[Reading]) -> Rows:
        return _field(setup, readings[0], _steady(lambda depth: np.asarray(np.interp(depth, faces, at_faces))))

    def fluxes(readings: Sequence[Reading]) -> Rows:
        yield relative_row("surface", flux, float(readings[0].surface_flux[-1]))

    return _Problem("G11", "Four layers at rest on a warm core", (setup,), temperatures, fluxes)


def _coated_half_space() -> _Problem:
    setup = _half_space((5.0, 30.0, 120.0, 600.0), (0.5, 1.0, 1.5, 3.0, 5.0), base=FAT)
    formula = partial(exact.coated_half_space, SKIN, FAT, COAT_M, initial_degC=INITIAL_DEGC, surface_degC=0.0)
    return _Problem(
        "G12",
        "Dermis on fat, surface held at 0 degC",
        (setup,),
        lambda readings: _field(setup, readings[0], formula),
    )


def closed_form_cases() -> Iterator[CaseResult]:
    """Run all closed-form cases as one batch of columns."""
    problems = (
        _given_surface_temperature(),
        _given_exchange(),
        _touch(),
        _perfused_slab(),
        _perfused_half_space(),
        _given_flux(),
        _layers_in_series(),
        _coated_half_space(),
    )
    readings = iter(read([setup for problem in problems for setup in problem.setups]))
    for problem in problems:
        yield from problem.results(list(islice(readings, len(problem.setups))))
