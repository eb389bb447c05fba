"""Reads what the environment says, strictly: a flag that is neither yes nor no stops the start."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_YES, _NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def flag(name: str, *, default: bool) -> bool:
    """A yes or no from the environment.

    Raises:
        ImproperlyConfigured: it is neither.
    """
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in _YES:
        return True
    if value.lower() in _NO:
        return False
    raise ImproperlyConfigured(f"{name}={value!r}: must be yes or no.")


def listed(name: str, default: list[str]) -> list[str]:
    """A list, separated by commas."""
    value = os.environ.get(name)
    return default if value is None else [part.strip() for part in value.split(",") if part.strip()]


def secret_key(folder: Path) -> str:
    """The key that signs sessions: from `CRYOMASSAGE_SECRET_KEY_FILE`, else made once and kept in the data folder.

    Raises:
        ImproperlyConfigured: a file was named and cannot be read.
    """
    named = os.environ.get("CRYOMASSAGE_SECRET_KEY_FILE")
    path = Path(named) if named else folder / "secret_key"
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError as error:
        if named:
            raise ImproperlyConfigured(f"CRYOMASSAGE_SECRET_KEY_FILE={named}: there is no such file.") from error
    except OSError as error:
        raise ImproperlyConfigured(f"{path}: cannot be read: {error}") from error
    key = secrets.token_urlsafe(64)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(key)
    except FileExistsError:
        return path.read_text("utf-8").strip()
    return key
