"""A patch under its strokes, run whole or in parts that go on from each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from cryomassage.engine.patch import FreezingLaw, Patch, PatchResult, PatchStart, Strokes, Surroundings, Vessels
from cryomassage.engine.patch_schedule import PatchNumerics
from cryomassage.engine.patch_solver import advance_patch


@dataclass(frozen=True)
class PatchRun:
    """Everything about a run but where it begins and when it is looked at.

    Attributes:
        patch: the medium.
        rest_degC: its cells at rest.
        strokes: what the cold does.
        room: what the skin meets otherwise.
        basal_depth: m.
        thresholds_degC: of the dwell maps.
        vessels: how the blood flow answers, or None.
        numerics: longest steps.
    """

    patch: Patch
    rest_degC: Float[np.ndarray, " cells"]
    strokes: Strokes
    room: Surroundings
    basal_depth: float
    thresholds_degC: tuple[float, ...]
    vessels: Vessels | None
    numerics: PatchNumerics

    def freezing_by(self, law: FreezingLaw | None) -> PatchRun:
        """The same run with another law of freezing, or none: water that stays liquid however cold."""
        return replace(self, patch=self.patch._replace(freezing=law))

    def advance(
        self,
        snapshot_s: Float[np.ndarray, " snapshots"],
        begin: PatchStart | None = None,
        keep_field: bool = True,
    ) -> PatchResult:
        """From rest, or from where another run ended, to the last snapshot.

        Raises:
            EngineError: as `advance_patch`.
        """
        return advance_patch(
            self.patch,
            self.rest_degC if begin is None else begin,
            self.strokes,
            self.room,
            snapshot_s,
            self.basal_depth,
            self.thresholds_degC,
            self.vessels,
            self.numerics,
            keep_field,
        )


def end_of(result: PatchResult) -> PatchStart:
    """Where a run may be taken up."""
    return PatchStart(result.end_enthalpy_degC, result.flow, result.memory, float(result.time_s[-1]))


def joined(parts: Sequence[PatchResult]) -> PatchResult:
    """Runs that went on from each other, as one; before a law of freezing there is no ice.

    Args:
        parts: in order of time; all with the field, or none.
    """
    first, last = parts[0], parts[-1]
    if len(parts) == 1:
        return first

    def snapshots(values: Sequence[Float[np.ndarray, "snapshots ..."]]) -> Float[np.ndarray, "snapshots ..."]:
        """Each part begins with the moment at which the one before ended."""
        return np.concatenate([values[0], *(value[1:] for value in values[1:])])

    fields = [part.field_degC for part in parts if part.field_degC is not None]
    ice = None
    if last.ice is not None and len(fields) == len(parts):
        pairs = zip(parts, fields, strict=True)
        ice = snapshots([np.zeros_like(field) if part.ice is None else part.ice for part, field in pairs])
    return PatchResult(
        time_s=snapshots([part.time_s for part in parts]),
        surface_degC=snapshots([part.surface_degC for part in parts]),
        basal_degC=snapshots([part.basal_degC for part in parts]),
        field_degC=snapshots(fields) if len(fields) == len(parts) else None,
        ice=ice,
        end_degC=last.end_degC,
        end_enthalpy_degC=last.end_enthalpy_degC,
        flow=last.flow,
        memory=last.memory,
        lowest_surface_degC=np.minimum.reduce([part.lowest_surface_degC for part in parts]),
        lowest_basal_degC=np.minimum.reduce([part.lowest_basal_degC for part in parts]),
        dwell_below_s=np.add.reduce([part.dwell_below_s for part in parts]),
        basal_below_s=np.add.reduce([part.basal_below_s for part in parts]),
        deepest_ice=np.maximum.reduce([part.deepest_ice for part in parts]),
        heat_absorbed=sum(part.heat_absorbed for part in parts),
        heat_from_below=sum(part.heat_from_below for part in parts),
        heat_from_blood=sum(part.heat_from_blood for part in parts),
        heat_stored=sum(part.heat_stored for part in parts),
        steps=sum(part.steps for part in parts),
    )
