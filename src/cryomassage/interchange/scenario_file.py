"""Reads a scenario file and holds it against the knowledge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cryomassage.errors import InputError, Problem
from cryomassage.interchange.toml_file import read_form, suggestion, validated
from cryomassage.knowledge.schema import Knowledge
from cryomassage.records.scenario import PHANTOM, SCHEMA, Scenario


def _site(scenario: Scenario, knowledge: Knowledge) -> Iterator[Problem]:
    """The site exists, and has what a body or a phantom needs."""
    sites = [*knowledge.zone, PHANTOM]
    if scenario.site not in sites:
        yield Problem("site", repr(scenario.site), "there is no such zone", suggestion(scenario.site, sites))
    elif scenario.site == PHANTOM:
        if scenario.phantom is None:
            yield Problem(
                "phantom",
                "missing",
                "a phantom needs to know how warm it is at the start",
                'Add [phantom] with start_temperature = "32 degC".',
            )
    else:
        if scenario.sex is None:
            yield Problem("sex", "missing", "must be one of female, male", "Add it: skin thickness depends on it.")
        if scenario.phantom is not None:
            yield Problem(
                "phantom", "given", f"belongs to site = {PHANTOM!r} only", "Strike [phantom], or change site."
            )


def _cold(scenario: Scenario, knowledge: Knowledge) -> Iterator[Problem]:
    """Exactly one kind of cold, and a barrier only where there is something to resist."""
    given = [name for name in ("cold_source", "exchange") if getattr(scenario, name) is not None]
    if len(given) != 1:
        yield Problem(
            "cold_source",
            " and ".join(given) or "missing",
            "a scenario has cold_source or [exchange], one of them",
            "Name a source of the knowledge (`cryomassage knowledge show cold_source`), or give numbers.",
        )
    if scenario.cold_source is not None and scenario.cold_source not in knowledge.cold_source:
        yield Problem(
            "cold_source",
            repr(scenario.cold_source),
            "there is no such entry",
            suggestion(scenario.cold_source, knowledge.cold_source),
        )
    if scenario.barrier not in knowledge.barrier:
        yield Problem(
            "barrier",
            repr(scenario.barrier),
            "there is no such entry",
            suggestion(scenario.barrier, knowledge.barrier),
        )
    elif scenario.exchange is not None and scenario.exchange.heat_flux is not None and scenario.barrier != "none":
        yield Problem(
            "barrier",
            repr(scenario.barrier),
            "a given heat flux passes any barrier",
            "Strike the barrier, or give a coefficient and a sink temperature.",
        )


def _times(scenario: Scenario) -> Iterator[Problem]:
    """One exposure, with some cold in it."""
    train = scenario.pulse_train
    if bool(scenario.phase) == (train is not None):
        yield Problem(
            "phase",
            "both" if train else "missing",
            "a scenario has [[phase]] or [pulse_train], one of them",
            'Write [[phase]] with duration = "20 s" and on = true.',
        )
    elif train is None and not any(phase.on for phase in scenario.phase):
        yield Problem("phase", "never on", "the cold is on in at least one phase", "Set on = true where it is.")
    if train is not None and train.dwell > train.period:
        yield Problem(
            "pulse_train.dwell",
            f"{train.dwell:g} s",
            f"is longer than the period of {train.period:g} s",
            "Make the period longer or the dwell shorter.",
        )


def _held(scenario: Scenario, knowledge: Knowledge) -> Iterator[Problem]:
    """Nothing is held on longer than the source stays cold: 70 s is easily written for 7.0 s."""
    source = knowledge.cold_source.get(scenario.cold_source or "")
    if source is None or source.hold_time is None:
        return
    longest = source.hold_time.range[1]
    field = "pulse_train.dwell" if scenario.pulse_train is not None else "phase.duration"
    for interval in scenario.intervals():
        if interval.on and interval.duration_s > longest:
            yield Problem(
                field,
                f"{interval.duration_s:g} s",
                f"{source.name} stays cold for at most {longest:g} s",
                f"Write {interval.duration_s / 10:g} s if the point slipped, or use [exchange] with your numbers.",
                ", ".join(source.hold_time.source),
            )
            return


def check_scenario(scenario: Scenario, knowledge: Knowledge, where: str) -> Scenario:
    """Hold a scenario against the knowledge.

    Raises:
        InputError: with every problem found.
    """
    problems = [
        *_site(scenario, knowledge),
        *_cold(scenario, knowledge),
        *_times(scenario),
        *_held(scenario, knowledge),
    ]
    if problems:
        raise InputError(where, problems)
    return scenario


def read_scenario(path: Path, knowledge: Knowledge) -> Scenario:
    """Read a scenario file.

    Raises:
        InputError: with every problem found.
    """
    data = read_form(path, SCHEMA, "scenario")
    if isinstance(data.get("phase"), dict):
        raise InputError(
            str(path),
            [Problem("phase", "one table", "a list of tables", "Write [[phase]], with two brackets.")],
        )
    return check_scenario(validated(Scenario, data, path), knowledge, str(path))
