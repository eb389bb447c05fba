"""JSON Schemas of everything that the product writes, generated from its records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from cryomassage.records.colour_measurement import ColourMeasurement
from cryomassage.records.patch import PatchSimulationReport
from cryomassage.records.plan import Plan
from cryomassage.records.room import RoomVerdict
from cryomassage.records.scenario import SimulationReport
from cryomassage.records.screening import Screening
from cryomassage.records.stroke_plan import StrokePlan
from cryomassage.records.validation import ValidationReport
from cryomassage.records.verification import VerificationReport

RECORDS: dict[str, type[BaseModel]] = {
    "plan": Plan,
    "screening": Screening,
    "room": RoomVerdict,
    "verification": VerificationReport,
    "validation-report": ValidationReport,
    "simulation": SimulationReport,
    "patch-simulation": PatchSimulationReport,
    "stroke-plan": StrokePlan,
    "colour": ColourMeasurement,
}


def schema_of(name: str) -> dict[str, Any]:
    """The schema of one output, by its name."""
    schema = RECORDS[name].model_json_schema(by_alias=True, mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:cryomassage:{name}:1",
        **schema,
    }


def schema_text(name: str) -> str:
    """The schema as it stands in its file."""
    return json.dumps(schema_of(name), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def write_schemas(folder: Path) -> tuple[Path, ...]:
    """Write all schemas into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in RECORDS:
        path = folder / f"{name}.schema.json"
        path.write_text(schema_text(name), encoding="utf-8")
        paths.append(path)
    return tuple(paths)
