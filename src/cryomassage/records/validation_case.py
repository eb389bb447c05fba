"""One arm of a published trial of cooling: what was cooled with what, and what was read."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

COLDEST_degC, WARMEST_degC = -196.0, 60.0
_LONGEST_s = 172_800.0  # two days
_COLDEST_ROOM_degC = -60.0
PHANTOM = "phantom"

Seconds = Annotated[float, Field(gt=0.0, le=_LONGEST_s)]
Temperature = Annotated[float, Field(ge=COLDEST_degC, le=WARMEST_degC)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=100)]

TEMPERATURE = "temperature"
DROP = "temperature_drop"
TIME_TO = "time_to_temperature"
TIME_TO_DROP = "time_to_temperature_drop"
TIME_TO_FREEZING = "time_to_freezing"
HEAT = "heat_removed"
FLOW = "vascular_conductance_fraction"
UNITS = {
    TEMPERATURE: "degC",
    DROP: "K",
    TIME_TO: "s",
    TIME_TO_DROP: "s",
    TIME_TO_FREEZING: "s",
    HEAT: "kJ/m2",
    FLOW: "1",
}
TIMES = frozenset({TIME_TO, TIME_TO_DROP, TIME_TO_FREEZING})
_BOUNDS: dict[str, tuple[float, float]] = {
    TEMPERATURE: (COLDEST_degC, WARMEST_degC),
    DROP: (-60.0, 240.0),
    HEAT: (-10_000.0, 50_000.0),
    FLOW: (0.0, 20.0),
}
AT_LEAST = frozenset({"lower", "at_least", "minimum", "min", ">", ">="})
AT_MOST = frozenset({"upper", "at_most", "maximum", "max", "<", "<="})


class StrictRecord(BaseModel):
    """A frozen value in which a number is a number, and nothing else; keys it does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Setup(StrictRecord):
    """What was cooled, and how. A key that is missing or null was not stated."""

    tissue: Literal["human", "porcine", "phantom"]
    site: Word
    agent: Word
    barrier: Word
    exposure_s: Seconds | None  # null: until what is observed has happened
    agent_degC: Temperature | None = None
    air_degC: Temperature | None = None
    room_degC: Annotated[float, Field(ge=_COLDEST_ROOM_degC, le=WARMEST_degC)] | None = None
    wind_m_s: Annotated[float, Field(ge=0.0, le=60.0)] | None = None
    distance_mm: Annotated[float, Field(gt=0.0, le=2000.0)] | None = None
    skinfold_mm: Annotated[float, Field(gt=0.0, le=120.0)] | None = None
    initial_surface_degC: Annotated[float, Field(ge=-10.0, le=50.0)] | None = None
    surface_end_degC: Temperature | None = None
    treated_area_cm2: Annotated[float, Field(gt=0.0, le=20_000.0)] | None = None
    pattern: Literal["static_axis", "sweep_whole_zone"] | None = None
    pressure_mmhg: Annotated[float, Field(ge=0.0, le=300.0)] | None = None
    sensor: Literal["probe_under_pack", "infrared_after_removal", "infrared_area_mean"] | None = None
    statistic: Literal["minimum"] | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.tissue == PHANTOM) != (self.site == PHANTOM):
            raise ValueError("tissue phantom and site phantom belong together")
        if self.agent == "cold_wind" and (self.air_degC is None or self.wind_m_s is None):
            raise ValueError("agent cold_wind needs air_degC and wind_m_s")
        if self.agent == "local_cooling_to" and self.agent_degC is None:
            raise ValueError("agent local_cooling_to needs agent_degC")
        if self.surface_end_degC is not None and self.exposure_s is None:
            raise ValueError("surface_end_degC needs exposure_s")
        return self


