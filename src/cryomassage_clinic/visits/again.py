"""A form that was sent twice: what it asked for is there already, so it no longer looks valid."""

from __future__ import annotations

from cryomassage_clinic.web.once import write_once
from cryomassage_clinic.web.pages import StaffRequest


class _NothingError(Exception):
    """It was not written before."""


def _nothing() -> str:
    raise _NothingError


def written_before(request: StaffRequest) -> str | None:
    """Where the first sending of this very form led to; nothing where this is the first."""
    try:
        return write_once(request, request.actor, _nothing)
    except _NothingError:
        return None
