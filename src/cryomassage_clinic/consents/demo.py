"""Signs for the people of the demo, through the same service as everybody."""

from __future__ import annotations

from cryomassage_clinic.accounts.access import Actor
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.consents.defaults import LANGUAGES
from cryomassage_clinic.consents.models import Consent, Kind
from cryomassage_clinic.consents.services import Signature, current_text, sign
from cryomassage_clinic.demo.strokes import drawn_by_a_program


def sign_for_demo(actor: Actor, client: Client, method: str) -> Consent:
    """Sign the current text about a method, with strokes and a name that nobody takes for a person's.

    Raises:
        KeyError: the core knows no such method.
        PermissionDenied: the role may not.
    """
    language = client.language if client.language in LANGUAGES else LANGUAGES[0]
    text = current_text(actor.clinic, Kind.TREATMENT, method, language)
    return sign(actor, client, text, Signature("Demo signature", drawn_by_a_program()))
