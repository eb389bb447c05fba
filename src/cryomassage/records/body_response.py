"""What the body of a treated person is predicted to do: vessels, oxygen, nerves, colour, injury.

Times count from the first touch of the zone. An `Interval` spans 5, 50 and 95 % of the virtual skins, with the
uncertainty of the response drawn for each; a share says in how many of them something happens at all.
"""

from __future__ import annotations

from typing import Literal

from cryomassage.records.base import Record
from cryomassage.records.interval import Interval


class Event(Record):
    """Something that happens in some of the skins; its times are those of the skins in which it does."""

    share_of_skins: float
    begins_s: Interval | None  # None where it happens in too few skins to tell
    ends_s: Interval | None


class OxygenResponse(Record):
    """Supply and need of oxygen in one layer, as shares of those at rest, at their lowest."""

    layer: Literal["dermis", "fat"]
    supply_lowest: Interval
    need_lowest: Interval
    supply_over_need_lowest: Interval  # 1 is as at rest; below it the tissue has less to spare
    debt_mL_per_100mL: Interval
    recovery_s: Interval


class NerveResponse(Record):
    """What is felt."""

    conduction_velocity_lowest: Interval  # share of that at rest
    pain: Event
    pain_exposure_K_s: Interval  # time integral of the skin below the pain threshold: a measure of comfort
    numbness: Event


class FaceReflexResponse(Record):
    """Slower pulse and higher pressure when the face is cooled."""

    pulse_change_percent: Interval
    mean_pressure_change_mmHg: Interval
    pulse_lowest_after_s: Interval
    guidance: tuple[str, ...]


class Swatch(Record):
    """The predicted colour of the median skin at one moment."""

    time_s: float
    lightness: float  # CIE L*, D65, 2 degree observer
    a_star: float
    b_star: float
    a_star_low: float  # 5 and 95 % of the change in the skins, from the same resting colour
    a_star_high: float
    srgb: str  # "#rrggbb"
    words: str


class ColourResponse(Record):
    """When the skin pales, when colour is back, when it reddens; on dark skin it may not be seen."""

    seen: bool  # False on phototypes V-VI: go by time, touch and feeling
    pallor: Event
    colour_return_s: Interval  # after the end of a pass: the pause between passes
    redness: Event
    redness_peak_s: Interval | None
    erythema_index_change: Interval  # at the palest moment
    swatches: tuple[Swatch, ...]


class InjuryPrediction(Record):
    """Probability that cells of one kind are injured at the depth where they lie."""

    cell: str
    name: str
    depth_mm: Interval
    frozen: Interval  # probability by freezing
    chilled: Interval  # probability by cold without ice
    probability: float  # mean over the skins and the prior: what is expected
    limit: float | None  # of this exposure class
    prior: Literal[True] = True  # no measured kinetics of human skin are known
    source: tuple[str, ...]


class InjuryFlag(Record):
    """A kind of injury to look out for at this site."""

    kind: Literal["frostbite", "panniculitis", "pigment", "chilblain"]
    level: Literal["none", "watch", "high"]
    reason: str
    source: tuple[str, ...]


class BodyResponse(Record):
    """Everything that is predicted of the body for one zone."""

    blood_flow_lowest: Interval  # share of that at rest
    blood_flow_after_hour: Interval
    redness_is_uncertain: str  # what is known of the flush afterwards, in one sentence
    oxygen: tuple[OxygenResponse, ...]
    nerves: NerveResponse
    face_reflex: FaceReflexResponse | None
    colour: ColourResponse
    injury: tuple[InjuryPrediction, ...]
    flags: tuple[InjuryFlag, ...]
