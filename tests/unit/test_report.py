"""The report: whole, self-contained, escaped, and complete in what hands and eyes need."""

from __future__ import annotations

import os
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from cryomassage.errors import EngineError
from cryomassage.interchange.card_fit import card_fit
from cryomassage.interchange.client_file import read_client
from cryomassage.interchange.report import render_report, write_report
from cryomassage.knowledge.load import load
from cryomassage.planning.make_plan import make_plan
from cryomassage.planning.numerics import default_numerics
from cryomassage.planning.population import Laboratory
from cryomassage.planning.predict import predict, predict_all
from cryomassage.records.client import Client
from cryomassage.records.history import History
from cryomassage.records.plan import Plan

pytestmark = pytest.mark.unit

EXAMPLES = Path(__file__).parents[2] / "examples"
VOID = {"meta", "link", "img", "br", "hr", "input", "path", "use", "rect", "image", "circle"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; complains about tags that do not close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words += data


def plain(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def laboratory() -> Laboratory:
    knowledge = load()
    numerics = default_numerics(knowledge).model_copy(update={"virtual_skins": 64})
    return Laboratory(knowledge, numerics)


@pytest.fixture(scope="module")
def client() -> Client:
    return read_client(EXAMPLES / "face-ln2-spray.toml", load())


@pytest.fixture(scope="module")
def plan(client: Client, laboratory: Laboratory) -> Plan:
    made = make_plan(client, laboratory.knowledge, laboratory)
    assert made.zones
    return made


@pytest.fixture(scope="module")
def histories(plan: Plan, client: Client, laboratory: Laboratory) -> dict[str, History]:
    return predict_all(plan, client, laboratory)


@pytest.fixture(scope="module")
def text(plan: Plan, histories: dict[str, History], laboratory: Laboratory) -> str:
    return render_report(plan, histories, laboratory.knowledge)


def test_the_picture_shows_what_the_numbers_say(plan: Plan, histories: dict[str, History]) -> None:
    for zone in plan.zones:
        history = histories[zone.zone]
        surface = history.bands[0]
        assert [band.label for band in history.bands] == ["surface", "basal layer", "1 mm", "fat"]
        # The numbers are percentiles of each skin's coldest moment, the band those of each moment.
        assert surface.median.min() == pytest.approx(zone.surface_min_degC.p50, abs=0.7)
        assert surface.low.min() == pytest.approx(zone.surface_min_degC.p05, abs=1.0)
        assert history.time_s[0] == 0.0
        assert np.all(np.diff(history.time_s) > 0)
        assert history.field_degC.shape == (history.depth_mm.size, history.time_s.size)
        assert all(np.all(band.low <= band.high) for band in history.bands)


def test_the_median_skin_starts_warm_and_its_top_cell_follows_the_surface(
    plan: Plan, histories: dict[str, History]
) -> None:
    history = histories[plan.zones[0].zone]
    assert history.field_degC[:, 0].min() > 28.0
    top, median = history.field_degC[0], history.bands[0].median
    assert abs(top.min() - median.min()) < 3.0


def test_another_client_file_is_noticed(plan: Plan, client: Client, laboratory: Laboratory) -> None:
    other = client.model_copy(update={"request": client.request.model_copy(update={"zones": ("neck",)})})
    with pytest.raises(EngineError, match="make the plan again"):
        predict(plan.zones[0], other, laboratory)


def test_the_page_is_well_formed_and_needs_nothing_from_outside(text: str) -> None:
    page = Page(text)
    assert not page.open
    names = {tag for tag, _ in page.tags}
    assert names.isdisjoint({"script", "link", "iframe", "object", "embed", "img"})
    for tag, attributes in page.tags:
        for attribute in ("src", "href", "xlink:href", "action", "srcset", "data"):
            target = attributes.get(attribute) or ""
            assert not target.startswith(("http", "//")), (tag, target)
        assert not any(name.startswith("on") for name in attributes)
    assert "url(http" not in text
    assert "@import" not in text


def test_identifiers_are_unique_and_links_arrive(text: str) -> None:
    page = Page(text)
    identifiers = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    for tag, attributes in page.tags:
        target = attributes.get("href") or ""
        if tag == "a":
            assert target.removeprefix("#") in identifiers


def test_the_card_comes_first_and_holds_what_the_hands_need(plan: Plan, text: str) -> None:
    assert plan.card is not None
    card = plain(Page(text[text.index('<section class="card"') : text.index('id="may"')] + ">").words)
    for zone in plan.zones:
        assert zone.name in card
        assert f"{zone.pause_s:.0f} s" in card or zone.passes == 1
    for line in (*plan.card.stop_signs, *plan.card.expected, plan.card.today):
        assert line in card
    for line in plan.card.first_aid:
        name, _, words = line.partition(": ")
        assert name in card
        assert words in card
    assert "Never alone" in card


def test_every_question_is_answered(plan: Plan, text: str) -> None:
    words = plain(Page(text).words)
    for question in (
        "What do the hands do?",
        "May we treat?",
        "What will the skin feel?",
        "Why?",
        "When next?",
    ):
        assert question in words
    assert plan.prescription is not None
    assert plan.course is not None
    assert plan.prescription.evidence_sentence in words
    assert plan.provenance.knowledge_fingerprint in words
    assert plan.provenance.content_sha256 in words
    assert str(plan.provenance.numerics.seed) in words
    assert plan.statement in words
    assert plan.course.stop_rule in words
    for zone in plan.zones:
        assert zone.binding in words
    assert "degC" not in words


def test_texts_from_files_are_escaped(plan: Plan, histories: dict[str, History], laboratory: Laboratory) -> None:
    evil = "<script>alert('x')</script>"
    rule = {
        "id": "diabetes",
        "outcome": "limit",
        "zone": None,
        "method": None,
        "reason": f"Reason {evil}",
        "source": (),
        "restriction": {"instruction": f"Do {evil}"},
        "cleared_by": f"Dr {evil}",
    }
    content = plan.model_dump(by_alias=True)
    content |= {"client_code": f"K{evil}", "message": evil, "rules": (rule,)}
    page = render_report(Plan.model_validate(content), histories, laboratory.knowledge)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 5
    assert not Page(page).open


@pytest.mark.parametrize("name", ["refused-cold-urticaria", "refused-small-room", "refused-home-nitrogen"])
def test_a_plan_without_a_dose_still_reads_well(name: str, laboratory: Laboratory) -> None:
    client = read_client(EXAMPLES / f"{name}.toml", laboratory.knowledge)
    made = make_plan(client, laboratory.knowledge, laboratory)
    assert not made.zones
    page = Page(render_report(made, {}, laboratory.knowledge))
    words = plain(page.words)
    assert not page.open
    assert plain(made.message) in words
    assert made.next_step in words
    assert "What do the hands do?" not in words
    method = made.screening[0].method
    for rule in made.rules:
        if rule.method in (None, method):
            assert all(laboratory.knowledge.sources[key].title in words for key in rule.source)


def test_a_lesion_is_told_and_drawn(laboratory: Laboratory) -> None:
    client = read_client(EXAMPLES / "papilloma-doctor.toml", laboratory.knowledge)
    made = make_plan(client, laboratory.knowledge, laboratory)
    text = render_report(made, {}, laboratory.knowledge)
    page = Page(text)
    assert not page.open
    assert text.count("<svg ") == 2
    identifiers = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(identifiers) == len(set(identifiers))
    words = plain(page.words)
    (spot,) = made.spots
    assert f"{spot.freeze_s:.1f} s a freeze" in words
    assert f"the ice goes deeper than {spot.depth_limit_mm:g} mm in none" in words
    assert "Thaws in about" in words
    assert spot.binding in words


def test_a_zone_without_a_picture_is_told_in_numbers(plan: Plan, laboratory: Laboratory) -> None:
    zones = tuple(zone.model_copy(update={"response": None}) for zone in plan.zones)
    page = render_report(plan.model_copy(update={"zones": zones}), {}, laboratory.knowledge)
    assert "<svg" not in page
    assert plan.zones[0].binding in plain(Page(page).words)


@pytest.mark.slow
def test_the_same_plan_gives_the_same_bytes(
    plan: Plan, histories: dict[str, History], laboratory: Laboratory, text: str
) -> None:
    assert render_report(plan, histories, laboratory.knowledge) == text


@pytest.mark.slow
def test_the_report_is_written_whole_or_not_at_all(
    plan: Plan,
    histories: dict[str, History],
    laboratory: Laboratory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "new" / "plan"
    path = write_report(plan, histories, laboratory.knowledge, folder)
    assert path == folder / "report.html"
    before = path.read_text(encoding="utf-8")

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_report(plan, {}, laboratory.knowledge, folder)
    assert path.read_text(encoding="utf-8") == before
    assert [file.name for file in folder.iterdir()] == ["report.html"]


def test_a_fuller_card_is_set_in_smaller_type(plan: Plan) -> None:
    assert plan.card is not None
    fuller = plan.card.model_copy(update={"steps": plan.card.steps * 3})
    assert 0.6 <= card_fit(plan.model_copy(update={"card": fuller}), ()) < card_fit(plan, ()) <= 1.0


def test_a_session_that_waits_for_its_test_spot_is_not_shown_as_work_for_today(
    client: Client, laboratory: Laboratory
) -> None:
    waiting = make_plan(client.model_copy(update={"test_spot": None}), laboratory.knowledge, laboratory)
    assert waiting.status == "test_spot_first"
    words = plain(Page(render_report(waiting, {}, laboratory.knowledge)).words)
    assert "Today: test spot only" in words
    assert "Not today. From" in words
