"""Cold injury in the virtual skins: draws what kills which cells, and sums up how probable a session makes it.

Everything here is a prior: no kinetics of living human skin are known. Cold that no skin reaches costs no time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import jax
import numpy as np
from jaxtyping import Float

from cryomassage.engine.injury import ChillLaw, FreezeLaw, chill_dose, freeze_dose
from cryomassage.knowledge.schema import CellType, Knowledge, Limit
from cryomassage.knowledge.values import Quantity
from cryomassage.planning.spread import interval, own_stream, padded, single
from cryomassage.planning.virtual_skin import Draws, VirtualSkins, spread_out
from cryomassage.records.body_response import InjuryPrediction

_freeze_dose, _chill_dose = jax.jit(freeze_dose), jax.jit(chill_dose)
_LEAST_GAP_K = 0.1  # by which cold that harms half of the cells lies below that at which harm begins
_SKINS_AT_ONCE = 128  # so that few shapes are ever compiled
_MILLIMETRE = 1e-3  # m, where the second history is read


@dataclass(frozen=True)
class CellDraws:
    """Cells of one kind in each skin.

    Attributes:
        depth_m: where they lie.
        weights: with which the temperatures of basal layer, 1 mm and top of the fat give theirs; they add up to 1.
        freeze: what ice does to them.
        chill: what cold without ice does to them, or None where it does nothing.
    """

    depth_m: Draws
    weights: Float[np.ndarray, "3 skins"]
    freeze: FreezeLaw
    chill: ChillLaw | None


def _weights(depth_m: Draws, skins: VirtualSkins) -> Float[np.ndarray, "3 skins"]:
    """Weights by which the three depths that are read give the temperature at another, linear between neighbours.

    In skin that is being cooled temperature rises less and less with depth, so between two depths it is in truth
    warmer than this.
    """
    basal, fat = skins.basal_depth, skins.fat_depth
    middle = np.where((basal < _MILLIMETRE) & (fat > _MILLIMETRE), _MILLIMETRE, 0.5 * (basal + fat))
    read = middle == _MILLIMETRE
    upper = np.clip((depth_m - basal) / (middle - basal), 0.0, 1.0)
    lower = np.clip((depth_m - middle) / (fat - middle), 0.0, 1.0)
    at_middle = upper - lower
    direct = np.clip((depth_m - basal) / (fat - basal), 0.0, 1.0)
    return np.stack(
        [
            np.where(read, 1.0 - upper, 1.0 - direct),
            np.where(read, at_middle, 0.0),
            np.where(read, lower, direct),
        ]
    )


def draw_injury(zone_key: str, skins: VirtualSkins, knowledge: Knowledge, seed: int) -> dict[str, CellDraws]:
    """Draw depth and law of every kind of cell that the zone has.

    Args:
        zone_key: of the zone; without fat under its dermis it has no fat cells.
        skins: drawn for that zone.
        knowledge: where the ranges stand.
        seed: of the random numbers.
    """
    stream = own_stream(skins.count, seed, "injury")
    known = knowledge.injury

    def drawn(quantity: Quantity) -> Draws:
        return spread_out(quantity, stream.next())

    freezing = np.full(skins.count, knowledge.limit["freezing_point"].quantity.value)
    begin = np.full(skins.count, known["chill_begins"].quantity.value)
    time_s, repeat = drawn(known["reference_freeze_time"].quantity), drawn(known["repeat_factor"].quantity)
    tissues = [layer.tissue for layer in knowledge.zone[zone_key].layers]
    found = {}
    for key, cell in knowledge.cell.items():
        share = np.clip(drawn(cell.share_of_layer), 0.0, 1.0)
        half, spread = drawn(cell.frozen_half_temperature), drawn(cell.frozen_spread)
        freeze = FreezeLaw(freezing, half, spread, time_s, repeat)
        chill = None
        if cell.chilled_half_temperature and cell.chilled_spread and cell.chilled_time:
            half = np.minimum(drawn(cell.chilled_half_temperature), begin - _LEAST_GAP_K)
            chill = ChillLaw(begin, half, drawn(cell.chilled_spread), drawn(cell.chilled_time))
        if cell.layer == "fat" and "fat" not in tissues:
            continue
        depth = {
            "basal": skins.basal_depth,
            "dermis": skins.basal_depth + share * (skins.fat_depth - skins.basal_depth),
            "fat": skins.fat_depth,
        }[cell.layer]
        found[key] = CellDraws(depth, _weights(depth, skins), single(freeze), None if chill is None else single(chill))
    return found


@dataclass(frozen=True)
class _Doses:
    frozen: Draws
    chilled: Draws


def _dose_of(
    cell: CellDraws, lengths: Float[np.ndarray, "steps skins"], own_degC: Float[np.ndarray, "steps skins"]
) -> _Doses:
    """Summed hazards of one kind of cell; only skins that are cold enough for any are computed."""
    freezing = cell.freeze.freezing_degC
    coldest = own_degC.min(axis=0)
    frozen, chilled = np.zeros(coldest.size), np.zeros(coldest.size)

    def some(where: np.ndarray) -> np.ndarray:
        """The skins of a mask, filled up with copies to a multiple of a fixed number."""
        chosen = np.flatnonzero(where)
        return np.resize(chosen, chosen.size + -chosen.size % _SKINS_AT_ONCE)

    ice = coldest <= freezing
    if ice.any():
        chosen = some(ice)
        law = FreezeLaw(*(values[chosen] for values in cell.freeze))
        frozen[chosen] = _freeze_dose(law, lengths[:, chosen], own_degC[:, chosen])
    if cell.chill is not None and (coldest < cell.chill.begin_degC).any():
        chosen = some(coldest < cell.chill.begin_degC)
        cold = ChillLaw(*(values[chosen] for values in cell.chill))
        chilled[chosen] = _chill_dose(cold, freezing[chosen], lengths[:, chosen], own_degC[:, chosen])
    return _Doses(frozen, chilled)


def _doses(
    time_step_s: Float[np.ndarray, "steps skins"],
    histories: tuple[Float[np.ndarray, "steps skins"], ...],
    draws: dict[str, CellDraws],
) -> dict[str, _Doses]:
    """Summed hazards of every kind of cell; those that no skin is cold enough for are not computed."""
    lowest = [float(history.min()) for history in histories]
    nothing = np.zeros(histories[0].shape[1])
    found = {key: _Doses(nothing, nothing) for key in draws}
    reached = {}
    for key, cell in draws.items():
        used = [depth for depth, weight in enumerate(cell.weights) if weight.any()]
        begin = cell.freeze.freezing_degC if cell.chill is None else cell.chill.begin_degC
        # No cell is colder than the coldest of the depths between which it lies.
        if min(lowest[depth] for depth in used) <= begin.max():
            reached[key] = used
    if reached:
        lengths, *read = padded(time_step_s, *histories)
        for key, used in reached.items():
            weights = draws[key].weights.astype(np.float32)
            own = np.add.reduce([weights[depth] * read[depth] for depth in used])
            found[key] = _dose_of(draws[key], lengths, own)
    return found


def injury_probability(
    time_step_s: Float[np.ndarray, "steps skins"],
    basal_degC: Float[np.ndarray, "steps skins"],
    dermis_degC: Float[np.ndarray, "steps skins"],
    fat_degC: Float[np.ndarray, "steps skins"],
    draws: dict[str, CellDraws],
) -> dict[str, Draws]:
    """Probability, in each skin, that a cell of each kind is injured by freezing or by cold without ice.

    Args:
        time_step_s: length of each step.
        basal_degC: temperature of the basal layer at the end of each step.
        dermis_degC: temperature at 1 mm.
        fat_degC: temperature at the top of the fat.
        draws: of the same skins.
    """
    found = _doses(time_step_s, (basal_degC, dermis_degC, fat_degC), draws)
    return {key: -np.expm1(-(dose.frozen + dose.chilled)) for key, dose in found.items()}


def injury_limits(level: int, dark: bool, knowledge: Knowledge) -> dict[str, Limit]:
    """The largest expected injury of each kind of cell in a class, with its reason; class 4 has none.

    Args:
        level: of the exposure class.
        dark: phototype IV to VI, where marks are the main harm.
        knowledge: where the limits stand.
    """
    if level > 3:
        return {}
    known = knowledge.injury
    group = "class_3" if level == 3 else "classes_0_to_2"
    limits = {}
    for cell in knowledge.cell:
        candidates = [known[f"{cell}_{group}"]]
        if dark and f"{cell}_dark" in known:
            candidates.append(known[f"{cell}_dark"])
        limits[cell] = min(candidates, key=lambda limit: limit.quantity.value)
    return limits


def _sources(cell: CellType) -> tuple[str, ...]:
    """Where everything that is known of a kind of cell stands, each source once."""
    stated = (
        cell.share_of_layer,
        cell.frozen_half_temperature,
        cell.frozen_spread,
        cell.chilled_half_temperature,
        cell.chilled_spread,
        cell.chilled_time,
    )
    keys = (key for quantity in stated if quantity is not None for key in quantity.source)
    return tuple(dict.fromkeys((*keys, *cell.harm.source)))


def injuries(
    time_step_s: Float[np.ndarray, "steps skins"],
    basal_degC: Float[np.ndarray, "steps skins"],
    dermis_degC: Float[np.ndarray, "steps skins"],
    fat_degC: Float[np.ndarray, "steps skins"],
    draws: dict[str, CellDraws],
    knowledge: Knowledge,
    level: int,
    dark: bool,
) -> tuple[InjuryPrediction, ...]:
    """Predicted injury of every kind of cell, beside the limit of the class.

    Args:
        time_step_s: length of each step.
        basal_degC: temperature of the basal layer at the end of each step.
        dermis_degC: temperature at 1 mm.
        fat_degC: temperature at the top of the fat.
        draws: of the same skins.
        knowledge: where cells and limits stand.
        level: of the exposure class.
        dark: phototype IV to VI.
    """
    limits = injury_limits(level, dark, knowledge)
    return tuple(
        _told(key, dose, draws[key].depth_m, limits.get(key), knowledge)
        for key, dose in _doses(time_step_s, (basal_degC, dermis_degC, fat_degC), draws).items()
    )


def _told(key: str, dose: _Doses, depth_m: Draws, limit: Limit | None, knowledge: Knowledge) -> InjuryPrediction:
    cell = knowledge.cell[key]
    return InjuryPrediction(
        cell=key,
        name=cell.name,
        depth_mm=interval(1e3 * depth_m),
        frozen=interval(-np.expm1(-dose.frozen)),
        chilled=interval(-np.expm1(-dose.chilled)),
        probability=float(np.mean(-np.expm1(-(dose.frozen + dose.chilled)))),
        limit=None if limit is None else limit.quantity.value,
        source=_sources(cell),
    )


@dataclass(frozen=True)
class InjuryAt:
    """One place in each skin, and its temperature at the end of each step."""

    depth_m: Draws
    time_step_s: Float[np.ndarray, "steps skins"]
    temperature_degC: Float[np.ndarray, "steps skins"]


def injuries_at(key: str, cell: CellDraws, at: InjuryAt, knowledge: Knowledge) -> InjuryPrediction:
    """Predicted injury of cells of one kind that lie at a given place, whatever the depth that was drawn for them.

    Args:
        key: of the kind of cell.
        cell: its draws in the same skins.
        at: where, and how cold.
        knowledge: where the cell stands.
    """
    here = replace(cell, weights=np.stack([np.ones(len(at.depth_m)), *np.zeros((2, len(at.depth_m)))]))
    doses = _doses(at.time_step_s, (at.temperature_degC,) * 3, {key: here})
    return _told(key, doses[key], at.depth_m, None, knowledge)
