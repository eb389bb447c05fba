"""How a plan is posed for the machine, and what it was computed with."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from typing import Any

from cryomassage import __version__
from cryomassage.engine.column import SKIN_GRID
from cryomassage.knowledge.schema import Knowledge
from cryomassage.records.plan import Numerics, Provenance

DEFAULT_SEED = 20261122
SCHEME = "finite volumes on a graded grid; two-stage SDIRK, gamma = 1 - 1/sqrt(2)"


def default_numerics(knowledge: Knowledge, seed: int = DEFAULT_SEED) -> Numerics:
    """Numerics of a plan: as many virtual skins as the acceptance asks for."""
    return Numerics(
        virtual_skins=int(knowledge.limit["acceptance_skins"].quantity.value),
        seed=seed,
        cells=sum(SKIN_GRID[5][0]),
        precision="float32",
        scheme=SCHEME,
        margin_K=knowledge.limit["numerics_margin"].quantity.value,
        body_response=True,
    )


def content_hash(content: dict[str, Any]) -> str:
    """SHA-256 of a plan without this very field, in canonical JSON: an edit of the file shows."""
    provenance = {key: value for key, value in content["provenance"].items() if key != "content_sha256"}
    text = json.dumps({**content, "provenance": provenance}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def provenance(knowledge: Knowledge, numerics: Numerics, role: str) -> Provenance:
    """What a plan was computed with; the content hash is filled in when the plan is whole."""
    return Provenance(
        engine_version=__version__,
        knowledge_fingerprint=knowledge.fingerprint,
        numerics=numerics,
        jax_version=version("jax"),
        role=role,
        content_sha256="",
    )
