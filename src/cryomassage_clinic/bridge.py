"""The only caller of the core.

Identity never crosses: a case holds a code, body data and answers. What needs the engine is imported where it is
used, so that the web process stays small; only the worker calls `compute`.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cryomassage
from cryomassage.errors import CryomassageError, InputError, Problem
from cryomassage.interchange import words as plan_words
from cryomassage.interchange.client_file import check
from cryomassage.interchange.toml_file import validated
from cryomassage.knowledge.load import load
from cryomassage.knowledge.questionnaire import Question
from cryomassage.knowledge.schema import Indication, Knowledge, Method, Zone
from cryomassage.planning import answers as core_answers
from cryomassage.planning import body_words
from cryomassage.planning.room import judge_room as core_judge_room
from cryomassage.planning.route import resolve_method
from cryomassage.planning.screening import screen as core_screen
from cryomassage.records.client import SCHEMA as CASE_SCHEMA
from cryomassage.records.client import Client as CoreClient
from cryomassage.records.plan import Plan as CorePlan
from cryomassage.records.room import SCHEMA as ROOM_SCHEMA
from cryomassage.records.room import Room as CoreRoom
from cryomassage.records.room import RoomVerdict
from cryomassage.records.screening import FiredRule, Screening

if TYPE_CHECKING:
    from cryomassage.planning.population import Laboratory
    from cryomassage.planning.replay import Replay
    from cryomassage.records.history import History
    from cryomassage.records.plan import ZonePlan

__all__ = [
    "BODY_QUESTIONS",
    "CASE_SCHEMA",
    "ROOM_SCHEMA",
    "Computed",
    "CorePlan",
    "CryomassageError",
    "FiredRule",
    "InputError",
    "Problem",
    "Question",
    "RoomVerdict",
    "Screening",
    "Step",
    "body_words",
    "plan_words",
]

BODY_QUESTIONS = core_answers.BODY_QUESTIONS  # answered by body data and by measuring
_WHERE = Path("case")  # as errors name it
_NOT_BOOKED = frozenset({"ice", "pack"})  # agents that everybody has
Case = dict[str, Any]  # a client file of the core as a table: no name, no contact


@lru_cache(maxsize=1)
def knowledge() -> Knowledge:
    """Everything that is known; read once."""
    return load()


def fingerprint() -> str:
    """Of the knowledge."""
    return knowledge().fingerprint


def engine_version() -> str:
    """Of the core."""
    return cryomassage.__version__


def zones() -> dict[str, Zone]:
    """All zones by key."""
    return knowledge().zone


def indications() -> dict[str, Indication]:
    """All complaints by key."""
    return knowledge().indication


def sources_are_booked(sources: tuple[str, ...]) -> bool:
    """Whether cold sources are devices that only one person can use at a time; ice is not."""
    return any(knowledge().cold_source[one].agent not in _NOT_BOOKED for one in sources)


def methods() -> dict[str, Method]:
    """All methods by key."""
    return knowledge().method


def read_case(case: Case) -> CoreClient:
    """A case as the core reads it.

    Raises:
        InputError: with every problem found: field, value, bound, source, next step.
    """
    return check(_client(case), knowledge(), str(_WHERE))


def _client(case: Case) -> CoreClient:
    """A case whose fields are sound; whether all questions are answered is not looked at."""
    return validated(CoreClient, json.loads(json.dumps(case, default=str)), _WHERE)


def problems_of(case: Case) -> list[Problem]:
    """What keeps a case from being planned: wrong values, questions without an answer."""
    try:
        read_case(case)
    except InputError as error:
        return error.problems
    return []


def method_of(case: Case) -> str:
    """The method that a case asks for, or the first that suits it."""
    return resolve_method(_client(case), knowledge())


def questions_of(case: Case) -> dict[str, Question]:
    """The questions that apply to this person, zone, method and place, in their order."""
    client, known = _client(case), knowledge()
    method = known.method[resolve_method(client, known)]
    return {key: one for key, one in known.question.items() if core_answers.applies(one, client, method, known)}


def screen(case: Case) -> Screening:
    """The verdict on a case, with every reason.

    Raises:
        InputError: the case cannot be judged; unknown means no.
    """
    return core_screen(read_case(case), knowledge())


def screen_so_far(case: Case) -> tuple[list[Problem], Screening | None]:
    """What keeps a case from being judged, and what is known all the same.

    A question without an answer counts as a referral. Where anything else is wrong there is no verdict at all.
    """
    try:
        return [], core_screen(read_case(case), knowledge())
    except InputError as error:
        problems = error.problems
    if not all(
        problem.field.startswith(("answers.", "vitals.")) and problem.value == "missing" for problem in problems
    ):
        return problems, None
    return problems, core_screen(_client(case), knowledge())


def sited_questions() -> frozenset[str]:
    """Questions whose answers hold where they are named: some rule looks at the place."""
    rules = knowledge().rule.values()
    return frozenset(condition.question for rule in rules if rule.at_site for condition in rule.any_of)


def answer_valid(question: str) -> datetime.timedelta:
    """How long an answer to a question counts."""
    quantity = knowledge().limit[knowledge().question[question].valid].quantity
    return datetime.timedelta(**{{"h": "hours", "day": "days"}[quantity.unit]: quantity.value})


def judge_room(room: dict[str, Any], date: datetime.date) -> RoomVerdict:
    """What a loss of the vessels would do to the air of a room.

    Raises:
        InputError: with every problem found.
    """
    return core_judge_room(validated(CoreRoom, room, Path("room")), date, knowledge())


@dataclass(frozen=True)
class Step:
    """What is being computed now: the stage, and the zone that it is about, if it is about one."""

    stage: str  # screening, search, confirm, predict or draw
    zone: str
    done: int
    of: int


OnStep = Callable[[Step], None]


def salon_sources() -> dict[str, str]:
    """Cold sources that some method of the salon works with: key and name."""
    known = knowledge()
    used = {key for method in known.method.values() if "salon" in method.places for key in method.sources}
    return {key: entry.name for key, entry in known.cold_source.items() if key in used}


def source_problems(source: dict[str, Any], date: datetime.date) -> list[Problem]:
    """What keeps a cold source, with its distance and calibration, from being planned with on a date.

    The core checks a source as a part of a case; the rest of the case is a stand-in that nobody sees.
    """
    method = next((key for key, one in methods().items() if source.get("cold_source") in one.sources), None)
    case: Case = {
        "schema": CASE_SCHEMA,
        "person": {"code": "device", "age_years": 30, "sex": "female", "phototype": "ii"},
        "visit": {"date": date, "place": "salon", "role": "doctor"},
        "request": {
            "indication": next(iter(indications())),
            "purpose": "preventive",
            "zones": [next(iter(zones()))],
            "method": method or next(iter(methods())),
        },
        "source": source,
        "answers": {},
    }
    return [problem for problem in problems_of(case) if problem.field.split(".")[0] == "source"]


@dataclass(frozen=True)
class Computed:
    """A computed plan, as it is stored."""

    status: str
    exposure_class: int | None
    content_sha256: str
    text: str  # the plan as JSON, to the byte as the core writes it
    pictures: dict[str, Any]  # of the same computation: "drawings", "curves" by zone, "report"


def read_plan(text: str) -> CorePlan:
    """A stored plan."""
    return CorePlan.model_validate_json(text)


def digest_of(text: str) -> str:
    """The fingerprint that the content of a stored plan has now; it differs from the stored one after an edit.

    The rule is the core's; it is written out here so that a web process need not load the engine for it.
    """
    content = json.loads(text)
    provenance = {key: value for key, value in content["provenance"].items() if key != "content_sha256"}
    told = json.dumps({**content, "provenance": provenance}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


def is_untouched(text: str, content_sha256: str) -> bool:
    """Whether a stored plan is still the one with this fingerprint."""
    try:
        return bool(content_sha256) and digest_of(text) == content_sha256 == read_plan(text).provenance.content_sha256
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


# --- only the worker goes below this line: what follows loads the engine ---------------------------------

_MOST_POPULATIONS = 16  # kept between plans; each is a few megabytes


class _Counter:
    """Counts the steps of one computation as they happen."""

    def __init__(self, on_step: OnStep | None) -> None:
        self.on_step, self.of, self._seen = on_step, 1, dict[tuple[str, str], None]()

    def at(self, stage: str, zone: str = "") -> None:
        """Tell of a step the first time that it is reached."""
        if self.on_step is not None and (stage, zone) not in self._seen:
            # Populations are asked again for the pictures; the search is over by then.
            if stage in ("search", "confirm") and any(seen == "predict" for seen, _ in self._seen):
                return
            self._seen[stage, zone] = None
            self.on_step(Step(stage, zone, len(self._seen) - 1, self.of))


@lru_cache(maxsize=1)
def _watched_laboratory() -> type[Laboratory]:
    """A laboratory that tells which zone it is asked about."""
    from cryomassage.planning.population import Laboratory

    class Watched(Laboratory):
        """Populations are asked for zone by zone: the search on the first, the confirmation on a fresh one."""

        counter: _Counter | None = None

        def skins(self, posed: Any, seed: int) -> Any:
            """The population of the core, told of before."""
            if self.counter is not None:
                self.counter.at("search" if seed == self.numerics.seed else "confirm", posed.zone)
            return super().skins(posed, seed)

    return Watched


_warm: dict[str, Laboratory] = {}


def _laboratory(counter: _Counter) -> Laboratory:
    """The laboratory of this process: kept warm while the knowledge is the same and it is not too large."""
    from cryomassage.cli.compute import compilation_cache
    from cryomassage.planning.numerics import default_numerics

    known = knowledge()
    kept = _warm.get(known.fingerprint)
    if kept is None or len(kept._skins) > _MOST_POPULATIONS:
        compilation_cache()
        _warm.clear()
        kept = _warm[known.fingerprint] = _watched_laboratory()(known, default_numerics(known))
    kept.counter = counter  # type: ignore[attr-defined]
    return kept


def compute(case: Case, on_step: OnStep | None = None) -> Computed:
    """Plan a case, and draw what the plan predicts. Takes seconds; only the worker calls this.

    Args:
        case: as `read_case` takes it.
        on_step: is told of each step when it begins.

    Raises:
        InputError: the case cannot be planned.
        CryomassageError: the engine could not compute it.
    """
    from cryomassage.interchange.plan_file import as_json
    from cryomassage.planning.make_plan import make_plan
    from cryomassage.planning.predict import predict

    known, client, counter = knowledge(), read_case(case), _Counter(on_step)
    workable = core_screen(client, known).workable
    counter.of = 2 + 3 * len(workable)
    counter.at("screening")
    laboratory = _laboratory(counter)
    plan = make_plan(client, known, laboratory)
    histories: dict[str, History] = {}
    for zone in plan.zones:
        counter.at("predict", zone.zone)
        histories[zone.zone] = predict(zone, client, laboratory)
    if plan.card is not None:
        counter.at("draw")
    return Computed(
        status=plan.status,
        exposure_class=None if plan.prescription is None else plan.prescription.exposure_class,
        content_sha256=plan.provenance.content_sha256,
        text=json.dumps(as_json(plan), indent=1, ensure_ascii=False) + "\n",
        pictures=_drawn(plan, histories, known) if plan.card is not None else {},
    )


def _drawn(plan: CorePlan, histories: dict[str, History], known: Knowledge) -> dict[str, Any]:
    """The core's drawings and report, and the curves behind them."""
    from cryomassage.interchange import plots
    from cryomassage.interchange.report import colour_chart, render_report, spot_charts, zone_charts

    drawings: list[dict[str, str]] = []

    def keep(name: str, zone: str, title: str, svg: str) -> None:
        drawings.append({"name": name, "zone": zone, "title": title, "svg": str(svg)})

    axis = plots.common_axis(plan.zones, histories) if plan.zones else None
    for zone in plan.zones:
        if axis is not None:
            for number, chart in enumerate(zone_charts(zone, histories[zone.zone], axis)):
                keep(f"{zone.zone}-{number}", zone.zone, chart.title, chart.svg)
        if zone.response is not None:
            keep(f"{zone.zone}-colour", zone.zone, "Colour over time", colour_chart(zone))
    for number, spot in enumerate(plan.spots):
        for chart_number, chart in enumerate(spot_charts(spot, number)):
            keep(f"spot-{number}-{chart_number}", spot.zone, chart.title, chart.svg)
    return {
        "drawings": drawings,
        "axis": None if axis is None else [axis.low_degC, axis.high_degC],
        "curves": {zone.zone: _curves(zone, histories[zone.zone]) for zone in plan.zones},
        "report": render_report(plan, histories, known),
    }