class Observation(StrictRecord):
    """One number that was read. Times count from the start of cooling."""

    quantity: Literal[
        "temperature",
        "temperature_drop",
        "time_to_temperature",
        "time_to_temperature_drop",
        "time_to_freezing",
        "heat_removed",
        "vascular_conductance_fraction",
    ]
    time_s: Seconds | None = None
    value: float
    sd: Annotated[float, Field(ge=0.0)] | None = None
    unit: str
    depth_mm: Annotated[float, Field(ge=0.0, le=50.0)] | None = 0.0
    depth_from: Literal["below_fat", "surface"] | None = None
    target_degC: Temperature | None = None
    drop_K: Annotated[float, Field(gt=0.0, le=240.0)] | None = None
    while_: Annotated[Literal["rewarming", "cooling"] | None, Field(alias="while")] = None
    bound: str | None = None
    scored: bool = True
    note: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.unit != UNITS[self.quantity]:
            raise ValueError(f"unit of {self.quantity} is {UNITS[self.quantity]}, not {self.unit!r}")
        if self.quantity in TIMES:
            if not 0.0 < self.value <= _LONGEST_s:
                raise ValueError(f"value: a time lies above 0 and within {_LONGEST_s:g} s, not {self.value:g}")
        else:
            low, high = _BOUNDS[self.quantity]
            if not low <= self.value <= high:
                raise ValueError(f"value: {self.quantity} lies within {low:g} and {high:g}, not {self.value:g}")
            if self.time_s is None:
                raise ValueError(f"{self.quantity} needs time_s")
        if self.quantity == TIME_TO and self.target_degC is None:
            raise ValueError("time_to_temperature needs target_degC")
        if self.quantity == TIME_TO_DROP and self.drop_K is None:
            raise ValueError("time_to_temperature_drop needs drop_K")
        if self.bound is not None and self.bound not in AT_LEAST | AT_MOST:
            raise ValueError(f"bound is lower or upper, not {self.bound!r}")
        return self

    @property
    def rewarming(self) -> bool:
        """Whether it was read while the skin rewarmed."""
        return self.while_ == "rewarming"

    @property
    def depth_m(self) -> float:
        """Depth below the surface, or below the fat where so, m."""
        return (self.depth_mm or 0.0) * 1e-3

    @property
    def at_surface(self) -> bool:
        """Whether it was read at the surface."""
        return not self.depth_mm and self.depth_from != "below_fat"


class Case(StrictRecord):
    """One arm of one published study."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    description: str | None = None
    citation: Annotated[str, StringConstraints(min_length=3)]
    read_as: str | None = None
    confidence: str | None = None
    subjects: Annotated[int, Field(ge=0)] | None = None
    setup: Setup
    observations: Annotated[tuple[Observation, ...], Field(min_length=1)]
    note: str | None = None
    assumed: tuple[str, ...] | None = None
    not_scored_because: str | None = None

    @model_validator(mode="after")
    def _times(self) -> Self:
        end = self.setup.exposure_s
        latest: dict[tuple[str, float, bool], float] = {}
        for number, seen in enumerate(self.observations):
            if seen.rewarming and end is None:
                raise ValueError(f"observations.{number}: rewarming begins when cooling ends, and exposure_s is null")
            if seen.time_s is None:
                continue
            if seen.rewarming and end is not None and seen.time_s <= end:
                raise ValueError(
                    f"observations.{number}: times out of order: {seen.time_s:g} s is read while rewarming, "
                    f"but cooling lasts for {end:g} s"
                )
            if seen.while_ == "cooling" and end is not None and seen.time_s > end:
                raise ValueError(
                    f"observations.{number}: times out of order: {seen.time_s:g} s is read while cooling, "
                    f"which lasts for {end:g} s"
                )
            series = (seen.quantity, seen.depth_mm or 0.0, seen.depth_from == "below_fat")
            if seen.time_s < latest.get(series, 0.0):
                raise ValueError(
                    f"observations.{number}: times out of order: {seen.time_s:g} s stands after {latest[series]:g} s"
                )
            latest[series] = seen.time_s
        return self
