"""Everything in open formats, in one ZIP file, as it was at one moment."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import django
from django.conf import settings
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from cryomassage_clinic.audit.snapshot import snapshot
from cryomassage_clinic.custody import readable
from cryomassage_clinic.custody.content import content_models
from cryomassage_clinic.custody.digests import TableDigest, lines

FORMAT = "cryomassage-export"
VERSION = 1
_BLOCK = 1 << 20


def known_migrations(using: str = "default") -> dict[str, list[str]]:
    """What has been done to the tables of a database, by application."""
    found: dict[str, list[str]] = {}
    for app, name in sorted(MigrationRecorder(connections[using]).applied_migrations()):
        found.setdefault(app, []).append(name)
    return found


class Package:
    """A ZIP that is written part by part, and remembers what it holds."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._zip = ZipFile(stream, "w", ZIP_DEFLATED, allowZip64=True)
        self._moment = timezone.now().timetuple()[:6]
        self.files: dict[str, dict[str, Any]] = {}
        self.tables: dict[str, dict[str, Any]] = {}

    def abandon(self) -> None:
        """Write nothing more: else the archive would be ended later, in a stream that is closed by then."""
        self._zip.fp = None

    def write(self, name: str, parts: Iterable[bytes]) -> None:
        """One file."""
        info = ZipInfo(name, self._moment)
        info.compress_type, info.external_attr = ZIP_DEFLATED, 0o600 << 16
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=True) as file:
            for part in parts:
                file.write(part)
                digest.update(part)
                size += len(part)
        self.files[name] = {"bytes": size, "sha256": digest.hexdigest()}

    def write_table(self, label: str, rows: Iterator[bytes]) -> None:
        """One table, a line for each row."""
        told = TableDigest()
        self.write(f"tables/{label}.jsonl", (told.take(line) for line in rows))
        self.tables[label] = told.told()

    def write_folder(self, folder: Path, below: str) -> None:
        """All files of a folder."""
        for path in sorted(folder.rglob("*")) if folder.exists() else ():
            if path.is_file() and not path.is_symlink():
                self.write(f"{below}/{path.relative_to(folder).as_posix()}", _blocks(path))

    def close(self, **more: Any) -> dict[str, Any]:
        """Write the manifest, without which the file counts as cut off."""
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "made_at": timezone.now().isoformat(timespec="seconds"),
            "django": django.get_version(),
            **more,
            "tables": self.tables,
            "files": self.files,
        }
        self._zip.writestr("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1))
        self._zip.close()
        return manifest


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def media_of(clinic: Any) -> list[Path]:
    """Where files lie that belong to one clinic: a folder named by its id, if anything was ever kept there."""
    root = Path(settings.MEDIA_ROOT)
    return [root] if clinic is None else [root / str(getattr(clinic, "pk", clinic))]


def export(stream: IO[bytes], clinic: Any = None) -> dict[str, Any]:
    """Write everything (or everything of one clinic) into a stream.

    Returns:
        The manifest.
    """
    with snapshot() as using:
        return export_from(using, stream, clinic)


def export_from(using: str, stream: IO[bytes], clinic: Any = None, *, media: bool = True) -> dict[str, Any]:
    """Write everything that a connection sees into a stream, with the media or without."""
    package = Package(stream)
    try:
        package.write("README.txt", [readable.readme().encode()])
        for model in content_models():
            package.write_table(model._meta.label, lines(model, using, clinic))
        for part in (readable.write_tables, readable.write_plans, readable.write_consents):
            part(package.write, using, clinic)
        root = Path(settings.MEDIA_ROOT)
        for folder in media_of(clinic) if media else ():
            package.write_folder(folder, "media" if folder == root else f"media/{folder.name}")
        scope = "everything" if clinic is None else f"clinic {getattr(clinic, 'pk', clinic)}"
        return package.close(scope=scope, migrations=known_migrations(using))
    except BaseException:
        package.abandon()
        raise
