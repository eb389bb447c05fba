"""`restore FILE`: a backup takes the place of the clinic's data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from cryomassage_clinic.custody.command import in_words, passphrase
from cryomassage_clinic.custody.restore import restore


class Command(BaseCommand):
    """Restores a backup; everything is checked before anything is replaced."""

    help = (
        "Restore a backup into an empty data folder, or with --replace into one that holds records (a copy of them is "
        "kept). The clinic has to be stopped. Clients who were erased after the backup are erased again."
    )
    requires_system_checks = ()  # there may be no tables yet

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, its passphrase, and whether to replace."""
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--replace", action="store_true", help="replace the records that are there")
        parser.add_argument("--key-file", metavar="FILE", help="the passphrase of an encrypted backup")
        parser.add_argument("--erasures", metavar="FILE", help="a newer erasures.log, kept elsewhere")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore and tell."""
        erasures = Path(options["erasures"]) if options["erasures"] else None
        with in_words():
            if erasures is not None:
                erasures.open("rb").close()
            done = restore(
                Path(options["file"]),
                passphrase(options["key_file"]),
                replace=options["replace"],
                erasures=erasures,
            )
        self.stdout.write(f"{done['rows']} rows of {done['made_at']} restored")
        if done["kept"]:
            self.stdout.write(f"What was there before: {done['kept']}")
        if done["erased_again"]:
            self.stdout.write(f"{done['erased_again']} clients who had been erased since were erased again")
