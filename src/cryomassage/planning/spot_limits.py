"""The limits that bind the freeze of one lesion, each with its reason; the tightest wins and all are kept."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.ladder import Work
from cryomassage.planning.limits import reasoned
from cryomassage.records.client import Lesion
from cryomassage.records.prescription import Reasoned


@dataclass(frozen=True)
class SpotLimits:
    """How far the ice may go, how far it must, and how long that may take. Depth counts from the top of the lesion.

    Attributes:
        depth_mm: deepest ice.
        most_margin_mm: widest ice, beyond the edge of the lesion.
        least_margin_mm: ice beyond the edge without which a lesion grows back.
        base_degC: what the base of the lesion must fall to.
        error_mm: added to the ice for the error of the solver.
        time_s: longest freeze.
        step_s: between two times that can be counted.
        freezes: in the session.
        thaw_pause_s: between two freezes.
        useful_share: of the skins, that must reach margin and base.
        full_share: of the skins; when so many have reached both, the freeze has lasted long enough.
        shield_opening_mm: of the shield that keeps a spray off the skin around, or None for what touches.
        depth_reason, margin_reason, time_reason, enough_reason: what is told when it binds.
        reasons: all of them.
    """

    depth_mm: float
    most_margin_mm: float
    least_margin_mm: float
    base_degC: float
    error_mm: float
    time_s: float
    step_s: float
    freezes: int
    thaw_pause_s: float
    useful_share: float
    full_share: float
    shield_opening_mm: float | None
    depth_reason: str
    margin_reason: str
    time_reason: str
    enough_reason: str
    reasons: tuple[Reasoned, ...]

    def total_s(self, freeze_s: float) -> float:
        """Time that one lesion takes of the session, without the last thaw."""
        return self.freezes * freeze_s + (self.freezes - 1) * self.thaw_pause_s


def spot_limits(work: Work, lesion: Lesion, knowledge: Knowledge) -> SpotLimits:
    """The limits of one lesion: those of everybody, and what the doctor made tighter."""

    def stated(key: str) -> Reasoned:
        entry = knowledge.limit[key]
        return reasoned(entry.name, entry.quantity, entry.reason.text)

    def value(key: str) -> float:
        return knowledge.limit[key].quantity.value

    depths = [stated("spot_freeze_depth_limit")]
    if lesion.depth_limit is not None:
        depths.append(
            Reasoned(
                what="depth of the ice, set by the doctor",
                value=lesion.depth_limit,
                unit="mm",
                reason="The doctor has set less for this lesion.",
                source=depths[0].source,
            )
        )
    depth = min(depths, key=lambda reason: reason.value or 0.0)
    method, hold = work.method, work.source.hold_time
    times = [
        stated("spot_freeze_time_limit"),
        reasoned("longest freeze", method.pass_time_limit, f"{method.name}: longest freeze"),
    ]
    if hold is not None:
        times.append(reasoned("time until the source is spent", hold, f"{work.source.name}: it holds no longer"))
    time = min(times, key=lambda reason: reason.value or 0.0)
    most = int(min(value("spot_freeze_cycles_limit"), method.passes_limit.value))
    least_margin, most_margin = value("spot_freeze_least_margin"), value("spot_freeze_margin")
    wanted = lesion.diameter + 2.0 * value("spot_freeze_shield")
    opening = None if work.source.touches else math.floor(2.0 * wanted + 1e-9) / 2.0  # in half millimetres
    percent = 0.01
    return SpotLimits(
        depth_mm=depth.value or 0.0,
        most_margin_mm=most_margin,
        least_margin_mm=least_margin,
        base_degC=value("spot_freeze_base_temperature"),
        error_mm=value("ice_error"),
        time_s=time.value or 0.0,
        step_s=value("freeze_time_step"),
        freezes=min(lesion.freezes, most),
        thaw_pause_s=method.pause.value,
        useful_share=percent * value("spot_freeze_useful_share"),
        full_share=percent * value("spot_freeze_full_share"),
        shield_opening_mm=opening,
        depth_reason=f"{depth.what.lower()} ({depth.value:g} mm)",
        margin_reason=f"ice beyond the edge of the lesion (at most {most_margin:g} mm)",
        time_reason=f"{time.reason} ({time.value:g} s)",
        enough_reason="nearly every skin has its margin and a cold base",
        reasons=(
            *depths,
            stated("spot_freeze_margin"),
            stated("spot_freeze_least_margin"),
            *([] if opening is None else [stated("spot_freeze_shield")]),
            stated("spot_freeze_base_temperature"),
            *times,
            stated("spot_freeze_cycles_limit"),
            reasoned("pause between two freezes", method.pause, "until the lesion has thawed"),
            stated("hand_stops_late"),
            stated("ice_error"),
        ),
    )
