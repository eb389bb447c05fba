"""What a cold source does around its centre, at any distance and at any time since it was made cold. SI units, °C."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from cryomassage.engine.patch import Footprint
from cryomassage.knowledge.schema import ColdSource, Knowledge
from cryomassage.knowledge.shapes import SourceFootprint
from cryomassage.records.scenario import COLDEST_degC
from cryomassage.units import convert

_KINDS = {"gaussian": Footprint.GAUSSIAN, "ring": Footprint.RING, "ellipse": Footprint.ELLIPSE}
# Length of an even footprint that gives a point under the middle of its path the dose of a bell of radius 1.
EVEN_LENGTH = {Footprint.GAUSSIAN: math.sqrt(math.pi), Footprint.RING: 0.5 * math.e * math.sqrt(math.pi)}


@dataclass(frozen=True)
class Part:
    """One footprint of a source; some have two. Lengths are those of `cryomassage.engine.patch.Footprint`."""

    footprint: Footprint
    coefficient: float  # W/(m^2 K)
    along: float  # m
    across: float  # m


@dataclass(frozen=True)
class MovingSource:
    """A source that is moved over the skin, by the middle of what is known of it.

    Attributes:
        name: in words.
        parts: at the reference distance.
        sink_degC: what it exchanges heat with, at the reference distance, on average between two dips.
        touches: keeps the room's air away.
        half_width: m, half the width of the strip that it treats.
        room_degC: what a jet mixes with on its way.
        distance_mm: the distance at which all this holds, or None for one that touches.
        coefficient_decay, temperature_decay, spot_growth: exponents of the distance.
        fresh_degC: sink just after a dip, or None where it does not warm.
        hold_s: time of work between two dips, or None where it need not be renewed.
        dip_s: time away from the skin for a dip.
    """

    name: str
    parts: tuple[Part, ...]
    sink_degC: float
    touches: bool
    half_width: float
    room_degC: float
    distance_mm: float | None = None
    coefficient_decay: float = 0.0
    temperature_decay: float = 0.0
    spot_growth: float = 0.0
    fresh_degC: float | None = None
    hold_s: float | None = None
    dip_s: float = 0.0

    def at(self, distance_mm: float | None) -> MovingSource:
        """The same source from another distance: weaker, warmer and wider from farther away."""
        if distance_mm is None or self.distance_mm is None or distance_mm == self.distance_mm:
            return self
        ratio = distance_mm / self.distance_mm
        wider, weaker = ratio**self.spot_growth, ratio**-self.coefficient_decay
        mixed = self.room_degC + (self.sink_degC - self.room_degC) * ratio**-self.temperature_decay
        return replace(
            self,
            parts=tuple(
                replace(
                    part, coefficient=part.coefficient * weaker, along=part.along * wider, across=part.across * wider
                )
                for part in self.parts
            ),
            sink_degC=max(mixed, COLDEST_degC),
            half_width=self.half_width * wider,
            distance_mm=distance_mm,
        )

    def sink_after(self, since_dip_s: float) -> float:
        """Sink temperature so long after a dip, degC: warming evenly, with `sink_degC` as the mean over the hold."""
        if self.fresh_degC is None or self.hold_s is None:
            return self.sink_degC
        return self.fresh_degC + 2.0 * (self.sink_degC - self.fresh_degC) * min(1.0, since_dip_s / self.hold_s)

    @property
    def narrowest(self) -> float:
        """m, what the grid must resolve: the shortest radius or half axis."""
        return min(
            part.along if part.footprint != Footprint.ELLIPSE else min(part.along, part.across) for part in self.parts
        )

    @property
    def shortest_along(self) -> float:
        """m, what a step must resolve."""
        return min(part.along for part in self.parts)


def even_part(kind: Footprint, coefficient: float, length: float, width: float) -> Part:
    """The part that gives a point under the middle of its path the dose of an even footprint of this length.

    Args:
        kind: shape.
        coefficient: W/(m^2 K), at its strongest.
        length: m, along the stroke.
        width: m, across it; bells are round and take only the length.
    """
    if kind == Footprint.ELLIPSE:
        return Part(kind, coefficient, 0.5 * length, 0.5 * width)
    radius = length / EVEN_LENGTH[kind]
    return Part(kind, coefficient, radius, radius)


def sources_that_move(knowledge: Knowledge) -> list[str]:
    """Cold sources whose footprint is known."""
    return sorted(knowledge.footprint)


def source_of_knowledge(
    key: str, knowledge: Knowledge, room_degC: float, barrier: str = "none", film_mm: float | None = None
) -> MovingSource:
    """A cold source of the knowledge, by its stated values.

    Args:
        key: of a cold source with a footprint.
        knowledge: where it stands.
        room_degC: what a jet mixes with.
        barrier: what lies between.
        film_mm: thickness of the film of melt water under ice, or None for the stated one.
    """
    source, shape = knowledge.cold_source[key], knowledge.footprint[key]
    coefficient = source.heat_transfer_coefficient.value
    if film_mm is not None and shape.film_thickness is not None:
        coefficient *= shape.film_thickness.value / film_mm
    coefficient = 1.0 / (1.0 / coefficient + knowledge.barrier[barrier].thermal_resistance.value)
    length, width = _size(source)
    hold_s = None if source.hold_time is None or shape.dip_time is None else source.hold_time.value
    return MovingSource(
        name=source.name,
        parts=_parts(shape, coefficient, length, width),
        sink_degC=source.sink_temperature.value,
        touches=source.touches,
        half_width=0.5 * width,
        room_degC=room_degC,
        distance_mm=None if source.distance is None else source.distance.value,
        coefficient_decay=0.0 if shape.coefficient_decay is None else shape.coefficient_decay.value,
        temperature_decay=0.0 if shape.temperature_decay is None else shape.temperature_decay.value,
        spot_growth=0.0 if shape.spot_growth is None else shape.spot_growth.value,
        fresh_degC=None if shape.fresh_sink_temperature is None else shape.fresh_sink_temperature.value,
        hold_s=hold_s,
        dip_s=0.0 if shape.dip_time is None else shape.dip_time.value,
    )


def _size(source: ColdSource) -> tuple[float, float]:
    """Length along the stroke and width across it, m."""
    length, width = source.footprint_length, source.footprint_width
    if length is None or width is None:
        raise ValueError(f"{source.name} has a footprint without a size")
    return convert(length.value, length.unit, "m"), convert(width.value, width.unit, "m")


def _parts(shape: SourceFootprint, coefficient: float, length: float, width: float) -> tuple[Part, ...]:
    kind = _KINDS[shape.shape]
    if shape.parting_width is None or shape.share_through_hair is None:
        return (even_part(kind, coefficient, length, width),)
    # What passes the hair reaches the whole width; the rest only the bare line.
    hair = shape.share_through_hair.value
    bare = convert(shape.parting_width.value, shape.parting_width.unit, "m")
    return (
        even_part(kind, coefficient * hair, length, width),
        even_part(kind, coefficient * (1.0 - hair), length, bare),
    )


def source_of_numbers(
    coefficient: float, sink_degC: float, shape: str, length: float, width: float, touches: bool, room_degC: float
) -> MovingSource:
    """A source given in numbers, lengths in m."""
    part = even_part(_KINDS[shape], coefficient, length, width)
    return MovingSource("given exchange", (part,), sink_degC, touches, 0.5 * width, room_degC)
