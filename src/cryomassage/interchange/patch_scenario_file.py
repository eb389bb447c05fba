"""Reads a patch scenario and holds it against the knowledge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cryomassage.errors import InputError, Problem
from cryomassage.interchange.toml_file import read_form, suggestion, validated
from cryomassage.knowledge.schema import Knowledge
from cryomassage.planning.supercooling import dry_sources, why_skin_is_not_dry
from cryomassage.records.patch_scenario import SCHEMA, PatchScenario

_FIELDS_OF_PATTERN = {
    "hold": {"spot"},
    "place_mm": {"spot"},
    "circle": {"circling"},
    "there_and_back": {"paint_brush"},
    "edge": {"raster"},
    "direction": {"raster", "paint_brush", "circling"},
    "overlap": {"raster", "paint_brush", "circling", "spiral", "partings", "massage_lines"},
}


def _zone(scenario: PatchScenario, knowledge: Knowledge) -> Iterator[Problem]:
    """The zone exists, and has the side that is asked for."""
    zone = knowledge.zone.get(scenario.zone)
    if zone is None or scenario.zone not in knowledge.zone_shape:
        yield Problem(
            "zone", repr(scenario.zone), "there is no such zone", suggestion(scenario.zone, knowledge.zone_shape)
        )
    elif zone.sides == 1 and scenario.side == "right":
        yield Problem("side", "'right'", "this zone is one piece, with both its sides", "Strike side.")


def _cold(scenario: PatchScenario, knowledge: Knowledge) -> Iterator[Problem]:
    """Exactly one kind of cold, whose footprint is known; film and barrier only where there is one."""
    given = [name for name in ("cold_source", "exchange") if getattr(scenario, name) is not None]
    if len(given) != 1:
        yield Problem(
            "cold_source",
            " and ".join(given) or "missing",
            "a scenario has cold_source or [exchange], one of them",
            f"Name a source ({', '.join(sorted(knowledge.footprint))}), or give numbers.",
        )
    key = scenario.cold_source
    if key is not None and key not in knowledge.footprint:
        there = key in knowledge.cold_source
        yield Problem(
            "cold_source",
            repr(key),
            "its footprint is not known" if there else "there is no such entry",
            suggestion("" if there else key, knowledge.footprint),
        )
    if scenario.barrier not in knowledge.barrier:
        yield Problem(
            "barrier", repr(scenario.barrier), "there is no such entry", suggestion(scenario.barrier, knowledge.barrier)
        )
    elif scenario.exchange is not None and scenario.barrier != "none":
        yield Problem("barrier", repr(scenario.barrier), "goes with cold_source only", "Put it into the coefficient.")
    shape = knowledge.footprint.get(key or "")
    if scenario.film_thickness is not None and (shape is None or shape.film_thickness is None):
        wet = [name for name, entry in knowledge.footprint.items() if entry.film_thickness is not None]
        yield Problem(
            "film_thickness",
            f"{scenario.film_thickness:g} mm",
            "this source has no film of melt water",
            f"Strike it, or take {' or '.join(wet)}.",
        )


def _distance(scenario: PatchScenario, knowledge: Knowledge) -> Iterator[Problem]:
    """A distance only where one is known to matter, for the whole plan or for single strokes."""
    shape = knowledge.footprint.get(scenario.cold_source or "")
    if shape is not None and shape.coefficient_decay is not None:
        return
    asked = {"distance": scenario.distance}
    asked.update({f"stroke[{number}].distance": stroke.distance for number, stroke in enumerate(scenario.stroke)})
    for field, distance in asked.items():
        if distance is not None:
            yield Problem(
                field,
                f"{distance:g} mm",
                "it is not known what distance does to this source",
                "Strike it; sprays and jets take one.",
            )


def _pattern(scenario: PatchScenario) -> Iterator[Problem]:
    """A pattern, or strokes; and of the pattern's fields only those that it reads."""
    if (scenario.pattern is None) == (not scenario.stroke):
        yield Problem(
            "pattern",
            "missing" if scenario.pattern is None else f"{scenario.pattern!r} and [[stroke]]",
            "a scenario has pattern or [[stroke]], one of them",
            'Write pattern = "raster", or [[stroke]] with path_mm = [[10, 20], [60, 20]].',
        )
    if scenario.pattern == "given":
        yield Problem("pattern", "'given'", "is what [[stroke]] makes", "Strike pattern and write [[stroke]].")
    if scenario.pattern == "spot" and scenario.hold is None:
        yield Problem("hold", "missing", "a spot needs the time for which it is held", 'Write hold = "5 s".')
    for field, patterns in _FIELDS_OF_PATTERN.items():
        if field in scenario.model_fields_set and scenario.pattern is not None and scenario.pattern not in patterns:
            yield Problem(
                field,
                str(getattr(scenario, field)),
                f"means nothing to the pattern {scenario.pattern!r}",
                f"Strike it, or take {' or '.join(sorted(patterns))}.",
            )


def _supercooling(scenario: PatchScenario, knowledge: Knowledge) -> Iterator[Problem]:
    """Only where ice is computed, and only on skin that the cold leaves dry."""
    if not scenario.supercooling:
        if "seed" in scenario.model_fields_set:
            yield Problem("seed", str(scenario.seed), "nothing is left to chance", "Strike it; supercooling takes one.")
        return
    if not scenario.freezing:
        yield Problem("supercooling", "true", "says when ice begins, and ice is not computed", "Write freezing = true.")
    reason = why_skin_is_not_dry(scenario, knowledge) if scenario.barrier in knowledge.barrier else None
    if reason is not None:
        yield Problem(
            "supercooling",
            "true",
            f"wet or frosted skin gets no credit for it. {reason}",
            f"Strike it: ice then begins as soon as it can. Dry are {', '.join(dry_sources(knowledge))} and [exchange] "
            "in numbers.",
        )


def check_patch_scenario(scenario: PatchScenario, knowledge: Knowledge, where: str) -> PatchScenario:
    """Hold a patch scenario against the knowledge.

    Raises:
        InputError: with every problem found.
    """
    problems = [
        *_zone(scenario, knowledge),
        *_cold(scenario, knowledge),
        *_distance(scenario, knowledge),
        *_pattern(scenario),
        *_supercooling(scenario, knowledge),
    ]
    if problems:
        raise InputError(where, problems)
    return scenario


def read_patch_scenario(path: Path, knowledge: Knowledge) -> PatchScenario:
    """Read a patch scenario file.

    Raises:
        InputError: with every problem found.
    """
    data = read_form(path, SCHEMA, "scenario")
    if isinstance(data.get("stroke"), dict):
        raise InputError(
            str(path),
            [Problem("stroke", "one table", "a list of tables", "Write [[stroke]], with two brackets.")],
        )
    return check_patch_scenario(validated(PatchScenario, data, path), knowledge, str(path))
