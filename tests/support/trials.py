"""Cases of published trials as they stand in a file, and files of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cryomassage.interchange.case_file import FORMAT, VERSION


def observation(**change: Any) -> dict[str, Any]:
    seen: dict[str, Any] = {
        "quantity": "temperature",
        "depth_mm": 0,
        "time_s": 600,
        "value": 12.0,
        "sd": 2.0,
        "unit": "degC",
    }
    return {**seen, **change}


def case(number: int = 1, observations: list[dict[str, Any]] | None = None, **setup: Any) -> dict[str, Any]:
    """A case that can be read, but for what is changed in its setup."""
    told: dict[str, Any] = {
        "tissue": "human",
        "site": "ankle",
        "agent": "crushed_ice",
        "barrier": "none",
        "exposure_s": 600,
    }
    return {
        "id": f"case-{number}",
        "description": "made up",
        "citation": f"Nobody N. Journal of Cold 20{number:02d};{number}:10",
        "subjects": 12,
        "setup": {**told, **setup},
        "observations": [observation()] if observations is None else observations,
    }


def write_cases(path: Path, *cases: Any) -> Path:
    path.write_text(json.dumps({"format": FORMAT, "version": VERSION, "cases": list(cases)}), encoding="utf-8")
    return path
