"""Reads an export into an instance that holds nothing. All of it is written, or nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.color import no_style
from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED, Field, JSONField, Model

from cryomassage_clinic.audit import heads
from cryomassage_clinic.audit.guard import add_triggers, drop_triggers
from cryomassage_clinic.audit.verify import verify
from cryomassage_clinic.custody.content import columns as written
from cryomassage_clinic.custody.content import content_models
from cryomassage_clinic.custody.digests import table_digest
from cryomassage_clinic.custody.exporting import FORMAT, VERSION
from cryomassage_clinic.custody.files import TEMPORARY

_BATCH = 500


class ImportRefusedError(Exception):
    """Why nothing was written."""


class Reader:
    """An export file whose every byte has been held against its manifest."""

    def __init__(self, stream: IO[bytes]) -> None:
        """Open and check.

        Raises:
            ImportRefusedError: it is no export, is damaged, or was made by a newer version.
        """
        try:
            self._zip = ZipFile(stream)
            self.manifest: dict[str, Any] = json.loads(self._zip.read("manifest.json"))
            self._check()
        except (BadZipFile, KeyError, ValueError, EOFError, OSError, RuntimeError, AttributeError) as error:
            raise ImportRefusedError(
                f"The file is not an export of this program, or it is damaged ({error})."
            ) from error

    def _check(self) -> None:
        manifest = self.manifest
        if manifest["format"] != FORMAT:
            raise ImportRefusedError("The file is not an export of this program.")
        known = {key[1] for key in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
        newer = [name for names in manifest["migrations"].values() for name in names if known and name not in known]
        if int(manifest["version"]) > VERSION or newer:
            raise ImportRefusedError(
                "The file was made by a newer version of this program. Install that version, then import again."
            )
        names = set(self._zip.namelist()) - {"manifest.json"}
        if names != set(manifest["files"]):
            odd = sorted(names ^ set(manifest["files"]))[0]
            raise ImportRefusedError(f"The file is damaged: {odd} is missing, or was not there when it was made.")
        for name, told in manifest["files"].items():
            digest = hashlib.sha256()
            with self._zip.open(name) as part:
                while block := part.read(1 << 20):
                    digest.update(block)
            if digest.hexdigest() != told["sha256"]:
                raise ImportRefusedError(f"The file is damaged: {name} is not as it was when it was made.")
        for label, told in manifest["tables"].items():
            if manifest["files"][f"tables/{label}.jsonl"]["sha256"] != told["sha256"]:
                raise ImportRefusedError(f"The file is damaged: the manifest tells two things of {label}.")

    def rows(self, label: str) -> Iterator[dict[str, Any]]:
        """The rows of one table."""
        with self._zip.open(f"tables/{label}.jsonl") as part:
            for line in part:
                yield json.loads(line)

    def media(self) -> list[str]:
        """Names of the files that belong into the media folder."""
        return [name for name in self.manifest["files"] if name.startswith("media/")]

    def unpack(self, name: str, target: Path) -> None:
        """Write one file."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._zip.open(name) as part, target.open("xb") as file:
            shutil.copyfileobj(part, file)


def is_empty() -> bool:
    """Whether this instance holds no record at all."""
    return not any(model._base_manager.exists() for model in content_models())


def _value(field: Field[Any, Any], value: Any) -> Any:
    """A value of the file as the database takes it."""
    found = value if value is None or isinstance(field, JSONField) else field.to_python(value)
    return field.get_db_prep_save(found, connection)


def _columns(model: type[Model], first: dict[str, Any]) -> list[Field[Any, Any]]:
    """The columns that the file has.

    Raises:
        ImportRefusedError: it has one that this version does not know, or lacks one that cannot be filled.
    """
    fields = {field.attname: field for field in written(model)}
    strange = sorted(set(first) - set(fields))
    if strange:
        raise ImportRefusedError(f"{model._meta.label}: the column {strange[0]} is not known to this version.")
    for name in sorted(set(fields) - set(first)):
        if fields[name].default is NOT_PROVIDED and not fields[name].null:
            raise ImportRefusedError(f"{model._meta.label}: the column {name} is missing.")
    return list(fields.values())


