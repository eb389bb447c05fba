"""`backup`: a copy that was read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from cryomassage_clinic.custody.backup import make_backup
from cryomassage_clinic.custody.command import in_words, passphrase
from cryomassage_clinic.custody.models import BackupRun


class Command(BaseCommand):
    """Makes a backup of database and media, opens it again, and compares it row by row."""

    help = "Back up the clinic into one file; it is opened again and compared with the database before it counts."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to, and whether encrypted."""
        parser.add_argument("--to", metavar="DIR", help="folder for the file (default: backups in the data folder)")
        parser.add_argument("--key-file", metavar="FILE", help="encrypt it with the passphrase in this file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and tell."""
        asked_at = timezone.now()
        with in_words():
            folder = Path(options["to"]).absolute() if options["to"] else None
            made = make_backup(folder, passphrase(options["key_file"]))
            BackupRun.objects.create(
                asked_at=asked_at,
                made_at=timezone.now(),
                state=BackupRun.State.DONE,
                path=str(made.path),
                size_bytes=made.size_bytes,
                verified=True,
                report={"rows": made.rows},
            )
        self.stdout.write(f"{made.path}\n{made.rows} rows, {made.size_bytes / 1e6:.1f} MB, read back and compared")
