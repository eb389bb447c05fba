"""A second solver of the same equation, slow and plain, against which the kernel is tested.

It shares no method with the kernel. Space: linear finite elements with a consistent mass matrix, nodes on the
surface and on every interface, equal elements within a layer. Time: backward Euler over a sub-step and over
its two halves, extrapolated, which is L-stable and second order and so needs no care after a jump of the
exposure (Lawson and Morris 1978, SIAM J Numer Anal 15:1212). Arithmetic: float64 in NumPy; all columns of a
batch form one symmetric tridiagonal system, solved anew for every sub-step.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.linalg import solveh_banded

from cryomassage.engine.column import Layers
from cryomassage.engine.reference_vessels import ReferenceVessels
from cryomassage.engine.solver import Exposure

_Nodes = Float[np.ndarray, "columns nodes"]
_Elements = Float[np.ndarray, "columns elements"]
_PerColumn = Float[np.ndarray, " columns"]


class Surroundings(NamedTuple):
    """A constant exchange in which columns have come to rest: W/(m^2 K) to a sink at degC."""

    heat_transfer_coefficient: _PerColumn
    sink_temperature_degC: _PerColumn


class ReferenceHistory(NamedTuple):
    """Temperatures at the end of each kernel step, and the lowest over all sub-steps after the start."""

    surface_degC: Float[np.ndarray, "groups steps columns"]
    probe_degC: Float[np.ndarray, "groups steps probes columns"]
    lowest_surface_degC: _PerColumn
    lowest_probe_degC: Float[np.ndarray, "probes columns"]


class _Tridiagonal(NamedTuple):
    """A symmetric tridiagonal matrix per column; `beside[:, i]` couples node i to i + 1, its last is zero."""

    diagonal: _Nodes
    beside: _Nodes

    def times(self, vector: _Nodes) -> _Nodes:
        result: _Nodes = self.diagonal * vector
        result[:, :-1] += self.beside[:, :-1] * vector[:, 1:]
        result[:, 1:] += self.beside[:, :-1] * vector[:, :-1]
        return result

    def solve(self, right: _Nodes, coefficient: _PerColumn, into_surface: _PerColumn) -> _Nodes:
        """Solve with the surface exchange, W/(m^2 K) and W/m^2, added to the first node."""
        bands, loaded = np.stack([self.diagonal, self.beside]), right.copy()
        bands[0, :, 0] += coefficient
        loaded[:, 0] += into_surface
        flat = solveh_banded(bands.reshape(2, -1), loaded.ravel(), lower=True, check_finite=False)
        return np.asarray(flat).reshape(right.shape)


class _Equation(NamedTuple):
    """mass dT/dt + stiffness T = load, without the surface exchange; `depth` of the nodes in m."""

    depth: _Nodes
    mass: _Tridiagonal
    stiffness: _Tridiagonal
    load: _Nodes

    def backward_euler(self, step_s: _PerColumn) -> _Tridiagonal:
        rate = 1.0 / step_s[:, None]
        return _Tridiagonal(*(m * rate + k for m, k in zip(self.mass, self.stiffness, strict=True)))


def _assemble(
    layers: Layers, arterial: _PerColumn, deep_conductance: _PerColumn, deep: _PerColumn, per_layer: int
) -> _Equation:
    thickness, conductivity, capacity, perfusion, metabolic = (
        np.repeat(np.asarray(values, dtype=np.float64), per_layer, axis=0).T for values in layers
    )
    width = thickness / per_layer

    def between(share: _Elements) -> _Nodes:
        return np.hstack([share, np.zeros((len(share), 1))])

    def to_nodes(share: _Elements) -> _Nodes:
        return np.asarray(between(share) + np.roll(between(share), 1, axis=1))

    stiffness = to_nodes(conductivity / width + perfusion * width / 3)
    stiffness[:, -1] += deep_conductance
    load = to_nodes(0.5 * width * (perfusion * arterial[:, None] + metabolic))
    load[:, -1] += deep_conductance * deep
    return _Equation(
        depth=np.pad(np.cumsum(width, axis=1), ((0, 0), (1, 0))),
        mass=_Tridiagonal(to_nodes(capacity * width / 3), between(capacity * width / 6)),
        stiffness=_Tridiagonal(stiffness, between(perfusion * width / 6 - conductivity / width)),
        load=load,
    )


class Answering(NamedTuple):
    """Vessels that answer: where they feel the cold, and in which layers they govern the flow."""

    vessels: ReferenceVessels
    felt_depth_m: _PerColumn
    governed: Float[np.ndarray, " layers"]  # 1 or 0

    def perfused(self, layers: Layers) -> Layers:
        """Layers with the blood flow of now."""
        share = 1.0 + self.governed[:, None] * (self.vessels.flow - 1.0)
        return layers._replace(perfusion_conductance=layers.perfusion_conductance * share)


class _Between(NamedTuple):
    """Depths between two nodes each, and how far from the upper one."""

    element: np.ndarray
    share: Float[np.ndarray, "columns depths"]

    def read(self, now: _Nodes) -> Float[np.ndarray, "columns depths"]:
        """Values there."""
        upper, lower = (np.take_along_axis(now, self.element + i, axis=1) for i in (0, 1))
        return np.asarray(upper + self.share * (lower - upper))


def _between(nodes_m: _Nodes, depths_m: Float[np.ndarray, "columns depths"]) -> _Between:
    element = np.sum(nodes_m[:, None, 1:-1] <= depths_m[:, :, None], axis=2)
    top, bottom = (np.take_along_axis(nodes_m, element + i, axis=1) for i in (0, 1))
    return _Between(element, (depths_m - top) / (bottom - top))


def reference_history(
    layers: Layers,
    arterial_temperature_degC: _PerColumn,
    deep_conductance: _PerColumn,
    deep_temperature_degC: _PerColumn,
    exposure: Exposure,
    initial: Surroundings | _PerColumn,
    depths_m: Float[np.ndarray, "probes columns"],
    elements_per_layer: int = 30,
    refine: int = 2,
    answering: Answering | None = None,
) -> ReferenceHistory:
    """Step columns through a piecewise constant exposure and read them.

    The first four arguments are those of `layered_column`, with all layers cut into equally many elements.
    `initial` are surroundings in which the columns came to rest, or one temperature per column in degC.
    Each kernel step is cut into `refine` sub-steps. Where the vessels answer, they follow the temperature from sub-step
    to sub-step, and the flow of its beginning perfuses each.

    Raises:
        ValueError: the exposure varies within its steps or heats the inside of the column.
    """
    if exposure.heat_transfer_coefficient.shape[2] != 1 or exposure.volumetric_heat is not None:
        raise ValueError("the reference takes exposures that are constant within a step and act on the surface")
    below = (deep_conductance, deep_temperature_degC)
    equation = _assemble(layers, arterial_temperature_degC, *below, elements_per_layer)
    steps_s, coefficient, sink, flux = (np.asarray(part, dtype=np.float64) for part in exposure[:4])
    groups, steps, _, columns = coefficient.shape
    felt = None if answering is None else _between(equation.depth, answering.felt_depth_m[:, None])
    probes = _between(equation.depth, depths_m.T)

    if isinstance(initial, Surroundings):
        room, room_sink = initial
        now = equation.stiffness.solve(equation.load, room, room * room_sink)
    else:
        now = np.tile(initial[:, None], equation.depth.shape[1])
    history = np.empty((groups, steps, 1 + len(depths_m), columns))
    lowest = np.full(history.shape[2:], np.inf)
    for group, step_s in enumerate(steps_s / refine):
        rate = 1.0 / step_s[:, None]
        for step in range(steps):
            h = coefficient[group, step, 0]
            surface = (h, h * sink[group, step, 0] + flux[group, step, 0])
            for _ in range(refine):
                if answering is not None:
                    perfused = answering.perfused(layers)
                    equation = _assemble(perfused, arterial_temperature_degC, *below, elements_per_layer)
                whole, half = equation.backward_euler(step_s), equation.backward_euler(0.5 * step_s)
                right = rate * equation.mass.times(now)
                middle = half.solve(2.0 * right + equation.load, *surface)
                late = half.solve(2.0 * rate * equation.mass.times(middle) + equation.load, *surface)
                now = 2.0 * late - whole.solve(right + equation.load, *surface)
                history[group, step] = np.vstack([now[:, 0], probes.read(now).T])
                lowest = np.minimum(lowest, history[group, step])
                if answering is not None and felt is not None:
                    answering.vessels.step(felt.read(now)[:, 0], step_s)
    return ReferenceHistory(history[:, :, 0], history[:, :, 1:], lowest[0], lowest[1:])
