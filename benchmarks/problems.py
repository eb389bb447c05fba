"""The problems of the performance page, as data: no engine, nothing but NumPy, so that every peer can read them.

CB-1: a cold applicator glides to and fro over a 2-D slab; linear.
CB-3: an applicator at -150 degC glides over a 3-D block; freezing.
CB-4: CB-3 on a coarser surface with a smooth footprint; gradients of one number.
CB-5: two thousand freezing columns.
The reference session: a jet in raster over 100 x 100 mm of skin, then rewarming.

SI units and degC throughout; depth from the surface down, x along the surface from the left side.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Array = np.ndarray

BLOOD_J_PER_M3_K = 1050.0 * 3770.0
BLOOD_degC = 37.0
SNAPSHOT_EVERY_s = 1.25
ROOM_W_PER_M2_K, ROOM_degC = 10.0, 24.0


class Glide(NamedTuple):
    """An applicator that goes to and fro along x between two places at constant speed, starting at the first."""

    first_x: float
    last_x: float
    speed: float
    radius: float
    coefficient: float
    temperature_degC: float

    @property
    def leg_s(self) -> float:
        """Time from one turning point to the next."""
        return (self.last_x - self.first_x) / self.speed

    def centre(self, time_s: Array | float) -> Array:
        """Where the centre is, m."""
        phase = np.mod(np.asarray(time_s, float) / self.leg_s, 2.0)
        return np.asarray(self.first_x + (self.last_x - self.first_x) * np.where(phase <= 1.0, phase, 2.0 - phase))

    def legs(self, end_s: float) -> Array:
        """Straight pieces up to a time: rows of begin, end (s), x at begin, x at end (m)."""
        count = int(np.ceil(end_s / self.leg_s - 1e-9))
        begin = np.arange(count) * self.leg_s
        end = np.minimum(begin + self.leg_s, end_s)
        return np.stack([begin, end, self.centre(begin), self.centre(end)], axis=1)

    def time_covered(self, x: Array, half_chord: Array, until_s: Array) -> Array:
        """Time up to `until_s` during which |x - centre| <= half_chord, s; shape of until_s, then of x."""

        def in_leg(along: Array) -> Array:  # of the way forward, travelled `along` of it
            first = np.clip(x - half_chord - self.first_x, 0.0, None)
            last = np.minimum(x + half_chord - self.first_x, self.last_x - self.first_x)
            return np.asarray(np.clip(np.minimum(along, last) - first, 0.0, None) / self.speed)

        way = self.last_x - self.first_x
        time = np.asarray(until_s, float)[..., *(None,) * np.ndim(x)]
        cycle, rest = np.divmod(time, 2.0 * self.leg_s)
        forward = np.minimum(rest, self.leg_s) * self.speed
        back = np.maximum(rest - self.leg_s, 0.0) * self.speed
        whole = in_leg(np.asarray(way))
        covered = 2.0 * cycle * whole + in_leg(forward) + whole - in_leg(way - back)
        return np.where(half_chord > 0.0, covered, 0.0)

    def coverage(self, x: Array, half_chord: Array, edges_s: Array) -> Array:
        """Share of each step, from edge to edge, during which each place is under the applicator."""
        covered = np.diff(self.time_covered(x, half_chord, edges_s), axis=0)
        return np.asarray(covered / np.diff(edges_s)[..., *(None,) * np.ndim(x)])


class Slab(NamedTuple):
    """CB-1 on a grid; arrays run over depth. The bottom is held, the sides are insulated."""

    spacing: float
    columns: int
    cell_width: Array
    conductivity: Array  # W/(m K)
    heat_capacity: Array  # J/(m^3 K)
    perfusion: Array  # W/(m^3 K)
    glide: Glide
    bottom_degC: float = 37.0

    @property
    def x(self) -> Array:
        """Centres of the columns, m."""
        return (np.arange(self.columns) + 0.5) * self.spacing

    @property
    def z(self) -> Array:
        """Depth of the cell centres, m."""
        return np.asarray(np.cumsum(self.cell_width) - 0.5 * self.cell_width)

    @property
    def start_degC(self) -> Array:
        """Of the cells, linear from 33 to 37 degC."""
        return 33.0 + 4.0 * self.z / float(np.sum(self.cell_width))

    @property
    def face_conductance(self) -> Array:
        """W/(m^2 K) through the face below each cell, halves in series; the last to the held bottom."""
        half = 0.5 * self.cell_width / self.conductivity
        return np.append(1.0 / (half[:-1] + half[1:]), 1.0 / half[-1])

    def surface_conductance(self, coefficient: Array | float) -> Array:
        """W/(m^2 K) from the first cell centre to what touches the surface."""
        return np.asarray(coefficient / (1.0 + coefficient * 0.5 * self.cell_width[0] / self.conductivity[0]))

    def stable_step_s(self) -> float:
        """Longest step of the explicit Euler scheme, by Gershgorin's circles."""
        face = self.face_conductance
        cold = self.surface_conductance(self.glide.coefficient)
        storage = self.heat_capacity * self.cell_width
        out = (np.append(cold, face[:-1]) + face) / storage + self.perfusion / self.heat_capacity
        to_cells = (np.append(0.0, face[:-1]) + np.append(face[:-1], 0.0)) / storage
        sideways = 4.0 * self.conductivity / self.heat_capacity / self.spacing**2
        return float(2.0 / np.max(out + to_cells + sideways))


