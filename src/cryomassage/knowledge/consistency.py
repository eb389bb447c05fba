"""What a single entry cannot show: that references exist and that entries agree with each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from cryomassage.knowledge.questionnaire import Rule
from cryomassage.knowledge.schema import Indication, Knowledge

UNIVERSAL_LAYERS = ("stratum_corneum", "epidermis", "dermis")


def _walk(path: str, value: object) -> Iterator[tuple[str, BaseModel]]:
    """All models below `value`, each with its dotted path."""
    if isinstance(value, BaseModel):
        yield path, value
        for name in type(value).model_fields:
            yield from _walk(f"{path}.{name}" if path else name, getattr(value, name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(f"{path}.{key}", item)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _walk(f"{path}[{index}]", item)


def _unknown(where: str, kind: str, keys: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    existing = set(known)
    for key in keys:
        if key not in existing:
            yield f"{where}: refers to {kind} {key!r}, which does not exist"


def _sources(knowledge: Knowledge) -> Iterator[str]:
    for path, model in _walk("", knowledge):
        yield from _unknown(path, "source", getattr(model, "source", ()), knowledge.sources)


def _rule(key: str, rule: Rule, knowledge: Knowledge) -> Iterator[str]:
    where = f"rule.{key}"
    for condition in (*rule.any_of, *rule.and_all):
        yield from _unknown(where, "question", [condition.question], knowledge.question)
        question = knowledge.question.get(condition.question)
        if question is None:
            continue
        possible = {
            "yes_no": {"yes", "no", "unsure"},
            "date_or_no": {"no", "unsure"},
            "choice": {*question.choices, "unsure"},
            "number": set[str](),
        }[question.answer]
        for answer in condition.equals:
            if answer not in possible:
                yield f"{where}: {answer!r} is not an answer to question {condition.question!r}"
        numeric = condition.at_least is not None or condition.less_than is not None
        if numeric and question.answer != "number":
            yield f"{where}: compares question {condition.question!r}, which is not a number"
        dated = condition.within_days is not None or condition.older_than_days is not None
        if dated and question.answer != "date_or_no":
            yield f"{where}: counts days from question {condition.question!r}, which is not a date"
    yield from _unknown(where, "zone", rule.zones, knowledge.zone)
    yield from _unknown(where, "method", rule.methods, knowledge.method)
    yield from _unknown(where, "indication", rule.indications, knowledge.indication)
    if rule.restriction is not None:
        yield from _unknown(where, "zone", rule.restriction.forbid_zones, knowledge.zone)
        yield from _unknown(where, "method", rule.restriction.forbid_methods, knowledge.method)


def _indication(key: str, indication: Indication, knowledge: Knowledge) -> Iterator[str]:
    for number, route in enumerate(indication.routes):
        where = f"indication.{key}.routes[{number}]"
        yield from _unknown(where, "method", [route.method], knowledge.method)
        yield from _unknown(where, "zone", route.zones, knowledge.zone)
        method = knowledge.method.get(route.method)
        if method is None:
            continue
        if route.exposure_class > method.highest_class:
            yield f"{where}: class {route.exposure_class} is above the highest class of {route.method}"
        for zone_key in route.zones:
            zone = knowledge.zone.get(zone_key)
            if zone is None:
                continue
            if zone.region not in method.regions:
                yield f"{where}: {route.method} is not made for the {zone.region} ({zone_key})"
            if method.liquid_nitrogen and zone.liquid_nitrogen == "never":
                yield f"{where}: {route.method} uses liquid nitrogen, which never touches {zone_key}"


def _questions(knowledge: Knowledge) -> Iterator[str]:
    """Questions whose answers no rule reads, or count for what is no time."""
    for key, question in knowledge.question.items():
        yield from _unknown(f"question.{key}", "limit", [question.valid], knowledge.limit)
        if question.valid in knowledge.limit and knowledge.limit[question.valid].quantity.unit not in ("h", "day"):
            yield f"question.{key}: {question.valid} is not a time in h or day"
    asked = {condition.question for rule in knowledge.rule.values() for condition in rule.any_of + rule.and_all}
    yield from (f"question.{key}: no rule reads its answer" for key in knowledge.question if key not in asked)


def _all(knowledge: Knowledge) -> Iterator[str]:
    yield from _sources(knowledge)
    for key, zone in knowledge.zone.items():
        yield from _unknown(f"zone.{key}", "tissue", [layer.tissue for layer in zone.layers], knowledge.tissue)
        if tuple(layer.tissue for layer in zone.layers[:3]) != UNIVERSAL_LAYERS:
            yield f"zone.{key}: layers begin with {', '.join(UNIVERSAL_LAYERS)}"
    for key, method in knowledge.method.items():
        yield from _unknown(f"method.{key}", "cold_source", method.sources, knowledge.cold_source)
        for source_key in method.sources:
            source = knowledge.cold_source.get(source_key)
            if source is None:
                continue
            if (source.agent == "ln2") != method.liquid_nitrogen:
                yield f"method.{key}: liquid_nitrogen disagrees with the agent of {source_key}"
            if "home" in method.places and not source.home:
                yield f"method.{key}: is for home, but {source_key} is not"
    for key, rule in knowledge.rule.items():
        yield from _rule(key, rule, knowledge)
    for key, indication in knowledge.indication.items():
        yield from _indication(key, indication, knowledge)
    for key, contraindication in knowledge.contraindication.items():
        yield from _unknown(f"contraindication.{key}", "rule", contraindication.rules, knowledge.rule)
    for key, combination in knowledge.combination.items():
        if combination.question is not None:
            yield from _unknown(f"combination.{key}", "question", [combination.question], knowledge.question)
    yield from _questions(knowledge)


def contradictions(knowledge: Knowledge) -> list[str]:
    """Every contradiction between entries, one line each; empty when there is none."""
    return list(_all(knowledge))
