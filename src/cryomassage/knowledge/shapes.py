"""What a moving source needs to know besides zones and sources: outlines and lines in mm, footprints."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cryomassage.knowledge.values import Entry, Known, Quantity, SourceKeys, Statement, Text

Point_mm = tuple[float, float]
Polyline_mm = Annotated[tuple[Point_mm, ...], Field(min_length=2)]


class LineFamily(Entry):
    """Massage lines that run side by side: two or more of them, from which those in between follow.

    The lines have as many corners each, and are worked in the order given. Every line runs the way the hand goes.
    """

    name: Text
    lines_mm: Annotated[tuple[Polyline_mm, ...], Field(min_length=2)]
    source: SourceKeys
    known: Known

    @model_validator(mode="after")
    def _side_by_side(self) -> Self:
        if len({len(line) for line in self.lines_mm}) != 1:
            raise ValueError("lines of one family have as many corners each")
        return self


class ZoneShape(Entry):
    """A zone laid flat, in mm from the lower left corner of its bounding box: x to the right, y up.

    Of a zone with two sides it is the side on the client's left, seen from in front: the middle of the body lies on
    its left. The other side is its mirror image.
    """

    name: Text
    seen_from: Text
    outline_mm: Annotated[tuple[Point_mm, ...], Field(min_length=4)]  # corners in order, not closed
    source: SourceKeys
    known: Known
    note: Text | None = None
    families: Annotated[tuple[LineFamily, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _at_the_corner(self) -> Self:
        lowest = (min(x for x, _ in self.outline_mm), min(y for _, y in self.outline_mm))
        if lowest != (0.0, 0.0):
            raise ValueError(f"the bounding box of the outline begins at {lowest}, not at (0, 0)")
        return self


class SourceFootprint(Entry):
    """How a cold source acts around its centre, how distance changes it, and how it warms; key of the source.

    Coefficient, sink temperature and size stand in the cold source itself, at the distance stated there.
    """

    name: Text
    shape: Literal["gaussian", "ring", "ellipse"]
    shape_reason: Statement
    leaves_skin: Literal["dry", "wet", "frosted"]  # only dry skin may supercool
    leaves_skin_reason: Statement
    coefficient_decay: Quantity | None = None  # exponent: coefficient ~ distance^-decay
    temperature_decay: Quantity | None = None  # exponent: sink less room temperature ~ distance^-decay
    spot_growth: Quantity | None = None  # exponent: size ~ distance^growth
    fresh_sink_temperature: Quantity | None = None  # degC, just dipped; it warms evenly until it is dipped again
    dip_time: Quantity | None = None  # s away from the skin, for a new dip, filling or piece of ice
    film_thickness: Quantity | None = None  # mm of melt water, for which the coefficient of the source holds
    parting_width: Quantity | None = None  # mm of skin laid bare
    share_through_hair: Quantity | None = None  # of the coefficient, beside the parting

    @model_validator(mode="after")
    def _whole(self) -> Self:
        decays = (self.coefficient_decay, self.temperature_decay, self.spot_growth)
        if None in decays and decays != (None, None, None):
            raise ValueError("what a distance does is stated for coefficient, temperature and size together")
        if (self.parting_width is None) != (self.share_through_hair is None):
            raise ValueError("parting_width and share_through_hair belong together")
        return self
