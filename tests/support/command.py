"""Runs the command line as a user does, and hands back what was printed."""

from __future__ import annotations

import sys
from typing import NamedTuple

import pytest

from cryomassage.cli.main import run


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def run_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> Ended:
    """Exit code and what was printed; any other exception fails the test, as it should."""
    monkeypatch.setattr(sys, "argv", ["cryomassage", *words])
    monkeypatch.setenv("COLUMNS", "200")
    capsys.readouterr()
    code = 0
    try:
        run()
    except SystemExit as ended:
        code = int(ended.code or 0)
    printed = capsys.readouterr()
    return Ended(code, printed.out, printed.err)
