"""Clients: who they are, and their bodies. The core never sees the first."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.functions import Replace
from django.utils.translation import gettext_lazy as _

from cryomassage_clinic.accounts.owned import ClinicOwned, Versioned
from cryomassage_clinic.clients.names import search_form


def _without(expression: Any, characters: str) -> Any:
    """A text of the database without some characters."""
    for character in characters:
        expression = Replace(expression, models.Value(character), models.Value(""))
    return expression


PHOTOTYPES = [
    ("i", _("I: always burns, never tans")),
    ("ii", _("II: burns easily, tans little")),
    ("iii", _("III: burns at times, tans slowly")),
    ("iv", _("IV: burns rarely, tans well")),
    ("v", _("V: brown skin, very rarely burns")),
    ("vi", _("VI: dark brown or black skin")),
]


class Client(ClinicOwned, Versioned):
    """A person on the couch."""

    code = models.CharField(max_length=16)  # what the core, labels and feeds know: never a name
    site = models.ForeignKey("places.Site", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # contact
    full_name = models.CharField(_("full name"), max_length=160)
    search_name = models.CharField(max_length=160, db_index=True)  # case-folded
    birth_date = models.DateField(_("date of birth"))
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    phone_digits = models.GeneratedField(  # made by the database, so that it can be neither forgotten nor left behind
        expression=_without(models.F("phone"), " +-()./"), output_field=models.CharField(max_length=40), db_persist=True
    )
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=8, default="en")
    emergency_contact = models.CharField(_("whom to call"), max_length=160, blank=True)
    # body; health data
    sex = models.CharField(
        _("sex, for skin thickness"), max_length=8, blank=True, choices=[("female", _("Female")), ("male", _("Male"))]
    )
    phototype = models.CharField(_("skin type"), max_length=4, blank=True, choices=PHOTOTYPES)
    thin_cheeks = models.BooleanField(_("thin cheeks"), null=True, blank=True)
    history = models.TextField(_("history"), blank=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        """Codes are unique in a clinic; lists are sorted by name."""

        constraints = [models.UniqueConstraint(fields=["clinic", "code"], name="client_code_once")]
        indexes = [
            models.Index(fields=["clinic", "search_name", "id"]),
            models.Index(fields=["clinic", "phone_digits"]),
        ]

    def __str__(self) -> str:
        return self.full_name

    def save(self, *args: Any, **more: Any) -> None:
        """Keep the name that is searched in step with the name that is written."""
        self.search_name = search_form(self.full_name)[:160]
        fields = more.get("update_fields")
        if fields is not None and "full_name" in fields:
            more["update_fields"] = {*fields, "search_name"}
        super().save(*args, **more)
