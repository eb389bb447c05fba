"""`import_all FILE`: an export becomes an instance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from cryomassage_clinic.custody.command import in_words
from cryomassage_clinic.custody.importing import import_all
from cryomassage_clinic.custody.restore import clinic_stopped


class Command(BaseCommand):
    """Reads an export into an instance that holds nothing."""

    help = "Import what export_all wrote into an empty instance. Everything is written, or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file."""
        parser.add_argument("file", metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read it and tell."""
        with in_words(), clinic_stopped(), Path(options["file"]).open("rb") as file:
            told = import_all(file)
        rows = sum(one["rows"] for one in told.values())
        self.stdout.write(f"{rows} rows in {len(told)} tables imported; the audit chains verify")
