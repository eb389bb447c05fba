"""`retention_report`: what is older than the clinic's periods."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from cryomassage_clinic.accounts.models import Clinic
from cryomassage_clinic.custody.retention import report


class Command(BaseCommand):
    """Counts; deletes nothing."""

    help = "Tell how many records are older than the periods that each clinic has set. Nothing is deleted."

    def add_arguments(self, parser: CommandParser) -> None:
        """For people or for programs."""
        parser.add_argument("--json", action="store_true", help="as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Count and tell."""
        found = {clinic: report(clinic) for clinic in Clinic.objects.order_by("name")}
        if options["json"]:
            told = [
                {"clinic": str(clinic.pk), "name": clinic.name, "kept": [asdict(one) for one in kept]}
                for clinic, kept in found.items()
            ]
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=1, default=str))
            return
        for clinic, kept in found.items():
            self.stdout.write(clinic.name)
            for one in kept:
                if one.months is None:
                    age = "no period set: ask your lawyer"
                else:
                    age = f"{one.older} older than {one.months} months"
                since = f", the oldest of {one.oldest}" if one.oldest else ""
                self.stdout.write(f"  {one.label}: {one.total} ({age}){since}")
