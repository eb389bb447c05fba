"""Kinds of injury to look out for at a site, in words, from what the session does to its skin and fat."""

from __future__ import annotations

import numpy as np

from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.virtual_skin import Draws
from cryomassage.records.body_response import InjuryFlag, InjuryPrediction


def _frostbite(zone_key: str, coldest: float, knowledge: Knowledge) -> InjuryFlag:
    known = knowledge.injury
    begins = known["frostbite_begins"]
    site = known.get(f"frostbite_watch_{zone_key}", known["frostbite_watch"])
    if coldest <= begins.quantity.value:
        return InjuryFlag(
            kind="frostbite",
            level="high",
            reason=f"The surface may reach {coldest:.1f} °C. {begins.reason.text}",
            source=begins.quantity.source,
        )
    if coldest <= site.quantity.value:
        return InjuryFlag(
            kind="frostbite",
            level="watch",
            reason=f"The surface may reach {coldest:.1f} °C. {site.reason.text}",
            source=site.reason.source,
        )
    return InjuryFlag(
        kind="frostbite",
        level="none",
        reason=f"The surface stays at {coldest:.1f} °C or warmer in 95 % of the skins.",
        source=site.reason.source,
    )


def _panniculitis(zone_key: str, cold_fat_s: float, knowledge: Knowledge) -> InjuryFlag | None:
    zone, watch = knowledge.zone[zone_key], knowledge.injury["panniculitis_watch"]
    if "fat" not in [layer.tissue for layer in zone.layers]:
        return None
    general = knowledge.limit["fat_sub10_limit"]
    limit = general.quantity if zone.sub10_time_limit is None else zone.sub10_time_limit
    threshold = knowledge.limit["fat_cold_threshold"].quantity.value
    seen = f"The fat may lie below {threshold:g} °C for {cold_fat_s:.0f} s; {limit.value:g} s are the limit."
    if cold_fat_s <= 0.0:
        seen = f"The fat stays above {threshold:g} °C."
    level = "high" if cold_fat_s > limit.value else "watch" if cold_fat_s > watch.quantity.value else "none"
    return InjuryFlag.model_validate(
        {
            "kind": "panniculitis",
            "level": level,
            "reason": seen if level == "none" else f"{seen} {watch.reason.text}",
            "source": tuple(dict.fromkeys((*limit.source, *watch.reason.source))),
        }
    )


def _pigment(predictions: tuple[InjuryPrediction, ...], dark: bool, knowledge: Knowledge) -> InjuryFlag | None:
    found = next((prediction for prediction in predictions if prediction.cell == "melanocyte"), None)
    if found is None:
        return None
    watch, harm = knowledge.injury["pigment_watch"], knowledge.cell["melanocyte"].harm
    level = "none"
    if found.limit is not None and found.probability > found.limit:
        level = "high"
    elif found.probability > watch.quantity.value or dark:
        level = "watch"
    if found.probability > watch.quantity.value:
        seen = f"{100.0 * found.probability:.2g} % of the pigment cells are expected to be injured."
    else:
        seen = "Next to no pigment cell is expected to be injured."
    return InjuryFlag.model_validate(
        {
            "kind": "pigment",
            "level": level,
            "reason": seen if level == "none" else f"{seen} {harm.text} {watch.reason.text}",
            "source": tuple(dict.fromkeys((*harm.source, *watch.reason.source))),
        }
    )


def _chilblain(zone_key: str, median: float, knowledge: Knowledge) -> InjuryFlag | None:
    site = knowledge.injury.get(f"chilblain_watch_{zone_key}")
    if site is None:
        return None
    return InjuryFlag(
        kind="chilblain",
        level="watch" if median <= site.quantity.value else "none",
        reason=site.reason.text,
        source=site.reason.source,
    )


def injury_flags(
    zone_key: str,
    lowest_surface_degC: Draws,
    fat_below_10_s: Draws,
    predictions: tuple[InjuryPrediction, ...],
    knowledge: Knowledge,
    dark: bool,
) -> tuple[InjuryFlag, ...]:
    """What to look out for at a site; kinds that cannot occur there are left out.

    Args:
        zone_key: of the zone.
        lowest_surface_degC: lowest temperature of the surface of each skin in the session.
        fat_below_10_s: how long the top of the fat is colder than 10 degC in each skin.
        predictions: of the same session.
        knowledge: where thresholds and sites stand.
        dark: phototype IV to VI, where marks are watched for whatever the prediction.
    """
    found = (
        _frostbite(zone_key, float(np.quantile(lowest_surface_degC, 0.05)), knowledge),
        _panniculitis(zone_key, float(np.quantile(fat_below_10_s, 0.95)), knowledge),
        _pigment(predictions, dark, knowledge),
        _chilblain(zone_key, float(np.median(lowest_surface_degC)), knowledge),
    )
    return tuple(flag for flag in found if flag is not None)
