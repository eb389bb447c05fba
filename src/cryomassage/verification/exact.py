"""Closed-form solutions of the heat equation in skin, with and without perfusion.

All functions take SI units, depths in m and times in s above zero, and broadcast their array arguments.
Temperatures are in degC, heat fluxes in W/m^2 with flux into the skin positive. Sources that act on a spot give
changes of temperature in K.

Sources: Carslaw and Jaeger, Conduction of Heat in Solids, 2nd ed. (1959), by section; for perfused media the
equation of Pennes (1948), J Appl Physiol 1:93, whose solutions follow from those of a fin and of a rod that
loses heat sideways (Carslaw and Jaeger, chapter 4).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.special import erf, erfc, erfcx

Numbers = float | np.ndarray

_NODES = 160  # of the integral over the age of moving sources


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


class Freezing(NamedTuple):
    """A medium that freezes at one temperature, with one density."""

    frozen: Medium
    unfrozen: Medium
    latent_heat: float  # J/m^3
    freezing_degC: float


def _front_share(freezing: Freezing, initial_degC: float, surface_degC: float) -> float:
    """Depth of the front of ice over 2 sqrt(diffusivity of ice * time), from the balance of heat at the front."""
    frozen, unfrozen = freezing.frozen, freezing.unfrozen
    ratio = (frozen.diffusivity / unfrozen.diffusivity) ** 0.5
    to_surface = frozen.effusivity * (freezing.freezing_degC - surface_degC)
    from_below = unfrozen.effusivity * (initial_degC - freezing.freezing_degC)
    latent = freezing.latent_heat * (np.pi * frozen.diffusivity) ** 0.5

    def excess(share: float) -> float:
        ice = to_surface * np.exp(-(share**2)) / erf(share)
        return float(ice - from_below / erfcx(share * ratio) - latent * share)

    return float(brentq(excess, 1e-6, 10.0))


def freezing_front(freezing: Freezing, time: Numbers, initial_degC: float, surface_degC: float) -> np.ndarray:
    """Depth of the ice in a half-space whose surface jumps below the freezing point (Neumann, section 11.2), m."""
    share = _front_share(freezing, initial_degC, surface_degC)
    return np.asarray(2.0 * share * np.sqrt(freezing.frozen.diffusivity * np.asarray(time)))


def freezing_half_space(
    freezing: Freezing, depth: Numbers, time: Numbers, initial_degC: float, surface_degC: float
) -> np.ndarray:
    """Temperature above and below that front."""
    share = _front_share(freezing, initial_degC, surface_degC)
    at_front = freezing.freezing_degC
    above = erf(_similarity(freezing.frozen, depth, time)) / erf(share)
    ratio = (freezing.frozen.diffusivity / freezing.unfrozen.diffusivity) ** 0.5
    below = erfc(_similarity(freezing.unfrozen, depth, time)) / erfc(share * ratio)
    frozen = np.asarray(depth) < freezing_front(freezing, time, initial_degC, surface_degC)
    return np.asarray(
        np.where(
            frozen, surface_degC + (at_front - surface_degC) * above, initial_degC + (at_front - initial_degC) * below
        )
    )


def static_gaussian_centre(medium: Medium, peak_flux: float, radius: float, time: Numbers) -> np.ndarray:
    """Change of surface temperature, K, in the middle of a flux peak_flux * exp(-(r / radius)^2).

    Ready 1971, Effects of High-Power Laser Radiation, chapter 3.
    """
    spread = np.sqrt(4.0 * medium.diffusivity * np.asarray(time)) / radius
    return np.asarray(peak_flux * radius / (medium.thermal_conductivity * np.pi**0.5) * np.arctan(spread))


def moving_gaussian(
    medium: Medium,
    power: float,
    radius: float,
    speed: float,
    ahead: Numbers,
    beside: Numbers,
    depth: Numbers,
    time: float = np.inf,
) -> np.ndarray:
    """Change of temperature, K, under a Gaussian flux that has moved straight on over a half-space for a time.

    The integral of instantaneous sources over their age (chapter 10; Cline and Anthony 1977, J Appl Phys 48:3895),
    taken over the ages in which the source was within nine of its widths, by Gauss and Legendre in the root of age.

    Args:
        medium: of the half-space.
        power: W, into the surface: pi * radius^2 * flux in the middle.
        radius: m, at which the flux has fallen to 1/e.
        speed: m/s; 0 stands, and then needs a time that ends.
        ahead, beside, depth: m, of the places from the centre of the source as it is now.
        time: s, since it began; without end for what no longer changes.
    """
    ahead, beside, depth = np.broadcast_arrays(*(np.asarray(values, float) for values in (ahead, beside, depth)))
    diffusivity, reach = medium.diffusivity, 9.0
    youngest, oldest = np.zeros(ahead.shape), np.full(ahead.shape, float(time))
    if speed > 0.0:
        # (ahead + speed * age)^2 = reach^2 * (4 * diffusivity * age + radius^2)
        middle = 2.0 * reach**2 * diffusivity - ahead * speed
        inside = np.maximum(middle**2 - speed**2 * (ahead**2 - (reach * radius) ** 2), 0.0) ** 0.5
        youngest, oldest = (np.clip((middle + sign * inside) / speed**2, 0.0, time) for sign in (-1.0, 1.0))
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    first, last = np.sqrt(youngest)[..., None], np.sqrt(oldest)[..., None]
    root_age = first + 0.5 * (last - first) * (node + 1.0)
    age = np.maximum(root_age**2, np.finfo(float).tiny)
    width = 4.0 * diffusivity * age + radius**2
    way = (ahead[..., None] + speed * age) ** 2 + beside[..., None] ** 2
    share = np.exp(-way / width - depth[..., None] ** 2 / (4.0 * diffusivity * age)) / width
    integral = np.sum(weight * share, axis=-1) * (last - first)[..., 0]
    return np.asarray(power / (medium.volumetric_heat_capacity * np.pi**1.5 * diffusivity**0.5) * integral)


def moving_point(
    medium: Medium, power: float, speed: float, ahead: Numbers, beside: Numbers, depth: Numbers
) -> np.ndarray:
    """The same around a point that moves over a half-space, once nothing changes near it.

    Rosenthal 1946, Trans ASME 68:849.
    """
    ahead = np.asarray(ahead)
    distance = np.sqrt(ahead**2 + np.asarray(beside) ** 2 + np.asarray(depth) ** 2)
    faded = np.exp(-speed * (ahead + distance) / (2.0 * medium.diffusivity))
    return np.asarray(power / (2.0 * np.pi * medium.thermal_conductivity * distance) * faded)
