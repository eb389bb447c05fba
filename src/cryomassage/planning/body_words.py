"""What the body is predicted to do, in sentences: for the card, the report and the terminal alike."""

from __future__ import annotations

from collections.abc import Sequence

from cryomassage.records.body_response import BodyResponse, ColourResponse, Event, InjuryPrediction, NerveResponse
from cryomassage.records.interval import Interval
from cryomassage.records.plan import ZonePlan

_MINUTE_s, _HOUR_s = 60.0, 3600.0
_RARE = 0.05  # a happening in fewer skins than this is told as rare, without times
_HIGHEST_MASSAGE = 2  # class; above it skin is frozen
_UNSEEN_s = 1.0  # colour that is away for less than this is not seen to leave
_NEARLY = 0.97  # of the time that was watched
_LEAST_CHANCE, _NEARLY_CERTAIN = 1e-6, 0.99  # beyond them a probability is told by its bound


def told_time(time_s: float) -> str:
    """A time as people say it."""
    if time_s < 99.5:
        return f"{time_s:.0f} s"
    if time_s < 1.5 * _HOUR_s:
        return f"{time_s / _MINUTE_s:.0f} min"
    return f"{time_s / _HOUR_s:.1f} h"


def _span(told: Interval, least_is_enough: bool = False) -> str:
    low, high = told_time(told.p05), told_time(told.p95)
    if low == high or least_is_enough:
        return f"about {told_time(told.p50)}"
    return f"{low} to {high}"


def in_ten(share: float) -> str:
    """A share of skins as people count."""
    if share < _RARE:
        return "fewer than 1 in 20"
    if share < 0.15:
        return "about 1 in 10"
    if share > 0.95:
        return "nearly every skin"
    return f"about {share * 10:.0f} in 10"


def chance(probability: float) -> str:
    """A probability as people say it, to two digits at most; only what cannot be is told as none."""
    if probability == 0.0:
        return "none"
    if probability < _LEAST_CHANCE:
        return "under 1 in a million"
    if probability < 0.01:
        return f"1 in {float(f'{1.0 / probability:.2g}'):,.0f}".replace(",", "\u00a0")
    if probability > _NEARLY_CERTAIN:
        return f"over {100.0 * _NEARLY_CERTAIN:.0f} %"
    return f"{100.0 * probability:.2g} %"


def chance_between(told: Interval) -> str:
    """Probabilities of 5, 50 and 95 % of the skins as people say them."""
    if told.p95 == 0.0:
        return "none"
    return f"{chance(told.p50)} ({chance(told.p05)} to {chance(told.p95)})"


def _at_least(time_s: float, colour: ColourResponse) -> str:
    """A time as people say it; what lasts as long as was watched lasts so long or longer."""
    watched_s = max(swatch.time_s for swatch in colour.swatches)
    return f"{told_time(time_s)} or more" if time_s > _NEARLY * watched_s else told_time(time_s)


def _happens(what: str, event: Event, colour: ColourResponse | None = None) -> str:
    if event.begins_s is None or event.ends_s is None:
        return f"{what}: in {in_ten(event.share_of_skins)}."
    until = _span(event.ends_s)
    if colour is not None:
        until = f"{told_time(event.ends_s.p05)} to {_at_least(event.ends_s.p95, colour)}"
    return (
        f"{what}: in {in_ten(event.share_of_skins)}, from {_span(event.begins_s)} after the first touch until {until}."
    )


def colour_lines(colour: ColourResponse) -> tuple[str, ...]:
    """When the skin pales, when its colour returns and when it reddens."""
    lines = [
        _happens("Pale", colour.pallor, colour),
        f"Colour back {_span(colour.colour_return_s)} after a pass.",
        _happens("Red", colour.redness, colour),
    ]
    if colour.redness_peak_s is not None:
        lines.append(f"Reddest {_span(colour.redness_peak_s)} after the first touch.")
    if not colour.seen:
        lines.append("Colour may not show on this skin: go by time, touch, feeling and temperature.")
    return tuple(lines)


def nerve_lines(nerves: NerveResponse) -> tuple[str, ...]:
    """What is felt."""
    return (
        _happens("Cold pain", nerves.pain),
        _happens("Numb", nerves.numbness),
        f"At the coldest moment nerves conduct at {_shares(nerves.conduction_velocity_lowest)} of their usual speed.",
    )


