"""Every action and every kind of record that the log can tell of has words: found by reading the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps

import cryomassage_clinic
from cryomassage_clinic.audit.chain import ERASED
from cryomassage_clinic.audit.fields import FIELDS, PAGES
from cryomassage_clinic.audit.words import ACTIONS, KINDS

pytestmark = [pytest.mark.unit, pytest.mark.sqlite]

ROOT = Path(cryomassage_clinic.__file__).parent
# Who writes rows, and the place of the action among the arguments.
WRITERS = {
    ("cryomassage_clinic.audit.services", "record"): 1,
    ("cryomassage_clinic.audit.services", "write"): 2,
    ("cryomassage_clinic.accounts.log", "note"): 2,
}
CONSTANTS = {"ERASED": ERASED}


class Module:
    """One file: what its calls to the log pass as the action."""

    def __init__(self, path: Path) -> None:
        self.name = str(path.relative_to(ROOT))
        self.tree = ast.parse(path.read_text("utf-8"))
        self.writers = self._imported()

    def _imported(self) -> dict[str, int]:
        """The writers by the name that they have here."""
        found = {}
        for node in ast.walk(self.tree):
            for one in node.names if isinstance(node, ast.ImportFrom) else ():
                for (module, function), place in WRITERS.items():
                    if (node.module, one.name) == (module, function):  # type: ignore[union-attr]
                        found[one.asname or one.name] = place
                    elif f"{node.module}.{one.name}" == module:  # type: ignore[union-attr]
                        found[f"{one.asname or one.name}.{function}"] = place
        return found

    def functions(self) -> Iterator[ast.FunctionDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef))

    def told(self) -> Iterator[tuple[str, str]]:
        """Each action and where it is written; an empty action where it cannot be told."""
        for function in self.functions():
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                place = self.writers.get(ast.unparse(call.func))
                if place is not None:
                    for action in self.values(argument(call, place, "action"), function):
                        yield action, f"{self.name}:{call.lineno}"

    def values(self, node: ast.expr | None, function: ast.FunctionDef) -> list[str]:
        """What an expression can be: a text, one of two texts, a variable, or what callers in this file pass."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return [node.value]
        if isinstance(node, ast.IfExp):
            return [*self.values(node.body, function), *self.values(node.orelse, function)]
        if not isinstance(node, ast.Name):
            return [""]
        if node.id in CONSTANTS:
            return [CONSTANTS[node.id]]
        names = [one.arg for one in function.args.args]
        if node.id in names:
            calls = [one for one in ast.walk(self.tree) if isinstance(one, ast.Call)]
            mine = [one for one in calls if ast.unparse(one.func) == function.name]
            passed = [self.values(argument(one, names.index(node.id), node.id), function) for one in mine]
            return [text for texts in passed for text in texts] or [""]
        set_here = [
            one.value
            for one in ast.walk(function)
            if isinstance(one, ast.Assign) and any(ast.unparse(target) == node.id for target in one.targets)
        ]
        return [text for value in set_here for text in self.values(value, function)] or [""]


def argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    named = [one.value for one in call.keywords if one.arg == name]
    return named[0] if named else call.args[place] if len(call.args) > place else None


@cache
def written() -> dict[str, str]:
    """Where each action is written."""
    paths = [path for path in ROOT.rglob("*.py") if "migrations" not in path.parts]
    own = {ROOT / "audit/services.py", ROOT / "accounts/log.py"}  # they pass on what they are told
    return {action: where for path in paths if path not in own for action, where in Module(path).told()}


def test_every_call_is_understood() -> None:
    """Else an action could hide from the next test."""
    assert written().get("", "nowhere") == "nowhere"
    assert len(written()) > 60
    # A constant, what callers pass, one of two texts, and a plain text.
    assert {"client.erased", "site.changed", "account.recovery_codes_made", "client.created"} <= set(written())


def test_every_action_has_words() -> None:
    assert sorted(f"{action} ({where})" for action, where in written().items() if action not in ACTIONS) == []


def test_no_words_are_for_an_action_that_nobody_writes() -> None:
    assert sorted(set(ACTIONS) - set(written()) - {"read"}) == []


def test_no_two_actions_are_told_alike() -> None:
    told = [str(words) for words in ACTIONS.values()]
    assert sorted(told) == sorted(set(told))


def test_kinds_are_tables() -> None:
    known = {model._meta.label_lower for model in apps.get_models()}
    assert sorted(set(KINDS) - known) == []


def test_every_field_that_a_row_may_tell_of_has_a_name() -> None:
    """Keys of details written as literals, and the fields of what services change."""
    named = {key for path in _services() for key in _detail_keys(path)}
    assert len(named) > 30
    assert sorted(one for one in named if one not in FIELDS) == []


def test_every_page_that_is_read_has_a_name() -> None:
    text = "\n".join(path.read_text("utf-8") for path in _services())
    named = set(re.findall(r'seen\([^)]*?"([a-z][a-z ]+)"', text))
    assert len(named) > 15
    assert sorted(named - set(PAGES)) == []


def _services() -> list[Path]:
    return [path for path in ROOT.rglob("*.py") if "migrations" not in path.parts]


def _detail_keys(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in (
            "record",
            "write",
        ):
            for argument_ in node.args:
                if isinstance(argument_, ast.Dict):
                    yield from (key.value for key in argument_.keys if isinstance(key, ast.Constant))
