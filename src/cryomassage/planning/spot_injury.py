"""What a spot freeze does to the cells at the base of a lesion: what it is meant to kill, and what it costs."""

from __future__ import annotations

import numpy as np

from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.injury_skin import InjuryAt, draw_injury, injuries_at
from cryomassage.planning.spot_run import SpotResponse
from cryomassage.planning.virtual_skin import VirtualSkins
from cryomassage.records.body_response import InjuryPrediction

# Kinds of cells that are found wherever the base of a lesion lies; glands and fat are not.
_AT_BASE = ("melanocyte", "keratinocyte", "fibroblast")


def spot_injuries(
    response: SpotResponse, thickness_m: float, skins: VirtualSkins, zone_key: str, knowledge: Knowledge, seed: int
) -> tuple[InjuryPrediction, ...]:
    """Probability that cells at the base of the lesion die, by kind; class 4 sets no limit to it.

    Args:
        response: of the confirming population.
        thickness_m: depth of the base of the lesion, m.
        skins: the same population.
        zone_key: of the zone.
        knowledge: kinds cell and injury.
        seed: of the population.
    """
    draws = draw_injury(zone_key, skins, knowledge, seed)
    steps = np.diff(response.time_s, prepend=0.0)[:, None] * np.ones(skins.count)
    at = InjuryAt(np.full(skins.count, thickness_m), steps, response.base_degC)
    return tuple(injuries_at(key, draws[key], at, knowledge) for key in _AT_BASE)
