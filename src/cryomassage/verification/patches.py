"""What the verification cases of the patch share: skin on a grid, and the fluxes that the cases give.

A given flux is an exchange so weak, with a sink so cold, that the temperature of the skin plays no part. A surface of
given temperature is an exchange so strong that it cannot differ from the sink.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from cryomassage.engine.patch import Footprint, FreezingLaw, Patch, Strokes, Surroundings
from cryomassage.verification import exact

CHANGE_TOLERANCE_PERCENT = 1.0
CLAMPED = 1e9  # W/(m^2 K)
NOTHING = Surroundings(0.0, 0.0)
# Of a given flux. At 200 K it lets in 0.2 W/m^2, and the fluxes of the cases are above 10 kW/m^2.
_FLUX_COEFFICIENT = 1e-3  # W/(m^2 K)


def depth_grid(finest: float, until: float, growth: float, bottom: float) -> Float[np.ndarray, " cells"]:
    """Cells as wide as `finest` down to a depth, from there each `growth` times the one above, m."""
    count = round(until / finest)
    depth, width = count * finest, finest
    widths = [finest] * count
    while depth < bottom:
        width *= growth
        widths.append(width)
        depth += width
    return np.array(widths)


def homogeneous_patch(
    medium: exact.Medium,
    cell_width: Float[np.ndarray, " cells"],
    rows: int = 1,
    columns: int = 1,
    spacing: float = 1e-3,
    freezing: FreezingLaw | None = None,
    blood_degC: float = 0.0,
) -> Patch:
    """One medium without blood flow, insulated below. Solvers step differences from the temperature of the blood."""
    one = np.ones(len(cell_width))
    return Patch(
        cell_width=cell_width,
        thermal_conductivity=medium.thermal_conductivity * one,
        volumetric_heat_capacity=medium.volumetric_heat_capacity * one,
        perfusion_conductance=0.0 * one,
        metabolic_heat_production=0.0 * one,
        arterial_temperature_degC=blood_degC,
        deep_conductance=0.0,
        deep_temperature_degC=blood_degC,
        rows=rows,
        columns=columns,
        spacing=spacing,
        freezing=freezing,
    )


def jet(
    begin_s: float,
    end_s: float,
    origin: tuple[float, float],
    target: tuple[float, float],
    coefficient: float,
    sink_degC: float,
    radius: float,
) -> Strokes:
    """One Gaussian that moves straight from an origin to a target (x and y, m)."""

    def only(value: float) -> Float[np.ndarray, " pieces"]:
        return np.array([value], float)

    return Strokes(
        start_s=only(begin_s),
        end_s=only(end_s),
        start_x=only(origin[0]),
        start_y=only(origin[1]),
        end_x=only(target[0]),
        end_y=only(target[1]),
        coefficient=only(coefficient),
        sink_temperature_degC=only(sink_degC),
        footprint=np.array([int(Footprint.GAUSSIAN)]),
        along=only(radius),
        across=only(radius),
        touches=np.array([False]),
    )


def flux_jet(
    end_s: float, origin: tuple[float, float], target: tuple[float, float], peak_flux: float, radius: float
) -> Strokes:
    """The same from time zero with a given flux into the skin in its middle, W/m^2."""
    return jet(0.0, end_s, origin, target, _FLUX_COEFFICIENT, peak_flux / _FLUX_COEFFICIENT, radius)


def no_strokes() -> Strokes:
    """Nothing but the surroundings."""
    nothing = jet(0.0, 1.0, (0.0, 0.0), (0.0, 0.0), 0.0, 0.0, 1.0)
    return Strokes(*(np.asarray(values[:0]) for values in nothing))


def read_at(
    patch: Patch, temperature_degC: Float[np.ndarray, " cells"], depth: Float[np.ndarray, " depths"]
) -> Float[np.ndarray, " depths"]:
    """Temperature of a column at depths between its first and last centre, even in thermal resistance."""
    resistance = patch.cell_width / patch.thermal_conductivity
    faces = np.concatenate([[0.0], np.cumsum(patch.cell_width)])
    to_faces = np.concatenate([[0.0], np.cumsum(resistance)])
    to_centres = to_faces[1:] - 0.5 * resistance
    return np.asarray(np.interp(np.interp(depth, faces, to_faces), to_centres, temperature_degC))
