"""Steps of an ice field: two implicit stages in depth, exchange with the neighbours explicit.

The implicit-explicit scheme ARS(2,2,2) (Ascher, Ruuth and Spiteri 1997, Appl Numer Math 25:151), second order: in
depth the two-stage SDIRK scheme of the columns, gamma = 1 - 1/sqrt(2), each stage solved by Newton's method.
"""

from __future__ import annotations

from cryomassage.engine.ice_field import Field, IceField, Scalar, Surface, from_beside
from cryomassage.engine.ice_stage import Heat, Stage, solve_stage
from cryomassage.engine.patch_schedule import GAMMA

_AGAIN = 1.0 / GAMMA - 1.0


def step(
    field: IceField, theta: Field, surfaces: tuple[Surface, Surface], time_step: Scalar, tolerance_K: Scalar
) -> tuple[Field, Heat]:
    """One step. `surfaces` is what the surface meets at the two stages, gamma and 1 of the step.

    Returns:
        Enthalpy temperature relative to the blood, and the heat that entered, J/m^2.
    """
    weight = field.capacity / (GAMMA * time_step)
    beside = from_beside(field, theta)
    middle, first = solve_stage(Stage(field, weight, theta, beside, surfaces[0], theta, tolerance_K))
    # The heat of the first stage in depth once more, without evaluating it: what it warmed, less what came sideways.
    rise = middle - theta
    fixed = _AGAIN * (weight * rise - 2.0 * beside) + from_beside(field, middle) / (2.0 * GAMMA**2)
    guess = theta + rise / GAMMA
    end, second = solve_stage(Stage(field, weight, theta, fixed, surfaces[1], guess, tolerance_K))
    heat = (time_step * ((1.0 - GAMMA) * one + GAMMA * two) for one, two in zip(first, second, strict=True))
    return end, Heat(*heat)
