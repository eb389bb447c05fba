"""The bridge: plans of the core to the byte, their fingerprint, their pictures, their progress."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from cryomassage.interchange.plan_file import read_plan as core_read_plan
from cryomassage.planning.numerics import content_hash
from cryomassage_clinic import bridge
from cryomassage_clinic.courses.pictures import kept, standalone
from tests.clinic.plans import computed
from tests.support.clients import client_data

pytestmark = [pytest.mark.unit, pytest.mark.sqlite]


def ice_case(**changes: Any) -> dict[str, Any]:
    request = {
        "indication": "slight_swelling",
        "purpose": "preventive",
        "zones": ["forehead"],
        "method": "ice_massage",
        "exposure_class": 0,
    }
    visit = {**client_data()["visit"], "session": 1}
    return client_data(request=request, visit=visit, test_spot=None, room=None, **changes)


@pytest.fixture(scope="module")
def ice() -> bridge.Computed:
    return computed(ice_case())


def test_a_stored_plan_is_the_core_s_plan_to_the_byte(ice: bridge.Computed, tmp_path: Any) -> None:
    path = tmp_path / "plan.json"
    path.write_text(ice.text, encoding="utf-8")
    assert core_read_plan(path).provenance.content_sha256 == ice.content_sha256
    assert bridge.read_plan(ice.text).status == ice.status == "planned"
    assert ice.exposure_class == 0


def test_a_stored_plan_replays_to_the_same_numbers(ice: bridge.Computed) -> None:
    again = bridge.replay(ice.text)
    assert again.same, again.differing_numbers
    assert again.differing_versions == ()
    assert again.plan.provenance.content_sha256 == ice.content_sha256


def test_a_plan_with_another_number_does_not_replay(ice: bridge.Computed) -> None:
    content = json.loads(ice.text)
    content["zones"][0]["passes"] += 1
    assert not bridge.replay(json.dumps(content)).same


def test_the_fingerprint_is_that_of_the_core(ice: bridge.Computed) -> None:
    assert bridge.digest_of(ice.text) == content_hash(json.loads(ice.text)) == ice.content_sha256
    assert bridge.is_untouched(ice.text, ice.content_sha256)


@pytest.mark.parametrize("edit", ["number", "word", "hash", "row", "rubbish", "empty"])
def test_every_edit_shows(ice: bridge.Computed, edit: str) -> None:
    content, sha = json.loads(ice.text), ice.content_sha256
    if edit == "number":
        content["zones"][0]["seconds_per_pass"] += 0.1
    elif edit == "word":
        content["card"]["steps"][0] += "!"
    elif edit == "hash":
        content["provenance"]["content_sha256"] = "0" * 64
    elif edit == "row":
        sha = "0" * 64
    text = {"rubbish": "{", "empty": ""}.get(edit, json.dumps(content))
    assert not bridge.is_untouched(text, sha)


def test_curves_hold_their_coldest_moment_and_few_points(ice: bridge.Computed) -> None:
    curves = ice.pictures["curves"]["forehead"]
    zone = bridge.read_plan(ice.text).zones[0]
    assert curves["floor"] == zone.surface_floor_degC
    whole = curves["whole"]
    assert 10 < len(whole["time_s"]) <= 400
    assert whole["time_s"] == sorted(whole["time_s"])
    assert min(whole["surface"]["p05"]) == pytest.approx(zone.surface_min_degC.p05, abs=0.15)
    assert min(whole["basal"]["p50"]) == pytest.approx(zone.basal_min_degC.p50, abs=0.15)
    for band in (whole["surface"], whole["basal"]):
        rows = zip(band["p05"], band["p50"], band["p95"], strict=True)
        assert all(low <= middle <= high for low, middle, high in rows)


def test_long_curves_are_thinned_without_losing_their_extremes() -> None:
    import numpy as np

    from cryomassage.records.history import Band, History

    time = np.linspace(0.0, 1000.0, 5000)
    coldest = 30.0 + np.sin(time)
    coldest[1234], coldest[4321] = -3.0, 36.5
    band = Band("surface", coldest, coldest + 1, coldest + 2)
    told = bridge._thinned(History(time, (band, band), np.zeros(1), np.zeros((1, 5000))), 1000.0)
    assert len(told["time_s"]) <= 400
    assert min(told["surface"]["p05"]) == -3.0
    assert max(told["surface"]["p05"]) == 36.5
    assert (told["time_s"][0], told["time_s"][-1]) == (0.0, 1000.0)


def test_drawings_become_images_without_any_style(ice: bridge.Computed) -> None:
    drawings = kept(ice.pictures)["drawings"]
    assert {one["zone"] for one in drawings} == {"forehead"}
    assert any("colour" in one["name"] for one in drawings)
    for one in drawings:
        svg = one["svg"]
        assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
        assert "<style" not in svg
        assert "style=" not in svg
        assert "var(" not in svg
        assert "<script" not in svg


def test_styles_are_kept_as_attributes() -> None:
    given = (
        '<svg width="1"><defs><style type="text/css">*{stroke-linejoin: round; stroke-linecap: butt}</style></defs>'
        '<path style="fill: none; stroke: var(--cold, #0b6e99); stroke-width: 2"/>'
        "<text style=\"font: 10px 'DejaVu Sans'; text-anchor: middle\">a</text></svg>"
    )
    told = standalone(given)
    assert 'stroke-linejoin="round" stroke-linecap="butt"' in told
    assert '<path fill="none" stroke="#0b6e99" stroke-width="2"/>' in told
    assert '<text font-size="10px" font-family="\'DejaVu Sans\'" text-anchor="middle">' in told


def test_progress_tells_real_steps_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "_warm", {})  # what is remembered is not computed again
    steps: list[bridge.Step] = []
    bridge.compute(ice_case(), steps.append)
    told = [(step.stage, step.zone) for step in steps]
    assert told == [
        ("screening", ""),
        ("search", "forehead"),
        ("confirm", "forehead"),
        ("predict", "forehead"),
        ("draw", ""),
    ]
    shares = [step.done / step.of for step in steps]
    assert shares == sorted(shares)
    assert shares[-1] < 1.0


def test_a_refused_person_gets_a_plan_without_card_or_pictures() -> None:
    refused = bridge.compute(ice_case(answers={"cold_hives": "yes"}))
    assert (refused.status, refused.exposure_class, refused.pictures) == ("refused", None, {})
    assert bridge.is_untouched(refused.text, refused.content_sha256)


def test_a_case_with_a_question_open_is_not_planned() -> None:
    case = ice_case()
    del case["answers"]["raynaud"]
    assert [problem.field for problem in bridge.problems_of(case)] == ["answers.raynaud"]
    with pytest.raises(bridge.InputError):
        bridge.compute(case)


def test_the_warm_laboratory_is_shared_and_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "_warm", {})
    first = bridge._laboratory(bridge._Counter(None))
    assert bridge._laboratory(bridge._Counter(None)) is first, "populations are shared between plans"
    first._skins.update({(number, 0): None for number in range(bridge._MOST_POPULATIONS + 1)})  # type: ignore[misc]
    second = bridge._laboratory(bridge._Counter(None))
    assert second is not first
    assert list(bridge._warm.values()) == [second]


def test_the_web_process_loads_no_engine() -> None:
    code = "import sys, cryomassage_clinic.bridge; print('jax' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
