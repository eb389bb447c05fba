"""`audit_verify`: whether anybody has changed the log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cryomassage_clinic.audit.snapshot import snapshot
from cryomassage_clinic.audit.verify import verify


class Command(BaseCommand):
    """Verifies the chain of every clinic; exit code 1 and one line for each chain that does not verify."""

    help = (
        "Verify the audit chains: every row, the details, the head, and the checkpoints kept outside the database. "
        "Prints one line for each chain that does not verify, with its first bad row, and exits with 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Where the checkpoints are."""
        parser.add_argument("--heads", metavar="FILE", help="a copy of audit-heads.log that was kept elsewhere")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify and tell."""
        source = Path(options["heads"]) if options["heads"] else None
        if source is not None and not source.is_file():
            raise CommandError(f"{source}: there is no such file.", returncode=2)
        with snapshot() as alias:
            done = verify(alias, source=source)
        for text in done.notes:
            self.stdout.write(f"Note: {text}")
        if not done.sound:
            raise CommandError("\n".join(str(one) for one in done.findings))
        self.stdout.write(f"{done.rows} rows in {done.chains} chains verify")
