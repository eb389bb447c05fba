"""Draws of everything that is uncertain: layers, properties, perfusion, contact, source, and the hand.

Each quantity is drawn from its range in the knowledge (5-95 % for normal and lognormal spreads). The draws are
independent pseudo-random numbers from a seed, since the acceptance of a plan is a statement about independent
skins. The same seed gives the same quantiles for every zone and source, so that a change of one input moves
every skin the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from statistics import NormalDist

import numpy as np
from jaxtyping import Float

from cryomassage.engine.column import SKIN_GRID, Column, Layers, layered_column
from cryomassage.engine.solver import Probes, State, locate_probes, start, steady_state
from cryomassage.knowledge.schema import ColdSource, Knowledge, Zone
from cryomassage.knowledge.values import Quantity, Spread
from cryomassage.records.client import Calibration
from cryomassage.units import convert

_ONE_MILLIMETRE = 1e-3  # m
_Z95 = 1.6448536269514722  # standard normal quantile of 95 %

Draws = Float[np.ndarray, " skins"]


@dataclass(frozen=True)
class Posed:
    """What a population is drawn for."""

    zone: str
    sex: str
    cold_source: str
    calibration: Calibration | None = None
    measured_dermis_mm: float | None = None
    room_degC: float | None = None
    barrier: str = "none"


@dataclass(frozen=True)
class VirtualSkins:
    """A population of skins with the source that touches them and the hand that moves it. SI units, °C."""

    layers: Layers
    column: Column
    arterial_temperature_degC: Draws
    basal_depth: Draws
    fat_depth: Draws
    room_coefficient: Draws
    room_temperature_degC: Draws
    heat_transfer_coefficient: Draws
    sink_temperature_degC: Draws
    footprint_length: Draws
    speed_ratio: Draws  # speed of the hand over the planned speed
    overlap_ratio: Draws  # extra share of the dwell where strips overlap
    latent_heat: Float[np.ndarray, "layers skins"]  # J/m^3, of all water that can freeze
    late_s: Draws  # how much longer than counted a held source stays

    @property
    def count(self) -> int:
        """Number of skins."""
        return int(self.basal_depth.shape[0])

    @cached_property
    def at_rest(self) -> State:
        """The skins at rest in the room."""
        steady = steady_state(
            self.column,
            np.asarray(self.room_coefficient, np.float32),
            np.asarray(self.room_temperature_degC, np.float32),
            np.zeros(self.count, np.float32),
        )
        return start(self.column, steady)

    @cached_property
    def probes(self) -> Probes:
        """Basal layer, 1 mm, and the top of the fat."""
        depths = np.stack([self.basal_depth, np.full(self.count, _ONE_MILLIMETRE), self.fat_depth])
        found: Probes = locate_probes(self.column, np.asarray(depths, np.float32))
        return found


def standard_normal(uniform: Draws) -> Draws:
    """Standard normal numbers at the given quantiles, cut at 0.001 and 0.999.

    Read between points of the standard library's distribution function, to within 1e-6. Importing SciPy's special
    functions for it takes a third of a second, and the standard library's own inverse a millisecond for each draw.
    """
    return np.asarray(np.interp(np.clip(uniform, 0.001, 0.999), *_distribution()))


@cache
def _distribution() -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]]:
    """The standard normal distribution function: shares, and where they are reached."""
    reached = np.linspace(-3.2, 3.2, 4097)
    return np.array([NormalDist().cdf(float(at)) for at in reached]), reached


def spread_out(quantity: Quantity, uniform: Draws, scale: float = 1.0) -> Draws:
    """Draws of a quantity at the given quantiles, in the quantity's own unit, times `scale`.

    Normal and lognormal draws are cut at the quantiles 0.001 and 0.999; the centre is the stated value, and a
    range that is not symmetric about it widens each side on its own.
    """
    low, high = quantity.range
    value = quantity.value
    if quantity.spread is Spread.FIXED:
        return np.full_like(uniform, value * scale)
    if quantity.spread is Spread.UNIFORM:
        return (low + (high - low) * uniform) * scale
    normal = standard_normal(uniform) / _Z95
    if quantity.spread is Spread.LOGNORMAL:
        below, above = np.log(value / low), np.log(high / value)
        return np.asarray(value * np.exp(normal * np.where(normal < 0, below, above)) * scale)
    return np.asarray((value + normal * np.where(normal < 0, value - low, high - value)) * scale)


def calibrated(source: ColdSource, calibration: Calibration | None, knowledge: Knowledge) -> tuple[Quantity, Quantity]:
    """Coefficient and sink of a source: its prior, or what was measured on this very source.

    A calibration never claims more certainty than the least spread that a bench measurement leaves.
    """
    if calibration is None:
        return source.heat_transfer_coefficient, source.sink_temperature
    least = knowledge.limit["calibration_least_spread"].quantity.value
    value = calibration.heat_transfer_coefficient
    coefficient = source.heat_transfer_coefficient.model_copy(
        update={
            "value": value,
            "range": (
                min(calibration.heat_transfer_coefficient_low, value * (1.0 - least)),
                max(calibration.heat_transfer_coefficient_high, value * (1.0 + least)),
            ),
            "spread": Spread.LOGNORMAL,
        }
    )
    sink = source.sink_temperature.model_copy(update={"value": calibration.sink_temperature, "spread": Spread.FIXED})
    return coefficient, sink


class Quantiles:
    """Hands out columns of uniform numbers, always in the same order."""

    def __init__(self, count: int, seed: int) -> None:
        self._generator = np.random.Generator(np.random.Philox(seed))
        self._count = count

    def next(self) -> Draws:
        """The next uniform numbers, one per skin."""
        return self._generator.random(self._count)


def _thickness(zone: Zone, posed: Posed, quantiles: Quantiles) -> Float[np.ndarray, "layers skins"]:
    rows = []
    for layer in zone.layers:
        quantity = layer.female if posed.sex == "female" else layer.male
        metres = spread_out(quantity, quantiles.next()) * convert(1.0, quantity.unit, "m")
        if layer.tissue == "dermis" and posed.measured_dermis_mm is not None:
            # A measured dermis only ever thins the skin that is planned on.
            metres = metres * min(1.0, posed.measured_dermis_mm / convert(quantity.value, quantity.unit, "mm"))
        rows.append(np.maximum(metres, 1e-6))
    return np.stack(rows)


def draw(posed: Posed, knowledge: Knowledge, count: int, seed: int) -> VirtualSkins:
    """Draw a population.

    Args:
        posed: zone, sex, source and what was measured.
        knowledge: where the ranges stand.
        count: number of skins.
        seed: of the random numbers.
    """
    zone, source = knowledge.zone[posed.zone], knowledge.cold_source[posed.cold_source]
    quantiles = Quantiles(count, seed)

    # Exchange, geometry and hand come first, so that their quantiles are the same for every zone.
    coefficient_range, sink_range = calibrated(source, posed.calibration, knowledge)
    coefficient = spread_out(coefficient_range, quantiles.next())
    sink = spread_out(sink_range, quantiles.next())
    lengths = quantiles.next()
    hand = quantiles.next()
    overlap = quantiles.next()
    overlap_depth = quantiles.next()
    room = knowledge.limit["exchange_room_still"].quantity
    room_coefficient = spread_out(room, quantiles.next())
    arterial = spread_out(zone.arterial_temperature, quantiles.next())
    dermal_perfusion = spread_out(zone.dermal_perfusion_rate, quantiles.next())

    resistance = knowledge.barrier[posed.barrier].thermal_resistance
    coefficient = 1.0 / (1.0 / coefficient + spread_out(resistance, quantiles.next()))
    footprint = (
        np.full(count, np.nan)
        if source.footprint_length is None
        else spread_out(source.footprint_length, lengths) * convert(1.0, source.footprint_length.unit, "m")
    )
    hand_spread = knowledge.limit["hand_speed_spread"].quantity.value
    share = knowledge.limit["overlapped_share"].quantity.value

    thickness = _thickness(zone, posed, quantiles)
    conductivity, capacity, perfusion, metabolism = [], [], [], []
    blood = knowledge.tissue["blood"]
    blood_capacity = blood.density.value * blood.specific_heat_capacity.value
    for layer in zone.layers:
        tissue = knowledge.tissue[layer.tissue]
        conductivity.append(spread_out(tissue.thermal_conductivity, quantiles.next()))
        density = spread_out(tissue.density, quantiles.next())
        capacity.append(density * spread_out(tissue.specific_heat_capacity, quantiles.next()))
        own = spread_out(tissue.blood_perfusion_rate, quantiles.next())
        perfusion.append((dermal_perfusion if layer.tissue == "dermis" else own) * blood_capacity)
        metabolism.append(spread_out(tissue.metabolic_heat_production, quantiles.next()))
    # Drawn last, so that a skin that does not freeze is the same whether or not it could.
    latent_heat = np.stack(
        [spread_out(knowledge.tissue[layer.tissue].latent_heat, quantiles.next()) for layer in zone.layers]
    )
    late = spread_out(knowledge.limit["hand_stops_late"].quantity, quantiles.next())
    layers = Layers(thickness, np.stack(conductivity), np.stack(capacity), np.stack(perfusion), np.stack(metabolism))
    cells, growth = SKIN_GRID[len(zone.layers)]
    # Below the last layer lies more of the same body: blood temperature, well coupled.
    column = layered_column(layers, cells, growth, arterial, np.full(count, _DEEP_COUPLING), arterial)
    air = knowledge.limit["room_temperature"].quantity.value if posed.room_degC is None else posed.room_degC
    return VirtualSkins(
        layers=layers,
        column=column,
        arterial_temperature_degC=arterial,
        # Stratum corneum and epidermis end at the basal layer: one draw for both.
        basal_depth=thickness[:2].sum(axis=0),
        fat_depth=thickness[:3].sum(axis=0),
        room_coefficient=room_coefficient,
        room_temperature_degC=np.full(count, air),
        heat_transfer_coefficient=coefficient,
        sink_temperature_degC=sink,
        footprint_length=footprint,
        speed_ratio=np.exp(np.log1p(hand_spread) * standard_normal(hand) / _Z95),
        overlap_ratio=np.where(overlap < share, overlap_depth, 0.0),
        latent_heat=np.maximum(latent_heat, 0.0),
        late_s=late,
    )


# A conductance that holds the lowest face at blood temperature: 0.1 mm of tissue would be 4,000 W/(m^2 K).
_DEEP_COUPLING = 1.0e4
