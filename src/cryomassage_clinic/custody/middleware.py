"""A full disk is told in words: what happened, that nothing was saved, and what to do."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template
from django.utils import timezone

from cryomassage_clinic.custody.files import disk_is_full
from cryomassage_clinic.web.pages import wants_fragment

_LOGGER = logging.getLogger("cryomassage.custody")
_lock = threading.Lock()
_owed: dict[str, str] = {}  # clinic, and since when its disk has been full: told in its log as soon as that is possible


def full_disk_page(request: HttpRequest) -> HttpResponse:
    """The answer to a write that had no room. It asks the database nothing."""
    if wants_fragment(request):
        return HttpResponse("disk full", status=507, headers={"X-Disk": "full"})
    content = get_template("custody/disk_full.html").render({"direction": "ltr", "theme": "system"})
    return HttpResponse(content, status=507)


class DiskFullMiddleware:
    """Answers 507 where nothing more could be written, and tells the log when there is room again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve one request."""
        response = self.get_response(request)
        if _owed and request.method == "POST" and response.status_code < 400:
            _tell()
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Called with what a view raised."""
        if not disk_is_full(error):
            return None
        _LOGGER.error("the disk is full: %s", error)
        clinic = getattr(getattr(request, "user", None), "clinic_id", None)
        if clinic is not None:
            with _lock:
                _owed.setdefault(str(clinic), timezone.now().isoformat(timespec="seconds"))
        return full_disk_page(request)


def _tell() -> None:
    """Write into the logs of the clinics that their disk was full; where that fails, later."""
    from cryomassage_clinic.accounts.models import Clinic
    from cryomassage_clinic.audit.services import write

    with _lock:
        owed = dict(_owed)
        _owed.clear()
    for clinic_id, since in owed.items():
        try:
            with transaction.atomic():
                clinic = Clinic.objects.filter(pk=clinic_id).first()
                if clinic is not None:
                    write(clinic, "system", "disk.was_full", clinic, {"since": since})
        except DatabaseError as error:
            _LOGGER.error("the log could not be told that the disk was full: %s", error)
            with _lock:
                _owed.setdefault(clinic_id, since)
