"""What a simulation on a patch found, in numbers and words."""

from __future__ import annotations

import numpy as np

from cryomassage import __version__
from cryomassage.engine.patch import PatchResult
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.patch_skin import PatchSkin
from cryomassage.planning.strokes.coverage import dose_area, named_places
from cryomassage.planning.strokes.path import Timeline
from cryomassage.planning.strokes.plan import Laid
from cryomassage.records.patch import PatchHistory, PatchSimulationReport, Supercooling
from cryomassage.records.patch_scenario import PatchScenario

_LEAST_ICE = 0.01  # share of the freezable water in a cell that still counts as ice


def _thawed_after_s(line: Timeline, result: PatchResult) -> float | None:
    """From the end of the cold until the first snapshot without ice; None where none was, or some stays."""
    if result.ice is None or not (result.deepest_ice > 0.0).any():
        return None
    frozen = result.ice.reshape(len(result.time_s), -1).max(axis=1) > _LEAST_ICE
    end_s = line.legs[-1].end_s
    after = result.time_s >= end_s - 1e-6
    if frozen[-1]:
        return None
    last = int(np.flatnonzero(frozen | ~after)[-1])
    return float(max(0.0, result.time_s[min(last + 1, len(result.time_s) - 1)] - end_s))


def _notes(
    scenario: PatchScenario, laid: Laid, line: Timeline, skin: PatchSkin, result: PatchResult, knowledge: Knowledge
) -> tuple[str, ...]:
    """What the reader must know before believing the numbers."""
    notes = ["One skin, the middle of what is known of this zone: a plan asks a thousand."]
    lowest = float(result.lowest_surface_degC.min())
    if not scenario.freezing and lowest < skin.freezing_point_degC:
        notes.append(
            f"The surface falls below the freezing point of {skin.freezing_point_degC:g} °C. Ice and its latent heat "
            "are not computed: set freezing = true before you trust these numbers."
        )
    if scenario.supercooling:
        speed = knowledge.freezing["speed_at_minus_4"].quantity
        notes.append(
            "The skin is taken as dry and free of frost. Ice begins at the rates of dry limbs in cold air, the coldest "
            "place of each moment standing for a limb; once begun it is taken to be in all supercooled skin at once "
            f"(in skin of -4 °C it runs at about {speed.value:g} {speed.unit}). No plan counts on skin that supercools."
        )
    source = knowledge.cold_source.get(scenario.cold_source or "")
    if source is not None and source.distance is not None and scenario.distance is not None:
        low, high = source.distance.range
        if not low <= scenario.distance <= high:
            notes.append(
                f"{scenario.distance:g} mm lies outside the distances of this source, {low:g} to {high:g} mm: its "
                "footprint there is carried on from them."
            )
    if source is not None and source.hold_time is not None and laid.source.hold_s is None:
        longest = source.hold_time.range[1]
        if line.seconds_on > longest:
            notes.append(f"One filling lasts at most {longest:g} s, and the source is on for {line.seconds_on:.0f} s.")
    if line.dips:
        notes.append(f"The source is dipped or renewed {line.dips} times on the way.")
    notes.append(
        f"Zone laid flat as seen from {knowledge.zone_shape[scenario.zone].seen_from}; its outline is assumed."
    )
    notes.append(f"Room at {skin.room.temperature_degC:.1f} °C.")
    return tuple(notes)


def patch_report(
    scenario: PatchScenario,
    laid: Laid,
    line: Timeline,
    skin: PatchSkin,
    result: PatchResult,
    history: PatchHistory,
    supercooling: Supercooling | None,
    knowledge: Knowledge,
) -> PatchSimulationReport:
    """Put a result into numbers and words."""
    inside, x, y = history.inside, history.x_mm, history.y_mm
    cell_cm2 = 1e4 * skin.patch.spacing**2
    frozen = result.deepest_ice > 0.0
    below = None
    if history.floor_degC is not None:
        below = float(np.sum((result.lowest_surface_degC < history.floor_degC) & inside) * cell_cm2)
    heat_in = result.heat_absorbed + result.heat_from_below + result.heat_from_blood
    reference = laid.source.at(scenario.distance)
    coefficient = sum(part.coefficient for part in reference.parts)
    side = f", {scenario.side} side" if knowledge.zone[scenario.zone].sides == 2 else ""
    return PatchSimulationReport(
        name=scenario.name,
        site=knowledge.zone[scenario.zone].name + side,
        cold=f"{reference.name}; {coefficient:.3g} W/(m²·K) to {reference.sink_degC:.1f} °C",
        duration_s=float(result.time_s[-1]),
        seconds_on=line.seconds_on,
        stroke_length_mm=line.length_mm,
        passes=laid.plan.passes,
        lowest_surface_degC=float(result.lowest_surface_degC.min()),
        lowest_basal_degC=float(result.lowest_basal_degC.min()),
        surface_below_floor_cm2=below,
        frozen_area_cm2=float(frozen.sum() * cell_cm2),
        deepest_ice_mm=float(history.deepest_ice_mm.max()),
        thawed_after_s=_thawed_after_s(line, result),
        supercooling=supercooling,
        dose_area=dose_area(result.lowest_surface_degC, inside, cell_cm2),
        places=named_places(
            history.passes,
            result.lowest_surface_degC,
            frozen,
            inside,
            x,
            y,
            whole_zone=laid.whole_zone,
        ),
        energy_error=abs(heat_in - result.heat_stored) / max(abs(result.heat_absorbed), 1e-12),
        notes=_notes(scenario, laid, line, skin, result, knowledge),
        grid=f"{skin.patch.columns} × {skin.patch.rows} × {len(skin.patch.cell_width)} cells, "
        f"{1e3 * skin.patch.spacing:g} mm apart",
        steps=result.steps,
        engine="numba",
        engine_version=__version__,
        knowledge_fingerprint=knowledge.fingerprint,
        scenario=scenario.model_dump(mode="json", by_alias=True, exclude_none=True),
    )
