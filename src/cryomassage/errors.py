"""One small exception family; each error knows the exit code that the command line gives it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit code means."""

    DONE = 0
    CHECK_FAILED = 1
    INPUT_WRONG = 2
    REFUSED = 3
    NO_SAFE_DOSE = 4


class CryomassageError(Exception):
    """Base of the errors that are told to people."""

    exit_code = ExitCode.CHECK_FAILED


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input, told so that it can be mended.

    `field` is the dotted path in the file, `value` what stood there, `bound` what is accepted,
    `next_step` what to do; `source` says where the bound comes from.
    """

    field: str
    value: str
    bound: str
    next_step: str
    source: str = ""

    def __str__(self) -> str:
        told = f"{self.field} = {self.value}: {self.bound}."
        if self.source:
            told += f" (Bound from {self.source}.)"
        return f"{told} {self.next_step}"


class InputError(CryomassageError):
    """The input is wrong; nothing has been written."""

    exit_code = ExitCode.INPUT_WRONG

    def __init__(self, where: str, problems: list[Problem]) -> None:
        self.where = where
        self.problems = problems
        super().__init__("\n".join([f"{where}: cannot be used.", *(f"  {problem}" for problem in problems)]))


class KnowledgeError(CryomassageError):
    """The knowledge files contradict their schema or each other."""

    exit_code = ExitCode.CHECK_FAILED


class EngineError(CryomassageError):
    """The engine was asked for something that it cannot compute, or its result is not a temperature."""

    exit_code = ExitCode.CHECK_FAILED