def _shares(told: Interval) -> str:
    return f"{100 * told.p50:.0f} % ({100 * told.p05:.0f} to {100 * told.p95:.0f} %)"


def blood_lines(response: BodyResponse) -> tuple[str, ...]:
    """How far blood flow, oxygen supply and need fall."""
    lines = [
        f"Blood flow falls to {_shares(response.blood_flow_lowest)} of that at rest; an hour later it is "
        f"{_shares(response.blood_flow_after_hour)}.",
    ]
    lines.extend(
        f"Oxygen in the {layer.layer}: supply falls to {_shares(layer.supply_lowest)} and need to "
        f"{_shares(layer.need_lowest)} of that at rest; debt {layer.debt_mL_per_100mL.p50:.2g} mL per 100 mL; "
        f"in balance again {_span(layer.recovery_s)} after the last pass."
        for layer in response.oxygen
    )
    return tuple(lines)


def injury_words(injury: InjuryPrediction) -> str:
    """How probable an injury is, beside what may be."""
    limit = "" if injury.limit is None else f"; at most {chance(injury.limit)} may be"
    return f"{injury.name}: {chance(injury.probability)} expected{limit} (prior)."


def body_lines(response: BodyResponse) -> tuple[str, ...]:
    """Everything that is predicted of the body, in sentences."""
    return (
        *colour_lines(response.colour),
        *blood_lines(response),
        *nerve_lines(response.nerves),
        *reflex_lines(response),
        *(injury_words(injury) for injury in response.injury),
        *(f"{flag.kind.capitalize()}: {flag.reason}" for flag in response.flags if flag.level != "none"),
        response.redness_is_uncertain,
    )


def reflex_lines(response: BodyResponse) -> tuple[str, ...]:
    """What cold on the face does to pulse and pressure, and how to work for it; nothing elsewhere."""
    reflex = response.face_reflex
    if reflex is None:
        return ()
    pulse, pressure = reflex.pulse_change_percent, reflex.mean_pressure_change_mmHg
    return (
        f"Pulse {pulse.p50:+.1f} % ({pulse.p05:+.1f} to {pulse.p95:+.1f}) and mean pressure {pressure.p50:+.1f} mmHg "
        f"({pressure.p05:+.1f} to {pressure.p95:+.1f}) by the reflex of the face, within "
        f"{_span(reflex.pulse_lowest_after_s)}.".replace("-", "−"),
        *reflex.guidance,
    )


def _return_line(zones: Sequence[ZonePlan]) -> tuple[str, ...]:
    """How long colour may stay away between passes; nothing where skin is frozen, which pales in another way."""
    stroked = [zone for zone in zones if zone.response is not None and zone.class_ <= _HIGHEST_MASSAGE]
    if not stroked:
        return ()
    lasting = max(zone.response.colour.colour_return_s.p95 for zone in stroked if zone.response is not None)
    if lasting < _UNSEEN_s:
        return ("The skin is predicted to keep its colour. Where it pales: wait until colour is back.",)
    pause_s = max(zone.pause_s for zone in stroked)
    return (f"Where it pales, colour is back within {pause_s:.0f} s; where not: no further pass on this zone.",)


def card_lines(zones: Sequence[ZonePlan], dark: bool, numb_alarm_min: float) -> tuple[str, ...]:
    """What the operator may expect to see and feel in this session, over all zones; the later of two times."""
    told = [zone.response for zone in zones if zone.response is not None]
    if not told:
        return ()
    lines: list[str] = []
    if not dark:
        lines.extend(_return_line(zones))
        red = max(response.colour.redness.share_of_skins for response in told)
        ends = [response.colour.redness.ends_s for response in told if response.colour.redness.ends_s is not None]
        fading = ""
        if ends:
            first, last = min(end.p05 for end in ends), max(end.p95 for end in ends)
            fading = f", gone in {told_time(first)} to {_at_least(last, told[0].colour)}"
        lines.append(f"Predicted here: redness in {in_ten(red)}{fading}; none is no fault.")
    numb = max(response.nerves.numbness.share_of_skins for response in told)
    lines.append(f"Numbness in {in_ten(numb)}; back within minutes. Longer than {numb_alarm_min:g} min: doctor.")
    return tuple(lines)
