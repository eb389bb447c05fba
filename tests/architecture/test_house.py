"""The rules of the house that a machine can check."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.architecture

ROOT = Path(__file__).parents[2]
SOURCES = [path for path in sorted((ROOT / "src").rglob("*.py")) if path.parent.name != "migrations"]
TEXTS = [
    path
    for pattern in (
        "*.md",
        "*.toml",
        "*.cff",
        "Makefile",
        "src/**/*",
        "tests/**/*",
        "docs/**/*.md",
        "examples/**/*",
        "benchmarks/*.py",
        ".ci/*",
        "requirements/*",
    )
    for path in ROOT.glob(pattern)
    if path.is_file() and path.suffix not in {".pyc", ".nbc", ".nbi", ".png", ".svg"}
]


def test_imports_run_one_way() -> None:
    command = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([str(command), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    pattern = re.compile(
        r"https?://[\w.]*(py"
        r"pi|python"
        r"hosted|npm"
        r"js|deb\.deb"
        r"ian)\.(org|com)|/wo"
        r"rk/|/ro"
        r"ot/"
    )
    for path in TEXTS:
        found = pattern.search(path.read_text(encoding="utf-8", errors="ignore"))
        assert found is None, f"{path.relative_to(ROOT)}: {found}"


@pytest.mark.parametrize("lock", ["run.lock", "dev.lock"])
def test_every_locked_package_has_a_hash(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text()
    packages = re.findall(r"^[a-z0-9][\w.-]*==\S+.*\\$", text, flags=re.MULTILINE)
    assert len(packages) > 20
    for block in re.split(r"\n(?=[a-z0-9])", text.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_no_unfinished_business_in_the_code() -> None:
    for path in SOURCES:
        text = path.read_text()
        assert not re.search(r"\b(TO" r"DO|FIX" r"ME|XXX|HACK)\b", text), path.name
        assert "NotImplementedError" not in text, path.name


def test_modules_stay_small() -> None:
    for path in SOURCES:
        lines = path.read_text().count("\n")
        assert lines <= 450, f"{path.relative_to(ROOT)} has {lines} lines; are there two rooms in it?"


def test_public_things_have_docstrings() -> None:
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        assert ast.get_docstring(tree), f"{path.name} has no docstring"
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{path.name}: {node.name} has no docstring"


def test_units_are_converted_in_one_module() -> None:
    for path in SOURCES:
        if path.name != "units.py":
            assert not re.search(r"^\s*(import pint|from pint)", path.read_text(), flags=re.MULTILINE), path.name


def test_the_readme_names_commands_and_files_that_exist() -> None:
    text = (ROOT / "README.md").read_text()
    for path in re.findall(r"\]\(((?!http)[^)#]+)\)|`(examples/[\w./-]+)`", text):
        named = path[0] or path[1]
        assert (ROOT / named).exists(), f"README names {named}"
    assert "make run" in text
    assert "make test" in text
    for word in ("no diagnosis", "medical-device clearance"):
        assert word in text.lower()
