"""The middle skin of a zone as a patch of the engine: the stated thickness and properties of every layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cryomassage.engine.column import SKIN_GRID, Layers, layered_column
from cryomassage.engine.patch import FreezingLaw, Patch, Surroundings, Vessels
from cryomassage.engine.solver import steady_state
from cryomassage.engine.vasomotion import rest_flow_of
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.frozen_tissue import law_of_tissues
from cryomassage.planning.vessel_skin import sensitivity_of
from cryomassage.units import convert

# Below the last layer lies more of the same body, as in the columns.
_DEEP_COUPLING = 1.0e4  # W/(m^2 K)


@dataclass(frozen=True)
class PatchSkin:
    """A patch at rest in the room.

    Attributes:
        patch: the medium.
        rest_degC: temperatures of its cells at rest.
        room: what the skin meets where no source acts.
        basal_depth: m.
        freezing_point_degC: the warmest of its tissues'.
    """

    patch: Patch
    rest_degC: Float[np.ndarray, " cells"]
    room: Surroundings
    basal_depth: float
    freezing_point_degC: float


def _layers(zone_key: str, sex: str, knowledge: Knowledge) -> Layers:
    zone, blood = knowledge.zone[zone_key], knowledge.tissue["blood"]
    blood_capacity = blood.density.value * blood.specific_heat_capacity.value
    rows = []
    for layer in zone.layers:
        tissue = knowledge.tissue[layer.tissue]
        thickness = layer.female if sex == "female" else layer.male
        perfusion = zone.dermal_perfusion_rate if layer.tissue == "dermis" else tissue.blood_perfusion_rate
        rows.append(
            (
                convert(thickness.value, thickness.unit, "m"),
                tissue.thermal_conductivity.value,
                tissue.density.value * tissue.specific_heat_capacity.value,
                perfusion.value * blood_capacity,
                tissue.metabolic_heat_production.value,
            )
        )
    return Layers(*(np.array(column)[:, None] for column in zip(*rows, strict=True)))


def _law(
    tissues: list[str],
    capacity: Float[np.ndarray, " cells"],
    conductivity: Float[np.ndarray, " cells"],
    knowledge: Knowledge,
) -> FreezingLaw:
    law = law_of_tissues(tissues, capacity[:, None], conductivity[:, None], None, knowledge)
    return FreezingLaw(*(part[:, :, 0] for part in law))


def patch_skin(
    zone_key: str,
    sex: str,
    room_degC: float,
    rows: int,
    columns: int,
    spacing: float,
    freezing: bool,
    knowledge: Knowledge,
) -> PatchSkin:
    """The middle skin of a zone, at rest.

    Args:
        zone_key: of the zone.
        sex: female or male; skin thickness depends on it.
        room_degC: of the air.
        rows: cells along y.
        columns: cells along x.
        spacing: m, of the surface grid.
        freezing: let water freeze.
        knowledge: zones and tissues.
    """
    zone = knowledge.zone[zone_key]
    layers = _layers(zone_key, sex, knowledge)
    cells, growth = SKIN_GRID[len(zone.layers)]
    blood_degC = np.full(1, zone.arterial_temperature.value)
    column = layered_column(layers, cells, growth, blood_degC, np.full(1, _DEEP_COUPLING), blood_degC)
    tissues = [layer.tissue for layer, count in zip(zone.layers, cells, strict=True) for _ in range(count)]
    still = knowledge.limit["exchange_room_still"].quantity.value
    rest = steady_state(
        column, np.full(1, still, np.float32), np.full(1, room_degC, np.float32), np.zeros(1, np.float32)
    )

    def told(values: object) -> Float[np.ndarray, " cells"]:
        return np.asarray(values, np.float64)[:, 0]

    capacity, conductivity = told(column.volumetric_heat_capacity), told(column.thermal_conductivity)
    patch = Patch(
        cell_width=told(column.cell_width),
        thermal_conductivity=conductivity,
        volumetric_heat_capacity=capacity,
        perfusion_conductance=told(column.perfusion_conductance),
        metabolic_heat_production=told(column.metabolic_heat_production),
        arterial_temperature_degC=zone.arterial_temperature.value,
        deep_conductance=_DEEP_COUPLING,
        deep_temperature_degC=zone.arterial_temperature.value,
        rows=rows,
        columns=columns,
        spacing=spacing,
        freezing=_law(tissues, capacity, conductivity, knowledge) if freezing else None,
    )
    return PatchSkin(
        patch=patch,
        rest_degC=told(rest),
        room=Surroundings(still, room_degC),
        # Stratum corneum and epidermis end at the basal layer.
        basal_depth=float(layers.thickness[:2].sum()),
        freezing_point_degC=max(knowledge.tissue[tissue].freezing_point.value for tissue in set(tissues)),
    )


def vessels_of(skin: PatchSkin, knowledge: Knowledge) -> Vessels:
    """How the vessels of a skin answer; at rest they stand open."""

    def stated(key: str, unit: str) -> float:
        quantity = knowledge.vessels[key].quantity
        return quantity.value * convert(1.0, quantity.unit, unit)

    depth = stated("depth", "m")
    flow, least = np.array([stated("flow_at_28", "1")]), np.array([stated("least_flow", "1")])
    reference = knowledge.vessels["reference_temperature"].quantity.value
    sensitivity = sensitivity_of(flow, least, stated("cooling_step", "K"))
    rest = np.interp([depth], skin.patch.centre_depth, skin.rest_degC)
    return Vessels(
        depth=depth,
        reference_degC=reference,
        sensitivity=float(sensitivity[0]),
        least=float(least[0]),
        rest_flow=float(np.asarray(rest_flow_of(rest, np.array([reference]), sensitivity, least))[0]),
        constriction_time=stated("constriction_time", "s"),
        release_time_short=stated("release_time_short", "s"),
        release_time_long=stated("release_time_long", "s"),
        memory_time=stated("memory_time", "s"),
    )
