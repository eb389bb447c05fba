"""The maps and snapshots of a patch as a Zarr group (version 3), with units, that xarray and ParaView open.

Names of coordinates and attributes follow the CF conventions, so that readers find axes and units by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cryomassage.records.patch import PatchSimulation

CONVENTIONS = "CF-1.11"
_CHUNK_values = 1_000_000  # of one array: a few megabytes, so that one moment can be read without the others


@dataclass(frozen=True)
class _Array:
    name: str
    values: np.ndarray
    dimensions: tuple[str, ...]
    units: str
    long_name: str
    more: dict[str, Any]


def _arrays(simulation: PatchSimulation) -> list[_Array]:
    """Everything that is written, coordinates first."""
    history = simulation.history
    moving, surface = ("time", "depth", "y", "x"), ("y", "x")
    arrays = [
        _Array("x", history.x_mm, ("x",), "mm", "distance along the zone", {"axis": "X"}),
        _Array("y", history.y_mm, ("y",), "mm", "distance across the zone", {"axis": "Y"}),
        _Array(
            "depth", history.depth_mm, ("depth",), "mm", "depth of the cell centres", {"axis": "Z", "positive": "down"}
        ),
        _Array("time", history.time_s, ("time",), "s", "time since the start of the session", {"axis": "T"}),
        _Array("threshold", np.array(history.thresholds_degC), ("threshold",), "degC", "threshold of the dwell", {}),
        _Array("face_depth", history.face_depth_mm, ("face",), "mm", "depth of the faces of the cells", {}),
        _Array("path_time", history.path_time_s, ("corner",), "s", "when the source is at each corner", {}),
        _Array(
            "path_x", history.path_mm[:, 0], ("corner",), "mm", "path of the source, nothing while the cold is off", {}
        ),
        _Array(
            "path_y", history.path_mm[:, 1], ("corner",), "mm", "path of the source, nothing while the cold is off", {}
        ),
        _Array("temperature", history.field_degC, moving, "degC", "temperature of the tissue", {}),
        _Array(
            "surface_temperature", history.surface_degC, ("time", *surface), "degC", "temperature of the surface", {}
        ),
        _Array(
            "inside",
            history.inside.astype(np.int8),
            surface,
            "1",
            "place belongs to the zone",
            {"flag_values": [0, 1], "flag_meanings": "outside inside"},
        ),
        _Array(
            "lowest_surface_temperature",
            history.lowest_surface_degC,
            surface,
            "degC",
            "lowest temperature of the surface",
            {"cell_methods": "time: minimum"},
        ),
        _Array(
            "lowest_basal_temperature",
            history.lowest_basal_degC,
            surface,
            "degC",
            "lowest temperature of the basal layer",
            {"cell_methods": "time: minimum"},
        ),
        _Array(
            "dwell", history.dwell_below_s, ("threshold", *surface), "s", "time of the surface below the threshold", {}
        ),
        _Array("passes", history.passes, surface, "1", "how often a source came over the place", {}),
        _Array(
            "deepest_ice",
            history.deepest_ice_mm,
            surface,
            "mm",
            "largest depth of ice",
            {"cell_methods": "time: maximum"},
        ),
    ]
    if history.ice is not None:
        arrays.append(_Array("ice", history.ice, moving, "1", "share of the freezable water that is frozen", {}))
    if history.ice_probability is not None:
        words = "probability that ice has begun by the end, were each place a limb"
        arrays.append(_Array("ice_probability", history.ice_probability, surface, "1", words, {}))
    return arrays


def _chunks(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Whole snapshots, as many as make a chunk of the usual size."""
    if len(shape) < 3:
        return tuple(max(1, length) for length in shape)
    one = int(np.prod(shape[1:]))
    return (int(np.clip(_CHUNK_values // max(1, one), 1, max(1, shape[0]))), *shape[1:])


def write_zarr(simulation: PatchSimulation, folder: Path) -> None:
    """Write the group to a folder that does not exist yet.

    Arrays keep their precision. Open with `xarray.open_zarr(folder, consolidated=False)`.
    """
    import zarr
    from zarr.codecs import BloscCodec

    report = simulation.report
    group = zarr.create_group(
        str(folder),
        zarr_format=3,
        attributes={
            "Conventions": CONVENTIONS,
            "title": report.name,
            "site": report.site,
            "cold": report.cold,
            "schema": report.schema_,
            "source": f"cryomassage {report.engine_version}, {report.engine}",
            "knowledge_fingerprint": report.knowledge_fingerprint,
        },
    )
    for each in _arrays(simulation):
        array = group.create_array(
            each.name,
            shape=each.values.shape,
            dtype=each.values.dtype,
            chunks=_chunks(each.values.shape),
            dimension_names=each.dimensions,
            attributes={"units": each.units, "long_name": each.long_name, **each.more},
            compressors=BloscCodec(cname="zstd", clevel=3, shuffle="shuffle"),
            fill_value=0,
        )
        array[...] = each.values
