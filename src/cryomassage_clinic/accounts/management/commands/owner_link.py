"""`owner_link`: a way in for an owner who forgot the password, for whoever sits at the clinic's computer."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from cryomassage_clinic.accounts import first_owner, invitations
from cryomassage_clinic.accounts.models import User


def _owner(named: str | None) -> User:
    """The owner who gets the link.

    Raises:
        CommandError: there is none of this name, or there are several and none was named.
    """
    owners = first_owner.owners()
    if named is not None:
        found = [one for one in owners if one.username.casefold() == named.casefold()]
        if not found:
            raise CommandError(
                f"{named}: no owner who works here has this user name. Owners: "
                f"{', '.join(one.username for one in owners)}. Others get a new link from an owner, under Staff.",
                returncode=2,
            )
        return found[0]
    if len(owners) > 1:
        names = " or ".join(one.username for one in owners)
        raise CommandError(f"There are several owners. Say which: --user {names}", returncode=2)
    return owners[0]


class Command(BaseCommand):
    """Prints a link that works once."""

    help = (
        "Print a link that works once, for three days, by which an owner chooses a new password; until it is used the "
        "old password works on. Where nobody is an owner yet: the link by which the first one begins."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, and what is lost with the password."""
        parser.add_argument("--user", metavar="NAME", help="user name of the owner, where there are several")
        parser.add_argument(
            "--without-second-step",
            action="store_true",
            help="the phone or key is lost, too: remove authenticator app, passkeys and recovery codes",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the link, note it in the log, print it."""
        beginning = first_owner.first_owner_link(noted=True)
        if beginning is not None:
            if options["user"] is not None:
                raise CommandError(
                    "Nobody is an owner yet. Leave --user out: the link is for the first one.", returncode=2
                )
            self.stdout.write(beginning)
        else:
            owner = _owner(options["user"])
            token = first_owner.owner_link(owner, without_second_step=options["without_second_step"])
            self.stdout.write(reverse("invitation", args=[token]))
        self.stderr.write(
            f"Open this path at the address of the clinic. It works once, for {invitations.VALID.days} days."
        )
