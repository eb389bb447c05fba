"""Computes a plan again from what it stores, and says whether the numbers or the versions differ."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from cryomassage import __version__
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.make_plan import make_plan
from cryomassage.planning.population import Laboratory
from cryomassage.records.client import Client
from cryomassage.records.plan import Plan

# Temperatures are stored to 0.1 °C; another processor may round the last digit the other way.
_TOLERANCE = 0.1001
# The response is stored to four digits, of times that jump with a threshold that is just met or just missed.
_OF_RESPONSE, _NEAR_ZERO = 0.02, 0.002
_TOLD_TWICE = ".srgb"  # a swatch as screens show it: its L*a*b* stands beside it


@dataclass(frozen=True)
class Replay:
    """What came out of computing a plan again."""

    plan: Plan
    differing_versions: tuple[str, ...]
    differing_numbers: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether every number came out again."""
        return not self.differing_numbers


def _differences(path: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _differences(f"{path}.{key}" if path else key, old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _differences(f"{path}[{index}]", one, other)
    elif isinstance(old, float) and isinstance(new, int | float) and "_degC" in path:
        if abs(old - new) > _TOLERANCE:
            yield f"{path}: {old} then, {new} now"
    elif isinstance(old, float) and isinstance(new, int | float) and (".response." in path or ".injury[" in path):
        if abs(old - new) > max(_OF_RESPONSE * abs(old), _NEAR_ZERO):
            yield f"{path}: {old} then, {new} now"
    elif old != new and not path.endswith(_TOLD_TWICE):
        yield f"{path}: {str(old)[:80]!r} then, {str(new)[:80]!r} now"


def replay(plan: Plan, knowledge: Knowledge) -> Replay:
    """Compute a plan again with this version, from the client and the numerics that it stores."""
    stored = plan.provenance
    versions = {
        "engine_version": (stored.engine_version, __version__),
        "knowledge_fingerprint": (stored.knowledge_fingerprint, knowledge.fingerprint),
        "jax_version": (stored.jax_version, version("jax")),
    }
    again = make_plan(
        Client.model_validate_json(json.dumps(plan.client)), knowledge, Laboratory(knowledge, stored.numerics)
    )
    old, new = (one.model_dump(mode="json", by_alias=True, exclude={"provenance"}) for one in (plan, again))
    return Replay(
        plan=again,
        differing_versions=tuple(
            f"{name}: {then} then, {now} now" for name, (then, now) in versions.items() if then != now
        ),
        differing_numbers=tuple(_differences("", old, new)),
    )
