"""How tissue freezes: the share of ice, the heat it holds and how it conducts, as a law that the solvers step.

Of the water that can freeze, the share x = 1 - T_f / T is ice at T (degC) below the initial freezing point T_f: the
solutes gather in what is left and lower its freezing point (Miles 1983; Schwartzberg 1976). Heat capacity and
conductivity follow from the water that has become ice, whose own properties change with temperature (Choi and
Bischof 2010, Cryobiology 60:52: constants from above -40 degC mislead).

The solvers work with the enthalpy temperature: what the temperature would be if no water froze. Above the freezing
point the two are one; below, theta = T_f - (H(T_f) - H(T)) / C_unfrozen. Laws are chords between knots, exact there.

Arrays of a law have the knots first and then the shape of the cells: layers, or layers of many skins.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cryomassage.engine.patch import FreezingLaw

# Below the freezing point the law is exact at these temperatures; they lie closest where the ice forms.
KNOTS_degC = (-0.7, -0.9, -1.2, -1.8, -3.0, -6.0, -12.0, -25.0, -60.0, -196.0)
_POINTS_OF_INTEGRAL = 4000
_FAR_K = 300.0  # below the end of a mushy range; only the slope of the last chord is kept


class IceProperties(NamedTuple):
    """What freezing takes from water and gives to ice.

    Attributes:
        temperature_degC: rising; the two arrays below are taken as linear in between.
        specific_heat_capacity: of ice, J/(kg K).
        thermal_conductivity: of ice, W/(m K).
        density: of ice, kg/m^3.
        heat_of_fusion: J/kg of water.
        water_heat_capacity: J/(kg K).
        water_conductivity: W/(m K).
    """

    temperature_degC: Float[np.ndarray, " points"]
    specific_heat_capacity: Float[np.ndarray, " points"]
    thermal_conductivity: Float[np.ndarray, " points"]
    density: float
    heat_of_fusion: float
    water_heat_capacity: float
    water_conductivity: float


def ice_share(temperature_degC: Float[np.ndarray, " ..."], freezing_point_degC: float) -> Float[np.ndarray, " ..."]:
    """Share of the freezable water that is ice at a temperature, by the law itself, not by its chords."""
    below = np.minimum(temperature_degC, freezing_point_degC)
    return np.asarray(1.0 - freezing_point_degC / below)


def _law(
    theta: Float[np.ndarray, "points ..."],
    temperature: Float[np.ndarray, "points ..."],
    conductivity: Float[np.ndarray, "points ..."],
    ice: Float[np.ndarray, "points ..."],
) -> FreezingLaw:
    """The law through given points, the first of which is where freezing begins; conductivity relative to unfrozen."""

    def gains(values: Float[np.ndarray, "points ..."], above: float) -> Float[np.ndarray, "knots ..."]:
        slope = np.diff(values, axis=0) / np.diff(theta, axis=0)
        return np.asarray(-np.diff(slope, axis=0, prepend=np.full_like(slope[:1], above)))

    return FreezingLaw(
        knot_degC=theta[:-1],
        temperature_gain=gains(temperature, 1.0),
        conductivity_gain=gains(conductivity, 0.0),
        ice_gain=gains(ice, 0.0),
    )


def freezing_law(
    volumetric_heat_capacity: Float[np.ndarray, " ..."],
    thermal_conductivity: Float[np.ndarray, " ..."],
    latent_heat: Float[np.ndarray, " ..."],
    freezing_point_degC: float,
    ice: IceProperties,
) -> FreezingLaw:
    """Law of tissue whose water freezes over a range of temperatures; holds down to -196 degC.

    Args:
        volumetric_heat_capacity: J/(m^3 K), unfrozen.
        thermal_conductivity: W/(m K), unfrozen.
        latent_heat: J/m^3, of all water that can freeze; 0 for a cell that does not freeze.
        freezing_point_degC: where freezing begins, below 0 and above -0.7.
        ice: properties of ice; where they end, their last value goes on.

    Raises:
        ValueError: the freezing point lies elsewhere, latent heat is negative, or there would be more ice than room.
    """
    if not KNOTS_degC[0] < freezing_point_degC < 0.0:
        raise ValueError(f"freezing begins between {KNOTS_degC[0]} and 0 degC, not at {freezing_point_degC}")
    if np.any(latent_heat < 0.0):
        raise ValueError("latent heat cannot be negative")
    capacity, conductivity = (
        np.asarray(values, np.float64) for values in (volumetric_heat_capacity, thermal_conductivity)
    )
    water = np.asarray(latent_heat, np.float64) / ice.heat_of_fusion  # kg/m^3
    ice_volume = water / ice.density
    if np.any(ice_volume > 1.1):
        raise ValueError("latent heat of more water than the volume holds")
    points = np.array([freezing_point_degC, *KNOTS_degC])

    # What the ice holds less than its water, integrated on steps that are finest where the ice forms.
    fine = -np.geomspace(-freezing_point_degC, -points[-1], _POINTS_OF_INTEGRAL)
    change = np.interp(fine, ice.temperature_degC, ice.specific_heat_capacity) - ice.water_heat_capacity
    change *= ice_share(fine, freezing_point_degC)
    summed = np.concatenate([[0.0], np.cumsum(0.5 * (change[1:] + change[:-1]) * np.diff(fine))])
    less = np.interp(-points, -fine, summed)  # J/kg of freezable water

    def each(values: Float[np.ndarray, " points"]) -> Float[np.ndarray, "points ..."]:
        return values.reshape(-1, *(1,) * capacity.ndim)

    frozen = ice_share(points, freezing_point_degC)
    enthalpy = capacity * each(points - freezing_point_degC) + water * each(less) - latent_heat * each(frozen)
    conducts = np.interp(points, ice.temperature_degC, ice.thermal_conductivity) - ice.water_conductivity
    shape = (points.size, *capacity.shape)
    return _law(
        theta=freezing_point_degC + enthalpy / capacity,
        temperature=np.broadcast_to(each(points), shape),
        conductivity=1.0 + ice_volume * each(frozen * conducts) / conductivity,
        ice=np.where(water > 0.0, np.broadcast_to(each(frozen), shape), 0.0),
    )


def mushy_law(
    volumetric_heat_capacity: Float[np.ndarray, " ..."],
    thermal_conductivity: Float[np.ndarray, " ..."],
    latent_heat: Float[np.ndarray, " ..."],
    frozen_heat_capacity: Float[np.ndarray, " ..."],
    frozen_conductivity: Float[np.ndarray, " ..."],
    begin_degC: float,
    end_degC: float,
) -> FreezingLaw:
    """Law of a medium that freezes evenly between two temperatures, with constant frozen properties.

    The form of exact solutions and benchmarks. Latent heat (J/m^3) comes on top of the heat that the unfrozen medium
    gives up over the range; the conductivity goes over in proportion to the ice. Two knots.

    Raises:
        ValueError: the range is empty.
    """
    if not end_degC < begin_degC:
        raise ValueError(f"freezing must end below where it begins, not from {begin_degC} to {end_degC} degC")
    capacity = np.asarray(volumetric_heat_capacity, np.float64)
    ratio = frozen_conductivity / np.asarray(thermal_conductivity, np.float64)
    one = np.ones_like(capacity)
    end = end_degC - latent_heat / capacity
    return _law(
        theta=np.stack([begin_degC * one, end, end - _FAR_K * frozen_heat_capacity / capacity]),
        temperature=np.stack([begin_degC * one, end_degC * one, (end_degC - _FAR_K) * one]),
        conductivity=np.stack([one, ratio, ratio]),
        ice=np.stack([0.0 * one, one, one]),
    )


def _bend(
    knot: Float[np.ndarray, "knots ..."],
    gain: Float[np.ndarray, "knots ..."],
    at: Float[np.ndarray, " ..."],
) -> Float[np.ndarray, " ..."]:
    """Sum over knots of gain * max(0, knot - at)."""
    spread = (..., *(None,) * (at.ndim - knot.ndim + 1))
    total = np.zeros(at.shape)
    for where, by in zip(knot, gain, strict=True):
        total += by[spread] * np.maximum(where[spread] - at, 0.0)
    return total


def temperature_of(law: FreezingLaw, theta_degC: Float[np.ndarray, " ..."]) -> Float[np.ndarray, " ..."]:
    """Temperature, degC, from the enthalpy temperature of each cell."""
    return np.asarray(theta_degC + _bend(law.knot_degC, law.temperature_gain, theta_degC))


def ice_of(law: FreezingLaw, theta_degC: Float[np.ndarray, " ..."]) -> Float[np.ndarray, " ..."]:
    """Share of the freezable water that is ice, from the enthalpy temperature of each cell."""
    return _bend(law.knot_degC, law.ice_gain, theta_degC)


def conductivity_of(
    law: FreezingLaw, unfrozen: Float[np.ndarray, " ..."], theta_degC: Float[np.ndarray, " ..."]
) -> Float[np.ndarray, " ..."]:
    """Conductivity, W/(m K), from that of the unfrozen cells and their enthalpy temperature."""
    ratio = 1.0 + _bend(law.knot_degC, law.conductivity_gain, theta_degC)
    return np.asarray(np.asarray(unfrozen)[(..., *(None,) * (ratio.ndim - np.ndim(unfrozen)))] * ratio)


def capacity_ratio_of(law: FreezingLaw, theta_degC: Float[np.ndarray, " ..."]) -> Float[np.ndarray, " ..."]:
    """dH/dT as a multiple of the unfrozen heat capacity, from the enthalpy temperature of each cell."""
    spread = (..., *(None,) * (theta_degC.ndim - law.knot_degC.ndim + 1))
    slope = np.ones(theta_degC.shape)
    for where, by in zip(law.knot_degC, law.temperature_gain, strict=True):
        slope -= np.where(theta_degC < where[spread], by[spread], 0.0)
    return np.asarray(1.0 / slope)


def enthalpy_temperature_of(law: FreezingLaw, temperature_degC: Float[np.ndarray, " ..."]) -> Float[np.ndarray, " ..."]:
    """Enthalpy temperature, degC, from the temperature of each cell; the inverse of `temperature_of`."""
    slope = 1.0 - np.cumsum(law.temperature_gain, axis=0)
    knots = np.stack(
        [knot + np.sum(law.temperature_gain * np.maximum(law.knot_degC - knot, 0.0), axis=0) for knot in law.knot_degC]
    )
    inverse = 1.0 / slope
    gain = -np.diff(inverse, axis=0, prepend=np.ones_like(inverse[:1]))
    return np.asarray(temperature_degC + _bend(knots, gain, temperature_degC))
