"""Erases a client: everything that is held, in one transaction, then the old pages of the files.

What stays: a stub without name or code, the rows of the audit chain without their details, and one row that says
that an erasure took place. The chain still verifies.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.models import Clinic
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.chain import ERASED, ranges
from cryomassage_clinic.audit.models import AuditDetails
from cryomassage_clinic.audit.services import write
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.custody import erasure_log, readable, traces
from cryomassage_clinic.custody.backup import backup_folder
from cryomassage_clinic.custody.digests import lines
from cryomassage_clinic.custody.exporting import Package
from cryomassage_clinic.custody.files import data_folder
from cryomassage_clinic.custody.holdings import HOLDINGS

_TELLING = ("full_name", "search_name", "phone", "phone_digits", "email", "emergency_contact")


class AlreadyErasedError(Exception):
    """There is nothing left of this client."""


@dataclass
class Erased:
    """What an erasure did."""

    client_id: str
    rows: dict[str, int] = field(default_factory=dict)  # by table
    logins: int = 0
    tasks: int = 0
    media: int = 0
    copies: list[Path] = field(default_factory=list)  # backups that still hold the client
    told: list[str] = field(default_factory=list, repr=False)
    wiped: bool = False
    left: list[Path] = field(default_factory=list)  # files in which something was still found


def export_client(stream: IO[bytes], client: Client) -> dict[str, Any]:
    """What is held of one client, for the client: readable, and row by row."""
    package = Package(stream)
    package.write("README.txt", [readable.readme().encode()])
    for one in HOLDINGS:
        package.write_table(one.model, lines(one.table(), rows=one.rows(client.pk).order_by("pk")))
    for part in (readable.write_tables, readable.write_plans, readable.write_consents):
        part(package.write, "default", None, client.pk)
    return package.close(scope=f"client {client.pk}")


def copies() -> list[Path]:
    """Backups and kept copies, which hold whoever was there when they were made."""
    return [*sorted(backup_folder().glob("*.backup")), *sorted(data_folder().glob("before-restore-*"))]


def delete_copies(names: Collection[str] | None) -> int:
    """Delete backups and kept copies in the data folder: those of these names.

    Returns:
        How many.
    """
    found = [path for path in copies() if path.name in (names or ())]
    for path in found:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return len(found)


def erase(actor: Actor, client: Client) -> Erased:
    """Erase a client's data from the database. `clean_files` has to follow, outside of any transaction.

    Raises:
        PermissionDenied: the role may not.
        AlreadyErasedError: it has been done.
        OSError: the list of erasures cannot be written; nothing was erased.
    """
    actor.require(Can.ERASE)
    return _erase(client.pk, actor.clinic, str(actor.user.pk))


def erase_by_command(client: Client) -> Erased:
    """Erase a client's data, for whoever may start commands on this computer."""
    return _erase(client.pk, client.clinic, "system")


def _erase(client_id: UUID, clinic: Clinic, by: str) -> Erased:
    done = Erased(str(client_id))
    with transaction.atomic():
        client = Client.objects.select_for_update().get(pk=client_id, clinic=clinic)
        if client.erased_at is not None:
            raise AlreadyErasedError(client.code)
        done.told = _telling(client)
        # Only ids that cannot be anybody else's: a counted number stands in every text.
        keys = {pk for one in HOLDINGS for pk in one.rows(client.pk).values_list("pk", flat=True)}
        ids = {str(pk) for pk in keys if isinstance(pk, UUID)}
        _drop_drafts(ids)
        details = _details_of(client, ids)
        bare = list(details.values_list("row__sequence", flat=True))
        done.rows["audit.AuditDetails"] = len(bare)
        details.delete()
        for one in HOLDINGS:
            rows = one.rows(client.pk)
            if one.blank:
                done.rows[one.model] = rows.update(**one.blank)
            elif one.model != "audit.AuditDetails":
                done.rows[one.model] = rows.delete()[0]
        Client.objects.filter(pk=client.pk).update(
            code=f"X{secrets.token_hex(6).upper()}", erased_at=timezone.now(), version=client.version + 1
        )
        done.logins = traces.in_logins(done.told, ids)
        done.tasks = traces.in_tasks(done.told, ids)
        write(clinic, by, ERASED, client, {"rows": ranges(bare), "tables": done.rows})
        erasure_log.note(str(clinic.pk), str(client.pk))
    done.media = traces.in_media(ids)
    done.copies = copies()
    return done


def _telling(client: Client) -> list[str]:
    """By what the client could be found; not what other clients have too."""
    values = [getattr(client, name) for name in _TELLING]
    others = Client.objects.exclude(pk=client.pk)
    shared = {
        value
        for name in _TELLING
        for value in others.filter(**{f"{name}__in": [one for one in values if one]}).values_list(name, flat=True)
    }
    return traces.telling(value for value in values if value not in shared)


def _drop_drafts(ids: set[str]) -> None:
    """Drafts whose form is about one of the client's records, even where they do not name the client."""
    from cryomassage_clinic.web.models import Draft

    gone = [pk for pk, form in Draft.objects.values_list("pk", "form").iterator() if any(one in form for one in ids)]
    Draft.objects.filter(pk__in=gone).delete()


def _details_of(client: Client, ids: set[str]) -> Any:
    """Details that name the client, and those of rows about one of the client's records."""
    named = set(AuditDetails.objects.filter(client_id=str(client.pk)).values_list("pk", flat=True))
    wanted = sorted(ids)
    for first in range(0, len(wanted), 500):
        part = wanted[first : first + 500]
        about = AuditDetails.objects.filter(row__clinic=client.clinic, row__subject_id__in=part)
        named |= set(about.exclude(row__action=ERASED).values_list("pk", flat=True))
    return AuditDetails.objects.filter(pk__in=named)


def clean_files(done: Erased) -> Erased:
    """Take the client out of old pages and logs, and look for what is left. Not inside a transaction."""
    traces.in_logs(done.told)
    done.wiped = traces.wipe()
    done.left = traces.left_in_files(done.told, copies())
    return done


def apply_again() -> int:
    """Erase whoever the list of erasures names and is here again, such as after a restore.

    Returns:
        How many.
    """
    count = 0
    for client_id in erasure_log.read():
        try:
            client = Client.objects.filter(pk=UUID(client_id), erased_at=None).first()
        except ValueError:
            continue
        if client is not None:
            clean_files(erase_by_command(client))
            count += 1
    return count
