"""Reads of the consents: what is signed, by which version, and what a treatment still needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max
from django.urls import reverse
from django.utils.translation import gettext as _

from cryomassage_clinic import bridge
from cryomassage_clinic.accounts.models import Clinic
from cryomassage_clinic.clients.models import Client
from cryomassage_clinic.consents.models import Consent, ConsentText, Kind
from cryomassage_clinic.courses.case import method_of
from cryomassage_clinic.courses.models import Course
from cryomassage_clinic.web.core_words import told

Key = tuple[str, str, str]  # kind, treatment, language


@dataclass(frozen=True)
class Missing:
    """A consent that a treatment needs and has not got, and where to get it."""

    kind: str
    treatment: str
    label: str
    reason: str
    address: str


@dataclass(frozen=True)
class ConsentState:
    """How one consent of a client stands."""

    kind: str
    treatment: str
    label: str
    state: str  # given, withdrawn, superseded or none
    consent: Consent | None  # the signature that the state is about
    number: int | None = None  # of the newer version, where the signed one is superseded

    @property
    def counts(self) -> bool:
        """Whether it may be acted upon."""
        return self.state == "given"


def method_name(treatment: str) -> str:
    """A method as it is told; a key that the core no longer knows stays a key."""
    method = bridge.methods().get(treatment)
    return told(method.name) if method is not None else treatment


def label_of(kind: str, treatment: str) -> str:
    """What is agreed to, in the reader's words."""
    return method_name(treatment) if kind == Kind.TREATMENT else str(Kind(kind).label)


def current_numbers(clinic: Clinic) -> dict[Key, int]:
    """The newest version of each text that the clinic has."""
    rows = ConsentText.objects.filter(clinic=clinic).values_list("kind", "treatment", "language")
    return {(kind, treatment, language): number for kind, treatment, language, number in rows.annotate(Max("number"))}


def newest_text(clinic: Clinic, kind: str, treatment: str, language: str) -> ConsentText | None:
    """The version that is signed now; None where the clinic has none yet."""
    rows = ConsentText.objects.filter(clinic=clinic, kind=kind, treatment=treatment, language=language)
    return rows.order_by("-number").first()


def versions_of(text: ConsentText) -> list[ConsentText]:
    """Every version of a text, newest first, each with the number of its signatures (`signed`)."""
    rows = ConsentText.objects.filter(
        clinic=text.clinic_id, kind=text.kind, treatment=text.treatment, language=text.language
    )
    return list(rows.annotate(signed=Count("consents")).select_related("published_by").order_by("-number"))


def live_signers(text: ConsentText) -> int:
    """How many clients' signatures under this version count."""
    rows = Consent.objects.filter(text=text, withdrawn_at=None, client__erased_at=None)
    return rows.values("client").distinct().count()


def _signed(client: Client) -> list[Consent]:
    """Every signature of a client, newest first."""
    rows = Consent.objects.filter(clinic=client.clinic_id, client=client).order_by("-signed_at", "-created_at")
    return list(rows.select_related("text", "witnessed_by"))


def _standing(kind: str, treatment: str, signed: list[Consent], current: dict[Key, int]) -> ConsentState:
    """How one consent stands; a signature counts while it is not withdrawn and its version is the newest."""
    own = [one for one in signed if one.text.kind == kind and one.text.treatment == treatment]
    label = label_of(kind, treatment)
    live = [one for one in own if one.withdrawn_at is None]
    for one in live:
        if one.text.number == current[kind, treatment, one.text.language]:
            return ConsentState(kind, treatment, label, "given", one)
    if live:
        newer = current[kind, treatment, live[0].text.language]
        return ConsentState(kind, treatment, label, "superseded", live[0], newer)
    if own:
        last = max(own, key=lambda one: one.withdrawn_at or one.signed_at)
        return ConsentState(kind, treatment, label, "withdrawn", last)
    return ConsentState(kind, treatment, label, "none", None)


def treatments_of(client: Client, signed: list[Consent]) -> list[str]:
    """Methods that a client is or was treated by: those of open courses first, then what was signed before."""
    courses = client.courses.exclude(status=Course.Status.ENDED).order_by("-created_at")
    wanted = [method_of(course) for course in courses]
    return list(dict.fromkeys([*wanted, *(one.text.treatment for one in signed if one.text.kind == Kind.TREATMENT)]))


def states_of(client: Client, course: Course | None = None) -> list[ConsentState]:
    """How each consent of a client stands: one for each treatment, then the three others.

    Args:
        client: whose.
        course: the one being prepared, if one is: its treatment comes first.
    """
    signed, current = _signed(client), current_numbers(client.clinic)
    first = [method_of(course)] if course is not None else []
    treatments = list(dict.fromkeys([*first, *treatments_of(client, signed)]))
    keys: list[tuple[str, str]] = [(Kind.TREATMENT.value, one) for one in treatments]
    keys += [(kind.value, "") for kind in Kind if kind != Kind.TREATMENT]
    return [_standing(kind, treatment, signed, current) for kind, treatment in keys]


def signatures_of(client: Client) -> list[Consent]:
    """Everything that a client has ever signed, newest first."""
    return _signed(client)


def missing_for(client: Client, course: Course) -> list[Missing]:
    """Consents that the treatment of a course needs and that do not count now; empty where it may be done.

    Only the consent to the treatment itself is needed. A withdrawn one, one to another method, and one to a version
    that is no longer current do not count.
    """
    treatment = method_of(course)
    found = _standing(Kind.TREATMENT, treatment, _signed(client), current_numbers(client.clinic))
    if found.counts and course.client_id == client.pk:
        return []
    reasons: dict[str, Any] = {
        "withdrawn": _("It was withdrawn."),
        "superseded": _("There is a newer version of the text since it was signed."),
    }
    label = _("Consent to treatment: %(method)s") % {"method": found.label}
    address = f"{reverse('consent_overview', args=[client.pk])}?course={course.pk}"
    return [Missing(found.kind, treatment, label, reasons.get(found.state, _("It is not signed.")), address)]
