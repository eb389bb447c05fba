"""Closed-form solutions in cylinders and spheres: limbs, drops and probes.

As in `exact`: SI units, radii in m and times in s above zero, temperatures in degC, flux into the tissue positive.

Sources: Carslaw and Jaeger, Conduction of Heat in Solids, 2nd ed. (1959), by section; the steady perfused solutions
are those of the modified equations of Bessel and Helmholtz that Pennes (1948) leaves.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.special import exp1, j0, j1, jn_zeros, k0e, k1e

from cryomassage.verification.exact import Medium, Numbers, Perfusion

_TERMS = 60


def _cylinder_roots(biot: float) -> Float[np.ndarray, " terms"]:
    """Of b J1(b) = Bi J0(b): one below each zero of J0."""
    ends = jn_zeros(0, _TERMS)
    starts = np.append(0.0, jn_zeros(1, _TERMS - 1))
    roots = [
        brentq(lambda b: b * j1(b) - biot * j0(b), begin + 1e-9, end) for begin, end in zip(starts, ends, strict=True)
    ]
    return np.asarray(roots)


def _sphere_roots(biot: float) -> Float[np.ndarray, " terms"]:
    """Of b cos(b) = (1 - Bi) sin(b): one in each half turn."""
    edges = np.pi * np.arange(_TERMS + 1)
    roots = [
        brentq(lambda b: b * np.cos(b) - (1.0 - biot) * np.sin(b), begin + 1e-9, end - 1e-9)
        for begin, end in pairwise(edges)
    ]
    return np.asarray(roots)


def cooled_cylinder(
    medium: Medium,
    surface_radius: float,
    radius: Numbers,
    time: float,
    initial_degC: float,
    coefficient: float,
    sink_degC: float,
) -> np.ndarray:
    """Solid cylinder that exchanges heat with a sink (section 7.7)."""
    biot = coefficient * surface_radius / medium.thermal_conductivity
    root = _cylinder_roots(biot)
    weight = 2.0 * biot / ((root**2 + biot**2) * j0(root))
    fading = weight * np.exp(-(root**2) * medium.diffusivity * time / surface_radius**2)
    share = np.sum(fading * j0(root * np.asarray(radius)[..., None] / surface_radius), axis=-1)
    return np.asarray(sink_degC + (initial_degC - sink_degC) * share)


def cooled_sphere(
    medium: Medium,
    surface_radius: float,
    radius: Numbers,
    time: float,
    initial_degC: float,
    coefficient: float,
    sink_degC: float,
) -> np.ndarray:
    """Solid sphere that exchanges heat with a sink (section 9.4)."""
    root = _sphere_roots(coefficient * surface_radius / medium.thermal_conductivity)
    weight = 4.0 * (np.sin(root) - root * np.cos(root)) / (2.0 * root - np.sin(2.0 * root))
    fading = weight * np.exp(-(root**2) * medium.diffusivity * time / surface_radius**2)
    share = np.sum(fading * np.sinc(root * np.asarray(radius)[..., None] / surface_radius / np.pi), axis=-1)
    return np.asarray(sink_degC + (initial_degC - sink_degC) * share)


def perfused_around_cylinder(
    medium: Medium, perfusion: Perfusion, surface_radius: float, radius: Numbers, surface_degC: float
) -> np.ndarray:
    """Steady perfused tissue around a cylinder of given temperature."""
    decay, balance = perfusion.decay(medium), perfusion.balance_temperature_degC
    near, far = decay * surface_radius, decay * np.asarray(radius)
    return np.asarray(balance + (surface_degC - balance) * k0e(far) / k0e(near) * np.exp(near - far))


def perfused_around_cylinder_flux(
    medium: Medium, perfusion: Perfusion, surface_radius: float, surface_degC: float
) -> float:
    """Heat flux from that cylinder into the tissue."""
    decay = perfusion.decay(medium)
    slope = decay * k1e(decay * surface_radius) / k0e(decay * surface_radius)
    return float(medium.thermal_conductivity * slope * (surface_degC - perfusion.balance_temperature_degC))


def perfused_around_sphere(
    medium: Medium, perfusion: Perfusion, surface_radius: float, radius: Numbers, surface_degC: float
) -> np.ndarray:
    """Steady perfused tissue around a sphere of given temperature."""
    decay, balance = perfusion.decay(medium), perfusion.balance_temperature_degC
    r = np.asarray(radius)
    return np.asarray(balance + (surface_degC - balance) * surface_radius / r * np.exp(decay * (surface_radius - r)))


def perfused_around_sphere_flux(
    medium: Medium, perfusion: Perfusion, surface_radius: float, surface_degC: float
) -> float:
    """Heat flux from that sphere into the tissue."""
    slope = 1.0 / surface_radius + perfusion.decay(medium)
    return float(medium.thermal_conductivity * slope * (surface_degC - perfusion.balance_temperature_degC))


class LineSink(NamedTuple):
    """Heat drawn at a constant rate along a line in a medium that freezes at one temperature (section 11.6).

    Ice fills the cylinder of the radius 2 root sqrt(diffusivity of ice * time).
    """

    ice: Medium
    water: Medium
    latent_heat: float  # J/m^3
    freezing_degC: float
    initial_degC: float
    rate: float  # W/m, drawn

    @property
    def root(self) -> float:
        """Of the balance of heat at the front."""
        ratio = self.ice.diffusivity / self.water.diffusivity
        warmth = self.water.thermal_conductivity * (self.initial_degC - self.freezing_degC)

        def balance(square: float) -> float:
            drawn = self.rate / (4.0 * np.pi) * np.exp(-square)
            given = warmth * np.exp(-square * ratio) / exp1(square * ratio)
            return float(drawn - given - square * self.ice.diffusivity * self.latent_heat)

        return float(brentq(balance, 1e-9, 25.0) ** 0.5)

    def front(self, time: Numbers) -> np.ndarray:
        """Radius of the ice."""
        return np.asarray(2.0 * self.root * np.sqrt(self.ice.diffusivity * np.asarray(time)))

    def temperature(self, radius: Numbers, time: Numbers) -> np.ndarray:
        """Of ice and water."""
        square, r2 = self.root**2, np.asarray(radius) ** 2
        seconds = np.asarray(time)
        ratio = self.ice.diffusivity / self.water.diffusivity
        in_ice = exp1(square) - exp1(r2 / (4.0 * self.ice.diffusivity * seconds))
        frozen = self.freezing_degC + self.rate / (4.0 * np.pi * self.ice.thermal_conductivity) * in_ice
        share = exp1(r2 / (4.0 * self.water.diffusivity * seconds)) / exp1(square * ratio)
        liquid = self.initial_degC - (self.initial_degC - self.freezing_degC) * share
        return np.where(np.asarray(radius) < self.front(seconds), frozen, liquid)

    def flux(self, radius: Numbers, time: Numbers) -> np.ndarray:
        """Outwards through a cylinder within the ice; negative, for heat is drawn."""
        r = np.asarray(radius)
        return np.asarray(
            -self.rate / (2.0 * np.pi * r) * np.exp(-(r**2) / (4.0 * self.ice.diffusivity * np.asarray(time)))
        )
