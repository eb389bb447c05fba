"""The limits that bind one zone of one person, each with its reason; the tightest wins and all are kept."""

from __future__ import annotations

from dataclasses import dataclass

from cryomassage.knowledge.schema import ColdSource, ExposureClass, Knowledge, Limit, Method, Zone
from cryomassage.knowledge.values import Quantity
from cryomassage.planning.injury_skin import injury_limits
from cryomassage.planning.locks import is_dark
from cryomassage.records.client import Calibration, Person
from cryomassage.records.prescription import Reasoned


@dataclass(frozen=True)
class Floors:
    """How cold surface and basal layer may become, and what said so."""

    surface_degC: float
    basal_degC: float
    basal_may_freeze: bool
    surface_reason: str
    injury: dict[str, Limit]  # largest expected injury of each kind of cell
    reasons: tuple[Reasoned, ...]


def reasoned(what: str, quantity: Quantity, reason: str) -> Reasoned:
    """A number of the knowledge with the reason why it stands here."""
    return Reasoned(what=what, value=quantity.value, unit=quantity.unit, reason=reason, source=quantity.source)


def floors(person: Person, zone: Zone, level: ExposureClass, knowledge: Knowledge) -> Floors:
    """The floors of surface and basal layer for one person.

    Raises:
        ValueError: the class has no floor (spot freeze), so that no dose can be sought here.
    """
    if level.surface_floor is None or level.basal_floor is None:
        raise ValueError(f"class {level.level} has no surface floor")
    candidates = [
        reasoned("class floor", level.surface_floor, f"class {level.level}: {level.floor_reason.text}"),
    ]
    if zone.surface_floor is not None:
        candidates.append(reasoned("zone floor", zone.surface_floor, f"{zone.name}: thin skin"))
    if person.thin_cheeks is not False and zone.sub10_time_limit is not None:
        limit = knowledge.limit["thin_cheek_fat_floor"]
        unknown = "" if person.thin_cheeks else " Whether the cheeks are thin is not stated, so they count as thin."
        candidates.append(reasoned("thin fat", limit.quantity, f"{limit.reason.text}{unknown}"))
    binding = max(candidates, key=lambda reason: reason.value or 0.0)
    surface, basal = binding.value or 0.0, level.basal_floor.value
    name = binding.what
    if is_dark(person.phototype):
        extra = knowledge.limit["phototype_extra"]
        surface += extra.quantity.value
        basal += extra.quantity.value
        candidates.append(reasoned("phototype IV to VI", extra.quantity, extra.reason.text))
        name = f"{name} and phototype"
    injury = injury_limits(level.level, is_dark(person.phototype), knowledge)
    candidates.extend(
        reasoned(f"injury of {knowledge.cell[cell].name.lower()}", limit.quantity, limit.reason.text)
        for cell, limit in injury.items()
    )
    return Floors(surface, basal, level.basal_may_freeze, name, injury, tuple(candidates))


def standard_floors(zone: Zone, level: ExposureClass, knowledge: Knowledge) -> Floors:
    """The floors of class and zone alone, for the climb that knows nothing of the person."""
    if level.surface_floor is None or level.basal_floor is None:
        raise ValueError(f"class {level.level} has no surface floor")
    surface = level.surface_floor.value
    if zone.surface_floor is not None:
        surface = max(surface, zone.surface_floor.value)
    injury = injury_limits(level.level, False, knowledge)
    return Floors(surface, level.basal_floor.value, level.basal_may_freeze, "class and zone", injury, ())


@dataclass(frozen=True)
class TimeLimits:
    """How long a pass, a zone and its pauses may take."""

    pass_s: float
    pass_reason: str
    ceiling_s: float
    least_pause_s: float  # whatever the colour does
    usual_pause_s: float  # where the colour is not predicted
    reasons: tuple[Reasoned, ...]


def time_limits(zone: Zone, method: Method, area_dm2: float, knowledge: Knowledge) -> TimeLimits:
    """Longest pass, and the ceiling of exposure plus pauses, on one side of a zone."""
    candidates = [reasoned("longest pass", method.pass_time_limit, f"{method.name}: longest pass")]
    if zone.pass_time_limit is not None:
        candidates.append(reasoned("longest pass", zone.pass_time_limit, f"{zone.name}: longest pass"))
    tightest = min(candidates, key=lambda reason: reason.value or 0.0)
    ceiling = knowledge.limit["exposure_ceiling"]
    return TimeLimits(
        pass_s=tightest.value or 0.0,
        pass_reason=tightest.reason,
        ceiling_s=ceiling.quantity.value * area_dm2,
        least_pause_s=method.pause.range[0],
        usual_pause_s=method.pause.value,
        reasons=(
            *candidates,
            reasoned("ceiling of exposure plus pauses", ceiling.quantity, ceiling.reason.text),
        ),
    )


@dataclass(frozen=True)
class Factors:
    """Reductions of the dwell time by something about the person."""

    ratio: float
    reasons: tuple[Reasoned, ...]


def dose_factors(person: Person, zone_key: str, zone: Zone, knowledge: Knowledge) -> Factors:
    """Product of the reductions for age and thin skin; never above one, and falling with either."""
    ratio, reasons = 1.0, []
    reference_mm = next(
        (layer.female if person.sex == "female" else layer.male).value
        for layer in zone.layers
        if layer.tissue == "dermis"
    )
    measured = person.measured_dermis.get(zone_key)
    values = {
        "age_years": float(person.age_years),
        "thinness": 1.0 if measured is None else reference_mm / measured,
    }
    for factor in knowledge.dose_factor.values():
        steps = [reduction for start, reduction in factor.steps if values[factor.applies_to] >= start]
        if steps and steps[-1] < 1.0:
            ratio *= steps[-1]
            reasons.append(
                Reasoned(what=factor.name, value=steps[-1], unit="1", reason=factor.reason, source=factor.source)
            )
    return Factors(ratio, tuple(reasons))


def source_reasons(source: ColdSource, calibration: Calibration | None) -> tuple[Reasoned, ...]:
    """What is known of the source, and whether this very one was measured."""
    coefficient, sink = source.heat_transfer_coefficient, source.sink_temperature
    low, high = coefficient.range
    if calibration is not None:
        day = calibration.date.isoformat()
        low, high = calibration.heat_transfer_coefficient_low, calibration.heat_transfer_coefficient_high
        coefficient = coefficient.model_copy(update={"value": calibration.heat_transfer_coefficient})
        sink = sink.model_copy(update={"value": calibration.sink_temperature})
        known = f"measured on this very source on {day}, {low:g} to {high:g} {coefficient.unit}: {calibration.how}"
        sink_known = f"measured on this very source on {day}"
    elif source.calibratable:
        known = (
            f"no measured calibration: the cautious prior is used unnarrowed, {low:g} to {high:g} {coefficient.unit}"
        )
        sink_known = f"no measured calibration: {sink.range[0]:g} to {sink.range[1]:g} {sink.unit}"
    else:
        known = f"the range of this kind of source, {low:g} to {high:g} {coefficient.unit}"
        sink_known = f"the range of this kind of source, {sink.range[0]:g} to {sink.range[1]:g} {sink.unit}"
    return (
        reasoned("heat transfer coefficient", coefficient, known),
        reasoned("temperature of the source", sink, sink_known),
    )
