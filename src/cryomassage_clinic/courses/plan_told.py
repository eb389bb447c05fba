"""A computed plan in words: what to do, what the skin will feel, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cryomassage_clinic import bridge
from cryomassage_clinic.courses.curve_svg import curve_svg
from cryomassage_clinic.courses.models import Plan
from cryomassage_clinic.courses.wish import GRADES
from cryomassage_clinic.web.core_words import told

_FLOORS = ("class floor", "zone floor", "thin fat")
_ROLE_NOTE = "Role “"  # the core prints the role as unverified; here the login has verified it


@dataclass(frozen=True)
class Picture:
    """One of the core's drawings."""

    name: str
    title: str


@dataclass(frozen=True)
class ReasonTold:
    """A number with its reason, in words."""

    what: str
    value: str
    reason: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class ZoneTold:
    """One zone: what the hands do, what the skin goes through, what binds."""

    key: str
    name: str
    plan: Any
    seconds: str
    touch: str
    sides: str
    feeling: str
    acceptance: str
    binding: str
    floor_reason: str
    curve: SafeString | None
    touch_curve: SafeString | None
    values: list[tuple[str, str, str, str]]
    depth: Picture | None  # temperature over depth and time
    pictures: list[Picture]
    swatches: list[tuple[str, str, str]]  # colour, moment, words
    colour_seen: bool
    body: tuple[str, ...]
    reasons: list[ReasonTold]
    cautions: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """A whole plan in words."""

    plan: bridge.CorePlan
    mark: str
    headline: str
    message: str
    next_step: str
    zones: list[ZoneTold]
    spots: list[dict[str, Any]]
    no_dose: list[dict[str, Any]]
    limits: list[ReasonTold]
    rules: list[dict[str, Any]]
    evidence: dict[str, Any] | None
    course_reason: str
    disagreements: list[str]
    notes: list[str]
    axis: list[float] | None = field(default=None)


def number_told(value: float | None, unit: str) -> str:
    """A number with its unit, as people write it."""
    return told(bridge.plan_words.quantity(value, unit))


def sources_told(keys: Any) -> tuple[str, ...]:
    """Titles of sources."""
    known = bridge.knowledge().sources
    return tuple(dict.fromkeys(known[key].title for key in keys if key in known))


def _reason(one: Any) -> ReasonTold:
    text = told(bridge.plan_words.readable(one.reason))
    return ReasonTold(told(one.what), number_told(one.value, one.unit), text, sources_told(one.source))


def _floor_reason(zone: Any) -> str:
    """What set the floor of a zone, in a few words."""
    named = [one for one in zone.reasons if one.what in _FLOORS]
    binding = max(named, key=lambda one: one.value or 0.0, default=None)
    words = "" if binding is None else told(binding.what)
    dark = next((told(one.what) for one in zone.reasons if one.what.startswith("phototype")), "")
    return " + ".join(part for part in (words, dark) if part)


