"""A held source on layered skin: what freezes below and around it, for many skins at once. SI units, °C."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cryomassage.engine.patch import FreezingLaw
from cryomassage.engine.spot_kernel import SpotExchange, SpotMedium, SpotReadings, march_spots


class Spot(NamedTuple):
    """Layered skins around the axis of a held source. The outermost ring is insulated outwards.

    Attributes:
        cell_width: m, from the surface down.
        ring_face: m, radii of the faces of the rings, from 0 outwards; shared by all skins.
        thermal_conductivity: W/(m K), unfrozen.
        volumetric_heat_capacity: J/(m^3 K), unfrozen.
        perfusion_conductance: W/(m^3 K), blood perfusion rate times density and heat capacity of blood.
        metabolic_heat_production: W/m^3.
        arterial_temperature_degC: of the blood.
        deep_conductance: W/(m^2 K) from the lowest face to the deep temperature; 0 insulates.
        deep_temperature_degC: below the lowest face.
        freezing: how each cell freezes; its arrays are (knots, cells, skins).
    """

    cell_width: Float[np.ndarray, "cells skins"]
    ring_face: Float[np.ndarray, " faces"]
    thermal_conductivity: Float[np.ndarray, "cells skins"]
    volumetric_heat_capacity: Float[np.ndarray, "cells skins"]
    perfusion_conductance: Float[np.ndarray, "cells skins"]
    metabolic_heat_production: Float[np.ndarray, "cells skins"]
    arterial_temperature_degC: Float[np.ndarray, " skins"]
    deep_conductance: Float[np.ndarray, " skins"]
    deep_temperature_degC: Float[np.ndarray, " skins"]
    freezing: FreezingLaw


class Chill(NamedTuple):
    """What the surface meets: the room always, and the source on top of it until it is taken away."""

    coefficient: Float[np.ndarray, "rings skins"]  # W/(m^2 K), of the source
    sink_temperature_degC: Float[np.ndarray, " skins"]
    on_s: Float[np.ndarray, " skins"]  # from the start
    room_coefficient: Float[np.ndarray, " skins"]  # W/(m^2 K)
    room_temperature_degC: Float[np.ndarray, " skins"]


class SpotHistory(NamedTuple):
    """What was read at the end of each step.

    Attributes:
        time_s: since the start.
        ice_depth: m, where freezing begins below the axis; 0 without ice.
        ice_radius: m, the same outwards, at whatever depth it reaches farthest.
        base_degC: on the axis, at the depth that was asked for.
        surface_degC: on the axis.
    """

    time_s: Float[np.ndarray, " steps"]
    ice_depth: Float[np.ndarray, "steps skins"]
    ice_radius: Float[np.ndarray, "steps skins"]
    base_degC: Float[np.ndarray, "steps skins"]
    surface_degC: Float[np.ndarray, "steps skins"]


def _medium(spot: Spot) -> SpotMedium:
    """The discrete equation of all skins, temperatures relative to the blood."""
    faces, width, blood = spot.ring_face, spot.cell_width, spot.arterial_temperature_degC
    # Area of a face over the area of a ring and over the distance of the centres, per depth.
    common = 2.0 * faces[1:-1] / np.diff(0.5 * (faces[1:] + faces[:-1]))
    area = np.diff(faces**2)
    law = spot.freezing
    knots = (
        law.knot_degC - blood,
        law.temperature_gain,
        law.conductivity_gain * spot.thermal_conductivity,
        law.ice_gain,
    )

    # Copies throughout: the kernel is compiled for arrays that lie in this order and may be written to.
    def of_skins(values: Float[np.ndarray, "cells skins"]) -> np.ndarray:
        return np.array(values.T, np.float64, order="C")

    return SpotMedium(
        width=of_skins(width),
        capacity=of_skins(spot.volumetric_heat_capacity * width),
        conductivity=of_skins(spot.thermal_conductivity),
        loss=of_skins(spot.perfusion_conductance * width),
        source=of_skins(spot.metabolic_heat_production * width),
        deep=np.array(spot.deep_conductance, np.float64),
        deep_K=np.array(spot.deep_temperature_degC - blood, np.float64),
        law=np.array(np.stack(np.broadcast_arrays(*knots)).transpose(3, 2, 1, 0), np.float64, order="C"),
        outwards=common / area[:-1],
        inwards=common / area[1:],
    )


def advance_spot(
    spot: Spot,
    start_enthalpy_degC: Float[np.ndarray, "cells skins"] | Float[np.ndarray, "cells rings skins"],
    chill: Chill,
    duration_s: float,
    time_step_s: float,
    base_depth: Float[np.ndarray, " skins"],
) -> tuple[Float[np.ndarray, "cells rings skins"], SpotHistory]:
    """Step many skins through a held source and what follows.

    Args:
        spot: the skins.
        start_enthalpy_degC: enthalpy temperature to begin with, which is the temperature where nothing is frozen; of
            every column alike, or of all cells, as an earlier run left them.
        chill: what the surface meets.
        duration_s: of the run, a whole number of steps.
        time_step_s: of each step; any length is stable, see `docs/decisions/0007-spot-freeze.md` for its error.
        base_depth: m, where `base_degC` is read.

    Returns:
        Enthalpy temperature at the end, from which a run may go on, and what was read.
    """
    cells, skins = spot.cell_width.shape
    rings, blood = len(spot.ring_face) - 1, spot.arterial_temperature_degC
    steps = max(1, round(duration_s / time_step_s))
    start = start_enthalpy_degC if start_enthalpy_degC.ndim == 3 else start_enthalpy_degC[:, None, :]
    theta = np.array(np.broadcast_to(start - blood, (cells, rings, skins)).transpose(2, 0, 1), np.float64, order="C")

    def each(values: Float[np.ndarray, " skins"]) -> Float[np.ndarray, " skins"]:
        return np.array(np.broadcast_to(values, (skins,)), np.float64)

    exchange = SpotExchange(
        coefficient=np.array(chill.coefficient.T, np.float64, order="C"),
        sink_K=each(chill.sink_temperature_degC - blood),
        on_s=each(chill.on_s),
        room=each(chill.room_coefficient),
        room_K=each(chill.room_temperature_degC - blood),
    )
    readings = SpotReadings(*(np.empty((skins, steps)) for _ in SpotReadings._fields))
    centre = 0.5 * (spot.ring_face[1:] + spot.ring_face[:-1])
    march_spots(theta, _medium(spot), exchange, centre, each(base_depth), float(time_step_s), steps, readings)
    return theta.transpose(1, 2, 0) + blood, SpotHistory(
        np.arange(1, steps + 1) * time_step_s,
        readings.depth.T,
        readings.radius.T,
        readings.base_K.T + blood,
        readings.surface_K.T + blood,
    )
