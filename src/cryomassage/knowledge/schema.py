"""What each kind of knowledge entry must state.

Names of entries are the table keys of the TOML files (`[zone.cheek]` is the entry `cheek` of the kind `zone`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from cryomassage.knowledge.questionnaire import Contraindication, Question, Rule
from cryomassage.knowledge.shapes import SourceFootprint, ZoneShape
from cryomassage.knowledge.values import Entry, Key, Known, Quantity, Source, SourceKeys, Statement, Text

# --- what skin is made of -------------------------------------------------------------------------------


class Tissue(Entry):
    """Thermal properties of one tissue, unfrozen, and the water in it that can freeze."""

    name: Text
    thermal_conductivity: Quantity  # W/(m K)
    density: Quantity  # kg/m^3
    specific_heat_capacity: Quantity  # J/(kg K)
    blood_perfusion_rate: Quantity  # 1/s, volume of blood per volume of tissue per second
    metabolic_heat_production: Quantity  # W/m^3
    latent_heat: Quantity  # J/m^3, of all water that can freeze
    freezing_point: Quantity  # degC, at which the first ice can form


class IcePoint(Entry):
    """Properties of ice at one temperature."""

    name: Text
    temperature_degC: float = Field(le=0.0)
    specific_heat_capacity: Quantity  # J/(kg K)
    thermal_conductivity: Quantity  # W/(m K)


class NucleationPoint(Entry):
    """How fast ice begins by itself in a piece of dry, supercooled tissue, at one temperature."""

    name: Text
    temperature_degC: float = Field(lt=0.0)
    rate: Quantity  # 1/s, of one piece as large as those that were watched
    reason: Statement


class ZoneLayer(Entry):
    """One layer of a zone, from the surface down; thickness by sex."""

    tissue: Key
    female: Quantity  # mm
    male: Quantity  # mm


class MassageLine(Entry):
    """One direction of strokes on a zone."""

    start: Text
    end: Text
    source: SourceKeys
    known: Known
    disagreement: Text | None = None
    product_does: Text | None = None


class AgentAccess(StrEnum):
    """What an agent may do on a zone."""

    ALLOWED = "allowed"
    CAUTION = "caution"
    NEVER = "never"


class Zone(Entry):
    """A named area of skin: size, layers, lines, order of work, and what is allowed there."""

    name: Text
    region: Literal["face", "neck", "decollete", "scalp", "body"]
    sides: Literal[1, 2]
    area: Quantity  # cm^2, both sides together
    stroke_length: Quantity  # mm
    order_of_work: int = Field(ge=1)  # lower is worked earlier; the forehead comes last on the face
    order_reason: Statement
    massage_lines: Annotated[tuple[MassageLine, ...], Field(min_length=1)]
    layers: Annotated[tuple[ZoneLayer, ...], Field(min_length=3)]
    dermal_perfusion_rate: Quantity  # 1/s
    arterial_temperature: Quantity  # degC, of the blood that reaches the site
    resting_surface_temperature: Quantity  # degC, dressed, room of 22 to 24 degC
    basal_depth: Quantity  # mm
    liquid_nitrogen: AgentAccess
    liquid_nitrogen_reason: Statement
    contact: AgentAccess  # may an LN2 applicator touch this zone
    contact_reason: Statement
    highest_class: int = Field(ge=0, le=4)
    highest_class_reason: Statement
    surface_floor: Quantity | None = None  # degC, tighter than the class floor
    sub10_time_limit: Quantity | None = None  # s a session with the fat under the skin below 10 degC
    pass_time_limit: Quantity | None = None  # s, longest single pass
    cold_induced_dilation: Statement | None = None  # where deep cold opens vessels for a while: why it is so here
    cautions: tuple[Statement, ...] = ()


# --- what is cold ---------------------------------------------------------------------------------------


class ColdSource(Entry):
    """A cold agent and the tool that carries it to the skin, with the exchange that the skin feels."""

    name: Text
    agent: Literal["ln2", "ice", "pack", "water", "cold_gas", "cold_solid", "other_cryogen"]
    role: Literal["planned", "spot_only", "reference", "historical"]
    touches: bool  # touches the skin (directly or through cloth)
    heat_transfer_coefficient: Quantity  # W/(m^2 K), effective, surface to sink
    sink_temperature: Quantity  # degC, effective (adiabatic wall temperature for jets)
    footprint_length: Quantity | None = None  # mm along the stroke
    footprint_width: Quantity | None = None  # mm across the stroke
    hand_speed: Quantity | None = None  # mm/s; the range is what a hand can do
    distance: Quantity | None = None  # mm; the range is what may be worked
    hold_time: Quantity | None = None  # s of useful work per dip or filling
    home: bool = False
    calibratable: bool = False
    measure: Statement | None = None  # what to measure when the prior is too wide to plan on
    nozzle: Text | None = None

    @model_validator(mode="after")
    def _workable(self) -> Self:
        if self.role == "planned" and None in (
            self.footprint_length,
            self.footprint_width,
            self.hand_speed,
            self.measure,
        ):
            raise ValueError("a planned source needs footprint_length, footprint_width, hand_speed and measure")
        return self


class Barrier(Entry):
    """What lies between a cold source and the skin."""

    name: Text
    thermal_resistance: Quantity  # m^2 K/W, added to the resistance of the source
    damp: bool = False  # wets the skin, or may do so


class TrialSource(Entry):
    """How a cold source of published trials meets the skin; its entry among the cold sources has the same key."""

    name: Text
    exchange: Literal["pack", "water", "solid", "spray", "jet", "air", "wind", "held"]
    agent_temperature: Quantity | None = None  # degC, where a trial does not state it: of store, bath, outlet or plate
    first_surface: Quantity | None = None  # degC, effective, of a pack of that temperature when it is put on
    last_surface: Quantity | None = None  # degC, effective, that the pack warms to
    warming_time: Quantity | None = None  # s, time constant of that
    settles: bool = False  # touches badly at first
    body_cooled: Quantity | None = None  # 1, share of the whole body that it cools
    wets: bool = False  # leaves water or frost on the skin, which starts ice in it

    @model_validator(mode="after")
    def _packs_warm(self) -> Self:
        warms = (self.agent_temperature, self.first_surface, self.last_surface, self.warming_time)
        if (self.exchange == "pack") != (None not in warms):
            raise ValueError("a pack, and nothing else, states agent_temperature, both surfaces and warming_time")
        return self


class FitPrior(Entry):
    """What is known of a fitted number before any trial that it is fitted to: no trial of cooling is its source."""

    name: Text
    quantity: Quantity  # lognormal; the range is the 5-95 % interval
    alike: Key | None = None  # parameters with the same word here are alike: what one is found to be moves the others
    reason: Statement


class Fitted(Entry):
    """A number fitted to published trials by `cryomassage fit`."""

    name: Text
    quantity: Quantity
    cases: tuple[Text, ...]  # identifiers of the cases that tell something about it


class FitRecord(Entry):
    """What a fit was made from."""

    name: Text
    cases: Annotated[tuple[Text, ...], Field(min_length=1)]
    cases_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Method(Entry):
    """A way of working: which sources, where, how the hand moves, how long."""

    name: Text
    sources: Annotated[tuple[Key, ...], Field(min_length=1)]  # cold sources, the default first
    motion: Literal["strokes", "circling", "partings", "compress", "patches", "spot"]
    places: Annotated[tuple[Literal["salon", "home"], ...], Field(min_length=1)]
    regions: Annotated[tuple[Literal["face", "neck", "decollete", "scalp", "body"], ...], Field(min_length=1)]
    highest_class: int = Field(ge=0, le=4)
    liquid_nitrogen: bool
    coverages_per_pass: Quantity  # how often one pass covers the zone; 1 for strokes
    stroke_overlap: Quantity  # share of its width by which a strip overlaps the last
    passes_limit: Quantity  # largest number of passes a session
    pause: Quantity  # s until colour returns
    pass_time_limit: Quantity  # s, longest single pass on one zone
    session_time_limit: Quantity  # s, exposure plus pauses, all zones
    steps: Annotated[tuple[Statement, ...], Field(min_length=3)]  # how to work, in order
    expected: Annotated[tuple[Statement, ...], Field(min_length=1)]  # what to see and feel
    expected_dark_skin: Annotated[tuple[Statement, ...], Field(min_length=1)]  # phototypes V-VI
    stop_signs: Annotated[tuple[Statement, ...], Field(min_length=1)]
    stop_signs_dark_skin: Annotated[tuple[Statement, ...], Field(min_length=1)]  # phototypes V-VI


# --- how cold, and how often ----------------------------------------------------------------------------


class ExposureClass(Entry):
    """How cold a session may make the surface; the class floor is its limit."""

    level: int = Field(ge=0, le=4)
    name: Text
    surface_floor: Quantity | None = None  # degC
    basal_floor: Quantity | None = None  # degC
    basal_may_freeze: bool
    time_below_zero_limit: Quantity | None = None  # s
    useful_surface: Quantity | None = None  # degC that the median skin must reach for the dose to be of use
    seen: Statement
    lowest_role: Literal["anyone", "operator", "doctor"]
    needs_doctor_approval: bool
    purpose: Statement
    gap: Quantity  # h between two sessions on one zone
    gap_condition: Statement | None = None  # what must be seen before the next session besides the gap
    floor_reason: Statement

    @model_validator(mode="after")
    def _floors(self) -> Self:
        if (self.surface_floor is None) != (self.level == 4):
            raise ValueError("classes 0-3 have a surface floor; class 4 has none")
        return self


class Limit(Entry):
    """One number that binds a plan, with the reason shown when it does."""

    name: Text
    quantity: Quantity
    reason: Statement


class DoseFactor(Entry):
    """A reduction of the dwell time by something about the person; never above one."""

    name: Text
    applies_to: Literal["age_years", "thinness"]
    steps: Annotated[tuple[tuple[float, float], ...], Field(min_length=1)]  # (from, factor), factors falling
    source: SourceKeys
    known: Known
    reason: Text

    @model_validator(mode="after")
    def _falling(self) -> Self:
        factors = [factor for _, factor in self.steps]
        if any(not 0 < factor <= 1 for factor in factors) or factors != sorted(factors, reverse=True):
            raise ValueError("factors lie in (0, 1] and fall from step to step")
        if [start for start, _ in self.steps] != sorted(start for start, _ in self.steps):
            raise ValueError("steps are in rising order")
        return self


# --- what for -------------------------------------------------------------------------------------------

Grade = Literal["A", "B", "B-", "C", "C/D", "D", "X"]


class Evidence(Entry):
    """How well a claim is supported, in a letter and in a sentence."""

    grade: Grade
    sentence: Text  # read aloud to a client as it stands
    findings: Annotated[tuple[Statement, ...], Field(min_length=1)]


class IndicationRoute(Entry):
    """One way to treat an indication: where, by which method, in which class, how often."""

    method: Key
    exposure_class: int = Field(ge=0, le=4)
    zones: Annotated[tuple[Key, ...], Field(min_length=1)]
    sessions: Quantity  # number of sessions; the range is what is customary
    interval: Quantity  # days between sessions
    review_every: Quantity  # sessions
    course_reason: Statement


class Indication(Entry):
    """Something a client comes for."""

    name: Text
    statements: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^S([1-9]|[12]\d)$")], ...], Field(min_length=1)
    ]
    goal: Statement
    routes: Annotated[tuple[IndicationRoute, ...], Field(min_length=1)]  # the first that fits is used
    evidence: Evidence
    needs_diagnosis: bool
    diagnosis_reason: Statement | None = None
    treatable: bool = True  # false: no route is ever planned, the page says why
    blocked_claims: tuple[Statement, ...] = ()


class Claim(Entry):
    """Something said about cryomassage, and what is known of it. Never used for dosing."""

    name: Text
    statements: Annotated[tuple[str, ...], Field(min_length=1)]
    said: Text
    evidence: Evidence
    product_does: Text


# --- what the body does ---------------------------------------------------------------------------------


class CellType(Entry):
    """A kind of cell, where it lies, and the cold that kills or harms it; priors, not measured kinetics."""

    name: Text
    layer: Literal["basal", "dermis", "fat"]
    share_of_layer: Quantity  # 1, where in that layer it lies: 0 its top, 1 its base
    frozen_half_temperature: Quantity  # degC, ice that kills half of the cells in one freeze
    frozen_spread: Quantity  # K, standard deviation of the temperature that kills a cell
    chilled_half_temperature: Quantity | None = None  # degC, cold without ice that harms half in the stated time
    chilled_spread: Quantity | None = None  # K
    chilled_time: Quantity | None = None  # s, to which the chilled half temperature belongs
    harm: Statement  # what is seen when these cells are harmed


class SkinColour(Entry):
    """The colour of resting skin of one phototype."""

    name: Text
    lightness: Quantity  # CIE L*
    a_star: Quantity
    b_star: Quantity
    pallor_seen: bool  # whether blanching and redness show reliably
    seen_reason: Statement


# --- around the session ---------------------------------------------------------------------------------


class Combination(Entry):
    """Another procedure and the gap to keep; an entry of kind `date_or_no` question guards it."""

    name: Text
    minimum_interval: Quantity  # days
    order: Text
    question: Key | None = None


class AftercareStep(Entry):
    """What is done after a session, and when."""

    advice: Statement
    begins: Quantity  # h after the session
    lasts: Quantity  # h
    lowest_class: int = Field(ge=0, le=4)
    highest_class: int = Field(ge=0, le=4)
    places: Annotated[tuple[Literal["salon", "home"], ...], Field(min_length=1)]
    regions: tuple[Literal["face", "neck", "decollete", "scalp", "body"], ...] = ()  # empty: everywhere


class FirstAid(Entry):
    """What to do when something goes wrong; on every card in short, in the report in full."""

    name: Text
    in_short: Text  # said from the steps below, for the card
    signs: Text
    do: Annotated[tuple[Statement, ...], Field(min_length=1)]


class OxygenLevel(Entry):
    """An oxygen level and what it means."""

    oxygen: Quantity  # percent
    meaning: Statement
    action: Literal["normal", "warn", "evacuate", "information"]


class CoverageRow(Entry):
    """One statement of the source article and what makes it real."""

    statement: Text
    entries: tuple[Text, ...]  # kind.key of knowledge entries
    commands: tuple[Text, ...]
    tests: tuple[Text, ...]  # file::function


class Knowledge(Entry):
    """Everything that is known, as one frozen object."""

    sources: dict[Key, Source]
    tissue: dict[Key, Tissue]
    ice: dict[Key, IcePoint]
    freezing: dict[Key, Limit]
    nucleation: dict[Key, NucleationPoint]
    vessels: dict[Key, Limit]
    oxygen: dict[Key, Limit]
    nerve: dict[Key, Limit]
    face_reflex: dict[Key, Limit]
    injury: dict[Key, Limit]
    cell: dict[Key, CellType]
    colour: dict[Key, Limit]
    skin_colour: dict[Key, SkinColour]
    zone: dict[Key, Zone]
    zone_shape: dict[Key, ZoneShape]
    cold_source: dict[Key, ColdSource]
    footprint: dict[Key, SourceFootprint]
    barrier: dict[Key, Barrier]
    trial_source: dict[Key, TrialSource]
    trial: dict[Key, Limit]
    fit_prior: dict[Key, FitPrior]
    fitted: dict[Key, Fitted]
    fit_record: dict[Key, FitRecord]
    method: dict[Key, Method]
    exposure_class: dict[Key, ExposureClass]
    limit: dict[Key, Limit]
    dose_factor: dict[Key, DoseFactor]
    indication: dict[Key, Indication]
    claim: dict[Key, Claim]
    question: dict[Key, Question]
    rule: dict[Key, Rule]
    contraindication: dict[Key, Contraindication]
    combination: dict[Key, Combination]
    aftercare: dict[Key, AftercareStep]
    first_aid: dict[Key, FirstAid]
    nitrogen: dict[Key, Limit]
    oxygen_level: dict[Key, OxygenLevel]
    coverage: dict[str, CoverageRow]
    fingerprint: str