CB1_WIDTH, CB1_DEPTH, CB1_END_s = 0.060, 0.020, 60.0
_CB1_BOTTOM = np.array([0.25e-3, 2e-3, 10e-3, 20e-3])
_CB1_CONDUCTIVITY = np.array([0.24, 0.45, 0.20, 0.50])
_CB1_CAPACITY = np.array([1190.0 * 3600, 1116.0 * 3300, 971.0 * 2700, 1090.0 * 3800])
_CB1_PERFUSION = np.array([0.0, 0.0015, 0.0003, 0.0006]) * BLOOD_J_PER_M3_K
CB1_GLIDE = Glide(0.015, 0.045, 0.020, 0.010, 500.0, 0.0)


def cb1(columns: int, cell_width: Array) -> Slab:
    """CB-1 with so many columns on any depth grid whose cells do not straddle layers."""
    middle = np.cumsum(cell_width) - 0.5 * cell_width
    layer = np.searchsorted(_CB1_BOTTOM, middle)
    return Slab(
        CB1_WIDTH / columns,
        columns,
        cell_width,
        _CB1_CONDUCTIVITY[layer],
        _CB1_CAPACITY[layer],
        _CB1_PERFUSION[layer],
        CB1_GLIDE,
    )


def cb1_uniform(columns: int = 120, cells: int = 160) -> Slab:
    """CB-1 on a uniform grid; 120 x 160 is how it is stated. `cells` is a multiple of 80."""
    return cb1(columns, np.full(cells, CB1_DEPTH / cells))


def graded_widths(layers: Array, cells: tuple[int, ...], growth: tuple[float, ...]) -> Array:
    """Cells that fill layers of given thickness, growing geometrically within each."""
    parts = []
    for thickness, count, ratio in zip(layers, cells, growth, strict=True):
        series = ratio ** np.arange(count)
        parts.append(thickness * series / series.sum())
    return np.concatenate(parts)


def cb1_graded(columns: int, cells: tuple[int, int, int, int], growth: tuple[float, float, float, float]) -> Slab:
    """CB-1 on a grid graded in depth."""
    return cb1(columns, graded_widths(np.diff(_CB1_BOTTOM, prepend=0.0), cells, growth))


class Block(NamedTuple):
    """CB-3 and CB-4 on a grid; arrays run over depth. Held below, insulated at the sides.

    Freezing, for every engine: from -1 to -8 degC the medium gives up its unfrozen sensible heat and, evenly on top,
    its latent heat; conductivity goes over in proportion to the ice; below -8 degC all is frozen. Blood flow is
    multiplied by the liquid share. Between cells, conductivities count in series in depth, and by their arithmetic
    mean sideways.
    """

    spacing: float
    rows: int
    columns: int
    cell_width: Array
    conductivity: Array
    frozen_conductivity: Array
    heat_capacity: Array
    frozen_heat_capacity: Array
    latent_heat: Array  # J/m^3
    perfusion: Array
    glide: Glide
    centre_y: float
    bottom_degC: float = 37.0

    @property
    def x(self) -> Array:
        """Centres of the columns, m."""
        return (np.arange(self.columns) + 0.5) * self.spacing

    @property
    def y(self) -> Array:
        """Centres of the rows, m."""
        return (np.arange(self.rows) + 0.5) * self.spacing

    @property
    def z(self) -> Array:
        """Depth of the cell centres, m."""
        return np.asarray(np.cumsum(self.cell_width) - 0.5 * self.cell_width)

    @property
    def start_degC(self) -> Array:
        """Of the cells, linear from 33 to 37 degC."""
        return 33.0 + 4.0 * self.z / float(np.sum(self.cell_width))

    @property
    def half_chord(self) -> Array:
        """Half the length along x of the applicator over each row, m; 0 beside it."""
        return np.sqrt(np.maximum(self.glide.radius**2 - (self.y - self.centre_y) ** 2, 0.0))

    @property
    def cell_mm3(self) -> float:
        """Volume of a cell of the uniform grid, mm^3."""
        return self.spacing**2 * float(self.cell_width[0]) * 1e9


FREEZING_BEGINS_degC, FREEZING_ENDS_degC = -1.0, -8.0
CB3_GLIDE = Glide(0.020, 0.040, 0.020, 0.010, 600.0, -150.0)
CB3_END_s = 60.0


def cb3(columns: int = 120, rows: int = 80, cells: int = 80) -> Block:
    """CB-3; with 60 x 40 columns the grid of CB-4."""
    width = 0.010 / cells
    middle = (np.arange(cells) + 0.5) * width
    layer = np.searchsorted(_CB1_BOTTOM[:2], middle)

    def each(*values: float) -> Array:
        return np.array(values)[layer]

    return Block(
        0.060 / columns,
        rows,
        columns,
        np.full(cells, width),
        each(0.24, 0.45, 0.20),
        each(0.6, 1.6, 0.30),
        each(4.28e6, 3.68e6, 2.62e6),
        each(2.2e6, 1.9e6, 1.8e6),
        each(6e7, 2.2e8, 3e7),
        _CB1_PERFUSION[layer],
        CB3_GLIDE,
        0.020,
    )


