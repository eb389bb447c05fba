"""The only conversions of units, at the edges of the product; inside, everything is SI and °C."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pint

# A number, then a unit that does not begin with a digit unless it is one over something ("72 1/min").
_WRITTEN = re.compile(r"^\s*([-+−]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?)(?![\d.,])\s*((?:1\s*/\s*)?[^\d\s].*?)\s*$")

# How people write units, where Pint wants another spelling.
_SPELLINGS = {
    "°C": "degC",
    "C": "degC",
    "°F": "degF",
    "F": "degF",
    "W/m²K": "W/(m^2*K)",
    "W/m2K": "W/(m^2*K)",
    "W/m²/K": "W/(m^2*K)",
    "%": "percent",
    "bpm": "1/min",
    "/min": "1/min",
    "years": "year",
}


class UnitError(ValueError):
    """A text is not a number with a unit, or its unit measures something else."""


# The units of this field and no others. Pint's own thousand take half a second to read and want a cache on disk,
# which a kill or a full disk can leave broken; and a client file has no use for furlongs.
_DEFINITIONS = """
micro- = 1e-6 = µ-
milli- = 1e-3 = m-
centi- = 1e-2 = c-
deci- = 1e-1 = d-
hecto- = 1e2 = h-
kilo- = 1e3 = k-
meter = [length] = m = metre
second = [time] = s = sec
minute = 60 * second = min
hour = 60 * minute = h
day = 24 * hour = d
week = 7 * day
year = 365.25 * day = _ = yr
gram = [mass] = g
kelvin = [temperature]; offset: 0 = K
degree_Celsius = kelvin; offset: 273.15 = degC = celsius
degree_Fahrenheit = 5 / 9 * kelvin; offset: 233.15 + 200 / 9 = degF = fahrenheit
newton = kilogram * meter / second ** 2 = N
pascal = newton / meter ** 2 = Pa
bar = 1e5 * pascal
millimeter_Hg = 133.322387415 * pascal = mmHg
joule = newton * meter = J
watt = joule / second = W
liter = decimeter ** 3 = L = l = litre
percent = 0.01 = %
inch = 0.0254 * meter = in
foot = 12 * inch = ft
"""


@lru_cache(maxsize=1)
def _registry() -> pint.UnitRegistry[float]:
    import pint

    registry: pint.UnitRegistry[float] = pint.UnitRegistry(None, autoconvert_offset_to_baseunit=True)
    registry.load_definitions(_DEFINITIONS.strip().splitlines())
    return registry


@lru_cache(maxsize=256)
def _linear(unit: str, into: str) -> tuple[float, float]:
    """Factor and offset that turn a value in `unit` into one in `into`."""
    import pint

    registry = _registry()
    try:
        zero = float(registry.Quantity(0.0, unit).to(into).magnitude)
        one = float(registry.Quantity(1.0, unit).to(into).magnitude)
    except pint.DimensionalityError as error:
        raise UnitError(f"{unit!r} does not measure the same thing as {into!r}") from error
    except (pint.UndefinedUnitError, AttributeError, ValueError, TypeError) as error:
        raise UnitError(f"{unit!r} is not a unit that this product knows") from error
    return one - zero, zero


def convert(value: float, unit: str, into: str) -> float:
    """Convert a value between units.

    Raises:
        UnitError: a unit is unknown, or the two measure different things.
    """
    unit, into = _SPELLINGS.get(unit, unit), _SPELLINGS.get(into, into)
    if unit == into:
        return value
    factor, offset = _linear(unit, into)
    return value * factor + offset


def parse(text: object, into: str) -> float:
    """Read a text such as "50 mm" or "-196 degC" and convert it.

    Raises:
        UnitError: no number, no unit, or a unit that measures something else. A bare number is refused:
            the unit is where mistakes hide.
    """
    if isinstance(text, int | float):
        raise UnitError(f'{text!r} has no unit; write it with one, such as "{text} {into}"')
    match = _WRITTEN.match(str(text))
    if match is None:
        raise UnitError(f'{text!r} is not a number with a unit, such as "1 {into}"')
    number = float(match[1].replace("−", "-").replace(",", "."))
    unit = _SPELLINGS.get(match[2], match[2])
    if unit == "degF":
        # Nitrogen at -195 is °C in one source and °F in another: seventy kelvin apart, and easily slipped.
        raise UnitError(
            f"temperatures are entered in °C, and {number:g} °F is {convert(number, 'degF', 'degC'):.1f} °C; "
            f"did you mean {number:g} °C?"
        )
    return convert(number, unit, into)
