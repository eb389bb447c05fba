"""Every text of real plans is told wholly in Russian, with the numbers of the original."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cryomassage.interchange import words
from cryomassage.interchange.client_file import read_client
from cryomassage.knowledge.load import load
from cryomassage.planning.body_words import body_lines, card_lines, injury_words
from cryomassage.planning.make_plan import make_plan
from cryomassage.planning.numerics import default_numerics
from cryomassage.planning.population import Laboratory
from cryomassage.records.plan import Plan
from cryomassage_clinic.web.phrasebook.book import book
from tests.support.russian import foreign_words, numbers

pytestmark = [pytest.mark.unit, pytest.mark.sqlite]

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))
SKINS = 64  # texts need no acceptance

# Keys, hashes and what people typed; none of them is shown as a sentence of the core.
NOT_TEXT = (
    "schema", "client", "provenance", "source", "id", "zone", "method", "cold_source", "verdict", "outcome", "status",
    "client_code", "purpose", "indication", "evidence_grade", "event", "kind", "srgb", "cell", "level", "layer",
    "highest_class", "zones", "forbid_zones", "forbid_methods", "cleared_by",
)  # fmt: skip


def texts(content: Any, path: str = "") -> list[tuple[str, str]]:
    """Every text that a page may show, with its path."""
    if isinstance(content, dict):
        return [
            found for key, value in content.items() if key not in NOT_TEXT for found in texts(value, f"{path}.{key}")
        ]
    if isinstance(content, list):
        return [found for value in content for found in texts(value, path)]
    if not isinstance(content, str) or not content or path in (".date", ".until", ".room.name", ".screening.rules"):
        return []
    # The key of a rule, and dates; a page shows the reason beside it.
    if path.endswith((".date", ".until")) or (path.endswith(".limits.what") and content.startswith("limit ")):
        return []
    return [(path, content)]


@pytest.fixture(scope="module")
def plans() -> dict[str, Plan]:
    knowledge = load()
    numerics = default_numerics(knowledge).model_copy(update={"virtual_skins": SKINS})
    laboratory = Laboratory(knowledge, numerics)
    return {file.stem: make_plan(read_client(file, knowledge), knowledge, laboratory) for file in EXAMPLES}


def said(plan: Plan) -> list[tuple[str, str]]:
    """The texts of a plan, and the sentences that are made of its numbers."""
    found = texts(json.loads(plan.model_dump_json(by_alias=True)))
    for zone in plan.zones:
        found += [("acceptance", words.acceptance(zone)), ("feeling", words.feeling(zone))]
        if zone.response is not None:
            found += [("body", line) for line in body_lines(zone.response)]
    for spot in plan.spots:
        found += [("spot", words.spot_acceptance(spot)), ("spot", words.spot_course(spot))]
        found += [("spot", line) for line in map(injury_words, spot.injury)]
    found += [("card", line) for line in card_lines(plan.zones, False, 30.0)]
    return found


@pytest.mark.slow
def test_the_plans_show_every_kind_of_outcome(plans: dict[str, Plan]) -> None:
    assert len(plans) == len(EXAMPLES) >= 10
    assert {plan.status for plan in plans.values()} >= {"planned", "refused", "no_safe_dose"}
    assert len({text for plan in plans.values() for _path, text in said(plan)}) > 400


@pytest.mark.parametrize("name", [file.stem for file in EXAMPLES])
def test_plan_is_told_wholly(plans: dict[str, Plan], name: str) -> None:
    russian = book("ru")
    wrong = {}
    for path, text in said(plans[name]):
        translation, missed = russian.told(text)
        if missed or foreign_words(translation):
            wrong[f"{path}: {text}"] = translation
    assert wrong == {}, "\n".join(f"{a}\n    {b}" for a, b in wrong.items())


@pytest.mark.parametrize("name", [file.stem for file in EXAMPLES])
def test_plan_keeps_its_numbers(plans: dict[str, Plan], name: str) -> None:
    russian = book("ru")
    wrong = {}
    for path, text in said(plans[name]):
        translation = russian.told(text)[0]
        if numbers(text) != numbers(translation):
            wrong[f"{path}: {text}"] = translation
    assert wrong == {}, "\n".join(f"{a}\n    {b}" for a, b in wrong.items())
