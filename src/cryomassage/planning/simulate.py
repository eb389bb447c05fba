"""Any exposure on any site: what a population of virtual skins, or a gel phantom, goes through.

The exposure is that of one point which the cold touches and leaves; the hand and its speed play no part here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from cryomassage import __version__
from cryomassage.engine.solver import Exposure, Probes, State, advance, locate_probes, start
from cryomassage.engine.vasomotion import Vasomotion, at_rest
from cryomassage.errors import EngineError, InputError, Problem
from cryomassage.knowledge.schema import ColdSource, Knowledge, Zone, ZoneLayer
from cryomassage.knowledge.values import Known, Quantity
from cryomassage.planning.simulate_body import StretchRead, answering_body, body_notes, stretch_read
from cryomassage.planning.virtual_skin import Posed, VirtualSkins, draw
from cryomassage.records.history import Band, History
from cryomassage.records.scenario import (
    PHANTOM,
    COLDEST_degC,
    Exchange,
    Interval,
    Phantom,
    PopulationRange,
    Scenario,
    SimulatedReading,
    SimulationReport,
)

WARMEST_degC = 60.0
_ROUNDING_K = 0.01  # float32 near -196
_CUSTOM = "custom_exchange"
_PHANTOM_TISSUE = "agarose_gel"
_PHANTOM_LAYERS_mm = (0.05, 0.25, 5.0)  # fine cells where the cold begins; the rest of the block lies below

_GROUPS, _STEPS = 24, 4
# Every stretch begins with a jump of the exposure: its steps start short and grow from group to group. They double
# with every third group, which keeps groups short beside the times of the vessels.
_SHARES = 2.0 ** (np.arange(_GROUPS) / 3.0)
_SHARES /= _SHARES.sum()

_FIELD_ROWS = 40
_FIELD_FIRST_mm = 0.02
_FIELD_DEEPEST_mm = 30.0
_QUANTILES = (0.05, 0.50, 0.95)


@dataclass(frozen=True)
class Place:
    """A depth that is read: its name in words and in column names, and its depth in every skin."""

    name: str
    column: str
    depth: Float[np.ndarray, " skins"]  # m


@dataclass(frozen=True)
class Simulation:
    """What was computed, in words and numbers and as curves."""

    report: SimulationReport
    history: History


def _fixed(value: float, unit: str) -> Quantity:
    return Quantity(value=value, unit=unit, range=(value, value), source=("scenario",), known=Known.DECIDED)


def _custom_source(exchange: Exchange) -> ColdSource:
    """Numbers of a scenario in the shape of a cold source; a flux needs no coefficient, so any will do."""
    return ColdSource(
        name="exchange given in the scenario",
        agent="other_cryogen",
        role="reference",
        touches=False,
        heat_transfer_coefficient=_fixed(exchange.heat_transfer_coefficient or 1.0, "W/(m^2*K)"),
        sink_temperature=_fixed(exchange.sink_temperature or 0.0, "degC"),
    )


def _phantom_zone(phantom: Phantom, template: Zone) -> Zone:
    """A gel block in the shape of a zone: all its layers are gel."""
    rest = phantom.thickness - sum(_PHANTOM_LAYERS_mm)
    layers = tuple(
        ZoneLayer(tissue=_PHANTOM_TISSUE, female=_fixed(thickness, "mm"), male=_fixed(thickness, "mm"))
        for thickness in (*_PHANTOM_LAYERS_mm, rest)
    )
    start_degC = _fixed(phantom.start_temperature, "degC")
    return template.model_copy(update={"layers": layers, "arterial_temperature": start_degC})


def _extended(scenario: Scenario, knowledge: Knowledge) -> Knowledge:
    """The knowledge together with what only this scenario knows."""
    update: dict[str, object] = {}
    if scenario.exchange is not None:
        update["cold_source"] = {**knowledge.cold_source, _CUSTOM: _custom_source(scenario.exchange)}
    if scenario.phantom is not None:
        template = next(iter(knowledge.zone.values()))
        update["zone"] = {**knowledge.zone, PHANTOM: _phantom_zone(scenario.phantom, template)}
    return knowledge.model_copy(update=update)


def _population(scenario: Scenario, knowledge: Knowledge) -> tuple[VirtualSkins, State]:
    """The virtual skins of a scenario, and their temperatures at the start."""
    posed = Posed(
        zone=scenario.site,
        sex=scenario.sex or "female",
        cold_source=scenario.cold_source or _CUSTOM,
        room_degC=scenario.room_temperature,
        barrier=scenario.barrier,
    )
    skins = draw(posed, _extended(scenario, knowledge), scenario.virtual_skins, scenario.seed)
    if scenario.phantom is None:
        return skins, skins.at_rest
    insulated = skins.column._replace(deep_conductance=jnp.zeros(skins.count, jnp.float32))
    even = jnp.full_like(insulated.cell_width, scenario.phantom.start_temperature)
    return replace(skins, column=insulated), start(insulated, even)


def _depth_name(depth_mm: float) -> str:
    return f"depth_{depth_mm:g}_mm".replace(".", "_")


def _places(scenario: Scenario, skins: VirtualSkins, knowledge: Knowledge) -> tuple[Place, ...]:
    """Surface first, then the depths that are always told, then those asked for."""

    def at(depth_mm: float) -> Place:
        return Place(f"{depth_mm:g} mm deep", _depth_name(depth_mm), np.full(skins.count, depth_mm * 1e-3))

    told = [Place("surface", "surface", np.zeros(skins.count))]
    if scenario.phantom is None:
        told.append(Place("basal layer", "basal_layer", skins.basal_depth))
        told.append(at(1.0))
        below = knowledge.zone[scenario.site].layers[3:4]
        for layer in below:
            name = knowledge.tissue[layer.tissue].name.lower()
            told.append(Place(f"top of the {name}", f"top_of_{layer.tissue}", skins.fat_depth))
    else:
        told.append(at(1.0))
    told.extend(at(depth) for depth in sorted(set(scenario.depths) - {0.0, 1.0}))
    return tuple(told)


def _thinnest_mm(skins: VirtualSkins) -> float:
    return float(skins.layers.thickness.sum(axis=0).min()) * 1e3


def _refuse_too_deep(scenario: Scenario, skins: VirtualSkins) -> None:
    thinnest = _thinnest_mm(skins)
    problems = [
        Problem(
            f"depths[{index}]",
            f"{depth:g} mm",
            f"must be at most {thinnest:.1f} mm, where the thinnest virtual skin ends",
            "Ask for a lesser depth.",
        )
        for index, depth in enumerate(scenario.depths)
        if depth > thinnest
    ]
    if problems:
        raise InputError(scenario.name, problems)


def _refuse_impossible_sink(skins: VirtualSkins, intervals: tuple[Interval, ...]) -> None:
    """No sink is colder than boiling nitrogen; told with the place and the time at which it would begin."""
    coldest = float(skins.sink_temperature_degC.min())
    if np.isnan(coldest) or coldest < COLDEST_degC:
        begin = 0.0
        for interval in intervals:
            if interval.on:
                break
            begin += interval.duration_s
        raise EngineError(
            f"Stopped at the surface, {begin:g} s after the start: the sink would be {coldest:.1f} °C, and "
            f"nothing known here is colder than {COLDEST_degC:g} °C. Check the sink of the cold source."
        )


def _exposure(skins: VirtualSkins, interval: Interval, exchange: Exchange | None) -> Exposure:
    """One stretch of the exposure for every skin."""
    flux = 0.0
    if not interval.on:
        coefficient, sink = skins.room_coefficient, skins.room_temperature_degC
    elif exchange is not None and exchange.heat_flux is not None:
        coefficient, sink = np.zeros(skins.count), np.zeros(skins.count)
        flux = exchange.heat_flux
    else:
        coefficient, sink = skins.heat_transfer_coefficient, skins.sink_temperature_degC
    shape = (_GROUPS, _STEPS, 1, skins.count)
    steps = _SHARES * interval.duration_s / _STEPS
    return Exposure(
        jnp.asarray(np.repeat(steps[:, None], skins.count, axis=1), jnp.float32),
        jnp.broadcast_to(jnp.asarray(coefficient, jnp.float32), shape),
        jnp.broadcast_to(jnp.asarray(sink, jnp.float32), shape),
        jnp.full(shape, flux, jnp.float32),
    )


def _refuse_impossible(
    values: Float[np.ndarray, "steps places skins"],
    time_s: Float[np.ndarray, " steps"],
    depths_mm: Float[np.ndarray, "places skins"],
) -> None:
    """Stop at the first temperature that cannot be.

    Raises:
        EngineError: naming depth, time and virtual skin.
    """
    possible = (values >= COLDEST_degC - _ROUNDING_K) & (values <= WARMEST_degC)
    if possible.all():
        return
    step, place, skin = (int(index[0]) for index in np.nonzero(~possible))
    value = float(values[step, place, skin])
    what = "the result is not a number" if np.isnan(value) else f"{value:.1f} °C"
    raise EngineError(
        f"Stopped {depths_mm[place, skin]:.2f} mm below the surface, {time_s[step]:.3g} s after the start, "
        f"in virtual skin {skin + 1}: {what}, and temperatures lie within {COLDEST_degC:g} and "
        f"{WARMEST_degC:g} °C. Check the exchange or the heat flux, and their units."
    )


@dataclass(frozen=True)
class _Stretch:
    """What was read during one stretch: shares of the skins, over time and place."""

    time_s: Float[np.ndarray, " steps"]
    shares_degC: Float[np.ndarray, "quantiles steps places"]
    lowest_degC: Float[np.ndarray, "places skins"]
    read: StretchRead | None  # where the body answers


def _march(
    skins: VirtualSkins,
    state: State,
    probes: Probes,
    depths_mm: Float[np.ndarray, "places skins"],
    scenario: Scenario,
    vasomotion: Vasomotion | None,
    watch_s: float,
) -> Iterator[_Stretch]:
    """Go through the exposure stretch by stretch; the first place is the surface, then come the probes.

    Where the skin is watched afterwards, the last stretch is that watch.
    """
    begin = 0.0
    watch = (Interval(watch_s, False),) if watch_s > 0 else ()
    for interval in (*scenario.intervals(), *watch):
        exposure = _exposure(skins, interval, scenario.exchange)
        state, trace = advance(skins.column, state, exposure, probes, vasomotion=vasomotion)
        surface = np.asarray(trace.surface_degC).reshape(-1, 1, skins.count)
        below = np.asarray(trace.probe_degC).reshape(_GROUPS * _STEPS, -1, skins.count)
        values = np.concatenate([surface, below], axis=1)
        time_s = begin + np.cumsum(np.repeat(_SHARES * interval.duration_s / _STEPS, _STEPS))
        _refuse_impossible(values, time_s, depths_mm)
        read = None if vasomotion is None else stretch_read(exposure, trace, values)
        # The watch is for the body alone: curves and minima are those of the scenario.
        watching = interval in watch
        shares = np.zeros((len(_QUANTILES), 0, 0)) if watching else np.quantile(values, _QUANTILES, axis=2)
        yield _Stretch(time_s, shares, values.min(axis=0), read)
        begin += interval.duration_s


def _field_depths_mm(skins: VirtualSkins) -> Float[np.ndarray, " rows"]:
    return np.geomspace(_FIELD_FIRST_mm, min(_FIELD_DEEPEST_mm, _thinnest_mm(skins)), _FIELD_ROWS)


def _range(values: Float[np.ndarray, " skins"]) -> PopulationRange:
    p05, p50, p95 = (float(value) for value in np.quantile(values, _QUANTILES))
    return PopulationRange(p05=p05, p50=p50, p95=p95)


def _reading(
    place: Place,
    curve: Float[np.ndarray, "quantiles steps"],
    time_s: Float[np.ndarray, " steps"],
    lowest: Float[np.ndarray, " skins"],
) -> SimulatedReading:
    p05, p50, p95 = (float(value) for value in curve[:, -1])
    return SimulatedReading(
        place=place.name,
        column=place.column,
        depth_mm=float(np.median(place.depth)) * 1e3,
        minimum_degC=_range(lowest),
        time_of_minimum_s=float(time_s[np.argmin(curve[1])]),
        end_degC=PopulationRange(p05=p05, p50=p50, p95=p95),
    )


def _cold_in_words(scenario: Scenario, skins: VirtualSkins, knowledge: Knowledge) -> str:
    """What the cold is, in the numbers as they were read: a slip of the unit shows here."""
    exchange = scenario.exchange
    if exchange is not None and exchange.heat_flux is not None:
        return f"heat flux of {exchange.heat_flux:g} W/m^2 into the surface"
    coefficient, sink = np.median(skins.heat_transfer_coefficient), np.median(skins.sink_temperature_degC)
    name = "given exchange" if scenario.cold_source is None else knowledge.cold_source[scenario.cold_source].name
    barrier = "" if scenario.barrier == "none" else f" through: {knowledge.barrier[scenario.barrier].name.lower()}"
    return f"{name}{barrier}; median {coefficient:.3g} W/(m^2*K) to {sink:.1f} °C"


def _notes(scenario: Scenario, lowest_degC: float, skins: VirtualSkins, knowledge: Knowledge) -> tuple[str, ...]:
    """What the reader must know before believing the numbers."""
    notes = []
    if lowest_degC < knowledge.limit["freezing_point"].quantity.value:
        notes.append(
            "Some virtual skins fall below the freezing point of tissue. Ice and its latent heat are not "
            "computed: take these numbers for a lower bound of the temperature, and for no dose."
        )
    if scenario.exchange is not None:
        notes.append("The exchange was given as fixed numbers: the spread shown is that of the skin alone.")
    if scenario.phantom is not None:
        notes.append(f"Gel phantom of {scenario.phantom.thickness:g} mm, insulated below.")
    notes.append(f"Room at {float(skins.room_temperature_degC[0]):.1f} °C while the cold is off.")
    return tuple(notes)


def simulate(scenario: Scenario, knowledge: Knowledge) -> Simulation:
    """Expose a population to a scenario.

    Args:
        scenario: already held against the knowledge.
        knowledge: zones, tissues, sources and barriers.

    Raises:
        InputError: a depth lies below the thinnest virtual skin.
        EngineError: a sink colder than boiling nitrogen, or a result that is no possible temperature.
    """
    intervals = scenario.intervals()
    skins, state = _population(scenario, knowledge)
    _refuse_too_deep(scenario, skins)
    _refuse_impossible_sink(skins, intervals)
    places, field_mm = _places(scenario, skins, knowledge), _field_depths_mm(skins)
    rows = np.repeat(field_mm[:, None] * 1e-3, skins.count, axis=1)
    depths = np.concatenate([np.stack([place.depth for place in places[1:]]), rows])
    probes = locate_probes(skins.column, jnp.asarray(depths, jnp.float32))
    depths_mm = np.concatenate([np.zeros((1, skins.count)), depths * 1e3])

    answering = answering_body(scenario, skins, knowledge)
    if answering is not None:
        state = state._replace(vessels=at_rest(answering.vasomotion))
    stretches = list(
        _march(
            skins,
            state,
            probes,
            depths_mm,
            scenario,
            None if answering is None else answering.vasomotion,
            0.0 if answering is None else answering.watch_s,
        )
    )
    body = None if answering is None else answering.response([stretch.read for stretch in stretches if stretch.read])
    stretches = stretches[: len(intervals)]
    time_s = np.concatenate([stretch.time_s for stretch in stretches])
    shares = np.concatenate([stretch.shares_degC for stretch in stretches], axis=1)
    lowest = np.min([stretch.lowest_degC for stretch in stretches], axis=0)

    told = len(places)
    bands = tuple(Band(place.column, *shares[:, :, index]) for index, place in enumerate(places))
    field_degC = np.concatenate([shares[1, :, :1], shares[1, :, told:]], axis=1).T
    report = SimulationReport(
        name=scenario.name,
        site="gel phantom" if scenario.site == PHANTOM else knowledge.zone[scenario.site].name,
        cold=_cold_in_words(scenario, skins, knowledge),
        duration_s=sum(interval.duration_s for interval in intervals),
        seconds_on=sum(interval.duration_s for interval in intervals if interval.on),
        readings=tuple(
            _reading(place, shares[:, :, index], time_s, lowest[index]) for index, place in enumerate(places)
        ),
        notes=(*_notes(scenario, float(lowest.min()), skins, knowledge), *body_notes(scenario, answering)),
        body_response=body,
        virtual_skins=skins.count,
        seed=scenario.seed,
        engine_version=__version__,
        knowledge_fingerprint=knowledge.fingerprint,
        jax_version=version("jax"),
        scenario=scenario.model_dump(mode="json", by_alias=True, exclude_none=True),
    )
    return Simulation(report, History(time_s, bands, np.concatenate([[0.0], field_mm]), field_degC))
