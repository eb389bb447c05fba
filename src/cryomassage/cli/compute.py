"""What every computing command needs: the persistent compilation cache, and a sign of life."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def compilation_cache() -> None:
    """Keep compiled kernels between runs, below the user's cache folder (`XDG_CACHE_HOME`).

    A cache that cannot be written only costs time, so that is not an error.
    """
    import jax

    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cache = base / "cryomassage" / "compiled"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        found = str(cache)
    except OSError:
        found = None
    settings = {
        "jax_platforms": os.environ.get("JAX_PLATFORMS", "cpu"),
        "jax_compilation_cache_dir": found,
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_persistent_cache_min_entry_size_bytes": 0,
    }
    for name, value in settings.items():
        jax.config.update(name, value)  # type: ignore[no-untyped-call]


@contextmanager
def working(what: str, *, quiet: bool = False) -> Iterator[None]:
    """Show that something is being computed, on the error stream, when a person is watching."""
    from rich.console import Console

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield
        return
    with console.status(f"{what} …"):
        yield
