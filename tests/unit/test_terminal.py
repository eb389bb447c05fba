"""The terminal: 80 columns, words beside every colour, and nothing left out."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from cryomassage.interchange.client_file import read_client
from cryomassage.interchange.terminal import card_panel, rules_table, screening_table
from cryomassage.knowledge.load import load
from cryomassage.planning.make_plan import make_plan
from cryomassage.planning.numerics import default_numerics
from cryomassage.planning.population import Laboratory
from cryomassage.planning.screening import screen
from cryomassage.records.plan import Plan

pytestmark = pytest.mark.unit

EXAMPLES = Path(__file__).parents[2] / "examples"


def shown(what: RenderableType, width: int = 80) -> str:
    stream = StringIO()
    Console(file=stream, width=width, color_system=None).print(what)
    return stream.getvalue()


def words(text: str) -> str:
    """The words without frames and line breaks."""
    return " ".join("".join(" " if letter in "│┃╭╮╰╯─━" else letter for letter in text).split())


def planned(name: str) -> Plan:
    knowledge = load()
    numerics = default_numerics(knowledge).model_copy(update={"virtual_skins": 64})
    client = read_client(EXAMPLES / f"{name}.toml", knowledge)
    return make_plan(client, knowledge, Laboratory(knowledge, numerics))


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planned("face-ln2-spray")


def test_the_card_holds_every_step_stop_sign_and_first_aid_within_80_columns(plan: Plan) -> None:
    text = shown(card_panel(plan))
    assert all(len(line) <= 80 for line in text.splitlines())
    assert plan.card is not None
    for line in (*plan.card.steps, *plan.card.stop_signs, *plan.card.first_aid, *plan.card.expected):
        assert words(line) in words(text)
    assert plan.client_code in text


def test_a_refusal_is_told_in_words_with_its_reason_and_the_next_step() -> None:
    refused = planned("refused-cold-urticaria")
    text = words(shown(card_panel(refused)))
    assert "✕ Do not treat" in text
    assert words(refused.message) in text
    assert words(refused.next_step) in text


def test_the_screening_names_verdict_zones_rules_and_sources() -> None:
    knowledge = load()
    screening = screen(read_client(EXAMPLES / "refused-cold-urticaria.toml", knowledge), knowledge)
    text = shown(screening_table(screening, knowledge))
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "✕ Do not treat" in text
    for finding in screening.chosen:
        assert knowledge.zone[finding.zone].name in text
    stopping = [rule for rule in screening.rules if rule.outcome == "stop" and rule.method is None]
    assert stopping
    for rule in stopping:
        title = knowledge.sources[rule.source[0]].title
        assert title.split()[0] in text


def test_no_rule_is_said_in_a_sentence() -> None:
    assert "no rule speaks against it" in shown(rules_table((), load()))


def test_markup_in_a_file_is_shown_as_it_stands(plan: Plan) -> None:
    named = plan.model_copy(update={"client_code": "[red]K[/red]", "message": "[link=x]here[/link]"})
    text = shown(card_panel(named))
    assert "[red]K[/red]" in text
    assert "[link=x]here[/link]" in text


def test_a_session_that_waits_for_its_test_spot_is_told_so(plan: Plan) -> None:
    assert "Not today" not in shown(card_panel(plan))
    assert "Not today. From" in shown(card_panel(plan.model_copy(update={"status": "test_spot_first"})))
