"""Columns of layered skin on a graded depth grid: the medium that the solver works on."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

# Cells per layer and growth of the cells within a layer, by number of layers. The first three layers are
# stratum corneum, epidermis and dermis: cells of about 0.01 mm near the surface resolve a touch of 0.05 s. Over
# all zones and planned sources the lowest surface temperature of the coldest skins is then within 0.2 K of a
# refined solution, and on the cold side of it.
SKIN_GRID: dict[int, tuple[tuple[int, ...], tuple[float, ...]]] = {
    4: ((2, 6, 18, 14), (1.0, 1.1, 1.2, 1.3)),
    5: ((2, 6, 14, 10, 8), (1.0, 1.1, 1.25, 1.55, 1.45)),
}


class Column(NamedTuple):
    """A batch of columns; cells run from the surface down, columns along the last axis. SI units.

    Attributes:
        cell_width: m.
        thermal_conductivity: W/(m K).
        volumetric_heat_capacity: J/(m^3 K).
        perfusion_conductance: W/(m^3 K), blood perfusion rate times density and heat capacity of blood.
        metabolic_heat_production: W/m^3.
        arterial_temperature_degC: of the blood that perfuses the column.
        deep_conductance: W/(m^2 K) from the lowest face to the deep temperature; 0 insulates.
        deep_temperature_degC: below the lowest face.
    """

    cell_width: Float[Array, "cells columns"]
    thermal_conductivity: Float[Array, "cells columns"]
    volumetric_heat_capacity: Float[Array, "cells columns"]
    perfusion_conductance: Float[Array, "cells columns"]
    metabolic_heat_production: Float[Array, "cells columns"]
    arterial_temperature_degC: Float[Array, " columns"]
    deep_conductance: Float[Array, " columns"]
    deep_temperature_degC: Float[Array, " columns"]

    @property
    def centre_depth(self) -> Float[Array, "cells columns"]:
        """Depth of the cell centres, m."""
        return jnp.cumsum(self.cell_width, axis=0) - 0.5 * self.cell_width


class Layers(NamedTuple):
    """Layers of a batch of columns, from the surface down, before they are cut into cells. SI units."""

    thickness: Float[np.ndarray, "layers columns"]
    thermal_conductivity: Float[np.ndarray, "layers columns"]
    volumetric_heat_capacity: Float[np.ndarray, "layers columns"]
    perfusion_conductance: Float[np.ndarray, "layers columns"]
    metabolic_heat_production: Float[np.ndarray, "layers columns"]


def graded_fractions(cells: int, growth: float) -> Float[np.ndarray, " cells"]:
    """Widths of `cells` cells, each `growth` times the one above, as shares of their layer."""
    widths = growth ** np.arange(cells)
    return np.asarray(widths / widths.sum())


def layered_column(
    layers: Layers,
    cells: tuple[int, ...],
    growth: tuple[float, ...],
    arterial_temperature_degC: Float[np.ndarray, " columns"],
    deep_conductance: Float[np.ndarray, " columns"],
    deep_temperature_degC: Float[np.ndarray, " columns"],
    dtype: type[np.floating] = np.float32,
) -> Column:
    """Cut layers into cells whose faces fall on the interfaces.

    Args:
        layers: from the surface down.
        cells: number of cells of each layer.
        growth: ratio of neighbouring cell widths within each layer.
        arterial_temperature_degC: of the blood.
        deep_conductance: W/(m^2 K) below the last layer.
        deep_temperature_degC: below the last layer.
        dtype: float32 for planning, float64 for verification.

    Raises:
        ValueError: the numbers of layers, cells and growth ratios differ, or a layer has no thickness.
    """
    if not len(layers.thickness) == len(cells) == len(growth):
        raise ValueError(f"{len(layers.thickness)} layers, {len(cells)} cell counts, {len(growth)} growth ratios")
    if not np.all(layers.thickness > 0):
        raise ValueError("every layer needs a thickness above zero")
    repeat = np.repeat(np.arange(len(cells)), cells)
    fractions = np.concatenate([graded_fractions(count, ratio) for count, ratio in zip(cells, growth, strict=True)])

    def spread(per_layer: Float[np.ndarray, "layers columns"]) -> Float[Array, "cells columns"]:
        return jnp.asarray(per_layer[repeat], dtype=dtype)

    return Column(
        cell_width=jnp.asarray(layers.thickness[repeat] * fractions[:, None], dtype=dtype),
        thermal_conductivity=spread(layers.thermal_conductivity),
        volumetric_heat_capacity=spread(layers.volumetric_heat_capacity),
        perfusion_conductance=spread(layers.perfusion_conductance),
        metabolic_heat_production=spread(layers.metabolic_heat_production),
        arterial_temperature_degC=jnp.asarray(arterial_temperature_degC, dtype=dtype),
        deep_conductance=jnp.asarray(deep_conductance, dtype=dtype),
        deep_temperature_degC=jnp.asarray(deep_temperature_degC, dtype=dtype),
    )


def merged_top(layers: Layers) -> Layers:
    """The two uppermost layers as one: in series for heat that passes, together for heat that is held."""
    thickness = layers.thickness
    both = thickness[:2].sum(axis=0)
    series = both / (thickness[:2] / layers.thermal_conductivity[:2]).sum(axis=0)
    return Layers(
        thickness=np.concatenate([both[None], thickness[2:]]),
        thermal_conductivity=np.concatenate([series[None], layers.thermal_conductivity[2:]]),
        volumetric_heat_capacity=mean_top(layers.volumetric_heat_capacity, thickness),
        perfusion_conductance=mean_top(layers.perfusion_conductance, thickness),
        metabolic_heat_production=mean_top(layers.metabolic_heat_production, thickness),
    )


def mean_top(
    values: Float[np.ndarray, "layers columns"], thickness: Float[np.ndarray, "layers columns"]
) -> Float[np.ndarray, "merged columns"]:
    """What a volume holds, for layers of which the two uppermost become one."""
    upper = (values[:2] * thickness[:2]).sum(axis=0) / thickness[:2].sum(axis=0)
    return np.asarray(np.concatenate([upper[None], values[2:]]))
