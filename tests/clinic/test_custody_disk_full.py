"""A full disk is told in words, whatever noticed it; anything else stays an error."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import RequestFactory

from cryomassage_clinic.audit.models import AuditRow
from cryomassage_clinic.custody import middleware
from cryomassage_clinic.custody.files import disk_is_full, placed
from tests.clinic.people import House

pytestmark = pytest.mark.unit


def sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("x")
    error.sqlite_errorcode = code
    return error


def wrapped(cause: BaseException) -> Exception:
    error = OperationalError("database or disk is full")
    error.__cause__ = cause
    return error


FULL = [
    OSError(errno.ENOSPC, "x"), OSError(errno.EFBIG, "x"), OSError(errno.EDQUOT, "x"),
    sqlite_error(sqlite3.SQLITE_FULL), wrapped(sqlite_error(sqlite3.SQLITE_FULL)),
    wrapped(sqlite_error(sqlite3.SQLITE_IOERR_WRITE)),
]  # fmt: skip
OTHER = [
    OSError(errno.EACCES, "x"), OperationalError("database is locked"), ValueError("disk is full"),
    wrapped(sqlite_error(sqlite3.SQLITE_BUSY)), None,
]  # fmt: skip


@pytest.mark.parametrize("error", FULL)
def test_a_full_disk_is_known(error: Exception) -> None:
    assert disk_is_full(error)


@pytest.mark.parametrize("error", OTHER)
def test_nothing_else_is_taken_for_one(error: Exception | None) -> None:
    assert not disk_is_full(error)


def test_a_chain_of_errors_that_bites_its_tail_ends() -> None:
    one, two = ValueError(), ValueError()
    one.__context__, two.__context__ = two, one
    assert not disk_is_full(one)


def _post(house: House, view: Any, **headers: str) -> HttpResponse:
    request = RequestFactory().post("/x", headers=headers)
    request.user = house.owner
    served = middleware.DiskFullMiddleware(view)
    try:
        return served(request)
    except Exception as error:  # the framework calls process_exception with it
        answer = served.process_exception(request, error)
        if answer is None:
            raise
        return answer


def test_the_page_says_what_to_do_and_the_log_is_told_when_there_is_room(acorn: House) -> None:
    def full(request: Any) -> HttpResponse:
        raise FULL[4]

    response = _post(acorn, full)
    text = response.content.decode()
    assert response.status_code == 507
    assert "the disk is full" in text
    assert "press Save again" in text
    assert not AuditRow.objects.filter(action="disk.was_full").exists()
    assert _post(acorn, full, HX_Request="true").headers["X-Disk"] == "full"
    assert _post(acorn, lambda request: HttpResponse("ok")).status_code == 200
    row = AuditRow.objects.get(action="disk.was_full")
    assert row.actor == "system"
    assert _post(acorn, lambda request: HttpResponse("ok")).status_code == 200
    assert AuditRow.objects.filter(action="disk.was_full").count() == 1


def test_other_errors_are_not_swallowed(acorn: House) -> None:
    def wrong(request: Any) -> HttpResponse:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        _post(acorn, wrong)


def test_the_middleware_is_in_its_place(settings: Any) -> None:
    assert "cryomassage_clinic.custody.middleware.DiskFullMiddleware" in settings.MIDDLEWARE


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "new" / "x.bin"

    def half() -> None:
        with placed(target) as file:
            file.write(b"half")
            raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError, match="full"):
        half()
    assert list(target.parent.iterdir()) == []
    with placed(target) as file:
        file.write(b"whole")
    assert target.read_bytes() == b"whole"
    assert target.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError), placed(target):
        pass
    assert target.read_bytes() == b"whole"
