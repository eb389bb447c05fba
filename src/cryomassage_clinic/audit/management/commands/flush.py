"""`flush` would empty the log of a clinic, so it is refused; tests may, and say so in their settings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.flush import Command as DjangoFlush

from cryomassage_clinic.audit.guard import add_triggers, drop_triggers


class Command(DjangoFlush):
    """Django's command, for throw-away databases only."""

    help = "Refused: it would delete every record and the audit log. To begin anew, use another data folder."

    def handle(self, **options: Any) -> None:
        """Empty the tables where the settings allow it."""
        if not getattr(settings, "AUDIT_MAY_BE_EMPTIED", False):
            raise CommandError(
                "Refused: flush would delete every record and the audit log. To begin anew, use another data folder."
            )
        drop_triggers(options["database"])
        try:
            super().handle(**options)
        finally:
            add_triggers(using=options["database"])
