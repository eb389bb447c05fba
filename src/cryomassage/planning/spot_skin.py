"""Virtual skins around the axis of a held source: the medium, the cold, and how both begin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from cryomassage.engine.column import layered_column, mean_top, merged_top
from cryomassage.engine.patch import Footprint
from cryomassage.engine.solver import steady_state
from cryomassage.engine.spot import Chill, Spot
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.frozen_tissue import law_of_tissues
from cryomassage.planning.strokes.footprints import EVEN_LENGTH
from cryomassage.planning.virtual_skin import VirtualSkins

# Cells of each layer and their growth, by number of layers, stratum corneum and epidermis taken as one: thinner
# cells at the top would follow tenths of a second, which a freeze of seconds does not feel.
SPOT_GRID: dict[int, tuple[tuple[int, ...], tuple[float, ...]]] = {
    3: ((1, 12, 12), (1.0, 1.04, 1.25)),
    4: ((1, 12, 9, 4), (1.0, 1.04, 1.3, 1.7)),
}
_DEEP_COUPLING = 1.0e4  # W/(m^2 K), as in the columns
_RING = 0.35e-3  # m, of the inner rings
_RING_GROWTH, _OUTER_RINGS = 1.5, 5


@dataclass(frozen=True)
class SpotSkins:
    """A population around the axis of a held source.

    Attributes:
        spot: the medium.
        rest_degC: its temperatures before anything cold comes near.
        coefficient: W/(m^2 K), that the source adds to the room's in each ring.
        sink_degC: of the source.
        room_coefficient: W/(m^2 K), of the room.
        room_degC: of the room.
        late_s: how much longer than counted the source stays.
    """

    spot: Spot
    rest_degC: Float[np.ndarray, "cells skins"]
    coefficient: Float[np.ndarray, "rings skins"]
    sink_degC: Float[np.ndarray, " skins"]
    room_coefficient: Float[np.ndarray, " skins"]
    room_degC: Float[np.ndarray, " skins"]
    late_s: Float[np.ndarray, " skins"]

    @property
    def count(self) -> int:
        """Number of skins."""
        return int(self.late_s.size)

    def some(self, chosen: Int[np.ndarray, " chosen"]) -> SpotSkins:
        """Some of the skins."""
        spot, law = self.spot, self.spot.freezing
        parts = {
            name: part[..., chosen] for name, part in spot._asdict().items() if name not in ("ring_face", "freezing")
        }
        return SpotSkins(
            spot._replace(freezing=type(law)(*(part[..., chosen] for part in law)), **parts),
            self.rest_degC[:, chosen],
            self.coefficient[:, chosen],
            self.sink_degC[chosen],
            self.room_coefficient[chosen],
            self.room_degC[chosen],
            self.late_s[chosen],
        )

    def chill(self, on_s: Float[np.ndarray, " skins"]) -> Chill:
        """What the surface meets when the source is on for so long; the room acts always."""
        return Chill(
            coefficient=self.coefficient,
            sink_temperature_degC=self.sink_degC,
            on_s=on_s,
            room_coefficient=self.room_coefficient,
            room_temperature_degC=self.room_degC,
        )


def ring_faces(inner_radius: float) -> Float[np.ndarray, " faces"]:
    """Radii of the rings, m: even as far as is looked at, and ever wider beyond."""
    inner = int(np.ceil(inner_radius / _RING))
    widths = np.concatenate([np.ones(inner), _RING_GROWTH ** np.arange(1, _OUTER_RINGS + 1)])
    return np.concatenate([[0.0], np.cumsum(widths * _RING)])


def held_share(
    shape: Footprint,
    length: Float[np.ndarray, " skins"],
    faces: Float[np.ndarray, " faces"],
    opening_radius: float | None = None,
) -> Float[np.ndarray, "rings skins"]:
    """Coefficient of a held source in each ring, on average, as a share of that at its centre.

    Args:
        shape: how the source acts around its centre.
        length: m, of the even footprint that stands for it under a stroke.
        faces: m, radii of the rings.
        opening_radius: m, of a shield that keeps the cold off the skin outside, or None without one.

    Raises:
        ValueError: the source is strongest around its axis, not on it.
    """
    if shape is Footprint.RING:
        raise ValueError("a source that is strongest around its axis is not held on a spot")
    reached = faces if opening_radius is None else np.minimum(faces, opening_radius)
    square = reached[:, None] ** 2
    if shape is Footprint.ELLIPSE:
        inside = np.minimum(square, (0.5 * length) ** 2)
    else:
        radius = (length / EVEN_LENGTH[shape]) ** 2
        inside = -radius * np.expm1(-square / radius)
    return np.asarray(np.diff(inside, axis=0) / np.diff(faces**2)[:, None])


def spot_skins(
    skins: VirtualSkins,
    zone: str,
    cold_source: str,
    faces: Float[np.ndarray, " faces"],
    knowledge: Knowledge,
    opening_radius: float | None = None,
) -> SpotSkins:
    """A population as skins around the axis of a held source. A lesion is skin like that around it, and flat.

    Args:
        skins: drawn for the zone and the source.
        zone: key of the zone.
        cold_source: key of the source.
        faces: m, radii of the rings from 0 outwards, see `ring_faces`; a single ring is a column by itself.
        knowledge: tissues and footprints.
        opening_radius: m, of a shield that keeps the cold off the skin outside, or None without one.
    """
    tissues = [layer.tissue for layer in knowledge.zone[zone].layers][1:]
    layers = merged_top(skins.layers)
    cells, growth = SPOT_GRID[len(tissues)]
    blood_degC = skins.arterial_temperature_degC
    deep = np.full(skins.count, _DEEP_COUPLING)
    column = layered_column(layers, cells, growth, blood_degC, deep, blood_degC)
    rest = steady_state(
        column,
        np.asarray(skins.room_coefficient, np.float32),
        np.asarray(skins.room_temperature_degC, np.float32),
        np.zeros(skins.count, np.float32),
    )
    latent_heat = mean_top(skins.latent_heat, skins.layers.thickness)
    law = law_of_tissues(tissues, layers.volumetric_heat_capacity, layers.thermal_conductivity, latent_heat, knowledge)
    repeat = np.repeat(np.arange(len(cells)), cells)
    spot = Spot(
        cell_width=np.asarray(column.cell_width),
        ring_face=faces,
        thermal_conductivity=np.asarray(column.thermal_conductivity),
        volumetric_heat_capacity=np.asarray(column.volumetric_heat_capacity),
        perfusion_conductance=np.asarray(column.perfusion_conductance),
        metabolic_heat_production=np.asarray(column.metabolic_heat_production),
        arterial_temperature_degC=blood_degC,
        deep_conductance=deep,
        deep_temperature_degC=blood_degC,
        freezing=type(law)(*(part[:, repeat] for part in law)),
    )
    shape = Footprint[knowledge.footprint[cold_source].shape.upper()]
    share = held_share(shape, skins.footprint_length, faces, opening_radius)
    coefficient, sink = skins.heat_transfer_coefficient, skins.sink_temperature_degC
    if knowledge.cold_source[cold_source].touches:
        # What touches keeps the room away: less the room's exchange, which the engine adds everywhere.
        room = skins.room_coefficient
        sink = (coefficient * sink - room * skins.room_temperature_degC) / (coefficient - room)
        coefficient = coefficient - room
    return SpotSkins(
        spot,
        np.asarray(rest, np.float64),
        coefficient * share,
        sink,
        skins.room_coefficient,
        skins.room_temperature_degC,
        skins.late_s,
    )
