"""Derivatives through columns and patches: Taylor's remainder shrinks with the square of the change."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cryomassage.engine.column import Column
from cryomassage.engine.differentiable import (
    Geometry,
    MovingSource,
    Shape,
    column_field,
    enthalpy_temperature_K,
    march,
    moving_sources,
    patch_field,
    surface_of,
    temperature_degC,
    tissue_freezing_law,
)
from cryomassage.engine.freezing import IceProperties
from cryomassage.engine.patch import Footprint, Patch, Surroundings
from cryomassage.engine.solver import Exposure, advance, locate_probes, start

pytestmark = pytest.mark.unit

# Rounded numbers of ice, for tests only.
ICE = IceProperties(
    np.array([-196.0, -100.0, -40.0, 0.0]),
    np.array([700.0, 1400.0, 1800.0, 2100.0]),
    np.array([5.5, 3.5, 2.6, 2.2]),
    917.0,
    3.34e5,
    4180.0,
    0.6,
)
CELLS = 12
Parameters = dict[str, jax.Array]


@cache
def compiled(number: Callable[[Parameters], jax.Array]) -> tuple[Any, Any]:
    """The number, and its derivatives by all parameters in reverse; compiled once for all tests."""
    return jax.jit(number), jax.jit(jax.value_and_grad(number))


def remainders(number: Callable[[Parameters], jax.Array], at: Parameters, name: str, step: float) -> list[float]:
    """|f(x + h x) - f(x) - h x f'(x)| for h, h/2 and h/4, with the reverse derivative by one parameter."""
    plain, both = compiled(number)
    value, gradient = both(at)
    found = []
    for share in (step, 0.5 * step, 0.25 * step):
        change = share * at[name]
        moved = plain({**at, name: at[name] + change})
        found.append(float(abs(moved - value - jnp.sum(change * gradient[name]))))
    return found


def assert_second_order(found: list[float], name: str, floor: float = 1e-11) -> None:
    assert found[0] > floor, f"{name}: the number is linear, and the test says nothing: {found}"
    for large, small in pairwise(found):
        assert large / small == pytest.approx(4.0, rel=0.25), (name, found)


def linear_column(parameters: Parameters) -> jax.Array:
    one = jnp.ones((CELLS, 1))
    column = Column(
        cell_width=0.1e-3 * one,
        thermal_conductivity=parameters["conductivity"] * one,
        volumetric_heat_capacity=parameters["capacity"] * one,
        perfusion_conductance=parameters["perfusion"] * one,
        metabolic_heat_production=500.0 * one,
        arterial_temperature_degC=jnp.array([37.0]),
        deep_conductance=jnp.array([50.0]),
        deep_temperature_degC=jnp.array([37.0]),
    )
    steps = jnp.ones((2, 5, 1, 1))
    exposure = Exposure(
        jnp.array([[0.1], [0.3]]),
        parameters["coefficient"] * steps,
        parameters["sink"] * steps,
        parameters["flux"][:, :, None, None] * steps,
    )
    probes = locate_probes(column, jnp.array([[0.25e-3]]))
    state, trace = advance(column, start(column, jnp.full((CELLS, 1), 33.0)), exposure, probes)
    reached = trace.probe_degC[-1, -1, 0, 0] + 0.1 * trace.surface_degC[0, -1, 0]
    # Squared, so that the number is not linear in sink and flux, and a Taylor test tells something.
    return (reached + jnp.mean(state.temperature_degC)) ** 2


@pytest.mark.parametrize("name", ["coefficient", "sink", "flux", "conductivity", "capacity", "perfusion"])
def test_gradients_of_the_column_solver_are_exact(name: str) -> None:
    with jax.enable_x64(True):
        at = {
            "coefficient": jnp.array(300.0),
            "sink": jnp.array(-20.0),
            "flux": -200.0 * (1.0 + jnp.arange(10.0).reshape(2, 5)),
            "conductivity": jnp.array(0.4),
            "capacity": jnp.array(3.7e6),
            "perfusion": jnp.array(9000.0),
        }
        assert_second_order(remainders(linear_column, at, name, 0.02), name)


def freezing_column(parameters: Parameters) -> jax.Array:
    """A finger in the cold: mean temperature, ice and heat of freezing tissue, in one number."""
    one = jnp.ones((CELLS, 1))
    capacity, conductivity = parameters["capacity"] * one, parameters["conductivity"] * one
    column = Column(
        cell_width=parameters["radius"] / CELLS * one,
        thermal_conductivity=conductivity,
        volumetric_heat_capacity=capacity,
        perfusion_conductance=parameters["perfusion"] * one,
        metabolic_heat_production=0.0 * one,
        arterial_temperature_degC=jnp.array([37.0]),
        deep_conductance=jnp.array([0.0]),
        deep_temperature_degC=jnp.array([37.0]),
    )
    law = tissue_freezing_law(capacity, conductivity, parameters["latent_heat"] * one, -0.55, ICE)
    field = column_field(column, law, Geometry(Shape.CYLINDER, parameters["radius"]))
    surface = surface_of(field, parameters["coefficient"] * jnp.ones((1, 1)), parameters["sink"] * jnp.ones((1, 1)))
    begin = enthalpy_temperature_K(field, jnp.full((CELLS, 1, 1), 30.0))
    end, history = march(field, begin, surface, jnp.full(16, 0.6), steps_per_chunk=4)
    drawn = jnp.sum(history.heat.surface) / 1e5
    return (jnp.mean(temperature_degC(field, end)) + 0.1 * history.surface_degC[-1, 0, 0] + drawn) ** 2


