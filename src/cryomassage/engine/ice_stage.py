"""One implicit stage of an ice field: Newton's method in every column, and the exact derivative of what it finds.

    weight (theta - base) = fixed + N(theta)

with N what depth, surface, blood and metabolism bring. Where ice comes or goes within the stage, heat capacity and
conductivity change several-fold; a linear stage would miss that, and what it finds would jump with the parameters.
The solution does not: it is continuous and smooth but for kinks where a cell crosses a knot of the law. Its derivative
is that of the implicit function theorem, one tridiagonal solve with the matrix at the solution.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.ad_checkpoint import checkpoint_name
from jaxtyping import Array, Float

from cryomassage.engine.ice_field import Balance, Field, IceField, Scalar, Shared, Surface, balance

# Name under which the solution is kept when a step is differentiated in reverse: the rest follows from it.
SOLUTION = "solution of a stage"
_MOST_ITERATIONS = 25
# A column whose residual did not fall to this share of the least so far takes the next step with care.
_FALL = 0.5


class Stage(NamedTuple):
    """What a stage solves, and where it begins to look.

    Attributes:
        field: the equation.
        weight: W/(m^2 K), heat capacity over the length of the stage.
        base, guess: enthalpy temperatures relative to the blood.
        fixed: W/m^2.
        surface: what the surface meets.
        tolerance_K: largest change that a cell by itself would still ask for when the stage counts as solved.
    """

    field: IceField
    weight: Shared
    base: Field
    fixed: Field
    surface: Surface
    guess: Field
    tolerance_K: Scalar


class Heat(NamedTuple):
    """What enters the columns through the surface, from below, and from blood and metabolism.

    W/m^2 of a stage, J/m^2 of a step; per unit of cooled surface.
    """

    surface: Float[Array, "rings skins"]
    deep: Float[Array, "rings skins"]
    blood: Float[Array, "rings skins"]


def _solve(weight: Shared, now: Balance, right: Field, least: Array | float = -np.inf) -> Field:
    """Rise of every cell: eliminated from below, with admittances in series, and substituted down.

    What is carried up is what a cell and all below it hold on to; it never subtracts, and keeps the small terms that
    a difference of large conductances would lose in float32. `least` bounds the conductances of a column from below.
    """

    def up(below: tuple[Array, Array], row: tuple[Array, ...]) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        held, swept = below
        own, to_below, from_below, value = row
        inverse = 1.0 / (held + from_below)
        of_below = inverse * swept
        now = (own + to_below * (held * inverse), value + from_below * of_below)
        return now, (of_below, inverse * to_below)

    def down(rise: Array, row: tuple[Array, Array]) -> tuple[Array, Array]:
        value, coupling = row
        return value + coupling * rise, rise

    # Below the last cell lies the deep temperature, which holds on whatever it is given.
    begin = (jnp.ones_like(right[0]), jnp.zeros_like(right[0]))
    conductances = jnp.maximum(now.down, least), jnp.maximum(now.up, least)
    (held, swept), rows = lax.scan(up, begin, (weight + now.blood, *conductances, right), reverse=True)
    _, rise = lax.scan(down, swept / (held + jnp.maximum(now.surface_own, least)), rows)
    return rise


def _residual(stage: Stage, theta: Field, now: Balance) -> Field:
    return stage.fixed + now.net - stage.weight * (theta - stage.base)


def _heat(now: Balance, rise: Field, least: Array | float = -np.inf) -> Heat:
    """What enters the cells, but for `fixed`, with a rise in which it is linear."""
    blood = jnp.sum(now.net - now.blood * rise, axis=0) - now.surface - now.deep
    surface = now.surface - jnp.maximum(now.surface_own, least) * rise[0]
    return Heat(surface, now.deep - jnp.maximum(now.down[-1], least) * rise[-1], blood)


class _Iterate(NamedTuple):
    """Where Newton's method stands.

    Attributes:
        taken: steps so far.
        theta: now.
        now, right: balance and residual there.
        off: least so far of the largest residual of each column, over the weight of its cell; tells whether the method
            comes closer.
        ask_K: largest rise that a cell of any column would ask for if its neighbours stayed; tells when it is there.
        least: of the conductances in the next step.
        before, bound: where the last step began, and its `least`.
    """

    taken: Array
    theta: Field
    now: Balance
    right: Field
    off: Float[Array, "rings skins"]
    ask_K: Scalar
    least: Float[Array, "rings skins"]
    before: Field
    bound: Float[Array, "rings skins"]


@jax.custom_jvp
def solve_stage(stage: Stage) -> tuple[Field, Heat]:
    """Enthalpy temperature at the end of a stage, and the heat that entered meanwhile, W/m^2.

    Conductivity rises as tissue freezes; where that outweighs the change of temperature, Newton's method may go round
    in circles. A column whose residual did not fall takes its next step with a matrix whose signs are those of a
    conductor, which comes closer more slowly but does not stray.

    Can be differentiated forwards and in reverse. The heat is that of the last step of Newton's method, linear in it:
    the account holds to rounding however far the method has come.
    """

    def look(theta: Field) -> tuple[Balance, Field]:
        now = balance(stage.field, theta, stage.surface)
        return now, _residual(stage, theta, now)

    def advance(at: _Iterate) -> _Iterate:
        theta = at.theta + _solve(stage.weight, at.now, at.right, at.least)
        now, right = look(theta)
        off = jnp.max(jnp.abs(right / stage.weight), axis=0)
        ask_K = jnp.max(jnp.abs(right / (stage.weight + now.blood + now.down)))
        least = jnp.where(off > _FALL * at.off, 0.0, -jnp.inf).astype(theta.dtype)
        return _Iterate(at.taken + 1, theta, now, right, jnp.minimum(off, at.off), ask_K, least, at.theta, at.least)

    def unsolved(at: _Iterate) -> Array:
        return (at.taken < _MOST_ITERATIONS) & (at.ask_K > stage.tolerance_K)

    now, right = look(stage.guess)
    far = jnp.full_like(now.surface, jnp.inf)
    begin = _Iterate(jnp.int32(0), stage.guess, now, right, far, far[0, 0], -far, stage.guess, -far)
    end = lax.while_loop(unsolved, advance, begin)
    last, _ = look(end.before)
    return end.theta, _heat(last, end.theta - end.before, end.bound)


@solve_stage.defjvp
def _derivative(primals: tuple[Stage], tangents: tuple[Any]) -> tuple[Any, Any]:
    """By the implicit function theorem: the matrix at the solution, and the change of the residual beside it."""
    (stage,), (change,) = primals, tangents
    theta, heat = solve_stage(stage)
    theta = checkpoint_name(theta, SOLUTION)  # type: ignore[no-untyped-call]

    def residual(stage: Stage) -> Field:
        return _residual(stage, theta, balance(stage.field, theta, stage.surface))

    _, right = jax.jvp(residual, (stage,), (change,))
    moved = _solve(stage.weight, balance(stage.field, theta, stage.surface), right)

    def heat_of(stage: Stage, theta: Field) -> Heat:
        return _heat(balance(stage.field, theta, stage.surface), jnp.zeros_like(theta))

    _, warmed = jax.jvp(heat_of, (stage, theta), (change, moved))
    return (theta, heat), (moved, warmed)
