"""How the tissues of the knowledge freeze, as laws that the engine steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from cryomassage.engine.freezing import IceProperties, freezing_law
from cryomassage.engine.patch import FreezingLaw
from cryomassage.knowledge.schema import Knowledge


def ice_properties(knowledge: Knowledge) -> IceProperties:
    """Properties of ice and water from the knowledge."""
    points = sorted(knowledge.ice.values(), key=lambda point: point.temperature_degC)
    freezing = knowledge.freezing
    return IceProperties(
        temperature_degC=np.array([point.temperature_degC for point in points]),
        specific_heat_capacity=np.array([point.specific_heat_capacity.value for point in points]),
        thermal_conductivity=np.array([point.thermal_conductivity.value for point in points]),
        density=freezing["ice_density"].quantity.value,
        heat_of_fusion=freezing["heat_of_fusion"].quantity.value,
        water_heat_capacity=freezing["water_heat_capacity"].quantity.value,
        water_conductivity=freezing["water_conductivity"].quantity.value,
    )


def law_of_tissues(
    tissues: Sequence[str],
    volumetric_heat_capacity: Float[np.ndarray, "layers ..."],
    thermal_conductivity: Float[np.ndarray, "layers ..."],
    latent_heat: Float[np.ndarray, "layers ..."] | None,
    knowledge: Knowledge,
) -> FreezingLaw:
    """The law by which layers or cells freeze, row by row.

    Args:
        tissues: key of the tissue of each row.
        volumetric_heat_capacity: J/(m^3 K), unfrozen.
        thermal_conductivity: W/(m K), unfrozen.
        latent_heat: J/m^3 of each row, or None for that of the knowledge.
        knowledge: with tissues and ice.
    """
    capacity = np.asarray(volumetric_heat_capacity, np.float64)
    conductivity = np.asarray(thermal_conductivity, np.float64)
    if latent_heat is None:
        stated = np.array([knowledge.tissue[tissue].latent_heat.value for tissue in tissues])
        latent_heat = np.broadcast_to(stated.reshape(-1, *(1,) * (capacity.ndim - 1)), capacity.shape)
    ice = ice_properties(knowledge)
    rows = [
        freezing_law(
            capacity[row],
            conductivity[row],
            np.asarray(latent_heat[row]),
            knowledge.tissue[tissue].freezing_point.value,
            ice,
        )
        for row, tissue in enumerate(tissues)
    ]
    return FreezingLaw(*(np.stack(parts, axis=1) for parts in zip(*rows, strict=True)))
