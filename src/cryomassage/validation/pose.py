"""A case as columns: layers, blood, start, exchange and times, for many sets of the fitted numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cryomassage.engine.column import Layers
from cryomassage.knowledge.schema import Knowledge
from cryomassage.records.validation_case import PHANTOM, TIMES, Case
from cryomassage.units import convert
from cryomassage.validation.exchange import Contact, camera_delay, contact_of, room_of
from cryomassage.validation.parameters import Values

Sets = Float[np.ndarray, " sets"]

LAYERS = 5
WATCHED_s = 10_800.0  # of an exposure without an end, and of rewarming until something has happened
_AFTER_LEAST_s = 300.0  # of rewarming that is followed anyhow: a camera may wait
_PHANTOM_TISSUE = "agarose_gel"
_PHANTOM_LAYERS_mm = (0.05, 0.25, 3.0, 10.0, 40.0)
_SURFACE_OF_SHORT_TOUCH = frozenset({"solid", "held", "wind"})


@dataclass(frozen=True)
class Posed:
    """One case for the solver. SI units, °C.

    Attributes:
        tissues: of the layers, from the surface down.
        layers: with perfusion at rest.
        zone: whose vessels answer, or None where none do.
        flow_at_28: share of flow that the vessels leave at 28 °C.
        body_cooled: share of the body that is cooled too.
        blood_degC: arterial, as the zone has it; it is shifted until the resting surface is right.
        resting_degC: surface at rest in the room of `resting_room_degC`.
        resting_room_degC: to which the resting surface belongs.
        room_degC: before and after the cold.
        phantom: one temperature throughout, and insulated below.
        contact: what the surface meets while the cold is on.
        on_s: of the cold.
        after_s: that is followed afterwards.
        camera_delay_s: of a camera that waits.
        probe_share: of the way from the skin to the pack at which a probe lies.
        depth: m, of each observation.
        wets: the agent wets the skin, so that ice begins without supercooling.
    """

    tissues: tuple[str, ...]
    layers: Layers
    zone: str | None
    flow_at_28: Sets
    body_cooled: float
    blood_degC: float
    resting_degC: float
    resting_room_degC: float
    room_degC: float
    phantom: bool
    contact: Contact
    on_s: float
    after_s: float
    camera_delay_s: Sets
    probe_share: Sets
    depth: Float[np.ndarray, "observations sets"]
    wets: bool

    @property
    def sets(self) -> int:
        """Number of sets."""
        return int(self.flow_at_28.shape[0])


def _thickness(
    case: Case, values: Values, knowledge: Knowledge
) -> tuple[tuple[str, ...], Float[np.ndarray, "layers sets"]]:
    """Tissues and thicknesses, m."""
    setup, one = case.setup, np.ones(values.sets)
    if setup.tissue == PHANTOM:
        return (_PHANTOM_TISSUE,) * LAYERS, np.outer(_PHANTOM_LAYERS_mm, one) * 1e-3
    tissues, rows = [], []
    for layer in knowledge.zone[setup.site].layers:
        metres = 0.5 * (convert(1.0, layer.female.unit, "m") * (layer.female.value + layer.male.value)) * one
        if layer.tissue == "fat" and setup.skinfold_mm is not None:
            metres = 0.5e-3 * setup.skinfold_mm * one
        elif layer.tissue == "fat" and setup.tissue == "human" and _feels_fat(setup.agent, knowledge):
            metres = metres * values["volunteer_fat"]
        elif layer.tissue == "dermis" and setup.tissue == "porcine":
            metres = knowledge.trial["porcine_dermis"].quantity.value * 1e-3 * one
        tissues.append(layer.tissue)
        rows.append(metres)
    limb, muscle = knowledge.zone[setup.site].region == "body", tissues[-1] == "muscle"
    if limb or muscle:
        # Below the bone of a head lies the brain, which stays warm.
        deepest = "deepest_layer" if limb and muscle else "deepest_joint"
        rows[-1] = np.maximum(rows[-1], knowledge.trial[deepest].quantity.value * 1e-3)
    while len(rows) < LAYERS:
        rows[-1] = 0.5 * rows[-1]
        tissues.append(tissues[-1])
        rows.append(rows[-1])
    return tuple(tissues), np.stack(rows)


def _feels_fat(agent: str, knowledge: Knowledge) -> bool:
    """Whether the exposure is long enough for the fat to matter; it spares columns."""
    return knowledge.trial_source[agent].exchange not in _SURFACE_OF_SHORT_TOUCH


def _layers(case: Case, values: Values, knowledge: Knowledge) -> tuple[tuple[str, ...], Layers]:
    tissues, thickness = _thickness(case, values, knowledge)
    one, human = np.ones(values.sets), case.setup.tissue == "human"
    blood = knowledge.tissue["blood"]
    blood_capacity = blood.density.value * blood.specific_heat_capacity.value
    conducts, holds, perfused, burns = [], [], [], []
    for name in tissues:
        tissue = knowledge.tissue[name]
        conductivity = tissue.thermal_conductivity.value * one
        heat_capacity = tissue.specific_heat_capacity.value
        rate = tissue.blood_perfusion_rate.value * one
        if name == "dermis" and not human and case.setup.tissue != PHANTOM:
            heat_capacity = knowledge.trial["porcine_heat_capacity"].quantity.value
        if human and name == "muscle":
            conductivity = conductivity * values["muscle_conduction"]
            rate = rate * values["muscle_perfusion"]
        elif human:
            own = knowledge.zone[case.setup.site].dermal_perfusion_rate.value if name == "dermis" else rate
            rate = own * values["volunteer_perfusion"]
        conducts.append(conductivity)
        holds.append(tissue.density.value * heat_capacity * one)
        perfused.append(rate * blood_capacity)
        burns.append(tissue.metabolic_heat_production.value * one)
    return tissues, Layers(thickness, np.stack(conducts), np.stack(holds), np.stack(perfused), np.stack(burns))


def _depths(
    case: Case, thickness: Float[np.ndarray, "layers sets"], tissues: tuple[str, ...]
) -> Float[np.ndarray, "observations sets"]:
    """Depth of each observation below the surface, m.

    A probe is pushed in by half the skinfold and the stated depth, and a skinfold holds the skin as well: it comes to
    lie that much less deep below the fat.
    """
    fat = tissues.index("fat") + 1 if "fat" in tissues else 3
    below_fat = thickness[:fat].sum(axis=0)
    if case.setup.skinfold_mm is not None:
        below_fat = 0.5e-3 * case.setup.skinfold_mm * np.ones_like(below_fat)
    return np.stack(
        [seen.depth_m + (1.0 if seen.depth_from == "below_fat" else 0.0) * below_fat for seen in case.observations]
    )


def _times(case: Case) -> tuple[float, float]:
    """How long the cold is on, and how long the skin is followed afterwards, s.

    Where nothing but the time of events is observed, the cold stays on until they have happened.
    """
    events = all(seen.quantity in TIMES and not seen.rewarming for seen in case.observations)
    on = WATCHED_s if events else case.setup.exposure_s or WATCHED_s
    last = max((seen.time_s or 0.0) for seen in case.observations)
    waits = any(seen.rewarming and seen.quantity in TIMES for seen in case.observations)
    return on, WATCHED_s if waits else max(last - on, _AFTER_LEAST_s)


def pose(case: Case, values: Values, knowledge: Knowledge) -> Posed:
    """A case as columns, one for each set of values; what is observed plays no part but for where and when."""
    setup, one = case.setup, np.ones(values.sets)
    source = knowledge.trial_source[setup.agent]
    tissues, layers = _layers(case, values, knowledge)
    room = room_of(setup, knowledge)
    on_s, after_s = _times(case)
    human, phantom = setup.tissue == "human", setup.tissue == PHANTOM
    if phantom:
        blood, resting = room, room
    else:
        zone = knowledge.zone[setup.site]
        blood, resting = zone.arterial_temperature.value, zone.resting_surface_temperature.value
    given = setup.initial_surface_degC
    return Posed(
        tissues=tissues,
        layers=layers,
        zone=setup.site if human else None,
        flow_at_28=values["flow_at_28"] if human else one,
        body_cooled=0.0 if source.body_cooled is None else source.body_cooled.value,
        blood_degC=blood,
        resting_degC=resting if given is None else given,
        resting_room_degC=knowledge.trial["resting_room"].quantity.value if given is None else room,
        room_degC=room,
        phantom=phantom,
        contact=contact_of(case, values, knowledge),
        on_s=on_s,
        after_s=after_s,
        camera_delay_s=camera_delay(setup, source, values),
        probe_share=values["probe_share"] if setup.sensor == "probe_under_pack" else 0.0 * one,
        depth=_depths(case, layers.thickness, tissues),
        wets=source.wets or knowledge.barrier[setup.barrier].damp,
    )