_MOST_POINTS = 400


def _curves(zone: ZonePlan, history: History) -> dict[str, Any]:
    """Bands of surface and basal layer over the session and, where touches are short, over the first of them."""
    from cryomassage.interchange import plots

    until = float(history.time_s[-1])
    told = {"floor": zone.surface_floor_degC, "basal_floor": zone.basal_floor_degC}
    spans = {"whole": until}
    if plots.is_pulsed(zone, history):
        spans["touch"] = plots.touch_window_s(zone, history)
    return {**told, **{name: _thinned(history, span) for name, span in spans.items()}}


def _thinned(history: History, until_s: float) -> dict[str, Any]:
    """A history up to a time in at most 400 points, of which none of the coldest and warmest is missing."""
    import numpy as np

    end = min(int(np.searchsorted(history.time_s, until_s, side="right")) + 1, len(history.time_s))
    coldest = history.bands[0].low[:end]
    kept = np.arange(end)
    if end > _MOST_POINTS:
        parts = np.array_split(kept, (_MOST_POINTS - 2) // 2)
        extremes = [part[pick(coldest[part])] for part in parts for pick in (np.argmin, np.argmax)]
        kept = np.unique(np.concatenate([[0], extremes, [end - 1]]).astype(int))
    surface, basal = (
        {"p05": band.low, "p50": band.median, "p95": band.high} for band in (history.bands[0], history.bands[1])
    )

    def rounded(values: Any, digits: int) -> list[float]:
        return [round(float(value), digits) for value in values[kept]]

    return {
        "time_s": rounded(history.time_s, 3),
        "surface": {key: rounded(values, 2) for key, values in surface.items()},
        "basal": {key: rounded(values, 2) for key, values in basal.items()},
    }


def replay(text: str) -> Replay:
    """Compute a stored plan again from what it holds, and compare every number."""
    from cryomassage.cli.compute import compilation_cache
    from cryomassage.planning.replay import replay as core_replay

    compilation_cache()
    return core_replay(read_plan(text), knowledge())
