"""What the page "More" leads to, for each role."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.permissions import Can


@dataclass(frozen=True)
class Entry:
    """One link, and what one finds behind it."""

    url: str
    label: str | Promise
    says: str | Promise
    icon: str
    can: Can | None = None

    @property
    def address(self) -> str:
        """Where it leads."""
        return reverse(self.url)


@dataclass(frozen=True)
class Group:
    """Links that belong together."""

    title: str | Promise
    entries: tuple[Entry, ...]


_GROUPS = (
    Group(
        _("You"),
        (
            Entry("own_settings", _("Your settings"), _("Language, light or dark, PIN, passkeys"), "person"),
            Entry("feed_list", _("Calendar feed"), _("Your bookings in your own calendar program"), "calendar"),
        ),
    ),
    Group(
        _("The clinic"),
        (
            Entry("staff_list", _("Staff"), _("Who works here, and as what"), "clients", Can.MANAGE_STAFF),
            Entry(
                "consent_texts",
                _("Consent texts"),
                _("What clients sign; every version is kept"),
                "pen",
                Can.MANAGE_PLACES,
            ),
        ),
    ),
    Group(
        _("The records"),
        (
            Entry(
                "data_page", _("Backup and export"), _("Everything is yours, in open formats"), "download", Can.EXPORT
            ),
            Entry("audit_list", _("Log"), _("Who did what, and who looked at what"), "shield", Can.SEE_AUDIT),
        ),
    ),
)


def groups_for(actor: Actor) -> list[Group]:
    """The groups that hold something for this person."""
    shown = [
        Group(group.title, tuple(one for one in group.entries if one.can is None or actor.can(one.can)))
        for group in _GROUPS
    ]
    return [group for group in shown if group.entries]
