"""Writes the report of a plan: one file that needs nothing else, whose first printed page is the card."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cryomassage.interchange import plots, spot_plots, words
from cryomassage.interchange.card_fit import card_fit
from cryomassage.interchange.colour_timeline import colour_timeline_svg
from cryomassage.interchange.whole_file import write_whole
from cryomassage.knowledge.schema import Knowledge
from cryomassage.knowledge.values import Source
from cryomassage.planning import body_words
from cryomassage.planning.card import first_aid_for, told_seconds
from cryomassage.records.history import History
from cryomassage.records.plan import Plan, SpotPlan, ZonePlan

REPORT = "report.html"
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Chart:
    """A picture with the question that it answers."""

    title: str
    svg: Markup


@dataclass
class Citations:
    """Numbers the sources of a report in the order in which they are named."""

    knowledge: Knowledge
    numbers: dict[str, int] = field(default_factory=dict)

    def cite(self, keys: tuple[str, ...]) -> list[tuple[int, str, Source]]:
        """Number, key and entry of each source."""
        return [
            (self.numbers.setdefault(key, len(self.numbers) + 1), key, self.knowledge.sources[key])
            for key in keys
            if key in self.knowledge.sources
        ]

    def listed(self) -> list[tuple[int, str, Source]]:
        """All sources that were named so far."""
        return self.cite(tuple(self.numbers))


# A shorter touch is a line too thin to see on a map of the whole session.
_MAPPED_DWELL_s = 0.5


def zone_charts(zone: ZonePlan, history: History, axis: plots.TemperatureAxis) -> list[Chart]:
    """The pictures of one zone: close up where touches are short, and the whole session."""

    def chart(title: str, svg: str) -> Chart:
        # The only markup that is not escaped: our own drawing, whose words are escaped where it is drawn.
        return Chart(title, Markup(svg))

    if not plots.is_pulsed(zone, history):
        return [
            chart("Temperature over the session", plots.temperature_chart(history, zone, axis)),
            chart("The median skin in depth", plots.depth_map(history, zone, axis)),
        ]
    charts = [
        chart("The first touch, close up", plots.touch_chart(history, zone, axis)),
        chart("The whole session", plots.temperature_chart(history, zone, axis)),
        chart("In depth: the first touch", plots.touch_map(history, zone, axis)),
    ]
    if zone.dwell_time_s >= _MAPPED_DWELL_s:
        charts.append(chart("In depth: the whole session", plots.depth_map(history, zone, axis)))
    return charts


def colour_chart(zone: ZonePlan) -> Markup:
    """The colour that the zone should take on over time."""
    if zone.response is None:
        raise ValueError(f"{zone.name}: the plan predicts no colour")
    one_s, pause_s = zone.seconds_per_pass, zone.pause_s
    ends_s = [number * (one_s + pause_s) + one_s for number in range(zone.passes)]
    svg = colour_timeline_svg(zone.name, zone.response.colour, ends_s, f"{zone.zone}-colour")
    return Markup(svg)


def spot_charts(spot: SpotPlan, number: int) -> list[Chart]:
    """The pictures of one lesion, from what stands in the plan; `number` keeps them apart from those of the next."""
    return [
        Chart("Ice over time", Markup(spot_plots.ice_chart(spot, f"spot{number}-ice"))),
        Chart("Temperature at the base of the lesion", Markup(spot_plots.base_chart(spot, f"spot{number}-base"))),
    ]


def _finalized(value: object) -> object:
    # Drawings are markup, not text, and stay as they are.
    return words.readable(value) if type(value) is str else value


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        day=words.day,
        seconds=told_seconds,
        one_touch=words.one_touch,
        acceptance=words.acceptance,
        feeling=words.feeling,
        spot_acceptance=words.spot_acceptance,
        spot_course=words.spot_course,
    )
    environment.globals.update(
        quantity=words.quantity, outcome=words.OUTCOME, room_words=words.ROOM, event_words=words.EVENT
    )
    return environment


def render_report(plan: Plan, histories: dict[str, History], knowledge: Knowledge) -> str:
    """The report as HTML.

    Args:
        plan: in whatever status; what it lacks is left out.
        histories: by key of the zone; a zone without one is told in numbers alone.
        knowledge: for names and sources.
    """
    drawn = [zone for zone in plan.zones if zone.zone in histories]
    charts: dict[str, list[Chart]] = {zone.zone: [] for zone in plan.zones}
    if drawn:
        axis = plots.common_axis(drawn, histories)
        charts |= {zone.zone: zone_charts(zone, histories[zone.zone], axis) for zone in drawn}
    method = words.method_of(plan)
    citations, instructions = Citations(knowledge), words.instructions(plan)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            plan=plan,
            knowledge=knowledge,
            verdict=words.verdict(plan),
            rules=words.own_rules(plan),
            findings=[finding for finding in plan.screening if finding.method == method],
            others=[finding for finding in plan.screening if finding.method != method],
            instructions=instructions,
            later=words.later(plan),
            first_aid=[knowledge.first_aid[key] for key in first_aid_for(knowledge.method[method])] if method else [],
            charts=charts,
            colours={zone.zone: colour_chart(zone) for zone in plan.zones if zone.response is not None},
            body=body_words,
            spot_charts=[spot_charts(spot, number) for number, spot in enumerate(plan.spots)],
            fit=card_fit(plan, instructions),
            cite=citations.cite,
            citations=citations,
            zone_name=lambda key: words.zone_name(key, knowledge),
            source_name=lambda key: knowledge.cold_source[key].name,
            method_name=lambda key: knowledge.method[key].name,
        )
    )


def write_report(plan: Plan, histories: dict[str, History], knowledge: Knowledge, folder: Path) -> Path:
    """Write the report of a plan into a folder, whole or not at all, and say where it stands."""
    path = folder / REPORT
    write_whole(path, render_report(plan, histories, knowledge))
    return path
