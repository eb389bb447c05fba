"""A moving cold source on a zone laid flat, as it is asked for in a file."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from cryomassage.records.base import Record, measured
from cryomassage.records.client import Key
from cryomassage.records.scenario import COLDEST_degC
from cryomassage.records.stroke_plan import Pattern, Point_mm

SCHEMA: Final = "cryomassage/patch-scenario/1"

_HAND = "what a hand or an arm of a machine can do"
_TIMES = "a touch of the hand to a day"
_ROOMS = "climate chambers"
_NOZZLES = "touching to arm's length"
_SPOTS = "a fine nozzle to a large pack"

# Below 0 is read, and refused with the numbers that would work, where the source is known.
Speed = measured("mm/s", -1_000.0, 1_000.0, _HAND)
Distance = measured("mm", 1.0, 1_000.0, _NOZZLES)


class MovingExchange(Record):
    """A footprint in numbers instead of a source of the knowledge.

    `length` is that of an even footprint that gives a point under the middle of the path the same dose; a bell is made
    as wide as that asks for. `width` is how wide a strip it treats, and of an ellipse its width.
    """

    heat_transfer_coefficient: measured("W/(m^2*K)", 0.1, 2e4, "still air to metal")  # type: ignore[valid-type]
    sink_temperature: measured("degC", COLDEST_degC, 60.0, "boiling point of nitrogen")  # type: ignore[valid-type]
    footprint: Literal["gaussian", "ring", "ellipse"]
    length: measured("mm", 0.5, 300.0, _SPOTS)  # type: ignore[valid-type]
    width: measured("mm", 0.5, 300.0, _SPOTS)  # type: ignore[valid-type]
    touches: bool = False


class GivenStroke(Record):
    """One stroke in corners, mm from the lower left corner of the zone, or a place where the source stands."""

    path_mm: Annotated[tuple[Point_mm, ...], Field(min_length=1, max_length=10_000)]
    on: bool = True
    speed: Speed | None = None  # type: ignore[valid-type]
    hold: measured("s", 0.0, 3_600.0, _TIMES) = 0.0  # type: ignore[valid-type]
    distance: Distance | None = None  # type: ignore[valid-type]
    pause: measured("s", 0.0, 3_600.0, _TIMES) | None = None  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if len(self.path_mm) == 1 and self.hold == 0.0:
            raise ValueError("a stroke of one corner needs a hold above 0 s")
        return self


class PatchScenario(Record):
    """Strokes over a zone.

    A pattern lays the strokes, or they are given corner by corner (`stroke`). What is left out is taken from the cold
    source: its usual speed and distance, and the overlap of a third that strips usually have.
    """

    schema_: Literal["cryomassage/patch-scenario/1"] = Field(alias="schema")
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)] = "Strokes on a zone"
    zone: Key
    side: Literal["left", "right"] = "left"  # of the client, seen from in front
    sex: Literal["female", "male"]
    room_temperature: measured("degC", -60.0, 60.0, _ROOMS) | None = None  # type: ignore[valid-type]
    cold_source: Key | None = None
    barrier: Key = "none"
    film_thickness: measured("mm", 0.05, 1.0, "dabbed dry to dripping") | None = None  # type: ignore[valid-type]
    exchange: MovingExchange | None = None
    exposure_class: int | None = Field(default=None, ge=0, le=4)

    pattern: Pattern | None = None
    stroke: Annotated[tuple[GivenStroke, ...], Field(max_length=10_000)] = ()
    direction: Literal["across", "up"] = "across"
    edge: bool = False  # of the raster: first once around along the edge, then the strips within
    speed: Speed | None = None  # type: ignore[valid-type]
    distance: Distance | None = None  # type: ignore[valid-type]
    passes: int = Field(default=1, ge=1, le=200)
    overlap: measured("percent", -500.0, 90.0, "strips far apart to nine on one") | None = None  # type: ignore[valid-type]
    pause: measured("s", 0.0, 3_600.0, _TIMES) = 0.0  # type: ignore[valid-type]
    pass_pause: measured("s", 0.0, 3_600.0, _TIMES) = 0.0  # type: ignore[valid-type]
    hold: measured("s", 0.05, 3_600.0, _TIMES) | None = None  # type: ignore[valid-type]
    place_mm: Point_mm | None = None  # of a spot; without it the place farthest from the edge
    there_and_back: int = Field(default=2, ge=1, le=50)  # of the paint-brush
    circle: measured("mm", 2.0, 200.0, "fingertip to palm") | None = None  # type: ignore[valid-type]

    freezing: bool = False
    supercooling: bool = False  # the skin is dry and stays free of frost, so that ice begins by chance
    seed: int = Field(default=1, ge=0, le=2**32 - 1)  # of that chance
    vessels: bool = False
    watch: measured("s", 0.0, 86_400.0, _TIMES) = 60.0  # type: ignore[valid-type]
    grid: measured("mm", 0.1, 10.0, "a fine nozzle to a large pack") = 1.0  # type: ignore[valid-type]
    window_mm: tuple[float, float, float, float] | None = None  # left, lower, right, upper edge of what is looked at
    step: measured("s", 0.001, 10.0, "a fast jet to a compress") | None = None  # type: ignore[valid-type]
    snapshots: int = Field(default=40, ge=2, le=500)
    thresholds: Annotated[
        tuple[measured("degC", COLDEST_degC, 60.0, "boiling point of nitrogen"), ...],  # type: ignore[valid-type]
        Field(max_length=12),
    ] = (20.0, 15.0, 10.0, 5.0, 0.0)
