"""The colour of skin whose blood comes and goes, and the one index that reads redness in model and photograph alike.

Blood weakens the light that comes back out of the skin: in a broad band of the spectrum it does so by the factor
exp(-absorption x blood volume fraction), most of all in the green, where haemoglobin absorbs, and hardly in the red
(modified Beer-Lambert law). Light that the surface and the pigment above send back never met the blood; the darker
the skin, the larger its part, and the less of the blood is seen. The bands are those of sRGB, so that a camera reads
the same quantities: reflectances in linear light, 1 for a perfect white.

The erythema index is 100 log10 of the reflectance in the red over that in the green (Diffey 1984 for an instrument,
Yamamoto 2008 for cameras). It is linear in the volume of blood, and light that is brighter or dimmer as a whole does
not move it.

Colours are CIE L*a*b* under D65 with the observer of 2 degrees, which sRGB is made for. All functions take and give
NumPy or JAX arrays, whichever is put in; with JAX they can be differentiated.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, Float

from cryomassage.engine.array_library import library_of

Numbers = Float[Array | np.ndarray, "..."]

# Linear sRGB to XYZ, exact (IEC 61966-2-1 with white at x = 0.3127, y = 0.329), and that white.
_TO_XYZ = np.array(
    [
        [506752 / 1228815, 87881 / 245763, 12673 / 70218],
        [87098 / 409605, 175762 / 245763, 12673 / 175545],
        [7918 / 409605, 87881 / 737289, 1001167 / 1053270],
    ]
)
_WHITE = _TO_XYZ.sum(axis=1)
_TO_LINEAR = np.linalg.inv(_TO_XYZ)
_KNEE = 6.0 / 29.0  # below it L*a*b* is linear in the reflectance
_SLOPE = 3.0 * _KNEE**2
_FLOOR = 1e-6  # reflectance below which a logarithm is not taken


class Lab(NamedTuple):
    """A colour, CIE L*a*b*, D65, 2 degrees."""

    lightness: Numbers
    a_star: Numbers
    b_star: Numbers


class Reflectance(NamedTuple):
    """Linear sRGB: what comes back in three bands, as a share of a perfect white."""

    red: Numbers
    green: Numbers
    blue: Numbers


class SkinOptics(NamedTuple):
    """What the colour of a skin depends on besides its blood; one value per skin.

    Attributes:
        rest: its colour at rest.
        blood_fraction: volume of blood per volume of the upper dermis at rest, 0.005 to 0.05.
        green_absorption: fall of ln(reflectance in the green) for each unit of blood fraction; `green_absorption`.
        red_share: absorption in the red, as a share of that in the green.
        blue_share: the same in the blue.
        surface: reflectance, in each band, of what lies above the blood.
    """

    rest: Lab
    blood_fraction: Numbers
    green_absorption: Numbers
    red_share: Numbers
    blue_share: Numbers
    surface: Numbers


def to_lab(light: Reflectance) -> Lab:
    """L*a*b* of linear sRGB."""
    xp = library_of(*light)

    def response(row: int) -> Any:
        weights = _TO_XYZ[row] / _WHITE[row]
        share = weights[0] * light.red + weights[1] * light.green + weights[2] * light.blue
        root = xp.cbrt(xp.maximum(share, _KNEE**3))
        return xp.where(share > _KNEE**3, root, share / _SLOPE + 4.0 / 29.0)

    x, y, z = response(0), response(1), response(2)
    return Lab(116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z))


def to_reflectance(colour: Lab) -> Reflectance:
    """Linear sRGB of L*a*b*; outside the gamut of sRGB it is below 0 or above 1."""
    xp = library_of(*colour)
    y = (colour.lightness + 16.0) / 116.0

    def share(root: Any) -> Any:
        return xp.where(root > _KNEE, root**3, _SLOPE * (root - 4.0 / 29.0))

    seen = [
        share(root) * white
        for root, white in zip((y + colour.a_star / 500.0, y, y - colour.b_star / 200.0), _WHITE, strict=True)
    ]
    return Reflectance(*(row[0] * seen[0] + row[1] * seen[1] + row[2] * seen[2] for row in _TO_LINEAR))


def decoded(srgb: Numbers) -> Numbers:
    """Linear light of encoded sRGB, both 0 to 1 (IEC 61966-2-1)."""
    xp = library_of(srgb)
    linear: Numbers = xp.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return linear


def encoded(linear: Numbers) -> Numbers:
    """Encoded sRGB of linear light, the reverse of `decoded`."""
    xp = library_of(linear)
    root = xp.maximum(linear, _FLOOR) ** (1.0 / 2.4)
    srgb: Numbers = xp.where(linear <= 0.0031308, 12.92 * linear, 1.055 * root - 0.055)
    return srgb


def erythema_index(light: Reflectance) -> Numbers:
    """100 log10(red / green): the same for the model and for a photograph."""
    xp = library_of(*light)
    ratio = xp.maximum(light.red, _FLOOR) / xp.maximum(light.green, _FLOOR)
    index: Numbers = 100.0 * xp.log10(ratio)
    return index


def _weakened(
    rest: Reflectance, surface: Numbers, green: Numbers, red_share: Numbers, blue_share: Numbers
) -> Reflectance:
    """Reflectances after ln(green) of the light that met the blood has fallen by `green`."""
    xp = library_of(*rest, surface, green)

    def band(light: Numbers, share: Numbers | float) -> Any:
        above = xp.minimum(surface, light)
        return above + (light - above) * xp.exp(-share * green)

    return Reflectance(band(rest.red, red_share), band(rest.green, 1.0), band(rest.blue, blue_share))


def green_absorption(
    sensitivity: Numbers, reference: Lab, red_share: Numbers, blue_share: Numbers, surface: Numbers
) -> Numbers:
    """Absorption in the green that gives skin of the reference colour a sensitivity of a* to the blood fraction.

    Args:
        sensitivity: rise of a* for each unit of blood volume fraction; 250 to 500.
        reference: colour of the skin for which it holds.
        red_share: absorption in the red, as a share of that in the green.
        blue_share: the same in the blue.
        surface: reflectance of what lies above the blood.
    """
    light = to_reflectance(reference)
    step = np.full(1, 0.05)  # of ln(reflectance): both sides of what is seen, and large beside rounding
    more, less = (to_lab(_weakened(light, surface, sign * step, red_share, blue_share)).a_star for sign in (1.0, -1.0))
    return sensitivity * (2.0 * step) / (more - less)


def skin_reflectance(optics: SkinOptics, blood_volume: Numbers) -> Reflectance:
    """Reflectances of skin with another volume of blood.

    Args:
        optics: one value per skin.
        blood_volume: of the upper dermis, as a share of that at rest; its last axis is that of the skins.
    """
    more = optics.green_absorption * optics.blood_fraction * (blood_volume - 1.0)
    rest = to_reflectance(optics.rest)
    return _weakened(rest, optics.surface, more, optics.red_share, optics.blue_share)


def skin_colour(optics: SkinOptics, blood_volume: Numbers) -> Lab:
    """Colour of skin with another volume of blood; at 1 it is the colour at rest."""
    return to_lab(skin_reflectance(optics, blood_volume))


def colour_difference(one: Lab, other: Lab) -> Numbers:
    """Distance of two colours, delta E*ab of 1976, in which thresholds of skin colour are told."""
    xp = library_of(*one, *other)
    squares = sum((here - there) ** 2 for here, there in zip(one, other, strict=True))
    distance: Numbers = xp.sqrt(squares)
    return distance
