"""An exposure to be simulated on any site, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from cryomassage.records.base import Record, measured
from cryomassage.records.body_response import BodyResponse
from cryomassage.records.client import Key

SCHEMA: Final = "cryomassage/scenario/1"
RESULT_SCHEMA: Final = "cryomassage/simulation/1"
PHANTOM = "phantom"
COLDEST_degC = -196.0  # nitrogen boils here; nothing that this product knows is colder

Depth_mm = measured("mm", 0.0, 100.0, "depth of body columns")

_TIMES = "a touch of the hand to a day"


class Exchange(Record):
    """What the surface meets while the cold is on, in numbers instead of by a source of the knowledge."""

    heat_transfer_coefficient: measured("W/(m^2*K)", 0.1, 2e4, "still air to metal") | None = None  # type: ignore[valid-type]
    sink_temperature: measured("degC", COLDEST_degC, 60.0, "boiling point of nitrogen") | None = None  # type: ignore[valid-type]
    heat_flux: measured("W/m^2", -500_000.0, 20_000.0, "boiling nitrogen to a lamp") | None = None  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        pair = (self.heat_transfer_coefficient, self.sink_temperature)
        exchange = None not in pair
        flux = self.heat_flux is not None and pair == (None, None)
        if not exchange and not flux:
            raise ValueError("needs heat_transfer_coefficient with sink_temperature, or heat_flux alone")
        if exchange and self.heat_flux is not None:
            raise ValueError("takes heat_transfer_coefficient with sink_temperature, or heat_flux, not both")
        return self


class Phase(Record):
    """A stretch of time in which the cold is on, or the skin meets the room."""

    duration: measured("s", 0.01, 86_400.0, _TIMES)  # type: ignore[valid-type]
    on: bool


class PulseTrain(Record):
    """The same touch again and again, as a stroking hand gives it to one point."""

    dwell: measured("s", 0.01, 3_600.0, _TIMES)  # type: ignore[valid-type]
    period: measured("s", 0.02, 86_400.0, _TIMES)  # type: ignore[valid-type]
    count: int = Field(ge=1, le=500)
    watch: measured("s", 0.0, 86_400.0, _TIMES) = 60.0  # type: ignore[valid-type]


class Phantom(Record):
    """A block of agarose gel, insulated below and evenly warm at the start."""

    thickness: measured("mm", 10.0, 200.0, "gel blocks on a bench") = 40.0  # type: ignore[valid-type]
    start_temperature: measured("degC", 5.0, 45.0, "gel stays a gel")  # type: ignore[valid-type]


@dataclass(frozen=True)
class Interval:
    """One stretch of the exposure, in seconds."""

    duration_s: float
    on: bool


class Scenario(Record):
    """Any exposure on any site."""

    schema_: Literal["cryomassage/scenario/1"] = Field(alias="schema")
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)] = "Simulation"
    site: Key
    sex: Literal["female", "male"] | None = None
    room_temperature: measured("degC", -60.0, 60.0, "climate chambers") | None = None  # type: ignore[valid-type]
    cold_source: Key | None = None
    barrier: Key = "none"
    exchange: Exchange | None = None
    phantom: Phantom | None = None
    phase: Annotated[tuple[Phase, ...], Field(max_length=1000)] = ()
    pulse_train: PulseTrain | None = None
    virtual_skins: int = Field(default=256, ge=16, le=4096)
    seed: int = Field(default=1, ge=0, le=2**32 - 1)
    body_response: bool = True  # whether the vessels answer, and what the body does is told
    depths: Annotated[tuple[Depth_mm, ...], Field(max_length=20)] = ()  # type: ignore[valid-type]

    def intervals(self) -> tuple[Interval, ...]:
        """The exposure stretch by stretch, whichever way it was written."""
        train = self.pulse_train
        if train is None:
            return tuple(Interval(phase.duration, phase.on) for phase in self.phase)
        rest = train.period - train.dwell
        told: list[Interval] = []
        for number in range(1, train.count + 1):
            told.append(Interval(train.dwell, True))
            after = train.watch if number == train.count else rest
            if after > 0:
                told.append(Interval(after, False))
        return tuple(told)


class PopulationRange(Record):
    """Shares of 5, 50 and 95 % of the virtual skins lie at or below these temperatures, °C."""

    p05: float
    p50: float
    p95: float


class SimulatedReading(Record):
    """One place under the surface: how cold it became, and when."""

    place: str
    column: str  # stem of the column names in temperatures.csv
    depth_mm: float  # of the median skin
    minimum_degC: PopulationRange
    time_of_minimum_s: float  # of the median curve
    end_degC: PopulationRange


class SimulationReport(Record):
    """What a simulation found, with everything that is needed to run it again."""

    schema_: Annotated[Literal["cryomassage/simulation/1"], Field(alias="schema")] = RESULT_SCHEMA
    name: str
    site: str
    cold: str
    duration_s: float
    seconds_on: float
    readings: tuple[SimulatedReading, ...]
    notes: tuple[str, ...]
    body_response: BodyResponse | None  # None for a phantom, and where it was not asked for
    virtual_skins: int
    seed: int
    engine_version: str
    knowledge_fingerprint: str
    jax_version: str
    scenario: dict[str, Any]
