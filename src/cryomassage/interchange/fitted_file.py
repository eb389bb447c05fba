"""Writes what was fitted to published trials as a file of the knowledge: the same cases give the same text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cryomassage.knowledge.schema import Knowledge
from cryomassage.knowledge.values import SCHEMA, Known, Spread
from cryomassage.units import convert
from cryomassage.validation.fitting import Fitting, Informed

_HEAD = f"""# Fitted to published trials by `cryomassage fit`; do not edit. What was known before: fit_priors.toml.
# Ranges are what is still not known, 5-95 %. Values that no trial says anything about are those of the prior.
schema = "{SCHEMA}"
"""
_OWN = "cryomassage_validation"
_Z95 = 1.6448536269514722


@dataclass(frozen=True)
class _Entry:
    key: str
    name: str
    value: float
    low: float
    high: float
    unit: str
    spread: Spread
    note: str
    cases: tuple[str, ...]


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _quantity(entry: _Entry, source: Mapping[str, str]) -> str:
    sources = list(dict.fromkeys(source[case] for case in entry.cases if case in source))
    told = ", ".join(json.dumps(key) for key in (*sources, _OWN))
    return (
        f"{{ value = {_rounded(entry.value):g}, unit = {json.dumps(entry.unit)}, "
        f"range = [{_rounded(entry.low):g}, {_rounded(entry.high):g}], source = [{told}], "
        f'known = "{Known.FITTED}", spread = "{entry.spread}", note = {json.dumps(entry.note, ensure_ascii=False)} }}'
    )


def _block(entry: _Entry, source: Mapping[str, str]) -> str:
    cases = ", ".join(json.dumps(case) for case in entry.cases)
    return (
        f"[fitted.{entry.key}]\nname = {json.dumps(entry.name, ensure_ascii=False)}\n"
        f"quantity = {_quantity(entry, source)}\ncases = [{cases}]\n"
    )


def _parameter(informed: Informed, knowledge: Knowledge) -> _Entry:
    prior = knowledge.fit_prior[informed.name]
    low, high = prior.quantity.range
    half = _Z95 * informed.spread
    return _Entry(
        key=informed.name,
        name=prior.name,
        value=float(np.exp(informed.logarithm)),
        low=float(np.exp(informed.logarithm - half)),
        high=float(np.exp(informed.logarithm + half)),
        unit=prior.quantity.unit,
        spread=Spread.LOGNORMAL,
        note=f"before the trials {prior.quantity.value:g} ({low:g} to {high:g})",
        cases=informed.cases,
    )


def _walls(entries: Mapping[str, _Entry], knowledge: Knowledge) -> list[_Entry]:
    """Temperature at the skin on the axis of each jet, which scenarios take for its sink."""
    room = knowledge.trial["resting_room"].quantity.value
    found = []
    for key, source in knowledge.trial_source.items():
        if source.exchange != "jet" or source.agent_temperature is None:
            continue
        cold, outlet = entries[f"{key}_effectiveness"], source.agent_temperature.value
        low, value, high = sorted(
            room + share * (outlet - room) for share in (cold.low, cold.value, min(cold.high, 1.0))
        )
        found.append(
            _Entry(
                key=f"{key}_wall",
                name=f"{knowledge.cold_source[key].name}: temperature at the skin, 10 cm from the nozzle",
                value=value,
                low=low,
                high=high,
                unit="degC",
                spread=Spread.NORMAL,
                note=f"room of {room:g} °C, outlet of {outlet:g} °C and the share of its cold that reaches the skin",
                cases=cold.cases,
            )
        )
    return found


def _swept(entries: Mapping[str, _Entry], knowledge: Knowledge) -> _Entry:
    """Mean over the back of a hand, of one side, that is swept with microcrystals."""
    spray, spot, zone = entries["co2_microcrystals"], entries["jet_footprint"], knowledge.zone["dorsal_hand"]
    area = convert(zone.area.value, zone.area.unit, "mm^2") / zone.sides
    share = min(0.25 * np.pi * spot.value**2 / area, 1.0)
    return _Entry(
        key="co2_microcrystals_swept",
        name="Carbon dioxide microcrystals swept over the back of a hand, mean",
        value=share * spray.value,
        low=share * spray.low,
        high=share * spray.high,
        unit=spray.unit,
        spread=Spread.LOGNORMAL,
        note="coefficient on the axis times the share of the time on each point",
        cases=spray.cases,
    )


_SCATTER = {
    "discrepancy": "How far studies differ, as a multiple of what is declared",
    "shared": "Part of this variance that all observations of a study share",
    "alike": "Correlation of parameters that are alike",
}


def _common(fitting: Fitting) -> list[_Entry]:
    """What concerns all cases; its range says only what is plausible elsewhere."""

    def entry(key: str, name: str, value: float, low: float, high: float, note: str) -> _Entry:
        return _Entry(key, name, value, low, high, "1", Spread.FIXED, note, fitting.cases)

    told = []
    for key, value in fitting.scatter._asdict().items():
        high = 2.0 * value if key == "discrepancy" else 1.0
        low = 0.5 * value if key == "discrepancy" else 0.0
        told.append(entry(key, _SCATTER[key], value, low, high, "makes the observations most probable"))
    scale = fitting.interval_scale
    note = "with it 90 % of the observations, each predicted without its study, lie within their intervals"
    name = "Width of intervals, as a multiple of what the spreads add up to"
    return [*told, entry("interval_scale", name, scale, 0.5 * scale, 2.0 * scale, note)]


def fitted_text(fitting: Fitting, source: Mapping[str, str], knowledge: Knowledge) -> str:
    """The file.

    Args:
        fitting: what was found.
        source: key of the source of each case, where the knowledge has one.
        knowledge: names, units and priors.
    """
    entries = {one.name: _parameter(one, knowledge) for one in fitting.parameters}
    rest: Sequence[_Entry] = [*_walls(entries, knowledge), _swept(entries, knowledge), *_common(fitting)]
    cases = ", ".join(json.dumps(case) for case in fitting.cases)
    head = '[fit_record.shipped]\nname = "Fit to published trials"\n'
    record = f'{head}cases = [{cases}]\ncases_sha256 = "{fitting.digest}"\n'
    return "\n".join([_HEAD, record, *(_block(entry, source) for entry in (*entries.values(), *rest))])
