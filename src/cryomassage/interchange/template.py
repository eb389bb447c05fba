"""Forms to be filled in: client, room and scenario files with a comment for every field.

A form is a list of sections of blanks. A blank that has no answer yet holds a marker that the readers refuse,
so that nothing is ever taken for answered that was not.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from cryomassage.interchange.toml_file import UNANSWERED
from cryomassage.units import UnitError, parse

Kind = Literal["text", "whole", "quantity", "date", "choice", "date_or_no", "flag", "list"]


class AnswerError(ValueError):
    """What was typed cannot be the answer."""


@dataclass(frozen=True)
class Blank:
    """One field of a form.

    Attributes:
        key: in the file.
        ask: what is asked.
        kind: of the answer.
        why: it is asked.
        choices: what may be answered.
        unit: of a quantity.
        given: TOML that stands there already; it is not asked again.
        optional: may stay unanswered; it is then written as a comment.
    """

    key: str
    ask: str
    kind: Kind = "text"
    why: str = ""
    choices: tuple[str, ...] = ()
    unit: str = ""
    given: str = ""
    optional: bool = False

    @property
    def hint(self) -> str:
        """What an answer looks like."""
        return {
            "text": "a text",
            "whole": "a whole number",
            "quantity": f"a number with its unit, such as {self.unit}",
            "date": "a date, such as 2026-05-31",
            "choice": ", ".join(self.choices),
            "date_or_no": "a date, such as 2026-05-31, or no, unsure",
            "flag": "true, false",
            "list": f"a list of: {', '.join(self.choices)}",
        }[self.kind]

    @property
    def marker(self) -> str:
        """What stands in the file until there is an answer; no reader takes it for one."""
        return quoted(UNANSWERED)

    def literal(self, answer: str) -> str:
        """The answer as TOML.

        Raises:
            AnswerError: it is not of the kind that is asked for.
        """
        answer = answer.strip()
        if not answer:
            raise AnswerError("an answer is needed")
        try:
            return _WRITERS[self.kind](self, answer)
        except (UnitError, ValueError) as error:
            raise AnswerError(str(error)) from error


@dataclass(frozen=True)
class Section:
    """A table of the file; an optional section without answers is written as a comment."""

    header: str  # such as "[person]"; empty for the top of the file
    blanks: tuple[Blank, ...]
    comment: str = ""
    optional: bool = False

    def name(self, blank: Blank) -> str:
        """Dotted name of a field."""
        table = self.header.strip("[]")
        return f"{table}.{blank.key}" if table else blank.key


@dataclass(frozen=True)
class Form:
    """A file to be filled in."""

    title: str
    sections: tuple[Section, ...]


def quoted(text: str) -> str:
    """A text as a TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(letter if letter.isprintable() else " " for letter in escaped) + '"'


def listed(words: Iterable[str]) -> str:
    """Words as a TOML list."""
    return f"[{', '.join(quoted(word) for word in words)}]"


def _chosen(blank: Blank, answer: str) -> str:
    if answer not in blank.choices:
        raise AnswerError(f"must be one of {', '.join(blank.choices)}")
    return answer


def _quantity(blank: Blank, answer: str) -> str:
    _, _, unit = blank.unit.partition(" ")
    parse(answer, unit)
    return quoted(answer)


def _date_or_no(_: Blank, answer: str) -> str:
    if answer in ("no", "unsure"):
        return quoted(answer)
    return datetime.date.fromisoformat(answer).isoformat()


def _flag(_: Blank, answer: str) -> str:
    words = {"yes": "true", "true": "true", "no": "false", "false": "false"}
    if answer.lower() not in words:
        raise AnswerError("must be yes or no")
    return words[answer.lower()]


def _list(blank: Blank, answer: str) -> str:
    return listed(_chosen(blank, word) for word in answer.replace(",", " ").split())


_WRITERS: dict[Kind, Callable[[Blank, str], str]] = {
    "text": lambda _, answer: quoted(answer),
    "whole": lambda _, answer: str(int(answer)),
    "quantity": _quantity,
    "date": lambda _, answer: datetime.date.fromisoformat(answer).isoformat(),
    "choice": lambda blank, answer: quoted(_chosen(blank, answer)),
    "date_or_no": _date_or_no,
    "flag": _flag,
    "list": _list,
}


def _field(section: Section, blank: Blank, answers: Mapping[str, str]) -> list[str]:
    told = [f"# {blank.ask}"]
    if blank.why:
        told.append(f"#   {blank.why}")
    if not blank.given:
        told.append(f"#   Answer: {blank.hint}.")
    value = answers.get(section.name(blank)) or blank.given
    if not value:
        return [*told, f"{'# ' if blank.optional else ''}{blank.key} = {blank.marker}"]
    return [*told, f"{blank.key} = {value}"]


def render(form: Form, answers: Mapping[str, str]) -> str:
    """The form as TOML.

    Args:
        form: its sections and blanks.
        answers: TOML literals by dotted field name; what is missing holds the marker.
    """
    lines = [
        f"# {form.title}",
        f'# Every "{UNANSWERED}" must be replaced; until then the file is refused.',
        "",
    ]
    for section in form.sections:
        answered = any(section.name(blank) in answers for blank in section.blanks)
        body = [line for blank in section.blanks for line in _field(section, blank, answers)]
        if section.comment:
            lines.append(f"# {section.comment}")
        if section.optional and not answered:
            lines.append("# Not needed by everybody: strike the # signs where it is.")
            lines.extend(f"# {line}" for line in (section.header, *body))
        else:
            lines.extend(line for line in (section.header, *body) if line)
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def unanswered(text: str) -> int:
    """How many fields of a rendered form still hold the marker."""
    return sum(line.endswith(f'= "{UNANSWERED}"') and line[0] != "#" for line in text.splitlines())
