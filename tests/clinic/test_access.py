"""The access gate: another clinic's records do not exist, and a role that may not is refused."""

from __future__ import annotations

import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from cryomassage_clinic.accounts.access import every, get
from cryomassage_clinic.accounts.permissions import Can
from cryomassage_clinic.clients.models import Client
from tests.clinic.people import House, make_client

pytestmark = pytest.mark.unit


def test_ones_own_client_is_found(acorn: House) -> None:
    client = make_client(acorn)
    assert get(acorn.actor("operator"), Client, client.pk, Can.SEE_HEALTH) == client


def test_another_clinics_client_does_not_exist(acorn: House, birch: House) -> None:
    client = make_client(acorn)
    with pytest.raises(Http404):
        get(birch.actor("owner"), Client, client.pk, Can.SEE_CONTACT)
    assert not every(birch.actor("owner"), Client, Can.SEE_CONTACT).exists()


@pytest.mark.parametrize("wrong", [uuid.UUID(int=7), "not-an-id", "", "../etc/passwd"])
def test_a_wrong_id_is_not_found(acorn: House, wrong: object) -> None:
    with pytest.raises(Http404):
        get(acorn.actor("owner"), Client, wrong, Can.SEE_CONTACT)  # type: ignore[arg-type]


def test_reception_sees_no_health_data(acorn: House) -> None:
    client = make_client(acorn)
    with pytest.raises(PermissionDenied):
        get(acorn.actor("reception"), Client, client.pk, Can.SEE_HEALTH)