def _insert(model: type[Model], rows: Iterator[dict[str, Any]]) -> None:
    """Write the rows of a table as they are: no default, no automatic time is put over them."""
    quote = connection.ops.quote_name
    held: list[list[Any]] = []
    columns: list[Field[Any, Any]] = []
    statement = ""
    with connection.cursor() as cursor:
        for row in rows:
            if not columns:
                columns = _columns(model, row)
                names = ", ".join(quote(str(field.column)) for field in columns)
                marks = ", ".join(["%s"] * len(columns))
                statement = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({marks})"
            held.append([_value(one, row[one.attname] if one.attname in row else one.get_default()) for one in columns])
            if len(held) >= _BATCH:
                cursor.executemany(statement, held)
                held.clear()
        if held:
            cursor.executemany(statement, held)


def _clear() -> None:
    """Take every record out, for putting a backup in its place in the same transaction."""
    drop_triggers()
    tables = [model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    kept = {"django_content_type", "auth_permission"}
    with connection.cursor() as cursor:
        names = ", ".join(connection.ops.quote_name(name) for name in sorted(set(tables) - kept))
        cursor.execute(f"TRUNCATE {names}")
    add_triggers()


def import_all(stream: IO[bytes], *, replacing: bool = False, backup: str = "") -> dict[str, Any]:
    """Write an export into this instance.

    Args:
        stream: the file; it is read several times.
        replacing: PostgreSQL only: what is there makes room, in the same transaction.
        backup: which backup it comes from, for the checkpoints.

    Returns:
        Rows and digest of each table, as they are now in the database.

    Raises:
        ImportRefusedError: with the reason; nothing was written.
    """
    reader = Reader(stream)
    known = {model._meta.label: model for model in content_models()}
    strange = sorted(set(reader.manifest["tables"]) - set(known))
    if strange:
        raise ImportRefusedError(f"The table {strange[0]} is not known to this version.")
    media = _new_media(reader)
    try:
        with transaction.atomic():
            if replacing:
                _clear()
            if not is_empty():
                raise ImportRefusedError("This instance already holds records. Import into an empty data folder.")
            told = _fill(reader, known)
            done = verify("default", outside=False)
            if not done.sound:
                raise ImportRefusedError(f"The audit chain of the file does not verify: {done.findings[0]}.")
            if media is not None:
                _place_media(media)
                media = None
        heads.note_restored(done.ends, backup or "import")
    except (DatabaseError, ValidationError, ValueError, TypeError) as error:
        raise ImportRefusedError(f"The file does not fit the tables of this version ({error}).") from error
    finally:
        if media is not None:
            shutil.rmtree(media, ignore_errors=True)
    return told


def _fill(reader: Reader, known: dict[str, type[Model]]) -> dict[str, Any]:
    told = {}
    for label in reader.manifest["tables"]:
        _insert(known[label], reader.rows(label))
    connection.check_constraints()
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(known.values())):
            cursor.execute(statement)
    for label, expected in reader.manifest["tables"].items():
        told[label] = table_digest(known[label])
        if told[label]["rows"] != expected["rows"]:
            raise ImportRefusedError(f"{label}: {told[label]['rows']} of {expected['rows']} rows arrived.")
        if told[label] != expected and not _older(reader):
            raise ImportRefusedError(f"{label}: what arrived is not what the file holds.")
    return told


def _older(reader: Reader) -> bool:
    """Whether the file was made before a change of the tables, so that rows here have columns that it lacks."""
    own = {app.label for app in apps.get_app_configs() if app.name.startswith("cryomassage_clinic.")}
    here = {key for key in MigrationLoader(None, ignore_no_migrations=True).disk_migrations if key[0] in own}
    there = {(app, name) for app, names in reader.manifest["migrations"].items() for name in names}
    return bool(there) and bool(here - there)


def _new_media(reader: Reader) -> Path | None:
    """Unpack the media beside their folder, to be put in place with the commit."""
    names = reader.media()
    root = Path(settings.MEDIA_ROOT)
    if not names:
        return None
    target = root.parent / f"{TEMPORARY}media"
    shutil.rmtree(target, ignore_errors=True)
    for name in names:
        inner = PurePosixPath(name).relative_to("media")
        if inner.is_absolute() or ".." in inner.parts:
            raise ImportRefusedError(f"The file is damaged: {name} leads out of the media folder.")
        reader.unpack(name, target / inner)
    return target


def _place_media(made: Path) -> None:
    root = Path(settings.MEDIA_ROOT)
    if root.exists():
        if any(root.rglob("*")):
            raise ImportRefusedError(f"{root} holds files already. Move them away, then import again.")
        root.rmdir()
    made.replace(root)