def _temperature(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")


def _values(span: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """The curve as a table of at most a dozen rows, among them the coldest moment."""
    times, surface, basal = span["time_s"], span["surface"], span["basal"]
    count, digits = len(times), 1 if times[-1] > 20 else 3
    coldest = min(range(count), key=lambda index: surface["p05"][index])
    kept = sorted({coldest, *(round(step * (count - 1) / 10) for step in range(11))})
    return [
        (
            f"{times[index]:.{digits}f}",
            _temperature(surface["p50"][index]),
            f"{_temperature(surface['p05'][index])} … {_temperature(surface['p95'][index])}",
            _temperature(basal["p50"][index]),
        )
        for index in kept
    ]


def _swatches(zone: Any) -> list[tuple[str, str, str]]:
    if zone.response is None:
        return []
    told_time = bridge.body_words.told_time
    return [
        (one.srgb, _("at rest") if one.time_s == 0 else told(told_time(one.time_s)), told(one.words))
        for one in zone.response.colour.swatches
    ]


def _zone(zone: Any, pictures: dict[str, Any]) -> ZoneTold:
    words, curves = bridge.plan_words, pictures.get("curves", {}).get(zone.zone)
    axis, name = pictures.get("axis"), told(zone.name)
    reason = _floor_reason(zone)
    whole = touch = None
    if curves is not None and axis is not None:
        shared = {"floor_degC": zone.surface_floor_degC, "axis_degC": axis, "reason": reason}
        title = _("%(zone)s: temperature of the skin over the session. %(feeling)s") % {
            "zone": name,
            "feeling": told(words.feeling(zone)),
        }
        whole = curve_svg(curves["whole"], title=title, **shared)
        if "touch" in curves:
            close = _("%(zone)s: temperature of the skin in the first touches.") % {"zone": name}
            touch = curve_svg(curves["touch"], title=close, **shared)
    drawings = [one for one in pictures.get("drawings", []) if one["zone"] == zone.zone]
    depth = next((one for one in drawings if "depth" in one["title"]), None)
    return ZoneTold(
        key=zone.zone,
        name=name,
        plan=zone,
        seconds=_told_seconds(zone.seconds_per_pass),
        touch=words.one_touch(zone.dwell_time_s),
        sides=_("each side") if zone.sides == 2 else "",
        feeling=told(words.feeling(zone)),
        acceptance=told(words.acceptance(zone)),
        binding=told(zone.binding),
        floor_reason=reason,
        curve=whole,
        touch_curve=touch,
        values=[] if curves is None else _values(curves.get("touch", curves["whole"])),
        depth=None if depth is None else Picture(depth["name"], told(depth["title"])),
        pictures=[Picture(one["name"], told(one["title"])) for one in drawings if one is not depth],
        swatches=_swatches(zone),
        colour_seen=zone.response is not None and zone.response.colour.seen,
        body=() if zone.response is None else tuple(told(line) for line in bridge.body_words.body_lines(zone.response)),
        reasons=[_reason(one) for one in zone.reasons],
        cautions=tuple(told(one) for one in zone.cautions),
    )


def _told_seconds(time_s: float) -> str:
    """Seconds as the card tells them: never rounded up."""
    tenths = int(time_s * 10 + 1e-6)
    return f"{tenths // 10}" if time_s >= 10 else f"{tenths / 10:.1f}"


def _spot(spot: Any, number: int, pictures: dict[str, Any]) -> dict[str, Any]:
    drawings = [one for one in pictures.get("drawings", []) if one["name"].startswith(f"spot-{number}-")]
    return {
        "plan": spot,
        "name": told(spot.name),
        "course": told(bridge.plan_words.spot_course(spot)),
        "acceptance": told(bridge.plan_words.spot_acceptance(spot)),
        "binding": told(spot.binding),
        "reasons": [_reason(one) for one in spot.reasons],
        "cautions": [told(one) for one in spot.cautions],
        "injury": [told(bridge.body_words.injury_words(one)) for one in spot.injury],
        "pictures": [Picture(one["name"], told(one["title"])) for one in drawings],
    }


def _evidence(plan: bridge.CorePlan) -> dict[str, Any] | None:
    """How well it is supported, in plain words, contradictions included."""
    asked = plan.prescription
    if asked is None:
        return None
    return {
        "grade": GRADES.get(asked.evidence_grade, asked.evidence_grade),
        "letter": asked.evidence_grade,
        "sentence": told(asked.evidence_sentence),
        "goal": told(asked.goal),
        "lines": [
            {
                "text": told(bridge.plan_words.readable(line.text)),
                "sources": sources_told(line.source),
                "disagreement": told(line.disagreement) if line.disagreement else "",
                "product_does": told(line.product_does) if line.product_does else "",
            }
            for line in asked.evidence
        ],
        "not_so": [told(claim) for claim in asked.blocked_claims],
    }


def _rules(plan: bridge.CorePlan) -> list[dict[str, Any]]:
    """Every rule that spoke about what was asked for, each once."""
    rows: dict[str, dict[str, Any]] = {}
    marks = {"clear": "go", "limit": "near"}
    for rule in bridge.plan_words.own_rules(plan):
        row = rows.setdefault(
            rule.reason,
            {
                "text": told(rule.reason),
                "mark": marks.get(rule.outcome.value, "stop"),
                "sources": sources_told(rule.source),
                "zones": [],
                "disagreement": told(rule.disagreement) if rule.disagreement else "",
                "product_does": told(rule.product_does) if rule.product_does else "",
            },
        )
        zone = bridge.zones().get(rule.zone or "")
        if zone is not None:
            row["zones"].append(told(zone.name))
    return list(rows.values())


def _headline(plan: bridge.CorePlan) -> tuple[str, str]:
    return {
        "planned": ("go", _("May be treated on this day, as the card says")),
        "test_spot_first": ("near", _("On this day only the test spot; the session below waits for it")),
        "refused": ("stop", _("No treatment")),
        "no_safe_dose": ("stop", _("No safe and useful dose with this source")),
    }[plan.status]


def told_plan(plan: Plan) -> Told:
    """A computed plan in words.

    Raises:
        ValueError: what is stored is not a plan.
    """
    core, pictures = bridge.read_plan(plan.result), plan.pictures or {}
    mark, headline = _headline(core)
    course = core.course
    known = bridge.zones()
    return Told(
        plan=core,
        mark=mark,
        headline=headline,
        message=told(core.message),
        next_step=told(core.next_step),
        zones=[_zone(zone, pictures) for zone in core.zones],
        spots=[_spot(spot, number, pictures) for number, spot in enumerate(core.spots)],
        no_dose=[
            {
                "name": told(known[one.zone].name) if one.zone in known else one.zone,
                "binding": told(one.binding),
                "measure": told(one.measure),
                "reasons": [_reason(reason) for reason in one.reasons],
            }
            for one in core.no_dose
        ],
        limits=[] if core.prescription is None else [_reason(one) for one in core.prescription.limits],
        rules=_rules(core),
        evidence=_evidence(core),
        course_reason="" if core.prescription is None else told(core.prescription.course_reason),
        disagreements=[] if course is None else [told(one) for one in course.disagreements],
        notes=[] if core.card is None else [told(one) for one in core.card.notes if not one.startswith(_ROLE_NOTE)],
        axis=pictures.get("axis"),
    )


def zone_map_of(plan: bridge.CorePlan) -> SafeString | str:
    """The predicted coldest surface of each zone, on the picture of the chart."""
    from cryomassage_clinic.charting.maps import zone_map_svg

    if not plan.zones:
        return ""
    values = {zone.zone: zone.surface_min_degC.p50 for zone in plan.zones}
    floor = max(zone.surface_floor_degC for zone in plan.zones)
    low = min(floor, *values.values())
    svg: SafeString | str = zone_map_svg(
        values,
        unit="°C",
        low=low,
        high=max(34.0, *values.values()),
        floor=floor,
        title=_("Coldest surface of the median skin"),
    )
    return svg
