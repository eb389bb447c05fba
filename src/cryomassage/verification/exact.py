"""Closed-form solutions of the heat equation in skin, with and without perfusion.

All functions take SI units, depths in m and times in s above zero, and broadcast their array arguments.
Temperatures are in degC, heat fluxes in W/m^2 with flux into the skin positive.

Sources: Carslaw and Jaeger, Conduction of Heat in Solids, 2nd ed. (1959), by section; for perfused media the
equation of Pennes (1948), J Appl Physiol 1:93, whose solutions follow from those of a fin and of a rod that
loses heat sideways (Carslaw and Jaeger, chapter 4).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import erf, erfc, erfcx

Numbers = float | np.ndarray


class Medium(NamedTuple):
    """A homogeneous conducting medium."""

    thermal_conductivity: float  # W/(m K)
    volumetric_heat_capacity: float  # J/(m^3 K)

    @property
    def diffusivity(self) -> float:
        """m^2/s."""
        return self.thermal_conductivity / self.volumetric_heat_capacity

    @property
    def effusivity(self) -> float:
        """W s^0.5/(m^2 K)."""
        return float((self.thermal_conductivity * self.volumetric_heat_capacity) ** 0.5)


class Perfusion(NamedTuple):
    """What blood and metabolism give a medium."""

    conductance: float  # W/(m^3 K)
    arterial_temperature_degC: float
    metabolic_heat_production: float = 0.0  # W/m^3

    @property
    def balance_temperature_degC(self) -> float:
        """Where blood carries off what metabolism makes."""
        return self.arterial_temperature_degC + self.metabolic_heat_production / self.conductance

    def decay(self, medium: Medium) -> float:
        """Reciprocal of the depth to which a steady surface temperature reaches, 1/m."""
        return float((self.conductance / medium.thermal_conductivity) ** 0.5)


def _similarity(medium: Medium, depth: Numbers, time: Numbers) -> np.ndarray:
    return np.asarray(depth / (2.0 * np.sqrt(medium.diffusivity * np.asarray(time))))


def given_surface_temperature(
    medium: Medium, depth: Numbers, time: Numbers, initial_degC: float, surface_degC: float
) -> np.ndarray:
    """Half-space whose surface jumps to a temperature and stays there (section 2.4)."""
    return np.asarray(surface_degC + (initial_degC - surface_degC) * erf(_similarity(medium, depth, time)))


def given_exchange(
    medium: Medium, depth: Numbers, time: Numbers, initial_degC: float, coefficient: float, sink_degC: float
) -> np.ndarray:
    """Half-space that exchanges heat with a sink (section 2.7).

    The product of exponential and complementary error function is taken in its scaled form, which does not
    overflow for strong exchange or long times.
    """
    similarity = _similarity(medium, depth, time)
    grown = coefficient * np.sqrt(medium.diffusivity * np.asarray(time)) / medium.thermal_conductivity
    share = erfc(similarity) - np.exp(-(similarity**2)) * erfcx(similarity + grown)
    return np.asarray(initial_degC + (sink_degC - initial_degC) * share)


def given_flux(medium: Medium, depth: Numbers, time: Numbers, initial_degC: float, flux: float) -> np.ndarray:
    """Half-space into whose surface a constant flux enters (section 2.9)."""
    similarity = _similarity(medium, depth, time)
    integrated = np.exp(-(similarity**2)) / np.sqrt(np.pi) - similarity * erfc(similarity)
    reach = np.sqrt(medium.diffusivity * np.asarray(time))
    return np.asarray(initial_degC + 2.0 * flux * reach / medium.thermal_conductivity * integrated)


def contact_temperature(touched: Medium, touched_degC: float, skin: Medium, skin_degC: float) -> float:
    """Temperature of the interface of two half-spaces in perfect contact (section 2.15)."""
    weights = touched.effusivity, skin.effusivity
    return (weights[0] * touched_degC + weights[1] * skin_degC) / sum(weights)


def perfused_slab(
    medium: Medium,
    perfusion: Perfusion,
    thickness: float,
    depth: Numbers,
    surface_degC: float,
    core_degC: float,
) -> np.ndarray:
    """Steady perfused slab between two given temperatures."""
    decay, balance = perfusion.decay(medium), perfusion.balance_temperature_degC
    from_surface = (surface_degC - balance) * np.sinh(decay * (thickness - np.asarray(depth)))
    from_core = (core_degC - balance) * np.sinh(decay * np.asarray(depth))
    return np.asarray(balance + (from_surface + from_core) / np.sinh(decay * thickness))


def perfused_slab_flux(
    medium: Medium, perfusion: Perfusion, thickness: float, surface_degC: float, core_degC: float
) -> float:
    """Heat flux into the surface of the steady perfused slab."""
    decay, balance = perfusion.decay(medium), perfusion.balance_temperature_degC
    slope = (surface_degC - balance) * np.cosh(decay * thickness) - (core_degC - balance)
    return float(medium.thermal_conductivity * decay * slope / np.sinh(decay * thickness))


def perfused_slab_surface(
    medium: Medium,
    perfusion: Perfusion,
    thickness: float,
    core_degC: float,
    coefficient: float,
    sink_degC: float,
) -> float:
    """Surface temperature of the steady perfused slab that exchanges heat with a sink.

    The flux into the slab rises linearly with its surface temperature, and equals what the sink gives.
    """
    flux_at_zero = perfused_slab_flux(medium, perfusion, thickness, 0.0, core_degC)
    admittance = perfused_slab_flux(medium, perfusion, thickness, 1.0, core_degC) - flux_at_zero
    return (coefficient * sink_degC - flux_at_zero) / (coefficient + admittance)


def perfused_half_space(
    medium: Medium, perfusion: Perfusion, depth: Numbers, time: Numbers, surface_degC: float
) -> np.ndarray:
    """Perfused half-space at the temperature of its blood, whose surface jumps to another; no metabolism."""
    similarity = _similarity(medium, depth, time)
    decay = perfusion.decay(medium)
    grown = np.sqrt(perfusion.conductance / medium.volumetric_heat_capacity * np.asarray(time))
    falling = np.exp(-decay * depth) * erfc(similarity - grown)
    rising = np.exp(decay * depth) * erfc(similarity + grown)
    arterial = perfusion.arterial_temperature_degC
    return np.asarray(arterial + (surface_degC - arterial) * 0.5 * (falling + rising))


def perfused_half_space_flux(medium: Medium, perfusion: Perfusion, time: Numbers, surface_degC: float) -> np.ndarray:
    """Heat flux into the surface of the perfused half-space."""
    seconds = np.asarray(time)
    exponent = perfusion.conductance / medium.volumetric_heat_capacity * seconds
    transient = medium.effusivity * np.exp(-exponent) / np.sqrt(np.pi * seconds)
    steady = medium.thermal_conductivity * perfusion.decay(medium) * erf(np.sqrt(exponent))
    return np.asarray((surface_degC - perfusion.arterial_temperature_degC) * (transient + steady))


def layers_in_series(
    thickness: Float[np.ndarray, " layers"],
    thermal_conductivity: Float[np.ndarray, " layers"],
    coefficient: float,
    sink_degC: float,
    core_degC: float,
) -> tuple[float, Float[np.ndarray, " faces"]]:
    """Steady layers without perfusion: flux into the surface, and temperatures of surface and lower faces."""
    resistance = np.concatenate([[1.0 / coefficient], thickness / thermal_conductivity])
    flux = (sink_degC - core_degC) / resistance.sum()
    return float(flux), np.asarray(sink_degC - flux * np.cumsum(resistance))


def coated_half_space(
    coat: Medium,
    base: Medium,
    coat_thickness: float,
    depth: Numbers,
    time: Numbers,
    initial_degC: float,
    surface_degC: float,
    images: int = 60,
) -> np.ndarray:
    """Layer on a half-space of another medium whose surface jumps to a temperature (chapter 12).

    The series of images converges like the powers of the reflection, (b2 - b1) / (b2 + b1) in effusivities.
    """
    reflection = (base.effusivity - coat.effusivity) / (base.effusivity + coat.effusivity)
    seconds = np.asarray(time)
    x = np.asarray(depth)
    in_coat, in_base = 2.0 * np.sqrt(coat.diffusivity * seconds), 2.0 * np.sqrt(base.diffusivity * seconds)
    above: np.ndarray = np.zeros(np.broadcast_shapes(x.shape, seconds.shape))
    below = above.copy()
    for n in range(images):
        direct, returned = (
            erfc((2 * n * coat_thickness + x) / in_coat),
            erfc(((2 * n + 2) * coat_thickness - x) / in_coat),
        )
        above += reflection**n * (direct - reflection * returned)
        passed = (2 * n + 1) * coat_thickness / in_coat + (x - coat_thickness) / in_base
        below += (1.0 - reflection) * reflection**n * erfc(passed)
    share = np.where(x <= coat_thickness, above, below)
    return np.asarray(initial_degC + (surface_degC - initial_degC) * share)
