"""What was looked at, and why it was missed, in plain words."""

from __future__ import annotations

from cryomassage.records.validation_case import (
    DROP,
    FLOW,
    HEAT,
    TEMPERATURE,
    TIME_TO,
    TIME_TO_DROP,
    TIMES,
    Case,
    Observation,
)


def _time(time_s: float) -> str:
    return f"{time_s / 60.0:g} min" if time_s >= 120.0 and time_s % 30.0 == 0.0 else f"{time_s:g} s"


def _place(seen: Observation) -> str:
    if seen.at_surface:
        return "skin"
    return f"{seen.depth_mm or 0.0:g} mm {'below the fat' if seen.depth_from == 'below_fat' else 'deep'}"


def said(case: Case, seen: Observation) -> str:
    """What was looked at, in a few words."""
    where = "surface" if case.setup.tissue != "human" and seen.at_surface else _place(seen)
    at = "" if seen.time_s is None else f", {_time(seen.time_s)}"
    told = {
        TEMPERATURE: f"{where}{at}",
        DROP: f"{where}, fall{at}",
        TIME_TO: f"{where} to {seen.target_degC or 0.0:g} °C",
        TIME_TO_DROP: f"{where}, fall of {seen.drop_K or 0.0:g} K",
        HEAT: f"heat removed{at}",
        FLOW: f"share of blood flow{at}",
    }
    words = told.get(seen.quantity, f"{where}, frostnip")
    return f"{words}, rewarming" if seen.rewarming and seen.quantity in TIMES else words


def missed_by(seen: Observation, predicted: float | None) -> str:
    """By how much a prediction misses, and to which side."""
    if predicted is None:
        return "never reached by the model"
    difference = predicted - seen.value
    if seen.quantity == TEMPERATURE:
        return f"{abs(difference):.1f} K {'warmer' if difference > 0 else 'colder'} than measured"
    if seen.quantity == DROP:
        return f"falls by {abs(difference):.1f} K {'more' if difference > 0 else 'less'} than measured"
    share = abs(difference) / max(abs(seen.value), 1e-9)
    if seen.quantity in TIMES:
        return f"{share:.0%} {'later' if difference > 0 else 'earlier'} than measured"
    return f"{share:.0%} {'more' if difference > 0 else 'less'} than measured"
