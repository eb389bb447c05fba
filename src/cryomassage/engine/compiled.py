"""How the kernels for the processor are compiled, and where the machine code is kept."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import config

_FAST = {"nnan", "ninf", "nsz", "arcp", "contract", "reassoc"}
_OPTIONS: dict[str, Any] = {"nogil": True, "fastmath": _FAST, "cache": True, "error_model": "numpy"}
# Whatever a kernel is compiled from; a change in one file must not leave old machine code in use for another.
_SOURCES = ("compiled.py", "patch_*.py")


@cache
def _folder() -> str:
    """Where this version of the kernels is kept between runs."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for pattern in _SOURCES:
        for path in sorted(here.glob(pattern)):
            digest.update(path.read_bytes())
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return str(Path(home) / "cryomassage" / digest.hexdigest()[:16])


def _compile(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Numba asks for its folder when a function is declared; nobody else's functions are to go into ours."""
    before = config.CACHE_DIR  # type: ignore[attr-defined]
    config.CACHE_DIR = before or _folder()  # type: ignore[attr-defined]
    try:
        compiled_function: Callable[..., Any] = numba.njit(**_OPTIONS, **options)(function)
    finally:
        config.CACHE_DIR = before  # type: ignore[attr-defined]
    return compiled_function


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function of a kernel at its first call."""
    return _compile(function)


def compiled_inside(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a function that only kernels call, never Python: without the code for that."""
    return _compile(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def compiled_for_threads(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a function whose `prange` loop is shared by all threads."""
    return _compile(function, parallel=True)