CB4_DEPTH, CB4_END_s, CB4_STEPS = 0.56e-3, 6.0, 1500
CB4_EDGE = 1.0e-3  # m, over which the edge of the applicator goes over: coefficient * sigmoid((radius - r) / edge)


class Columns(NamedTuple):
    """CB-5: columns that differ in exposure and skin; arrays run over columns."""

    cell_width: float
    cells: int
    coefficient: Array
    temperature_degC: Array
    perfusion: Array
    conductivity: Array
    frozen_over_unfrozen_conductivity: float = 1.6 / 0.45
    heat_capacity: float = 3.68e6
    frozen_heat_capacity: float = 1.9e6
    latent_heat: float = 2.2e8
    bottom_degC: float = 37.0

    @property
    def start_degC(self) -> Array:
        """Of the cells, linear from 33 to 37 degC."""
        return 33.0 + 4.0 * (np.arange(self.cells) + 0.5) / self.cells


CB5_END_s, CB5_STEPS = 60.0, 600


def cb5(columns: int = 2000) -> Columns:
    """CB-5: drawn evenly from its ranges."""
    draw = np.random.default_rng(5).uniform
    return Columns(
        cell_width=0.1e-3,
        cells=100,
        coefficient=draw(300, 2000, columns),
        temperature_degC=draw(-180, -60, columns),
        perfusion=draw(500, 6000, columns),
        conductivity=draw(0.3, 0.5, columns),
    )


class Session(NamedTuple):
    """The reference session: a Gaussian jet in raster, then rewarming."""

    side: float
    spacing: float
    cell_width: Array
    layer: Array  # index of each cell's layer
    coefficient: float
    sink_degC: float
    radius: float
    path: Array  # rows of begin, end (s), x0, y0, x1, y1 (m)
    snapshot_s: Array


SESSION_LAYERS = np.array([0.02e-3, 0.08e-3, 1.4e-3, 8.5e-3])
SESSION_CONDUCTIVITY = np.array([0.20, 0.21, 0.37, 0.21])
SESSION_CAPACITY = np.array([5.04e6, 4.14e6, 3.78e6, 2.14e6])
SESSION_PERFUSION = np.array([0.0, 0.0, 2.5e-3, 5e-4]) * 1050.0 * 3617.0
SESSION_METABOLISM = np.array([0.0, 0.0, 1400.0, 461.0])
SESSION_LATENT_HEAT = np.array([1.0e8, 2.1e8, 2.1e8, 0.4e8])
SESSION_FREEZING_degC = -0.55
SESSION_BASAL_DEPTH = 0.075e-3
SESSION_BLOOD_degC, SESSION_SKIN_degC = 36.8, 33.5
SESSION_ROOM_W_PER_M2_K, SESSION_ROOM_degC = 10.0, 23.0
SESSION_COLD_s, SESSION_END_s = 180.0, 300.0


def _raster(speed: float, pitch: float = 0.010, low: float = 0.010, high: float = 0.090) -> Array:
    """Lines along x, a pitch apart, again and again until the cold goes off."""
    pieces = []
    now, x, y, right = 0.0, low, low, True
    while now < SESSION_COLD_s:
        next_y = y + pitch if y + pitch <= high + 1e-9 else low
        for x_to, y_to in ((high if right else low, y), (high if right else low, next_y)):
            lasts = max(abs(x_to - x), abs(y_to - y)) / speed
            pieces.append((now, now + lasts, x, y, x_to, y_to))
            now, x, y = now + lasts, x_to, y_to
        right = not right
    path = np.array([piece for piece in pieces if piece[0] < SESSION_COLD_s])
    share = (SESSION_COLD_s - path[-1, 0]) / (path[-1, 1] - path[-1, 0])
    if share < 1.0:
        path[-1, 4:] = path[-1, 2:4] + share * (path[-1, 4:] - path[-1, 2:4])
        path[-1, 1] = SESSION_COLD_s
    return path


def session(
    *, freezing: bool = False, refined: int = 1, spacing: float = 1e-3, cells: tuple[int, ...] = (2, 6, 14, 10)
) -> Session:
    """The session of 100 x 100 mm; with freezing the jet is colder, stronger and slower, so that much of it freezes."""
    growth = (1.0, 1.1, 1.25, 1.4)
    count = tuple(each * refined for each in cells)
    widths = graded_widths(SESSION_LAYERS, count, tuple(each ** (1.0 / refined) for each in growth))
    return Session(
        0.1,
        spacing / refined,
        widths,
        np.repeat(np.arange(4), count),
        900.0 if freezing else 300.0,
        -170.0 if freezing else -100.0,
        6e-3,
        _raster(0.015 if freezing else 0.030),
        np.array([20.0, 60.0, 100.0, 140.0, 180.0, 185.0, 200.0, 240.0, 300.0]),
    )
