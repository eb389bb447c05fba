"""`export_all`: everything in open formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from cryomassage_clinic.custody.command import in_words
from cryomassage_clinic.custody.exporting import export
from cryomassage_clinic.custody.files import placed


class Command(BaseCommand):
    """Writes all clinics into one ZIP file."""

    help = "Export everything into one ZIP: JSON Lines for machines, tables, plans and signatures for people."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to."""
        parser.add_argument("--to", metavar="FILE.zip", help="the file (default: in the folder you are in)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it and tell."""
        target = Path(options["to"] or f"cryomassage-export-{timezone.now():%Y%m%dT%H%M%SZ}.zip").absolute()
        with in_words(), placed(target) as file:
            manifest = export(file)
        rows = sum(one["rows"] for one in manifest["tables"].values())
        self.stdout.write(
            f"{target}\n{rows} rows in {len(manifest['tables'])} tables. Keep it safe: it holds everything."
        )
