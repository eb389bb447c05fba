"""How the vessels of a population answer the cold: each skin draws its own from the knowledge.

The draws have a stream of random numbers of their own, so that a population of skins is the same whether or not
its vessels answer.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from cryomassage.engine.column import Column
from cryomassage.engine.solver import locate_probes
from cryomassage.engine.vasomotion import Vasomotion, rest_flow_of
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.virtual_skin import Quantiles, spread_out
from cryomassage.units import convert

# Tissues whose vessels are those of the skin; the flow through muscle and bone is governed by other needs.
GOVERNED = frozenset({"dermis", "fat"})
_STREAM = 7_919  # added to the seed: another stream than that of the skins

_TIMES = {
    "constriction_time",
    "release_time_short",
    "release_time_long",
    "memory_time",
    "reflex_time",
    "transient_time",
    "dilation_time",
    "hyperaemia_rise_time",
    "hyperaemia_fade_time",
    "pallor_time",
    "pallor_fade_time",
}


def governed_cells(tissues: tuple[str, ...], cells: tuple[int, ...]) -> Float[np.ndarray, " cells"]:
    """1 in the cells whose blood flow the vessels of the skin govern, else 0."""
    return np.repeat([1.0 if tissue in GOVERNED else 0.0 for tissue in tissues], cells)


def sensitivity_of(
    flow_at_step: Float[np.ndarray, " skins"], least_flow: Float[np.ndarray, " skins"], step_K: float
) -> Float[np.ndarray, " skins"]:
    """Growth of constriction with cooling, 1/K, of skin that keeps `flow_at_step` when it is cooled by `step_K`."""
    # The flow that is left is never quite the least, however the two were drawn.
    left = np.maximum((flow_at_step - least_flow) / (1.0 - least_flow), 0.02)
    return np.asarray(-np.log(np.minimum(left, 0.98)) / step_K)


def draw_vessels(
    zone_key: str,
    column: Column,
    rest_degC: Float[np.ndarray, "cells skins"],
    answers: Float[np.ndarray, " cells"],
    knowledge: Knowledge,
    seed: int,
    body_cooled: float = 0.0,
    nominal: bool = False,
) -> Vasomotion:
    """Draw how the vessels of each skin of a population answer.

    Args:
        zone_key: the site; it says whether cold-induced dilation shows there.
        column: the population.
        rest_degC: its temperatures at rest.
        answers: of `governed_cells`.
        knowledge: kind `vessels`.
        seed: of the population.
        body_cooled: share of the whole body that is cooled too, 0 to 1, which brings about its reflex.
        nominal: every skin answers with the stated values instead of a draw, and none of them reddens afterwards.
    """
    skins = int(rest_degC.shape[1])
    quantiles = Quantiles(skins, seed + _STREAM)

    def drawn(key: str) -> Float[np.ndarray, " skins"]:
        quantity = knowledge.vessels[key].quantity
        uniform = quantiles.next()
        values = np.full(skins, quantity.value) if nominal else spread_out(quantity, uniform)
        return values * convert(1.0, quantity.unit, "s") if key in _TIMES else values

    least = drawn("least_flow")
    step_K = knowledge.vessels["cooling_step"].quantity.value
    depth = drawn("depth") * 1e-3
    probes = locate_probes(column, np.asarray(depth[None], np.float32))
    upper, weight = np.asarray(probes.upper_cell)[0], np.asarray(probes.weight)[0]
    rest = np.asarray(rest_degC)
    above, below = np.take_along_axis(rest, upper[None], 0)[0], np.take_along_axis(rest, upper[None] + 1, 0)[0]
    dilates = knowledge.zone[zone_key].cold_induced_dilation is not None
    # Whether a skin reddens is drawn against a share that is itself uncertain.
    reddens = (quantiles.next() < drawn("hyperaemia_share")) & (not nominal)
    reference = np.full(skins, knowledge.vessels["reference_temperature"].quantity.value)
    sensitivity = sensitivity_of(drawn("flow_at_28"), least, step_K)
    felt_at_rest = above + weight * (below - above)

    def single(values: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        return np.asarray(values, np.float32)

    return Vasomotion(
        upper_cell=upper,
        weight=single(weight),
        answers=single(np.repeat(answers[:, None], skins, axis=1)),
        rest_degC=single(felt_at_rest),
        reference_degC=single(reference),
        sensitivity=single(sensitivity),
        least_flow=single(least),
        rest_flow=single(np.asarray(rest_flow_of(felt_at_rest, reference, sensitivity, least))),
        constriction_time=single(drawn("constriction_time")),
        release_time_short=single(drawn("release_time_short")),
        release_time_long=single(drawn("release_time_long")),
        memory_time=single(drawn("memory_time")),
        reflex=single(body_cooled * drawn("reflex")),
        reflex_cooled=single(body_cooled * drawn("reflex_cooled")),
        reflex_time=single(drawn("reflex_time")),
        transient=single(np.maximum(drawn("transient"), 0.0)),
        transient_most=single(drawn("transient_most")),
        transient_time=single(drawn("transient_time")),
        dilation=single(np.clip(drawn("dilation"), 0.0, 1.0) * dilates),
        dilation_degC=single(drawn("dilation_temperature")),
        dilation_width=single(drawn("dilation_width")),
        dilation_time=single(drawn("dilation_time")),
        hyperaemia=single(drawn("hyperaemia") * reddens),
        hyperaemia_drop_K=single(drawn("hyperaemia_drop")),
        hyperaemia_width=single(drawn("hyperaemia_width")),
        hyperaemia_rise_time=single(drawn("hyperaemia_rise_time")),
        hyperaemia_fade_time=single(drawn("hyperaemia_fade_time")),
        volume_exponent=single(drawn("volume_exponent")),
        pallor=single(np.clip(drawn("pallor"), 0.0, 0.95)),
        pallor_drop_K=single(drawn("pallor_drop")),
        pallor_width=single(drawn("pallor_width")),
        pallor_time=single(drawn("pallor_time")),
        pallor_fade_time=single(drawn("pallor_fade_time")),
    )
