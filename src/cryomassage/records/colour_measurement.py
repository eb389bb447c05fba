"""What two photographs of the same skin tell of its colour, and whether it was predicted."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cryomassage.records.base import Record
from cryomassage.records.interval import Interval

SCHEMA: Literal["cryomassage/colour/1"] = "cryomassage/colour/1"


class Rectangle(Record):
    """A part of a picture as it is seen upright, in pixels from its upper left corner."""

    x: int
    y: int
    width: int
    height: int


class PatchColour(Record):
    """The colour of the skin in one picture, corrected by the reference. CIE, D65, 2 degrees."""

    picture: str  # name of the file
    skin: Rectangle
    reference: Rectangle
    lightness: Interval
    a_star: Interval
    b_star: Interval
    erythema_index: Interval  # 100 log10 of red over green
    srgb: str  # "#rrggbb"


class MeasuredChange(Record):
    """After less before; an interval spans 5, 50 and 95 % of what the noise and the reference allow."""

    lightness: Interval
    a_star: Interval
    b_star: Interval
    erythema_index: Interval
    difference_ab: Interval  # delta E*ab, in which the threshold of the eye is told
    difference_2000: Interval  # CIEDE2000
    told: Literal["paler", "redder", "no change to see"]


class PredictedChange(Record):
    """What a plan predicted for one zone at one moment, and how the pictures agree."""

    zone: str
    name: str
    time_s: float  # after the first touch
    words: str
    a_star_low: float  # change against rest: 5, 50 and 95 % of the skins
    a_star: float
    a_star_high: float
    erythema_index: Interval | None  # told for the palest moment
    seen: bool
    agrees: Literal["inside", "outside", "cannot tell"]


class ColourMeasurement(Record):
    """The colour of skin before and after, from a pair of photographs with a colour reference in view."""

    schema_: Annotated[Literal["cryomassage/colour/1"], Field(alias="schema")] = SCHEMA
    before: PatchColour
    after: PatchColour
    change: MeasuredChange
    visible_difference: float
    prediction: PredictedChange | None
    notes: tuple[str, ...]
