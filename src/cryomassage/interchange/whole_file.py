"""Files that are either whole or not there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cryomassage.errors import InputError, Problem


def check_folder(folder: Path) -> None:
    """Whether files can be written to a folder, before hours or seconds are spent on what goes there.

    The folder need not exist yet; nothing is made here.

    Raises:
        InputError: the path is a file, or its nearest existing parent cannot be written.
    """
    nearest = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        problem = "is not a folder" if not nearest.is_dir() else "cannot be written"
        raise InputError(
            str(folder),
            [Problem("--out", str(nearest), problem, "Name another folder; nothing was written.")],
        )


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is either whole or not there: beside it first, flushed, then renamed.

    Only its owner may read it: plans hold answers about health.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