FREEZING = {
    "coefficient": 800.0,
    "sink": -120.0,
    "capacity": 3.7e6,
    "conductivity": 0.45,
    "latent_heat": 2.0e8,
    "perfusion": 9000.0,
    "radius": 6.0e-3,
}


@pytest.mark.parametrize("name", sorted(FREEZING))
@pytest.mark.slow
def test_gradients_through_ice_are_exact(name: str) -> None:
    with jax.enable_x64(True):
        at = {key: jnp.array(value) for key, value in FREEZING.items()}
        # Small changes: where a cell crosses a knot of the law, the result has a kink.
        assert_second_order(remainders(freezing_column, at, name, 2e-5), name, floor=1e-12)


@pytest.mark.slow
def test_forward_and_reverse_agree() -> None:
    with jax.enable_x64(True):
        at = {key: jnp.array(value) for key, value in FREEZING.items()}
        _, reverse = compiled(freezing_column)[1](at)
        forward: Any = jax.jit(jax.jacfwd(freezing_column))(at)
        for name, value in reverse.items():
            assert float(forward[name]) == pytest.approx(float(value), rel=1e-9), name


@pytest.mark.slow
def test_a_batch_is_its_columns() -> None:
    with jax.enable_x64(True):
        at = {key: jnp.array([value, 1.05 * value]) for key, value in FREEZING.items()}
        batch = jax.jit(jax.vmap(freezing_column))(at)
        for n in range(2):
            single = compiled(freezing_column)[0]({key: value[n] for key, value in at.items()})
            assert float(batch[n]) == pytest.approx(float(single), rel=1e-7)


def patch(parameters: Parameters) -> tuple[Patch, Any]:
    cells, rows, columns = 8, 5, 6
    capacity, conductivity = jnp.full(cells, 3.7e6), parameters["conductivity"] * jnp.ones(cells)
    law = tissue_freezing_law(capacity, conductivity, jnp.full(cells, 2.0e8), -0.55, ICE)
    medium = Patch(
        cell_width=jnp.full(cells, 0.2e-3),
        thermal_conductivity=conductivity,
        volumetric_heat_capacity=capacity,
        perfusion_conductance=jnp.full(cells, 9000.0),
        metabolic_heat_production=jnp.zeros(cells),
        arterial_temperature_degC=37.0,
        deep_conductance=100.0,
        deep_temperature_degC=37.0,
        rows=rows,
        columns=columns,
        spacing=1.0e-3,
        freezing=law,
    )
    source = MovingSource(
        path=jnp.array([[1.2e-3, 2.5e-3], [4.1e-3, 2.5e-3], [4.1e-3, 3.4e-3]]),
        speed=parameters["speed"],
        coefficient=parameters["coefficient"],
        sink_temperature_degC=parameters["sink"],
        radius=parameters["footprint"],
        footprint=int(Footprint.RING),
    )
    return medium, source


def patch_end(parameters: Parameters) -> jax.Array:
    medium, source = patch(parameters)
    field = patch_field(medium)
    exposure = moving_sources(medium, [source], Surroundings(10.0, 24.0))
    begin = enthalpy_temperature_K(field, jnp.full((8, 5, 6), 33.0))
    end, _ = march(field, begin, exposure, jnp.full(12, 0.1), steps_per_chunk=4)
    return temperature_degC(field, end)


def patch_number(parameters: Parameters) -> jax.Array:
    return jnp.mean(patch_end(parameters)[:3] ** 2)


PATCH = {"speed": 2.3e-3, "coefficient": 1500.0, "sink": -150.0, "footprint": 1.7e-3, "conductivity": 0.4}


@pytest.mark.parametrize("name", sorted(PATCH))
@pytest.mark.slow
def test_gradients_of_a_freezing_patch_under_a_stroke_are_exact(name: str) -> None:
    with jax.enable_x64(True):
        at = {key: jnp.array(value) for key, value in PATCH.items()}
        assert_second_order(remainders(patch_number, at, name, 1e-5), name, floor=1e-12)


@pytest.mark.slow
def test_the_patch_of_the_gradients_freezes() -> None:
    with jax.enable_x64(True):
        end = jax.jit(patch_end)({key: jnp.array(value) for key, value in PATCH.items()})
        assert float(end.min()) < -1.0
