"""Writes of the consents: texts are published, signed and withdrawn; none is ever changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.accounts.models import Clinic
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.audit.services import record, write
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.consents.defaults import default_text
from cryomassage_clinic.consents.models import Consent, ConsentText
from cryomassage_clinic.consents.selectors import newest_text
from cryomassage_clinic.consents.strokes import Stroke, checked
from cryomassage_clinic.web.once import StaleFormError


class UnchangedError(Exception):
    """The text to be published is the one that is signed now already."""


@dataclass(frozen=True)
class Signature:
    """What somebody has put under a text."""

    name: str
    strokes: list[Stroke]
    typed: bool = False  # the name was typed by somebody who cannot draw, and the witness saw it


def _told(text: ConsentText) -> dict[str, Any]:
    return {"kind": text.kind, "treatment": text.treatment, "language": text.language, "number": text.number}


def current_text(clinic: Clinic, kind: str, treatment: str, language: str) -> ConsentText:
    """The version that is signed now. The first one is made from the text of the program when it is first needed.

    Args:
        clinic: whose texts.
        kind: what is agreed to.
        treatment: a method of the core where the kind is treatment; empty otherwise.
        language: en or ru.

    Raises:
        KeyError: there is no such text.
    """
    found = newest_text(clinic, kind, treatment, language)
    if found is not None:
        return found
    title, body = default_text(kind, treatment, language)
    try:
        with transaction.atomic():
            made = ConsentText.objects.create(
                clinic=clinic,
                kind=kind,
                treatment=treatment,
                language=language,
                number=1,
                title=title,
                body=body,
                published_at=timezone.now(),
            )
            # Nobody published it: it came with the program.
            write(clinic, "", "consent.text_published", made, {**_told(made), "title": title})
            return made
    except IntegrityError:  # somebody else needed it in the same moment
        return ConsentText.objects.get(clinic=clinic, kind=kind, treatment=treatment, language=language, number=1)


def _still_current(seen: ConsentText, clinic: Clinic) -> ConsentText:
    """The text that somebody has read, held until the transaction ends, so that no newer one comes in between.

    Raises:
        StaleFormError: there is a newer version.
    """
    held = ConsentText.objects.select_for_update().get(clinic=clinic, pk=seen.pk)
    newest = newest_text(clinic, held.kind, held.treatment, held.language)
    if newest is not None and newest.pk != held.pk:
        raise StaleFormError(newest)
    return held


def publish(actor: Actor, seen: ConsentText, title: str, body: str) -> ConsentText:
    """Put a new version in the place of the one that was seen. Whoever has signed the old one is asked again.

    Raises:
        PermissionDenied: the role may not.
        StaleFormError: somebody else has published a newer version.
        UnchangedError: it says the same as the one that is there.
    """
    actor.require(Can.MANAGE_PLACES)
    with transaction.atomic():
        held = _still_current(seen, actor.clinic)
        if (title, body) == (held.title, held.body):
            raise UnchangedError
        try:
            with transaction.atomic():
                made = ConsentText.objects.create(
                    clinic=actor.clinic,
                    kind=held.kind,
                    treatment=held.treatment,
                    language=held.language,
                    number=held.number + 1,
                    title=title,
                    body=body,
                    published_at=timezone.now(),
                    published_by=actor.user,
                )
        except IntegrityError as error:
            newest = newest_text(actor.clinic, held.kind, held.treatment, held.language)
            raise StaleFormError(newest) from error
        record(actor, "consent.text_published", made, {**_told(made), "title": title})
        return made


def sign(actor: Actor, client: Client, text: ConsentText, signature: Signature) -> Consent:
    """Keep a signature under the version that the client has read; whoever is logged in witnessed it.

    Raises:
        PermissionDenied: the role may not, or the client's data have been erased.
        StaleFormError: the text has a newer version; nothing is signed.
        StrokesError: the pad was blank, or what it sent is no signature.
        ValueError: there is no name.
    """
    actor.require(Can.EDIT_HEALTH)
    name = " ".join(signature.name.split())
    if not name:
        raise ValueError(_("A signature needs the name of who signs."))
    strokes = [] if signature.typed else checked(signature.strokes)
    with transaction.atomic():
        signer = Client.objects.select_for_update().get(clinic=actor.clinic, pk=client.pk)
        if signer.erased_at is not None:
            raise PermissionDenied("erased")
        held = _still_current(text, actor.clinic)
        made = Consent.objects.create(
            clinic=actor.clinic,
            client=signer,
            text=held,
            strokes=strokes,
            signed_by_typing=signature.typed,
            signed_name=name,
            signed_at=timezone.now(),
            witnessed_by=actor.user,
        )
        details = {**_told(held), "signed_name": name, "typed": signature.typed}
        record(actor, "consent.signed", made, details, client_id=signer.pk)
        return made


def withdraw(actor: Actor, consent: Consent, reason: str) -> Consent:
    """Take a consent back, at once, with every other signature of this client under the same kind of text.

    A consent that has been withdrawn before stays as it was.

    Raises:
        PermissionDenied: the role may not.
    """
    actor.require(Can.EDIT_HEALTH)
    with transaction.atomic():
        Client.objects.select_for_update().get(clinic=actor.clinic, pk=consent.client_id)
        live = Consent.objects.select_for_update(of=("self",)).filter(
            clinic=actor.clinic,
            client=consent.client_id,
            text__kind=consent.text.kind,
            text__treatment=consent.text.treatment,
            withdrawn_at=None,
        )
        for one in live.order_by("pk"):
            one.withdrawn_at, one.withdrawn_reason = timezone.now(), reason
            one.save(update_fields=["withdrawn_at", "withdrawn_reason"])
            record(actor, "consent.withdrawn", one, {**_told(consent.text), "reason": reason}, client_id=one.client_id)
    return Consent.objects.select_related("text", "client").get(pk=consent.pk)
