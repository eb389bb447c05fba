"""A file of published trials: what can be read is read, and what cannot is listed with its reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cryomassage.errors import InputError
from cryomassage.interchange.case_file import read_cases, shipped_cases, shipped_discussion
from cryomassage.knowledge.load import load
from cryomassage.records.validation_case import Case
from cryomassage.validation.studies import digest_of, learnt_from, replaced_by, studies_of
from tests.support.trials import case, observation, write_cases

pytestmark = pytest.mark.unit


def read(path: Path, *cases: Any) -> Any:
    return read_cases(write_cases(path / "cases.json", *cases), load())


def test_the_shipped_cases_can_all_be_read_and_have_their_source() -> None:
    file, discussed = shipped_cases(load()), shipped_discussion()
    assert not file.unreadable
    assert len(file.cases) == 43
    assert set(discussed.source) == {one.id for one in file.cases}
    assert set(discussed.source.values()) <= set(load().sources)


def without(data: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != key}


def rewarming(time_s: float) -> dict[str, Any]:
    return observation(time_s=time_s, **{"while": "rewarming"})


BAD = [
    (case(agent="crused_ice"), "setup.agent = 'crused_ice': not known. Did you mean “crushed_ice”?"),
    (case(site="ankel"), "Did you mean “ankle”?"),
    (case(barrier="dry_towl"), "Did you mean “dry_towel”?"),
    (case(sensor="infrared"), "setup.sensor"),
    (case(pattern="sweep"), "setup.pattern"),
    (case(statistic="maximum"), "setup.statistic"),
    (case(tissue="rubber"), "setup.tissue"),
    (case(wind_ms=3), "setup.wind_ms is no key of this format"),
    (case(exposure_s=-5), "setup.exposure_s = -5: must be above 0"),
    (case(exposure_s="600"), "setup.exposure_s"),
    (case(exposure_s=True), "setup.exposure_s"),
    (case(agent_degC=-300), "setup.agent_degC = -300: must be at least -196"),
    (case(skinfold_mm=0), "setup.skinfold_mm"),
    (case(site="phantom"), "tissue phantom and site phantom belong together"),
    (case(agent="cold_wind"), "agent cold_wind needs air_degC and wind_m_s"),
    (case(agent="local_cooling_to"), "needs agent_degC"),
    (case(exposure_s=None, surface_end_degC=8), "surface_end_degC needs exposure_s"),
    (case(observations=[]), "observations"),
    (case(observations=[observation(quantity="colour")]), "observations.0.quantity"),
    (case(observations=[observation(unit="K")]), "unit of temperature is degC, not 'K'"),
    (case(observations=[observation(value=-250)]), "temperature lies within -196 and 60, not -250"),
    (case(observations=[observation(value=float("nan"))]), "observations.0.value"),
    (case(observations=[observation(sd=-1)]), "observations.0.sd"),
    (case(observations=[observation(time_s=0)]), "observations.0.time_s"),
    (case(observations=[observation(time_s=None)]), "temperature needs time_s"),
    (case(observations=[observation(bound="about")]), "bound is lower or upper"),
    (case(observations=[without(observation(), "value")]), "observations.0.value is missing"),
    (
        case(observations=[observation(time_s=600), observation(time_s=300)]),
        "times out of order: 300 s stands after 600",
    ),
    (case(observations=[rewarming(300)]), "times out of order: 300 s is read while rewarming"),
    (case(observations=[observation(quantity="time_to_temperature", unit="s", time_s=None)]), "needs target_degC"),
    (case(observations=[observation(quantity="time_to_temperature_drop", unit="s", time_s=None)]), "needs drop_K"),
    (without(case(), "setup"), "setup is missing"),
    (without(case(), "citation"), "citation is missing"),
    ({**case(), "group": 3}, "group is no key of this format"),
    ("a case", "a case is a table"),
]


@pytest.mark.parametrize(("bad", "told"), BAD, ids=[told[:40] for _, told in BAD])
def test_a_case_that_cannot_be_read_is_listed_and_the_others_go_on(tmp_path: Path, bad: Any, told: str) -> None:
    file = read(tmp_path, case(1), bad, case(2))
    assert [one.id for one in file.cases] == ["case-1", "case-2"]
    (left,) = file.unreadable
    assert told in left.reason


def test_an_id_stands_only_once(tmp_path: Path) -> None:
    file = read(tmp_path, case(1), case(1))
    assert len(file.cases) == 1
    assert file.unreadable[0].reason == "the same id stands twice"


def test_series_at_different_depths_may_each_begin_anew(tmp_path: Path) -> None:
    deep = [observation(time_s=time_s, depth_mm=10) for time_s in (300, 600)]
    assert not read(tmp_path, case(1, [observation(time_s=600), *deep])).unreadable


def test_further_texts_about_a_case_are_let_pass(tmp_path: Path) -> None:
    assert not read(tmp_path, {**case(), "doi": "10.1000/x"}).unreadable


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not JSON"),
        ("[]", "format"),
        (json.dumps({"format": "something", "version": 2, "cases": [case()]}), "format"),
        (json.dumps({"format": "cryomassage validation cases", "version": 1, "cases": [case()]}), "version"),
        (json.dumps({"format": "cryomassage validation cases", "version": 2, "cases": []}), "at least one case"),
    ],
)
def test_a_file_that_is_no_file_of_cases_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "cases.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=told):
        read_cases(path, load())
    with pytest.raises(InputError, match="not found"):
        read_cases(tmp_path / "nothing.json", load())


def cited(number: int, citation: str) -> Case:
    data = {**case(number), "citation": citation}
    return Case.model_validate({**data, "observations": tuple(data["observations"])})


def test_cases_of_one_study_are_known_by_doi_pubmed_number_or_page() -> None:
    cases = [
        cited(1, "Alpha A. J Cold 2001;5:10. doi:10.1000/abc.1 PMID 123"),
        cited(2, "Alpha, in short; PMID 123"),
        cited(3, "Alpha A. Journal of Cold. 2001;5(2):10-14."),
        cited(4, "Beta B. J Cold 2001;5:11"),
        cited(5, "Beta B. J Cold 2001;5:11; protocol from J Cold 2001;5:10"),
    ]
    assert studies_of(cases) == (0, 0, 0, 1, 1)


def test_a_study_that_is_given_takes_the_place_of_the_shipped_one() -> None:
    shipped = [cited(1, "doi:10.1000/abc"), cited(2, "doi:10.1000/xyz")]
    given = [cited(9, "see doi:10.1000/xyz")]
    assert [one.id for one in replaced_by(shipped, given)] == ["case-9", "case-1"]


def test_a_study_is_known_again_by_the_names_of_its_cases() -> None:
    shipped = shipped_cases(load()).cases
    face = next(case for case in shipped if case.id == "ichikawa-2024-face")
    shortened = face.model_copy(update={"citation": "Ichikawa 2024, as above"})
    assert face not in replaced_by(shipped, [shortened])
    other_arm = shortened.model_copy(update={"id": "ichikawa-2024-neck"})
    assert face not in replaced_by(shipped, [other_arm])
    phantom = next(case for case in shipped if case.id == "cold-air-phantom-max")
    assert phantom not in replaced_by(shipped, [phantom.model_copy(update={"citation": "Phantom, as above"})])
    elsewhere = shortened.model_copy(update={"id": "somebody-2024-face"})
    assert face in replaced_by(shipped, [elsewhere])


def test_what_was_learnt_from_is_known_whatever_its_value() -> None:
    shipped = [cited(1, "doi:10.1000/abc")]
    changed = shipped[0].observations[0].model_copy(update={"value": 30.0})
    assert learnt_from([shipped[0].model_copy(update={"observations": (changed,)})], shipped) == {(0, 0)}
    elsewhere = shipped[0].setup.model_copy(update={"site": "knee"})
    assert learnt_from([shipped[0].model_copy(update={"setup": elsewhere})], shipped) == set()
    assert digest_of([shipped[0]]) != digest_of([shipped[0].model_copy(update={"observations": (changed,)})])
