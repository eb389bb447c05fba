"""The one access gate: the only way from an address to a record.

An object of another clinic does not exist (404). An object of one's own clinic that one's role may not see is
refused in words (403).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest

from cryomassage_clinic.accounts.models import Clinic, User
from cryomassage_clinic.accounts.permissions import Can

Owned = TypeVar("Owned", bound=Model)


@dataclass(frozen=True)
class Actor:
    """Who acts: a member of staff, and from where. Services take one with every write."""

    user: User
    clinic: Clinic
    address: str = ""

    def can(self, what: Can) -> bool:
        """Whether this person may do something."""
        return self.user.can(what)

    def require(self, what: Can) -> None:
        """Refuse whoever may not.

        Raises:
            PermissionDenied: the role may not.
        """
        if not self.can(what):
            raise PermissionDenied(what.value)


def actor_of(request: HttpRequest) -> Actor:
    """The person behind a request; pages are opened to members of a clinic only.

    Raises:
        PermissionDenied: nobody is logged in, or somebody without a clinic.
    """
    user = request.user
    if not isinstance(user, User) or user.clinic is None or not user.is_active:
        raise PermissionDenied("no clinic")
    return Actor(user, user.clinic, str(request.META.get("REMOTE_ADDR", "")))


def every(actor: Actor, model: type[Owned], can: Can) -> QuerySet[Owned]:
    """All records of one kind that this person may see.

    Raises:
        PermissionDenied: the role may see none.
    """
    actor.require(can)
    return model._default_manager.filter(clinic=actor.clinic)


def get(actor: Actor, model: type[Owned], pk: UUID | str, can: Can, **more: Any) -> Owned:
    """One record, or nothing.

    Raises:
        Http404: there is none in this clinic.
        PermissionDenied: there is one, and the role may not.
    """
    try:
        found = model._default_manager.filter(clinic=actor.clinic, pk=pk, **more).first()
    except (ValidationError, ValueError, TypeError) as error:
        raise Http404 from error
    if found is None:
        raise Http404
    actor.require(can)
    return found
