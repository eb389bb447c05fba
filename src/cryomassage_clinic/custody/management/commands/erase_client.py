"""`erase_client CODE_OR_ID`: takes a client out of everything."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.custody.command import in_words
from cryomassage_clinic.custody.erasure import (
    AlreadyErasedError,
    clean_files,
    delete_copies,
    erase_by_command,
    export_client,
)
from cryomassage_clinic.custody.files import data_folder, placed


def found(named: str) -> Client:
    """The client of a code or an id.

    Raises:
        CommandError: there is none, or there are several clinics with that code.
    """
    try:
        rows = list(Client.objects.filter(pk=UUID(named)))
    except ValueError:
        rows = list(Client.objects.filter(code=named)[:2])
    if not rows:
        raise CommandError(f"{named}: there is no client with this code or id.", returncode=2)
    if len(rows) > 1:
        raise CommandError(f"{named}: several clinics have a client with this code. Give the id instead.", returncode=2)
    return rows[0]


class Command(BaseCommand):
    """Writes a file for the client, then erases."""

    help = (
        "Erase a client. First everything that is held is written into a file for the client; then it is deleted from "
        "the database, its files and the log's details. This cannot be taken back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whom, and what about the backups."""
        parser.add_argument("client", metavar="CODE_OR_ID")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--to", metavar="FILE.zip", help="file for the client (default: in the folder you are in)")
        parser.add_argument("--backups", choices=["delete", "keep"], help="what to do with backups made before")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, export, erase, tell."""
        client = found(options["client"])
        if client.erased_at is not None:
            raise CommandError(f"{options['client']}: this client has been erased already.", returncode=2)
        target = Path(options["to"] or f"client-{client.code}.zip").absolute()
        if target.is_relative_to(data_folder().absolute()):
            raise CommandError(
                "The file for the client must not lie in the data folder: it would be a trace. Use --to.",
                returncode=2,
            )
        if not options["yes"] and input(f"Type {client.code} to erase this client for good: ").strip() != client.code:
            raise CommandError("Not the code. Nothing was erased.", returncode=2)
        with in_words():
            with placed(target) as file:
                export_client(file, client)
            try:
                done = erase_by_command(client)
            except AlreadyErasedError as error:
                raise CommandError(
                    f"{options['client']}: this client has been erased already.", returncode=2
                ) from error
            clean_files(done)
            deleted = delete_copies([one.name for one in done.copies]) if options["backups"] == "delete" else 0
        self.stdout.write(f"Erased: {sum(done.rows.values())} rows. The file for the client: {target}")
        if deleted:
            self.stdout.write(f"{deleted} backups deleted. Make a new one now: backup")
        elif done.copies and options["backups"] is None:
            self.stdout.write(
                "These backups were made before and still hold the client (--backups delete takes them away):"
            )
        elif done.copies:
            self.stdout.write("Kept, though they still hold the client; a restore erases again:")
        for path in done.copies if not deleted else ():
            self.stdout.write(f"  {path}")
        if not done.wiped:
            self.stdout.write(
                "Old pages of the database are still being read. The next backup takes them away: run backup."
            )
        for path in done.left:
            self.stdout.write(f"Still found in {path}. Look into it, and delete what is the client's.")
