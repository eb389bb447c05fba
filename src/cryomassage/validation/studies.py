"""Which cases belong to one study: the same DOI, PubMed number, or year, volume and page, or the same name of case."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence

from cryomassage.records.validation_case import Case

# Only the first of each kind: citations add papers that a protocol was taken from.
_MARKS = (
    re.compile(r"\b(10\.\d{4,9}/[^\s;,]+[^\s;,.])"),
    re.compile(r"\bPMID:?\s*(\d+)"),
    re.compile(r"\b(PMC\d+)"),
    re.compile(r"\b((?:19|20)\d\d;\s*\d+(?:\(\d+\))?:\s*[A-Z]?\d+)"),
)


# Author and year with which the names of cases begin, where they do.
_STEM = re.compile(r"([a-z]+-(?:19|20)\d\d[a-z]?)(?:-|$)")


def _marks(case: Case) -> set[str]:
    """Everything by which a study is known again: its citation may be shortened to “as above”."""
    found = {re.sub(r"[^a-z0-9]+", " ", case.citation.lower()).strip(), f"case {case.id}"}
    stem = _STEM.match(case.id)
    if stem is not None:
        found.add(f"cases {stem[1]}")
    for mark in _MARKS:
        hit = mark.search(case.citation)
        if hit is not None:
            found.add(re.sub(r"\(\d+\)|\s", "", hit[1].lower()))
    return found


def studies_of(cases: Sequence[Case]) -> tuple[int, ...]:
    """The number of the study of each case; cases of one study share it."""
    groups: list[tuple[set[str], set[int]]] = []
    for index, case in enumerate(cases):
        marks, members = _marks(case), {index}
        for group in [group for group in groups if group[0] & marks]:
            groups.remove(group)
            marks |= group[0]
            members |= group[1]
        groups.append((marks, members))
    groups.sort(key=lambda group: min(group[1]))
    number = {index: place for place, (_, members) in enumerate(groups) for index in members}
    return tuple(number[index] for index in range(len(cases)))


def replaced_by(shipped: Sequence[Case], given: Sequence[Case]) -> tuple[Case, ...]:
    """Cases to learn from: those given, and the shipped ones of all other studies."""
    numbers = studies_of((*given, *shipped))
    known = set(numbers[: len(given)])
    rest = (case for case, number in zip(shipped, numbers[len(given) :], strict=True) if number not in known)
    return (*given, *rest)


def learnt_from(cases: Sequence[Case], shipped: Sequence[Case]) -> set[tuple[int, int]]:
    """Observations, by number of case and observation, that the shipped fit has seen, whatever their value here."""

    def seen_as(case: Case) -> list[tuple[object, ...]]:
        return [
            (seen.quantity, seen.time_s, seen.depth_mm, seen.depth_from, seen.target_degC, seen.drop_K, seen.while_)
            for seen in case.observations
        ]

    numbers = studies_of((*cases, *shipped))
    known = {
        (number, case.setup.model_dump_json(), what)
        for number, case in zip(numbers[len(cases) :], shipped, strict=True)
        for what, seen in zip(seen_as(case), case.observations, strict=True)
        if seen.scored
    }
    return {
        (place, index)
        for place, (number, case) in enumerate(zip(numbers, cases, strict=False))
        for index, what in enumerate(seen_as(case))
        if (number, case.setup.model_dump_json(), what) in known
    }


def digest_of(cases: Iterable[Case]) -> str:
    """SHA-256 over what the cases say, whatever their order; texts about them make no difference."""
    told = sorted(
        json.dumps(
            {
                "id": case.id,
                "citation": case.citation,
                "subjects": case.subjects,
                "setup": case.setup.model_dump(),
                "observations": [seen.model_dump(exclude={"note"}, by_alias=True) for seen in case.observations],
            },
            sort_keys=True,
        )
        for case in cases
    )
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
